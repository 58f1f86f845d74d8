"""Arguments that several commands share, each described once."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from fashion_nn import datasets
from fashion_nn.core.files import FORMAT
from fashion_nn.errors import InputError

MODELS = Path("models")


def option(type_: Any, name: str, help: str, **extra: Any) -> Any:
    """The annotation of an option."""
    return Annotated[type_, typer.Option(name, help=help, **extra)]


HELP_NAMES = {"help_option_names": ["-h", "--help"]}


def group(help: str) -> typer.Typer:
    """A group of commands, which prints its help when it is called without one."""
    app = typer.Typer(help=help, context_settings=HELP_NAMES)

    @app.callback(invoke_without_command=True)
    def print_help(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            print(context.get_help())

    return app


DATA_SETS = f"{', '.join(datasets.names())}, a training CSV, or a folder of IDX files"

Source = Annotated[str, typer.Argument(help="A data set's name, a CSV, or a folder of IDX files.")]
Folder = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]
Folders = Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")]
DataDir = option(
    Path | None, "--data-dir", "Folder with the data sets (else FASHION_NN_DATA, data/, Keras' cache, a download)."
)
TestCsv = option(Path | None, "--test", "Labelled CSV that is the test split of a training CSV.")
OfRun = option(str | None, "--dataset", "Data set, CSV or folder [default: what the run trained on].")
AsJson = option(bool, "--json", "Print JSON.")
Models = option(Path, "--models", "Folder for the run folders.")


def default_models() -> Path:
    """models/ here, else the project's own."""
    ours = Path(__file__).parents[2] / MODELS
    return MODELS if MODELS.is_dir() or not ours.is_dir() else ours


def announce_download(source: str | Path, data_dir: Path | None) -> None:
    """Say it when `source` is a known data set that has to be downloaded."""
    from fashion_nn import console

    if datasets.needs_download(source, data_dir=data_dir):
        console.note(f"{source} is not on this machine: downloading it into Keras' cache")


def load_splits(source: str | Path, *, data_dir: Path | None = None, **options: Any) -> datasets.Splits:
    """`datasets.load`, with a progress bar, and a note before a download."""
    from fashion_nn import console

    if options.get("test") is None:  # a known data set has test rows of its own, and is refused with others
        announce_download(source, data_dir)
    with console.work_bar("reading") as progress:
        return datasets.load(source, data_dir=data_dir, progress=progress, **options)


def render_json(found: Any, *, by_name: bool = False) -> str:
    """What `--json` prints of `found`, with the number of its format.

    The number is at the top of an object. In a list, and with `by_name` in a map of records by name, it is at the top
    of each record.
    """
    if isinstance(found, list):
        shown: Any = [{"format": FORMAT, **one} for one in found]
    elif by_name:
        shown = {name: {"format": FORMAT, **one} for name, one in found.items()}
    else:
        shown = {"format": FORMAT, **found}
    return json.dumps(shown, indent=2)


def require_one_of(value: str, known: tuple[str, ...], name: str) -> None:
    """Refuse a value that is not among `known`.

    Raises:
        InputError: it is not.
    """
    if value not in known:
        raise InputError(f"{name} {value!r}: expected one of {', '.join(known)}")


def in_seconds(text: str, name: str) -> float:
    """`text` such as 90s, 30m or 2h, given with the option `name`, in seconds.

    Raises:
        InputError: it is no time above 0.
    """
    units = {"s": 1, "m": 60, "h": 3600}
    try:
        found = float(text[:-1]) * units[text[-1:]]
    except (KeyError, ValueError):
        found = 0.0
    if not 0 < found < 1e7:
        raise InputError(f"{name} {text!r}: expected a time such as 90s, 30m or 2h")
    return found

"""Options that several commands share, each described once, and the reading of their values.

A command takes an option by annotating its parameter with one of these types. What only one command
takes is described in that command's file.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from fashion_nn import datasets, runs
from fashion_nn.core import writing
from fashion_nn.core.numbers import decimal
from fashion_nn.core.text import quoted, title
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Choice = TypeVar("Choice", bound=str)
Options = TypeVar("Options", bound="DataclassInstance")

MODELS = runs.MODELS
HELP_NAMES = {"help_option_names": ["-h", "--help"]}
KNOWN = f"{', '.join(datasets.names()[:-1])} or {datasets.names()[-1]}"
DATA_SETS = f"{', '.join(datasets.names())}, or a file or folder (CSV, zip, .npz, pictures, ...)"

KnownDataset = Annotated[str, typer.Argument(metavar="NAME", help=f"Name of a data set: {KNOWN}.")]
Source = Annotated[
    str,
    typer.Argument(metavar="NAME", help=f"Data set: {DATA_SETS}."),
]
Folder = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]
Runs = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN...",
        help="Run folders, and .keras or .h5 files, which need --dataset.",
    ),
]

Dataset = Annotated[str, typer.Option("--dataset", help=f"Data set: {DATA_SETS}.")]
DatasetOfRun = Annotated[
    str | None,
    typer.Option("--dataset", help=f"Data set: {DATA_SETS} [default: that of the training]."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder with the data sets [default: FASHION_NN_DATA, data/, or the cache of Keras].",
    ),
]
TestCsv = Annotated[
    Path | None,
    typer.Option(
        "--test", help="File with the test rows and their labels, if the data set has none."
    ),
]


_missing_folders: list[Path] = []


def _output_file(path: Path | None) -> Path | None:
    if path is not None:
        writing.require_output(path)
        _remember_missing(path.parent)
    return path


def _output_folder(path: Path | None) -> Path | None:
    if path is not None:
        writing.require_output_folder(path)
        _remember_missing(path.parent)
    return path


def _remember_missing(folder: Path) -> None:
    if not folder.exists():
        _missing_folders.append(folder)


def made_folders() -> list[Path]:
    """The folders above the outputs of this command that were missing and are there now."""
    made = [folder for folder in dict.fromkeys(_missing_folders) if folder.is_dir()]
    _missing_folders.clear()
    return made


def output_file(name: str, help: str) -> Any:
    """An option that names a file to write; one that cannot be written is refused at once."""
    return typer.Option(name, help=help, callback=_output_file)


def output_folder(name: str, help: str) -> Any:
    """An option that names a folder to write into; what is no folder is refused at once."""
    return typer.Option(name, help=help, callback=_output_folder)


Scale = Annotated[
    str,
    typer.Option(
        "--scale",
        help="What the model takes for pixels of 0 to 255: auto, 0-1, 0-255, -1-1, standardised, or"
        " one of them after inverted-.",
    ),
]
Calibrate = Annotated[
    Path | None,
    typer.Option(
        "--calibrate",
        help="Labelled images (CSV, .npz, pictures, ...) by which the scale is found that gives the"
        " most right answers.",
    ),
]
Models = Annotated[Path, typer.Option("--models", help="Folder that holds the run folders.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Picture = Annotated[Path | None, output_file("--picture", "Draw the result into this PNG.")]
Strict = Annotated[bool, typer.Option("--strict", help="Treat warnings as failures.")]


def group(help: str) -> typer.Typer:
    """A group of commands, which prints its help when it is called without one."""
    app = typer.Typer(help=help, context_settings=HELP_NAMES)

    @app.callback(invoke_without_command=True)
    def print_help(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            print(context.get_help())

    return app


def takes(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Make a command with many parameters out of a function of one: a dataclass with them.

    Typer sees the fields of `options`, inherited ones too, as the parameters of the command. Their
    types are annotated as those of parameters are.
    """

    def decorate(run: Callable[[Options], None]) -> Callable[..., None]:
        def command(**given: Any) -> None:
            run(options(**given))

        command.__name__ = run.__name__
        command.__doc__ = run.__doc__
        command.__annotations__ = {field.name: field.type for field in fields(options)}
        command.__signature__ = inspect.signature(options)  # type: ignore[attr-defined]
        return command

    return decorate


def examples(*lines: str) -> str:
    """The end of a command's help. The first line tells typer to keep the line breaks."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def default_models() -> Path:
    """models/ in the working folder, else that of the project."""
    if MODELS.is_dir() or not runs.CHECKOUT_MODELS.is_dir():
        return MODELS
    return runs.CHECKOUT_MODELS


def stem(dataset: str) -> str:
    """The name of a data set, a file or a folder up to its first dot, to be part of a path."""
    return title(Path(dataset).name.split(".")[0])


def one_of(value: str, known: Sequence[Choice], name: str) -> Choice:
    """The one of `known` that equals `value`, given with the option `name`.

    Raises:
        InputError: there is none.
    """
    for choice in known:
        if choice == value:
            return choice
    raise InputError(f"{name} {value!r}: expected one of {', '.join(known)}")


def in_seconds(text: str | None, name: str) -> float | None:
    """`text` such as 90s, 30m or 2h, given with the option `name`, in seconds; None for None.

    Raises:
        InputError: it is not a time above 0.
    """
    if text is None:
        return None
    units = {"s": 1, "m": 60, "h": 3600}
    try:
        found = decimal(text[:-1]) * units[text[-1:]]
    except (KeyError, ValueError):
        found = 0.0
    if not 0 < found < 1e7:
        raise InputError(f"{name} {quoted(text)}: expected a time such as 90s, 30m or 2h")
    return found

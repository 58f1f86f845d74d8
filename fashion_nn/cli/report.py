"""fashion-nn report: runs and searches as HTML pages."""

import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console, runs
from fashion_nn.api import results
from fashion_nn.cli.common import loader, model_loader
from fashion_nn.cli.options import MODELS, DataDir, DatasetOfRun, Models, TestCsv, examples, takes
from fashion_nn.cli.reading import Reading
from fashion_nn.errors import InputError
from fashion_nn.runs import Run
from fashion_nn.wrapping import is_file

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

EXAMPLES = examples("fashion-nn report models/mlp --open", "fashion-nn report --all")

Folders = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[RUN]...",
        help="Run folders, search folders, and .keras or .h5 files, which need --dataset.",
    ),
]
Every = Annotated[
    bool,
    typer.Option("--all", help="Write pages for all runs in the folder of models, and an index."),
]
Image = Annotated[
    int,
    typer.Option(
        "--image",
        min=0,
        max=1_000_000,
        help="Index of the test image whose layer outputs are shown.",
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of the command."""

    folders: Folders = None
    every: Every = False
    image: Image = 0
    dataset: DatasetOfRun = None
    data_dir: DataDir = None
    test: TestCsv = None
    models: Models = MODELS
    show: Open = False


@takes(Request)
def report(request: Request) -> None:
    """Write an HTML page for each run or search.

    The page of a run shows its curves, mistakes, calibration and layers; that of a search shows
    its trials and parameters. The page of a model file is FILE.html beside it. The pages load
    nothing from the network.
    """
    if bool(request.folders) == request.every:
        raise InputError("name run folders, or give --all for those in the folder of models")
    of_searches = [folder for folder in request.folders or () if runs.Search(folder).exists]
    files = [path for path in request.folders or () if is_file(path)]
    others = [path for path in request.folders or () if path not in (*of_searches, *files)]
    chosen = _complete_runs(others, request.models if request.every else None)
    from fashion_nn import pages

    written = [pages.write_search_page(folder) for folder in of_searches]
    load = loader(request.dataset, request.data_dir, request.test, request.options())
    load_for = model_loader(load, request.dataset)
    written += [results.report(path, load_for(path), image=request.image) for path in files]
    written += _write_pages(chosen, load, request.image, skip_failed=request.every)
    if request.every:
        written.append(request.models / "leaderboard.html")
        pages.write_leaderboard(chosen, written[-1])
    for page in written:
        print(page)
    if request.show:
        webbrowser.open(written[-1].resolve().as_uri())


def _complete_runs(folders: list[Path], models: Path | None) -> list[Run]:
    """The runs in `folders`, or all in `models`. An incomplete one is refused before any page."""
    if models is None:
        return runs.open_complete(folders, note=console.note) if folders else []
    chosen = list(runs.find(models, note=console.note))
    if not chosen:
        raise InputError(f"{models}: holds no complete run: train one, or name run folders")
    return chosen


def _write_pages(
    chosen: list[Run],
    load: Callable[[Run], "Splits"],
    image: int,
    *,
    skip_failed: bool,
) -> list[Path]:
    from fashion_nn import pages

    written = []
    with console.work_bar("pages") as progress:
        for done, run in enumerate(chosen, start=1):
            try:
                splits = load(run)
                written.append(pages.write_run_page(run, splits, image))
            except InputError as error:
                if not skip_failed:
                    raise
                console.note(f"no page for {run.folder}: {error}")
            if progress:
                progress(done, len(chosen))
    return written

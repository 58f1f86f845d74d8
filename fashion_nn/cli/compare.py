"""fashion-nn compare: the leaderboard of all runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console, runs
from fashion_nn.api import results
from fashion_nn.cli.common import loader, model_loader
from fashion_nn.cli.options import DATA_SETS, MODELS, DataDir, examples, output_file, takes
from fashion_nn.cli.reading import Reading
from fashion_nn.core import writing
from fashion_nn.errors import InputError
from fashion_nn.measures.columns import table_columns
from fashion_nn.runs import Run
from fashion_nn.wrapping import is_file

if TYPE_CHECKING:
    from fashion_nn.pages.leaderboard import Row

EXAMPLES = examples(
    "fashion-nn compare",
    "fashion-nn compare models/mlp models/cnn-v2 --csv leaderboard.csv",
)

Folders = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[RUN]...",
        help="Run folders, and .keras or .h5 files, which need --dataset [default: all in"
        " models/].",
    ),
]
Csv = Annotated[Path | None, output_file("--csv", "Write the table to this CSV.")]
Readme = Annotated[
    Path | None,
    output_file("--readme", "Write the table between the marks in this Markdown file."),
]
Histories = Annotated[
    Path | None,
    output_file("--histories", "Write every epoch of each run to this JSON."),
]
Record = Annotated[
    Path | None,
    typer.Option("--record", help="JSON that --histories wrote, instead of run folders."),
]
Curves = Annotated[
    Path | None,
    output_file("--curves", "Draw the learning curves of all runs into this PNG."),
]
Dataset = Annotated[
    str | None,
    typer.Option("--dataset", help=f"Data set on which model files are measured: {DATA_SETS}."),
]


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of the command."""

    folders: Folders = None
    csv: Csv = None
    readme: Readme = None
    histories: Histories = None
    record: Record = None
    curves: Curves = None
    dataset: Dataset = None
    data_dir: DataDir = None


@takes(Request)
def compare(request: Request) -> None:
    """Compare runs and model files by accuracy, calibration and cost.

    There is one table for each data set. Runs that share a letter in the column `tied` do not
    differ by more than chance.
    """
    if request.record:
        if request.folders or request.csv or request.readme or request.histories:
            raise InputError("--record replaces the run folders: only --curves goes with it")
        _print_record(request.record, request.curves)
        return
    files = [path for path in request.folders or () if is_file(path)]
    compared = (
        [] if files and len(files) == len(request.folders or ()) else _runs(request.folders, files)
    )
    from fashion_nn.pages import leaderboard

    load = model_loader(
        loader(request.dataset, request.data_dir, None, request.options()), request.dataset
    )
    splits = load(files[0]) if files else None
    rows = results.compare(*compared, *files, data=splits).rows
    _write_histories(compared, request.histories, request.curves)
    if request.csv:
        leaderboard.write_csv(rows, request.csv)
    if request.readme:
        leaderboard.write_into(request.readme, rows)
    _print_leaderboard(rows)


def _runs(folders: list[Path] | None, files: list[Path]) -> list[Run]:
    if folders:
        named = [folder for folder in folders if folder not in files]
        return runs.open_complete(named, note=console.note)
    found = list(runs.find(MODELS, note=console.note))
    if not found:
        raise InputError(f"{MODELS}: holds no complete run: train one, or name run folders")
    return found


def _print_record(record: Path, curves: Path | None) -> None:
    from fashion_nn.pages import histories

    found = histories.read(record)
    if curves:
        histories.draw(found, curves)
    titles, cells = histories.as_table(found)
    console.table(titles, cells, whole_cells=True)


def _write_histories(compared: list[Run], path: Path | None, curves: Path | None) -> None:
    if not (path or curves):
        return
    from fashion_nn.pages import histories

    found = histories.record(compared)
    if path:
        writing.write_json(path, found.to_json())
    if curves:
        histories.draw(found, curves)


def _print_leaderboard(rows: Sequence["Row"]) -> None:
    from fashion_nn.pages import leaderboard

    for number, dataset in enumerate(dict.fromkeys(row.dataset for row in rows)):
        if number > 0:
            print()
        titles, cells = leaderboard.as_table([row for row in rows if row.dataset == dataset])
        order = _order()
        console.table(
            [titles[i] for i in order],
            [[row[i] for i in order] for row in cells],
            title=dataset,
            whole_cells=True,
        )
    _print_groups(rows)
    if missing := leaderboard.without_answers(rows):
        needed = "`fashion-nn evaluate` stores what that needs"
        console.note(f"not compared with the others: {', '.join(missing)}: {needed}")


def print_over_seeds(compared: Sequence[Run]) -> None:
    """Print mean, deviation and interval of runs that differ by their seed."""
    from fashion_nn.pages import leaderboard

    _print_groups(leaderboard.rows(compared))


def _print_groups(rows: Sequence["Row"]) -> None:
    from fashion_nn.pages import leaderboard

    titles, groups = leaderboard.over_seeds(rows)
    if groups:
        print()
        console.table(titles, groups, title="mean ± sd over seeds (95 % interval of the mean)")


def _order() -> list[int]:
    """The order of the leaderboard's columns on the screen: how good a run is, then what it costs.

    The letters that say which runs are tied come right after the names of the runs.
    """
    columns = [column for column, _ in table_columns() if column.key != "dataset"]
    ranks = {"run": 0, "tied": 1}
    return sorted(
        range(len(columns)),
        key=lambda i: (columns[i].is_cost, ranks.get(columns[i].key, len(ranks))),
    )

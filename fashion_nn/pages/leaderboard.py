"""The table of all runs, generated from their folders: on screen, as CSV, as a page, and in the
README.

`fashion_nn.measures.columns` says which figures it has and how each is shown.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fashion_nn import measures
from fashion_nn.core import csv_output
from fashion_nn.core.reading import between_marks
from fashion_nn.core.text import in_markdown
from fashion_nn.core.writing import write_atomic
from fashion_nn.measures.columns import (
    COLUMNS,
    Cell,
    Column,
    RunFigures,
    Shown,
    on_page,
    table_columns,
    values,
)
from fashion_nn.pages.rendering import render
from fashion_nn.runs import Run, StoredScores

MARKS = ("<!-- leaderboard: made by `make tables` -->", "<!-- end of leaderboard -->")
_WITH_INTERVAL = {"valid_accuracy": "valid", "test_accuracy": "test"}
"""Column of an accuracy that the table shows with its interval → where its scores are."""

Row = RunFigures
Table = tuple[tuple[str, ...], list[tuple[Cell, ...]]]


@dataclass(frozen=True, slots=True)
class LeaderboardPage:
    """What the template `leaderboard.html` shows.

    Attributes:
        groups: the rows of each data set.
        links: the page of a run, by its folder.
        figures: gives the titles and texts of what is shown of a row.
        seeds: titles and cells of the table over seeds.
    """

    title: str
    groups: Mapping[str, Sequence[Row]]
    links: Mapping[Path, str]
    figures: Callable[[Row], Sequence[tuple[str, Cell]]]
    seeds: Table


def rows(runs: Iterable[Run]) -> list[Row]:
    """One row a complete run, best on validation first."""
    found = _with_ties([_row(run) for run in runs])
    return sorted(found, key=_best_first)


def _row(run: Run) -> Row:
    metrics = run.read_metrics()
    return RunFigures(
        run=run,
        record=run.read_record(),
        metrics=metrics,
        epochs=len(run.read_history()),
        model_bytes=run.model.stat().st_size,
        answers=run.read_test_predictions() if metrics.test else None,
    )


def _best_first(row: Row) -> tuple[str, float, str]:
    valid = row.metrics.valid
    return row.dataset, -valid.accuracy if valid else 0.0, row.run.name


def _with_ties(found: Sequence[Row]) -> list[Row]:
    """The rows with the letters of those that have answers to the same test images."""
    tied: dict[Path, str] = {}
    of_images: dict[str, list[Row]] = {}
    for row in found:
        if row.answers is not None:
            of_images.setdefault(row.answers.fingerprint, []).append(row)
    for group in of_images.values():
        if len(group) > 1:
            letters = measures.tied_groups(
                [row.answers.right for row in group if row.answers is not None]
            )
            tied |= {row.run.folder: each for row, each in zip(group, letters, strict=True)}
    return [replace(row, tied=tied.get(row.run.folder)) for row in found]


def without_answers(rows: Sequence[Row]) -> list[str]:
    """The runs that cannot be compared with others on the same data, because their single answers
    are missing.
    """
    on_data = [row.dataset for row in rows]
    return [row.run.name for row in rows if row.answers is None and on_data.count(row.dataset) > 1]


def as_table(rows: Sequence[Row]) -> Table:
    """Column titles and cells for people; accuracies in per cent with their 95 % intervals."""
    several = len({row.dataset for row in rows}) > 1
    shown = [(column, how) for column, how in table_columns() if column.key != "dataset" or several]
    parts = [_column(column, how, rows) for column, how in shown]
    titles = tuple(title for title, _ in parts)
    cells = list(zip(*(cells for _, cells in parts), strict=True))
    return titles, cells


def _column(column: Column, how: Shown, rows: Sequence[Row]) -> tuple[str, list[Cell]]:
    """Title and cells of one column."""
    if column.key in _WITH_INTERVAL:
        scores = [getattr(row.metrics, _WITH_INTERVAL[column.key]) for row in rows]
        common = _common_n(scores)
        return f"{how.title}{common}", [_with_interval(each, common) for each in scores]
    cells = [column.shown(how, row) for row in rows]
    return how.title, ["-" if cell is None else cell for cell in cells]


def _common_n(scores: Sequence[StoredScores | None]) -> str:
    """The number of images as text if it is the same for all rows: then the title has it, and no
    cell.
    """
    counts = {each.n for each in scores if each}
    return f", n={counts.pop():,}" if len(counts) == 1 else ""


def _with_interval(scores: StoredScores | None, common: str) -> str:
    if scores is None:
        return "-"
    # The CSV has the bounds with four digits; both round the same number.
    low, high = (round(bound, 4) for bound in scores.interval)
    own = "" if common else f", n={scores.n:,}"
    return f"{100 * scores.accuracy:.2f} ({100 * low:.2f} to {100 * high:.2f}{own})"


def over_seeds(rows: Sequence[Row]) -> Table:
    """Mean ± sample standard deviation, and the 95 % interval of the mean, over runs of one recipe
    on one data set that differ by their seed.
    """
    groups: dict[tuple[str, str], dict[int | None, Row]] = {}
    for row in rows:
        by_seed = groups.setdefault((row.dataset, row.settings), {})
        by_seed.setdefault(row.record.recipe.seed, row)
    cells: list[tuple[Cell, ...]] = []
    for (dataset, _), by_seed in groups.items():
        group = list(by_seed.values())
        if len(group) < 2:
            continue
        valid = _spread([row.metrics.valid for row in group])
        test = _spread([row.metrics.test for row in group])
        names = ", ".join(row.run.name for row in group)
        cells.append((group[0].record.recipe.name, dataset, len(group), valid, test, names))
    return ("recipe", "dataset", "seeds", "validation %", "test %", "runs"), cells


def _spread(scores: Sequence[StoredScores | None]) -> str:
    accuracies = [100 * each.accuracy for each in scores if each]
    if len(accuracies) < 2:
        return "-"
    own = "" if len(accuracies) == len(scores) else f" (n={len(accuracies)})"
    mean, sd = measures.mean_sd(accuracies)
    low, high = measures.interval_of_mean(accuracies)
    # A mean of accuracies is one, however few seeds there are.
    ends = f"({max(low, 0.0):.2f} to {min(high, 100.0):.2f})"
    return f"{mean:.2f} ± {sd:.2f} {ends}{own}"


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown, and below it that over seeds where there are several."""
    tables = [as_table(rows), over_seeds(rows)]
    return "\n\n".join(_markdown(*table) for table in tables if table[1])


def _markdown(titles: Sequence[str], cells: Sequence[Sequence[Cell]]) -> str:
    texts = [
        [f"{cell:,}" if isinstance(cell, int) else in_markdown(str(cell)) for cell in row]
        for row in cells
    ]
    rule = ["---"] * len(titles)
    return "\n".join("| " + " | ".join(line) + " |" for line in (titles, rule, *texts))


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Write the rows to `path`; an empty cell for what was not measured."""
    columns = [column.key for column in COLUMNS]
    write_atomic(path, csv_output.render(columns, map(values, rows)))


def write_into(path: Path, rows: Sequence[Row]) -> None:
    """Replace what stands between the two marks in `path` by the table.

    Raises:
        InputError: the marks are not there.
    """
    write_atomic(path, between_marks(path, MARKS, f"{markdown(rows)}\n"))


def write_leaderboard(runs: Iterable[Run], path: Path) -> None:
    """Write the page of all `runs`, which lie below the folder of `path`, to `path`; it links the
    page of each.
    """
    runs = list(runs)
    found = rows(runs)
    links = {
        run.folder: run.page.relative_to(path.parent).as_posix()
        for run in runs
        if run.page.exists()
    }
    page = LeaderboardPage(
        title="Leaderboard",
        groups={
            dataset: [row for row in found if row.dataset == dataset]
            for dataset in dict.fromkeys(row.dataset for row in found)
        },
        links=links,
        figures=on_page,
        seeds=over_seeds(found),
    )
    write_atomic(path, render("leaderboard.html", page))

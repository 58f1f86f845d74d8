"""The table of all runs, generated from their folders: on screen, as CSV, and in the README."""

import csv
import hashlib
import io
import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fashion_nn import comparison
from fashion_nn.core.files import write_atomic
from fashion_nn.errors import InputError
from fashion_nn.runs import Run

MARKS = ("<!-- leaderboard: made by `make tables` -->", "<!-- end of leaderboard -->")
COLUMNS = (
    "run",
    "recipe",
    "settings",
    "seed",
    "dataset",
    "parameters",
    "multiply_adds",
    "epochs",
    "train_seconds",
    "predict_seconds",
    "predict_n",
    "model_bytes",
    "valid_accuracy",
    "valid_low",
    "valid_high",
    "valid_n",
    "test_accuracy",
    "test_low",
    "test_high",
    "test_n",
    "test_log_loss",
    "test_calibration_error",
    "clean_accuracy",
    "clean_n",
    "answers",
    "tied",
)

Row = dict[str, Any]
Table = tuple[tuple[str, ...], list[tuple[object, ...]]]


def rows(runs: Iterable[Run]) -> list[Row]:
    """One row a complete run, best on validation first; unmeasured figures are None.

    settings: 8 hex digits of the recipe without its seed: runs that share them differ by their seed alone.
    clean: on test images without a near duplicate in the training data.
    answers: 16 hex digits of the test rows whose single answers are stored.
    tied: letters, see `comparison.tied_groups`; None where there is nothing to compare with.
    """
    found = [(run, _row(run)) for run in runs]
    _mark_ties(found)
    return sorted(
        (row for _, row in found), key=lambda row: (row["dataset"], -(row["valid_accuracy"] or 0), row["run"])
    )


def _row(run: Run) -> Row:
    record, measured = run.read_record(), run.read_metrics()
    recipe, seconds = record["recipe"], train_seconds(record)
    prediction = measured.get("prediction", {})
    row = dict.fromkeys(COLUMNS) | {
        "run": run.name,
        "folder": run.folder,
        "recipe": recipe["name"],
        "settings": _settings(recipe),
        "seed": recipe.get("seed"),
        "dataset": record["dataset"]["name"],
        "parameters": record["parameters"],
        "multiply_adds": measured.get("multiply_adds"),
        "epochs": len(run.read_history()),
        "train_seconds": round(seconds, 1) if seconds < 10 else round(seconds),
        "predict_seconds": prediction.get("seconds"),
        "predict_n": prediction.get("images"),
        "model_bytes": run.model.stat().st_size,
    }
    for split in ("valid", "test"):
        if split in measured:
            scores = measured[split]
            low, high = scores["interval"]
            row |= {f"{split}_accuracy": scores["accuracy"], f"{split}_n": scores["n"]}
            row |= {f"{split}_low": round(low, 4), f"{split}_high": round(high, 4)}
    if "test" in measured:
        test, clean = measured["test"], measured["test"].get("without_near_duplicates", {})
        row |= {f"test_{name}": test.get(name) for name in ("log_loss", "calibration_error")}
        row |= {"clean_accuracy": clean.get("accuracy"), "clean_n": clean.get("n")}
    return row


def train_seconds(record: dict[str, Any]) -> float:
    """Seconds that the epochs of a run took, of all its sessions."""
    return sum(second for session in record["sessions"] for second in session["epoch_seconds"])


def _settings(recipe: dict[str, Any]) -> str:
    kept = {key: value for key, value in recipe.items() if key not in ("seed", "sources")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:8]


def _mark_ties(found: Sequence[tuple[Run, Row]]) -> None:
    """Fill in `tied` for the runs whose answers to the same test images are there."""
    by_images: dict[str, list[tuple[Row, Any]]] = {}
    for run, row in found:
        if row["test_n"] and (answers := run.read_test_predictions()) is not None:
            row["answers"] = answers.fingerprint[:16]
            by_images.setdefault(answers.fingerprint, []).append((row, answers.right))
    for group in by_images.values():
        if len(group) > 1:
            for (row, _), letters in zip(group, comparison.tied_groups([right for _, right in group]), strict=True):
                row["tied"] = letters


def without_answers(rows: Sequence[Row]) -> list[str]:
    """The runs that cannot be compared with others on the same data, for want of their answers to the test images."""
    on_data = [row["dataset"] for row in rows]
    return [row["run"] for row in rows if not row["answers"] and on_data.count(row["dataset"]) > 1]


def as_table(rows: Sequence[Row]) -> Table:
    """Column titles and cells for people; accuracies in per cent with their 95 % intervals."""
    several = len({row["dataset"] for row in rows}) > 1
    of_valid, of_test = _common_n(rows, "valid"), _common_n(rows, "test")
    cells = [
        (
            row["run"],
            *([row["dataset"]] if several else []),
            row["parameters"],
            _or_dash(row["multiply_adds"], lambda number: f"{number / 1e6:,.2f}"),
            row["train_seconds"],
            _or_dash(row["predict_seconds"] and row["predict_seconds"] / row["predict_n"], lambda s: f"{1000 * s:.3f}"),
            f"{row['model_bytes'] / 1e6:.2f}",
            _percent(row, "valid", of_valid),
            _percent(row, "test", of_test),
            _or_dash(row["clean_accuracy"], lambda share: f"{100 * share:.2f}"),
            _or_dash(row["test_calibration_error"], lambda share: f"{100 * share:.1f}"),
            row["tied"] or "-",
        )
        for row in rows
    ]
    titles = (
        "run",
        *(["dataset"] if several else []),
        "parameters",
        "M multiply-adds",
        "train s",
        "ms an image",
        "MB",
        f"validation %{of_valid}",
        f"test %{of_test}",
        "without near duplicates %",
        "calibration error %",
        "tied",
    )
    return titles, cells


def over_seeds(rows: Sequence[Row]) -> Table:
    """Mean ± sample standard deviation over runs of one recipe on one data set that differ by their seed."""
    groups: dict[tuple[str, str], dict[Any, Row]] = {}
    for row in rows:
        groups.setdefault((row["dataset"], row["settings"]), {}).setdefault(row["seed"], row)
    cells: list[tuple[object, ...]] = []
    for (dataset, _), by_seed in groups.items():
        if len(by_seed) > 1:
            of_group = list(by_seed.values())
            recipe, names = of_group[0]["recipe"], ", ".join(row["run"] for row in of_group)
            cells.append((recipe, dataset, len(of_group), _spread(of_group, "valid"), _spread(of_group, "test"), names))
    return ("recipe", "dataset", "seeds", "validation %", "test %", "runs"), cells


def _spread(rows: Sequence[Row], split: str) -> str:
    values = [100 * row[f"{split}_accuracy"] for row in rows if row[f"{split}_accuracy"] is not None]
    if len(values) < 2:
        return "-"
    own = "" if len(values) == len(rows) else f" (n={len(values)})"
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}{own}"


def _or_dash(value: Any, text: Any) -> str:
    return "-" if value is None else text(value)


def _common_n(rows: Sequence[Row], split: str) -> str:
    """The number of images as text, when it is the same for all rows: then it stands in the title, not in each cell."""
    counts = {row[f"{split}_n"] for row in rows} - {None}
    return f", n={counts.pop():,}" if len(counts) == 1 else ""


def _percent(row: Row, split: str, common: str) -> str:
    if row[f"{split}_accuracy"] is None:
        return "-"
    accuracy, low, high = (100 * row[f"{split}_{name}"] for name in ("accuracy", "low", "high"))
    own = "" if common else f", n={row[f'{split}_n']:,}"
    return f"{accuracy:.2f} ({low:.2f} to {high:.2f}{own})"


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown, and below it that over seeds where there are several."""
    tables = [as_table(rows), over_seeds(rows)]
    return "\n\n".join(_markdown(*table) for table in tables if table[1])


def _markdown(titles: Sequence[str], cells: Sequence[Sequence[object]]) -> str:
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in cells]
    rule = ["---"] * len(titles)
    return "\n".join("| " + " | ".join(line) + " |" for line in (titles, rule, *texts))


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Write the rows to `path`, without their folders; an empty cell for what was not measured."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    table.writerows(rows)
    write_atomic(path, text.getvalue())


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV that `write_csv` wrote, as text."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_into(path: Path, rows: Sequence[Row]) -> None:
    """Replace what stands between the two marks in `path` by the table.

    Raises:
        InputError: the marks are not there.
    """
    write_atomic(path, between_marks(path, MARKS, f"{markdown(rows)}\n"))


def between_marks(path: Path, marks: tuple[str, str], table: str) -> str:
    """The text of `path` with `table`, whole lines, between the lines that the two marks are.

    Raises:
        InputError: the file cannot be read, or the marks are not there.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    start, end = (text.find(mark) for mark in marks)
    if not 0 <= start < end:
        raise InputError(f"{path}: has no place for the table: expected the lines {marks[0]} and {marks[1]}")
    return text[: start + len(marks[0])] + f"\n{table}" + text[end:]

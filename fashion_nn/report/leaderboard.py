"""The table of all runs, generated from their folders: on screen, as CSV, and in the README."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fashion_nn.errors import InputError
from fashion_nn.files import write_atomic
from fashion_nn.runs import Run

MARKS = ("<!-- leaderboard: made by `make tables` -->", "<!-- end of leaderboard -->")
COLUMNS = (
    "run",
    "dataset",
    "parameters",
    "epochs",
    "train_seconds",
    "valid_accuracy",
    "valid_low",
    "valid_high",
    "valid_n",
    "test_accuracy",
    "test_low",
    "test_high",
    "test_n",
    "model_bytes",
)

Row = dict[str, Any]


def rows(runs: Iterable[Run]) -> list[Row]:
    """One row a complete run, best on validation first; unmeasured figures are None."""
    found = [_row(run) for run in runs]
    return sorted(found, key=lambda row: (row["dataset"], -(row["valid_accuracy"] or 0), row["run"]))


def _row(run: Run) -> Row:
    record, measured = run.read_record(), run.read_metrics()
    seconds = sum(second for session in record["sessions"] for second in session["epoch_seconds"])
    row = dict.fromkeys(COLUMNS) | {
        "run": run.name,
        "dataset": record["dataset"]["name"],
        "parameters": record["parameters"],
        "epochs": len(run.read_history()),
        "train_seconds": round(seconds),
        "model_bytes": run.model.stat().st_size,
    }
    for split in ("valid", "test"):
        if split in measured:
            scores = measured[split]
            low, high = scores["interval"]
            row |= {f"{split}_accuracy": scores["accuracy"], f"{split}_n": scores["n"]}
            row |= {f"{split}_low": round(low, 4), f"{split}_high": round(high, 4)}
    return row


def as_table(rows: Sequence[Row]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Column titles and cells for people; accuracies in per cent with their 95 % intervals."""
    titles = ("run", "dataset", "parameters", "epochs", "train s", "validation %", "test %", "MB")
    cells = [
        (
            row["run"],
            row["dataset"],
            row["parameters"],
            row["epochs"],
            row["train_seconds"],
            _percent(row, "valid"),
            _percent(row, "test"),
            f"{row['model_bytes'] / 1e6:.1f}",
        )
        for row in rows
    ]
    return titles, cells


def _percent(row: Row, split: str) -> str:
    if row[f"{split}_accuracy"] is None:
        return "-"
    accuracy, low, high = (100 * row[f"{split}_{name}"] for name in ("accuracy", "low", "high"))
    return f"{accuracy:.2f} ({low:.2f} to {high:.2f}, n={row[f'{split}_n']:,})"


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown."""
    titles, cells = as_table(rows)
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in cells]
    rule = ["---"] * len(titles)
    return "\n".join("| " + " | ".join(line) + " |" for line in (titles, rule, *texts))


def write_csv(rows: Sequence[Row], path: Path) -> None:
    """Write the rows to `path`, an empty cell for what was not measured."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
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
    text = path.read_text()
    start, end = (text.find(mark) for mark in MARKS)
    if not 0 <= start < end:
        raise InputError(f"{path}: has no place for the table: expected the lines {MARKS[0]} and {MARKS[1]}")
    write_atomic(path, text[: start + len(MARKS[0])] + f"\n{markdown(rows)}\n" + text[end:])

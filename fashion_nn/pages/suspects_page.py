"""Training images whose labels are probably wrong, as a page and as a CSV table."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_nn.core.writing import write_atomic
from fashion_nn.datasets import Split
from fashion_nn.measures import Suspects
from fashion_nn.pages import pictures
from fashion_nn.pages.pictures import Picture
from fashion_nn.pages.rendering import render

SHOWN = 200
COLUMNS = ("row", "label", "suggested", "of_label", "of_suggested")


@dataclass(frozen=True, slots=True)
class ShownSuspect:
    """A training image, its label and the class that the predictions name instead."""

    row: int
    picture: Picture
    label: str
    suggested: str
    of_label: float
    of_suggested: float


@dataclass(frozen=True, slots=True)
class SuspectsPage:
    """What the template `suspects.html` shows.

    Attributes:
        rows: number of training rows.
        folds: number of parts that were held out, one after the other.
        found: number of suspects.
        suspects: the clearest of them.
    """

    title: str
    rows: int
    folds: int
    found: int
    suspects: Sequence[ShownSuspect]


def write_suspects_page(
    path: Path, suspects: Suspects, rows: Split, names: Sequence[str], *, title: str, folds: int
) -> None:
    """Write the page with the clearest suspects.

    Args:
        path: the HTML file.
        suspects: those of `rows`.
        rows: the training rows.
        names: of the classes.
        title: name of the data set.
        folds: of the cross-validation.
    """
    shown = [
        ShownSuspect(
            row=int(row),
            picture=pictures.photo(rows.images[row]),
            label=names[rows.labels[row]],
            suggested=names[suspects.suggested[i]],
            of_label=float(suspects.of_label[i]),
            of_suggested=float(suspects.of_suggested[i]),
        )
        for i, row in enumerate(suspects.rows[:SHOWN])
    ]
    page = SuspectsPage(f"Suspect labels: {title}", len(rows), folds, len(suspects.rows), shown)
    write_atomic(path, render("suspects.html", page))


def write_suspects_table(
    path: Path, suspects: Suspects, rows: Split, originals: Sequence[int | str]
) -> None:
    """Write one line for each suspect, the clearest first.

    Args:
        path: the CSV file.
        suspects: those of `rows`.
        rows: the training rows, in the order of the source, counted from 0.
        originals: the labels of the source, by class.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for i, row in enumerate(suspects.rows):
        label = originals[rows.labels[row]]
        suggested = originals[suspects.suggested[i]]
        given = f"{suspects.of_label[i]:.4f}"
        writer.writerow((row, label, suggested, given, f"{suspects.of_suggested[i]:.4f}"))
    write_atomic(path, text.getvalue())

"""The images that a page holds for its script: those of each cell of the confusion matrix."""

import math
from dataclasses import dataclass

import numpy as np

from fashion_nn.datasets import Split
from fashion_nn.pages import pictures
from fashion_nn.runs import TestPredictions

OF_CELL = 24
OF_DIAGONAL = 12
_COLUMNS = 32
_MOST = 2000
"""Images on one page. With hundreds of classes a cell has fewer."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Images on one picture, row by row.

    Attributes:
        sprite: data URI of the picture.
        columns: images in a row of the picture.
        height: of an image.
        width: of an image.
        part: the rows that they are from, "test" or "validation".
        images: of each its row, the true and the predicted class (-1 where it is not known), and
            the probability of the predicted one. The first is the one that the page begins with.
    """

    sprite: str
    columns: int
    height: int
    width: int
    part: str
    images: tuple[tuple[int, int, int, float], ...]


def gather(part: Split, answers: TestPredictions | None, first: int, name: str) -> Examples:
    """The worst images of each cell of the confusion matrix, or some of each class.

    Args:
        part: the images.
        answers: to these images; None where there are none.
        first: row of the image that the page begins with.
        name: of the part.
    """
    rows = [first, *(_of_classes(part) if answers is None else _of_cells(answers))]
    return Examples(
        sprite=pictures.photo(_sheet(part.images[rows])).uri,
        columns=_COLUMNS,
        height=part.images.shape[1],
        width=part.images.shape[2],
        part=name,
        images=tuple(_described(part, answers, row) for row in rows),
    )


def _of_classes(part: Split) -> list[int]:
    classes = np.unique(part.labels)
    most = max(1, min(OF_DIAGONAL, _MOST // len(classes)))
    found = [np.flatnonzero(part.labels == label)[:most] for label in classes]
    return np.concatenate(found).tolist()


def _of_cells(answers: TestPredictions) -> list[int]:
    """Mistakes with the least probability for the true class first; right ones, the least sure."""
    order = np.argsort(answers.of_truth, kind="stable")
    cells: dict[tuple[int, int], list[int]] = {}
    for row in order.tolist():
        cell = (int(answers.labels[row]), int(answers.predicted[row]))
        own = cells.setdefault(cell, [])
        if len(own) < (OF_DIAGONAL if cell[0] == cell[1] else OF_CELL):
            own.append(row)
    most = max(1, _MOST // len(cells))
    return [row for cell in sorted(cells) for row in cells[cell][:most]][:_MOST]


def _described(
    part: Split, answers: TestPredictions | None, row: int
) -> tuple[int, int, int, float]:
    label = int(part.labels[row])
    if answers is None:
        return row, label, -1, 0.0
    return row, label, int(answers.predicted[row]), round(float(answers.confidence[row]), 4)


def _sheet(images: np.ndarray) -> np.ndarray:
    """The images (n, h, w) or (n, h, w, 3) as one, `_COLUMNS` in a row."""
    n, height, width = images.shape[:3]
    rows = math.ceil(n / _COLUMNS)
    sheet = np.zeros((rows * height, _COLUMNS * width, *images.shape[3:]), np.uint8)
    for number, image in enumerate(images):
        top = number // _COLUMNS * height
        left = number % _COLUMNS * width
        sheet[top : top + height, left : left + width] = image
    return sheet

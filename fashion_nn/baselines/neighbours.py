"""The label of the nearest training image. There is no model file: it would be all those images."""

import time
from dataclasses import dataclass

from fashion_nn import measures
from fashion_nn.baselines.folds import Progress
from fashion_nn.baselines.linear import table
from fashion_nn.datasets import Split

_BLOCK = 500


@dataclass(frozen=True, slots=True)
class NearestNeighbour:
    """How many of n images have the label of the nearest of the `neighbours`.

    interval: Wilson's 95 % interval of the accuracy.
    """

    neighbours: int
    n: int
    correct: int
    accuracy: float
    interval: tuple[float, float]
    seconds: float


def nearest_neighbour(
    train: Split, rows: Split, *, progress: Progress | None = None
) -> NearestNeighbour:
    """Classify `rows` by the nearest image in `train`, by Euclidean distance of pixels.

    Args:
        progress: called as progress(done, total), in images of `rows`.
    """
    from sklearn.neighbors import KNeighborsClassifier

    known = KNeighborsClassifier(1, algorithm="brute").fit(table(train.images), train.labels)
    start = time.perf_counter()
    correct = 0
    for first in range(0, len(rows), _BLOCK):
        block = slice(first, first + _BLOCK)
        predicted = known.predict(table(rows.images[block]))
        correct += int((predicted == rows.labels[block]).sum())
        if progress:
            progress(min(first + _BLOCK, len(rows)), len(rows))
    return NearestNeighbour(
        neighbours=len(train),
        n=len(rows),
        correct=correct,
        accuracy=correct / len(rows),
        interval=measures.wilson(correct, len(rows)),
        seconds=round(time.perf_counter() - start, 2),
    )

"""The label of the nearest training image. There is no model file: it would be all those images."""

import time
from typing import Any

from fashion_nn import measures
from fashion_nn.baselines.folds import Progress
from fashion_nn.baselines.linear import table
from fashion_nn.datasets import Split

_BLOCK = 500


def nearest_neighbour(
    train: Split, rows: Split, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Classify `rows` by the nearest image in `train`, by Euclidean distance of pixels.

    Args:
        progress: called as progress(done, total), in images of `rows`.

    Returns:
        JSON with neighbours, n, correct, accuracy, its 95 % interval, and seconds.
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
    return {
        "neighbours": len(train),
        "n": len(rows),
        "correct": correct,
        "accuracy": correct / len(rows),
        "interval": list(measures.wilson(correct, len(rows))),
        "seconds": round(time.perf_counter() - start, 2),
    }

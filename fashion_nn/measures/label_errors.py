"""Which labels of a training set are probably wrong, by predictions for rows that were held out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Suspects:
    """Rows whose label is probably wrong, the clearest first.

    Attributes:
        rows: their numbers, int64 (n,).
        suggested: the class that the predictions name instead, int64 (n,).
        of_label: probability of the given label, float64 (n,).
        of_suggested: probability of the suggested class, float64 (n,).
    """

    rows: NDArray[np.int64]
    suggested: NDArray[np.int64]
    of_label: NDArray[np.float64]
    of_suggested: NDArray[np.float64]


def suspect_labels(labels: NDArray[np.int64], probabilities: NDArray[np.floating]) -> Suspects:
    """The rows that confident learning takes for another class than that of their label.

    First it counts how many rows with one label belong to each class. A row counts to a class if
    its probability is at least the mean probability of that class among the rows labelled so; of
    several such classes, to the most probable. So a class of which the classifier is never sure has
    a low bar. The counts of each label are scaled to all its rows. Then so many rows as were
    counted for a pair of label and class are suspects: those whose probability of the class exceeds
    that of the label most.

    Args:
        labels: int64 (n,).
        probabilities: (n, k), of each row by a classifier that was not trained on it.

    Source: C. Northcutt, L. Jiang, I. Chuang, Confident learning: estimating uncertainty in dataset
    labels, JAIR 70 (2021), with pruning by noise rate.
    """
    p = probabilities.astype(np.float64)
    of_label = p[np.arange(len(labels)), labels]
    suggested = np.full(len(labels), -1)
    margins = np.zeros(len(labels))
    for (label, other), count in np.ndenumerate(_joint_counts(labels, p, of_label)):
        if label == other or not round(count):
            continue
        rows = np.flatnonzero(labels == label)
        margin = p[rows, other] - of_label[rows]
        order = np.argsort(-margin, kind="stable")[: round(count)]
        better = margin[order] > margins[rows[order]]
        chosen = rows[order[better]]
        suggested[chosen] = other
        margins[chosen] = margin[order[better]]
    rows = np.flatnonzero(suggested >= 0)
    rows = rows[np.argsort(-margins[rows], kind="stable")]
    return Suspects(rows, suggested[rows], of_label[rows], p[rows, suggested[rows]])


def _joint_counts(
    labels: NDArray[np.int64], p: NDArray[np.float64], of_label: NDArray[np.float64]
) -> NDArray[np.float64]:
    """About how many rows with each label belong to each class, (k, k)."""
    classes = p.shape[1]
    sizes = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, weights=of_label, minlength=classes)
    bars = np.divide(sums, sizes, out=np.full(classes, np.inf), where=sizes > 0)
    reached = np.where(p >= bars, p, -1.0)
    counted = reached.max(axis=1) >= 0
    pairs = labels[counted] * classes + reached.argmax(axis=1)[counted]
    counts = np.bincount(pairs, minlength=classes**2).reshape(classes, classes).astype(float)
    totals = counts.sum(axis=1, keepdims=True)
    scale = np.divide(sizes[:, None], totals, out=np.zeros_like(totals), where=totals > 0)
    return counts * scale

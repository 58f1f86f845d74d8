"""How good predictions are: numbers from labels, predicted classes and probabilities. Reads and writes no file.

Throughout, with n images and k classes: `labels` and `predicted` are whole numbers 0..k-1, shape (n,);
`probabilities` are numbers 0..1, shape (n, k), row i for image i. Wrong shapes or values raise ValueError:
the caller has read them from somewhere and knows better what to say.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class ClassScore(NamedTuple):
    """One class against the rest, each number 0..1; 0 where it would be 0/0. `support`: images of the class."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, eq=False)
class Scores:
    """Everything measured on one set of predictions. `interval` is the 95 % interval of `accuracy`."""

    n: int
    correct: int
    accuracy: float
    interval: tuple[float, float]
    log_loss: float
    confusion: NDArray[np.int64]
    per_class: tuple[ClassScore, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as plain Python numbers, lists and dicts."""
        return {
            "n": self.n,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "log_loss": self.log_loss,
            "per_class": [score._asdict() for score in self.per_class],
            "confusion": self.confusion.tolist(),
        }


def score(labels: ArrayLike, probabilities: ArrayLike) -> Scores:
    """Measure `probabilities` against `labels`. The predicted class is the likeliest, the first of equals."""
    labels, probabilities = _checked(labels, probabilities)
    n, classes = probabilities.shape
    matrix = confusion(labels, probabilities.argmax(axis=1), classes)
    correct = int(np.trace(matrix))
    return Scores(
        n=n,
        correct=correct,
        accuracy=correct / n,
        interval=wilson(correct, n),
        log_loss=log_loss(labels, probabilities),
        confusion=matrix,
        per_class=tuple(per_class(matrix)),
    )


def wilson(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval that holds the true accuracy with this confidence, given `correct` of `n` independent images.

    Unlike the usual p ± z·sd it stays within 0..1 and does not shrink to a point at 0 or n correct.

    >>> [round(end, 4) for end in wilson(9400, 10_000)]
    [0.9352, 0.9445]

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if not 0 <= correct <= n or n == 0:
        raise ValueError(f"{correct} correct of {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z**2 / n)
    # Rounding must not push the ends past the exact 0 and 1 that the formula gives there.
    return (0.0 if correct == 0 else centre - half, 1.0 if correct == n else centre + half)


def confusion(labels: ArrayLike, predicted: ArrayLike, classes: int) -> NDArray[np.int64]:
    """How many images of class i (row) were taken for class j (column), int64 (classes, classes)."""
    labels, predicted = _class_numbers(labels, classes), _class_numbers(predicted, classes)
    if labels.shape != predicted.shape:
        raise ValueError(f"{len(labels)} labels but {len(predicted)} predictions")
    counts = np.bincount(labels * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def per_class(confusion: ArrayLike) -> list[ClassScore]:
    """Precision, recall and F1 of every class, from a confusion matrix with true classes in rows."""
    matrix = np.asarray(confusion)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix is square, this is {matrix.shape}")
    hits, support, claimed = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    columns = (
        _ratio(hits, claimed),
        _ratio(hits, support),
        _ratio(2 * hits, support + claimed),
        support,
    )
    return [ClassScore(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean of -ln(probability of the true class), in nats; also called cross-entropy.

    Probabilities are clipped to [eps, 1 - eps], eps being that of their number type, as scikit-learn does:
    a single certain mistake costs 15.9 in float32 and 36.0 in float64, not infinity. The mean is in float64.
    """
    labels, probabilities = _checked(labels, probabilities)
    of_truth = probabilities[np.arange(len(labels)), labels]
    eps = np.finfo(of_truth.dtype).eps
    return float(-np.log(np.clip(of_truth, eps, 1 - eps), dtype=np.float64).mean())


def worst_mistakes(labels: ArrayLike, probabilities: ArrayLike, count: int) -> NDArray[np.int64]:
    """Rows of at most `count` wrong predictions, the least probability for the true class first; ties by row."""
    labels, probabilities = _checked(labels, probabilities)
    of_truth = probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(of_truth[wrong], kind="stable")][:count]


def _checked(labels: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 2 or not np.issubdtype(probabilities.dtype, np.floating):
        raise ValueError(f"probabilities are {probabilities.dtype} {probabilities.shape}, not floats (n, k)")
    if probabilities.size == 0:
        raise ValueError("no images")
    # A mean of softmax outputs may exceed 1 by rounding. NaN fails both comparisons.
    if not (probabilities.min() >= 0 and probabilities.max() <= 1 + 1e-5):
        raise ValueError("a probability is not between 0 and 1")
    labels = _class_numbers(labels, probabilities.shape[1])
    if len(labels) != len(probabilities):
        raise ValueError(f"{len(labels)} labels but {len(probabilities)} rows of probabilities")
    return labels, probabilities


def _class_numbers(values: ArrayLike, classes: int) -> NDArray[np.int64]:
    values = np.asarray(values)
    if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"class numbers are {values.dtype} {values.shape}, not whole numbers (n,)")
    if values.size and not (values.min() >= 0 and values.max() < classes):
        raise ValueError(f"a class number is not in 0..{classes - 1}")
    return values.astype(np.int64)


def _ratio(above: NDArray, below: NDArray) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.zeros(len(above)), where=below != 0)

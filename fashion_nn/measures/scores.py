"""How good predictions are: numbers from labels, predicted classes and probabilities. Reads and
writes no file.

Throughout, with n images and k classes: `labels` and `predicted` are whole numbers 0..k-1, shape
(n,); `probabilities` are numbers 0..1, shape (n, k), row i for image i. Wrong shapes or values
raise ValueError: the caller has read them from somewhere and knows better what to say.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_nn.core.strict_json import JsonObject

BINS = 15
"""Of a reliability diagram; of equal width."""


class ClassScore(NamedTuple):
    """One class against the rest, each number 0..1; 0 where it would be 0/0. `support`: images of
    the class.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The images of one range of confidence: how many, their mean confidence, the share that is
    right.
    """

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, eq=False)
class Scores:
    """Everything measured on one set of predictions. `interval` is the 95 % interval of
    `accuracy`.
    """

    n: int
    correct: int
    accuracy: float
    interval: tuple[float, float]
    log_loss: float
    brier: float
    calibration_error: float
    reliability: tuple[Bin, ...]
    confusion: NDArray[np.int64]
    per_class: tuple[ClassScore, ...]

    def __repr__(self) -> str:
        low, high = self.interval
        accuracy = f"accuracy {self.accuracy:.4f}, 95 % interval {low:.4f} to {high:.4f}"
        return f"Scores({accuracy}, n={self.n:,}, log loss {self.log_loss:.4f})"

    def to_json(self) -> JsonObject:
        """The same as plain Python numbers, lists and dicts."""
        return {
            "n": self.n,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "log_loss": self.log_loss,
            "brier": self.brier,
            "calibration_error": self.calibration_error,
            "reliability": [asdict(each) for each in self.reliability],
            "per_class": [score._asdict() for score in self.per_class],
            "confusion": self.confusion.tolist(),
        }


def score(labels: ArrayLike, probabilities: ArrayLike) -> Scores:
    """Measure `probabilities` against `labels`. The predicted class is the likeliest, the first of
    equals.
    """
    labels, probabilities = _checked(labels, probabilities)
    n, classes = probabilities.shape
    matrix = confusion(labels, probabilities.argmax(axis=1), classes)
    correct = int(np.trace(matrix))
    bins = reliability(labels, probabilities)
    return Scores(
        n=n,
        correct=correct,
        accuracy=correct / n,
        interval=wilson(correct, n),
        log_loss=log_loss(labels, probabilities),
        brier=brier(labels, probabilities),
        calibration_error=calibration_error(bins),
        reliability=tuple(bins),
        confusion=matrix,
        per_class=tuple(per_class(matrix)),
    )


def wilson(correct: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval that holds the true accuracy with this confidence, given `correct` of `n`
    independent images.

    Unlike the usual p ± z·sd it stays within 0..1 and does not shrink to a point at 0 or n correct.

    >>> [round(end, 4) for end in wilson(9400, 10_000)]
    [0.9352, 0.9445]

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA
    22 (1927).
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
    """How many images of class i (row) were taken for class j (column), int64 (classes,
    classes).
    """
    labels, predicted = _class_numbers(labels, classes), _class_numbers(predicted, classes)
    if labels.shape != predicted.shape:
        raise ValueError(f"{len(labels)} labels but {len(predicted)} predictions")
    counts = np.bincount(labels * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def per_class(confusion: ArrayLike) -> list[ClassScore]:
    """Precision, recall and F1 of every class, from a confusion matrix with true classes in
    rows.
    """
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


def balanced_accuracy(per_class: Sequence[Any]) -> float:
    """The mean recall of the classes that have images: what the accuracy would be if all classes
    were equally frequent.

    Args:
        per_class: a score with `recall` and `support` for each class.

    Source: K. H. Brodersen et al., The balanced accuracy and its posterior distribution (2010).
    """
    recalls = [each.recall for each in per_class if each.support]
    return sum(recalls) / len(recalls)


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean of -ln(probability of the true class), in nats; also called cross-entropy.

    Probabilities are clipped to [eps, 1 - eps], eps being that of their number type, as
    scikit-learn does: a single certain mistake costs 15.9 in float32 and 36.0 in float64, not
    infinity. The mean is in float64.
    """
    labels, probabilities = _checked(labels, probabilities)
    of_truth = probabilities[np.arange(len(labels)), labels]
    eps = np.finfo(of_truth.dtype).eps
    return float(-np.log(np.clip(of_truth, eps, 1 - eps), dtype=np.float64).mean())


def brier(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean over images of the sum over classes of (probability - truth)², 0..2.

    Source: G. W. Brier, Verification of forecasts expressed in terms of probability (1950), without
    its factor 1/2.
    """
    labels, probabilities = _checked(labels, probabilities)
    error = probabilities.astype(np.float64)
    error[np.arange(len(labels)), labels] -= 1
    return float((error**2).sum(axis=1).mean())


def reliability(labels: ArrayLike, probabilities: ArrayLike, bins: int = BINS) -> list[Bin]:
    """The images by the probability of their predicted class, in `bins` ranges of equal width from
    0 to 1.
    """
    labels, probabilities = _checked(labels, probabilities)
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts, sums, hits = (
        np.bincount(place, weights, bins) for weights in (None, confidence, right)
    )
    rows = zip(
        counts.tolist(), _ratio(sums, counts).tolist(), _ratio(hits, counts).tolist(), strict=True
    )
    return [Bin(*row) for row in rows]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Mean distance between confidence and accuracy, weighted by the images in each bin; 0..1.

    Source: M. P. Naeini et al., Obtaining well calibrated probabilities using Bayesian binning
    (2015); with the probability of the predicted class as in C. Guo et al., On calibration of
    modern neural networks (2017).
    """
    n = sum(each.count for each in bins)
    return sum(each.count * abs(each.confidence - each.accuracy) for each in bins) / n


def fit_temperature(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """The temperature, 0.05..20, at which `tempered` probabilities have the least log loss.

    Above 1 the model is too sure of itself, below 1 not sure enough.

    Source: C. Guo et al., On calibration of modern neural networks (2017).
    """
    from scipy.optimize import minimize_scalar

    labels, probabilities = _checked(labels, probabilities)

    def loss(logarithm: float) -> float:
        return log_loss(labels, tempered(probabilities, math.exp(logarithm)))

    return math.exp(
        minimize_scalar(loss, bounds=(math.log(0.05), math.log(20)), method="bounded").x
    )


def tempered(probabilities: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """What softmax gives for logits divided by `temperature`, float64 (n, k); the ranking of
    classes stays.
    """
    from scipy.special import softmax

    probabilities = np.asarray(probabilities, np.float64)
    # A probability that float32 rounded to 0 had some smaller logit; which one cannot be known.
    return softmax(
        np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)) / temperature, axis=1
    )


def confused_pairs(confusion: ArrayLike, count: int) -> list[tuple[int, int, int]]:
    """The `count` most frequent mistakes (true class, predicted class, images), most images
    first.
    """
    matrix = np.array(confusion)
    np.fill_diagonal(matrix, 0)
    order = np.argsort(-matrix, axis=None, kind="stable")[:count]
    pairs = zip(*np.unravel_index(order, matrix.shape), strict=True)
    return [
        (int(true), int(taken), int(matrix[true, taken]))
        for true, taken in pairs
        if matrix[true, taken]
    ]


def worst_mistakes(labels: ArrayLike, probabilities: ArrayLike, count: int) -> NDArray[np.int64]:
    """Rows of at most `count` wrong predictions, the least probability for the true class first;
    ties by row.
    """
    labels, probabilities = _checked(labels, probabilities)
    of_truth = probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(of_truth[wrong], kind="stable")][:count]


def _checked(
    labels: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 2 or not np.issubdtype(probabilities.dtype, np.floating):
        raise ValueError(
            f"probabilities are {probabilities.dtype} {probabilities.shape}, not floats (n, k)"
        )
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

"""Do the labels belong to these images? A weak classifier, the sentinel, says how probable each is.

Three figures of a prediction file are compared with those of correct files:

    below                 share of labels to which the sentinel gives less than 1/1000
    mean                  mean natural logarithm of the labels' probabilities
    over-representation   by which part a class is given too often or too seldom: 0.5 is half as
                          many again, or half of them missing. Compared is with the sum of the
                          sentinel's probabilities; it is the class that stands out most.

Rows out of place show in the first figure, a model that was fed wrongly in the other two. Some
labels of a correct file are wrong too, but those mistakes are plausible ones.
"""

import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_nn.core import npz, strict_json
from fashion_nn.core.reading import packaged, read_bytes
from fashion_nn.core.writing import write_atomic
from fashion_nn.datasets import Split, weak_classifier
from fashion_nn.datasets.weak_classifier import WeakClassifier
from fashion_nn.errors import InputError
from fashion_nn.grading.binomial import upper_bound, upper_tail
from fashion_nn.grading.check import Verdict

IMPROBABLE = 1e-3
SHIPPED = "fashion_mnist"
_SHIPPED_FILE = "sentinel_fashion_mnist.npz"
# The probability with which a figure of a file that is exactly at its limit is taken for beyond it,
# and the standard deviations that go with it.
_ALPHA = 1e-3
_Z = 3.1
_PEER_ROWS = 5000
_WEAKEST_ACCURACY = 0.84
_MAX_BYTES = 64 << 20
_KINDS = {
    "weights": "f",
    "bias": "f",
    "image_shape": "i",
    "correct": "f",
    "names": "U",
    "provenance": "U",
}


@dataclass(frozen=True, slots=True)
class Rates:
    """The three figures of one file of `n` labels, with what their errors follow from.

    count: number of improbable labels.
    mean, sd: of the logarithms of the labels' probabilities.
    over_representation: of the class that stands out most, and its standard error.
    """

    n: int
    count: int
    mean: float
    sd: float
    over_representation: float
    over_representation_error: float

    @property
    def below(self) -> float:
        """The share of improbable labels."""
        return self.count / self.n


@dataclass(frozen=True, slots=True)
class Limit:
    """The highest `below`, lowest `mean` and highest over-representation that are allowed."""

    below: float
    mean: float
    over_representation: float

    def is_exceeded_by(self, rates: Rates) -> bool:
        """Whether a figure is beyond its limit by more than chance."""
        mean_error = _Z * rates.sd / math.sqrt(rates.n)
        class_error = _Z * rates.over_representation_error
        return (
            upper_tail(rates.count, rates.n, self.below) < _ALPHA
            or rates.mean + mean_error < self.mean
            or rates.over_representation - class_error > self.over_representation
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond `warn`, a file is worse than the worst correct one; beyond `fail`, far worse.

    basis: which correct files these are.
    """

    warn: Limit
    fail: Limit
    basis: str


@dataclass(frozen=True, slots=True, eq=False)
class Sentinel:
    """A baseline, with the figures that correct files showed on rows it was not fitted to.

    correct: a row a file: accuracy, below, mean, over-representation; float64 (m, 4).
    names: of these files.
    provenance: what the sentinel was made of.
    """

    baseline: WeakClassifier
    correct: np.ndarray
    names: tuple[str, ...]
    provenance: Mapping[str, Any]

    def limits(self) -> Limits:
        """The limits for a file of which nothing is known but its images."""
        accuracy, below, mean, over_representation = self.correct.T
        lowest_mean = float(mean.min())
        highest = float(over_representation.max())
        warn_below = max(1.5 * float(below.max()), 0.002)
        return Limits(
            warn=Limit(warn_below, lowest_mean - 0.05, highest + 0.1),
            fail=Limit(5 * warn_below, lowest_mean - 0.15, highest + 0.2),
            basis=f"correct files of {accuracy.min():.0%} to {accuracy.max():.0%} accuracy",
        )


def measure(labels: np.ndarray, probabilities: np.ndarray) -> Rates:
    """The figures of `labels`, int64 (n,), n >= 1, under `probabilities`, float32 (n, k).

    A label that is no class gets the least probability there is.
    """
    n, classes = probabilities.shape
    known = (labels >= 0) & (labels < classes)
    given = np.full(n, probabilities.min(), np.float64)
    given[known] = probabilities[known, labels[known]]
    logs = np.log(given)
    claimed = np.bincount(labels[known], minlength=classes)
    due = probabilities.sum(axis=0, dtype=np.float64)
    variance = (probabilities * (1 - probabilities)).sum(axis=0, dtype=np.float64)
    noise = np.sqrt(variance)
    # What chance explains is taken off first, so that a class that hardly occurs cannot stand out.
    least = np.abs(claimed - due) - _Z * noise
    k = int(np.argmax(least / np.maximum(due, 1)))
    due_k = max(float(due[k]), 1.0)
    return Rates(
        n=n,
        count=int((given < IMPROBABLE).sum()),
        mean=float(logs.mean()),
        sd=float(logs.std()),
        over_representation=abs(float(claimed[k] - due[k])) / due_k,
        over_representation_error=float(noise[k]) / due_k,
    )


def own_limits(held_out: Rates) -> Limits:
    """The limits for the file of a model that showed `held_out` on rows whose labels are known."""
    below = upper_bound(held_out.count, held_out.n, _ALPHA)
    mean = held_out.mean - _Z * held_out.sd / math.sqrt(held_out.n)
    highest = held_out.over_representation
    return Limits(
        warn=Limit(below + 0.001, mean - 0.05, highest + 0.2),
        fail=Limit(2 * below + 0.01, mean - 0.15, highest + 0.4),
        basis=f"the model's own labels of {held_out.n:,} held-out rows",
    )


def judge(rates: Rates, limits: Limits) -> Verdict:
    """FAIL or WARN if chance alone hardly takes a file from the limit to these figures."""
    if limits.fail.is_exceeded_by(rates):
        return "FAIL"
    return "WARN" if limits.warn.is_exceeded_by(rates) else "PASS"


def fit(train: Split, held_out: Split, classes: int, *, provenance: Mapping[str, Any]) -> Sentinel:
    """Fit a sentinel to labelled rows; what correct files show is measured on `held_out`.

    The correct files are its true labels, those of the nearest of at most 5,000 training images,
    and the true ones with 16 % replaced by the baseline's second choice, where it is least sure.

    Args:
        train: the rows to fit to.
        held_out: other rows.
        classes: labels are 0..classes-1.
        provenance: stored with it.
    """
    made = weak_classifier.fit(train.images, train.labels, classes)
    probabilities = made.probabilities(held_out.images)
    files = {
        "true labels": held_out.labels,
        "nearest image": _nearest_labels(train, held_out.images),
        "84 % by confusion": _confused(held_out.labels, probabilities),
    }
    return with_correct(made, files, held_out.labels, probabilities, provenance=provenance)


def with_correct(
    made: WeakClassifier,
    files: Mapping[str, np.ndarray],
    truth: np.ndarray,
    probabilities: np.ndarray,
    *,
    provenance: Mapping[str, Any],
) -> Sentinel:
    """A sentinel that knows the figures of these correct `files`.

    Args:
        made: the classifier.
        files: by name, labels int64 (n,) of the same rows. Those of less than 84 % accuracy are
            left out, except the most accurate one.
        truth: the true labels, int64 (n,).
        probabilities: what `made` says of these rows, float32 (n, k).
        provenance: stored with it.
    """
    rows = {}
    for name, labels in files.items():
        rates = measure(labels, probabilities)
        accuracy = float((labels == truth).mean())
        rows[name] = (accuracy, rates.below, rates.mean, rates.over_representation)
    best = max(row[0] for row in rows.values())
    least = min(_WEAKEST_ACCURACY - 1e-9, best)
    chosen = {name: row for name, row in rows.items() if row[0] >= least}
    return Sentinel(made, np.array(list(chosen.values())), tuple(chosen), dict(provenance))


def save(sentinel: Sentinel, path: str | os.PathLike[str]) -> None:
    """Write `sentinel` as .npz; equal ones give equal bytes."""
    content = io.BytesIO()
    np.savez(
        content,
        weights=sentinel.baseline.weights,
        bias=sentinel.baseline.bias,
        image_shape=np.array(sentinel.baseline.image_shape),
        correct=sentinel.correct,
        names=np.array(sentinel.names),
        provenance=np.array(json.dumps(sentinel.provenance, sort_keys=True)),
    )
    write_atomic(path, content.getvalue())


def shipped() -> Sentinel:
    """The sentinel for Fashion-MNIST that comes with the package."""
    return _parse(packaged("fashion_nn.datasets", _SHIPPED_FILE), _SHIPPED_FILE)


def load(path: str | os.PathLike[str]) -> Sentinel:
    """Read what `save` wrote.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    expected = "expected a sentinel (.npz)"
    content = read_bytes(path, expected=expected, most=_MAX_BYTES, follow_links=True)
    return _parse(content, path)


def _parse(content: bytes, path: str | os.PathLike[str]) -> Sentinel:
    try:
        stored = npz.read(content, _KINDS, limit=_MAX_BYTES)
        height, width = stored["image_shape"].tolist()
        made = WeakClassifier((height, width), stored["weights"], stored["bias"])
        provenance = strict_json.parse(str(stored["provenance"]))
        names = tuple(stored["names"].tolist())
        return Sentinel(made, stored["correct"], names, provenance)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: is no sentinel ({error}): expected an .npz that this package wrote"
        ) from None


def _nearest_labels(train: Split, images: np.ndarray) -> np.ndarray:
    """The label of the nearest of at most 5,000 training images, int64 (n,)."""
    step = -(-len(train) // _PEER_ROWS)
    chosen = train.take(np.arange(0, len(train), step))
    known = chosen.images.reshape(len(chosen), -1).astype(np.float32)
    norms = (known**2).sum(axis=1)
    answer = np.empty(len(images), np.int64)
    for start in range(0, len(images), 1000):
        asked = images[start : start + 1000].reshape(-1, known.shape[1]).astype(np.float32)
        answer[start : start + 1000] = chosen.labels[(norms - 2 * asked @ known.T).argmin(axis=1)]
    return answer


def _confused(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """`truth` with 16 % replaced by the most probable other class, where that is most probable."""
    others = probabilities.copy()
    others[np.arange(len(truth)), truth] = 0
    count = round((1 - _WEAKEST_ACCURACY) * len(truth))
    rows = np.argsort(-others.max(axis=1), kind="stable")[:count]
    labels = truth.copy()
    labels[rows] = others[rows].argmax(axis=1)
    return labels

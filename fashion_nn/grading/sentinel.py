"""Do the labels belong to these images? A weak baseline says how probable each of them is.

Three figures of a prediction file, each against what correct files show:

    below    share of labels to which the baseline gives a probability below 1/1000
    mean     mean natural logarithm of the labels' probabilities
    surplus  of the class that is given too often or too seldom, the part by which it is: 0.5 is half as many again
             (or half of them missing), measured against the sum of the baseline's probabilities for these images

Rows out of place show in the first, a model that was fed wrongly in the other two. A correct file's labels are
mistaken in places too, but its mistakes are plausible ones.
"""

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from fashion_nn.core.files import write_atomic
from fashion_nn.datasets import Split
from fashion_nn.errors import InputError
from fashion_nn.grading import baseline
from fashion_nn.grading.baseline import Baseline
from fashion_nn.grading.binomial import upper_bound, upper_tail
from fashion_nn.grading.check import Check, Verdict

IMPROBABLE = 1e-3
SHIPPED = "fashion_mnist"
_SHIPPED_FILE = "sentinel_fashion_mnist.npz"
# Each figure may differ from its limit by chance with about this probability.
_DOUBT = 1e-3
_Z = 3.1
_PEER_ROWS = 5000
_WEAKEST_ACCURACY = 0.84


@dataclass(frozen=True, slots=True)
class Rates:
    """The three figures of one file of `n` labels; `count` labels are improbable, `sd` is that of the logarithms.

    `surplus_error` is the standard error of `surplus`.
    """

    n: int
    count: int
    mean: float
    sd: float
    surplus: float
    surplus_error: float

    @property
    def below(self) -> float:
        return self.count / self.n


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond `warn`, a file is worse than the worst correct one; beyond `fail`, far worse. (below, mean, surplus)."""

    warn: tuple[float, float, float]
    fail: tuple[float, float, float]
    basis: str


@dataclass(frozen=True, slots=True, eq=False)
class Sentinel:
    """A baseline, with the rates that correct files showed on rows it was not fitted to.

    `correct` has a row a file: accuracy, below, mean, surplus; float64 (m, 4). `provenance`: what made it.
    """

    baseline: Baseline
    correct: np.ndarray
    names: tuple[str, ...]
    provenance: Mapping[str, Any]

    def limits(self) -> Limits:
        """The limits for a file of which nothing is known but its images."""
        accuracy, below, mean, surplus = self.correct.T.tolist()
        low, high, below, mean, surplus = min(accuracy), max(accuracy), max(below), min(mean), max(surplus)
        basis = f"correct files of {low:.0%} to {high:.0%} accuracy"
        warn_below = max(1.5 * below, 0.002)
        return Limits(
            warn=(warn_below, mean - 0.05, surplus + 0.1),
            fail=(5 * warn_below, mean - 0.15, surplus + 0.2),
            basis=basis,
        )


def measure(labels: np.ndarray, probabilities: np.ndarray) -> Rates:
    """The figures of `labels`, int64 (n,), n >= 1, under `probabilities`, float32 (n, k).

    A label that is no class has the least probability there is.
    """
    n, classes = probabilities.shape
    known = (labels >= 0) & (labels < classes)
    given = np.full(n, probabilities.min(), np.float64)
    given[known] = probabilities[known, labels[known]]
    logs = np.log(given)
    claimed = np.bincount(labels[known], minlength=classes)
    due = probabilities.sum(axis=0, dtype=np.float64)
    noise = np.sqrt((probabilities * (1 - probabilities)).sum(axis=0, dtype=np.float64))
    # The class that stands out most after its chance is taken off; a class that hardly occurs cannot.
    least = np.abs(claimed - due) - _Z * noise
    k = int(np.argmax(least / np.maximum(due, 1)))
    due_k = max(float(due[k]), 1.0)
    surplus = abs(float(claimed[k] - due[k])) / due_k
    return Rates(
        n, int((given < IMPROBABLE).sum()), float(logs.mean()), float(logs.std()), surplus, float(noise[k]) / due_k
    )


def own_limits(held_out: Rates) -> Limits:
    """The limits for the file of a model that showed `held_out` on rows whose labels are known."""
    below = upper_bound(held_out.count, held_out.n, _DOUBT)
    error = _Z * held_out.sd / math.sqrt(held_out.n)
    return Limits(
        warn=(below + 0.001, held_out.mean - error - 0.05, held_out.surplus + 0.2),
        fail=(2 * below + 0.01, held_out.mean - error - 0.15, held_out.surplus + 0.4),
        basis=f"the model's own labels of {held_out.n:,} held-out rows",
    )


def check_sentinel(labels: np.ndarray, probabilities: np.ndarray, limits: Limits) -> Check:
    """Judge `labels`, int64 (n,), by the baseline's `probabilities` of the same rows, float32 (n, k)."""
    rates = measure(labels, probabilities)
    verdict = judge(rates, limits)
    value = (
        f"{rates.below:.2%} of labels below {IMPROBABLE}, mean log probability {rates.mean:.3f}, "
        f"a class off by {rates.surplus:.0%}"
    )
    below, mean, surplus = limits.warn
    figures: dict[str, Any] = {"n": rates.n, "below": rates.below, "mean": rates.mean, "surplus": rates.surplus}
    figures |= {"warn": list(limits.warn), "fail": list(limits.fail)}
    expected = f"at most {below:.2%}, at least {mean:.3f}, at most {surplus:.0%}, give or take chance: {limits.basis}"
    return Check("sentinel", verdict, value, expected, figures)


def judge(rates: Rates, limits: Limits) -> Verdict:
    """FAIL or WARN when chance alone hardly takes a file that is at the limit this far beyond it."""
    if _beyond(rates, limits.fail):
        return "FAIL"
    return "WARN" if _beyond(rates, limits.warn) else "PASS"


def _beyond(rates: Rates, limit: tuple[float, float, float]) -> bool:
    below, mean, surplus = limit
    return (
        upper_tail(rates.count, rates.n, below) < _DOUBT
        or rates.mean + _Z * rates.sd / math.sqrt(rates.n) < mean
        or rates.surplus - _Z * rates.surplus_error > surplus
    )


def fit(train: Split, held_out: Split, classes: int, *, provenance: Mapping[str, Any]) -> Sentinel:
    """Fit a sentinel to labelled rows; what correct files show is measured on `held_out`.

    The correct files are its true labels, those of the nearest of at most 5,000 training images, and the true ones
    with 16 % taken for the baseline's second choice, where it is least sure.
    """
    made = baseline.fit(train.images, train.labels, classes)
    probabilities = made.probabilities(held_out.images)
    files = {
        "true labels": held_out.labels,
        "nearest image": _nearest_labels(train, held_out.images),
        "84 % by confusion": _confused(held_out.labels, probabilities),
    }
    return with_correct(made, files, held_out.labels, probabilities, provenance=provenance)


def with_correct(
    made: Baseline,
    files: Mapping[str, np.ndarray],
    truth: np.ndarray,
    probabilities: np.ndarray,
    *,
    provenance: Mapping[str, Any],
) -> Sentinel:
    """A sentinel that knows the rates of these correct `files` of the rows with the labels `truth`.

    Files of less than 84 % accuracy are left out, but for the most accurate one.
    """
    rows = {}
    for name, labels in files.items():
        rates = measure(labels, probabilities)
        rows[name] = (float((labels == truth).mean()), rates.below, rates.mean, rates.surplus)
    best = max(row[0] for row in rows.values())
    kept = {name: row for name, row in rows.items() if row[0] >= min(_WEAKEST_ACCURACY - 1e-9, best)}
    return Sentinel(made, np.array(list(kept.values())), tuple(kept), dict(provenance))


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
    with resources.files("fashion_nn.grading").joinpath(_SHIPPED_FILE).open("rb") as file:
        return _load(file, _SHIPPED_FILE)


def load(path: str | os.PathLike[str]) -> Sentinel:
    """What `save` wrote.

    Raises:
        InputError: it is something else.
    """
    try:
        with open(path, "rb") as file:
            return _load(file, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): expected a sentinel (.npz)") from None


def _load(file: Any, path: str | os.PathLike[str]) -> Sentinel:
    try:
        with np.load(file, allow_pickle=False) as stored:
            height, width = stored["image_shape"].tolist()
            made = Baseline((height, width), stored["weights"], stored["bias"])
            provenance = json.loads(str(stored["provenance"]))
            return Sentinel(made, stored["correct"], tuple(stored["names"].tolist()), provenance)
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: is no sentinel ({error}): expected an .npz that this package wrote") from None


def _nearest_labels(train: Split, images: np.ndarray) -> np.ndarray:
    chosen = train.take(np.arange(0, len(train), -(-len(train) // _PEER_ROWS)))
    known = chosen.images.reshape(len(chosen), -1).astype(np.float32)
    norms = (known**2).sum(axis=1)
    answer = np.empty(len(images), np.int64)
    for start in range(0, len(images), 1000):
        asked = images[start : start + 1000].reshape(-1, known.shape[1]).astype(np.float32)
        answer[start : start + 1000] = chosen.labels[(norms - 2 * asked @ known.T).argmin(axis=1)]
    return answer


def _confused(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    others = probabilities.copy()
    others[np.arange(len(truth)), truth] = 0
    rows = np.argsort(-others.max(axis=1), kind="stable")[: round((1 - _WEAKEST_ACCURACY) * len(truth))]
    labels = truth.copy()
    labels[rows] = others[rows].argmax(axis=1)
    return labels

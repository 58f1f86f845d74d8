"""Does each class occur as often as the confusion matrix predicts?

Z. Lipton, Y.-X. Wang and A. Smola, Detecting and correcting for label shift with black box
predictors, ICML 2018.
"""

import math

import numpy as np

from fashion_nn import measures
from fashion_nn.core.strict_json import Json
from fashion_nn.grading.check import Check, not_applicable
from fashion_nn.grading.evidence import Evidence

_Z = 4.0
# Class counts of correct files differ from the sentinel's own by up to this part: the greatest
# over-representation of a class that was measured in correct files of other models.
_SENTINEL_TOLERANCE = 0.4
_NEARLY_ALL = 0.9


def check(evidence: Evidence) -> Check:
    """Compare the class counts with those that the model, or else the sentinel, predicts.

    A file with a single label fails unless something known says that all images are of one class.
    """
    if evidence.labels is None:
        return not_applicable("balance", "the labels cannot be read")
    single = measures.single_label(evidence.labels)
    if single is not None and not _is_of_one_class(evidence):
        n = len(evidence.labels)
        return Check("balance", "FAIL", f"all {n:,} rows have class {single}", "several classes")
    held_out = evidence.held_out
    if held_out is not None:
        classes = evidence.reference.origin.classes or 2
        confusion = measures.confusion(held_out.truth, held_out.predicted, classes)
        basis = f"the model's confusion matrix of {len(held_out):,} held-out rows"
        return judge(evidence.labels, confusion, basis)
    if evidence.probabilities is None:
        return _judge_alone(evidence.labels, evidence.classes)
    seen = evidence.probabilities.sum(axis=0, dtype=np.float64).round().astype(np.int64)
    basis = "what the sentinel sees in the images"
    return judge(evidence.labels, np.diag(seen), basis, tolerance=_SENTINEL_TOLERANCE)


def _is_of_one_class(evidence: Evidence) -> bool:
    """Whether the true labels say so or, where they are unknown, the sentinel of most images."""
    if evidence.truth is not None:
        return measures.single_label(evidence.truth) is not None
    if evidence.probabilities is None:
        return False
    seen = np.bincount(evidence.probabilities.argmax(axis=1))
    return bool(seen.max() > _NEARLY_ALL * seen.sum())


def _judge_alone(labels: np.ndarray, classes: int) -> Check:
    """What the labels show by themselves, where nothing says how often a class is due."""
    odd = measures.oddities(labels, classes)
    if odd:
        return Check("balance", "WARN", odd[0], "every class several times")
    return not_applicable("balance", "no confusion matrix is known")


def judge(
    labels: np.ndarray, confusion: np.ndarray, basis: str, *, tolerance: float = 0.0
) -> Check:
    """Compare the classes of `labels` with those that `confusion` predicts.

    Args:
        labels: int64 (n,).
        confusion: counts (k, k), true classes in rows, of other rows with the same class shares.
        basis: whose confusion matrix it is.
        tolerance: part of a class's expected count by which it may be off without a reason.
    """
    n = len(labels)
    rows = int(confusion.sum())
    classes = len(confusion)
    known = labels[(labels >= 0) & (labels < classes)]
    claimed = np.bincount(known, minlength=classes)
    share = (confusion.sum(axis=0) + 0.5) / (rows + 0.5 * classes)
    due = n * share
    noise = np.sqrt(n * share * (1 - share) * (1 + n / rows))
    excess = (np.abs(claimed - due) - tolerance * due) / np.maximum(noise, 1)
    k = int(np.argmax(excess))
    figures: dict[str, Json] = {
        "counts": claimed.tolist(),
        "expected": [round(float(number), 1) for number in due],
    }
    shares = _true_shares(claimed / max(n, 1), confusion)
    if shares is not None:
        figures["true_shares"] = shares
    return Check(
        "balance",
        "WARN" if excess[k] > _Z else "PASS",
        f"class {k} {claimed[k]:,} times",
        f"about {due[k]:,.0f}, give or take {_Z * noise[k] + tolerance * due[k]:,.0f}: {basis}",
        figures,
    )


def _true_shares(predicted: np.ndarray, confusion: np.ndarray) -> list[float] | None:
    """The shares of the true classes that would explain `predicted`; None if that is unstable."""
    rates = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    condition = float(np.linalg.cond(rates))
    if not math.isfinite(condition) or condition > 100:
        return None
    return [round(float(share), 4) for share in np.linalg.solve(rates.T, predicted)]

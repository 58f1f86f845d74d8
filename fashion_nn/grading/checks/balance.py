"""Does each class occur as often as the confusion matrix predicts?

Z. Lipton, Y.-X. Wang and A. Smola, Detecting and correcting for label shift with black box predictors, ICML 2018.
"""

import math

import numpy as np

from fashion_nn.grading.check import Check, not_applicable

_Z = 4.0
# Correct files differ from the sentinel's own counts by up to this part; measured as the sentinel's `surplus`.
_TOLERANCE = 0.4


def check_balance(labels: np.ndarray, confusion: np.ndarray | None, basis: str, *, tolerance: float = 0.0) -> Check:
    """Compare the classes of `labels`, int64 (n,), with those that `confusion` (k, k; true classes in rows) predicts
    for classes that are as frequent as they are there.

    Args:
        basis: whose confusion matrix it is.
        tolerance: part of a class's expected count by which it may be off for no reason.
    """
    if confusion is None:
        return not_applicable("balance", "no confusion matrix is known")
    n, rows = len(labels), int(confusion.sum())
    claimed = np.bincount(labels[(labels >= 0) & (labels < len(confusion))], minlength=len(confusion))
    share = (confusion.sum(axis=0) + 0.5) / (rows + 0.5 * len(confusion))
    due = n * share
    noise = np.sqrt(n * share * (1 - share) * (1 + n / rows))
    excess = (np.abs(claimed - due) - tolerance * due) / np.maximum(noise, 1)
    k = int(np.argmax(excess))
    value = f"class {k} {claimed[k]:,} times"
    expected = f"about {due[k]:,.0f}, give or take {_Z * noise[k] + tolerance * due[k]:,.0f}: {basis}"
    figures = {"counts": claimed.tolist(), "expected": [round(float(number), 1) for number in due]}
    if (shift := _true_shares(claimed / max(n, 1), confusion)) is not None:
        figures["true_shares"] = shift
    return Check("balance", "WARN" if excess[k] > _Z else "PASS", value, expected, figures)


def _true_shares(predicted: np.ndarray, confusion: np.ndarray) -> list[float] | None:
    """The shares of the true classes under which the model would give these labels; None where that is unstable."""
    rates = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    if not math.isfinite(condition := float(np.linalg.cond(rates))) or condition > 100:
        return None
    return [round(float(share), 4) for share in np.linalg.solve(rates.T, predicted)]


def tolerance() -> float:
    """The part by which correct files of other models than the one behind the confusion matrix differ from it."""
    return _TOLERANCE

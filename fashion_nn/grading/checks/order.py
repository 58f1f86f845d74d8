"""Are the labels in an order that images drawn at random do not have? Sorted, or in long runs."""

import math

import numpy as np

from fashion_nn.grading.check import Check, not_applicable
from fashion_nn.grading.evidence import Evidence

_Z = 5.0


def check(evidence: Evidence) -> Check:
    """Look for sorted labels and long runs."""
    if evidence.labels is None:
        return not_applicable("order", "the labels cannot be read")
    return judge(evidence.labels)


def judge(labels: np.ndarray) -> Check:
    """Look for sorted labels and long runs in `labels`, int64 (n,).

    At most a warning: test rows may be sorted.
    """
    n = len(labels)
    if n < 20 or len(np.unique(labels)) < 2:
        return not_applicable("order", "fewer than 20 rows or a single class")
    equal = labels[1:] == labels[:-1]
    counts = np.unique(labels, return_counts=True)[1]
    by_chance = float(((counts / n) ** 2).sum())
    repeats = float(equal.mean())
    noise = math.sqrt(by_chance * (1 - by_chance) / (n - 1))
    longest = _longest_run(equal)
    # With p the largest share, a run of r equal labels begins at a given row with a probability of
    # at most p^(r-1).
    usual = 1 + math.ceil(math.log(n * 1e4) / -math.log(float(counts.max()) / n))
    value = f"{repeats:.1%} of rows repeat the label before, longest run {longest}"
    steps = np.diff(labels)
    is_sorted = bool((steps >= 0).all() or (steps <= 0).all())
    if is_sorted:
        value = "the labels are sorted"
    odd = is_sorted or abs(repeats - by_chance) > _Z * noise or longest > usual
    return Check(
        "order",
        "WARN" if odd else "PASS",
        value,
        f"about {by_chance:.1%} repeat, runs of at most {usual}",
        {"repeats": repeats, "longest_run": longest},
    )


def _longest_run(equal: np.ndarray) -> int:
    edges = np.flatnonzero(np.concatenate([[True], ~equal, [True]]))
    return int(np.diff(edges).max())

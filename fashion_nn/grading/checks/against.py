"""Is another prediction file better, or worse, by more than chance? This needs the true labels."""

import numpy as np

from fashion_nn.grading.check import Check
from fashion_nn.grading.evidence import Evidence
from fashion_nn.measures import mcnemar

_ALPHA = 0.05


def check(evidence: Evidence) -> Check | None:
    """The exact McNemar test against the other file; None if there is nothing to compare."""
    other = evidence.other_labels
    if other is None or evidence.labels is None or evidence.truth is None:
        return None
    return judge(evidence.labels == evidence.truth, other == evidence.truth)


def judge(right: np.ndarray, other: np.ndarray) -> Check:
    """Compare two files by whether each row is right, bool (n,). It never fails."""
    found = mcnemar(right, other)
    p = f"= {found.p:.3g}" if found.p else "< 1e-300"
    verdict = "no difference beyond chance"
    if found.p < _ALPHA:
        ours_is_better = found.only_first > found.only_second
        verdict = "this one is better" if ours_is_better else "the other one is better"
    return Check(
        "against",
        "PASS",
        f"{found.only_first:,} rows right only here, {found.only_second:,} only there, p {p}:"
        f" {verdict}",
        "p below 0.05 for a difference beyond chance",
        {"only_here": found.only_first, "only_there": found.only_second, "p": found.p},
    )

"""How good the labels are, for whoever has the true ones; and whether another file is better by more than chance."""

import numpy as np

from fashion_nn import metrics
from fashion_nn.comparison import mcnemar
from fashion_nn.grading.check import Check, not_applicable


def check_score(
    labels: np.ndarray | None, truth: np.ndarray | None, classes: int, against: np.ndarray | None = None
) -> list[Check]:
    """The accuracy of `labels`, int64 (n,), under `truth`, and the exact McNemar test against other labels.

    These say how good a file is, not whether it is sound: they never fail.
    """
    if truth is None:
        return [not_applicable("score", "no true labels given")]
    if labels is None:
        return [not_applicable("score", "the labels cannot be read")]
    right = labels == truth
    n, correct = len(right), int(right.sum())
    low, high = metrics.wilson(correct, n)
    recalls = [
        round(float(right[truth == label].mean()), 4) if (truth == label).any() else None for label in range(classes)
    ]
    figures = {"n": n, "correct": correct, "accuracy": correct / n, "interval": [low, high], "recall": recalls}
    shares = ", ".join(f"{k}: {share:.1%}" for k, share in enumerate(recalls) if share is not None)
    value = f"accuracy {correct / n:.4f} (95 % interval {low:.4f} to {high:.4f}, n={n:,}); recall {shares}"
    found = [Check("score", "PASS", value, "the more the better", figures)]
    return found if against is None else [*found, _mcnemar(right, against == truth)]


def _mcnemar(right: np.ndarray, other: np.ndarray) -> Check:
    only, only_other, doubt = mcnemar(right, other)
    value = f"{only:,} rows right only here, {only_other:,} only there, p {f'= {doubt:.3g}' if doubt else '< 1e-300'}"
    verdict = "no difference beyond chance"
    if doubt < 0.05:
        verdict = "this one is better" if only > only_other else "the other one is better"
    figures = {"only_here": only, "only_there": only_other, "p": doubt}
    return Check("against", "PASS", f"{value}: {verdict}", "p below 0.05 for a difference beyond chance", figures)

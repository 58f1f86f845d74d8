"""Is the model given its images the way it learned them? On labelled rows, no other way may do better."""

from collections.abc import Callable, Mapping

import numpy as np

from fashion_nn.datasets import Split
from fashion_nn.grading.binomial import upper_tail
from fashion_nn.grading.check import Check, not_applicable

_DOUBT = 1e-6
_WORTH_SAYING = 0.005


def check_feeding(
    held_out: Split | None,
    predicted: np.ndarray | None,
    others: Mapping[str, Callable[[np.ndarray], np.ndarray]],
) -> Check:
    """Compare `predicted`, int64 (m,), the model's labels of the `held_out` rows, with other ways to feed it.

    Args:
        others: by name, a function from uint8 images (m, height, width) to labels int64 (m,).
    """
    if held_out is None or predicted is None:
        return not_applicable("feeding", "no model, or no labelled rows at hand that it could be tried on")
    right = predicted == held_out.labels
    best, best_name = right, ""
    for name, predict in others.items():
        tried = predict(held_out.images) == held_out.labels
        if tried.sum() > best.sum():
            best, best_name = tried, name
    figures = {"rows": len(right), "accuracy": float(right.mean()), "best": float(best.mean())}
    value = f"{right.mean():.1%} right of {len(right):,} held-out rows"
    expected = f"as many as in any other way ({', '.join(others)}), and more than by chance"
    gained, lost = int((best & ~right).sum()), int((right & ~best).sum())
    doubt = upper_tail(gained, gained + lost, 0.5) if gained else 1.0
    if doubt < _DOUBT and best.mean() - right.mean() > _WORTH_SAYING:
        return Check("feeding", "FAIL", f"{value}, but {best.mean():.1%} when {best_name}", expected, figures)
    most = float(np.bincount(held_out.labels).max() / len(held_out))
    if upper_tail(int(right.sum()), len(right), most) > _DOUBT:
        return Check("feeding", "FAIL", f"{value}, no more than by chance", expected, figures)
    return Check("feeding", "PASS", value, expected, figures)

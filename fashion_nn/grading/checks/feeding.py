"""Is the model given images as in its training? On labelled rows, no other way may do better."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.grading.binomial import upper_tail
from fashion_nn.grading.check import Check, Verdict, not_applicable
from fashion_nn.grading.evidence import Evidence, HeldOut
from fashion_nn.inference.scaling import Decision, figures
from fashion_nn.inference.shared.refusal import NotFinite
from fashion_nn.inference.shared.scale import Scale, candidates

if TYPE_CHECKING:
    from fashion_nn.inference import Predictor

_ALPHA = 1e-6
_WORTH_SAYING = 0.005

Predict = Callable[[np.ndarray], np.ndarray]
"""A function from uint8 images (m, height, width) to labels int64 (m,)."""


def check(evidence: Evidence) -> Check:
    """Compare the model's labels of held-out rows with those of other ways to feed it."""
    if evidence.model is None:
        return not_applicable("feeding", "no model")
    decision = evidence.model.decision
    if evidence.held_out is None:
        return _undecided(decision)
    ways = _other_ways(evidence.model, evidence.held_out.images)
    return _with_decision(judge(evidence.held_out, ways), decision)


def _undecided(decision: Decision | None) -> Check:
    """The check where no labelled rows are at hand: whether other evidence decides."""
    if decision is None or decision.is_certain:
        why = "no labelled rows at hand that the model could be tried on"
        return _with_decision(not_applicable("feeding", why), decision)
    found = Check("feeding", "WARN", decision.evidence, "evidence that decides the pixel scale")
    return _with_decision(found, decision)


def _with_decision(check: Check, decision: Decision | None) -> Check:
    if decision is None:
        return check
    return replace(check, figures={**check.figures, "scale": decision.to_json()})


def judge(held_out: HeldOut, others: Mapping[str, Predict]) -> Check:
    """Compare the model's labels of `held_out` with those of other ways to feed it, by name."""
    truth = held_out.truth
    right = held_out.predicted == truth
    best = right
    best_name = ""
    for name, predict in others.items():
        tried = predict(held_out.images) == truth
        if tried.sum() > best.sum():
            best = tried
            best_name = name
    value = f"{right.mean():.1%} right of {len(right):,} held-out rows"
    verdict: Verdict = "PASS"
    if _is_better(best, right):
        verdict = "FAIL"
        value += f", but {best.mean():.1%} when {best_name}"
    elif _is_chance(right, truth):
        verdict = "FAIL"
        value += ", no more than by chance"
    return Check(
        "feeding",
        verdict,
        value,
        f"as many as in any other way ({', '.join(others)}), and more than by chance",
        {"rows": len(right), "accuracy": float(right.mean()), "best": float(best.mean())},
    )


def _is_better(best: np.ndarray, right: np.ndarray) -> bool:
    """Whether another way is better by more than chance (McNemar), and by enough to matter."""
    gained = int((best & ~right).sum())
    lost = int((right & ~best).sum())
    if not gained or upper_tail(gained, gained + lost, 0.5) >= _ALPHA:
        return False
    return bool(best.mean() - right.mean() > _WORTH_SAYING)


def _is_chance(right: np.ndarray, truth: np.ndarray) -> bool:
    """Whether to name the commonest class each time would be about as good."""
    commonest = float(np.bincount(truth).max() / len(truth))
    return upper_tail(int(right.sum()), len(right), commonest) > _ALPHA


def _other_ways(model: "Predictor", images: np.ndarray) -> dict[str, Predict]:
    """Transposed images, and each other scale that the model can be fed on."""
    ways: dict[str, Predict] = {
        "transposed": lambda images: model.answer(images.swapaxes(1, 2)).labels
    }
    here = model.feeding.scale
    for scale in candidates(figures(images)):
        if scale != here and model.can_be_fed(scale):
            name = "inverted" if scale.name == f"inverted-{here.name}" else f"fed {scale.name}"
            ways[name] = _on_scale(model, scale)
    return ways


def _on_scale(model: "Predictor", scale: Scale) -> Predict:
    def predict(images: np.ndarray) -> np.ndarray:
        with model.fed(scale):
            try:
                return model.answer(images).labels
            except NotFinite:  # no answer is no better way
                return np.full(len(images), -1)

    return predict

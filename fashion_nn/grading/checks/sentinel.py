"""Do the labels belong to these images? The sentinel says how probable each of them is."""

from dataclasses import astuple

import numpy as np

from fashion_nn.core.strict_json import Json
from fashion_nn.grading import sentinel
from fashion_nn.grading.check import Check, not_applicable
from fashion_nn.grading.evidence import Evidence, HeldOut
from fashion_nn.grading.sentinel import IMPROBABLE, Limits, Sentinel


def check(evidence: Evidence) -> Check:
    """Judge the labels by the sentinel, against what correct files show.

    If the model can be tried on held-out rows, its own labels of these set the limits.
    """
    origin = evidence.reference.origin
    if origin.mismatch:
        return Check("sentinel", "FAIL", origin.mismatch, "images and labels of one data set")
    if origin.sentinel is None or evidence.probabilities is None:
        images = origin.name or "these images"
        return not_applicable("sentinel", f"no sentinel for {images}: fit one with --train CSV")
    if evidence.labels is None:
        why = "the labels cannot be read, or are not as many as the rows"
        return not_applicable("sentinel", why)
    if evidence.held_out is None:
        return judge(evidence.labels, evidence.probabilities, origin.sentinel.limits())
    return _judge_with_model(
        evidence.labels, evidence.probabilities, origin.sentinel, evidence.held_out
    )


def judge(labels: np.ndarray, probabilities: np.ndarray, limits: Limits) -> Check:
    """Judge labels by the sentinel's probabilities of the same rows.

    Args:
        labels: int64 (n,).
        probabilities: float32 (n, k).
        limits: what correct files show.
    """
    rates = sentinel.measure(labels, probabilities)
    value = (
        f"{rates.below:.2%} of labels below {IMPROBABLE}, mean log probability {rates.mean:.3f}, "
        f"a class off by {rates.over_representation:.0%}"
    )
    figures: dict[str, Json] = {
        "n": rates.n,
        "below": rates.below,
        "mean": rates.mean,
        "surplus": rates.over_representation,
        "warn": list(astuple(limits.warn)),
        "fail": list(astuple(limits.fail)),
    }
    return Check("sentinel", sentinel.judge(rates, limits), value, _expected(limits), figures)


def _judge_with_model(
    labels: np.ndarray, probabilities: np.ndarray, known: Sentinel, held_out: HeldOut
) -> Check:
    rates = sentinel.measure(held_out.predicted, known.baseline.probabilities(held_out.images))
    found = judge(labels, probabilities, sentinel.own_limits(rates))
    limits = known.limits()
    if found.verdict != "PASS" or sentinel.judge(rates, limits) == "PASS":
        return found
    # The model's own labels are no standard if they are suspect themselves.
    value = (
        f"{found.value}; its labels of held-out rows are as improbable: a weak model, or fed"
        " wrongly"
    )
    return Check("sentinel", "WARN", value, _expected(limits), found.figures)


def _expected(limits: Limits) -> str:
    limit = limits.warn
    return (
        f"at most {limit.below:.2%}, at least {limit.mean:.3f}, "
        f"at most {limit.over_representation:.0%}, give or take chance: {limits.basis}"
    )

"""Which scale gives the most right answers to rows whose labels are known?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_nn.inference.scaling.ranking import Ask, Probabilities, Ranking, descending, evenly
from fashion_nn.inference.shared.scale import Scale

FIRST_ROWS = 200
"""Rows on which every scale is tried."""
ROWS = 1000
"""Rows on which those are tried that may be the best."""
_FINALISTS = 4
_WORSE = 2.0
"""Standard errors by which a scale has to be worse to be left out."""
_CLEARLY_WORSE = 3.0
_LOWEST = 1e-3
"""A lower probability of the true label counts as this."""
_ENOUGH_ROWS = 100


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRows:
    """Rows whose labels are known, from elsewhere than the table that is predicted.

    Attributes:
        images: uint8 (n, h, w).
        labels: int64 (n,).
        source: what they are, for people.
    """

    images: np.ndarray
    labels: np.ndarray
    source: str


def compare(
    scales: Sequence[Scale], ask: Ask, rows: LabelledRows, preferred: Sequence[Scale]
) -> Ranking | None:
    """Rank `scales` by the answers to `rows`; None if none is better than chance.

    Accuracy decides. Of scales that are about as accurate, the preferred ones come first, and of
    these the one with the lowest log loss: a network is trained to have the lowest on the scale of
    its training.
    """
    chosen = evenly(len(rows.labels), ROWS)
    # Not in their order: labels may be sorted.
    chosen = np.random.default_rng(0).permutation(chosen)
    images = rows.images[chosen]
    labels = rows.labels[chosen]
    first = slice(0, FIRST_ROWS)
    answers = {scale: ask(scale, images[first]) for scale in scales}
    if len(labels) > FIRST_ROWS:
        rest = images[FIRST_ROWS:]
        finalists = _finalists(answers, labels[first])
        answers = {scale: np.concatenate([answers[scale], ask(scale, rest)]) for scale in finalists}
    return ranked(answers, labels, rows.source, preferred)


def _finalists(answers: Probabilities, labels: np.ndarray) -> Sequence[Scale]:
    """The best two scales, and others if they may be as good."""
    order = descending({scale: _right(found, labels).mean() for scale, found in answers.items()})
    kept = _as_accurate(answers, labels, _CLEARLY_WORSE)
    return order[: min(max(len(kept), 2), _FINALISTS)]


def ranked(
    answers: Probabilities, labels: np.ndarray, source: str, preferred: Sequence[Scale]
) -> Ranking | None:
    """Rank the scales by what they answer to rows with these `labels`; see `compare`."""
    accuracy = {scale: _right(found, labels).mean() for scale, found in answers.items()}
    kept = _as_accurate(answers, labels, _WORSE)
    kept = [scale for scale in kept if scale in preferred] or kept
    losses = {scale: -_log_loss(answers[scale], labels).mean() for scale in kept}
    others = {scale: value for scale, value in accuracy.items() if scale not in losses}
    order = (*descending(losses), *descending(others))
    best = order[0]
    chance = np.bincount(labels).max() / len(labels)
    error = math.sqrt(chance * (1 - chance) / len(labels))
    if accuracy[best] < chance + _CLEARLY_WORSE * error:
        return None
    found = f"{accuracy[best]:.1%} of {len(labels):,} {source} right"
    if len(order) > 1:
        found += f", {accuracy[order[1]]:.1%} with {order[1].name}"
    certain = len(order) == 1 or _is_certain(answers[best], answers[order[1]], labels)
    return Ranking(order, found, certain)


def _is_certain(best: np.ndarray, second: np.ndarray, labels: np.ndarray) -> bool:
    """Whether enough rows decide, or the few that there are decide clearly."""
    if len(labels) >= _ENOUGH_ROWS:
        return True
    gain = _log_loss(second, labels) - _log_loss(best, labels)
    return bool(gain.mean() > _WORSE * gain.std() / math.sqrt(len(labels)))


def _as_accurate(answers: Probabilities, labels: np.ndarray, errors: float) -> list[Scale]:
    """The scales that are not worse than the best by more than `errors` standard errors, by their
    accuracy.
    """
    right = {scale: _right(found, labels) for scale, found in answers.items()}
    order = descending({scale: float(of_scale.mean()) for scale, of_scale in right.items()})
    best = right[order[0]]
    kept = []
    for scale in order:
        lost = int((best & ~right[scale]).sum())
        gained = int((right[scale] & ~best).sum())
        if lost - gained <= errors * math.sqrt(lost + gained):
            kept.append(scale)
    return kept


def _right(found: np.ndarray, labels: np.ndarray) -> np.ndarray:
    right: np.ndarray = found.argmax(axis=1) == labels
    return right


def _log_loss(found: np.ndarray, labels: np.ndarray) -> np.ndarray:
    of_truth = found[np.arange(len(labels)), labels]
    losses: np.ndarray = -np.log(np.maximum(of_truth, _LOWEST))
    return losses

"""Which scale gives answers that fit the images, where no labels are known?

Images that are alike are mostly of one class. So the answers of a network that is fed as in its
training tell the labels that it gives to the most similar images, and they are not all the same.
Answers on a wrong scale are one label for all images, labels that do not follow the images, or
labels that the network is much too sure or too unsure of.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from fashion_nn.inference.scaling.ranking import Probabilities, Ranking, descending
from fashion_nn.inference.shared.scale import Scale

ROWS = 500
"""Number of images that are enough."""
_NEIGHBOURS = 3
_LOWEST = 0.01
"""A lower probability of a neighbour's label counts as this."""
_NEARLY = 0.85
"""Share of the best mutual information that a scale must reach."""
_PRIOR = 0.05
"""What the usual scale has ahead of the others, in nats."""
_LEAST = 0.3
"""Mutual information, beyond that of chance, below which answers say nothing, in nats."""
_SURENESS = (0.2, 0.999)
"""Of plausible answers: 0 if all classes are equally probable, 1 if one is certain."""
_FEW = 10
"""Number of images that may well be of one class."""
_LESS_RARE = 0.1
"""What the preferred scales have ahead of the others, in nats."""
_MARGIN = 0.1
"""By how much the best has to be ahead, in nats."""
_ALIKE = 0.98
"""Share of equal labels from which on it does not matter which of two scales is taken."""


def ranked(
    answers: Probabilities,
    images: np.ndarray,
    preferred: Sequence[Scale],
    usual: Scale | None,
) -> Ranking:
    """Rank the scales by what they answer.

    Args:
        answers: to `images`, on each scale.
        images: uint8 (n, h, w), n at least 2.
        preferred: scales that need less evidence than the others.
        usual: the scale that needs the least evidence; None if there is none.
    """
    near = neighbours(images)
    labels = {scale: found.argmax(axis=1) for scale, found in answers.items()}
    shared = {scale: _mutual_information(labels[scale], near) for scale in answers}
    least = _NEARLY * max(shared.values())
    scores = {
        scale: _foretold(found, near)
        + _PRIOR * (scale == usual)
        + _LESS_RARE * (scale in preferred)
        for scale, found in answers.items()
    }
    kept = {scale: score for scale, score in scores.items() if shared[scale] >= least}
    others = {scale: score for scale, score in scores.items() if scale not in kept}
    order = (*descending(kept), *descending(others))
    if len(order) == 1:
        return Ranking(order, "no other scale fits its first layers", True)
    if usual in scores and max(shared.values()) < _LEAST + _chance(labels, near):
        order = (usual, *(scale for scale in order if scale != usual))
    found = (
        f"its answers to {len(images)} rows: {_described(answers[order[0]])}; "
        f"with {order[1].name}: {_described(answers[order[1]])}"
    )
    certain = _is_certain(order, scores, labels)
    if order[0] == usual:
        certain = is_plausible(answers[usual])
    return Ranking(order, found, certain)


def _chance(labels: Mapping[Scale, np.ndarray], near: np.ndarray) -> float:
    """The mutual information that labels without any relation have on average, in nats.

    Source: G. Miller, Note on the bias of information estimates, 1955.
    """
    classes = max(len(np.unique(of_scale)) for of_scale in labels.values())
    return float((classes - 1) ** 2 / (2 * near.size))


def is_plausible(found: np.ndarray) -> bool:
    """Whether answers are neither all one label nor nearly as sure or as unsure as can be."""
    classes = found.shape[1]
    sureness = (found.max(axis=1).mean() - 1 / classes) / (1 - 1 / classes)
    several = len(found) < _FEW or len(np.unique(found.argmax(axis=1))) > 1
    return bool(several and _SURENESS[0] <= sureness <= _SURENESS[1])


def _is_certain(
    order: tuple[Scale, ...], scores: Mapping[Scale, float], labels: Mapping[Scale, np.ndarray]
) -> bool:
    best, second = order[:2]
    alike = (labels[best] == labels[second]).mean() >= _ALIKE
    return bool(alike or scores[best] - scores[second] >= _MARGIN)


def neighbours(images: np.ndarray) -> np.ndarray:
    """For each image the positions of the most similar others, int64 (n, 3) or fewer columns.

    Similar are images with a small angle between them, seen as vectors.
    """
    flat = images.reshape(len(images), -1).astype(np.float32)
    flat -= flat.mean(axis=0)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6
    likeness = flat @ flat.T
    np.fill_diagonal(likeness, -np.inf)
    return np.argsort(-likeness, axis=1, kind="stable")[:, : min(_NEIGHBOURS, len(images) - 1)]


def _mutual_information(labels: np.ndarray, near: np.ndarray) -> float:
    """Of the label of an image and that of a neighbour, in nats: 0 if all labels are equal."""
    classes = int(labels.max()) + 1
    pairs = np.zeros((classes, classes))
    for column in near.T:
        np.add.at(pairs, (labels, labels[column]), 1)
    pairs /= pairs.sum()
    independent = pairs.sum(axis=1, keepdims=True) * pairs.sum(axis=0, keepdims=True)
    there = pairs > 0
    return float((pairs[there] * np.log(pairs[there] / independent[there])).sum())


def _foretold(found: np.ndarray, near: np.ndarray) -> float:
    """How much the answers tell about the labels of the neighbours, in nats.

    It is a lower bound of their mutual information: entropy of the labels, less the log loss of the
    answers.

    Source: D. Barber and F. Agakov, The IM algorithm, 2003.
    """
    labels = found.argmax(axis=1)
    rows = np.arange(len(labels))
    losses = [-np.log(np.maximum(found[rows, labels[column]], _LOWEST)).mean() for column in near.T]
    shares = np.bincount(labels) / len(labels)
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum() - np.mean(losses))


def _described(found: np.ndarray) -> str:
    """What strikes about answers: the commonest label, and how sure they are."""
    share = np.bincount(found.argmax(axis=1)).max() / len(found)
    return f"commonest label {share:.0%}, average probability {found.max(axis=1).mean():.2f}"

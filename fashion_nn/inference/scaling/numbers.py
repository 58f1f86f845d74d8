"""What do the first layers of a model say about the scale that they expect?

A Normalization or BatchNormalization has stored mean and variance of what it got in training; on
the scale of the training it gets the same again. A Rescaling, or arithmetic with constants, leads
from the scale of the training to a usual range, such as 0 to 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.inference.shared.feeding import first_scaling_layer
from fashion_nn.inference.shared.first_layers import FirstLayers
from fashion_nn.inference.shared.scale import Scale

if TYPE_CHECKING:
    from fashion_nn.inference.engines.predictor import Predictor

NORMALISATIONS = ("BatchNormalization", "Normalization")
_FITS = 0.1
"""Largest misfit of mean and variance that a model has on the scale of its training."""
_ABOUT_AS_GOOD = 0.03
"""Difference of misfits that says nothing."""
_UNFIT = 0.7
"""A misfit that is larger than the smallest by this much excludes a scale in any case."""
_RANGES = ((0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5))
_TOLERANCE = 0.05
"""Share of the width of a range by which its ends may be off."""
_MOST_MEAN = 0.25
_DEVIATIONS = (0.6, 1.6)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the first layers say.

    Attributes:
        scales: those that they do not exclude, the usual ones first.
        found: what they say, in words; None where they say nothing.
        are_exact: whether stored figures agree with what the images have on these scales.
        next_best: of the scales that are excluded, the one that fits best.
    """

    scales: tuple[Scale, ...]
    found: str | None = None
    are_exact: bool = False
    next_best: Scale | None = None

    @property
    def runner_up(self) -> Scale | None:
        """The scale after the first of `scales`; None where there is none."""
        return self.scales[1] if len(self.scales) > 1 else self.next_best


def read(predictor: "Predictor", images: np.ndarray, scales: Sequence[Scale]) -> Numbers:
    """Ask the first layers of the model which of `scales` they expect.

    Args:
        images: uint8 (n, h, w), n at least 1.

    Raises:
        InputError: the model cannot be built or run.
    """
    front = first_scaling_layer(predictor.network)
    leaves = predictor.network.leaves()
    if front is None and not any(leaf.class_name in NORMALISATIONS for leaf in leaves):
        return Numbers(tuple(scales))
    seen: dict[Scale, FirstLayers] = {}
    for scale in scales:
        found = predictor.first_layers(images, scale)
        if found is None:
            return Numbers(tuple(scales))
        seen[scale] = found
    by_moments = _by_stored_moments(seen)
    if by_moments or front is None:
        return by_moments or Numbers(tuple(scales))
    return _by_range(seen, front)


def _by_stored_moments(seen: Mapping[Scale, FirstLayers]) -> Numbers | None:
    misfits = {scale: found.misfit for scale, found in seen.items() if found.misfit is not None}
    if not misfits:
        return None
    order = sorted(misfits, key=lambda scale: misfits[scale])
    least = misfits[order[0]]
    name = next(iter(seen.values())).normalisation
    if least > _FITS:
        left = tuple(scale for scale in misfits if misfits[scale] <= least + _UNFIT)
        return Numbers(left)
    fit = tuple(
        scale for scale in misfits if misfits[scale] <= max(2 * least, least + _ABOUT_AS_GOOD)
    )
    next_best = next((scale for scale in order if scale not in fit), None)
    found = f"its {name} has stored mean and variance of such pixels"
    return Numbers(fit, found, True, next_best)


def _by_range(seen: Mapping[Scale, FirstLayers], front: str) -> Numbers:
    everything = tuple(seen)
    if all(_is_unchanged(scale, found) for scale, found in seen.items()):
        return Numbers(everything)
    for low, high in _RANGES:
        fit = tuple(scale for scale in seen if _is_range(seen[scale], low, high))
        if fit:
            return Numbers(fit, f"its {front} leads from them to {low:g}..{high:g}")
    fit = tuple(scale for scale in seen if _is_standardised(seen[scale]))
    if fit:
        return Numbers(fit, f"its {front} leads from them to about mean 0, deviation 1")
    return Numbers(everything)


def _is_unchanged(scale: Scale, found: FirstLayers) -> bool:
    """Whether the first layers leave pixels as they are fed."""
    low, high = sorted((scale.offset, 255 * scale.factor + scale.offset))
    return _is_range(found, low, high)


def _is_range(found: FirstLayers, low: float, high: float) -> bool:
    off = max(abs(found.lowest - low), abs(found.highest - high))
    return off <= _TOLERANCE * (high - low)


def _is_standardised(found: FirstLayers) -> bool:
    return abs(found.mean) <= _MOST_MEAN and _DEVIATIONS[0] <= found.deviation <= _DEVIATIONS[1]

"""What a comparison of scales comes to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fashion_nn.inference.shared.scale import Scale

Probabilities = Mapping[Scale, np.ndarray]
"""What a model answers on each scale, float32 (n, classes)."""
Ask = Callable[[Scale, np.ndarray], np.ndarray]
"""A function from a scale and images, uint8 (n, h, w), to probabilities, float32 (n, classes)."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Scales in their order, the best first.

    Attributes:
        scales: at least one.
        found: how good the best is, and the next where there is one, in words.
        is_certain: whether the evidence decides.
    """

    scales: tuple[Scale, ...]
    found: str
    is_certain: bool


def evenly(count: int, most: int) -> np.ndarray:
    """At most `most` positions of `count` rows, evenly spread, int64."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def descending(scores: Mapping[Scale, float]) -> Sequence[Scale]:
    """Scales by their score, the highest first; of equal ones the one that was tried first."""
    return sorted(scores, key=lambda scale: -scores[scale])

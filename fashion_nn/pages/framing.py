"""How the images of a data set are framed, so that a page makes drawings and pictures like them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

_LOOKED_AT = 1000
_OBJECT = 40
_NEARER = 0.8
"""The centre of mass is in the middle if its distance is at most this share of the other's."""


@dataclass(frozen=True, slots=True)
class Framing:
    """The place of the object in an image.

    Attributes:
        box: the longer side of the object in pixels; None where images have no empty background.
        centre: what lies in the middle of the image: the centre of mass of the brightness, as in
            MNIST, or the middle of the object's bounding box.
        dark: whether the background is dark.
    """

    box: int | None
    centre: Literal["mass", "box"]
    dark: bool


def measure(images: np.ndarray) -> Framing:
    """The framing of a data set.

    Args:
        images: uint8 (n, h, w) or (n, h, w, 3); the first thousand are looked at. Those in colour
            are taken as they are, without a background.
    """
    seen = images[:_LOOKED_AT]
    if seen.ndim == 4:
        return Framing(None, "box", True)
    edges = (seen[:, 0], seen[:, -1], seen[:, :, 0], seen[:, :, -1])
    background = float(np.median(np.concatenate([edge.ravel() for edge in edges])))
    dark = background < 128
    if _OBJECT <= background <= 255 - _OBJECT:
        return Framing(None, "box", dark)
    light = seen if dark else 255 - seen
    boxes = [_bounds(image) for image in light if (image >= _OBJECT).any()]
    if not boxes:
        return Framing(None, "box", dark)
    top, bottom, left, right = np.array(boxes).T
    longest = int(np.median(np.maximum(bottom - top, right - left)))
    middle = np.array(seen.shape[1:]) / 2
    of_boxes = np.stack([(top + bottom) / 2, (left + right) / 2], axis=1)
    of_masses = np.array([_mass(image) for image in light if (image >= _OBJECT).any()])
    by_mass = _distance(of_masses, middle) <= _NEARER * _distance(of_boxes, middle)
    return Framing(longest, "mass" if by_mass else "box", dark)


def _bounds(image: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row, exclusive, and first and last column of the object."""
    rows = np.flatnonzero((image >= _OBJECT).any(axis=1))
    columns = np.flatnonzero((image >= _OBJECT).any(axis=0))
    return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1


def _mass(image: np.ndarray) -> tuple[float, float]:
    weights = image.astype(float)
    down = np.average(np.arange(len(image)) + 0.5, weights=weights.sum(axis=1))
    right = np.average(np.arange(image.shape[1]) + 0.5, weights=weights.sum(axis=0))
    return float(down), float(right)


def _distance(centres: np.ndarray, middle: np.ndarray) -> float:
    return float(np.hypot(*(centres - middle).T).mean())

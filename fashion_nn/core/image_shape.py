"""The shape of an image: decided here alone, and relied on from reading to pages.

An image is grey or in colour. Whatever depends on that asks this module. Arrays of images are in
`images`; this module does without NumPy, so that the names of models are known at once.
"""

import math
from typing import Final, Literal

ImageShape = tuple[int, int] | tuple[int, int, Literal[3]]
"""Height and width of an image in pixels, and 3 behind them if it has colours."""

COLOURS: Final = 3


def is_colour(shape: ImageShape) -> bool:
    """Whether images of this shape have colours."""
    return len(shape) == 3


def channels_of(shape: ImageShape) -> int:
    """The number of values of a pixel: 3 in colour, else 1."""
    return COLOURS if is_colour(shape) else 1


def values_of(shape: ImageShape) -> int:
    """The number of values of an image: height times width times channels."""
    return math.prod(shape)


def described(shape: ImageShape) -> str:
    """The size for people.

    >>> described((28, 28)), described((32, 32, 3))
    ('28 x 28 pixels', '32 x 32 pixels in colour')
    """
    height, width = shape[:2]
    return f"{height} x {width} pixels{' in colour' if is_colour(shape) else ''}"

"""What an array of images is: decided here alone, and relied on from reading to pages.

Images are uint8 (n, height, width), grey, or (n, height, width, 3), red, green and blue. Whatever
depends on colour asks this module for the number of channels, or for the images in grey.
"""

import math
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from fashion_nn.errors import InputError

Images = NDArray[np.uint8]
"""uint8 (n, height, width) or (n, height, width, 3), from 0 (dark) to 255 (light)."""

ImageShape = tuple[int, int] | tuple[int, int, Literal[3]]
"""Height and width of an image in pixels, and 3 behind them if it has colours."""

COLOURS: Final = 3
_LUMA = np.array([19595, 38470, 7471], np.uint32)  # of 65536: red 0.299, green 0.587, blue 0.114


def shape_of(images: np.ndarray) -> ImageShape:
    """The shape of one of `images`.

    Raises:
        InputError: `images` are not as `Images` says.

    Example:
        >>> shape_of(np.zeros((5, 28, 28), np.uint8))
        (28, 28)
    """
    match images.shape:
        case (_, int(height), int(width)) if images.dtype == np.uint8 and height and width:
            return height, width
        case (_, int(height), int(width), 3) if images.dtype == np.uint8 and height and width:
            return height, width, COLOURS
    raise InputError(
        f"images are {images.dtype} {images.shape}, expected uint8 (n, height, width) in grey or"
        " (n, height, width, 3) in colour, the red, green and blue of a pixel beside each other"
    )


def channels_of(shape: ImageShape) -> int:
    """The number of values of a pixel: 3 in colour, else 1."""
    return COLOURS if len(shape) == 3 else 1


def is_colour(shape: ImageShape) -> bool:
    """Whether images of this shape have colours."""
    return len(shape) == 3


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


def grey(images: Images) -> Images:
    """The brightness of `images`, uint8 (n, height, width); grey ones are returned as they are.

    The weights of the colours are those of ITU-R BT.601, and are rounded as Pillow rounds them.
    """
    if images.ndim == 3:
        return images
    return ((images.astype(np.uint32) @ _LUMA + 0x8000) >> 16).astype(np.uint8)

"""What an array of images is: decided here alone, and relied on from reading to pages.

Images are uint8 (n, height, width), grey, or (n, height, width, 3), red, green and blue. The shape
of one of them is an `image_shape.ImageShape`.
"""

import numpy as np
from numpy.typing import NDArray

from fashion_nn.core.image_shape import (
    COLOURS,
    ImageShape,
    channels_of,
    described,
    is_colour,
    values_of,
)
from fashion_nn.errors import InputError

__all__ = [
    "COLOURS",
    "ImageShape",
    "Images",
    "channels_of",
    "described",
    "grey",
    "is_colour",
    "shape_of",
    "values_of",
]

Images = NDArray[np.uint8]
"""uint8 (n, height, width) or (n, height, width, 3), from 0 (dark) to 255 (light)."""

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


def grey(images: Images) -> Images:
    """The brightness of `images`, uint8 (n, height, width); grey ones are returned as they are.

    The weights of the colours are those of ITU-R BT.601, and are rounded as Pillow rounds them.
    """
    if images.ndim == 3:
        return images
    return ((images.astype(np.uint32) @ _LUMA + 0x8000) >> 16).astype(np.uint8)

"""How the pixels of an image are arranged in the array that a model takes."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fashion_nn.inference.shared.refusal import Refusal

Arrangement = Literal[
    "flat",
    "row",
    "pixels",
    "image",
    "channel",
    "channel-first",
    "colour",
    "colour-first",
    "flat-colour",
]


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of the array that a model takes.

    Attributes:
        arrangement: of n images of h x w pixels, "flat" is an array (n, h*w), "row" (n, 1, h*w),
            "pixels" (n, h*w, 1), "image" (n, h, w), "channel" (n, h, w, 1), and "colour"
            (n, h, w, 3), which holds each value of a grey image three times; "channel-first"
            (n, 1, h, w) and "colour-first" (n, 3, h, w) have the channels before the pixels, and
            "flat-colour" (n, h*w*3) has the colours of a pixel beside each other.
        image_shape: (height, width), None where the model takes images of any size.
    """

    arrangement: Arrangement
    image_shape: tuple[int, int] | None

    @property
    def takes_colour(self) -> bool:
        """Whether images in colour fit; grey ones always do."""
        return "colour" in self.arrangement

    def arranged(self, images: np.ndarray) -> np.ndarray:
        """`images`, (n, h, w) or (n, h, w, 3), in the shape that the model takes."""
        n = len(images)
        match self.arrangement:
            case "flat":
                return images.reshape(n, -1)
            case "row":
                return images.reshape(n, 1, -1)
            case "pixels":
                return images.reshape(n, -1, 1)
            case "image":
                return images
            case "channel":
                return images[..., np.newaxis]
            case "channel-first":
                return images[:, np.newaxis]
            case "colour":
                return _in_colour(images)
            case "colour-first":
                return np.moveaxis(_in_colour(images), -1, 1)
            case "flat-colour":
                return _in_colour(images).reshape(n, -1)


def layout_of(shape: tuple[int | None, ...]) -> Layout:
    """The layout of a model whose input has `shape`, without the axis of the rows.

    A size that is open is taken for the other one, because images are mostly as wide as high.

    Raises:
        Refusal: no images fit it.
    """
    match shape:
        case (int(pixels),) | (1, int(pixels)) | (int(pixels), 1) if _side(pixels):
            arrangement: Arrangement = "flat" if len(shape) == 1 else "pixels"
            if len(shape) == 2 and shape[0] == 1:
                arrangement = "row"
            return Layout(arrangement, (_side(pixels), _side(pixels)))
        case (int(values),) if values % 3 == 0 and _side(values // 3):
            return Layout("flat-colour", (_side(values // 3), _side(values // 3)))
        case (None, 1):
            return Layout("pixels", None)
        case (height, width):
            return Layout("image", _size(height, width))
        case (height, width, 1):
            return Layout("channel", _size(height, width))
        case (height, width, 3):
            return Layout("colour", _size(height, width))
        case (1, height, width):
            return Layout("channel-first", _size(height, width))
        case (3, height, width):
            return Layout("colour-first", _size(height, width))
    raise Refusal(
        f"takes inputs of shape {shape}, expected that of an image, such as (28, 28), (28, 28, 1),"
        " (1, 28, 28), (784,) or (28, 28, 3)"
    )


def _in_colour(images: np.ndarray) -> np.ndarray:
    if images.ndim == 4:
        return images
    return np.repeat(images[..., np.newaxis], 3, axis=-1)


def _side(pixels: int) -> int:
    """The side of the square image that has this number of pixels; 0 if no square has it."""
    side = math.isqrt(pixels)
    return side if side * side == pixels else 0


def _size(height: int | None, width: int | None) -> tuple[int, int] | None:
    if height is None:
        return None if width is None else (width, width)
    return (height, height if width is None else width)

"""How the pixels of an image are arranged in the array that a model takes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fashion_nn.inference.shared.refusal import Refusal

Arrangement = Literal["flat", "image", "channel"]


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of the array that a model takes.

    Attributes:
        arrangement: "flat" for an array (n, h·w), "image" for (n, h, w), "channel" for
            (n, h, w, 1).
        image_shape: (height, width), None where the model takes images of any size.
    """

    arrangement: Arrangement
    image_shape: tuple[int, int] | None

    def arranged(self, images: np.ndarray) -> np.ndarray:
        """`images`, (n, h, w), in the shape that the model takes."""
        n, height, width = images.shape
        shapes = {
            "flat": (n, height * width),
            "image": (n, height, width),
            "channel": (n, height, width, 1),
        }
        return images.reshape(shapes[self.arrangement])


def layout_of(shape: tuple[int | None, ...]) -> Layout:
    """The layout of a model whose input has `shape`, without the axis of the rows.

    Raises:
        Refusal: it does not take images of one channel.
    """
    match shape:
        case (int(pixels),) if (side := round(pixels**0.5)) ** 2 == pixels:
            return Layout("flat", (side, side))
        case (int(height), int(width)):
            return Layout("image", (height, width))
        case (int(height), int(width), 1):
            return Layout("channel", (height, width))
        case (None, None):
            return Layout("image", None)
        case (None, None, 1):
            return Layout("channel", None)
    raise Refusal(
        f"takes inputs of shape {shape}, expected (784,), (28, 28) or (28, 28, 1), or another size"
    )

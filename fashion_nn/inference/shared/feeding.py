"""How images are given to a model: what array it takes, and on which scale."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fashion_nn.inference.shared.network import Layer, Network
from fashion_nn.inference.shared.refusal import Refusal

Layout = Literal["flat", "image", "channel"]
Scale = Literal["auto", "0-1", "0-255"]
SCALES: tuple[Scale, ...] = ("auto", "0-1", "0-255")

_SCALING_LAYERS = {"Rescaling", "Normalization"}
# Layers before the scaling that leave pixel values as they are when predicting.
_NEUTRAL_LAYERS = {
    *("InputLayer", "Reshape", "Flatten", "Permute", "Identity", "RepeatVector", "Concatenate", "Cast"),
    *("Resizing", "CenterCrop", "ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling1D"),
    *("UpSampling2D", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout"),
}


@dataclass(frozen=True, slots=True)
class Feeding:
    """The array a model takes.

    layout: "flat" (n, h·w), "image" (n, h, w) or "channel" (n, h, w, 1).
    image_shape: (height, width), None where the model takes any.
    divide: whether pixels are divided by 255; `why` says what decided it.
    """

    layout: Layout
    image_shape: tuple[int, int] | None
    dtype: str
    divide: bool
    why: str

    def array(self, images: np.ndarray) -> np.ndarray:
        """`images`, uint8 (n, h, w), in the form the model takes."""
        n, height, width = images.shape
        shape = {"flat": (n, height * width), "image": images.shape, "channel": (*images.shape, 1)}[self.layout]
        dtype = "float32" if self.dtype == "bfloat16" else self.dtype  # NumPy has none; Keras converts
        array = images.reshape(shape).astype(dtype)
        return array / np.asarray(255, dtype) if self.divide else array

    def __str__(self) -> str:
        return f"pixels {'divided by 255' if self.divide else 'as 0..255'} ({self.why})"


def feeding(network: Network, scale: Scale) -> Feeding:
    """How to feed `network`; see `open_model` for `scale`.

    Raises:
        Refusal: it takes no images of one channel, or cannot be fed on the scale that was asked for.
    """
    given = network.input_layer.arguments
    shape, dtype = tuple(given["shape"]), given["dtype"]
    layout, image_shape = _layout(shape)
    if "int" in dtype and np.iinfo(dtype).max < 255:
        raise Refusal(
            f"takes integers of type {dtype}, which end at {np.iinfo(dtype).max}, and pixels go up to 255: "
            "save the model with an input of type uint8 or float32"
        )
    divide, why = {"0-1": (True, "asked for"), "0-255": (False, "asked for")}.get(scale) or _decide(network, dtype)
    if divide and "int" in dtype:
        raise Refusal(f"takes integers of type {dtype}, which cannot be divided by 255: leave scale at auto")
    return Feeding(layout, image_shape, dtype, divide, why)


def _layout(shape: tuple[int | None, ...]) -> tuple[Layout, tuple[int, int] | None]:
    match shape:
        case (int(pixels),) if (side := round(pixels**0.5)) ** 2 == pixels:
            return "flat", (side, side)
        case (int(height), int(width)):
            return "image", (height, width)
        case (int(height), int(width), 1):
            return "channel", (height, width)
        case (None, None):
            return "image", None
        case (None, None, 1):
            return "channel", None
    raise Refusal(f"takes inputs of shape {shape}, expected (784,), (28, 28) or (28, 28, 1), or another size")


def _decide(network: Network, dtype: str) -> tuple[bool, str]:
    if "int" in dtype:
        return False, f"the model takes {dtype}"
    first = next((layer for layer in network.leaves() if not _is_neutral(layer)), None)
    if first and (first.class_name in _SCALING_LAYERS or first.role == "operation"):
        return False, f"the model begins with {first.class_name}"
    return True, "the model has no scaling of its own"


def _is_neutral(layer: Layer) -> bool:
    return layer.class_name in _NEUTRAL_LAYERS or layer.class_name.startswith("Random")

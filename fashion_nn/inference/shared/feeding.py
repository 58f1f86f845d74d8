"""How images are fed to a model: the shape of the array that it takes, and the scale of the pixels.

`feeding` decides in the parent process. `Feeding.array` runs where the model runs: in the confined
process for Keras, in the parent process for ONNX Runtime.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.inference.shared.layout import Layout, layout_of
from fashion_nn.inference.shared.network import Layer, Network
from fashion_nn.inference.shared.refusal import Refusal
from fashion_nn.inference.shared.scale import ZERO_TO_255, ZERO_TO_ONE, Scale

_SCALING_LAYERS = {"Rescaling", "Normalization"}
# Layers that leave pixel values as they are when predicting, so that the scaling may follow them.
_NEUTRAL_LAYERS = {
    "InputLayer",
    "Reshape",
    "Flatten",
    "Permute",
    "Identity",
    "RepeatVector",
    "Concatenate",
    "Cast",
    "Resizing",
    "CenterCrop",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "Cropping1D",
    "Cropping2D",
    "UpSampling1D",
    "UpSampling2D",
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "GaussianNoise",
    "GaussianDropout",
}


@dataclass(frozen=True, slots=True)
class Feeding:
    """The array that a model takes.

    Attributes:
        layout: how the pixels of an image are arranged, and how large it is.
        dtype: of the array.
        scale: what becomes of a pixel.
        why: what decided `scale`.
    """

    layout: Layout
    dtype: str
    scale: Scale
    why: str

    def array(self, images: np.ndarray) -> np.ndarray:
        """`images`, uint8 (n, h, w) or (n, h, w, 3), as the array that the model takes."""
        dtype = "float32" if self.dtype == "bfloat16" else self.dtype  # Keras converts to bfloat16
        return self.scale.values(dtype)[self.layout.arranged(images)]

    def to_json(self) -> JsonObject:
        """What `from_json` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Feeding":
        """The feeding that `to_json` has described."""
        layout = Layout(**stored["layout"])
        return cls(layout, stored["dtype"], Scale(**stored["scale"]), stored["why"])

    def __str__(self) -> str:
        return f"{self.scale} ({self.why})"


def feeding(network: Network, scale: Scale | None) -> Feeding:
    """How to feed `network`, the network of a whole model.

    Args:
        network: what the allow-list let through.
        scale: of the pixels; None for the one that its input and its first layers suggest.

    Raises:
        Refusal: the model does not take images, or not on this scale.
    """
    given = network.input
    if given is None:
        raise Refusal("has no input, expected one image")
    layout = layout_of(given.shape)
    integers = "int" in given.dtype
    if integers and np.iinfo(given.dtype).max < 255:
        raise Refusal(
            f"takes integers of type {given.dtype}, which end at {np.iinfo(given.dtype).max}, "
            "and pixels go up to 255: save the model with an input of type uint8 or float32"
        )
    if scale is None:
        return Feeding(layout, given.dtype, *_suggested(network, given.dtype))
    if integers and not scale.fits_integers():
        raise Refusal(
            f"takes integers of type {given.dtype}, and the scale {scale.name} has fractions: leave"
            " scale at auto"
        )
    return Feeding(layout, given.dtype, scale, "asked for")


def _suggested(network: Network, dtype: str) -> tuple[Scale, str]:
    """The scale that input and first layers suggest, and why."""
    if "int" in dtype:
        return ZERO_TO_255, f"the model takes {dtype}"
    front = first_scaling_layer(network)
    if front:
        return ZERO_TO_255, f"the model begins with {front}"
    return ZERO_TO_ONE, "the model has no scaling of its own"


def first_scaling_layer(network: Network) -> str | None:
    """The class of the layer or operation with which a model begins, if it scales its input."""
    first = next((layer for layer in network.leaves() if not _is_neutral(layer)), None)
    if first and (first.class_name in _SCALING_LAYERS or first.role == "operation"):
        return first.class_name
    return None


def _is_neutral(layer: Layer) -> bool:
    return layer.class_name in _NEUTRAL_LAYERS or layer.class_name.startswith("Random")

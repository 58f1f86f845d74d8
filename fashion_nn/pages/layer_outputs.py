"""What becomes of one image on its way through a network: the output of each layer, its shape, and
a picture of it.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_nn import inference
from fashion_nn.pages import pictures
from fashion_nn.pages.pictures import Picture

CHANNELS = 16
MOST = 8192
_COLUMNS = 8
_STRIP = 128


@dataclass(frozen=True, slots=True)
class LayerOutput:
    """One call of a layer. `shape` is without the number of images; no `picture` where nothing
    changed.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    picture: Picture | None
    shown: str


def through_layers(predictor: inference.ConfinedPredictor, image: np.ndarray) -> list[LayerOutput]:
    """The layers that run when the model answers for `image`, uint8 (h, w), in their order.

    Raises:
        InputError: the model cannot be built or run.
    """
    predictor.require(image.shape)
    model = inference.rebuild(predictor)
    calls = _watched(model, predictor.feeding.array(image[None]))
    outputs, before = [], None
    for layer, output in calls:
        same = (
            before is not None and output.shape == before.shape and np.array_equal(output, before)
        )
        picture, shown = (None, "passes its input on unchanged") if same else _drawn(output)
        row = LayerOutput(
            layer.name, type(layer).__name__, output.shape, layer.count_params(), picture, shown
        )
        outputs.append(row)
        before = output
    return outputs


def _watched(model: Any, array: np.ndarray) -> list[tuple[Any, np.ndarray]]:
    """Every call of a layer while `model` answers, those in nested networks too, with its output
    for the one image.
    """
    import keras

    calls: list[tuple[Any, np.ndarray]] = []
    original = keras.layers.Layer.__call__

    def watched(layer: Any, *arguments: Any, **keywords: Any) -> Any:
        result = original(layer, *arguments, **keywords)
        if not isinstance(layer, keras.Model | keras.layers.InputLayer):
            calls.append((layer, np.asarray(keras.ops.convert_to_numpy(result), np.float32)[0]))
        return result

    keras.layers.Layer.__call__ = watched
    try:
        model(array, training=False)
    finally:
        keras.layers.Layer.__call__ = original
    return calls


def _drawn(output: np.ndarray) -> tuple[Picture, str]:
    if output.ndim == 3 and output.shape[2] > 1:
        shown = min(output.shape[2], CHANNELS)
        text = (
            f"{shown} of {output.shape[2]} channels"
            if shown < output.shape[2]
            else f"{shown} channels"
        )
        return pictures.montage(np.moveaxis(output[..., :shown], 2, 0), _COLUMNS), text
    if output.ndim == 1 and (side := math.isqrt(len(output))) ** 2 == len(output) and side >= 16:
        return (
            pictures.signed(output.reshape(side, side)),
            f"{len(output):,} numbers, as {side} x {side}",
        )
    if output.ndim in (2, 3):
        return pictures.signed(output.reshape(output.shape[:2])), "one picture"
    numbers = output.ravel()[:MOST]
    rows = math.ceil(len(numbers) / _STRIP)
    strip = np.full(rows * math.ceil(len(numbers) / rows), np.nan)
    strip[: len(numbers)] = numbers
    of_all = f"the first {len(numbers):,} of " if len(numbers) < output.size else ""
    return pictures.signed(strip.reshape(rows, -1)), f"{of_all}{output.size:,} numbers"

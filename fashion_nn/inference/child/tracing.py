"""What the layers of a model give for one image, cut down to what a page shows. Confined process
only.
"""

from typing import Any

import numpy as np

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.inference.child.reply import Reply
from fashion_nn.inference.shared.keras_model import BuiltModel
from fashion_nn.inference.shared.traced import CHANNELS, MAX_CALLS, MOST, SIDE


def trace(built: BuiltModel, array: np.ndarray) -> Reply:
    """Run `array`, one image as the model takes it, and report each call of a leaf in its order.

    The reply lists for each call the number of the leaf, the shape of its output, whether that
    equals the output before, its number of parameters and the shape of what is sent of it: at most
    16 channels of 64 x 64 numbers. After 100 calls nothing more is reported.
    """
    import keras

    numbers = {
        id(made): number
        for number, layer in enumerate(built.network.leaves())
        if (made := built.keras_layer(layer)) is not None
    }
    calls: list[JsonObject] = []
    parts: list[bytes] = []
    before: np.ndarray | None = None
    original = keras.layers.Layer.__call__

    def watched(layer: Any, *arguments: Any, **keywords: Any) -> Any:
        nonlocal before
        result = original(layer, *arguments, **keywords)
        if id(layer) in numbers and len(calls) < MAX_CALLS and not isinstance(result, list | tuple):
            output = np.asarray(keras.ops.convert_to_numpy(result), np.float32)[0]
            same = before is not None and np.array_equal(output, before)
            sent = output.ravel()[:0] if same else np.ascontiguousarray(_cut(output))
            calls.append(
                {
                    "leaf": numbers[id(layer)],
                    "shape": output.shape,
                    "same": same,
                    "parameters": layer.count_params(),
                    "sent": [] if same else sent.shape,
                }
            )
            parts.append(sent.tobytes())
            before = output
        return result

    keras.layers.Layer.__call__ = watched
    try:
        built.model(array, training=False)
    finally:
        keras.layers.Layer.__call__ = original
    return Reply({"calls": calls}, b"".join(parts))


def _cut(output: np.ndarray) -> np.ndarray:
    if output.ndim not in (2, 3):
        return output.ravel()[:MOST]
    step = max(1, -(-max(output.shape[:2]) // SIDE))
    return output[::step, ::step, :CHANNELS] if output.ndim == 3 else output[::step, ::step]

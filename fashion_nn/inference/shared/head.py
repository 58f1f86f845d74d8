"""What the outputs of a model mean: a value for each class, or one value for two classes."""

import math
from typing import Literal

import numpy as np

from fashion_nn.inference.shared.network import Layer, Network
from fashion_nn.inference.shared.refusal import Refusal

Head = Literal["classes", "probability", "difference", "score"]
"""A value for each class; or one value for two classes, of which the second is meant where it is
above a half ("probability"), above 0 between -1 and 1 ("difference"), or above 0 ("score").
"""

# Layers behind the last activation that leave the value as it is.
_NEUTRAL = ("Dropout", "Flatten", "Reshape", "Identity", "Squeeze", "Cast", "Copy")
_NEUTRAL_FUNCTIONS = ("identity", "reshape", "squeeze", "cast")
_OF_ACTIVATION: dict[str, Head] = {
    "sigmoid": "probability",
    "hard_sigmoid": "probability",
    "hard_sigmoid_of_keras_2": "probability",
    "sparse_sigmoid": "probability",
    "tanh": "difference",
    "hard_tanh": "difference",
    "softsign": "difference",
    "linear": "score",
}


def head_of(network: Network, outputs: int) -> Head:
    """What `outputs` outputs of `network` mean.

    Raises:
        Refusal: one output that does not tell two classes apart.
    """
    if outputs != 1:
        return "classes"
    activation = _last_activation(network)
    if activation not in _OF_ACTIVATION:
        raise Refusal(
            f"has one output, with the activation {activation}, expected a value for each class, or"
            " one value with a sigmoid for two classes"
        )
    return _OF_ACTIVATION[activation]


def two_classes(outputs: np.ndarray, head: Head) -> np.ndarray:
    """Outputs of a model as a value for each class, float32 (n, classes).

    Of one value for two classes, the second class gets the larger value exactly where it is meant.

    Args:
        outputs: float32 (n, classes), or (n, 1) for two classes.
        head: see `head_of`.
    """
    if head == "classes":
        return outputs
    if head == "probability":
        return np.concatenate([1 - outputs, outputs], axis=1)
    if head == "difference":
        return np.concatenate([(1 - outputs) / 2, (1 + outputs) / 2], axis=1)
    return np.concatenate([np.zeros_like(outputs), outputs], axis=1)


def flattened(shape: tuple[int | None, ...]) -> int | None:
    """Number of outputs of a model whose output has `shape`, with the batch first.

    Axes of size 1 are left out. None where more than one axis is left, or a size is open.
    """
    sizes = [size for size in shape[1:] if size != 1]
    if len(shape) < 2 or len(sizes) > 1 or None in sizes:
        return None
    return math.prod(size or 1 for size in sizes)


def _last_activation(network: Network) -> str:
    """The activation of the layer that gives the output of `network`."""
    layer = _last(network)
    while layer is not None:
        if layer.network:
            return _last_activation(layer.network)
        if layer.wrapped:
            layer = layer.wrapped
            continue
        if layer.class_name in _NEUTRAL or layer.function in _NEUTRAL_FUNCTIONS:
            layer = _before(network, layer)
            continue
        if layer.role == "operation":
            return layer.function or "linear"
        if layer.class_name == "Softmax":
            return "softmax"
        activation = layer.arguments.get("activation")
        if isinstance(activation, str):
            return activation
        return "linear" if activation is None else "of its own"
    return "linear"


def _last(network: Network) -> Layer | None:
    if network.sequential:
        return network.layers[-1]
    return next(layer for layer in network.layers if layer.name == network.outputs[0].layer)


def _before(network: Network, layer: Layer) -> Layer | None:
    """The layer whose output `layer` takes."""
    if network.sequential:
        place = [each is layer for each in network.layers].index(True)
        return network.layers[place - 1] if place else None
    source = next(layer.calls[0].tensors(), None)
    if source is None:
        return None
    return next(each for each in network.layers if each.name == source.layer)

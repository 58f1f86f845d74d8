"""Activations, by their names and as layers."""

from collections.abc import Mapping
from typing import Any

from fashion_nn.inference.allowlist.layers.common import any_text, weight
from fashion_nn.inference.allowlist.rules import (
    Rule,
    axes,
    checked,
    dropped,
    flag,
    maybe,
    node,
    number,
    one_of,
    policy,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

ACTIVATIONS = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
)
CHANGED_SINCE_KERAS_2 = {"hard_sigmoid": "hard_sigmoid_of_keras_2"}
"""Activations that are another function in Keras 2, and their names in `shared.keras_model`."""

# What TensorFlow calls its own functions, where a file names the function.
_NAMES_IN_TENSORFLOW = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax"}

_AS_ARGUMENT: Mapping[str, Mapping[str, Rule]] = {
    "ReLU": {"max_value": maybe(number()), "negative_slope": number(), "threshold": number()},
    "LeakyReLU": {"negative_slope": number(), "alpha": number()},
    "ELU": {"alpha": number()},
    "Softmax": {"axis": axes},
}


def activation(value: Any) -> Any:
    """An activation by its name, or a layer that is one, as in `Dense(10,
    activation=LeakyReLU(0.2))`.
    """
    if value is None or isinstance(value, str):
        return "linear" if value is None else one_of(*ACTIVATIONS)(value)
    if isinstance(value, dict) and value.get("class_name") == "function":
        function = value.get("config")
        if isinstance(function, str) and function in _NAMES_IN_TENSORFLOW:
            return _NAMES_IN_TENSORFLOW[function]
    name, config = node(value)
    if name not in _AS_ARGUMENT:
        raise Refusal(f"{quoted(name)} is not an allowed activation")
    clean = checked(
        config,
        {
            "name": dropped(any_text),
            "trainable": dropped(flag),
            "dtype": policy,
            **_AS_ARGUMENT[name],
        },
    )
    return {"module": "keras.layers", "class_name": name, "config": clean, "registered_name": None}


LAYERS: dict[str, Mapping[str, Rule]] = {
    "Activation": {"activation": activation},
    **_AS_ARGUMENT,
    "PReLU": {**weight("alpha"), "shared_axes": maybe(axes)},
}
REQUIRED: dict[str, tuple[str, ...]] = {"Activation": ("activation",)}
RENAMED = {"LeakyReLU": {"alpha": "negative_slope"}}

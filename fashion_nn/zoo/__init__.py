"""The models: a registry, one module a family, and what is done with any. Importing this imports no Keras."""

from fashion_nn.zoo.mixture import mixture
from fashion_nn.zoo.predicting import predict
from fashion_nn.zoo.registry import (
    Entry,
    LayerRow,
    Parameters,
    build,
    describe,
    layer_table,
    names,
    parameters,
    require_known,
    require_options,
    require_shape,
)
from fashion_nn.zoo.spaces import Between, Choices, OneOf

__all__ = [
    "Between",
    "Choices",
    "Entry",
    "LayerRow",
    "OneOf",
    "Parameters",
    "build",
    "describe",
    "layer_table",
    "mixture",
    "names",
    "parameters",
    "predict",
    "require_known",
    "require_options",
    "require_shape",
]

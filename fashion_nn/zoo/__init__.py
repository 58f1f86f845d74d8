"""The models of the project, and the operations common to all of them.

`models/` holds the builders, one module for each family. The registry finds them, checks options
and image sizes, and builds a model by its name. `own` has the models of a user: a function in a
file, or one that is passed from Python. Importing this package imports no Keras.
"""

from fashion_nn.zoo.kinds import Fraction
from fashion_nn.zoo.mixture import mixture
from fashion_nn.zoo.own import OwnBuilder
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
    register,
    require_known,
    require_options,
    require_shape,
)
from fashion_nn.zoo.spaces import Between, Choices, OneOf

__all__ = [
    "Between",
    "Choices",
    "Entry",
    "Fraction",
    "LayerRow",
    "OneOf",
    "OwnBuilder",
    "Parameters",
    "build",
    "describe",
    "layer_table",
    "mixture",
    "names",
    "parameters",
    "predict",
    "register",
    "require_known",
    "require_options",
    "require_shape",
]

"""The Playground's activations, in place.

`fashion_nn.lab.layers` has these functions too. They are written again here, because the parity
with the Playground is exact to the last bit: its order of operations differs, such as f - f² for
f (1 - f), and the training needs them in place.
"""

import numpy as np

from fashion_nn.lab.layers import Array
from fashion_nn.lab.playground.settings import Settings


def output_activation(settings: Settings) -> str:
    """The activation of the output: the identity for a regression, else tanh."""
    return "linear" if settings.regression else "tanh"


def activate(name: str, values: Array) -> None:
    """Replace nets by outputs."""
    if name == "tanh":
        np.tanh(values, out=values)
    elif name == "relu":
        np.maximum(values, 0, out=values)
    elif name == "sigmoid":
        np.negative(values, out=values)
        np.exp(values, out=values)
        np.add(values, 1, out=values)
        np.reciprocal(values, out=values)


def times_slope(name: str, outputs: Array, delta: Array, spare: Array) -> None:
    """Multiply `delta` by the activation's derivative, written in terms of its output."""
    if name == "tanh":  # 1 - f²
        np.multiply(outputs, outputs, out=spare)
        np.subtract(1, spare, out=spare)
        np.multiply(delta, spare, out=delta)
    elif name == "relu":  # 0 at 0, as the Playground has it
        np.multiply(delta, outputs > 0, out=delta)
    elif name == "sigmoid":  # f - f²
        np.multiply(outputs, outputs, out=spare)
        np.subtract(outputs, spare, out=spare)
        np.multiply(delta, spare, out=delta)

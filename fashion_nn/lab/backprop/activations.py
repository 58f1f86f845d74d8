"""The activations of an exercise: each with its derivative, and with both as a person writes them.

A *net* z is what reaches a unit, its *output* is a = f(z). Nets and outputs are float64 matrices,
units × samples. Six activations act on each net by itself; softmax acts on a column, so its
derivative is a full Jacobian. The functions are those of `fashion_nn.lab.layers`.

Source: reports 001 (questions 5 to 7), 002 (equations 1 to 3), 004 (exercise 3).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_nn.lab import layers
from fashion_nn.lab.layers import LEAKY_SLOPE

Array = NDArray[np.float64]


def softmax(z: Array) -> Array:
    """Softmax of each column."""
    return layers.softmax(z, axis=0)


@dataclass(frozen=True)
class Activation:
    """An activation and its derivative, as functions and as text and LaTeX."""

    name: str
    symbol: str
    formula: str
    derivative: str
    latex: str
    latex_formula: str
    latex_derivative: str
    apply: Callable[[Array], Array]
    slope: Callable[[Array], Array] | None
    """f'(z), elementwise; None for softmax."""
    invert: Callable[[Array], Array]
    """Some z with f(z) = a and the same f'(z): the way from an output, perhaps a rounded one, to
    f'.
    """

    def pull(self, z: Array, gradient: Array) -> Array:
        """From `gradient` = ∂E/∂a to ∂E/∂z, units × samples."""
        if self.slope is None:
            return layers.softmax_pull(z, gradient, axis=0)
        return gradient * self.slope(z)


ACTIVATIONS = {
    known.name: known
    for known in (
        Activation(
            "identity",
            "id",
            "z",
            "1",
            r"\mathrm{id}",
            "z",
            "1",
            layers.identity,
            layers.identity_derivative,
            lambda a: a,
        ),
        Activation(
            "sigmoid",
            "σ",
            "1 / (1 + e^-z)",
            "σ(z) (1 - σ(z))",
            r"\sigma",
            r"\frac{1}{1 + e^{-z}}",
            r"\sigma(z)\,(1 - \sigma(z))",
            layers.sigmoid,
            layers.sigmoid_derivative,
            lambda a: np.log(a) - np.log1p(-a),
        ),
        Activation(
            "tanh",
            "tanh",
            "tanh(z)",
            "1 - tanh²(z)",
            r"\tanh",
            r"\tanh(z)",
            r"1 - \tanh^2(z)",
            layers.tanh,
            layers.tanh_derivative,
            np.arctanh,
        ),
        Activation(
            "relu",
            "relu",
            "max(z, 0)",
            "1 where z > 0, else 0",
            r"\mathrm{relu}",
            r"\max(z, 0)",
            r"[z > 0]",
            layers.relu,
            layers.relu_derivative,
            lambda a: a,
        ),
        Activation(
            "leaky-relu",
            "leaky",
            f"z where z > 0, else {LEAKY_SLOPE} z",
            f"1 where z > 0, else {LEAKY_SLOPE}",
            r"\mathrm{leaky}",
            rf"\max(z, {LEAKY_SLOPE}\,z)",
            rf"[z > 0] + {LEAKY_SLOPE}\,[z \le 0]",
            layers.leaky_relu,
            layers.leaky_relu_derivative,
            lambda a: np.where(a > 0, a, a / LEAKY_SLOPE),
        ),
        Activation(
            "softsign",
            "softsign",
            "z / (1 + |z|)",
            "1 / (1 + |z|)²",
            r"\mathrm{softsign}",
            r"\frac{z}{1 + |z|}",
            r"\frac{1}{(1 + |z|)^2}",
            layers.softsign,
            layers.softsign_derivative,
            lambda a: a / (1 - np.abs(a)),
        ),
        Activation(
            "softmax",
            "softmax",
            "e^z_i / Σ e^z_j",
            "J = ∂a_i/∂z_j = a_i ([i = j] - a_j)",
            r"\mathrm{softmax}",
            r"\frac{e^{z_i}}{\sum_j e^{z_j}}",
            r"J = \frac{\partial a_i}{\partial z_j} = a_i\,([i = j] - a_j)",
            softmax,
            None,
            np.log,
        ),
    )
}

"""Activations: each formula beside its derivative, in float64, for nets of any size.

A *net* z is what reaches a unit, its *output* is a = f(z). Nets and outputs are matrices, units ×
samples. Six activations act on each net alone; softmax acts on a column, so its derivative is a full
Jacobian. Nothing here overflows: exponentials are taken of negative numbers only.

Source: reports 001 (questions 5 to 7), 002 (equations 1 to 3), 004 (exercise 3).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LEAKY_SLOPE = 0.01
"""Slope of leaky-relu below 0."""


def identity(z: Array) -> Array:
    return z


def identity_derivative(z: Array) -> Array:
    return np.ones_like(z)


def sigmoid(z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def sigmoid_derivative(z: Array) -> Array:
    return sigmoid(z) * sigmoid(-z)  # 1 - sigmoid(z) would lose all digits where z is large


def tanh(z: Array) -> Array:
    return np.tanh(z)


def tanh_derivative(z: Array) -> Array:
    return 4 * sigmoid_derivative(2 * z)  # is 1 - tanh(z)**2, and keeps its digits where z is large


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


def relu_derivative(z: Array) -> Array:
    return np.where(z > 0, 1.0, 0.0)


def leaky_relu(z: Array) -> Array:
    return np.where(z > 0, z, LEAKY_SLOPE * z)


def leaky_relu_derivative(z: Array) -> Array:
    return np.where(z > 0, 1.0, LEAKY_SLOPE)


def softsign(z: Array) -> Array:
    return z / (1 + np.abs(z))


def softsign_derivative(z: Array) -> Array:
    return 1 / (1 + np.abs(z)) ** 2


def softmax(z: Array) -> Array:
    small = np.exp(z - z.max(axis=0))
    return small / small.sum(axis=0)


def softmax_pull(z: Array, gradient: Array) -> Array:
    """From ∂E/∂a to ∂E/∂z: the Jacobian ∂a_i/∂z_j = a_i ([i = j] - a_j) times `gradient`, each column."""
    a = softmax(z)
    return a * (gradient - (a * gradient).sum(axis=0))


@dataclass(frozen=True)
class Activation:
    """An activation, what it looks like on paper, and its derivative."""

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
    """Some z with f(z) = a and the same f'(z): the way from an output, perhaps a rounded one, to f'."""

    def pull(self, z: Array, gradient: Array) -> Array:
        """From `gradient` = ∂E/∂a to ∂E/∂z, units × samples."""
        return softmax_pull(z, gradient) if self.slope is None else gradient * self.slope(z)


ACTIVATIONS = {
    known.name: known
    for known in (
        Activation("identity", "id", "z", "1", r"\mathrm{id}", "z", "1", identity, identity_derivative, lambda a: a),
        Activation(
            "sigmoid",
            "σ",
            "1 / (1 + e^-z)",
            "σ(z) (1 - σ(z))",
            r"\sigma",
            r"\frac{1}{1 + e^{-z}}",
            r"\sigma(z)\,(1 - \sigma(z))",
            sigmoid,
            sigmoid_derivative,
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
            tanh,
            tanh_derivative,
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
            relu,
            relu_derivative,
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
            leaky_relu,
            leaky_relu_derivative,
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
            softsign,
            softsign_derivative,
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

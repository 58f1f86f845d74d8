"""The mathematics of one layer: activations, losses, and their derivatives.

Every other module of the lab takes these functions from here. Only the Playground has its own, in
place, because it repeats the arithmetic of another program operation by operation.

A *net* z is what a unit receives, its *output* is a = f(z). The functions take and return NumPy
arrays of float32 or float64 and of any shape. They act on each number by itself, except those with
softmax in their name, which act along `axis`, the axis of the units. No exponential overflows: each
is taken of a number that is not positive.

Losses are functions of the nets of the output layer, because an output that has been rounded to 0
or 1 has no logarithm. The name of a loss says what it applies to the nets: logistic is y =
sigmoid(z), softsign is y = (1 + softsign(z)) / 2.

Source: reports 000 (parts 1 and 2), 001 (questions 5 to 7), 002 (equations 1 to 4), 004 (exercise
3).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Of float32 or float64."""

LEAKY_SLOPE = 0.01
"""Slope of leaky ReLU below 0."""


# --- Activations


def identity(z: Array) -> Array:
    return z


def identity_derivative(z: Array) -> Array:
    return np.ones_like(z)


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^-z), between 0 and 1."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, small) / (1 + small)


def sigmoid_by_tanh(z: Array) -> Array:
    """Sigmoid for trainings: one exponential, and exact to the last digit of 1, not of the result.

    The stored results of long trainings depend on the last bit, so they need this formula and no
    other.
    """
    return 0.5 * (1 + np.tanh(0.5 * z))


def sigmoid_derivative(z: Array) -> Array:
    """sigmoid(z) sigmoid(-z), exact for large |z| too. Source: report 000, equation 1."""
    small = np.exp(-np.abs(z))
    return small / (1 + small) ** 2


def tanh(z: Array) -> Array:
    return np.tanh(z)


def tanh_derivative(z: Array) -> Array:
    """1 - tanh(z)², which would lose its digits where |z| is large."""
    return 4 * sigmoid_derivative(2 * z)


def relu(z: Array) -> Array:
    return np.maximum(z, 0)


def relu_derivative(z: Array) -> Array:
    return np.where(z > 0, 1.0, 0.0)


def leaky_relu(z: Array) -> Array:
    return np.where(z > 0, z, LEAKY_SLOPE * z)


def leaky_relu_derivative(z: Array) -> Array:
    return np.where(z > 0, 1.0, LEAKY_SLOPE)


def softsign(z: Array) -> Array:
    """z / (1 + |z|), between -1 and 1."""
    return z / (1 + np.abs(z))


def softsign_derivative(z: Array) -> Array:
    """1 / (1 + |z|)². Source: report 000, equation 2."""
    return 1 / (1 + np.abs(z)) ** 2


@dataclass(frozen=True)
class Activation:
    """An activation for trainings, which acts on each net by itself, and its derivative.

    Attributes:
        apply: a = f(z).
        slope: f'(z).
        slope_at_output: the same derivative as a function of the output a, for a training that
            keeps only outputs.
    """

    apply: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    slope_at_output: Callable[[Array], Array]


SIGMOID = Activation(sigmoid_by_tanh, sigmoid_derivative, lambda a: a * (1 - a))
TANH = Activation(tanh, tanh_derivative, lambda a: 1 - a * a)
RELU = Activation(relu, relu_derivative, relu_derivative)
SOFTSIGN = Activation(softsign, softsign_derivative, lambda a: (1 - np.abs(a)) ** 2)


# --- Softmax


def softmax(z: Array, axis: int) -> Array:
    """e^z / Σ e^z along `axis`: numbers between 0 and 1 that sum to 1."""
    raised = np.exp(z - z.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


def log_softmax(z: Array, axis: int) -> Array:
    """ln softmax(z), finite where softmax itself is rounded to 0."""
    shifted = z - z.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def softmax_pull(z: Array, gradient: Array, axis: int) -> Array:
    """From ∂E/∂a to ∂E/∂z: the Jacobian ∂a_i/∂z_j = a_i ([i = j] - a_j) times `gradient`."""
    a = softmax(z, axis)
    return a * (gradient - (a * gradient).sum(axis=axis, keepdims=True))


# --- Losses with one target for each net; a slope is ∂E/∂z


def logistic_cross_entropy(z: Array, t: Array) -> Array:
    """-t ln y - (1 - t) ln(1 - y) with y = sigmoid(z)."""
    return np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))


def logistic_cross_entropy_slope(z: Array, t: Array) -> Array:
    return sigmoid(z) - t


def softsign_cross_entropy(z: Array, t: Array) -> Array:
    """-t ln y - (1 - t) ln(1 - y) with y = (1 + softsign(z)) / 2."""
    # The smaller of y and 1 - y is 1 / (2 (1 + |z|)), the larger (1 + 2 |z|) / (2 (1 + |z|)).
    of_smaller = math.log(2) + np.log1p(np.abs(z))
    of_larger = of_smaller - np.log1p(2 * np.abs(z))
    for_one = np.where(z < 0, of_smaller, of_larger)
    for_zero = np.where(z < 0, of_larger, of_smaller)
    return t * for_one + (1 - t) * for_zero


def softsign_cross_entropy_slope(z: Array, t: Array) -> Array:
    # (y - t) / (y (1 - y)) · ½ / (1 + |z|)², shortened: towards t = 0 and t = 1 the slopes are 1 /
    # (1 + |z|) on the far side and 1 / ((1 + |z|) (1 + 2 |z|)) on the near one.
    far = 1 / (1 + np.abs(z))
    near = 1 / ((1 + np.abs(z)) * (1 + 2 * np.abs(z)))
    return (1 - t) * np.where(z < 0, near, far) - t * np.where(z < 0, far, near)


def logistic_squared_error(z: Array, t: Array) -> Array:
    """½ (y - t)² with y = sigmoid(z)."""
    return 0.5 * (sigmoid(z) - t) ** 2


def logistic_squared_error_slope(z: Array, t: Array) -> Array:
    return (sigmoid(z) - t) * sigmoid_derivative(z)


# --- Losses of a softmax layer; values keep `axis` with length 1


def softmax_cross_entropy(z: Array, t: Array, axis: int) -> Array:
    """-Σ t ln softmax(z). The targets need not sum to 1."""
    return -(t * log_softmax(z, axis)).sum(axis=axis, keepdims=True)


def softmax_cross_entropy_slope(z: Array, t: Array, axis: int) -> Array:
    return softmax(z, axis) * t.sum(axis=axis, keepdims=True) - t


def softmax_squared_error(z: Array, t: Array, axis: int) -> Array:
    """½ Σ (softmax(z) - t)²."""
    return 0.5 * ((softmax(z, axis) - t) ** 2).sum(axis=axis, keepdims=True)


def softmax_squared_error_slope(z: Array, t: Array, axis: int) -> Array:
    return softmax_pull(z, softmax(z, axis) - t, axis)

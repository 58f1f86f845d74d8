"""Losses: each formula beside its derivative, as functions of the nets of the output layer.

=========================  =======================================  =========================
name                       E of one sample, summed over the units   output activations
=========================  =======================================  =========================
half-squared-error         ½ (a - t)²                               any
softmax-cross-entropy      -t ln y, y = softmax(z)                  softmax, identity
binary-cross-entropy       -t ln a - (1 - t) ln(1 - a)              sigmoid, softmax
logistic-cross-entropy     -t ln y - (1 - t) ln(1 - y), y = σ(z)    sigmoid, identity
softsign-cross-entropy     the same, y = (1 + softsign(z)) / 2      softsign, identity
logistic-squared-error     ½ (y - t)², y = σ(z)                     sigmoid, identity
=========================  =======================================  =========================

A loss that names a nonlinearity includes it, and applies it to the nets once: with `identity` the
layer shows its nets as outputs, with the nonlinearity itself it shows probabilities (softsign: a in
-1..1, y = (1 + a) / 2); loss and gradients are the same. Any other pair has no meaning and is
refused. Targets of a cross-entropy are in 0..1; they need not sum to 1.

Written of nets, because of outputs that have become 0 or 1 the logarithm is lost.

Source: reports 000 (parts 1 and 2.1), 002 (equation 4), 003 (sample question 1), 004 (exercises 1 and 3).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.activations import (
    ACTIVATIONS,
    Activation,
    Array,
    sigmoid,
    sigmoid_derivative,
    softmax,
    softsign,
)


def log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=0)
    return shifted - np.log(np.exp(shifted).sum(axis=0))


def softmax_cross_entropy(z: Array, t: Array) -> Array:
    return -(t * log_softmax(z)).sum(axis=0)


def softmax_cross_entropy_delta(z: Array, t: Array) -> Array:
    return softmax(z) * t.sum(axis=0) - t


def logistic_cross_entropy(z: Array, t: Array) -> Array:
    return (np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z)))).sum(axis=0)


def logistic_cross_entropy_delta(z: Array, t: Array) -> Array:
    return sigmoid(z) - t


def softsign_cross_entropy(z: Array, t: Array) -> Array:
    # y = (1 + 2 max(z, 0)) / (2 (1 + |z|)) and 1 - y = (1 + 2 max(-z, 0)) / (2 (1 + |z|))
    above, below = np.log1p(2 * np.maximum(z, 0)), np.log1p(2 * np.maximum(-z, 0))
    return (np.log(2) + np.log1p(np.abs(z)) - t * above - (1 - t) * below).sum(axis=0)


def softsign_cross_entropy_delta(z: Array, t: Array) -> Array:
    return (1 + softsign(z) - 2 * t) / (1 + 2 * np.abs(z))  # (y - t) / (y (1 - y)) · y', shortened


def logistic_squared_error(z: Array, t: Array) -> Array:
    return 0.5 * ((sigmoid(z) - t) ** 2).sum(axis=0)


def logistic_squared_error_delta(z: Array, t: Array) -> Array:
    return (sigmoid(z) - t) * sigmoid_derivative(z)


def _log_sum_of_others(z: Array, unit: int) -> Array:
    return np.logaddexp.reduce(np.delete(z, unit, axis=0), axis=0)


def softmax_binary_cross_entropy(z: Array, t: Array) -> Array:
    everything = np.logaddexp.reduce(z, axis=0)
    log_rest = np.stack([_log_sum_of_others(z, unit) - everything for unit in range(len(z))])
    return -(t * log_softmax(z) + (1 - t) * log_rest).sum(axis=0)


def softmax_binary_cross_entropy_delta(z: Array, t: Array) -> Array:
    delta = len(z) * softmax(z) - t
    for unit in range(len(z)):
        share = np.exp(z - _log_sum_of_others(z, unit), where=np.arange(len(z))[:, None] != unit, out=np.zeros_like(z))
        delta -= (1 - t[unit]) * share
    return delta


@dataclass(frozen=True)
class Criterion:
    """A loss on a certain output activation, and what it looks like on paper.

    `value(z, t)` is E of each sample, (samples,); `delta(z, t)` is ∂E/∂z, units × samples;
    `read_gradient(z, t)` is ∂E/∂y, where y is what the loss compares with the target.
    """

    formula: str
    delta_formula: str
    latex: str
    latex_delta: str
    value: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], Array]
    read_gradient: Callable[[Array, Array], Array]


def criterion(loss: str, activation: str) -> Criterion:
    """The loss called `loss` on outputs with this activation.

    Raises:
        InputError: the two have no meaning together.
    """
    if loss == "half-squared-error":
        return _half_squared_error(ACTIVATIONS[activation])
    if (loss, activation) in _CRITERIA:
        return _CRITERIA[loss, activation]
    able = " or ".join(output for known, output in PAIRS if known == loss)
    why = "it reads every output as a probability" if loss == "binary-cross-entropy" else "it includes its nonlinearity"
    raise InputError(f"{loss} needs {able} outputs, got {activation}: {why}")


def _half_squared_error(f: Activation) -> Criterion:
    delta, latex = f"(a - t) ∘ {f.symbol}'(z)", rf"(a - t) \circ {f.latex}'(z)"
    if f.name == "identity":
        delta, latex = "a - t", "a - t"
    elif f.name == "softmax":
        delta, latex = "J(z) (a - t)", r"J(z)\,(a - t)"
    return Criterion(
        "½ Σ (a - t)²",
        delta,
        r"\tfrac12 \sum (a - t)^2",
        latex,
        lambda z, t: 0.5 * ((f.apply(z) - t) ** 2).sum(axis=0),
        lambda z, t: f.pull(z, f.apply(z) - t),
        lambda z, t: f.apply(z) - t,
    )


def _binary_gradient(y: Array, t: Array) -> Array:
    return (y - t) / (y * (1 - y))


_CATEGORICAL = (
    "-Σ t ln @",
    "@ - t",
    r"-\sum t \ln @",
    "@ - t",
    softmax_cross_entropy,
    softmax_cross_entropy_delta,
    lambda z, t: -t / softmax(z),
)
_BINARY = (
    "-Σ (t ln @ + (1 - t) ln(1 - @))",
    "@ - t",
    r"-\sum \left(t \ln @ + (1 - t) \ln(1 - @)\right)",
    "@ - t",
    logistic_cross_entropy,
    logistic_cross_entropy_delta,
    lambda z, t: _binary_gradient(sigmoid(z), t),
)
_SOFTSIGN = (
    "-Σ (t ln y + (1 - t) ln(1 - y)) [y = (1 + @) / 2]",
    "2 (y - t) / (1 + 2 |z|)",
    r"-\sum \left(t \ln y + (1 - t) \ln(1 - y)\right) \;\left[y = \tfrac12 (1 + @)\right]",
    r"\frac{2\,(y - t)}{1 + 2\,|z|}",
    softsign_cross_entropy,
    softsign_cross_entropy_delta,
    lambda z, t: _binary_gradient((1 + softsign(z)) / 2, t),
)
_SQUARED = (
    "½ Σ (@ - t)²",
    "(@ - t) ∘ σ'(z)",
    r"\tfrac12 \sum (@ - t)^2",
    r"(@ - t) \circ \sigma'(z)",
    logistic_squared_error,
    logistic_squared_error_delta,
    lambda z, t: sigmoid(z) - t,
)
_SOFTMAX_BINARY = (
    _BINARY[0],
    "J(z) ((a - t) / (a (1 - a)))",
    _BINARY[2],
    r"J(z)\,\frac{a - t}{a\,(1 - a)}",
    softmax_binary_cross_entropy,
    softmax_binary_cross_entropy_delta,
    lambda z, t: _binary_gradient(softmax(z), t),
)


def _read_as(recipe: tuple, plain: str, latex: str) -> Criterion:
    """The loss with what it compares with the target written in place of @."""
    formula, delta, latex_formula, latex_delta, *functions = recipe
    texts = formula.replace("@", plain), delta.replace("@", plain)
    return Criterion(*texts, latex_formula.replace("@", latex), latex_delta.replace("@", latex), *functions)


_CRITERIA = {
    ("softmax-cross-entropy", "softmax"): _read_as(_CATEGORICAL, "a", "a"),
    ("softmax-cross-entropy", "identity"): _read_as(_CATEGORICAL, "softmax(z)", r"\mathrm{softmax}(z)"),
    ("binary-cross-entropy", "sigmoid"): _read_as(_BINARY, "a", "a"),
    ("binary-cross-entropy", "softmax"): _read_as(_SOFTMAX_BINARY, "a", "a"),
    ("logistic-cross-entropy", "sigmoid"): _read_as(_BINARY, "a", "a"),
    ("logistic-cross-entropy", "identity"): _read_as(_BINARY, "σ(z)", r"\sigma(z)"),
    ("softsign-cross-entropy", "softsign"): _read_as(_SOFTSIGN, "a", "a"),
    ("softsign-cross-entropy", "identity"): _read_as(_SOFTSIGN, "softsign(z)", r"\mathrm{softsign}(z)"),
    ("logistic-squared-error", "sigmoid"): _read_as(_SQUARED, "a", "a"),
    ("logistic-squared-error", "identity"): _read_as(_SQUARED, "σ(z)", r"\sigma(z)"),
}

PAIRS = tuple(("half-squared-error", name) for name in ACTIVATIONS) + tuple(_CRITERIA)
"""Every loss with every output activation that it can follow."""

LOSSES = tuple(dict.fromkeys(loss for loss, _ in PAIRS))

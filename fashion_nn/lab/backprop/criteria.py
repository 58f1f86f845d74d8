"""The loss of an exercise: as a function of the nets of the output layer, as text and as LaTeX.

=========================  =======================================  =========================
name                       E of one sample, summed over the units   output activations
=========================  =======================================  =========================
half-squared-error         ½ (a - t)²                               any
squared-error              (a - t)²                                 any
softmax-cross-entropy      -t ln y, y = softmax(z)                  softmax, identity
binary-cross-entropy       -t ln a - (1 - t) ln(1 - a)              sigmoid, softmax
logistic-cross-entropy     -t ln y - (1 - t) ln(1 - y), y = σ(z)    sigmoid, identity
softsign-cross-entropy     the same, y = (1 + softsign(z)) / 2      softsign, identity
logistic-squared-error     ½ (y - t)², y = σ(z)                     sigmoid, identity
=========================  =======================================  =========================

A loss that names a nonlinearity includes it, and applies it to the nets once. With `identity` the
output layer shows its nets as outputs; with the nonlinearity itself it shows probabilities
(softsign: a in -1..1, y = (1 + a) / 2). Loss and gradients are the same. Any other pair has no
meaning and is refused. Targets of a cross-entropy are in 0..1; they need not sum to 1.

Losses take nets, not outputs: once an output has been rounded to 0 or 1, its logarithm is lost.

Source: reports 000 (parts 1 and 2.1), 002 (equation 4), 003 (sample question 1), 004 (exercises 1
and 3).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab import layers
from fashion_nn.lab.backprop.activations import ACTIVATIONS, Activation, Array, softmax

FACTORS = {"half-squared-error": 0.5, "squared-error": 1.0}
"""The squared errors of the outputs, with what the square is multiplied by."""

OfNets = Callable[[Array, Array], Array]
"""A function of nets and targets, both units × samples."""


@dataclass(frozen=True)
class Criterion:
    """A loss on a certain output activation.

    Attributes:
        formula: E as text; `latex` is the same as LaTeX.
        delta_formula: ∂E/∂z as text; `latex_delta` is the same as LaTeX.
        value: E of each sample, (samples,).
        delta: ∂E/∂z, units × samples.
        read_gradient: ∂E/∂y, where y is what the loss compares with the target.
        of_outputs: value and delta as functions of outputs in place of nets, where outputs that
            are written wrongly belong to no nets.
    """

    formula: str
    delta_formula: str
    latex: str
    latex_delta: str
    value: OfNets
    delta: OfNets
    read_gradient: OfNets
    of_outputs: tuple[OfNets, OfNets] | None = None

    def comparing(self, plain: str, latex: str) -> "Criterion":
        """The same loss with the name of what it compares with the target in place of each @."""
        return replace(
            self,
            formula=self.formula.replace("@", plain),
            delta_formula=self.delta_formula.replace("@", plain),
            latex=self.latex.replace("@", latex),
            latex_delta=self.latex_delta.replace("@", latex),
        )


def criterion(loss: str, activation: str) -> Criterion:
    """The loss called `loss` on outputs with this activation.

    Raises:
        InputError: the two have no meaning together.
    """
    if loss in FACTORS:
        return _squared_error(ACTIVATIONS[activation], FACTORS[loss])
    if (loss, activation) in _CRITERIA:
        return _CRITERIA[loss, activation]
    able = " or ".join(output for known, output in PAIRS if known == loss)
    why = (
        "it reads every output as a probability"
        if loss == "binary-cross-entropy"
        else "it includes its nonlinearity"
    )
    raise InputError(f"{loss} needs {able} outputs, got {activation}: {why}")


def _squared_error(f: Activation, factor: float) -> Criterion:
    """`factor` · Σ (a - t)², whose derivative by a is 2 · `factor` · (a - t)."""
    half = factor == 0.5
    error = "(a - t)"
    delta = f"{error} ∘ {f.symbol}'(z)"
    latex = rf"{error} \circ {f.latex}'(z)"
    if f.name == "identity":
        delta = error.strip("()") if half else error
        latex = delta
    elif f.name == "softmax":
        delta = f"J(z) {error}"
        latex = rf"J(z)\,{error}"
    return Criterion(
        "½ Σ (a - t)²" if half else "Σ (a - t)²",
        delta if half else f"2 {delta}",
        r"\tfrac12 \sum (a - t)^2" if half else r"\sum (a - t)^2",
        latex if half else rf"2\,{latex}",
        lambda z, t: factor * ((f.apply(z) - t) ** 2).sum(axis=0),
        lambda z, t: f.pull(z, 2 * factor * (f.apply(z) - t)),
        lambda z, t: 2 * factor * (f.apply(z) - t),
    )


def _summed(loss: OfNets) -> OfNets:
    """The loss of each sample: the sum over its units."""
    return lambda z, t: loss(z, t).sum(axis=0)


def _log_sum_of_others(z: Array, unit: int) -> Array:
    return np.logaddexp.reduce(np.delete(z, unit, axis=0), axis=0)


def _softmax_binary_cross_entropy(z: Array, t: Array) -> Array:
    everything = np.logaddexp.reduce(z, axis=0)
    log_rest = np.stack([_log_sum_of_others(z, unit) - everything for unit in range(len(z))])
    return -(t * layers.log_softmax(z, axis=0) + (1 - t) * log_rest).sum(axis=0)


def _softmax_binary_cross_entropy_delta(z: Array, t: Array) -> Array:
    delta = len(z) * softmax(z) - t
    for unit in range(len(z)):
        others = np.arange(len(z))[:, None] != unit
        share = np.exp(z - _log_sum_of_others(z, unit), where=others, out=np.zeros_like(z))
        delta -= (1 - t[unit]) * share
    return delta


def _binary_gradient(y: Array, t: Array) -> Array:
    return (y - t) / (y * (1 - y))


_CATEGORICAL = Criterion(
    "-Σ t ln @",
    "@ - t",
    r"-\sum t \ln @",
    "@ - t",
    _summed(lambda z, t: layers.softmax_cross_entropy(z, t, axis=0)),
    lambda z, t: layers.softmax_cross_entropy_slope(z, t, axis=0),
    lambda z, t: -t / softmax(z),
)
_BINARY = Criterion(
    "-Σ (t ln @ + (1 - t) ln(1 - @))",
    "@ - t",
    r"-\sum \left(t \ln @ + (1 - t) \ln(1 - @)\right)",
    "@ - t",
    _summed(layers.logistic_cross_entropy),
    layers.logistic_cross_entropy_slope,
    lambda z, t: _binary_gradient(layers.sigmoid(z), t),
)
_SOFTSIGN = Criterion(
    "-Σ (t ln y + (1 - t) ln(1 - y)) [y = (1 + @) / 2]",
    "2 (y - t) / (1 + 2 |z|)",
    r"-\sum \left(t \ln y + (1 - t) \ln(1 - y)\right) \;\left[y = \tfrac12 (1 + @)\right]",
    r"\frac{2\,(y - t)}{1 + 2\,|z|}",
    _summed(layers.softsign_cross_entropy),
    layers.softsign_cross_entropy_slope,
    lambda z, t: _binary_gradient((1 + layers.softsign(z)) / 2, t),
)
_SQUARED = Criterion(
    "½ Σ (@ - t)²",
    "(@ - t) ∘ σ'(z)",
    r"\tfrac12 \sum (@ - t)^2",
    r"(@ - t) \circ \sigma'(z)",
    _summed(layers.logistic_squared_error),
    layers.logistic_squared_error_slope,
    lambda z, t: layers.sigmoid(z) - t,
)
_SOFTMAX_BINARY = replace(
    _BINARY,
    delta_formula="J(z) ((a - t) / (a (1 - a)))",
    latex_delta=r"J(z)\,\frac{a - t}{a\,(1 - a)}",
    value=_softmax_binary_cross_entropy,
    delta=_softmax_binary_cross_entropy_delta,
    read_gradient=lambda z, t: _binary_gradient(softmax(z), t),
)

_CRITERIA = {
    ("softmax-cross-entropy", "softmax"): replace(
        _CATEGORICAL.comparing("a", "a"),
        of_outputs=(
            lambda a, t: -(t * np.log(a, where=t > 0, out=np.zeros_like(a))).sum(axis=0),
            lambda a, t: a * t.sum(axis=0) - t,
        ),
    ),
    ("softmax-cross-entropy", "identity"): _CATEGORICAL.comparing(
        "softmax(z)", r"\mathrm{softmax}(z)"
    ),
    ("binary-cross-entropy", "sigmoid"): _BINARY.comparing("a", "a"),
    ("binary-cross-entropy", "softmax"): _SOFTMAX_BINARY.comparing("a", "a"),
    ("logistic-cross-entropy", "sigmoid"): _BINARY.comparing("a", "a"),
    ("logistic-cross-entropy", "identity"): _BINARY.comparing("σ(z)", r"\sigma(z)"),
    ("softsign-cross-entropy", "softsign"): _SOFTSIGN.comparing("a", "a"),
    ("softsign-cross-entropy", "identity"): _SOFTSIGN.comparing(
        "softsign(z)", r"\mathrm{softsign}(z)"
    ),
    ("logistic-squared-error", "sigmoid"): _SQUARED.comparing("a", "a"),
    ("logistic-squared-error", "identity"): _SQUARED.comparing("σ(z)", r"\sigma(z)"),
}

PAIRS = tuple((loss, name) for loss in FACTORS for name in ACTIVATIONS) + tuple(_CRITERIA)
"""Every loss with every output activation that it can follow."""

LOSSES = tuple(dict.fromkeys(loss for loss, _ in PAIRS))

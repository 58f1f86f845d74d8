"""The losses that the reports compare: values, slopes and formulas.

A loss is a function of the net z of the output, which the reports call its score. A binary loss
takes z and t of one shape, with t 0 or 1. A softmax loss takes z (n, k) and t one-hot (n, k), and
its values are (n, 1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_nn.errors import InputError
from fashion_nn.lab import layers

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Loss:
    """A loss: its value and its slope dL/dz, and both as formulas (LaTeX)."""

    name: str
    title: str
    formula: str
    derivative: str
    value: Callable[[Floats, Floats], Floats]
    slope: Callable[[Floats, Floats], Floats]


# The slopes of the logistic losses differ from those of `layers` in the last bit, on which
# trainings that the ledger has stored depend.
LOSSES: Mapping[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            "logistic-cross-entropy",
            "logistic cross-entropy",
            r"-t\ln y-(1-t)\ln(1-y),\; y=\sigma(z)",
            r"y-t",
            layers.logistic_cross_entropy,
            lambda z, t: layers.sigmoid_by_tanh(z) - t,
        ),
        Loss(
            "softsign-cross-entropy",
            "softsign cross-entropy",
            r"-t\ln y-(1-t)\ln(1-y),\; y=\frac{1}{2}\left(1+\frac{z}{1+|z|}\right)",
            r"\frac{y-t}{y(1-y)}\cdot\frac{1}{2(1+|z|)^2}",
            layers.softsign_cross_entropy,
            layers.softsign_cross_entropy_slope,
        ),
        Loss(
            "logistic-squared-error",
            "logistic squared error",
            r"\frac{1}{2}(y-t)^2,\; y=\sigma(z)",
            r"(y-t)\,y(1-y)",
            layers.logistic_squared_error,
            lambda z, t: (layers.sigmoid_by_tanh(z) - t) * layers.sigmoid_derivative(z),
        ),
        Loss(
            "softmax-cross-entropy",
            "softmax cross-entropy",
            r"-\sum_k t_k\ln p_k,\; p=\mathrm{softmax}(z)",
            r"p-t",
            lambda z, t: layers.softmax_cross_entropy(z, t, axis=1),
            lambda z, t: layers.softmax_cross_entropy_slope(z, t, axis=1),
        ),
        Loss(
            "softmax-squared-error",
            "softmax squared error",
            r"\frac{1}{2}\sum_k(p_k-t_k)^2,\; p=\mathrm{softmax}(z)",
            r"p_k\left((p_k-t_k)-\sum_j p_j(p_j-t_j)\right)",
            lambda z, t: layers.softmax_squared_error(z, t, axis=1),
            lambda z, t: layers.softmax_squared_error_slope(z, t, axis=1),
        ),
    )
}
BINARY = ("logistic-cross-entropy", "softsign-cross-entropy", "logistic-squared-error")


def entropy(p: Floats) -> float:
    """-Σ p ln p of a distribution, in nats."""
    return cross_entropy(p, p)


def cross_entropy(p: Floats, q: Floats) -> float:
    """-Σ p ln q of two distributions over the same classes, in nats: entropy(p) + kl_divergence(p,
    q).
    """
    return float(-sum(true * np.log(said) for true, said in zip(p, q, strict=True) if true > 0))


def kl_divergence(p: Floats, q: Floats) -> float:
    """Σ p ln(p / q), in nats; for a one-hot p it is the cross-entropy, -ln q of the true class."""
    return float(
        sum(true * np.log(true / said) for true, said in zip(p, q, strict=True) if true > 0)
    )


@dataclass(frozen=True)
class Value:
    """One binary loss at one point."""

    loss: str
    z: float
    t: float
    value: float
    slope: float


def values(z: tuple[float, ...], t: tuple[float, ...]) -> list[Value]:
    """The three binary losses at the scores z, each with its target; a single target is used for
    all scores.

    Raises:
        InputError: a target other than 0 and 1, a score that is not finite, or numbers that do not
            match.
    """
    targets = t * len(z) if len(t) == 1 else t
    if len(targets) != len(z):
        raise InputError(
            f"{len(z)} scores and {len(t)} targets: give one target, or one for each score"
        )
    if not set(targets) <= {0.0, 1.0} or not np.isfinite(z).all():
        raise InputError(f"scores {z} and targets {t}: expected finite scores and targets 0 or 1")
    return [_value(LOSSES[name], *at) for name in BINARY for at in zip(z, targets, strict=True)]


def _value(loss: Loss, z: float, t: float) -> Value:
    score = np.array(z, dtype=np.float64)
    target = np.array(t, dtype=np.float64)
    return Value(
        loss.name,
        float(z),
        float(t),
        float(loss.value(score, target)),
        float(loss.slope(score, target)),
    )


def values_table(found: list[Value]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of text."""
    rows: list[tuple[str, ...]] = [
        (one.loss, f"{one.z:g}", f"{one.t:g}", f"{one.value:.8f}", f"{one.slope:.8f}")
        for one in found
    ]
    return ("loss", "z", "t", "value", "slope"), rows

"""Losses as functions of the score z, each with its derivative beside it, exact for large |z| too.

A binary loss takes z and t of one shape, t being 0 or 1. A softmax loss takes scores (n, k) and t one-hot (n, k),
and its values are (n, 1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_nn.errors import InputError

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


def logistic(z: Floats) -> Floats:
    """1 / (1 + e^-z), between 0 and 1."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def logistic_slope(z: Floats) -> Floats:
    """e^-z / (1 + e^-z)², written with e^-|z| so that it neither overflows nor loses its small values.

    Source: report 000, equation 1.
    """
    small = np.exp(-np.abs(z))
    return small / (1 + small) ** 2


def softsign(z: Floats) -> Floats:
    """z / (1 + |z|), between -1 and 1."""
    return z / (1 + np.abs(z))


def softsign_slope(z: Floats) -> Floats:
    """1 / (1 + |z|)². Source: report 000, equation 2."""
    return 1 / (1 + np.abs(z)) ** 2


def _logistic_cross_entropy(z: Floats, t: Floats) -> Floats:
    return np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))


def _logistic_cross_entropy_slope(z: Floats, t: Floats) -> Floats:
    return logistic(z) - t


def _softsign_cross_entropy(z: Floats, t: Floats) -> Floats:
    # y = (1 + softsign z) / 2 is 1/(2(1+|z|)) for z < 0, without the difference that would cancel.
    log_small = -np.log(2 * (1 + np.abs(z)))
    log_large = np.log1p(2 * np.abs(z)) + log_small
    log_y, log_not_y = np.where(z < 0, log_small, log_large), np.where(z < 0, log_large, log_small)
    return -t * log_y - (1 - t) * log_not_y


def _softsign_cross_entropy_slope(z: Floats, t: Floats) -> Floats:
    # (y - t) / (y (1 - y)) · ½ / (1 + |z|)², cancelled: with a = |z| the sides are 1/(1+a) and 1/((1+a)(1+2a)).
    far, near = 1 / (1 + np.abs(z)), 1 / ((1 + np.abs(z)) * (1 + 2 * np.abs(z)))
    against, towards = np.where(z < 0, near, far), np.where(z < 0, far, near)
    return (1 - t) * against - t * towards


def _logistic_squared_error(z: Floats, t: Floats) -> Floats:
    return 0.5 * (logistic(z) - t) ** 2


def _logistic_squared_error_slope(z: Floats, t: Floats) -> Floats:
    return (logistic(z) - t) * logistic_slope(z)


def softmax(z: Floats) -> Floats:
    """Of each row."""
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _softmax_cross_entropy(z: Floats, t: Floats) -> Floats:
    top = z.max(axis=1, keepdims=True)
    return np.log(np.exp(z - top).sum(axis=1, keepdims=True)) + top - (t * z).sum(axis=1, keepdims=True)


def _softmax_cross_entropy_slope(z: Floats, t: Floats) -> Floats:
    return softmax(z) - t


def _softmax_squared_error(z: Floats, t: Floats) -> Floats:
    return 0.5 * ((softmax(z) - t) ** 2).sum(axis=1, keepdims=True)


def _softmax_squared_error_slope(z: Floats, t: Floats) -> Floats:
    p = softmax(z)
    off = p - t
    return p * (off - (p * off).sum(axis=1, keepdims=True))


LOSSES: Mapping[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            "logistic-cross-entropy",
            "logistic cross-entropy",
            r"-t\ln y-(1-t)\ln(1-y),\; y=\sigma(z)",
            r"y-t",
            _logistic_cross_entropy,
            _logistic_cross_entropy_slope,
        ),
        Loss(
            "softsign-cross-entropy",
            "softsign cross-entropy",
            r"-t\ln y-(1-t)\ln(1-y),\; y=\frac{1}{2}\left(1+\frac{z}{1+|z|}\right)",
            r"\frac{y-t}{y(1-y)}\cdot\frac{1}{2(1+|z|)^2}",
            _softsign_cross_entropy,
            _softsign_cross_entropy_slope,
        ),
        Loss(
            "logistic-squared-error",
            "logistic squared error",
            r"\frac{1}{2}(y-t)^2,\; y=\sigma(z)",
            r"(y-t)\,y(1-y)",
            _logistic_squared_error,
            _logistic_squared_error_slope,
        ),
        Loss(
            "softmax-cross-entropy",
            "softmax cross-entropy",
            r"-\sum_k t_k\ln p_k,\; p=\mathrm{softmax}(z)",
            r"p-t",
            _softmax_cross_entropy,
            _softmax_cross_entropy_slope,
        ),
        Loss(
            "softmax-squared-error",
            "softmax squared error",
            r"\frac{1}{2}\sum_k(p_k-t_k)^2,\; p=\mathrm{softmax}(z)",
            r"p_k\left((p_k-t_k)-\sum_j p_j(p_j-t_j)\right)",
            _softmax_squared_error,
            _softmax_squared_error_slope,
        ),
    )
}
BINARY = ("logistic-cross-entropy", "softsign-cross-entropy", "logistic-squared-error")


def entropy(p: Floats) -> float:
    """-Σ p ln p of a distribution, in nats."""
    return cross_entropy(p, p)


def cross_entropy(p: Floats, q: Floats) -> float:
    """-Σ p ln q of two distributions over the same classes, in nats: entropy(p) + kl_divergence(p, q)."""
    return float(-sum(true * np.log(said) for true, said in zip(p, q, strict=True) if true > 0))


def kl_divergence(p: Floats, q: Floats) -> float:
    """Σ p ln(p / q), in nats; for a one-hot p it is the cross-entropy, -ln q of the true class."""
    return float(sum(true * np.log(true / said) for true, said in zip(p, q, strict=True) if true > 0))


@dataclass(frozen=True)
class Value:
    """One binary loss at one point."""

    loss: str
    z: float
    t: float
    value: float
    slope: float


def values(z: tuple[float, ...], t: tuple[float, ...]) -> list[Value]:
    """The three binary losses at scores z, each with its target; one target does for all.

    Raises:
        InputError: a target other than 0 and 1, a score that is not finite, or numbers that do not match.
    """
    targets = t * len(z) if len(t) == 1 else t
    if len(targets) != len(z):
        raise InputError(f"{len(z)} scores and {len(t)} targets: give one target, or one for each score")
    if not set(targets) <= {0.0, 1.0} or not np.isfinite(z).all():
        raise InputError(f"scores {z} and targets {t}: expected finite scores and targets 0 or 1")
    scores, aims = np.array(z, dtype=np.float64), np.array(targets, dtype=np.float64)
    return [
        Value(name, *(float(each) for each in row))
        for name in BINARY
        for row in zip(scores, aims, LOSSES[name].value(scores, aims), LOSSES[name].slope(scores, aims), strict=True)
    ]


def values_table(found: list[Value]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of text."""
    rows: list[tuple[str, ...]] = [
        (one.loss, f"{one.z:g}", f"{one.t:g}", f"{one.value:.8f}", f"{one.slope:.8f}") for one in found
    ]
    return ("loss", "z", "t", "value", "slope"), rows

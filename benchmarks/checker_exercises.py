"""Random exercises in backpropagation, worked in plain NumPy as a student does who makes an error.

Nothing here uses the package's own rules, so that `checker` can measure them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

TERMS = ("nets", "outputs", "deltas", "weight_gradients", "bias_gradients")
UPDATES = ("updated_weights", "updated_biases")

HIDDEN = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "leaky-relu": (lambda z: np.where(z > 0, z, 0.01 * z), lambda a: np.where(a > 0, 1.0, 0.01)),
}
OUTPUTS = (
    ("sigmoid", "half-squared-error"),
    ("sigmoid", "half-squared-error"),
    ("tanh", "half-squared-error"),
    ("identity", "half-squared-error"),
    ("softmax", "softmax-cross-entropy"),
    ("sigmoid", "binary-cross-entropy"),
)
"""Outputs with their losses; the commonest pair of course sheets counts twice."""


@dataclass
class Given:
    """What an exercise prints, as a student may misread it."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    x: np.ndarray
    t: np.ndarray
    query: np.ndarray
    activations: list[str]
    loss: str
    rate: float
    share: float
    show: Callable[[float], float] = float

    @property
    def depth(self) -> int:
        return len(self.weights)


def draw(rng: np.random.Generator) -> tuple[dict, Given]:
    """A random exercise, as JSON and as arrays."""
    sizes = [int(rng.integers(2, 5)) for _ in range(int(rng.integers(2, 4)))]
    output, loss = OUTPUTS[rng.integers(len(OUTPUTS))]
    units = int(rng.integers(2 if output == "softmax" else 1, 4))
    sizes.append(units)
    activations = [str(rng.choice(list(HIDDEN))) for _ in sizes[1:-1]] + [output]
    shapes = list(zip(sizes[1:], sizes, strict=False))
    weights = [_two_decimals(rng, shape) for shape in shapes]
    biases = [_two_decimals(rng, rows) for rows, _ in shapes]
    count = int(rng.integers(1, 3))
    x = np.round(rng.uniform(-1.5, 1.5, (sizes[0], count)), 1)
    x[x == 0] = 0.7
    t = np.eye(units)[:, rng.integers(units, size=count)] if units > 1 else np.ones((1, count))
    query = np.round(rng.uniform(-1.5, 1.5, sizes[0]), 1)
    rate = float(rng.choice([0.1, 0.2, 0.3, 0.5]))
    reduction = str(rng.choice(["sum", "mean"]))
    share = 1 / count if reduction == "mean" else 1.0
    values = {
        "layers": sizes,
        "activations": activations,
        "weights": [weight.tolist() for weight in weights],
        "biases": [bias.tolist() for bias in biases],
        "loss": loss,
        "learning_rate": rate,
        "reduction": reduction,
        "samples": [{"x": x[:, n].tolist(), "target": t[:, n].tolist()} for n in range(count)],
        "query": query.tolist(),
    }
    return values, Given(weights, biases, x, t, query, activations, loss, rate, share)


def _two_decimals(rng: np.random.Generator, shape: Any) -> np.ndarray:
    values = np.round(rng.normal(0, 0.8, shape), 2)
    return np.where(values == 0, 0.25, values)


def forward(given: Given, x: np.ndarray, weights: Any, biases: Any, hooks: dict) -> tuple:
    nets = []
    outputs = [x]
    for layer, name in enumerate(given.activations, start=1):
        bias = hooks.get("bias", lambda layer, b: b)(layer, biases[layer - 1])
        net = weights[layer - 1] @ outputs[-1] + bias[:, None]
        if name == "softmax":
            power = np.exp(net - net.max(axis=0))
            output = power / power.sum(axis=0)
        elif name == "identity":
            output = net
        else:
            output = HIDDEN[name][0](net)
        nets.append(net)
        outputs.append(hooks.get("output", lambda layer, a: a)(layer, output))
    return nets, outputs


def loss_of(given: Given, a: np.ndarray) -> float:
    if given.loss == "half-squared-error":
        return given.share * float((0.5 * (a - given.t) ** 2).sum())
    total = -(given.t * np.log(a)).sum()
    if given.loss == "binary-cross-entropy":
        total -= ((1 - given.t) * np.log(1 - a)).sum()
    return given.share * float(total)


def work(given: Given, hooks: dict[str, Any]) -> dict[str, list | float]:
    """The exercise as a student works it, with full precision."""
    depth = given.depth
    nets, outputs = forward(given, given.x, given.weights, given.biases, hooks)
    deltas: list[Any] = [None] * depth
    for layer in range(depth, 0, -1):
        name = given.activations[layer - 1]
        if layer == depth:
            into = given.share * (outputs[-1] - given.t)
            with_slope = given.loss == "half-squared-error" and name != "identity"
        else:
            weight = given.weights[layer]
            if "back" in hooks:
                weight = hooks["back"](layer, weight, deltas[layer], outputs[layer])
            into = weight.T @ deltas[layer]
            with_slope = True
        slope = HIDDEN[name][1](_clean(nets, outputs, layer, name)) if with_slope else 1.0
        slope = hooks.get("slope", lambda layer, slope, a: slope)(layer, slope, outputs[layer])
        deltas[layer - 1] = hooks.get("delta", lambda layer, d: d)(layer, into * slope)
    of_weights = [deltas[k] @ outputs[k].T for k in range(depth)]
    of_biases = [delta.sum(axis=1) for delta in deltas]
    step = hooks.get("step", lambda key, layer, old, gradient: old - given.rate * gradient)
    pairs = list(enumerate(zip(given.weights, of_weights, strict=True), start=1))
    weights = [step("updated_weights", layer, *pair) for layer, pair in pairs]
    pairs = list(enumerate(zip(given.biases, of_biases, strict=True), start=1))
    biases = [step("updated_biases", layer, *pair) for layer, pair in pairs]
    after = forward(given, given.x, weights, biases, {})[1][-1]
    answer = forward(given, given.query[:, None], weights, biases, {})[1][-1][:, 0]
    worked = (nets, outputs[1:], deltas, of_weights, of_biases, weights, biases)
    values: dict[str, Any] = dict(zip((*TERMS, *UPDATES), worked, strict=True))
    values["loss_before"] = loss_of(given, outputs[-1])
    values["loss_after"] = loss_of(given, after)
    values["query_output"] = answer
    return values


def _clean(nets: list, outputs: list, layer: int, name: str) -> np.ndarray:
    """The output that f' is taken at: from the net, so that a misread output does not enter it."""
    return HIDDEN[name][0](nets[layer - 1])

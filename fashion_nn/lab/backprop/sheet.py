"""The terms of an exercise, and the rule by which each follows from those before it.

Notation, for layers of weights l = 1..L: the input a[0] = x, nets z[l] = W[l] a[l-1] + b[l],
outputs a[l] = f(z[l]), and δ[l] = ∂E/∂z[l], where E is the loss that is reported: with the
reduction `mean` δ carries the factor 1/samples, and gradients are plain sums over the columns of δ
in either case.

    δ[L] = ∂E/∂z[L]                          from the loss
    δ[l] = (W[l+1]ᵀ δ[l+1]) ∘ f'(z[l])       softmax: its Jacobian in place of ∘ f'
    ∂E/∂W[l] = δ[l] a[l-1]ᵀ                  outputs × inputs
    ∂E/∂b[l] = δ[l] 1                        summed over the samples
    W[l] ← W[l] - η ∂E/∂W[l]                 and b[l] likewise, all at once

Source: report 004, exercise 1; report 002, equations 4 to 9.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from fashion_nn.lab.backprop.activations import ACTIVATIONS, Activation, Array
from fashion_nn.lab.backprop.criteria import FACTORS, Criterion, criterion
from fashion_nn.lab.backprop.exercise import Exercise

LAYERED = (
    "nets",
    "outputs",
    "deltas",
    "weight_gradients",
    "bias_gradients",
    "updated_weights",
    "updated_biases",
)
SINGLE = ("loss_before", "loss_after", "query_output", "query_class")
KEYS = LAYERED + SINGLE


class Term(NamedTuple):
    """One quantity of an exercise: a key of the trace, and the layer (from 1; 0 where there is
    none).
    """

    key: str
    layer: int = 0


class Parameters(NamedTuple):
    """Weights (outputs × inputs) and biases (outputs,) of each layer, first layer first."""

    weights: Sequence[Array]
    biases: Sequence[Array]


class Passed(NamedTuple):
    """Nets and outputs (units × samples) of each layer after a forward pass, first layer first."""

    nets: list[Array]
    outputs: list[Array]


def terms(exercise: Exercise) -> list[Term]:
    """All terms in the order in which a person computes them."""
    up = range(1, exercise.depth + 1)
    down = range(exercise.depth, 0, -1)
    order = [Term(key, layer) for layer in up for key in ("nets", "outputs")]
    order += [Term("deltas", layer) for layer in down]
    order += [Term(key, layer) for layer in down for key in ("weight_gradients", "bias_gradients")]
    order += [Term(key, layer) for layer in down for key in ("updated_weights", "updated_biases")]
    order += [Term("loss_before"), Term("loss_after")]
    if exercise.query is not None:
        order += [Term("query_output"), Term("query_class")]
    return order


class Source(Enum):
    """What a person takes the loss and f' from. It matters once z[l] and a[l] do not agree."""

    NETS = "both from the nets"
    OUTPUTS = "both from the outputs"
    BOTH = "the loss from the outputs, f' from the nets"


class Sheet(dict[Term, Array]):
    """The terms that are written down so far; `compute` works out a further one from them.

    A sheet does not claim that its terms are right: the marking fills sheets with a student's terms
    and asks what should follow. Nets, outputs and deltas are units × samples; losses and the class
    are 0-d.
    """

    def __init__(
        self,
        exercise: Exercise,
        values: Mapping[Term, Array] = {},
        *,
        source: Source = Source.NETS,
    ):
        super().__init__(values)
        self.exercise = exercise
        self.source = source

    def copy(self, *, exercise: Exercise | None = None, source: Source | None = None) -> "Sheet":
        """The same terms, perhaps of an exercise with another number in it."""
        return Sheet(exercise or self.exercise, self, source=source or self.source)

    def agrees_with(self, other: "Sheet") -> bool:
        """Whether the same would follow from both sheets, except for float64 rounding."""
        shared = self.keys() & other.keys()
        layers = [term.layer for term in shared if term.key == "outputs"]
        return (
            (self.exercise is other.exercise)
            and all(_equal(self[term], other[term]) for term in shared)
            and all(_equal(self.net(layer), other.net(layer)) for layer in layers)
            and (self.exercise.depth not in layers or _equal(self.read_net, other.read_net))
        )

    # --- What the terms are computed from

    @cached_property
    def criterion(self) -> Criterion:
        return criterion(self.exercise.loss, self.exercise.activations[-1])

    @property
    def share(self) -> float:
        """The weight of one sample in the loss."""
        return 1 / len(self.exercise.samples) if self.exercise.reduction == "mean" else 1.0

    def activation(self, layer: int) -> Activation:
        return ACTIVATIONS[self.exercise.activations[layer - 1]]

    def weight(self, layer: int) -> Array:
        return self.exercise.weight_matrices[layer - 1]

    def bias(self, layer: int) -> Array:
        return self.exercise.bias_vectors[layer - 1]

    def delta(self, layer: int) -> Array:
        return self[Term("deltas", layer)]

    def output(self, layer: int) -> Array:
        """a[layer]; a[0] are the inputs."""
        return self[Term("outputs", layer)] if layer else self.exercise.inputs

    def net(self, layer: int) -> Array:
        """z[layer] as f' sees it: as written, or worked out from the output as written."""
        if self.source is Source.OUTPUTS:
            return self.activation(layer).invert(self.output(layer))
        return self[Term("nets", layer)]

    @property
    def read_net(self) -> Array:
        """z of the output layer as the loss sees it: as written, or worked out from the output."""
        depth = self.exercise.depth
        if self.source is Source.NETS:
            return self[Term("nets", depth)]
        return self.activation(depth).invert(self.output(depth))

    def parameter(self, term: Term) -> Array:
        """The weights or biases before the step, for a term that updates them."""
        return self.weight(term.layer) if term.key == "updated_weights" else self.bias(term.layer)

    def gradient(self, term: Term) -> Array:
        """∂E by the parameters that a term updates."""
        key = "weight_gradients" if term.key == "updated_weights" else "bias_gradients"
        return self[Term(key, term.layer)]

    def updated(self) -> Parameters:
        """Weights and biases after the step."""
        layers = range(1, self.exercise.depth + 1)
        return Parameters(
            [self[Term("updated_weights", layer)] for layer in layers],
            [self[Term("updated_biases", layer)] for layer in layers],
        )

    # --- Rules

    def compute(self, term: Term) -> Array:
        """The value of `term` that follows from the terms before it."""
        layer = term.layer
        match term.key:
            case "nets":
                return self.combine(layer)
            case "outputs":
                return self.activation(layer).apply(self[Term("nets", layer)])
            case "deltas":
                return self._delta(layer)
            case "weight_gradients":
                return _product(self.delta(layer), self.output(layer - 1).T)
            case "bias_gradients":
                return _product(self.delta(layer), np.ones(len(self.exercise.samples)))
            case "updated_weights" | "updated_biases":
                step = self.exercise.learning_rate * self.gradient(term)
                return _sum(self.parameter(term), -step)
            case "loss_before":
                return self._loss_before()
            case "loss_after":
                return self._loss(
                    forward(self.exercise, self.exercise.inputs, self.updated()).nets[-1]
                )
            case "query_output":
                return self.pass_query().outputs[-1][:, 0]
            case "query_class":
                chosen = classify(self.exercise, self[Term("query_output")])
                return np.array(np.nan if chosen is None else chosen)
        raise KeyError(term.key)

    def combine(
        self, layer: int, *, weight: Array | None = None, below: Array | None = None
    ) -> Array:
        """z[layer] = W a + b, with another weight matrix or other outputs of the layer below where
        given.
        """
        weight = self.weight(layer) if weight is None else weight
        below = self.output(layer - 1) if below is None else below
        return _sum(_product(weight, below), self.bias(layer)[:, None])

    def pull(self, layer: int, gradient: Array) -> Array:
        """From ∂E/∂a[layer] to ∂E/∂z[layer]."""
        return self.activation(layer).pull(self.net(layer), gradient)

    def pass_query(self) -> Passed:
        """The query point through the network with the updated parameters, as one column."""
        return forward(self.exercise, np.array(self.exercise.query)[:, None], self.updated())

    def _delta(self, layer: int) -> Array:
        if layer == self.exercise.depth:
            targets = self.exercise.targets
            if self.source is Source.BOTH and "squared" in self.exercise.loss:
                error = self.criterion.read_gradient(self.read_net, targets)
                return self.share * self.pull(layer, error)
            if self.source is not Source.NETS and self.criterion.of_outputs:
                return self.share * self.criterion.of_outputs[1](self.output(layer), targets)
            return self.share * self.criterion.delta(self.read_net, targets)
        return self.pull(layer, _product(self.weight(layer + 1).T, self.delta(layer + 1)))

    def _loss_before(self) -> Array:
        if self.source is not Source.NETS and self.criterion.of_outputs:
            value = self.criterion.of_outputs[0]
            return self.share * value(self.output(self.exercise.depth), self.exercise.targets).sum()
        return self._loss(self.read_net)

    def _loss(self, nets: Array) -> Array:
        return self.share * self.criterion.value(nets, self.exercise.targets).sum()


def _equal(a: Array, b: Array) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-11, atol=1e-14, equal_nan=True)


def _product(left: Array, right: Array) -> Array:
    """The matrix product, and 0 where its summands cancel except for the last bits of a float64."""
    product = left @ right
    residue = np.abs(product) <= 4 * np.finfo(np.float64).eps * (np.abs(left) @ np.abs(right))
    return np.where(residue & np.isfinite(product), 0.0, product)


def _sum(one: Array, other: Array) -> Array:
    """The sum, and 0 where the two cancel except for the last bits of a float64."""
    total = one + other
    residue = np.abs(total) <= 4 * np.finfo(np.float64).eps * (np.abs(one) + np.abs(other))
    return np.where(residue & np.isfinite(total), 0.0, total)


def forward(exercise: Exercise, x: Array, parameters: Parameters) -> Passed:
    """The forward pass of `x` (units × samples) with these parameters."""
    passed = Passed([], [])
    below = x
    for name, weight, bias in zip(exercise.activations, *parameters, strict=True):
        passed.nets.append(weight @ below + bias[:, None])
        below = ACTIVATIONS[name].apply(passed.nets[-1])
        passed.outputs.append(below)
    return passed


def classify(exercise: Exercise, output: Array) -> int | None:
    """The class, from 0, that the outputs (units,) speak for; None where they are no classes.

    Several outputs: the largest, and the first of equal ones. One output: class 1 above the
    `threshold`.
    """
    if len(output) > 1:
        return int(output.argmax())
    middle = threshold(exercise)
    return None if middle is None else int(output[0] > middle)


def threshold(exercise: Exercise) -> float | None:
    """What a single output has to exceed for class 1; None where it is a regression.

    It is the middle of the codes of the two classes. These are 0 and 1; they are -1 and 1 wherever
    a target is -1, and for tanh and softsign unless a target is 0. With other targets the exercise
    is a regression.
    """
    activation = exercise.activations[-1]
    targets = set(exercise.targets.flat)
    if activation == "sigmoid":
        return 0.5
    if exercise.loss not in FACTORS:
        return 0.0  # the outputs are nets, or softsign's: 0 is where y = 1/2
    signed = -1 in targets or (activation in {"tanh", "softsign"} and 0 not in targets)
    low = -1.0 if signed else 0.0
    return (low + 1) / 2 if targets <= {low, 1.0} else None

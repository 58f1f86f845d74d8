"""Forward pass, backward pass and one step of gradient descent, term by term as on paper.

Notation, for layers of weights l = 1..L: the input a[0] = x, nets z[l] = W[l] a[l-1] + b[l], outputs
a[l] = f(z[l]), and δ[l] = ∂E/∂z[l], where E is the loss that is reported: with the reduction `mean`
δ carries the factor 1/samples, and gradients are plain sums over the columns of δ in either case.

    δ[L] = ∂E/∂z[L]                          from the loss
    δ[l] = (W[l+1]ᵀ δ[l+1]) ∘ f'(z[l])       softmax: its Jacobian in place of ∘ f'
    ∂E/∂W[l] = δ[l] a[l-1]ᵀ                  outputs × inputs
    ∂E/∂b[l] = δ[l] 1                        summed over the samples
    W[l] ← W[l] - η ∂E/∂W[l]                 and b[l] likewise, all at once

Source: report 004, exercise 1; report 002, equations 4 to 9.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.activations import ACTIVATIONS, Activation, Array
from fashion_nn.lab.backprop.criteria import Criterion, criterion
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
    """One quantity of a worked exercise: a key of the trace, and the layer (from 1; 0 where there is none)."""

    key: str
    layer: int = 0


def terms(exercise: Exercise) -> list[Term]:
    """All terms in the order in which a person computes them."""
    up, down = range(1, exercise.depth + 1), range(exercise.depth, 0, -1)
    order = [Term(key, layer) for layer in up for key in ("nets", "outputs")]
    order += [Term("deltas", layer) for layer in down]
    order += [Term(key, layer) for layer in down for key in ("weight_gradients", "bias_gradients")]
    order += [Term(key, layer) for layer in down for key in ("updated_weights", "updated_biases")]
    order += [Term("loss_before"), Term("loss_after")]
    if exercise.query is not None:
        order += [Term("query_output"), Term("query_class")]
    return order


class Sheet(dict[Term, Array]):
    """The terms written down so far; `compute` works out a further one from them.

    Nothing in it says that they are right: whoever grades fills a sheet with a student's terms and
    asks what should follow. Nets, outputs and deltas are units × samples, losses and the class 0-d.
    """

    def __init__(self, exercise: Exercise, values: Mapping[Term, Array] = {}, *, slopes_from_outputs: bool = False):
        super().__init__(values)
        self.exercise = exercise
        self.slopes_from_outputs = slopes_from_outputs

    def copy(self) -> "Sheet":
        return Sheet(self.exercise, self, slopes_from_outputs=self.slopes_from_outputs)

    def agrees_with(self, other: "Sheet") -> bool:
        """Whether the same would follow from both, but for float64 noise."""

        def same(a: Array, b: Array) -> bool:
            return a.shape == b.shape and np.allclose(a, b, rtol=1e-11, atol=1e-14, equal_nan=True)

        shared = self.keys() & other.keys()
        layers = [term.layer for term in shared if term.key == "outputs"]
        return all(same(self[term], other[term]) for term in shared) and all(
            same(self.net(layer), other.net(layer)) for layer in layers
        )

    @cached_property
    def criterion(self) -> Criterion:
        return criterion(self.exercise.loss, self.exercise.activations[-1])

    @property
    def share(self) -> float:
        """What one sample counts in the loss."""
        return 1 / len(self.exercise.samples) if self.exercise.reduction == "mean" else 1.0

    def activation(self, layer: int) -> Activation:
        return ACTIVATIONS[self.exercise.activations[layer - 1]]

    def weight(self, layer: int) -> Array:
        return self.exercise.weight_matrices[layer - 1]

    def bias(self, layer: int) -> Array:
        return self.exercise.bias_vectors[layer - 1]

    def output(self, layer: int) -> Array:
        """a[layer]; a[0] are the inputs."""
        return self[Term("outputs", layer)] if layer else self.exercise.inputs

    def net(self, layer: int) -> Array:
        """z[layer] as f' and the loss see it: as written, or worked out from the output as written."""
        if self.slopes_from_outputs:
            return self.activation(layer).invert(self.output(layer))
        return self[Term("nets", layer)]

    def pull(self, layer: int, gradient: Array) -> Array:
        """From ∂E/∂a[layer] to ∂E/∂z[layer]."""
        return self.activation(layer).pull(self.net(layer), gradient)

    def compute(self, term: Term) -> Array:
        """The value of `term` that follows from the terms before it."""
        return getattr(self, f"_{term.key}")(*([term.layer] if term.layer else []))

    def _nets(self, layer: int) -> Array:
        return self.weight(layer) @ self.output(layer - 1) + self.bias(layer)[:, None]

    def _outputs(self, layer: int) -> Array:
        return self.activation(layer).apply(self[Term("nets", layer)])

    def _deltas(self, layer: int) -> Array:
        if layer == self.exercise.depth:
            return self.share * self.criterion.delta(self.net(layer), self.exercise.targets)
        return self.pull(layer, _product(self.weight(layer + 1).T, self[Term("deltas", layer + 1)]))

    def _weight_gradients(self, layer: int) -> Array:
        return _product(self[Term("deltas", layer)], self.output(layer - 1).T)

    def _bias_gradients(self, layer: int) -> Array:
        return _product(self[Term("deltas", layer)], np.ones(len(self.exercise.samples)))

    def _updated_weights(self, layer: int) -> Array:
        return self.weight(layer) - self.exercise.learning_rate * self[Term("weight_gradients", layer)]

    def _updated_biases(self, layer: int) -> Array:
        return self.bias(layer) - self.exercise.learning_rate * self[Term("bias_gradients", layer)]

    def _loss_before(self) -> Array:
        depth = self.exercise.depth
        return self.share * self.criterion.value(self.net(depth), self.exercise.targets).sum()

    def updated(self) -> tuple[list[Array], list[Array]]:
        """Weights and biases after the step."""
        layers = range(1, self.exercise.depth + 1)
        return (
            [self[Term("updated_weights", layer)] for layer in layers],
            [self[Term("updated_biases", layer)] for layer in layers],
        )

    def _loss_after(self) -> Array:
        nets, _ = forward(self.exercise, self.exercise.inputs, *self.updated())
        return self.share * self.criterion.value(nets[-1], self.exercise.targets).sum()

    def _query_output(self) -> Array:
        _, outputs = forward(self.exercise, np.array(self.exercise.query)[:, None], *self.updated())
        return outputs[-1][:, 0]

    def _query_class(self) -> Array:
        chosen = classify(self.exercise, self[Term("query_output")])
        return np.array(np.nan if chosen is None else chosen)


def _product(left: Array, right: Array) -> Array:
    """The matrix product, and 0 where its summands cancel but for the last bits of a float64."""
    product = left @ right
    residue = np.abs(product) <= 4 * np.finfo(np.float64).eps * (np.abs(left) @ np.abs(right))
    return np.where(residue, 0.0, product)


def forward(
    exercise: Exercise, x: Array, weights: Sequence[Array], biases: Sequence[Array]
) -> tuple[list[Array], list[Array]]:
    """Nets and outputs of each layer for `x` (units × samples), with these parameters."""
    nets, outputs = [], [x]
    for name, weight, bias in zip(exercise.activations, weights, biases, strict=True):
        nets.append(weight @ outputs[-1] + bias[:, None])
        outputs.append(ACTIVATIONS[name].apply(nets[-1]))
    return nets, outputs[1:]


def classify(exercise: Exercise, output: Array) -> int | None:
    """The class, from 0, that the outputs (units,) speak for; None where they are no classes.

    Several outputs: the largest, of equal ones the first. One output: class 1 above the middle of its
    two codes, which are 0 and 1, or -1 and 1 for tanh and softsign (unless a target is 0) and wherever
    a target is -1; with other targets it is a regression.
    """
    if len(output) > 1:
        return int(output.argmax())
    middle = threshold(exercise)
    return None if middle is None else int(output[0] > middle)


def threshold(exercise: Exercise) -> float | None:
    """What a single output has to exceed for class 1; None where it is a regression."""
    activation, targets = exercise.activations[-1], set(exercise.targets.flat)
    if activation == "sigmoid":
        return 0.5
    if exercise.loss != "half-squared-error":
        return 0.0  # the outputs are nets, or softsign's: 0 is where y = 1/2
    low = -1.0 if -1 in targets or (activation in {"tanh", "softsign"} and 0 not in targets) else 0.0
    return (low + 1) / 2 if targets <= {low, 1.0} else None


@dataclass(frozen=True)
class Trace:
    """A worked exercise: one float64 array a layer, first layer first.

    `nets`, `outputs`, `deltas` are units × samples, `weight_gradients` and `updated_weights` outputs ×
    inputs, `bias_gradients` and `updated_biases` (outputs,). The query is passed through the updated
    network: `query_nets` and `query_outputs` (units,) layer by layer; `query_class` counts from 0.
    """

    exercise: Exercise
    nets: tuple[Array, ...]
    outputs: tuple[Array, ...]
    deltas: tuple[Array, ...]
    weight_gradients: tuple[Array, ...]
    bias_gradients: tuple[Array, ...]
    updated_weights: tuple[Array, ...]
    updated_biases: tuple[Array, ...]
    loss_before: float
    loss_after: float
    query_nets: tuple[Array, ...] | None
    query_outputs: tuple[Array, ...] | None
    query_class: int | None

    @property
    def query_output(self) -> Array | None:
        """The outputs for the query point, (units,)."""
        return self.query_outputs[-1] if self.query_outputs else None

    def to_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {key: [array.tolist() for array in getattr(self, key)] for key in LAYERED}
        values |= {"loss_before": self.loss_before, "loss_after": self.loss_after}
        values["query_output"] = None if self.query_output is None else self.query_output.tolist()
        return values | {"query_class": self.query_class}


def solve(exercise: Exercise) -> Sheet:
    """All terms of the exercise.

    Raises:
        InputError: a term is too large for float64.
    """
    sheet = Sheet(exercise)
    with np.errstate(over="ignore", invalid="ignore"):
        for term in terms(exercise):
            sheet[term] = sheet.compute(term)
            if term.key != "query_class" and not np.isfinite(sheet[term]).all():
                where = f" of layer {term.layer}" if term.layer else ""
                raise InputError(f"{term.key}{where}: too large for a float64: use smaller weights, inputs or rate")
    return sheet


def trace(exercise: Exercise) -> Trace:
    """The worked exercise.

    Raises:
        InputError: a term is too large for float64.
    """
    sheet = solve(exercise)
    layers = range(1, exercise.depth + 1)
    layered = {key: tuple(sheet[Term(key, layer)] for layer in layers) for key in LAYERED}
    nets = outputs = chosen = None
    if exercise.query is not None:
        nets, outputs = forward(exercise, np.array(exercise.query)[:, None], *sheet.updated())
        nets, outputs = (tuple(column[:, 0] for column in columns) for columns in (nets, outputs))
        chosen = classify(exercise, outputs[-1])
    losses = float(sheet[Term("loss_before")]), float(sheet[Term("loss_after")])
    return Trace(
        exercise,
        **layered,
        **dict(zip(("loss_before", "loss_after"), losses, strict=True)),
        query_nets=nets,
        query_outputs=outputs,
        query_class=chosen,
    )

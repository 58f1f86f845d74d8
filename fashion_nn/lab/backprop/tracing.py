"""The worked exercise: all of its terms, in one typed record."""

from dataclasses import dataclass

import numpy as np

from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.sheet import LAYERED, Sheet, Term, classify, terms


@dataclass(frozen=True)
class WorkedQuery:
    """The query point after it has been passed through the updated network.

    Attributes:
        nets: (units,) of each layer; `outputs` likewise.
        chosen: the class, counted from 0; None where the output is a regression.
    """

    nets: tuple[Array, ...]
    outputs: tuple[Array, ...]
    chosen: int | None


@dataclass(frozen=True)
class Trace:
    """A worked exercise: one float64 array for each layer, first layer first.

    Attributes:
        nets: units × samples; `outputs` and `deltas` likewise.
        weight_gradients: outputs × inputs; `updated_weights` likewise.
        bias_gradients: (outputs,); `updated_biases` likewise.
        query: None where the exercise has no query.
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
    query: WorkedQuery | None

    @property
    def query_nets(self) -> tuple[Array, ...]:
        return self.query.nets if self.query else ()

    @property
    def query_outputs(self) -> tuple[Array, ...]:
        return self.query.outputs if self.query else ()

    @property
    def query_output(self) -> Array | None:
        """The outputs for the query point, (units,)."""
        return self.query.outputs[-1] if self.query else None

    @property
    def query_class(self) -> int | None:
        return self.query.chosen if self.query else None

    def to_json(self) -> JsonObject:
        """All terms as plain Python values."""
        values: dict[str, Json] = {
            key: [array.tolist() for array in getattr(self, key)] for key in LAYERED
        }
        values["loss_before"] = self.loss_before
        values["loss_after"] = self.loss_after
        values["query_output"] = None if self.query_output is None else self.query_output.tolist()
        values["query_class"] = self.query_class
        return values


def solve(exercise: Exercise) -> Sheet:
    """The sheet with all terms of the exercise.

    Raises:
        InputError: a term is too large for float64.
    """
    sheet = Sheet(exercise)
    with np.errstate(over="ignore", invalid="ignore"):
        for term in terms(exercise):
            sheet[term] = sheet.compute(term)
            if term.key != "query_class" and not np.isfinite(sheet[term]).all():
                where = f" of layer {term.layer}" if term.layer else ""
                raise InputError(
                    f"{term.key}{where}: too large for a float64: use smaller weights, inputs or"
                    " rate"
                )
    return sheet


def trace(exercise: Exercise) -> Trace:
    """Work the exercise: one forward pass, one backward pass, one step of gradient descent, and the
    query.

    Raises:
        InputError: a term is too large for float64.
    """
    sheet = solve(exercise)

    def layered(key: str) -> tuple[Array, ...]:
        return tuple(sheet[Term(key, layer)] for layer in range(1, exercise.depth + 1))

    return Trace(
        exercise,
        nets=layered("nets"),
        outputs=layered("outputs"),
        deltas=layered("deltas"),
        weight_gradients=layered("weight_gradients"),
        bias_gradients=layered("bias_gradients"),
        updated_weights=layered("updated_weights"),
        updated_biases=layered("updated_biases"),
        loss_before=float(sheet[Term("loss_before")]),
        loss_after=float(sheet[Term("loss_after")]),
        query=None if exercise.query is None else _worked_query(sheet),
    )


def _worked_query(sheet: Sheet) -> WorkedQuery:
    passed = sheet.pass_query()
    outputs = tuple(column[:, 0] for column in passed.outputs)
    chosen = classify(sheet.exercise, outputs[-1])
    return WorkedQuery(tuple(column[:, 0] for column in passed.nets), outputs, chosen)

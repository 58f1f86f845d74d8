"""Numbers of an exercise drawn anew, such that its solution shows every step.

The numbers are those of a person: one decimal, none of them 0, and all weights of a layer different
where one decimal allows that. They come from raw PCG64 output, which NumPy keeps stable.
"""

import hashlib
import re

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise, from_json
from fashion_nn.lab.backprop.sheet import Sheet, Term, threshold
from fashion_nn.lab.backprop.tracing import solve

MOST_DRAWS = 2000
"""Draws of one sheet after which the exercise is given up."""

MOST_UNITS = 8
"""Maximum number of units of a layer on a sheet."""

FLAT = {"sigmoid": 4.0, "tanh": 2.5, "softsign": 20.0}
"""Size of a net above which the activation is so flat that δ is nearly 0."""

TIE = 0.02
"""Difference of outputs, or of an output from its threshold, below which the class is a tie."""

_LAYERS = re.compile(r"\d{1,3}(-\d{1,3})+")


def network(
    layers: str, *, activation: str = "sigmoid", loss: str = "half-squared-error"
) -> Exercise:
    """A new exercise with these layers, such as "2-3-1"; its numbers are still to be drawn.

    Raises:
        InputError: no such layers, activation or loss, or more units than a sheet has room for.
    """
    if not _LAYERS.fullmatch(layers):
        raise InputError(f"{layers}: expected units of each layer, input first, such as 2-3-1")
    sizes = [int(size) for size in layers.split("-")]
    output = "softmax" if loss == "softmax-cross-entropy" else "sigmoid"
    if output == "softmax" and sizes[-1] < 2:
        raise InputError(f"{layers}: softmax needs two outputs or more")
    values = {
        "layers": sizes,
        "activations": [*[activation] * (len(sizes) - 2), output],
        "weights": 0.5,
        "biases": 0.5,
        "loss": loss,
        "learning_rate": 0.5,
        "samples": [{"x": [0.5] * sizes[0], "target": [1, *[0] * (sizes[-1] - 1)]}],
        "query": [0.5] * sizes[0],
    }
    return from_json(values, layers)


def fresh(exercise: Exercise, key: str, draw: int = 0) -> tuple[Exercise, int]:
    """The exercise with numbers that belong to this key, and the number of the draw.

    Layers, activations, loss, rate and targets stay; inputs that are 0 or 1 and biases that are all
    0 do, too.

    Args:
        exercise: what is to be worked.
        key: the same key gives the same numbers.
        draw: the first draw that is tried.

    Raises:
        InputError: it is too large for a sheet, or no draw has a solution that shows every step.
    """
    if max(exercise.layers) > MOST_UNITS or len(exercise.samples) > MOST_UNITS:
        raise InputError(f"a sheet has at most {MOST_UNITS} units in a layer and samples")
    for number in range(draw, draw + MOST_DRAWS):
        drawn = _drawn(exercise, f"{key}:{number}")
        if degenerate(solve(drawn)) is None:
            return drawn, number
    raise InputError(
        f"none of {MOST_DRAWS} draws gives a solution without flat units, dead units or ties:"
        " choose other layers, activations or inputs"
    )


def _drawn(exercise: Exercise, key: str) -> Exercise:
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:16])
    source = np.random.PCG64(seed)
    values = exercise.model_dump(mode="json")
    values["weights"] = [_numbers(source, w.shape).tolist() for w in exercise.weight_matrices]
    if any(vector.any() for vector in exercise.bias_vectors):
        values["biases"] = [_numbers(source, b.shape).tolist() for b in exercise.bias_vectors]
    if not np.isin(exercise.inputs, (0, 1)).all():
        inputs = _numbers(source, exercise.inputs.shape)
        for sample, column in zip(values["samples"], inputs.T, strict=True):
            sample["x"] = column.tolist()
    query = exercise.query
    if query is not None and not np.isin(query, (0, 1)).all():
        values["query"] = _numbers(source, (len(query),)).tolist()
    return from_json(values)


def _numbers(source: np.random.PCG64, shape: tuple[int, ...]) -> Array:
    """Different numbers with one decimal in -0.9..0.9, or with two if there are too many."""
    count = int(np.prod(shape))
    scale = 10 if count <= 12 else 100
    known = [number / scale for number in range(-scale + 1, scale) if number]
    # Sorting random words is a random order that does not depend on NumPy's own shuffle.
    order = np.argsort(source.random_raw(len(known)), kind="stable")
    return np.array(known)[order[:count]].reshape(shape)


def degenerate(sheet: Sheet) -> str | None:
    """Why nothing can be learned from this solution; None if it shows every step."""
    exercise = sheet.exercise
    for layer, activation in enumerate(exercise.activations, start=1):
        nets = sheet[Term("nets", layer)]
        if activation in FLAT and np.abs(nets).max() > FLAT[activation]:
            return f"layer {layer} is saturated"
        if activation in {"relu", "leaky-relu"}:
            if not (nets > 0).any(axis=0).all():
                return f"no unit of layer {layer} is active"
            if np.abs(nets).min() < 0.05:
                return f"a net of layer {layer} is at the kink"
        if activation == "softmax" and sheet[Term("outputs", layer)].max() > 0.97:
            return f"layer {layer} is saturated"
        if _closest(nets) < 0.01:
            return f"two units of layer {layer} have the same net"
    if np.abs(sheet[Term("deltas", exercise.depth)]).min() < 0.002:
        return "an output is right before the step"
    return _tie(sheet) if exercise.query is not None else None


def _closest(nets: Array) -> float:
    """The smallest distance of two units in a sample."""
    if len(nets) < 2:
        return np.inf
    return float(np.diff(np.sort(nets, axis=0), axis=0).min())


def _tie(sheet: Sheet) -> str | None:
    outputs = np.sort(sheet[Term("query_output")])
    middle = threshold(sheet.exercise)
    if len(outputs) > 1 and outputs[-1] - outputs[-2] < TIE:
        return "two classes of the query tie"
    if len(outputs) == 1 and middle is not None and abs(outputs[0] - middle) < TIE:
        return "the output for the query is at the threshold"
    return None

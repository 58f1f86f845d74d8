"""An exercise: a small network, its parameters, a loss, samples, and a query point; read from JSON
and checked.
"""

import codecs
import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from fashion_nn.core import strict_json
from fashion_nn.core.reading import packaged, read_bytes
from fashion_nn.core.strict_json import JsonError, JsonObject
from fashion_nn.core.text import did_you_mean
from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.activations import ACTIVATIONS, Array
from fashion_nn.lab.backprop.criteria import LOSSES, criterion

# An exercise is worked on paper, so a larger one is a mistake in the file.
MAX_PARAMETERS = 1_000_000
MAX_NETS = 10_000_000
_MAX_BYTES = 64 << 20
_LIMITS = strict_json.Limits(values=2_000_000)


def _known(names: Iterable[str]) -> AfterValidator:
    names = tuple(names)

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"expected one of {', '.join(names)}{did_you_mean(name, names)}")
        return name

    return AfterValidator(check)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = np.inf
    if not np.isfinite(number):
        raise ValueError("expected a finite number")
    return number


def _numbers(depth: int) -> BeforeValidator:
    """One number, or a list with one entry for each layer: a number, or numbers nested `depth`
    deep.
    """

    def nested(value: Any, left: int) -> Any:
        if not left:
            return _number(value)
        if not isinstance(value, list | tuple):
            raise ValueError("expected a list")
        return tuple(nested(entry, left - 1) for entry in value)

    def check(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return _number(value)
        layers = []
        for layer, entry in enumerate(value, start=1):
            try:
                layers.append(nested(entry, depth if isinstance(entry, list | tuple) else 0))
            except ValueError as error:
                shape = ("a list of numbers, one a unit", "a matrix of numbers, outputs × inputs")[
                    depth - 1
                ]
                raise ValueError(f"layer {layer} needs one number or {shape}: {error}") from None
        return tuple(layers)

    return BeforeValidator(check)


Number = Annotated[float, BeforeValidator(_number)]
Vector = tuple[Number, ...]


class _Given(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sample(_Given):
    """One training example."""

    x: Vector = Field(description="the inputs, one a unit of the input layer")
    target: Vector = Field(description="what the outputs should be, one a unit of the output layer")


class Exercise(_Given):
    """A network of dense layers and one step of gradient descent on all samples together.

    Layers of weights are numbered from 1. `weights` and `biases` are one number for all layers, or
    a list with one entry for each: a number, or a matrix outputs × inputs (biases: a list with one
    number for each unit). `reduction` says whether the loss is the sum over the samples or their
    mean; it is always the sum over units.
    """

    layers: tuple[Annotated[int, Field(strict=True, ge=1)], ...] = Field(
        min_length=2, description="units, input first"
    )
    activations: tuple[Annotated[str, _known(ACTIVATIONS)], ...] = Field(
        description="one a layer of weights"
    )
    weights: Annotated[Any, _numbers(2)]
    biases: Annotated[Any, _numbers(1)] = 0.0
    loss: Annotated[str, _known(LOSSES)]
    learning_rate: Annotated[Number, Field(ge=0)]
    reduction: Annotated[str, _known(("sum", "mean"))] = "sum"
    samples: tuple[Sample, ...] = Field(min_length=1)
    query: Vector | None = Field(
        None, description="a point to classify with the updated parameters"
    )

    @model_validator(mode="after")
    def _agree(self) -> "Exercise":
        if len(self.activations) != self.depth:
            raise ValueError(
                f"activations: {len(self.layers)} layers of units need {self.depth} (all but the"
                f" input layer), got {len(self.activations)}"
            )
        criterion(self.loss, self.activations[-1])
        parameters = sum((a + 1) * b for a, b in zip(self.layers, self.layers[1:], strict=False))
        if parameters > MAX_PARAMETERS or sum(self.layers) * len(self.samples) > MAX_NETS:
            raise ValueError(
                f"{parameters:,} parameters, {len(self.samples):,} samples: too many for an"
                " exercise"
            )
        for number, sample in enumerate(self.samples):
            _require_length(f"samples.{number}.x", sample.x, self.layers[0], "input")
            _require_length(f"samples.{number}.target", sample.target, self.layers[-1], "output")
            if "cross-entropy" in self.loss and not all(0 <= value <= 1 for value in sample.target):
                raise ValueError(
                    f"samples.{number}.target: {self.loss} needs targets in 0..1, got"
                    f" {list(sample.target)}"
                )
        if self.query is not None:
            _require_length("query", self.query, self.layers[0], "input")
        # Both are checked when they are built.
        _ = self.weight_matrices
        _ = self.bias_vectors
        return self

    # pydantic would compare the cached matrices too, which have no single truth value.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exercise) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    @property
    def depth(self) -> int:
        """Number of layers of weights."""
        return len(self.layers) - 1

    @cached_property
    def weight_matrices(self) -> tuple[Array, ...]:
        """One float64 matrix a layer, outputs × inputs."""
        shapes: list[tuple[int, ...]] = [
            (outputs, inputs) for inputs, outputs in zip(self.layers, self.layers[1:], strict=False)
        ]
        return _filled("weights", self.weights, shapes)

    @cached_property
    def bias_vectors(self) -> tuple[Array, ...]:
        """One float64 vector a layer, (outputs,)."""
        return _filled("biases", self.biases, [(outputs,) for outputs in self.layers[1:]])

    @cached_property
    def inputs(self) -> Array:
        """The inputs of all samples, units × samples."""
        return np.array([sample.x for sample in self.samples]).T

    @cached_property
    def targets(self) -> Array:
        """The targets of all samples, units × samples."""
        return np.array([sample.target for sample in self.samples]).T

    def to_json(self) -> JsonObject:
        return self.model_dump(mode="json")


def _filled(key: str, given: Any, shapes: list[tuple[int, ...]]) -> tuple[Array, ...]:
    if isinstance(given, tuple) and len(given) != len(shapes):
        raise ValueError(
            f"{key}: expected one number or {len(shapes)} entries, one a layer, got {len(given)}"
        )
    entries = given if isinstance(given, tuple) else (given,) * len(shapes)
    arrays = []
    for layer, (entry, shape) in enumerate(zip(entries, shapes, strict=True), start=1):
        if not isinstance(entry, tuple):
            arrays.append(np.full(shape, entry))
            continue
        found = _shape(entry)
        if found != shape:
            meant = " (outputs × inputs)" if len(shape) == 2 else " numbers, one a unit"
            mend = ": transpose it" if found == shape[::-1] and len(shape) == 2 else ""
            raise ValueError(
                f"{key}: layer {layer} needs {_times(shape)}{meant}, got {_times(found)}{mend}"
            )
        arrays.append(np.array(entry))
    return tuple(arrays)


def _shape(entry: tuple) -> tuple[int, ...] | None:
    """Shape of nested tuples; None where rows differ in length."""
    if not entry or not isinstance(entry[0], tuple):
        return (len(entry),)
    widths = {len(row) for row in entry}
    return (len(entry), widths.pop()) if len(widths) == 1 else None


def _times(shape: tuple[int, ...] | None) -> str:
    return " × ".join(map(str, shape)) if shape else "rows of different lengths"


def _require_length(where: str, given: Vector, length: int, layer: str) -> None:
    if len(given) != length:
        raise ValueError(f"{where}: the {layer} layer has {length} units, got {len(given)} numbers")


def from_json(values: Any, source: str = "exercise") -> Exercise:
    """Check an exercise in its JSON form.

    Args:
        values: the parsed JSON object.
        source: the name of the exercise in messages.

    Example:
        >>> exercise = from_json(
        ...     {
        ...         "layers": [2, 1],
        ...         "activations": ["sigmoid"],
        ...         "weights": [[[0.5, -0.5]]],
        ...         "loss": "half-squared-error",
        ...         "learning_rate": 0.1,
        ...         "samples": [{"x": [1, 0], "target": [1]}],
        ...     }
        ... )
        >>> exercise.depth
        1

    Raises:
        InputError: something is missing, unknown, of the wrong shape or out of range.
    """
    if not isinstance(values, dict):
        raise InputError(
            f"{source}: expected a JSON object with {', '.join(Exercise.model_fields)}"
        )
    try:
        return Exercise.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{source}: {_first_problem(error)}") from None


def _first_problem(error: ValidationError) -> str:
    # A misspelt key is reported twice, as unknown and as missing; the first says more.
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    where = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        known = (Sample if "." in where else Exercise).model_fields
        name = str(problem["loc"][-1])
        return f"unknown key {where!r}: expected {', '.join(known)}{did_you_mean(name, known)}"
    if problem["type"] == "missing":
        return f"{where} is missing"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    got = json.dumps(problem["input"], default=str)
    return (
        f"{where}: got {got if len(got) <= 60 else got[:57] + '...'}, {message}"
        if where
        else message
    )


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        InputError: the file cannot be read, or is not JSON within its limits; see
            `fashion_nn.core.strict_json`.
    """

    expected = "expected an exercise or answers as JSON"
    content = read_bytes(path, expected=expected, most=_MAX_BYTES, follow_links=True)
    try:
        return strict_json.parse(content.removeprefix(codecs.BOM_UTF8), _LIMITS)
    except JsonError as error:
        raise InputError(f"{path}: cannot be read as JSON: {error}") from None


def built_in() -> dict[str, dict[str, Any]]:
    """The built-in exercises by name: `about` says what each is, `exercise` is its JSON form."""
    return json.loads(packaged(__package__, "exercises.json"))


def load(name: str) -> Exercise:
    """The exercise called `name`: a built-in one, by its name or what follows the slash, or a JSON
    file.

    Raises:
        InputError: there is none, or the file is no exercise.
    """
    known = built_in()
    short = [full for full in known if full.split("/")[1] == name]
    if name in known or len(short) == 1:
        full = name if name in known else short[0]
        return from_json(known[full]["exercise"], full)
    path = Path(name)
    if path.suffix == ".json" or path.is_file():
        return from_json(read_json(path), name)
    if short:
        raise InputError(f"exercise {name!r} could be {' or '.join(short)}: give the full name")
    raise InputError(
        f"unknown exercise {name!r}: expected a JSON file or"
        f" {', '.join(known)}{did_you_mean(name, known)}"
    )

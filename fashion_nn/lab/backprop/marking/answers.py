"""A student's answers: read from JSON into terms, under the keys of a trace or as on paper."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.marking.precision import Precision
from fashion_nn.lab.backprop.sheet import KEYS, LAYERED, Sheet, Term

_LABELS = {
    "nets": "z[{0}]",
    "outputs": "a[{0}]",
    "deltas": "δ[{0}]",
    "weight_gradients": "∂E/∂W[{0}]",
    "bias_gradients": "∂E/∂b[{0}]",
    "updated_weights": "updated W[{0}]",
    "updated_biases": "updated b[{0}]",
    "loss_before": "E before the step",
    "loss_after": "E after the step",
    "query_output": "output for the query",
    "query_class": "class of the query",
}

_ON_PAPER = {
    "nets": ("z",),
    "outputs": ("a",),
    "deltas": ("δ", "delta"),
    "weight_gradients": ("∂E/∂W", "dE/dW"),
    "bias_gradients": ("∂E/∂b", "dE/db"),
    "updated_weights": ("updated W", "new W"),
    "updated_biases": ("updated b", "new b"),
    "loss_before": ("E before the step", "E"),
    "loss_after": ("E after the step", "new E"),
    "query_output": ("output for the query",),
    "query_class": ("class of the query",),
}
"""How the keys are written on paper; those of a layer are followed by its number, as in `z[1]`."""

_WRITTEN = re.compile(r"(.*?)\s*(?:\[\s*(\d{1,9})\s*\])?")
_PRECISION = ("decimals", "digits")
_NEW = ("updated_weights", "updated_biases", "loss_before", "loss_after")
_NOT_TERMS = ("format", "student")
"""Keys that `--json` and worksheets write beside the terms."""


@dataclass(frozen=True)
class Answers:
    """The answered terms, and the precision that the answers declare, if they do."""

    terms: dict[Term, Array]
    precision: Precision | None


def label(term: Term) -> str:
    """The term as it is written on paper."""
    return _LABELS[term.key].format(term.layer)


def on_sheet(term: Term) -> str:
    """The key of a term on a worksheet, such as `new W[1]`."""
    name = _ON_PAPER[term.key][-1] if term.key in _NEW else _ON_PAPER[term.key][0]
    return f"{name}[{term.layer}]" if term.layer else name


def place(term: Term, entry: Sequence[int]) -> str:
    """A term and one of its entries, counted from 1."""
    words = [label(term)]
    if entry:
        words.append(f"unit {entry[0] + 1}")
    if len(entry) == 2:
        column = "sample" if term.key in {"nets", "outputs", "deltas"} else "input"
        words.append(f"{column} {entry[1] + 1}")
    return ", ".join(words)


def read(values: Any, right: Sheet, source: str = "answers") -> Answers:
    """The answered terms, with NaN where a single number is left out (null).

    The keys are those of a trace, or are written as on paper, such as `z[1]`. `format` and
    `student` are ignored; `decimals` or `digits` declare what the numbers are rounded to. A layer
    or a number that is null is not answered. One number stands for a whole matrix, a flat list for
    one column. A matrix of another shape than the term's is kept: it is a mistake of the student,
    not a broken file.

    Args:
        values: the parsed JSON object.
        right: the solved exercise, for the shapes.
        source: the name of the answers in messages.

    Raises:
        InputError: not an object, an unknown key, something other than numbers, a term that is
            answered twice, or one that the exercise does not ask for.
    """
    if not isinstance(values, dict) or not values:
        raise InputError(f"{source}: expected a JSON object with any of {', '.join(KEYS)}")
    terms: dict[Term, Array] = {}
    declared: dict[str, int] = {}
    for key, given in values.items():
        if key in _PRECISION:
            declared |= _declared(key, given, source)
        elif key not in _NOT_TERMS:
            for term, entry in _by_term(key, given, right.exercise, source).items():
                if entry is None:
                    continue
                if term in terms:
                    raise InputError(f"{source}: {key}: {label(term)} is answered twice")
                numbers = _numbers(entry, f"{source}: {label(term)}")
                terms[term] = _shaped(numbers, term, right, source)
    terms = {term: array for term, array in terms.items() if not np.isnan(array).all()}
    if not terms:
        raise InputError(f"{source}: every key is null: nothing is answered")
    return Answers(terms, Precision(**declared) if declared else None)


def _declared(key: str, given: Any, source: str) -> dict[str, int]:
    if given is None:
        return {}
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= 15:
        raise InputError(
            f"{source}: {key}: expected a whole number from 1 to 15, got {given!r:.40}"
        )
    return {key: given}


def _on_paper(key: str, exercise: Exercise) -> Term | None:
    """The term that a key names as it is written on paper, such as `δ[2]`; None if it does not."""
    written = _WRITTEN.fullmatch(key.strip())
    if written is None:
        return None
    name, number = written.groups()
    known = next((term for term, names in _ON_PAPER.items() if name in names), None)
    if known is None or (number is not None) != (known in LAYERED):
        return None
    layer = int(number or 0)
    return Term(known, layer) if layer <= exercise.depth and (number is None or layer) else None


def _by_term(key: str, given: Any, exercise: Exercise, source: str) -> Mapping[Term, Any]:
    term = _on_paper(key, exercise)
    if term is not None:
        return {term: given}
    if key not in KEYS:
        wanted = f"expected any of {', '.join(KEYS)}, or a term as on paper, such as z[1]"
        raise InputError(f"{source}: unknown key {key!r:.60}: {wanted}")
    if key not in LAYERED:
        return {Term(key): given}
    if given is None:
        return {}
    if not isinstance(given, list) or len(given) != exercise.depth:
        got = f"{len(given)} entries" if isinstance(given, list) else "no list"
        wanted = f"a list of {exercise.depth}, one entry a layer (null for one left out)"
        raise InputError(f"{source}: {key}: expected {wanted}, got {got}")
    return {Term(key, layer): entry for layer, entry in enumerate(given, start=1)}


def _numbers(entry: Any, where: str) -> Array:
    def check(value: Any, depth: int) -> Any:
        if isinstance(value, list) and depth < 2:
            return [check(inner, depth + 1) for inner in value]
        if value is None:
            return np.nan
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not abs(value) < 1e100:
            raise InputError(f"{where}: expected numbers below 1e100, got {str(value)[:40]!r}")
        return float(value)

    numbers = check(entry, 0)
    try:
        return np.array(numbers, dtype=np.float64)
    except ValueError:
        raise InputError(f"{where}: rows of different lengths") from None


def _shaped(array: Array, term: Term, right: Sheet, source: str) -> Array:
    if term not in right:
        raise InputError(f"{source}: {term.key}: the exercise has no query")
    if np.isnan(right[term]).any():
        raise InputError(
            f"{source}: query_class: the single output of this exercise is a regression, not a"
            " class"
        )
    shape = right[term].shape
    if array.ndim == 0:
        return np.full(shape, array)
    is_column = len(shape) == 2 and shape[1] == 1
    flat_column = array.ndim == 1 and is_column and len(array) == shape[0]
    column_as_vector = array.ndim == 2 and array.shape[1] == 1 and (len(array),) == shape
    one_number = array.size == 1 and not shape
    return array.reshape(shape) if flat_column or column_as_vector or one_number else array

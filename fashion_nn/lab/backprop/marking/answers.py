"""A student's answers: read from JSON into terms, and compared with a value to as many digits as
they have.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.sheet import KEYS, LAYERED, Sheet, Term

Digits = NDArray[np.int64]
"""Significant digits of each entry of an answer."""

Mask = NDArray[np.bool_]
"""Which entries of an answer are meant."""

EXACT = 15
"""Digits of an entry that is equal to the value."""

ENOUGH = 3
"""Digits that an answer must have right to be right."""

_NOISE = 1e-12
"""What a sum that should be 0 may come to in float64."""

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


def label(term: Term) -> str:
    """The term as it is written on paper."""
    return _LABELS[term.key].format(term.layer)


def place(term: Term, entry: Sequence[int]) -> str:
    """A term and one of its entries, counted from 1."""
    words = [label(term)]
    if entry:
        words.append(f"unit {entry[0] + 1}")
    if len(entry) == 2:
        column = "sample" if term.key in {"nets", "outputs", "deltas"} else "input"
        words.append(f"{column} {entry[1] + 1}")
    return ", ".join(words)


def read(values: Any, right: Sheet, source: str = "answers") -> dict[Term, Array]:
    """The answered terms, with NaN where a single number is left out (null).

    The keys are those of a trace; `format` is ignored. A layer or a number that is null is not
    answered. One number stands for a whole matrix, a flat list for one column. A matrix of another
    shape than the term's is kept: it is a mistake of the student, not a broken file.

    Args:
        values: the parsed JSON object.
        right: the solved exercise, for the shapes.
        source: the name of the answers in messages.

    Raises:
        InputError: not an object, an unknown key, something other than numbers, or a key that the
            exercise does not ask for.
    """
    if not isinstance(values, dict) or not values:
        raise InputError(f"{source}: expected a JSON object with any of {', '.join(KEYS)}")
    answers: dict[Term, Array] = {}
    for key, given in values.items():
        if key == "format":  # `--json` prints it above the terms
            continue
        if key not in KEYS:
            raise InputError(f"{source}: unknown key {key!r}: expected any of {', '.join(KEYS)}")
        for term, entry in _by_term(key, given, right.exercise, source).items():
            if entry is not None:
                numbers = _numbers(entry, f"{source}: {label(term)}")
                answers[term] = _shaped(numbers, term, right, source)
    answers = {term: array for term, array in answers.items() if not np.isnan(array).all()}
    if not answers:
        raise InputError(f"{source}: every key is null: nothing is answered")
    return answers


def _by_term(key: str, given: Any, exercise: Exercise, source: str) -> Mapping[Term, Any]:
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


def digits(answer: Array, value: Array) -> Digits:
    """Significant digits to which each entry of `answer` is `value` rounded.

    `EXACT` where they are equal except for float32 rounding; 0 where the answer is no rounding of
    the value. An entry may be rounded to significant digits of its own, or all entries to the same
    decimals; then the digits are those of the largest entry. Entries that are left out count as
    exact.
    """
    scale = _largest(value)
    error = np.abs(answer - value)
    exact = np.isnan(answer) | (error <= 1e-7 * np.maximum(np.abs(value), 1e-3 * scale) + _NOISE)
    found = np.where(exact, EXACT, 0)
    if exact.all():
        return found
    decimals = next((n for n in range(12) if _multiples(answer, 10.0**-n).all()), None)
    if decimals is not None and scale:
        of_largest = decimals + int(np.floor(np.log10(scale))) + 1
        fits = error <= 0.5000005 * 10.0**-decimals
        found[fits & ~exact] = np.clip(of_largest, 0, EXACT - 1)
    with np.errstate(all="ignore"):
        magnitude = np.floor(np.log10(np.abs(value))) + 1
        for count in range(1, 13):
            unit = 10.0 ** (magnitude - count)
            found[(error <= 0.5000005 * unit) & _multiples(answer, unit) & (found < count)] = count
    return found


def _largest(value: Array) -> float:
    return float(np.abs(value, where=np.isfinite(value), out=np.zeros(value.shape)).max(initial=0))


def _multiples(answer: Array, unit: Array | float) -> Mask:
    with np.errstate(all="ignore"):
        steps = answer / unit
        return (np.abs(steps - np.round(steps)) <= 1e-3) | np.isnan(answer)


def closeness(answer: Array, value: Array, term: Term, right: Sheet) -> Digits:
    """Digits to which the entries of an answer agree with `value` without being a rounding of it.

    They are counted from the size of the entry, or from a hundredth of the largest one if that is
    more. The size of an updated parameter is that of its step.
    """
    size = (
        value - right.parameter(term)
        if term.key in {"updated_weights", "updated_biases"}
        else value
    )
    with np.errstate(all="ignore"):
        floor = np.maximum(np.abs(size), 0.01 * _largest(size))
        agree = -np.log10(2 * np.abs(answer - value) / floor)
    agree = np.nan_to_num(agree, nan=0, posinf=EXACT, neginf=0)
    return np.floor(agree).clip(0, EXACT).astype(np.int64)

"""Numbers of the exercise that are copied wrongly: a digit of a weight, another layer's bias.

A number that is miscopied once is used in the term where it shows, or from there on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.sheet import Sheet, Term

MOST_DIGITS = 6
"""Digits of a number above which it is not looked at: nobody copies such a number by hand."""

MAX_PARAMETERS = 400
"""Maximum number of parameters of an exercise in which single numbers are tried."""


@dataclass(frozen=True)
class Miscopied:
    """What a term would be with a number miscopied.

    Attributes:
        exercise: makes the exercise with that number in it, for a number that is used from here
            on; None for one that is miscopied in this term alone.
    """

    cause: str
    detail: str
    value: Array
    exercise: Callable[[], Exercise] | None = None


def miscopied(sheet: Sheet, term: Term, entry: tuple[int, ...]) -> Iterator[Miscopied]:
    """What this entry of the term would be with one number of the exercise miscopied."""
    exercise = sheet.exercise
    if sum(weight.size for weight in exercise.weight_matrices) > MAX_PARAMETERS:
        return
    match term.key:
        case "nets":
            yield from _other_biases(sheet, term, entry[0])
            yield from _in_net(sheet, term, *entry)
        case "deltas" if term.layer == exercise.depth:
            yield from _targets(sheet, term, *entry)
        case "deltas":
            yield from _in_hidden_delta(sheet, term, entry[0])
        case "updated_weights" | "updated_biases":
            yield from _before_the_step(sheet, term, entry)


def variants(number: float) -> Iterator[tuple[str, float]]:
    """What a number may be miscopied as: its cause, and the number."""
    written = Decimal(repr(number)).normalize()
    sign, places, exponent = written.as_tuple()
    if not number or len(places) > MOST_DIGITS or not isinstance(exponent, int):
        return
    if exponent > -2:  # 1.1 may stand there as 1.10
        places += (0,) * (exponent + 2)
        exponent = -2
    places = (0,) * max(0, 1 - exponent - len(places)) + places
    others = []
    for place in range(len(places)):
        for digit in range(10):
            if digit != places[place]:
                others.append((*places[:place], digit, *places[place + 1 :]))
    for place in range(len(places) - 1):
        first, second = places[place : place + 2]
        others.append((*places[:place], second, first, *places[place + 2 :]))
    for digits in dict.fromkeys(others):
        changed = float(Decimal((sign, digits, exponent)))
        if changed and changed != number:
            yield "number miscopied", changed
    yield "sign lost", -number
    yield "number miscopied", number * 10
    yield "number miscopied", number / 10


def _other_biases(sheet: Sheet, term: Term, unit: int) -> Iterator[Miscopied]:
    own = sheet.bias(term.layer)
    value = sheet.compute(term)
    for layer, other in enumerate(sheet.exercise.bias_vectors, start=1):
        if layer != term.layer and (len(other) == 1 or len(other) >= len(own)):
            taken = np.resize(other, len(own))
            detail = f"b[{layer}] in place of b[{term.layer}]"
            yield Miscopied("wrong bias", detail, value + (taken - own)[:, None])
    for layer, other in enumerate(sheet.exercise.bias_vectors, start=1):
        for index, number in enumerate(other):
            if number != own[unit]:
                changed = value.copy()
                changed[unit] += number - own[unit]
                taken_from = f"b[{layer}], unit {index + 1}"
                detail = f"{taken_from} in place of b[{term.layer}], unit {unit + 1}"
                yield Miscopied("wrong bias", detail, changed)


def _in_net(sheet: Sheet, term: Term, unit: int, sample: int) -> Iterator[Miscopied]:
    """A weight, a bias or an input of this unit, miscopied for good or here alone."""
    layer = term.layer
    value = sheet.compute(term)
    below = sheet.output(layer - 1)
    weight = sheet.weight(layer)

    def both(where: str, cause: str, old: float, new: float, change: Array, make: Any) -> Any:
        detail = f"{where} is read as {new:g}, not {old:g}"
        yield Miscopied(cause, f"{detail}, from here on", value + change, make)
        yield Miscopied(cause, f"{detail}, here alone", value + change)

    of_unit = (np.arange(len(value)) == unit)[:, None]
    for source in range(weight.shape[1]):
        old = float(weight[unit, source])
        for cause, new in variants(old):
            make = partial(with_weight, sheet.exercise, layer, (unit, source), new)
            where = f"W[{layer}], unit {unit + 1}, input {source + 1}"
            yield from both(where, cause, old, new, of_unit * (new - old) * below[source], make)
    old = float(sheet.bias(layer)[unit])
    for cause, new in variants(old):
        make = partial(with_bias, sheet.exercise, layer, unit, new)
        yield from both(
            f"b[{layer}], unit {unit + 1}", cause, old, new, of_unit * (new - old), make
        )
    if layer == 1:
        of_sample = np.arange(value.shape[1]) == sample
        for source in range(len(below)):
            old = float(below[source, sample])
            for cause, new in variants(old):
                make = partial(with_input, sheet.exercise, sample, source, new)
                change = np.outer(weight[:, source], of_sample * (new - old))
                where = f"input {source + 1} of sample {sample + 1}"
                yield from both(where, cause, old, new, change, make)


def _in_hidden_delta(sheet: Sheet, term: Term, unit: int) -> Iterator[Miscopied]:
    """A weight above the unit, miscopied on the way back."""
    layer = term.layer
    weight = sheet.weight(layer + 1)
    above = sheet.delta(layer + 1)
    total = weight.T @ above
    for target in range(len(weight)):
        old = float(weight[target, unit])
        for cause, new in variants(old):
            changed = total.copy()
            changed[unit] += (new - old) * above[target]
            where = f"W[{layer + 1}], unit {target + 1}, input {unit + 1}"
            detail = f"{where} is read as {new:g}, not {old:g}"
            yield Miscopied(cause, detail, sheet.pull(layer, changed))


def _targets(sheet: Sheet, term: Term, unit: int, sample: int) -> Iterator[Miscopied]:
    """The target of this entry, miscopied for good."""
    old = float(sheet.exercise.targets[unit, sample])
    others = [(cause, new) for cause, new in variants(old) if cause != "sign lost"]
    for cause, new in [("number miscopied", 1.0 - old), *others]:
        if "cross-entropy" in sheet.exercise.loss and not 0 <= new <= 1:
            continue
        make = partial(with_target, sheet.exercise, sample, unit, new)
        value = sheet.copy(exercise=make()).compute(term)
        where = f"the target of unit {unit + 1}, sample {sample + 1}"
        yield Miscopied(cause, f"{where} is read as {new:g}, not {old:g}", value, make)


def _before_the_step(sheet: Sheet, term: Term, entry: tuple[int, ...]) -> Iterator[Miscopied]:
    """The parameter that is updated, miscopied."""
    value = sheet.compute(term)
    old = float(sheet.parameter(term)[entry])
    for cause, new in variants(old):
        changed = value.copy()
        changed[entry] += new - old
        detail = f"the value before the step is read as {new:g}, not {old:g}"
        yield Miscopied(cause, detail, changed)


# --- Exercises with another number


def with_weight(exercise: Exercise, layer: int, place: tuple[int, int], number: float) -> Exercise:
    weights = [matrix.copy() for matrix in exercise.weight_matrices]
    weights[layer - 1][place] = number
    return _changed(exercise, weights=tuple(_nested(matrix) for matrix in weights))


def with_bias(exercise: Exercise, layer: int, unit: int, number: float) -> Exercise:
    biases = [vector.copy() for vector in exercise.bias_vectors]
    biases[layer - 1][unit] = number
    return _changed(exercise, biases=tuple(tuple(vector.tolist()) for vector in biases))


def with_input(exercise: Exercise, sample: int, unit: int, number: float) -> Exercise:
    return _with_sample(exercise, sample, "x", unit, number)


def with_target(exercise: Exercise, sample: int, unit: int, number: float) -> Exercise:
    return _with_sample(exercise, sample, "target", unit, number)


def _with_sample(exercise: Exercise, number: int, key: str, unit: int, value: float) -> Exercise:
    samples = list(exercise.samples)
    numbers = list(getattr(samples[number], key))
    numbers[unit] = value
    samples[number] = samples[number].model_copy(update={key: tuple(numbers)})
    return _changed(exercise, samples=tuple(samples))


def _changed(exercise: Exercise, **fields: Any) -> Exercise:
    """The exercise with other numbers of the same shape, which need no check."""
    given = {name: getattr(exercise, name) for name in Exercise.model_fields}
    return Exercise.model_construct(**(given | fields))


def _nested(matrix: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())

"""Claims about a worked exercise: numbers against the lab's trace, and the slip behind those that
differ.

A slip is never typed in: hypotheses (sign, another term, another exercise, a factor) are computed
from the trace and from the report's other figures. The first that gives the printed number is
named.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from fashion_nn.core.strict_json import Json
from fashion_nn.lab import backprop
from fashion_nn.ledger import claims, quotations
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import (
    Check,
    Finding,
    Outcome,
    Slip,
    Verdict,
    joined,
    nothing_printed,
    worst,
)
from fashion_nn.ledger.quotations import PrintedNumber

Place = tuple[str, int, tuple[int, ...]]
"""Key of the trace, layer from 1, entry."""
Hypothesis = tuple[str, float]
"""What may have gone wrong, in words, and the value that it would give."""

# The terms of report 001's network as it names them: a bar is the derivative of the loss by the
# barred thing.
NAMES: dict[str, Place] = {
    "z_1": ("nets", 1, (0, 0)),
    "z_2": ("nets", 1, (1, 0)),
    "h_1": ("outputs", 1, (0, 0)),
    "h_2": ("outputs", 1, (1, 0)),
    "z": ("nets", 2, (0, 0)),
    "y": ("outputs", 2, (0, 0)),
    "zbar": ("deltas", 2, (0, 0)),
    "zbar_h1": ("deltas", 1, (0, 0)),
    "zbar_h2": ("deltas", 1, (1, 0)),
    "wbar_j1": ("weight_gradients", 2, (0, 0)),
    "wbar_j2": ("weight_gradients", 2, (0, 1)),
    "bbar_j": ("bias_gradients", 2, (0,)),
    "wbar_11": ("weight_gradients", 1, (0, 0)),
    "wbar_12": ("weight_gradients", 1, (0, 1)),
    "wbar_21": ("weight_gradients", 1, (1, 0)),
    "wbar_22": ("weight_gradients", 1, (1, 1)),
    "bbar_1": ("bias_gradients", 1, (0,)),
    "bbar_2": ("bias_gradients", 1, (1,)),
    "w_j1'": ("updated_weights", 2, (0, 0)),
    "w_j2'": ("updated_weights", 2, (0, 1)),
    "b_j'": ("updated_biases", 2, (0,)),
    "w_11'": ("updated_weights", 1, (0, 0)),
    "w_12'": ("updated_weights", 1, (0, 1)),
    "w_21'": ("updated_weights", 1, (1, 0)),
    "w_22'": ("updated_weights", 1, (1, 1)),
    "b_1'": ("updated_biases", 1, (0,)),
    "b_2'": ("updated_biases", 1, (1,)),
}


_FEW = 4
_FEWEST_DECIMALS = 3  # with fewer, a number with one other digit says nothing
# A term of report 001's first network → the claim that quotes it, and its place there.
_PRINTED_IN = {
    "zbar": ("001-019", 0),
    "hbar_1": ("001-020", 0),
    "hbar_2": ("001-021", 0),
    "wbar_j1": ("001-022", -1),
    "wbar_j2": ("001-023", -1),
    "zbar_h1": ("001-027", 0),
    "zbar_h2": ("001-028", 0),
    "wbar_21": ("001-029", 0),
    "bbar_1": ("001-031", -1),
    "bbar_2": ("001-032", 0),
}


@lru_cache
def worked(exercise: str) -> backprop.Trace:
    """The lab's trace of an exercise."""
    return backprop.trace(backprop.load(exercise))


def evidence_of(exercise: str) -> str:
    """The command that prints the trace of an exercise."""
    return f"fashion-nn lab backprop {exercise}"


@lru_cache
def named_values(exercise: str) -> dict[str, float]:
    """Every term of a 2-2-1 network by report 001's names, with the derivatives by outputs."""
    trace = worked(exercise)
    values = {
        name: float(getattr(trace, key)[layer - 1][entry])
        for name, (key, layer, entry) in NAMES.items()
    }
    values["ybar"] = float(trace.outputs[1][0, 0] - trace.exercise.targets[0, 0])
    by_outputs = trace.exercise.weight_matrices[1].T @ trace.deltas[1]
    values["hbar_1"] = float(by_outputs[0, 0])
    values["hbar_2"] = float(by_outputs[1, 0])
    return values


@lru_cache
def old_values(exercise: str) -> dict[str, float]:
    """The parameters of a 2-2-1 network before the step, by report 001's names."""
    given = worked(exercise).exercise
    (w1, w2), (b1, b2) = given.weight_matrices, given.bias_vectors
    values = {
        "w_11": w1[0, 0],
        "w_12": w1[0, 1],
        "w_21": w1[1, 0],
        "w_22": w1[1, 1],
        "w_j1": w2[0, 0],
        "w_j2": w2[0, 1],
        "b_1": b1[0],
        "b_2": b1[1],
        "b_j": b2[0],
    }
    return {name: float(value) for name, value in values.items()}


def named(exercise: str, name: str, *, place: int | None = None, copied_from: str = "") -> Check:
    """A number of a 2-2-1 network by its name in report 001.

    Args:
        place: which number of the quotation it is, 0 the first and -1 the last; otherwise all
            numbers have to be right.
        copied_from: an exercise whose values may stand here by mistake.
    """

    def judge(claim: Claim) -> Finding:
        value = named_values(exercise)[name]
        line = quotations.read(claim.quoted)
        numbers = line if place is None or not line else [line[place]]
        others = [number for number in line if number not in numbers]
        verdicts = [number.against(value) for number in numbers]
        verdict = worst(verdicts) if verdicts else Verdict.DIFFERS
        wrong = [each for each in numbers if each.against(value) == Verdict.DIFFERS]
        tried = list(hypotheses(exercise, name, copied_from, others)) if wrong else []
        return Finding(
            verdict,
            value,
            _which_is_right(name, value, others) if wrong else "",
            joined(explained(number, tried) for number in wrong),
            evidence_of(exercise),
            quotations.CRITERION,
            quotations.turning(numbers),
            len(numbers),
        )

    return Check(judge)


def _which_is_right(name: str, value: float, others: list[PrintedNumber]) -> str:
    right = f"{name} is {value:.6g}"
    found = [other for other in others if other.against(value) == Verdict.MATCH]
    return f"{right}, the value printed beside it" if found else right


def explained(number: PrintedNumber, tried: Sequence[Hypothesis]) -> Slip | None:
    """The first hypothesis that gives the printed number, or that misses its last digit.

    Only one that gives all digits of a number with decimals is shown to be what happened: whole
    numbers, such as 0, come about in many ways.
    """
    if not number.value:
        fits = [words for words, value in tried if value == 0]
        return Slip(fits[0], gives=0.0) if fits else None
    for words, value in tried:
        if number.against(value) == Verdict.MATCH:
            return Slip(words, shown=bool(number.unit), gives=value)
    for place, (words, value) in enumerate(tried):
        if digit := _one_digit(number, value):
            # Among many hypotheses one is near by chance.
            shown = place < _FEW
            return Slip(f"one digit is wrong, {digit}; without it: {words}", shown, value)
    for words, value in tried:
        if number.against(value) == Verdict.ROUNDING:
            return Slip(f"{words}, with rounded figures", gives=value)
    return None


def _one_digit(number: PrintedNumber, value: float) -> str:
    """The digit that differs, if the printed number is the value with one other digit."""
    decimals = round(-math.log10(number.unit)) if number.unit else 0
    if decimals < _FEWEST_DECIMALS:
        return ""
    printed = f"{number.value:.{decimals}f}"
    meant = f"{value:.{decimals}f}"
    if len(printed) != len(meant):
        return ""
    pairs = [(a, b) for a, b in zip(printed, meant, strict=True) if a != b]
    return f"{printed} for {meant}" if len(pairs) == 1 and "-" not in pairs[0] else ""


def _printed(name: str) -> float:
    """What the report prints for a term of its first network, right or wrong."""
    id, place = _PRINTED_IN[name]
    return quotations.read(claims.by_id(id).quoted)[place].value


def hypotheses(
    exercise: str, name: str, copied_from: str, others: Sequence[PrintedNumber]
) -> Iterator[Hypothesis]:
    """What may have gone wrong with a term, and the value that it would give.

    Args:
        others: the other numbers of the printed line.
    """
    value = named_values(exercise)[name]
    yield "the right value", value
    yield "sign lost", -value
    if copied_from:
        yield from _copied(exercise, copied_from)
    if name.endswith("'"):
        yield from _steps_of_the_line(exercise, name, others)
        yield from _wrong_steps(exercise, name)
        return
    if name.startswith("zbar_h"):
        yield from _rounded_on_the_way(exercise, name)
    yield from _wrong_terms(exercise, name)


def _copied(exercise: str, copied_from: str) -> Iterator[Hypothesis]:
    """A value of another exercise, as it is or as it is printed there."""
    there = named_values(copied_from)
    for other, value in there.items():
        yield f"copied from {copied_from}: {other} there", value
        yield f"copied from {copied_from}: {other} there, sign lost", -value
    for other, (id, _) in _PRINTED_IN.items():
        yield f"copied from {copied_from}: {other} as printed there ({id})", _printed(other)
        words = f"copied from {copied_from}: {other} as printed there ({id}), with a minus"
        yield words, -_printed(other)


def _steps_of_the_line(
    exercise: str, name: str, others: Sequence[PrintedNumber]
) -> Iterator[Hypothesis]:
    """An updated parameter by a gradient that is printed: in the line, or for the parameter."""
    old = old_values(exercise)
    rate = worked(exercise).exercise.learning_rate
    gradient = {"w": "wbar", "b": "bbar"}[name[0]] + name[1:-1]
    slopes = [(f"the gradient in the line, {one.value:g}", one.value) for one in others]
    if gradient in _PRINTED_IN:
        slope = _printed(gradient)
        slopes.append((f"the printed {gradient}, {slope:g} ({_PRINTED_IN[gradient][0]})", slope))
    starts = sorted(old.items(), key=lambda item: item[0] != name[:-1])
    for words, slope in slopes:
        for other, before in starts:
            yield f"{before:g} (the old {other}) less {rate:g} times {words}", before - rate * slope


def _wrong_steps(exercise: str, name: str) -> Iterator[Hypothesis]:
    """An updated parameter: its step taken from another place, in the other direction, or by
    another gradient.
    """
    values = named_values(exercise)
    old = old_values(exercise)
    before = old[name[:-1]]
    gradient = values[{"w": "wbar", "b": "bbar"}[name[0]] + name[1:-1]]
    rate = worked(exercise).exercise.learning_rate
    yield "the step is added, not subtracted", before + rate * gradient
    yield "the sign of the old value is lost", -before - rate * gradient
    for other, value in old.items():
        yield f"the step starts from the old {other} = {value:g}", value - rate * gradient
    for other in sorted(values, key=lambda other: other[:3] != name[:3]):
        if other.endswith("'") and other != name:
            yield f"this is {other}", values[other]


def _rounded_on_the_way(exercise: str, name: str) -> Iterator[Hypothesis]:
    """A derivative by a hidden net, computed from an output that was rounded first."""
    values = named_values(exercise)
    rounded = round(values[f"h_{name[-1]}"], 4)
    value = values[f"hbar_{name[-1]}"] * rounded * (1 - rounded)
    words = "computed on from an output rounded to four decimals"
    yield words, value
    yield f"sign lost, and {words}", -value


def _wrong_terms(exercise: str, name: str) -> Iterator[Hypothesis]:
    """Another term in the place of this one, or a derivative multiplied by a parameter."""
    values = named_values(exercise)
    for other in sorted(values, key=lambda other: other[:-1] != name[:-1]):
        if other != name:
            yield f"this is {other}", values[other]
            yield f"this is {other}, its sign lost", -values[other]
    for other, (id, _) in _PRINTED_IN.items():
        if other != name:
            yield f"this is {other} as it is printed ({id})", _printed(other)
    for other, value in old_values(exercise).items():
        what = "the bias" if other.startswith("b") else "the weight"
        for term in ("zbar", "zbar_h1", "zbar_h2", "hbar_1", "hbar_2"):
            words = f"{term} multiplied by {what} {other}"
            yield words, values[term] * value
            yield f"{words}, sign lost", -values[term] * value
            if term in _PRINTED_IN:
                yield f"the printed {term}, multiplied by {what} {other}", _printed(term) * value


def term(exercise: str, key: str, layer: int = 0, *, digits: int | None = 6) -> Check:
    """A matrix of an exercise, row by row, printed with this number of significant digits.

    Args:
        layer: counted from 1; 0 for a term that does not belong to one layer.
    """

    def judge(claim: Claim) -> Finding:
        found = getattr(worked(exercise), key)
        values = np.asarray(found[layer - 1] if layer else found, dtype=np.float64).ravel()
        return quotations.judge(claim, values, digits=digits, evidence=evidence_of(exercise))

    return Check(judge)


def zero_matrix(exercise: str, layer: int) -> Check:
    """A δ that is printed as a matrix of zeros: its entries and its shape."""

    def judge(claim: Claim) -> Finding:
        right = worked(exercise).deltas[layer - 1]
        rows = [row.count(",") + 1 for row in claim.quoted.strip("[]").split("],[")]
        shape = (len(rows), rows[0])
        numbers = quotations.read(claim.quoted)
        zeros = all(n.against(float(v)) == Verdict.MATCH for n in numbers for v in right.flat)
        why = f"printed {shape[0]} × {shape[1]}; "
        why += f"units × samples is {right.shape[0]} × {right.shape[1]}"
        samples = right.shape[1]
        words = "the shape: one row for each sample, not for each unit"
        slip = Slip(words, shown=shape == (samples, samples)) if zeros else None
        criterion = "all entries are zero, in a row for each unit and a column for each sample"
        turns = f"a printed matrix of {right.shape[0]} × {right.shape[1]} zeros"
        outcome = Outcome(zeros and shape == right.shape, right.tolist(), criterion, turns)
        return replace(outcome, why=why, slip=slip, n=right.size).finding(evidence_of(exercise))

    return Check(judge)


def without_figure(exercise: str, *keys: str) -> Check:
    """A term that the report asks for, or that the ledger adds, without a printed number to compare
    it with.
    """

    def judge(claim: Claim) -> Finding:
        values = worked(exercise).to_json()
        measured: Json = {key: values[key] for key in keys} if len(keys) > 1 else values[keys[0]]
        evidence = evidence_of(exercise)
        if quotations.read(claim.quoted) and isinstance(measured, float):
            return quotations.judge(claim, [measured], evidence=evidence)
        return nothing_printed(measured, evidence)

    return Check(judge)

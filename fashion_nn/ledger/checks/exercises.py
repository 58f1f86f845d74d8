"""Claims about a worked exercise: numbers against the lab's trace, and the slip behind those that
differ.

A slip is never typed in: hypotheses (sign, another term, another exercise, a factor) are computed
from the trace, and the lab's diagnosis of worked answers is asked last. The first hypothesis that
gives the printed number is named.
"""

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from fashion_nn.lab import backprop
from fashion_nn.ledger import claims, quotations
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import (
    Check,
    Finding,
    Json,
    Outcome,
    Verdict,
    not_reproducible,
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


def named(exercise: str, name: str, *, last: bool = False, copied_from: str = "") -> Check:
    """A number of a 2-2-1 network by its name in report 001.

    Args:
        last: whether it is the last number of the quotation; otherwise all numbers have to be
            right.
        copied_from: an exercise whose values may stand here by mistake.
    """

    def judge(claim: Claim) -> Finding:
        value = named_values(exercise)[name]
        numbers = quotations.read(claim.quoted)
        if last:
            numbers = numbers[-1:]
        verdicts = [number.against(value) for number in numbers]
        wrong = [n for n, v in zip(numbers, verdicts, strict=True) if v == Verdict.DIFFERS]
        slips = (_slip(number, exercise, name, copied_from) for number in wrong)
        return Finding(
            worst(verdicts) if verdicts else Verdict.DIFFERS,
            value,
            f"{name} is {value:.6g}" if wrong else "",
            "; ".join(dict.fromkeys(filter(None, slips))),
            evidence_of(exercise),
        )

    return Check(judge)


def _slip(number: PrintedNumber, exercise: str, name: str, copied_from: str) -> str:
    tried = [
        (words, number.against(value)) for words, value in _hypotheses(exercise, name, copied_from)
    ]
    fits = [words for words, verdict in tried if verdict == Verdict.MATCH]
    fits += [words for words, verdict in tried if verdict == Verdict.ROUNDING]
    if fits and (number.value or fits[0].startswith("this is")):
        return fits[0]
    copied = _printed_before(number, copied_from) if copied_from else ""
    if copied or not number.value:
        return copied
    return _diagnosed(number, exercise, name)


def _cut(value: float) -> float:
    """To four decimals, the rest dropped."""
    return math.trunc(value * 1e4) / 1e4


def _printed_before(number: PrintedNumber, exercise: str) -> str:
    """The claim about the other exercise that quotes the same number, whether it is right there or
    not.
    """
    system = "S001-3" if exercise.endswith("sigmoid") else ""
    for claim in claims.load():
        if claim.system == system and _quotes(claim, number.value):
            return f"copied from {exercise}: the figure of {claim.id}"
    return ""


def _quotes(claim: Claim, value: float) -> bool:
    return value != 0 and any(abs(n.value) == abs(value) for n in quotations.read(claim.quoted))


def _hypotheses(exercise: str, name: str, copied_from: str) -> Iterator[Hypothesis]:
    yield "sign lost", -named_values(exercise)[name]
    if copied_from:
        yield from _copied(exercise, copied_from)
    if name.endswith("'"):
        yield from _wrong_steps(exercise, name)
    else:
        if name.startswith("zbar_h"):
            yield from _rounded_on_the_way(exercise, name)
        yield from _wrong_terms(exercise, name)


def _copied(exercise: str, copied_from: str) -> Iterator[Hypothesis]:
    """A value of another exercise, or a product of it with a bias of this one."""
    there = named_values(copied_from)
    for other, value in there.items():
        yield f"copied from {copied_from}: {other} there", value
        yield f"copied from {copied_from}: {other} there, sign lost", -value
    for other in ("b_1", "b_2"):
        bias = old_values(exercise)[other]
        for term in ("zbar_h1", "zbar_h2"):
            yield f"copied from {copied_from}: {term} times {other} there", there[term] * bias


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
        start = f"the step starts from the old {other} = {value:g}"
        cut = _cut(gradient)
        yield f"{start}, and its gradient is cut to {cut:g}", value - rate * cut
        yield f"{start}, not from {before:g}", value - rate * gradient
    for other in sorted(values, key=lambda other: other[:3] != name[:3]):
        if other.endswith("'") and other != name:
            yield f"this is {other}", values[other]
    for factor in ("b_1", "b_2", "w_21"):
        for term, slope in values.items():
            if term.startswith("zbar"):
                step = rate * slope * old[factor]
                yield f"the gradient is {term} times {factor}", before - step
                yield f"the gradient is {term} times {factor}, its sign lost", before + step


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
    for other, value in old_values(exercise).items():
        what = "the bias" if other.startswith("b") else "the weight"
        for term in ("zbar", "zbar_h1", "zbar_h2", "hbar_1", "hbar_2"):
            words = f"{term} multiplied by {what} {other}"
            yield words, values[term] * value
            yield f"{words}, sign lost", -values[term] * value


def _diagnosed(number: PrintedNumber, exercise: str, name: str) -> str:
    """What the lab's diagnosis of worked answers says about this one number."""
    if name not in NAMES:
        return ""
    key, layer, entry = NAMES[name]
    answer = np.full(getattr(worked(exercise), key)[layer - 1].shape, None)
    answer[entry] = number.value
    layers: list = [None, None]
    layers[layer - 1] = answer.tolist()
    mistake = backprop.grade(worked(exercise).exercise, {key: layers}).first_wrong
    return f"{mistake.cause}: {mistake.detail}" if mistake and mistake.cause else ""


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
        zeros = all(
            number.against(float(value)) == Verdict.MATCH
            for number in quotations.read(claim.quoted)
            for value in right.flat
        )
        why = f"printed {shape[0]} × {shape[1]}; "
        why += f"units × samples is {right.shape[0]} × {right.shape[1]}"
        slip = "the shape: one row for each sample, not for each unit" if zeros else ""
        holds = zeros and shape == right.shape
        return Outcome(holds, right.tolist(), why, slip).finding(evidence_of(exercise))

    return Check(judge)


def nothing_printed(exercise: str, *keys: str) -> Check:
    """A term that the report asks for, or that the ledger adds, without a printed number to compare
    it with.
    """

    def judge(claim: Claim) -> Finding:
        values = worked(exercise).to_json()
        measured: Json = {key: values[key] for key in keys} if len(keys) > 1 else values[keys[0]]
        evidence = evidence_of(exercise)
        if quotations.read(claim.quoted) and isinstance(measured, float):
            return quotations.judge(claim, [measured], evidence=evidence)
        return not_reproducible("no figure is printed; this is ours", measured, evidence)

    return Check(judge)

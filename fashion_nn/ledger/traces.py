"""Claims about a worked exercise: figures against the lab's trace, and the slip behind those that differ.

A slip is never typed: hypotheses (sign, another term, another exercise, a factor) are computed from the trace, and the
lab's own grading of worked answers is asked last. The first that gives the printed figure is named.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from fashion_nn.lab import backprop
from fashion_nn.ledger import claims, figures
from fashion_nn.ledger.figures import Figure
from fashion_nn.ledger.findings import (
    DIFFERS,
    MATCH,
    ROUNDING,
    Check,
    Claim,
    Finding,
    not_reproducible,
    protocol_of,
    resting_on,
    statement,
    worst,
)

Place = tuple[str, int, tuple[int, ...]]
"""Key of the trace, layer from 1, entry."""

# The terms of report 001's network as it names them: a bar is the derivative of the loss by the barred thing.
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
    return backprop.trace(backprop.load(exercise))


@lru_cache
def named_values(exercise: str) -> dict[str, float]:
    """Every term of a 2-2-1 network by report 001's names, the derivatives by outputs too."""
    trace = worked(exercise)
    values = {name: float(getattr(trace, key)[layer - 1][entry]) for name, (key, layer, entry) in NAMES.items()}
    values["ybar"] = float(trace.outputs[1][0, 0] - trace.exercise.targets[0, 0])
    by_outputs = trace.exercise.weight_matrices[1].T @ trace.deltas[1]
    return values | {"hbar_1": float(by_outputs[0, 0]), "hbar_2": float(by_outputs[1, 0])}


def _old_values(exercise: str) -> dict[str, float]:
    given = worked(exercise).exercise
    (w1, w2), (b1, b2) = given.weight_matrices, given.bias_vectors
    values = {"w_11": w1[0, 0], "w_12": w1[0, 1], "w_21": w1[1, 0], "w_22": w1[1, 1]}
    values |= {"w_j1": w2[0, 0], "w_j2": w2[0, 1], "b_1": b1[0], "b_2": b1[1], "b_j": b2[0]}
    return {name: float(value) for name, value in values.items()}


def named(exercise: str, name: str, *, pick: int | None = None, copied_from: str | None = None) -> Check:
    """A figure of a 2-2-1 network by its name in report 001.

    Args:
        pick: which number of the quotation it is, where the line holds several; all of them if None.
        copied_from: an exercise whose values may stand here by mistake.
    """

    def check(claim: Claim) -> Finding:
        value = named_values(exercise)[name]
        printed = figures.read(claim.quoted)
        printed = printed if pick is None else printed[pick : None if pick == -1 else pick + 1]
        verdict = worst([figure.against(value) for figure in printed]) if printed else DIFFERS
        wrong = [figure for figure in printed if figure.against(value) == DIFFERS]
        slips = [_slip(figure, exercise, name, copied_from) for figure in wrong]
        evidence = f"fashion-nn lab backprop {exercise}"
        why = f"{name} is {value:.6g}" if wrong else ""
        return Finding(verdict, value, why, "; ".join(dict.fromkeys(filter(None, slips))), evidence)

    return check


def _slip(figure: Figure, exercise: str, name: str, copied_from: str | None) -> str:
    tried = [(words, figure.against(value)) for words, value in _hypotheses(exercise, name, copied_from)]
    fits = [words for verdict in (MATCH, ROUNDING) for words, found in tried if found == verdict]
    if fits and (figure.value or fits[0].startswith("this is")):
        return fits[0]
    return (copied_from and _printed_before(figure, copied_from)) or (
        _graded(figure, exercise, name) if figure.value else ""
    )


def _cut(value: float) -> float:
    """To four decimals, the rest dropped."""
    return math.trunc(value * 1e4) / 1e4


def _printed_before(figure: Figure, exercise: str) -> str:
    """The claim about the other exercise that quotes the same figure, whether it is right there or not."""
    system = "S001-3" if exercise.endswith("sigmoid") else ""
    for claim in (claim for claim in claims.load() if claim.system == system):
        if any(abs(other.value) == abs(figure.value) != 0 for other in figures.read(claim.quoted)):
            return f"copied from {exercise}: the figure of {claim.id}"
    return ""


def _hypotheses(exercise: str, name: str, copied_from: str | None) -> Iterator[tuple[str, float]]:
    values, old = named_values(exercise), _old_values(exercise)
    right = values[name]
    yield "sign lost", -right
    if copied_from:
        for other, value in named_values(copied_from).items():
            yield f"copied from {copied_from}: {other} there", value
            yield f"copied from {copied_from}: {other} there, sign lost", -value
        for other, bias in (("b_1", old["b_1"]), ("b_2", old["b_2"])):
            for term in ("zbar_h1", "zbar_h2"):
                yield f"copied from {copied_from}: {term} times {other} there", named_values(copied_from)[term] * bias
    if name.endswith("'"):
        gradient = values[{"w": "wbar", "b": "bbar"}[name[0]] + name[1:-1]]
        rate = worked(exercise).exercise.learning_rate
        yield "the step is added, not subtracted", old[name[:-1]] + rate * gradient
        yield "the sign of the old value is lost", -old[name[:-1]] - rate * gradient
        for other, value in old.items():
            yield (
                f"the step starts from the old {other} = {value:g}, and its gradient is cut to {_cut(gradient):g}",
                value - rate * _cut(gradient),
            )
            yield (
                f"the step starts from the old {other} = {value:g}, not from {old[name[:-1]]:g}",
                value - rate * gradient,
            )
        for other in sorted(values, key=lambda other: other[:3] != name[:3]):
            if other.endswith("'") and other != name:
                yield f"this is {other}", values[other]
        for factor, of in ((old["b_1"], "b_1"), (old["b_2"], "b_2"), (old["w_21"], "w_21")):
            for term, slope in values.items():
                if term.startswith("zbar"):
                    yield f"the gradient is {term} times {of}", old[name[:-1]] - rate * slope * factor
                    yield f"the gradient is {term} times {of}, its sign lost", old[name[:-1]] + rate * slope * factor
    else:
        if name.startswith("zbar_h"):
            rounded = round(values[f"h_{name[-1]}"], 4)
            value = values[f"hbar_{name[-1]}"] * rounded * (1 - rounded)
            yield "computed on from an output rounded to four decimals", value
            yield "sign lost, and computed on from an output rounded to four decimals", -value
        for other in sorted(values, key=lambda other: other[:-1] != name[:-1]):
            if other != name:
                yield f"this is {other}", values[other]
                yield f"this is {other}, its sign lost", -values[other]
        for other, value in old.items():
            for term in ("zbar", "zbar_h1", "zbar_h2", "hbar_1", "hbar_2"):
                what = "the bias" if other.startswith("b") else "the weight"
                yield f"{term} multiplied by {what} {other}", values[term] * value
                yield f"{term} multiplied by {what} {other}, sign lost", -values[term] * value


def _graded(figure: Figure, exercise: str, name: str) -> str:
    """What the lab's grading of worked answers says to this one figure."""
    if name not in NAMES:
        return ""
    key, layer, entry = NAMES[name]
    shape = getattr(worked(exercise), key)[layer - 1].shape
    answer = np.full(shape, None)
    answer[entry] = figure.value
    layers: list = [None, None]
    layers[layer - 1] = answer.tolist()
    mistake = backprop.grade(worked(exercise).exercise, {key: layers}).first_wrong
    return f"{mistake.cause}: {mistake.detail}" if mistake and mistake.cause else ""


def term(exercise: str, key: str, layer: int = 0, *, digits: int | None = 6) -> Check:
    """A matrix of an exercise, printed with so many significant digits, row by row."""

    def check(claim: Claim) -> Finding:
        found = getattr(worked(exercise), key)
        values = np.asarray(found[layer - 1] if layer else found, dtype=np.float64).ravel()
        return figures.judge(claim, values, digits=digits, evidence=f"fashion-nn lab backprop {exercise}")

    return check


def zero_matrix(exercise: str, layer: int) -> Check:
    """A δ that is printed as a matrix of zeros: its entries and its shape."""

    def check(claim: Claim) -> Finding:
        right = worked(exercise).deltas[layer - 1]
        rows = [row.count(",") + 1 for row in claim.quoted.strip("[]").split("],[")]
        shape = (len(rows), rows[0])
        zeros = all(
            figure.against(float(value)) == MATCH for figure in figures.read(claim.quoted) for value in right.flat
        )
        why = f"printed {shape[0]} × {shape[1]}; units × samples is {right.shape[0]} × {right.shape[1]}"
        slip = "the shape: one row for each sample, not for each unit" if zeros else ""
        holds = zeros and shape == right.shape
        return statement(holds, right.tolist(), why, slip=slip, evidence=f"fashion-nn lab backprop {exercise}")

    return check


def nothing_printed(exercise: str, *keys: str) -> Check:
    """A term that the report asks for, or that the ledger adds: there is no figure to hold it against."""

    def check(claim: Claim) -> Finding:
        values = worked(exercise).to_json()
        measured = {key: values[key] for key in keys}
        measured = measured[keys[0]] if len(keys) == 1 else measured
        printed = figures.read(claim.quoted)
        evidence = f"fashion-nn lab backprop {exercise}"
        if printed and isinstance(measured, float):
            return figures.judge(claim, [measured], evidence=evidence)
        return not_reproducible("no figure is printed; this is ours", measured, evidence)

    return check


def holds(exercise: str, words: str, criterion: Callable[[backprop.Trace], tuple[bool, object, str]]) -> Check:
    """A statement about an exercise. `words` must stand in the quotation; see `wording`."""

    def judged(claim: Claim) -> Finding:
        good, measured, why = criterion(worked(exercise))
        return statement(good, measured, why, evidence=f"fashion-nn lab backprop {exercise}")

    return wording(words, judged)


def wording(words: str | Sequence[str], check: Check) -> Check:
    """Ask a check only as long as the quotation says what its criterion was written for."""
    needed = [words] if isinstance(words, str) else list(words)

    def asked(claim: Claim) -> Finding:
        missing = [part for part in needed if part not in claim.quoted]
        if missing:
            return Finding("waiting", None, f"no criterion for this wording: expected {missing[0]!r} in it")
        return check(claim)

    protocol = protocol_of(check)
    return resting_on(protocol, asked) if protocol else asked

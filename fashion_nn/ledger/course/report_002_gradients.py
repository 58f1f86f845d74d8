"""Report 002, part 1: the derivatives of a two-layer network, as equations for a whole batch."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.lab import backprop, layers
from fashion_nn.ledger.checks.exercises import evidence_of, worked
from fashion_nn.ledger.checks.formulas import expression, real
from fashion_nn.ledger.checks.texts import fact
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Criterion, below, nothing_in, same
from fashion_nn.ledger.findings import Check, Outcome, Slip, joined

if TYPE_CHECKING:
    from sympy import Expr

EXERCISE = "report-002/derivation"
DERIVATION = evidence_of(EXERCISE)
"""Two inputs, three hidden units, two classes and three samples."""


def _trace() -> backprop.Trace:
    return worked(EXERCISE)


def _errors(trace: backprop.Trace) -> np.ndarray:
    """yhat - y, classes × samples."""
    return trace.outputs[1] - trace.exercise.targets


def _delta_1(trace: backprop.Trace) -> np.ndarray:
    slope = 1 - trace.outputs[0] ** 2
    return (trace.exercise.weight_matrices[1].T @ _errors(trace)) * slope


def _weights_1(_: Claim) -> Outcome:
    trace = _trace()
    return _factor(trace.exercise.inputs @ _delta_1(trace).T, trace.weight_gradients[0].T)


def _weights_2(_: Claim) -> Outcome:
    trace = _trace()
    return _factor(trace.outputs[0] @ _errors(trace).T, trace.weight_gradients[1].T)


_SUMMED = nothing_in("deviation from the derivatives of the mean loss")


def _biases(
    layer: int, equation: Callable[[backprop.Trace], np.ndarray]
) -> Callable[[Claim], Outcome]:
    """The derivatives by the biases of a layer, printed with a column for each sample."""

    def criterion(_: Claim) -> Outcome:
        trace = _trace()
        matrix = equation(trace)
        units, samples = matrix.shape
        outcome = _factor(matrix.sum(axis=1), trace.bias_gradients[layer - 1])
        missing = f"the sum over the samples is missing: a bias has {units} derivatives, "
        missing += f"printed are {units} × {samples}"
        slip = joined([Slip(missing, shown=samples > 1), outcome.slip])
        wrong = ["not summed", *([] if outcome.holds else ["not divided by N"])]
        return _SUMMED.outcome(wrong, outcome.measured, why=outcome.why, slip=slip, n=units)

    return criterion


_ONCE = Criterion[float](
    "the equation gives the derivatives of the mean loss themselves, not a multiple of them",
    "a factor other than 1",
    lambda factor: abs(factor - 1) < 1e-9,
    1.0,
    3.0,
)


def _factor(printed: np.ndarray, right: np.ndarray) -> Outcome:
    """Whether an equation gives the derivatives themselves, not a multiple of them."""
    samples = len(_trace().exercise.samples)
    factor = float(np.median(printed / right))
    constant = bool(np.allclose(printed, factor * right))
    why = f"with N = {samples} it is {factor:.6g} times the derivative"
    slip = None
    if constant and abs(factor - samples) < 1e-9:
        slip = Slip("1/N is missing: the loss is a mean, equation 4", shown=True)
    measured = {"printed / right": factor}
    found = factor if constant else float("inf")
    return _ONCE.outcome(found, measured, why=why, slip=slip, n=right.size)


_MULTIPLIES: Criterion[tuple[int, int]] = Criterion(
    "the two matrices can be multiplied",
    "as many columns of the first as rows of the second",
    lambda sides: sides[0] == sides[1],
    (2, 2),
    (3, 2),
)


def _shapes(claim: Claim) -> Outcome:
    trace = _trace()
    errors = _errors(trace)
    weight = trace.outputs[0] @ errors.T  # equation 5 gives W2 this shape
    factor = weight.T if "W_2^T" in claim.quoted else weight
    shapes = [" × ".join(map(str, matrix.shape)) for matrix in (weight, factor, errors)]
    why = "equation 5 makes W2 {}; {} times {}".format(*shapes)
    sides = (factor.shape[1], errors.shape[0])
    why += " fits" if sides[0] == sides[1] else " does not multiply"
    words = "W2, not its transpose, in the layout of equation 5"
    slip = Slip(words, shown=factor.T.shape[1] == errors.shape[0])
    return _MULTIPLIES.outcome(sides, f"{factor.shape} @ {errors.shape}", why=why, slip=slip)


def _relu(_: Claim) -> Outcome:
    found = layers.relu_derivative(np.array([2.0, 1e-9, 0.0, -2.0])).tolist()
    rule = same([1, 1, 0, 0], [1, 1, 1, 0], "the printed slopes and ours at four points")
    return rule.outcome(found, why="at 2, 1e-9, 0 and -2", n=len(found))


_SAME_LOSS = below(1e-12, "the difference between the printed sum and the lab's mean loss")


def _mean_loss(_: Claim) -> Outcome:
    trace = _trace()
    logs = trace.exercise.targets * np.log(trace.outputs[1])
    value = -float(logs.sum()) / len(trace.exercise.samples)
    return _SAME_LOSS.outcome(abs(value - trace.loss_before), value, n=3)


def _tanh_derivative() -> "Expr":
    import sympy

    z = real("z")
    return sympy.diff(sympy.tanh(z), z)


def _sigmoid_derivative() -> "Expr":
    import sympy

    z = real("z")
    return sympy.diff(1 / (1 + sympy.exp(-z)), z)


CHECKS: dict[str, Check] = {
    "002-001": expression(_tanh_derivative, evidence=evidence_of("report-004/2b")),
    "002-002": expression(_sigmoid_derivative, evidence=evidence_of("report-001/sigmoid")),
    "002-003": fact("1 if z>0, 0 if z<=0", _relu, evidence_of("report-001/relu")),
    "002-004": fact("-(1/N) sum_n sum_i y log yhat", _mean_loss, DERIVATION),
    "002-005": fact("a_1 (yhat - y)^T", _weights_2, DERIVATION),
    "002-006": fact("yhat - y", _biases(2, _errors), DERIVATION),
    "002-007": fact("X delta_1^T", _weights_1, DERIVATION),
    "002-008": fact("(yhat - y)) . f'(z_1)", _shapes, DERIVATION),
    "002-009": fact("delta_1", _biases(1, _delta_1), DERIVATION),
}

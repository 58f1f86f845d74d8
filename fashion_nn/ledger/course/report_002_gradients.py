"""Report 002, part 1: the derivatives of a two-layer network, as equations for a whole batch."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.lab import backprop, layers
from fashion_nn.ledger.checks.exercises import evidence_of
from fashion_nn.ledger.checks.formulas import expression, real
from fashion_nn.ledger.checks.texts import fact
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Outcome

if TYPE_CHECKING:
    from sympy import Expr

# Three samples, two inputs, four hidden units and three classes.
_CASE = {
    "layers": [2, 4, 3],
    "activations": ["tanh", "softmax"],
    "weights": [
        [[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2], [0.7, -0.1]],
        [[0.2, -0.3, 0.5, 0.1], [0.4, 0.1, -0.2, 0.3], [-0.6, 0.2, 0.1, 0.5]],
    ],
    "biases": [[0.1, -0.1, 0.2, 0.0], [0.0, 0.1, -0.2]],
    "loss": "softmax-cross-entropy",
    "learning_rate": 0.1,
    "reduction": "mean",
    "samples": [
        {"x": [1, 2], "target": [1, 0, 0]},
        {"x": [-1, 0.5], "target": [0, 1, 0]},
        {"x": [0.3, -1], "target": [0, 0, 1]},
    ],
}


def _trace() -> backprop.Trace:
    return backprop.trace(backprop.from_json(_CASE))


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
        why = f"{outcome.why}; {missing}"
        return Outcome(False, outcome.measured, why, f"{missing}; {outcome.slip}")

    return criterion


def _factor(printed: np.ndarray, right: np.ndarray) -> Outcome:
    """Whether an equation gives the derivatives themselves, not a multiple of them."""
    samples = len(_trace().exercise.samples)
    factor = float(np.median(printed / right))
    constant = bool(np.allclose(printed, factor * right))
    why = f"with N = {samples} it is {factor:.6g} times the derivative"
    slip = ""
    if constant and abs(factor - samples) < 1e-9:
        slip = "1/N is missing: the loss is a mean, equation 4"
    return Outcome(constant and abs(factor - 1) < 1e-9, {"printed / right": factor}, why, slip)


def _shapes(claim: Claim) -> Outcome:
    trace = _trace()
    errors = _errors(trace)
    weight = trace.outputs[0] @ errors.T  # equation 5 gives W2 this shape
    factor = weight.T if "W_2^T" in claim.quoted else weight
    fits = factor.shape[1] == errors.shape[0]
    shapes = [" × ".join(map(str, matrix.shape)) for matrix in (weight, factor, errors)]
    why = "equation 5 makes W2 {}; {} times {}".format(*shapes)
    why += " fits" if fits else " does not multiply"
    slip = "W2, not its transpose, in the layout of equation 5"
    return Outcome(fits, f"{factor.shape} @ {errors.shape}", why, slip)


def _relu(_: Claim) -> Outcome:
    found = layers.relu_derivative(np.array([2.0, 1e-9, 0.0, -2.0])).tolist()
    return Outcome(found == [1, 1, 0, 0], found, "derivative at 2, 1e-9, 0 and -2")


def _mean_loss(_: Claim) -> Outcome:
    trace = _trace()
    logs = trace.exercise.targets * np.log(trace.outputs[1])
    value = -float(logs.sum()) / len(trace.exercise.samples)
    why = "the printed sum against the lab's mean loss, three samples"
    return Outcome(abs(value - trace.loss_before) < 1e-12, value, why)


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
    "002-004": fact("-(1/N) sum_n sum_i y log yhat", _mean_loss),
    "002-005": fact("a_1 (yhat - y)^T", _weights_2),
    "002-006": fact("yhat - y", _biases(2, _errors)),
    "002-007": fact("X delta_1^T", _weights_1),
    "002-008": fact("(yhat - y)) . f'(z_1)", _shapes),
    "002-009": fact("delta_1", _biases(1, _delta_1)),
}

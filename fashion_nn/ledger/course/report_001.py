"""Report 001: a linear network collapsed, and one step of backpropagation by hand."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.lab import layers
from fashion_nn.ledger.checks.exercises import (
    evidence_of,
    named,
    named_values,
    nothing_printed,
    old_values,
    worked,
)
from fashion_nn.ledger.checks.formulas import arithmetic, expression
from fashion_nn.ledger.checks.texts import fact, numbers
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Outcome

if TYPE_CHECKING:
    from sympy import Expr

    from fashion_nn.lab.backprop.symbolic import Linear

SIGMOID = "report-001/sigmoid"
RELU = "report-001/relu"
SIGMOID_TRACE = evidence_of(SIGMOID)
RELU_TRACE = evidence_of(RELU)
ALGEBRA = "fashion-nn lab backprop report-001/linear --symbolic"
PLOTS = "fashion-nn lab backprop --figures FOLDER"


@lru_cache
def _linear() -> "Linear":
    from fashion_nn.lab.backprop.symbolic import collapse

    return collapse((2, 2, 1))


def _output() -> "Expr":
    """y in the inputs, not multiplied out."""
    known = _linear().symbols
    hidden = known.weights[0] * known.inputs + known.biases[0]
    return (known.weights[1] * hidden + known.biases[1])[0]


def _sigma(value: float) -> float:
    return float(layers.sigmoid(np.array([value]))[0])


def _slope(value: float, name: str = "sigmoid") -> float:
    slope = {"sigmoid": layers.sigmoid_derivative, "tanh": layers.tanh_derivative}[name]
    return float(slope(np.array([value]))[0])


def _given_weights(claim: Claim) -> Outcome:
    """The weights that the line calls 1 against those of the numbers in it."""
    old = old_values(SIGMOID)
    called = [name.strip() for name in claim.quoted.split("...")[-1].partition("=")[0].split(",")]
    value = float(claim.quoted.rpartition("=")[2])
    used = {"w_j1": old["w_j1"], "w_j2": old["w_j2"], "w_j3": 1.0}  # the weight of a bias is 1
    wrong = [name for name in called if used.get(name) != value]
    why = "weights that the numbers of the forward pass use"
    slip = f"{', '.join(wrong)} is not {value:g}: only the weight of a bias is"
    return Outcome(not wrong, used, why, slip)


def _backward(_: Claim) -> Outcome:
    v = named_values(SIGMOID)
    old = old_values(SIGMOID)
    pairs = [
        (-(1 - v["y"]), v["ybar"]),
        (v["ybar"] * _slope(v["z"]), v["zbar"]),
        (v["zbar"] * v["h_1"], v["wbar_j1"]),
        (v["zbar"] * v["h_2"], v["wbar_j2"]),
        (v["zbar"] * old["w_j1"], v["hbar_1"]),
        (v["zbar"] * old["w_j2"], v["hbar_2"]),
    ]
    gap = max(abs(product - derivative) for product, derivative in pairs)
    why = "largest difference between the printed products and the derivatives of the loss"
    return Outcome(gap < 1e-14, gap, why)


def _weight_for_input(_: Claim) -> Outcome:
    v = named_values(SIGMOID)
    old = old_values(SIGMOID)
    printed = [v["zbar_h1"] * old["w_11"], v["zbar_h1"] * old["w_12"]]
    right = [v["wbar_11"], v["wbar_12"]]
    why = f"as printed they come to {printed[0]:.6g} and {printed[1]:.6g}"
    slip = "weight taken for input: the factor is x1, x2"
    return Outcome(bool(np.allclose(printed, right)), right, why, slip)


def _times_bias(_: Claim) -> Outcome:
    v = named_values(SIGMOID)
    old = old_values(SIGMOID)
    printed = [
        v["zbar"] * old["b_1"],
        v["zbar_h1"] * old["b_1"],
        v["zbar_h2"] * old["b_2"],
    ]
    right = [v["bbar_j"], v["bbar_1"], v["bbar_2"]]
    why = f"as printed they come to {', '.join(f'{value:.6g}' for value in printed)}"
    slip = "multiplied by the bias: its factor is 1"
    return Outcome(bool(np.allclose(printed, right)), right, why, slip)


def _small_steps(_: Claim) -> Outcome:
    trace = worked(SIGMOID)
    before = [*trace.exercise.weight_matrices, *trace.exercise.bias_vectors]
    after = [*trace.updated_weights, *trace.updated_biases]
    changes = (np.abs((b - a) / a).max() for a, b in zip(before, after, strict=True))
    largest = float(max(changes))
    why = "largest relative change of a parameter; criterion: below 5 %"
    return Outcome(largest < 0.05, largest, why)


def _tails(_: Claim) -> Outcome:
    share = _slope(8) / _slope(0)
    why = "criterion: sigma' at |z| = 8 below a hundredth of that at 0"
    return Outcome(share < 0.01, share, why)


def _shape(_: Claim) -> Outcome:
    z = np.linspace(-20, 20, 4001)
    gap = float(np.abs(np.tanh(z) - (2 * layers.sigmoid(2 * z) - 1)).max())
    why = "tanh(z) = 2 sigma(2z) - 1: the same curve, stretched; largest difference"
    return Outcome(gap < 1e-12, gap, why)


def _lower_limits(claim: Claim) -> Outcome:
    ends = [float(np.tanh(-40.0)), _sigma(-40.0)]
    words = claim.quoted.replace("starts at ", "").split(" as opposed to ")
    printed = [float(word) for word in words]
    return Outcome(bool(np.allclose(printed, ends, atol=1e-9)), ends, "tanh and sigma at z = -40")


def _no_better(_: Claim) -> Outcome:
    found = {f"{name} at {z}": _slope(z, name) for z in (1.5, 5.5) for name in ("tanh", "sigmoid")}
    larger = [found[f"tanh at {z}"] > found[f"sigmoid at {z}"] for z in (1.5, 5.5)]
    why = "slopes; criterion: a good alternative has the larger slope at both "
    why += "(at 5.5 it is 60 times smaller)"
    return Outcome(not all(larger), found, why)


def _range(_: Claim) -> Outcome:
    curve = np.tanh(np.linspace(-15, 15, 3001))
    lowest = float(curve.min())
    highest = float(curve.max())
    holds = -1 < lowest < -0.999 and 0.999 < highest < 1
    return Outcome(holds, [lowest, highest], "lowest and highest of tanh over -15..15")


def _step(_: Claim) -> Outcome:
    found = layers.relu_derivative(np.array([-2.0, -1e-9, 1e-9, 2.0])).tolist()
    return Outcome(found == [0, 0, 1, 1], found, "derivative at -2, -1e-9, 1e-9, 2")


def _biases(_: Claim) -> Outcome:
    count = sum(vector.size for vector in worked(RELU).exercise.bias_vectors)
    why = f"the network has {count} biases"
    return Outcome(count >= 11, count, why, "these parameters do not exist")


def _largest_gradient(exercise: str) -> float:
    trace = worked(exercise)
    gradients = (*trace.weight_gradients, *trace.bias_gradients)
    return max(float(np.abs(gradient).max()) for gradient in gradients)


def _accelerates(_: Claim) -> Outcome:
    found = {exercise: _largest_gradient(exercise) for exercise in (SIGMOID, RELU)}
    why = "largest derivative of a parameter on this example: the output unit is saturated, "
    why += "so every step is smaller"
    slip = "the derivatives of the ReLU network were copied, not computed"
    return Outcome(found[RELU] > found[SIGMOID], found, why, slip)


def _relu_outputs(_: Claim) -> Outcome:
    values = named_values(RELU)
    outputs = [values["h_1"], values["h_2"]]
    return Outcome(outputs == [1.5, 5.5], outputs, "hidden outputs")


def _x1_is_zero(line: str) -> tuple[str, str]:
    return line.replace("2(3)", "2(0)"), "x1 is written as 3; with x1 = 0 the line holds"


def _with_right_h_1(line: str) -> tuple[str, str]:
    right = f"{named_values(SIGMOID)['h_1']:.4f}"
    return line.replace("0.9176", right), "0.9176 stands for 0.8176, with which the line holds"


def _value(name: str) -> Callable[[], float]:
    return lambda: named_values(SIGMOID)[name]


def _relu_row(name: str) -> Check:
    return named(RELU, name, copied_from=SIGMOID)


CHECKS: dict[str, Check] = {
    "001-001": expression(lambda: list(_linear().layers[0]), evidence=ALGEBRA),
    "001-002": expression(_output, evidence=ALGEBRA),
    "001-003": expression(lambda: _linear().expanded[0], evidence=ALGEBRA),
    "001-004": expression(lambda: _linear().weight[0, 0], evidence=ALGEBRA),
    "001-005": expression(lambda: _linear().weight[0, 1], evidence=ALGEBRA),
    "001-006": expression(lambda: _linear().bias[0], evidence=ALGEBRA),
    "001-007": arithmetic(_value("z_1"), mend=_x1_is_zero, evidence=SIGMOID_TRACE),
    "001-008": named(SIGMOID, "h_1"),
    "001-009": arithmetic(_value("z_2"), evidence=SIGMOID_TRACE),
    "001-010": named(SIGMOID, "h_2"),
    "001-011": arithmetic(_value("z"), mend=_with_right_h_1, evidence=SIGMOID_TRACE),
    "001-012": named(SIGMOID, "y"),
    "001-013": numbers(lambda: [worked(SIGMOID).loss_before], SIGMOID_TRACE),
    "001-014": fact("w_j1,w_j2,w_j3 = ", _given_weights, SIGMOID_TRACE),
    "001-015": fact("as printed", _backward, SIGMOID_TRACE),
    "001-016": fact("as printed", _weight_for_input, SIGMOID_TRACE),
    "001-017": fact("zbar_2 b1", _times_bias, SIGMOID_TRACE),
    "001-018": named(SIGMOID, "ybar"),
    "001-019": named(SIGMOID, "zbar"),
    "001-020": named(SIGMOID, "hbar_1"),
    "001-021": named(SIGMOID, "hbar_2"),
    "001-022": named(SIGMOID, "wbar_j1", last=True),
    "001-023": named(SIGMOID, "wbar_j2", last=True),
    "001-024": named(SIGMOID, "bbar_j", last=True),
    "001-025": named(SIGMOID, "wbar_11"),
    "001-026": named(SIGMOID, "wbar_12"),
    "001-027": named(SIGMOID, "zbar_h1"),
    "001-028": named(SIGMOID, "zbar_h2"),
    "001-029": named(SIGMOID, "wbar_21"),
    "001-030": named(SIGMOID, "wbar_22"),
    "001-031": named(SIGMOID, "bbar_1"),
    "001-032": named(SIGMOID, "bbar_2"),
    "001-033": named(SIGMOID, "w_j1'", last=True),
    "001-034": named(SIGMOID, "w_j2'"),
    "001-035": named(SIGMOID, "b_j'"),
    "001-036": named(SIGMOID, "w_11'"),
    "001-037": named(SIGMOID, "w_12'"),
    "001-038": named(SIGMOID, "w_21'"),
    "001-039": named(SIGMOID, "w_22'"),
    "001-040": named(SIGMOID, "b_1'"),
    "001-041": named(SIGMOID, "b_2'"),
    "001-042": nothing_printed(SIGMOID, "loss_after"),
    "001-043": expression(lambda: "sigma(z) (1 - sigma(z))", evidence=PLOTS),
    "001-044": expression(lambda: "sigma(z) (1 - sigma(z))", evidence=PLOTS),
    "001-045": numbers(lambda: [_slope(1.5)], PLOTS),
    "001-046": numbers(lambda: [_slope(5.5)], PLOTS),
    "001-047": numbers(lambda: [_slope(0.4047)], PLOTS),
    "001-048": fact("essentially 0", _tails, PLOTS),
    "001-049": fact("did not change much", _small_steps, SIGMOID_TRACE),
    "001-050": fact("very similar", _shape, PLOTS),
    "001-051": fact("starts at ", _lower_limits, PLOTS),
    "001-052": numbers(lambda: [_slope(0, "tanh"), 0.0, _slope(0)], PLOTS),
    "001-053": fact(["1.5", "5.5", "would not be a good alternative"], _no_better, PLOTS),
    "001-054": fact("(-1, 1)", _range, PLOTS),
    "001-055": fact("ReLU' = step(z)", _step, PLOTS),
    "001-056": fact("h1 = 1.5, h2 = 5.5", _relu_outputs, RELU_TRACE),
    "001-057": named(RELU, "z"),
    "001-058": named(RELU, "y"),
    "001-059": _relu_row("zbar"),
    "001-060": _relu_row("hbar_1"),
    "001-061": _relu_row("zbar_h2"),
    "001-062": _relu_row("zbar_h1"),
    "001-063": _relu_row("wbar_j1"),
    "001-064": _relu_row("wbar_j2"),
    "001-065": _relu_row("wbar_11"),
    "001-066": _relu_row("wbar_12"),
    "001-067": _relu_row("wbar_21"),
    "001-068": _relu_row("wbar_22"),
    "001-069": _relu_row("bbar_j"),
    "001-070": _relu_row("bbar_1"),
    "001-071": _relu_row("bbar_2"),
    "001-072": fact("eight lines of 0", _biases, RELU_TRACE),
    "001-073": fact("accelerating the learning", _accelerates, RELU_TRACE),
}

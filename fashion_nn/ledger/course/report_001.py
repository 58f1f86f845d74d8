"""Report 001: a linear network collapsed, and one step of backpropagation by hand."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.lab import layers
from fashion_nn.ledger.checks.exercises import (
    evidence_of,
    named,
    named_values,
    old_values,
    without_figure,
    worked,
)
from fashion_nn.ledger.checks.formulas import arithmetic, expression
from fashion_nn.ledger.checks.texts import fact, numbers, quoted
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.course import report_001_statements
from fashion_nn.ledger.criteria import Criterion, at_least, below, nothing_in, same
from fashion_nn.ledger.findings import Check, Outcome, Slip

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


_CALLED = nothing_in("weight that the numbers of the forward pass contradict")


def _given_weights(claim: Claim) -> Outcome:
    """The weights that the line calls 1 against those of the numbers in it."""
    old = old_values(SIGMOID)
    called = [name.strip() for name in claim.quoted.split("...")[-1].partition("=")[0].split(",")]
    value = float(claim.quoted.rpartition("=")[2])
    used = {"w_j1": old["w_j1"], "w_j2": old["w_j2"], "w_j3": 1.0}  # the weight of a bias is 1
    wrong = [name for name in called if used.get(name) != value]
    words = f"{', '.join(wrong)} is not {value:g}: only the weight of a bias is"
    why = "weights that the numbers of the forward pass use"
    return _CALLED.outcome(wrong, used, why=why, slip=Slip(words, True), n=len(called))


_EQUAL_DERIVATIVES = below(
    1e-9, "the largest difference between the printed products and the derivatives of the loss"
)


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
    return _EQUAL_DERIVATIVES.outcome(gap, n=len(pairs))


def products(
    printed: Sequence[float], right: Sequence[float], words: str, mended: Sequence[float]
) -> Outcome:
    """Printed products against derivatives, and what they are with the factor put right."""
    gap = max(abs(a - b) for a, b in zip(printed, right, strict=True))
    shown = bool(np.allclose(mended, right, rtol=1e-9, atol=1e-12))
    why = f"as printed they come to {', '.join(f'{value:.6g}' for value in printed)}"
    slip = Slip(words, shown)
    return _EQUAL_DERIVATIVES.outcome(gap, list(right), why=why, slip=slip, n=len(right))


def _weight_for_input(_: Claim) -> Outcome:
    v = named_values(SIGMOID)
    old = old_values(SIGMOID)
    printed = [v["zbar_h1"] * old["w_11"], v["zbar_h1"] * old["w_12"]]
    mended = [v["zbar_h1"] * x for x in worked(SIGMOID).exercise.inputs[:, 0]]
    words = "weight taken for input: the factor is x1, x2"
    return products(printed, [v["wbar_11"], v["wbar_12"]], words, mended)


def _times_bias(_: Claim) -> Outcome:
    v = named_values(SIGMOID)
    old = old_values(SIGMOID)
    printed = [
        v["zbar"] * old["b_1"],
        v["zbar_h1"] * old["b_1"],
        v["zbar_h2"] * old["b_2"],
    ]
    right = [v["bbar_j"], v["bbar_1"], v["bbar_2"]]
    mended = [v["zbar"], v["zbar_h1"], v["zbar_h2"]]
    return products(printed, right, "multiplied by the bias: its factor is 1", mended)


_SMALL = below(0.05, "the largest relative change of a parameter")


def _small_steps(_: Claim) -> Outcome:
    trace = worked(SIGMOID)
    before = [*trace.exercise.weight_matrices, *trace.exercise.bias_vectors]
    after = [*trace.updated_weights, *trace.updated_biases]
    changes = [np.abs((b - a) / a) for a, b in zip(before, after, strict=True)]
    largest = float(max(change.max() for change in changes))
    return _SMALL.outcome(largest, n=sum(change.size for change in changes))


_NO_TAIL = below(0.01, "sigma' at |z| = 8, as a share of that at 0,")


def _tails(_: Claim) -> Outcome:
    return _NO_TAIL.outcome(_slope(8) / _slope(0))


_SAME_CURVE = below(1e-9, "the largest difference of tanh(z) and 2 sigma(2z) - 1")


def _shape(_: Claim) -> Outcome:
    z = np.linspace(-20, 20, 4001)
    gap = float(np.abs(np.tanh(z) - (2 * layers.sigmoid(2 * z) - 1)).max())
    return _SAME_CURVE.outcome(gap, why="the same curve, stretched", n=len(z))


def _lower_limits(claim: Claim) -> Outcome:
    ends = [float(np.tanh(-40.0)), _sigma(-40.0)]
    words = claim.quoted.replace("starts at ", "").split(" as opposed to ")
    printed = [float(word) for word in words]
    rule: Criterion[list[float]] = Criterion(
        "the printed limits are those of tanh and sigma at z = -40",
        "any other printed limit",
        lambda found: bool(np.allclose(found, ends, atol=1e-9)),
        ends,
        [0.0, 0.0],
    )
    return rule.outcome(printed, ends, n=len(ends))


Slopes = Mapping[str, float]
_NO_ALTERNATIVE: Criterion[Slopes] = Criterion(
    "tanh has the smaller slope at one of the two points, so it is no alternative at both",
    "a larger slope of tanh at both points",
    lambda found: any(found[f"tanh at {z}"] <= found[f"sigmoid at {z}"] for z in (1.5, 5.5)),
    {"tanh at 1.5": 0.1, "sigmoid at 1.5": 0.2, "tanh at 5.5": 0.1, "sigmoid at 5.5": 0.2},
    {"tanh at 1.5": 0.2, "sigmoid at 1.5": 0.1, "tanh at 5.5": 0.2, "sigmoid at 5.5": 0.1},
)


def _no_better(_: Claim) -> Outcome:
    found = {f"{name} at {z}": _slope(z, name) for z in (1.5, 5.5) for name in ("tanh", "sigmoid")}
    why = "; ".join(
        f"at z = {z} that tanh is no better is "
        + _true_or_false(found[f"tanh at {z}"], found[f"sigmoid at {z}"])
        for z in (1.5, 5.5)
    )
    return _NO_ALTERNATIVE.outcome(found, why=why, n=len(found))


def _true_or_false(tanh: float, sigmoid: float) -> str:
    word = "false" if tanh > sigmoid else "true"
    sign = ">" if tanh > sigmoid else "<="
    return f"{word} ({tanh:.3g} {sign} {sigmoid:.3g})"


_WHOLE_RANGE: Criterion[list[float]] = Criterion(
    "tanh stays within -1 and 1 and comes within a thousandth of both, over -15 to 15",
    "a lowest or highest value elsewhere",
    lambda ends: -1 < ends[0] < -0.999 and 0.999 < ends[1] < 1,
    [-0.9999, 0.9999],
    [0.0, 1.0],
)


def _range(_: Claim) -> Outcome:
    curve = np.tanh(np.linspace(-15, 15, 3001))
    ends = [float(curve.min()), float(curve.max())]
    return _WHOLE_RANGE.outcome(ends, n=len(curve))


def _step(_: Claim) -> Outcome:
    found = layers.relu_derivative(np.array([-2.0, -1e-9, 1e-9, 2.0])).tolist()
    rule = same([0, 0, 1, 1], [0, 0, 0, 1], "the step function and the slopes at four points")
    return rule.outcome(found, why="at -2, -1e-9, 1e-9 and 2", n=len(found))


_ELEVEN = at_least(11, "the number of biases of the network")


def _biases(_: Claim) -> Outcome:
    count = sum(vector.size for vector in worked(RELU).exercise.bias_vectors)
    return _ELEVEN.outcome(count, slip=Slip("these parameters do not exist", shown=count < 11))


def _largest_gradient(exercise: str) -> float:
    trace = worked(exercise)
    gradients = (*trace.weight_gradients, *trace.bias_gradients)
    return max(float(np.abs(gradient).max()) for gradient in gradients)


_FASTER: Criterion[Slopes] = Criterion(
    "the largest derivative of a parameter of the report's own example is larger with ReLU",
    "a larger derivative with ReLU",
    lambda found: found[RELU] > found[SIGMOID],
    {SIGMOID: 0.1, RELU: 0.2},
    {SIGMOID: 0.2, RELU: 0.1},
)


def _accelerates(_: Claim) -> Outcome:
    found = {exercise: _largest_gradient(exercise) for exercise in (SIGMOID, RELU)}
    why = "the output unit is saturated, so every step is smaller"
    slip = Slip("the derivatives of the ReLU network were copied, not computed", _copies() >= 5)
    return _FASTER.outcome(found, why=why, slip=slip)


def _copies() -> int:
    """How many figures of the ReLU network are printed for the sigmoid network too."""
    of_relu = {abs(value) for n in range(59, 68) for value in quoted(f"001-{n:03}") if value}
    of_sigmoid = {abs(value) for n in range(18, 33) for value in quoted(f"001-{n:03}") if value}
    return len(of_relu & of_sigmoid)


_PREVENTS = at_least(
    0.1, "the largest derivative of a parameter with ReLU, as a share of that with sigmoid,"
)


def _prevents(_: Claim) -> Outcome:
    share = _largest_gradient(RELU) / _largest_gradient(SIGMOID)
    why = "the gradient of the report's own example vanishes all the same: "
    why += "large outputs of ReLU saturate the sigmoid behind them"
    return _PREVENTS.outcome(share, why=why)


def _relu_outputs(_: Claim) -> Outcome:
    values = named_values(RELU)
    outputs = [values["h_1"], values["h_2"]]
    rule = same([1.5, 5.5], [0.8176, 0.9959], "the printed hidden outputs and ours")
    return rule.outcome(outputs, n=len(outputs))


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
    "001-015": fact("= -(t - y)", _backward, SIGMOID_TRACE),
    "001-016": fact("= zbar_1 w_11", _weight_for_input, SIGMOID_TRACE),
    "001-017": fact("zbar_2 b1", _times_bias, SIGMOID_TRACE),
    "001-018": named(SIGMOID, "ybar"),
    "001-019": named(SIGMOID, "zbar"),
    "001-020": named(SIGMOID, "hbar_1"),
    "001-021": named(SIGMOID, "hbar_2"),
    "001-022": named(SIGMOID, "wbar_j1", place=-1),
    "001-023": named(SIGMOID, "wbar_j2", place=0),
    "001-024": named(SIGMOID, "bbar_j", place=0),
    "001-025": named(SIGMOID, "wbar_11"),
    "001-026": named(SIGMOID, "wbar_12"),
    "001-027": named(SIGMOID, "zbar_h1"),
    "001-028": named(SIGMOID, "zbar_h2"),
    "001-029": named(SIGMOID, "wbar_21"),
    "001-030": named(SIGMOID, "wbar_22"),
    "001-031": named(SIGMOID, "bbar_1"),
    "001-032": named(SIGMOID, "bbar_2"),
    "001-033": named(SIGMOID, "w_j1'", place=-1),
    "001-034": named(SIGMOID, "w_j2'"),
    "001-035": named(SIGMOID, "b_j'"),
    "001-036": named(SIGMOID, "w_11'"),
    "001-037": named(SIGMOID, "w_12'"),
    "001-038": named(SIGMOID, "w_21'"),
    "001-039": named(SIGMOID, "w_22'"),
    "001-040": named(SIGMOID, "b_1'"),
    "001-041": named(SIGMOID, "b_2'"),
    "001-042": without_figure(SIGMOID, "loss_after"),
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
    **report_001_statements.CHECKS,
    "001-084": fact("prevents the vanishing gradient", _prevents, RELU_TRACE),
}

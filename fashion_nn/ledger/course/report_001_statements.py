"""Report 001: its names, its formulas of the ReLU network, and what it says about gradients."""

import re

import numpy as np

from fashion_nn.lab import layers
from fashion_nn.ledger.checks.exercises import evidence_of, named_values, old_values, worked
from fashion_nn.ledger.checks.texts import THE_REPORT, fact, quoted
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Criterion, below, nothing_in
from fashion_nn.ledger.findings import Check, Outcome, Slip

SIGMOID = "report-001/sigmoid"
RELU = "report-001/relu"
PLOTS = "fashion-nn lab backprop --figures FOLDER"
_SLOPES = ("001-045", "001-046", "001-047")

_ONE_MEANING = nothing_in("name that stands for two things")


def _names(claim: Claim) -> Outcome:
    """The names that the lines define more than once."""
    defined = re.findall(r"\b(z_\d) =", claim.quoted)
    twice = [name for name in dict.fromkeys(defined) if defined.count(name) > 1]
    used = re.findall(r"(\w+) = sigma\((z_\d)\)", claim.quoted)
    shared = [name for _, name in used if [one for _, one in used].count(name) > 1]
    clashing = list(dict.fromkeys(twice + shared))
    why = "z_2 is the net of the output and that of the second hidden unit; z_1 is defined twice"
    slip = Slip("the names of the nets clash", shown=bool(clashing))
    return _ONE_MEANING.outcome(clashing, why=why, slip=slip, n=len(defined) + len(used))


_EXACT = below(1e-9, "the largest difference between the printed formula and the derivative")


def _compared(printed: float, right: float, words: str, mended: float) -> Outcome:
    """A printed product against a derivative, and what it is with the factor put right."""
    shown = bool(np.isclose(mended, right, rtol=1e-9, atol=1e-15))
    why = f"as printed it comes to {printed:.6g}, the derivative is {right:.6g}"
    return _EXACT.outcome(abs(printed - right), right, why=why, slip=Slip(words, shown))


def _by_input(_: Claim) -> Outcome:
    values = named_values(SIGMOID)
    x1 = float(worked(SIGMOID).exercise.inputs[0, 0])
    old = old_values(SIGMOID)
    right = values["zbar_h1"] * old["w_11"] + values["zbar_h2"] * old["w_21"]
    words = "this is the derivative by the weight w_11; by the input x1 it takes both weights"
    printed = values["zbar_h1"] * x1
    slip = Slip(words, shown=bool(np.isclose(printed, values["wbar_11"], atol=1e-15)))
    why = f"as printed it comes to {printed:.6g}, the derivative is {right:.6g}"
    return _EXACT.outcome(abs(printed - right), right, why=why, slip=slip)


_SHOWS_VALUE = below(0.000005, "the difference between the printed value and zbar_h1")


def _zero(claim: Claim) -> Outcome:
    printed = float(claim.quoted.rpartition("=")[2])
    right = named_values(SIGMOID)["zbar_h1"]
    why = f"zbar_h1 is {right:.6g}; without its sign it is printed elsewhere (001-027)"
    return _SHOWS_VALUE.outcome(abs(printed - right), right, why=why)


def _sigma_for_step(_: Claim) -> Outcome:
    values = named_values(RELU)
    net = np.array([values["z_1"]])
    printed = values["hbar_1"] * float(layers.sigmoid_derivative(net)[0])
    mended = values["hbar_1"] * float(layers.relu_derivative(net)[0])
    words = "the slope of the sigmoid, where that of ReLU belongs"
    return _compared(printed, values["zbar_h1"], words, mended)


def _weight_for_output(_: Claim) -> Outcome:
    values = named_values(RELU)
    printed = values["zbar"] * old_values(RELU)["w_j1"]
    words = "the weight is taken for the hidden output: the factor is h_1"
    return _compared(printed, values["wbar_j1"], words, values["zbar"] * values["h_1"])


def _weight_for_input(_: Claim) -> Outcome:
    values = named_values(RELU)
    printed = values["zbar_h1"] * old_values(RELU)["w_12"]
    x2 = float(worked(RELU).exercise.inputs[1, 0])
    words = "the weight is taken for the input: the factor is x2"
    return _compared(printed, values["wbar_12"], words, values["zbar_h1"] * x2)


def _net_of_bias(_: Claim) -> Outcome:
    values = named_values(RELU)
    old = old_values(RELU)
    printed = values["bbar_j"] * float(layers.sigmoid_derivative(np.array([old["b_j"]]))[0])
    words = "a bias has no net and no activation: its derivative is zbar itself"
    return _compared(printed, values["bbar_j"], words, values["zbar"])


_SMOOTH = below(0.01, "the largest step of a slope between points 0.01 apart")


def _smooth(_: Claim) -> Outcome:
    z = np.linspace(-10, 10, 2001)
    steps = {
        "tanh": float(np.abs(np.diff(layers.tanh_derivative(z))).max()),
        "sigmoid": float(np.abs(np.diff(layers.sigmoid_derivative(z))).max()),
        "ReLU": float(np.abs(np.diff(layers.relu_derivative(z))).max()),
    }
    why = "ReLU, for comparison, has a step of 1"
    return _SMOOTH.outcome(max(steps["tanh"], steps["sigmoid"]), steps, why=why, n=len(z))


_VANISHES = below(0.1, "tanh's slope at |z| = 2, as a share of that at 0,")


def _tanh_vanishes(_: Claim) -> Outcome:
    slope = layers.tanh_derivative(np.array([2.0, 0.0]))
    share = float(slope[0] / slope[1])
    sigmoid = layers.sigmoid_derivative(np.array([2.0, 0.0]))
    why = f"sigmoid's is {float(sigmoid[0] / sigmoid[1]):.2f} there: tanh's falls sooner"
    return _VANISHES.outcome(share, why=why)


_ALL_SMALL: Criterion[list[float]] = Criterion(
    "each slope is below a tenth of the largest that sigma has, 1/4",
    "a slope of 0.025",
    lambda found: max(found) < 0.025,
    [0.02, 0.01, 0.02],
    [0.02, 0.01, 0.1],
)


def _all_small(_: Claim) -> Outcome:
    found = [quoted(id)[0] for id in _SLOPES]
    shares = ", ".join(f"{slope / 0.25:.0%}" for slope in found)
    why = f"they are {shares} of the largest slope; the learning rate scales every step alike"
    return _ALL_SMALL.outcome(found, why=why, n=len(found))


RELU_TRACE = evidence_of(RELU)
CHECKS: dict[str, Check] = {
    "001-074": fact("sigma(z_2)", _names, THE_REPORT),
    "001-075": fact("zbar_x1 = zbar_h1 x_1", _by_input, evidence_of(SIGMOID)),
    "001-076": fact("zbar_h1 = ", _zero, evidence_of(SIGMOID)),
    "001-077": fact("zbar_h1 = hbar_1 (sigma'(z_h1))", _sigma_for_step, RELU_TRACE),
    "001-078": fact("wbar_j1 = zbar_2 w_j1", _weight_for_output, RELU_TRACE),
    "001-079": fact("wbar_12 = zbar_1 w_12", _weight_for_input, RELU_TRACE),
    "001-080": fact("zbar_b = bbar (sigma'(z_b))", _net_of_bias, RELU_TRACE),
    "001-081": fact("smooth and differentiable", _smooth, PLOTS),
    "001-082": fact("still susceptible to the vanishing gradient", _tanh_vanishes, PLOTS),
    "001-083": fact("all very small", _all_small, PLOTS),
}

"""Report 003, part 3: sample questions, and why not squared error."""

import math
import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.lab import losses
from fashion_nn.ledger.algebra import expression
from fashion_nn.ledger.findings import Check, Claim
from fashion_nn.ledger.studies import (
    Parts,
    mean_sd,
    over,
    study,
)
from fashion_nn.ledger.texts import Answer, fact

if TYPE_CHECKING:
    from fashion_nn.lab.backprop.symbolic import Regression

ALGEBRA = "fashion-nn lab backprop report-003/logistic --symbolic"


@lru_cache
def _regression() -> "Regression":
    from fashion_nn.lab.backprop.symbolic import regression

    return regression("logistic")


def _units() -> list[Any]:
    known = _regression().linear.symbols
    x1, x2 = known.inputs
    w1, w2, w3, w4, w5, w6 = known.parameters
    return [x1 * w1 + x2 * w3, x1 * w2 + x2 * w4, w5, w6]


def _linear_units(claim: Claim) -> Answer:
    import sympy

    from fashion_nn.ledger.algebra import parse

    lines = [part.partition("=")[2] for part in claim.quoted.replace("X", "x").split(";")]
    z1, z2, out = (parse(line) for line in lines)
    named = {str(symbol): symbol for symbol in out.free_symbols}
    composed = out.subs({named["z1"]: z1, named["z2"]: z2})
    ours = _regression().linear.expanded[0]
    real = ours.subs({s: sympy.Symbol(s.name, real=True) for s in ours.free_symbols})
    return sympy.expand(composed - real) == 0, str(ours), "the units put into each other, against the lab's network"


def _activations(claim: Claim) -> Answer:
    printed = re.findall(r"\((\w)\)", claim.quoted)
    return (
        printed == list(_regression().units),
        list(_regression().units),
        "two linear units, and a sigmoid at the output",
    )


def _probability(claim: Claim) -> Answer:
    right = "exp(b1 X1 + b2 X2) / (1 + exp(b1 X1 + b2 X2))"
    b1, b2, x = 0.3, -0.7, (1.5, 2.0)
    top = math.exp(b1 * x[0]) + b2 * x[1]
    printed = math.exp(b1 * x[0]) + b2 * x[1] / (1 + top)
    wanted = 1 / (1 + math.exp(-(b1 * x[0] + b2 * x[1])))
    same = abs(printed - wanted) < 1e-12 or "exp(beta1 X1 + beta2 X2) / (1 + exp(beta1 X1 + beta2 X2))" in claim.quoted
    return (
        same,
        right,
        f"at beta = (0.3, -0.7), X = (1.5, 2) the printed line is {printed:.4f}, the probability {wanted:.4f}",
        "beta2 X3 stands outside the exponential, and there is no X3",
    )


_AT = {"w": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), "x": (1.0, 2.0), "y": 1.0}


def _loss(w: Any) -> float:
    (w1, w2, w3, w4, w5, w6), (x1, x2), y = w, _AT["x"], _AT["y"]
    z = (x1 * w1 + x2 * w3) * w5 + (x1 * w2 + x2 * w4) * w6
    predicted = 1 / (1 + math.exp(-z))
    return -y * math.log(predicted) - (1 - y) * math.log(1 - predicted)


def _gradient(number: int) -> float:
    """∂E/∂w by central differences at the point that the ledger names."""
    step, up, down = 1e-6, list(_AT["w"]), list(_AT["w"])
    up[number - 1] += step
    down[number - 1] -= step
    return (_loss(up) - _loss(down)) / (2 * step)


def _bce_gradient(number: int, claim: Claim) -> Answer:
    (w1, w2, w3, w4, w5, w6), (x1, x2), y = _AT["w"], _AT["x"], _AT["y"]
    z11, z12 = x1 * w1 + x2 * w3, x1 * w2 + x2 * w4
    values = {"w5": w5, "w6": w6, "x1": x1, "x2": x2, "z11": z11, "z12": z12}
    sigma = 1 / (1 + math.exp(-(z11 * w5 + z12 * w6)))
    first = (sigma - y) / (sigma * (1 - sigma))
    tail = [part.strip() for part in claim.quoted.split("*")[1:]]
    slope = sigma * (1 - sigma) if "(1 - e^z/(1+e^z))" in claim.quoted else sigma
    factors = [values[part] for part in tail if part in values]
    printed, right = first * slope * math.prod(factors), _gradient(number)
    tried = {"the factor 1 - sigma is missing": printed * (1 - sigma)}
    for other in range(1, 5):
        if other != number <= 4:
            at = {1: w5 * x1, 2: w6 * x1, 3: w5 * x2, 4: w6 * x2}[other]
            if abs(math.prod(factors) - at) < 1e-12:
                tried[f"the factor 1 - sigma is missing, and it is the derivative by w{other}"] = right
    slip = [words for words, value in tried.items() if abs(value - right) < 1e-8]
    return abs(printed - right) < 1e-8, right, f"as printed it comes to {printed:.6g}", slip[-1] if slip else ""


def _kl(_: Claim) -> Answer:
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.6, 0.3])
    cross, sum_ = losses.cross_entropy(p, q), losses.entropy(p) + losses.kl_divergence(p, q)
    return (
        abs(cross - sum_) < 1e-12,
        cross,
        "cross-entropy is entropy, which no weight changes, plus KL divergence: p = (.2, .5, .3), q = (.1, .6, .3)",
    )


def _penalty(_: Claim) -> Answer:
    z = np.linspace(-20, 20, 4001)
    value = losses.LOSSES["logistic-cross-entropy"].value(z, np.ones_like(z))
    return (
        bool((np.diff(value) < 0).all()),
        [float(value[0]), float(value[-1])],
        "cross-entropy at z = -20 and 20, target 1: it grows with the distance everywhere",
    )


def _softened(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    records = parts["moons/sigmoid/3"]
    soft, hard = mean_sd(over(records, "bends", "sharpest")), mean_sd(over(records, "sharpest_as_steps"))
    return (
        soft["mean"] < hard["mean"] / 2,
        {"sigmoids": soft, "steps": hard},
        "sharpest bend in degrees of a combination of neurons; the report's figures 16 and 17 are missing",
    )


CHECKS: dict[str, Check] = {
    "003-171": fact(["z1", "z2", "yhat"], _linear_units, ALGEBRA),
    "003-172": fact("(L)", _activations, ALGEBRA),
    "003-173": fact("exp(beta1", _probability, ALGEBRA),
    "003-174": expression(lambda: _regression().coefficients[0], evidence=ALGEBRA),
    "003-175": expression(lambda: _regression().coefficients[1], evidence=ALGEBRA),
    "003-176": expression(lambda: _bce_slope(), evidence=ALGEBRA),
    "003-177": expression(lambda: ["sigma(z)", "sigma(z) (1 - sigma(z))"], evidence=ALGEBRA),
    **{f"003-{177 + n}": fact("e^z/(1+e^z)", partial(_bce_gradient, n), ALGEBRA) for n in range(1, 7)},
    "003-184": study(
        "boundaries",
        "soften the respective decision boundary",
        _softened,
        "fashion-nn lab boundaries --figure report-003/17 --picture FILE",
    ),
    "003-185": fact("minimize the KL Divergence", _kl, "fashion-nn lab losses squared-error"),
    "003-186": fact("further away", _penalty, "fashion-nn lab losses values"),
}


def _bce_slope() -> Any:
    import sympy

    y, yhat = sympy.symbols("y yhat", real=True)
    return sympy.diff(-y * sympy.log(yhat) - (1 - y) * sympy.log(1 - yhat), yhat)

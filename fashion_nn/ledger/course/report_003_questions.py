"""Report 003, part 3: sample questions, and why not squared error."""

import math
import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.lab import losses
from fashion_nn.ledger.checks.formulas import expression, parse, with_real_symbols
from fashion_nn.ledger.checks.texts import absent, fact
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Criterion, below, same
from fashion_nn.ledger.findings import Check, Outcome, Slip

if TYPE_CHECKING:
    from sympy import Expr

    from fashion_nn.lab.backprop.symbolic import Regression

ALGEBRA = "fashion-nn lab backprop report-003/logistic --symbolic"


@lru_cache
def _regression() -> "Regression":
    from fashion_nn.lab.backprop.symbolic import regression

    return regression("logistic")


_SAME_NETWORK: Criterion[str] = Criterion(
    "the units put into each other are the network of the lab, multiplied out",
    "a difference that does not cancel",
    lambda difference: difference == "0",
    "0",
    "w1*x1",
)


def _linear_units(claim: Claim) -> Outcome:
    import sympy

    lines = [part.partition("=")[2] for part in claim.quoted.replace("X", "x").split(";")]
    z1, z2, out = (parse(line) for line in lines)
    named = {str(symbol): symbol for symbol in out.free_symbols}
    composed = out.subs({named["z1"]: z1, named["z2"]: z2})
    ours = _regression().linear.expanded[0]
    difference = str(sympy.expand(composed - with_real_symbols(ours)))
    return _SAME_NETWORK.outcome(difference, str(ours), n=3)


def _activations(claim: Claim) -> Outcome:
    printed = re.findall(r"\((\w)\)", claim.quoted)
    units = list(_regression().units)
    rule = same(units, ["L", "L", "L"], "the printed activations and the lab's")
    return rule.outcome(printed, units, n=len(units))


_SAME_PROBABILITY = below(1e-12, "the difference between the printed line and the probability")


def _probability(claim: Claim) -> Outcome:
    b1, b2 = 0.3, -0.7
    x1, x2 = 1.5, 2.0
    top = math.exp(b1 * x1) + b2 * x2
    printed = math.exp(b1 * x1) + b2 * x2 / (1 + top)
    wanted = _sigmoid(b1 * x1 + b2 * x2)
    right = "exp(beta1 X1 + beta2 X2) / (1 + exp(beta1 X1 + beta2 X2))"
    gap = 0.0 if right in claim.quoted else abs(printed - wanted)
    why = f"at beta = (0.3, -0.7), X = (1.5, 2) the printed line is {printed:.4f}, "
    why += f"the probability {wanted:.4f}"
    outside = "+ beta2 X3" in claim.quoted
    slip = Slip("beta2 X3 stands outside the exponential, and there is no X3", shown=outside)
    return _SAME_PROBABILITY.outcome(gap, right.replace("beta", "b"), why=why, slip=slip)


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


# The point at which the ledger compares the derivatives of the loss.
_W = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
_X1 = 1.0
_X2 = 2.0
_Y = 1.0


def _units(w: tuple[float, ...]) -> tuple[float, float]:
    """Values of the two hidden units."""
    return _X1 * w[0] + _X2 * w[2], _X1 * w[1] + _X2 * w[3]


def _predicted(w: tuple[float, ...]) -> float:
    z11, z12 = _units(w)
    return _sigmoid(z11 * w[4] + z12 * w[5])


def _gradient(number: int) -> float:
    """∂E/∂w by central differences of the cross-entropy, w counted from 1."""
    step = 1e-6

    def loss(change: float) -> float:
        moved = [w + change * (place == number) for place, w in enumerate(_W, start=1)]
        predicted = _predicted(tuple(moved))
        return -_Y * math.log(predicted) - (1 - _Y) * math.log(1 - predicted)

    return (loss(step) - loss(-step)) / (2 * step)


_SAME_SLOPE = below(1e-8, "the difference between the printed formula and the derivative")


def _bce_gradient(number: int, claim: Claim) -> Outcome:
    """The printed derivative by w of this number, evaluated; hypotheses for the slip if it is
    wrong.
    """
    sigma = _predicted(_W)
    first = (sigma - _Y) / (sigma * (1 - sigma))
    slope = sigma * (1 - sigma) if "(1 - e^z/(1+e^z))" in claim.quoted else sigma
    factors = _printed_factors(claim)
    printed = first * slope * factors
    right = _gradient(number)
    other = _derivative_with(factors) if number <= 4 else None
    meant = other or number
    words = "the factor 1 - sigma is missing"
    if meant != number:
        words += f", and it is the derivative by w{meant}"
    shown = abs(printed * (1 - sigma) - _gradient(meant)) < 1e-8
    why = f"as printed it comes to {printed:.6g}"
    return _SAME_SLOPE.outcome(abs(printed - right), right, why=why, slip=Slip(words, shown))


def _printed_factors(claim: Claim) -> float:
    """The product of the factors after the first, as far as they are names of values."""
    z11, z12 = _units(_W)
    values = {"w5": _W[4], "w6": _W[5], "x1": _X1, "x2": _X2, "z11": z11, "z12": z12}
    names = [part.strip() for part in claim.quoted.split("*")[1:]]
    return math.prod(values[name] for name in names if name in values)


def _derivative_with(factors: float) -> int | None:
    """The hidden weight, 1 to 4, whose derivative has this product of factors; the last that
    fits.
    """
    of_weights = {1: _W[4] * _X1, 2: _W[5] * _X1, 3: _W[4] * _X2, 4: _W[5] * _X2}
    fits = [number for number, value in of_weights.items() if abs(factors - value) < 1e-12]
    return fits[-1] if fits else None


_SAME_SUM = below(1e-12, "the difference of cross-entropy to entropy plus KL divergence")


def _kl(_: Claim) -> Outcome:
    p = np.array([0.2, 0.5, 0.3])
    q = np.array([0.1, 0.6, 0.3])
    cross = losses.cross_entropy(p, q)
    total = losses.entropy(p) + losses.kl_divergence(p, q)
    why = "no weight changes the entropy: p = (.2, .5, .3), q = (.1, .6, .3)"
    return _SAME_SUM.outcome(abs(cross - total), cross, why=why)


_FALLS = below(0, "the largest step of the loss while a prediction nears its target")


def _penalty(_: Claim) -> Outcome:
    z = np.linspace(-20, 20, 4001)
    value = losses.LOSSES["logistic-cross-entropy"].value(z, np.ones_like(z))
    measured = [float(value[0]), float(value[-1])]
    why = "cross-entropy at z = -20 and 20, target 1: it grows with the distance everywhere"
    return _FALLS.outcome(float(np.diff(value).max()), measured, why=why, n=len(z))


def _bce_slope() -> "Expr":
    import sympy

    y, yhat = sympy.symbols("y yhat", real=True)
    return sympy.diff(-y * sympy.log(yhat) - (1 - y) * sympy.log(1 - yhat), yhat)


CHECKS: dict[str, Check] = {
    "003-171": fact(["z1", "z2", "yhat"], _linear_units, ALGEBRA),
    "003-172": fact("(L)", _activations, ALGEBRA),
    "003-173": fact("exp(beta1", _probability, ALGEBRA),
    "003-174": expression(lambda: _regression().coefficients[0], evidence=ALGEBRA),
    "003-175": expression(lambda: _regression().coefficients[1], evidence=ALGEBRA),
    "003-176": expression(_bce_slope, evidence=ALGEBRA),
    "003-177": expression(lambda: ["sigma(z)", "sigma(z) (1 - sigma(z))"], evidence=ALGEBRA),
    **{
        f"003-{177 + number}": fact("e^z/(1+e^z)", partial(_bce_gradient, number), ALGEBRA)
        for number in range(1, 7)
    },
    "003-184": absent(
        "figures 16 and 17 are missing, and the report names no boundary that is softened; that"
        " sigmoids bend less sharply than steps is true of any network"
    ),
    "003-185": fact("minimize the KL Divergence", _kl, "fashion-nn lab losses values"),
    "003-186": fact("further away", _penalty, "fashion-nn lab losses values"),
}

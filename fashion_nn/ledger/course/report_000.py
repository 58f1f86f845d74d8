"""Report 000: loss functions and their slopes, and what training with them comes to."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.lab import layers, losses
from fashion_nn.ledger import quotations
from fashion_nn.ledger.checks import exercises
from fashion_nn.ledger.checks.formulas import expression, real
from fashion_nn.ledger.checks.seeds import above, column, ordered, over_seeds, spreads
from fashion_nn.ledger.checks.texts import absent, captioned, fact
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Outcome, Spread
from fashion_nn.ledger.protocols import Parts

if TYPE_CHECKING:
    from sympy import Expr

CE, SOFTSIGN, SQUARED = losses.BINARY
VALUES = "fashion-nn lab losses values --z=-6,-4,-2,-1,-0.56,-0.2"
SYMBOLIC = "fashion-nn lab losses values"
PRIVATE = absent(
    "needs the course's private files data.pk and trained_model.pk; the formulas are checked by"
    " 000-001 and 000-022"
)
# Shares of the loss at the start.
NEAR_ZERO = 0.05
STILL_SOME = 0.05


def slopes(z: np.ndarray) -> dict[str, np.ndarray]:
    """|dL/dz| of the three losses at target 1."""
    targets = np.ones_like(z)
    return {name: np.abs(losses.LOSSES[name].slope(z, targets)) for name in losses.BINARY}


def _steeper(claim: Claim) -> Outcome:
    found = slopes(np.linspace(-20, quotations.first(claim.quoted), 2001))
    ratio = float((found[CE] / found[SQUARED]).min())
    why = "criterion: at least twice as steep everywhere from z = -20 on; smallest ratio"
    return Outcome(ratio >= 2, ratio, why)


def _slowest(_: Claim) -> Outcome:
    found = slopes(np.linspace(-20, -0.01, 2000))
    ratio = float((np.minimum(found[CE], found[SOFTSIGN]) / found[SQUARED]).min())
    why = "criterion: the smallest slope of the three wherever z < 0; "
    why += "smallest ratio of the next to it"
    return Outcome(ratio > 1, ratio, why)


def _plateau(claim: Claim) -> Outcome:
    z = np.linspace(-12, 0, 120_001)
    slope = slopes(z)[SQUARED]
    edge = quotations.first(claim.quoted)
    share = float(slope[np.searchsorted(z, edge)] / slope.max())
    flat = float(z[slope <= 0.1 * slope.max()].max())
    why = f"criterion: at most a tenth of the largest slope; at {edge:g} it is {share:.0%}, "
    why += f"a tenth at {flat:.2f}"
    measured = {"share of the largest slope": share, "flat from": flat}
    slip = f"no plateau yet at z = {edge:g}: read off a picture"
    return Outcome(share <= 0.1, measured, why, slip)


def _greater(_: Claim) -> Outcome:
    z = np.linspace(-20, -0.0001, 200_000)
    found = slopes(z)
    wrong = z <= -1
    ratios = {name: float((found[CE] / found[name])[wrong].min()) for name in (SOFTSIGN, SQUARED)}
    less = z[found[CE] < found[SOFTSIGN]]
    why = "criterion: the largest slope of the three where predictions are wrong as in part 2.1, "
    why += f"z <= -1; smallest ratios; for {less.min():.2f} < z < 0 "
    why += "softsign cross-entropy is steeper"
    return Outcome(min(ratios.values()) > 1, ratios, why)


def _quicker(_: Claim) -> Outcome:
    z = np.array([5.0, 10.0, 20.0, 40.0])
    found = layers.sigmoid_derivative(z) / layers.softsign_derivative(z)
    ratios = {f"{at:g}": float(ratio) for at, ratio in zip(z, found, strict=True)}
    holds = all(later < earlier / 10 for earlier, later in pairwise(ratios.values()))
    why = "criterion: (1) / (2) falls at least tenfold each time that z doubles from 5"
    return Outcome(holds, ratios, why)


def _larger(_: Claim) -> Outcome:
    z = np.linspace(-40, 40, 80_001)
    ratio = layers.softsign_derivative(z) / layers.sigmoid_derivative(z)
    smallest = float(ratio.min())
    at = abs(float(z[ratio.argmin()]))
    why = f"smallest ratio softsign to logistic, at |z| = {at:.2f}: larger everywhere"
    return Outcome(smallest > 1, smallest, why)


def _captions(claim: Claim) -> Outcome:
    printed = [int(number.value) for number in quotations.read(claim.quoted)]
    right = captioned("000", "training error, noisy", "validation loss, noisy")
    slip = "figure numbers one too low"
    return Outcome(printed == right, right, "figures with these captions", slip)


def _near_zero(parts: Parts, claim: Claim) -> Outcome:
    epoch = str(int(quotations.first(claim.quoted)))
    values = column(parts[CE], "relative", epoch)
    holds = max(values) <= NEAR_ZERO * 2 and sum(values) / len(values) <= NEAR_ZERO
    why = f"criterion: mean training loss at epoch {epoch} at most {NEAR_ZERO:.0%} "
    why += "of that at the start"
    return Outcome(holds, Spread.of(values), why)


def _still_some(parts: Parts, _: Claim) -> Outcome:
    values = column(parts[SQUARED], "relative", "300")
    why = f"criterion: in each run more than {STILL_SOME:.0%} of the loss at the start is left"
    return Outcome(min(values) > STILL_SOME, Spread.of(values), why)


def _between(parts: Parts, _: Claim) -> Outcome:
    found = {name: column(parts[name], "relative", "300") for name in losses.BINARY}
    holds = above(found[SQUARED], found[SOFTSIGN]) and above(found[SOFTSIGN], found[CE])
    why = "share of the loss at the start that is left after 300 epochs"
    return Outcome(holds, spreads(found), why)


def _runs(parts: Parts, claim: Claim) -> Outcome:
    counts = {len(records) for records in parts.values()}
    holds = counts == {int(quotations.first(claim.quoted))}
    return Outcome(holds, sorted(counts), "runs of each model in our protocol")


def _valid(parts: Parts, _: Claim) -> Outcome:
    measures = ("valid_loss", "valid_error")
    found = {
        f"{measure} {name}": column(parts[name], measure)
        for measure in measures
        for name in losses.BINARY
    }
    holds = all(
        above(found[f"{measure} {other}"], found[f"{measure} {SQUARED}"])
        for measure in measures
        for other in (CE, SOFTSIGN)
    )
    why = "criterion: the lowest validation loss, and, as losses have different units, "
    why += "the lowest validation error too"
    return Outcome(holds, spreads(found), why)


def _logistic_derivative() -> "Expr":
    import sympy

    z = real("z")
    return sympy.diff(1 / (1 + sympy.exp(-z)), z)


def _softsign_derivative() -> "Expr":
    import sympy

    z = real("z")
    return sympy.diff(z / (1 + sympy.Abs(z)), z)


CHECKS: dict[str, Check] = {
    "000-001": exercises.term("report-000/softsign-cross-entropy", "deltas", 1, digits=None),
    **{f"000-00{number}": PRIVATE for number in range(2, 9)},
    "000-009": fact("much steeper than the squared error", _steeper, VALUES),
    "000-010": fact(
        "squared error loss would cause a bad initialization to decrease the slowest",
        _slowest,
        VALUES,
    ),
    "000-011": over_seeds("bad-initialisation", "reduced to near zero", _near_zero),
    "000-012": over_seeds("bad-initialisation", "shows some training loss by the end", _still_some),
    "000-013": over_seeds("bad-initialisation", "prediction ordering", _between),
    "000-014": over_seeds(
        "bad-initialisation",
        "support the prediction",
        ordered("relative/300", (CE, SOFTSIGN, SQUARED)),
    ),
    "000-015": over_seeds("bad-initialisation", "times", _runs),
    "000-016": over_seeds("flipped-labels", "times", _runs),
    "000-017": fact("plateau", _plateau, VALUES),
    "000-018": fact("greater gradients for wrong predictions", _greater, VALUES),
    "000-019": over_seeds(
        "flipped-labels",
        "greatest with Logistic Squared Error and the smallest with Logistic Cross Entropy",
        ordered("train_error", (CE, SOFTSIGN, SQUARED)),
    ),
    "000-020": over_seeds(
        "flipped-labels", "squared error would have the lower validation", _valid
    ),
    "000-021": fact("with noise", _captions),
    "000-022": expression(_logistic_derivative, evidence=SYMBOLIC),
    "000-023": expression(_softsign_derivative, evidence=SYMBOLIC),
    "000-024": fact("(1) approaches zero much quicker than (2)", _quicker, SYMBOLIC),
    "000-025": fact("softsign nonlinearity will have a larger gradient", _larger, SYMBOLIC),
    "000-026": over_seeds(
        "saturation", "better to use the softsign", ordered("freed", ("logistic", "softsign"))
    ),
}

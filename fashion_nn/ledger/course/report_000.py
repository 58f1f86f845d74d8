"""Report 000: loss functions and their slopes, and what training with them comes to."""

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.lab import layers, losses
from fashion_nn.ledger import quotations
from fashion_nn.ledger.checks import exercises
from fashion_nn.ledger.checks.formulas import expression, real
from fashion_nn.ledger.checks.seeds import Criterion as SeedsCriterion
from fashion_nn.ledger.checks.seeds import column, ordered, over_seeds, spreads
from fashion_nn.ledger.checks.texts import THE_REPORT, absent, captioned, fact
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Criterion, at_least, below, chain, in_order, same
from fashion_nn.ledger.findings import Check, Outcome, Slip, Spread, adopted
from fashion_nn.ledger.protocols import ALL_IMAGES, Parts

if TYPE_CHECKING:
    from sympy import Expr

CE, SOFTSIGN, SQUARED = losses.BINARY
VALUES = "fashion-nn lab losses values --z=-6,-4,-2,-1,-0.56,-0.2"
SYMBOLIC = "fashion-nn lab losses values"
PRIVATE = absent(
    "needs the course's private files data.pk and trained_model.pk; the formulas are checked by"
    " 000-001 and 000-022"
)
STILL_SOME = 0.05
"""Share of the loss at the start."""
_COIN = 0.693
"""Nats of a coin flip, ln 2."""
Ratios = Mapping[str, float]


def slopes(z: np.ndarray) -> dict[str, np.ndarray]:
    """|dL/dz| of the three losses at target 1."""
    targets = np.ones_like(z)
    return {name: np.abs(losses.LOSSES[name].slope(z, targets)) for name in losses.BINARY}


_MUCH_STEEPER = at_least(2, "the smallest ratio of the slopes, from z = -20 on,")


def _steeper(claim: Claim) -> Outcome:
    z = np.linspace(-20, quotations.first(claim.quoted), 2001)
    found = slopes(z)
    return _MUCH_STEEPER.outcome(float((found[CE] / found[SQUARED]).min()), n=len(z))


_SLOWEST = at_least(1, "the smallest ratio of the next slope to squared error's, wherever z < 0,")


def _slowest(_: Claim) -> Outcome:
    z = np.linspace(-20, -0.01, 2000)
    found = slopes(z)
    ratio = float((np.minimum(found[CE], found[SOFTSIGN]) / found[SQUARED]).min())
    return _SLOWEST.outcome(ratio, n=len(z))


_FLAT = below(0.1, "the slope, as a share of the largest,")


def _plateau(claim: Claim) -> Outcome:
    z = np.linspace(-12, 0, 120_001)
    slope = slopes(z)[SQUARED]
    edge = quotations.first(claim.quoted)
    share = float(slope[np.searchsorted(z, edge)] / slope.max())
    flat = float(z[slope <= 0.1 * slope.max()].max())
    why = f"at {edge:g} it is {share:.0%}, a tenth at {flat:.2f}"
    measured = {"share of the largest slope": share, "flat from": flat}
    slip = Slip(f"no plateau yet at z = {edge:g}: read off a picture")
    return _FLAT.outcome(share, measured, why=why, slip=slip)


_LARGEST: Criterion[Ratios] = Criterion(
    "the largest slope of the three where predictions are wrong as in part 2.1, z <= -1",
    "a ratio of 1 to another slope",
    lambda ratios: min(ratios.values()) > 1,
    {SOFTSIGN: 2.0, SQUARED: 1.1},
    {SOFTSIGN: 2.0, SQUARED: 0.9},
)


def _greater(_: Claim) -> Outcome:
    z = np.linspace(-20, -0.0001, 200_000)
    found = slopes(z)
    wrong = z <= -1
    ratios = {name: float((found[CE] / found[name])[wrong].min()) for name in (SOFTSIGN, SQUARED)}
    less = z[found[CE] < found[SOFTSIGN]]
    why = f"smallest ratios; for {less.min():.2f} < z < 0 softsign cross-entropy is steeper"
    return _LARGEST.outcome(ratios, why=why, n=int(wrong.sum()))


_TENFOLD: Criterion[Ratios] = Criterion(
    "(1) / (2) falls at least tenfold each time that z doubles from 5",
    "a doubling of z that divides the ratio by less than ten",
    lambda ratios: all(b < a / 10 for a, b in pairwise(ratios.values())),
    {"5": 0.2, "10": 0.01},
    {"5": 0.2, "10": 0.1},
)


def _quicker(_: Claim) -> Outcome:
    z = np.array([5.0, 10.0, 20.0, 40.0])
    found = layers.sigmoid_derivative(z) / layers.softsign_derivative(z)
    ratios = {f"{at:g}": float(ratio) for at, ratio in zip(z, found, strict=True)}
    return _TENFOLD.outcome(ratios, n=len(ratios))


_LARGER = at_least(1, "the smallest ratio of softsign's slope to the logistic's")


def _larger(_: Claim) -> Outcome:
    z = np.linspace(-40, 40, 80_001)
    ratio = layers.softsign_derivative(z) / layers.sigmoid_derivative(z)
    at = abs(float(z[ratio.argmin()]))
    return _LARGER.outcome(float(ratio.min()), why=f"it is at |z| = {at:.2f}", n=len(z))


def _captions(claim: Claim) -> Outcome:
    printed = [int(number.value) for number in quotations.read(claim.quoted)]
    right = captioned("000", "training error, noisy", "validation loss, noisy")
    too_low = printed == [number - 1 for number in right]
    slip = Slip("figure numbers one too low", shown=too_low)
    rule = same(right, [0, 1], "the printed numbers and those of the figures with these captions")
    return rule.outcome(printed, right, slip=slip, n=len(right))


_NEAR_ZERO = below(_COIN / 4, "the highest training loss over the seeds, in nats,")


def _near_zero(parts: Parts, claim: Claim) -> Outcome:
    epoch = int(quotations.first(claim.quoted))
    everything = column(parts[ALL_IMAGES], "loss_at", str(epoch))
    few = [
        share * start
        for share, start in zip(
            column(parts[CE], "relative", str(epoch)), column(parts[CE], "start_loss"), strict=True
        )
    ]
    why = f"after {epoch} epochs on all fours and nines, a quarter of a coin flip's {_COIN} nats "
    why += "being the limit; on 1,000 of them it is still above a coin flip"
    measured = {"all images": Spread.of(everything), "1,000 images": Spread.of(few)}
    return _NEAR_ZERO.outcome(max(everything), measured, why=why, n=len(everything))


_LEFT = at_least(STILL_SOME, "the smallest share of the loss at the start that is left, by seed,")


def _still_some(parts: Parts, _: Claim) -> Outcome:
    values = column(parts[SQUARED], "relative", "300")
    return _LEFT.outcome(min(values), Spread.of(values), n=len(values))


_LEFT_AFTER = "share of the loss at the start that is left after 300 epochs"


def left_over(*pairs: tuple[str, str]) -> SeedsCriterion:
    """What is left of the losses after a very bad start, in order."""
    rule = in_order(_LEFT_AFTER, pairs)

    def judged(parts: Parts, _: Claim) -> Outcome:
        found = {name: column(parts[name], "relative", "300") for name in losses.BINARY}
        return rule.outcome(found, spreads(found), n=len(found))

    return judged


def _runs(parts: Parts, claim: Claim) -> Outcome:
    printed = int(quotations.first(claim.quoted))
    counts = {len(parts[name]) for name in losses.BINARY}
    rule = same({printed}, {printed + 1}, "the printed number of runs and ours")
    return rule.outcome(counts, sorted(counts))


def _of_noisy(parts: Parts, *measures: str) -> dict[str, list[float]]:
    """Measures of the trainings with flipped labels, a column for each measure and loss."""
    return {
        f"{measure} {name}": column(parts[name], measure)
        for measure in measures
        for name in losses.BINARY
    }


_ERRORS_RISE = [
    (f"train_error {CE}", f"train_error {SOFTSIGN}"),
    (f"train_error {SOFTSIGN}", f"train_error {SQUARED}"),
]
_SQUARED_LOWEST = [
    (f"{measure} {SQUARED}", f"{measure} {other}")
    for measure in ("valid_loss", "valid_error")
    for other in (CE, SOFTSIGN)
]
_LOSS_AND_ERROR = in_order("lowest, as losses have different units in errors too", _SQUARED_LOWEST)


def _valid(parts: Parts, _: Claim) -> Outcome:
    found = _of_noisy(parts, "valid_loss", "valid_error")
    return _LOSS_AND_ERROR.outcome(found, spreads(found), n=len(found))


_BOTH_PREDICTIONS = in_order("both predictions of part 2.2", _ERRORS_RISE + _SQUARED_LOWEST)


def _aligned(parts: Parts, _: Claim) -> Outcome:
    found = _of_noisy(parts, "train_error", "valid_loss", "valid_error")
    return _BOTH_PREDICTIONS.outcome(found, spreads(found), n=len(found))


_OVERFITTED = in_order(
    "the one that fits the flipped labels best has more validation errors",
    [(f"valid_error {SQUARED}", f"valid_error {CE}"), _ERRORS_RISE[0], _ERRORS_RISE[1]],
)


def _overfitted(parts: Parts, _: Claim) -> Outcome:
    found = _of_noisy(parts, "train_error", "valid_error")
    why = "errors, because the losses have different units"
    return _OVERFITTED.outcome(found, spreads(found), why=why, n=len(found))


_NO_EFFECT = below(0.01, "the slope at z = -10, as a share of the largest,")


def _no_effect(_: Claim) -> Outcome:
    z = np.linspace(-12, 0, 120_001)
    slope = slopes(z)[SQUARED]
    share = float(slope[np.searchsorted(z, -10.0)] / slope.max())
    from_there = float(z[slope <= 0.01 * slope.max()].max())
    return _NO_EFFECT.outcome(share, why=f"it is below a hundredth from z = {from_there:.1f} on")


def _label(claim: Claim) -> Outcome:
    """Whether the left side names what the right side is: the derivative of an activation."""
    printed = "loss" if "L" in claim.quoted.partition("=")[0] else "activation"
    rule = same("activation", "loss", "what the left side names and what the right side is")
    slip = Slip("the derivative of the activation is labelled as that of the loss", shown=True)
    why = "(1) and (2) are the derivatives of the two activations, see 000-022 and 000-023"
    return rule.outcome(printed, f"left: {printed}, right: activation", why=why, slip=slip)


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
    "000-011": over_seeds(
        "bad-initialisation",
        "reduced to near zero",
        _near_zero,
        "fashion-nn lab losses bad-initialisation --images 10791",
    ),
    "000-012": over_seeds("bad-initialisation", "shows some training loss by the end", _still_some),
    "000-013": over_seeds(
        "bad-initialisation",
        ("decrease the fastest", "decrease the slowest"),
        left_over(*chain(CE, SOFTSIGN, SQUARED)),
    ),
    "000-014": over_seeds(
        "bad-initialisation",
        "support the prediction",
        left_over(*chain(CE, SOFTSIGN, SQUARED)),
    ),
    "000-015": adopted(over_seeds("bad-initialisation", "times", _runs)),
    "000-016": adopted(over_seeds("flipped-labels", "times", _runs)),
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
    "000-021": fact("with noise", _captions, THE_REPORT),
    "000-022": expression(_logistic_derivative, evidence=SYMBOLIC),
    "000-023": expression(_softsign_derivative, evidence=SYMBOLIC),
    "000-024": fact("(1) approaches zero much quicker than (2)", _quicker, SYMBOLIC),
    "000-025": fact("softsign nonlinearity will have a larger gradient", _larger, SYMBOLIC),
    "000-026": over_seeds(
        "saturation", "better to use the softsign", ordered("freed", ("logistic", "softsign"))
    ),
    "000-027": over_seeds(
        "bad-initialisation",
        "training loss to decrease the fastest",
        left_over((CE, SOFTSIGN), (CE, SQUARED)),
    ),
    "000-028": fact("will not have any effect", _no_effect, VALUES),
    "000-029": over_seeds("flipped-labels", "greater validation loss", _overfitted),
    "000-030": over_seeds("flipped-labels", "predictions aligned well", _aligned),
    "000-031": fact("L_log", _label, THE_REPORT),
}

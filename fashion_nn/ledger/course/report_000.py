"""Report 000: loss functions and their slopes, and what training by them comes to."""

from itertools import pairwise
from typing import Any

import numpy as np

from fashion_nn.lab import layers, losses
from fashion_nn.ledger import figures, traces
from fashion_nn.ledger.algebra import expression
from fashion_nn.ledger.findings import Check, Claim
from fashion_nn.ledger.studies import Parts, above, mean_sd, ordered, over, study
from fashion_nn.ledger.texts import Answer, absent, captioned, fact

CE, SOFTSIGN, SQUARED = losses.BINARY
VALUES = "fashion-nn lab losses values --z=-6,-4,-2,-1,-0.56,-0.2"
NEAR_ZERO, STILL_SOME = 0.05, 0.05
"""Of the loss at the start."""


def slopes(z: np.ndarray) -> dict[str, np.ndarray]:
    """|dL/dz| of the three losses at target 1."""
    return {name: np.abs(losses.LOSSES[name].slope(z, np.ones_like(z))) for name in losses.BINARY}


def _steeper(claim: Claim) -> Answer:
    least = figures.read(claim.quoted)[0].value
    found = slopes(np.linspace(-20, least, 2001))
    ratio = float((found[CE] / found[SQUARED]).min())
    return ratio >= 2, ratio, "criterion: at least twice as steep everywhere from z = -20 on; smallest ratio"


def _slowest(_: Claim) -> Answer:
    found = slopes(np.linspace(-20, -0.01, 2000))
    ratio = float((np.minimum(found[CE], found[SOFTSIGN]) / found[SQUARED]).min())
    return (
        ratio > 1,
        ratio,
        "criterion: the smallest slope of the three wherever z < 0; smallest ratio of the next to it",
    )


def _plateau(claim: Claim) -> Answer:
    z = np.linspace(-12, 0, 120_001)
    slope = slopes(z)[SQUARED]
    edge = figures.read(claim.quoted)[0].value
    share = float(slope[np.searchsorted(z, edge)] / slope.max())
    flat = float(z[slope <= 0.1 * slope.max()].max())
    why = f"criterion: at most a tenth of the largest slope; at {edge:g} it is {share:.0%}, a tenth at {flat:.2f}"
    slip = f"no plateau yet at z = {edge:g}: read off a picture" if share > 0.1 else ""
    return share <= 0.1, {"share of the largest slope": share, "flat from": flat}, why, slip


def _greater(_: Claim) -> Answer:
    z = np.linspace(-20, -0.0001, 200_000)
    found = slopes(z)
    by = {name: float((found[CE] / found[name])[z <= -1].min()) for name in (SOFTSIGN, SQUARED)}
    less = z[found[CE] < found[SOFTSIGN]]
    why = (
        "criterion: the largest slope of the three where predictions are wrong as in part 2.1, z <= -1; smallest ratios"
    )
    why += f"; for {less.min():.2f} < z < 0 softsign cross-entropy is steeper"
    return min(by.values()) > 1, by, why


def _quicker(_: Claim) -> Answer:
    ratios = {
        f"{z:g}": float(layers.sigmoid_derivative(np.float64(z)) / layers.softsign_derivative(np.float64(z)))
        for z in (5, 10, 20, 40)
    }
    values = list(ratios.values())
    holds = all(later < earlier / 10 for earlier, later in pairwise(values))
    return holds, ratios, "criterion: (1) / (2) falls at least tenfold each time that z doubles from 5"


def _larger(_: Claim) -> Answer:
    z = np.linspace(-40, 40, 80_001)
    ratio = layers.softsign_derivative(z) / layers.sigmoid_derivative(z)
    at = abs(float(z[ratio.argmin()]))
    return (
        bool(ratio.min() > 1),
        float(ratio.min()),
        f"smallest ratio softsign to logistic, at |z| = {at:.2f}: larger everywhere",
    )


def _captions(claim: Claim) -> Answer:
    printed = [int(figure.value) for figure in figures.read(claim.quoted)]
    right = captioned("000", "training error, noisy", "validation loss, noisy")
    return printed == right, right, "figures with these captions", "figure numbers one too low"


def _near_zero(parts: Parts, claim: Claim) -> tuple[bool, Any, str]:
    epoch = str(int(figures.read(claim.quoted)[0].value))
    values = over(parts[CE], "relative", epoch)
    return (
        max(values) <= NEAR_ZERO * 2 and sum(values) / len(values) <= NEAR_ZERO,
        mean_sd(values),
        (f"criterion: mean training loss at epoch {epoch} at most {NEAR_ZERO:.0%} of that at the start"),
    )


def _still_some(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    values = over(parts[SQUARED], "relative", "300")
    return (
        min(values) > STILL_SOME,
        mean_sd(values),
        f"criterion: in each run more than {STILL_SOME:.0%} of the loss at the start is left",
    )


def _between(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {name: over(parts[name], "relative", "300") for name in losses.BINARY}
    holds = above(found[SQUARED], found[SOFTSIGN]) and above(found[SOFTSIGN], found[CE])
    return (
        holds,
        {name: mean_sd(v) for name, v in found.items()},
        "share of the loss at the start that is left after 300 epochs",
    )


def _runs(parts: Parts, claim: Claim) -> tuple[bool, Any, str]:
    counts = {len(records) for records in parts.values()}
    return counts == {int(figures.read(claim.quoted)[0].value)}, sorted(counts), "runs of each model in our protocol"


def _valid(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {
        f"{measure} {name}": over(parts[name], measure)
        for measure in ("valid_loss", "valid_error")
        for name in losses.BINARY
    }
    holds = all(
        above(found[f"{m} {other}"], found[f"{m} {SQUARED}"])
        for m in ("valid_loss", "valid_error")
        for other in (CE, SOFTSIGN)
    )
    why = "criterion: the lowest validation loss, and, as losses have different units, the lowest validation error too"
    return holds, {name: mean_sd(values) for name, values in found.items()}, why


PRIVATE = absent(
    "needs the course's private files data.pk and trained_model.pk; the formulas are checked by 000-001 and 000-022"
)
SYMBOLIC = "fashion-nn lab losses values"


def _derivative(of: str) -> Any:
    import sympy

    z = sympy.Symbol("z", real=True)
    return sympy.diff({"logistic": 1 / (1 + sympy.exp(-z)), "softsign": z / (1 + sympy.Abs(z))}[of], z)


CHECKS: dict[str, Check] = {
    "000-001": traces.term("report-000/softsign-cross-entropy", "deltas", 1, digits=None),
    **{f"000-00{n}": PRIVATE for n in range(2, 9)},
    "000-009": fact("much steeper than the squared error", _steeper, VALUES),
    "000-010": fact("squared error loss would cause a bad initialization to decrease the slowest", _slowest, VALUES),
    "000-011": study("bad-initialisation", "reduced to near zero", _near_zero),
    "000-012": study("bad-initialisation", "shows some training loss by the end", _still_some),
    "000-013": study("bad-initialisation", "prediction ordering", _between),
    "000-014": study("bad-initialisation", "support the prediction", ordered("relative/300", (CE, SOFTSIGN, SQUARED))),
    "000-015": study("bad-initialisation", "times", _runs),
    "000-016": study("flipped-labels", "times", _runs),
    "000-017": fact("plateau", _plateau, VALUES),
    "000-018": fact("greater gradients for wrong predictions", _greater, VALUES),
    "000-019": study(
        "flipped-labels",
        "greatest with Logistic Squared Error and the smallest with Logistic Cross Entropy",
        ordered("train_error", (CE, SOFTSIGN, SQUARED)),
    ),
    "000-020": study("flipped-labels", "squared error would have the lower validation", _valid),
    "000-021": fact("with noise", _captions),
    "000-022": expression(lambda: _derivative("logistic"), evidence=SYMBOLIC),
    "000-023": expression(lambda: _derivative("softsign"), evidence=SYMBOLIC),
    "000-024": fact("(1) approaches zero much quicker than (2)", _quicker, SYMBOLIC),
    "000-025": fact("softsign nonlinearity will have a larger gradient", _larger, SYMBOLIC),
    "000-026": study("saturation", "better to use the softsign", ordered("freed", ("logistic", "softsign"))),
}

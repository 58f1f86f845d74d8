"""Report 003, part 2: predictions for unlabelled images, principal components and logistic
regression.
"""

import re
import statistics
from itertools import pairwise
from typing import Any

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.ledger import claims, protocols, quotations
from fashion_nn.ledger.checks import texts
from fashion_nn.ledger.checks.cross_validation import Points, fold_score, folds
from fashion_nn.ledger.checks.seeds import needs_protocol, over_seeds, spread
from fashion_nn.ledger.checks.texts import absent, captioned, fact, fold_sizes, numbers, quoted
from fashion_nn.ledger.checks.trainings import of_run
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Finding, Outcome, not_reproducible
from fashion_nn.ledger.protocols import Parts
from fashion_nn.runs import Metrics

CLOCK = absent("wall clock of the author's machine")
GPU = absent("the author's GPU is not stated")


def _integer(pattern: str, claim: Claim) -> int:
    """The whole number that the pattern's group finds in the quotation."""
    found = re.search(pattern, claim.quoted)
    if found is None:
        raise ValueError(f"{claim.id} does not quote {pattern}")
    return int(found[1])


def _sixty_thousand(claim: Claim) -> Outcome:
    printed = 1000 * _integer(r"(\d+)k", claim)
    sizes = fold_sizes()
    total = sum(sizes) if sizes else None
    why = f"sum of the fold sizes that the printed scores give: {sizes}"
    return Outcome(total == printed, total, why)


def _pixels(claim: Claim) -> Outcome:
    pixels = _integer(r"(\d+)x\d+", claim) * _integer(r"\d+x(\d+)", claim)
    printed = _integer(r"(\d+) pixels", claim)
    return Outcome(pixels == printed, pixels, "height times width")


def _uniform(metrics: Metrics, _: Any, claim: Claim) -> Outcome:
    if metrics.test is None:
        raise InputError("models/mlp: has no test figures: fashion-nn evaluate models/mlp")
    counts = np.array(metrics.test.confusion).sum(axis=0)
    off = float(np.abs(counts / counts.mean() - 1).max())
    why = "test images that the dense network gives to each class of 1,000; "
    why += f"furthest off {off:.0%}; criterion: a quarter"
    return Outcome(off <= 0.25, counts.tolist(), why)


def _order(_: Claim) -> Outcome:
    labels = np.repeat(np.arange(10), 1000)
    predictions = {"in order": labels, "shuffled": np.random.default_rng(0).permutation(labels)}
    accuracy = {name: float((labels == each).mean()) for name, each in predictions.items()}
    holds = accuracy["in order"] == 1 and accuracy["shuffled"] < 0.15
    return Outcome(holds, accuracy, "accuracy of perfect predictions whose rows are shuffled")


def _variance(parts: Parts, _: Claim) -> Outcome:
    share = parts["fashion_mnist"][0]["explained"]["2"]
    why = "variance that two components keep; criterion: less than half"
    return Outcome(share < 0.5, share, why)


def _overlap(parts: Parts, _: Claim) -> Outcome:
    records = parts["fashion_mnist"]
    purity = spread(records, "purity")
    measured = {"purity": purity, "adjusted_rand": spread(records, "adjusted_rand")}
    why = "ten clusters of the test images on two components; criterion: purity below 60 %"
    return Outcome(purity.mean < 0.6, measured, why)


def _explained(claim: Claim) -> Finding:
    found = protocols.stored("components")
    if found is None:
        return needs_protocol("components", claim)
    measured = found["parts"]["fashion_mnist"][0]["explained"]
    evidence = f"fashion-nn reproduce {claim.id} --full"
    return not_reproducible("no figure is printed; this is ours", measured, evidence)


def _means(points: Points) -> dict[int, float]:
    """Mean accuracy by number of components, without the regression on all pixels."""
    return {size: statistics.fmean(point["accuracy"]) for size, point in points.items() if size}


def _by_size(means: dict[int, float]) -> dict[str, float]:
    return {str(size): mean for size, mean in means.items()}


def _rises(points: Points, _: Claim) -> Outcome:
    means = _means(points)
    values = [means[size] for size in sorted(means)]
    holds = all(fewer < more for fewer, more in pairwise(values))
    why = "mean accuracy in five folds by number of components"
    return Outcome(holds, _by_size(means), why)


def _inflection(points: Points, _: Claim) -> Outcome:
    means = _means(points)
    first = means[5] - means[2]
    last = means[100] - means[50]
    why = "criterion: 50 to 100 components gain less than a fifth of what 2 to 5 do "
    why += f"({last:.4f}, {first:.4f})"
    return Outcome(last < first / 5, _by_size(means), why)


def _third(points: Points, _: Claim) -> Outcome:
    small = points[100]
    large = points[None]
    gap = statistics.fmean(large["accuracy"]) - statistics.fmean(small["accuracy"])
    seconds = "fit_cpu_seconds" if "fit_cpu_seconds" in small else "fit_seconds"
    cost = statistics.fmean(small[seconds]) / statistics.fmean(large[seconds])
    measured = {"points lost": 100 * gap, "share of the time": cost}
    why = "criterion: within two points, at half the time or less"
    return Outcome(abs(gap) < 0.02 and cost < 0.5, measured, why)


def _listing(claim: Claim) -> Outcome:
    numbers = quotations.read(claim.quoted.replace(",", ", "))
    printed = [int(number.value) for number in numbers]
    found = (
        re.match(r"PCA\((\d+)\) \+ logistic", system.name) for system in claims.systems().values()
    )
    components = [int(match[1]) for match in found if match]
    why = "components of the six systems of the report"
    return Outcome(printed == components, components, why)


def _figure_12(claim: Claim) -> Outcome:
    printed = _integer(r"Figure (\d+)", claim)
    right = captioned("003", "PCA and logistic regression")
    slip = "figure number one too low"
    return Outcome([printed] == right, right, "the figure with this caption", slip)


def _balanced(_: Claim) -> Outcome:
    sizes = fold_sizes()
    holds = sizes is not None and set(sizes) == {texts.OFFICIAL_FOLD}
    why = f"stratified folds of 6,000 images a class have {texts.OFFICIAL_FOLD:,} each"
    slip = "the file is another draw of 60,000 images, not balanced by class"
    return Outcome(holds, sizes, why, slip)


def _mean_score() -> list[float]:
    return [100 * statistics.fmean(quoted(id)[0] for id in texts.FOLDS)]


def _mean_time() -> list[float]:
    return [statistics.fmean(quoted(f"003-{number}")[0] for number in range(163, 168))]


CHECKS: dict[str, Check] = {
    "003-143": fact("labeled pairs", _sixty_thousand, "fashion-nn reproduce 003-143"),
    "003-144": fact("single color channel", _pixels, "fashion-nn data info fashion_mnist"),
    "003-145": of_run("mlp", "fairly uniform distribution", _uniform),
    "003-146": fact("turn shuffling off", _order, "fashion-nn reproduce 003-146"),
    "003-147": GPU,
    "003-148": absent(
        "the picture is missing from the report; ours is models/mlp/weights.png",
        evidence="fashion-nn evaluate models/mlp",
    ),
    "003-149": over_seeds(
        "components", "significant overlap", _overlap, "fashion-nn reproduce 003-149 --full"
    ),
    "003-150": over_seeds(
        "components",
        "loss of variance is too great",
        _variance,
        "fashion-nn reproduce 003-150 --full",
    ),
    "003-151": folds("increases", _rises),
    "003-152": Check(_explained, protocol="components"),
    "003-153": folds("inflection point", _inflection),
    "003-154": fact("Figure ", _figure_12, "fashion-nn reproduce 003-154"),
    "003-155": folds("very similar accuracy at a third", _third),
    "003-156": fact("[", _listing, "fashion-nn reproduce 003-156"),
    **{id: fold_score() for id in texts.FOLDS},
    "003-162": numbers(
        _mean_score, unit=1.0, why="mean of the five printed scores; ours: see 003-157"
    ),
    **{f"003-{number}": CLOCK for number in range(163, 168)},
    "003-168": numbers(_mean_time, unit=1.0, why="mean of the five printed times"),
    "003-169": CLOCK,
    "003-170": fact("60k labeled pairs", _balanced, "fashion-nn reproduce 003-170"),
}

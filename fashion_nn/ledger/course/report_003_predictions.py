"""Report 003, part 2: predictions for unlabelled images, principal components and logistic
regression.
"""

import math
import re
import statistics
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from fashion_nn.baselines import linear
from fashion_nn.errors import InputError
from fashion_nn.ledger import protocols, quotations
from fashion_nn.ledger.checks import texts
from fashion_nn.ledger.checks.cross_validation import Points, fold_score, folds
from fashion_nn.ledger.checks.seeds import column, needs_protocol, over_seeds, spreads
from fashion_nn.ledger.checks.texts import (
    THE_REPORT,
    absent,
    captioned,
    fact,
    fold_sizes,
    numbers,
    quoted,
)
from fashion_nn.ledger.checks.trainings import run_of
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Criterion, at_least, below, chain, in_order, same
from fashion_nn.ledger.findings import Check, Finding, Outcome, Slip, adopted, nothing_printed
from fashion_nn.ledger.protocols import Parts

COMPONENTS = "fashion-nn baseline pca-logreg"
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
    total = sum(sizes) if sizes else 0
    why = f"sum of the fold sizes that the printed scores give: {sizes}"
    rule = same(total, total + 1, "the printed number of images and that of the folds")
    return rule.outcome(printed, total, why=why, n=5)


def _pixels(claim: Claim) -> Outcome:
    pixels = _integer(r"(\d+)x\d+", claim) * _integer(r"\d+x(\d+)", claim)
    printed = _integer(r"(\d+) pixels", claim)
    rule = same(pixels, pixels + 1, "the printed number of pixels and height times width")
    return rule.outcome(printed, pixels)


_UNIFORM = 0.25
_NEAR_UNIFORM = below(_UNIFORM, "the largest deviation of a class from its share of the answers")


def _deviation(counts: np.ndarray) -> float:
    return float(np.abs(counts / counts.mean() - 1).max())


@lru_cache
def _answers_by_class() -> dict[str, tuple[float, float]]:
    """Deviation from equal shares, and accuracy, of the test answers of every run in models/."""
    found = {}
    for name in ("mlp", "cnn-v1", "cnn-v2", "logreg", "pca-logreg"):
        run = run_of(name)
        test = run.read_metrics().test if run else None
        if test is not None:
            found[name] = (_deviation(np.array(test.confusion).sum(axis=0)), test.accuracy)
    return found


def _uniform(_: Claim) -> Outcome:
    found = {name: off for name, (off, _) in _answers_by_class().items()}
    if not found:
        raise InputError("models/mlp: has no test figures: fashion-nn evaluate models/mlp")
    why = "test answers of each trained model; that all are near says that it is no distinction"
    return _NEAR_UNIFORM.outcome(max(found.values()), found, why=why, n=len(found))


_TELLS_ACCURACY = at_least(0.8, "the lowest accuracy of answers that are uniform within a quarter")


def _so_it_generalised(_: Claim) -> Outcome:
    labels = np.repeat(np.arange(10), 1000)
    guesses = np.random.default_rng(0).integers(0, 10, len(labels))
    off = _deviation(np.bincount(guesses, minlength=10))
    found = {"answers at random": (off, float((guesses == labels).mean())), **_answers_by_class()}
    near = {name: accuracy for name, (deviation, accuracy) in found.items() if deviation < _UNIFORM}
    words = "it does not follow: answers at random are uniform too"
    slip = Slip(words, shown="answers at random" in near)
    why = "accuracy on the test images"
    return _TELLS_ACCURACY.outcome(min(near.values()), near, why=why, slip=slip, n=len(near))


_MOST_IS_LOST = below(0.5, "the share of the variance that two components keep")


def _variance(parts: Parts, _: Claim) -> Outcome:
    return _MOST_IS_LOST.outcome(parts["fashion_mnist"][0]["explained"]["2"])


_PURER = in_order(
    "purity of ten clusters of the test images",
    [("two components", "fifty components")],
)


def _overlap(parts: Parts, _: Claim) -> Outcome:
    records = parts["fashion_mnist"]
    found = {
        "two components": column(records, "purity"),
        "fifty components": column(records, "purity_50"),
    }
    why = "overlap that the low dimension makes shows as clusters that are less pure"
    return _PURER.outcome(found, spreads(found), why=why, n=len(found))


def _explained(claim: Claim) -> Finding:
    found = protocols.stored("components")
    if found is None:
        return needs_protocol("components", claim)
    measured = found.parts["fashion_mnist"][0]["explained"]
    return nothing_printed(measured, COMPONENTS)


def _means(points: Points) -> dict[int, float]:
    """Mean accuracy by number of components, without the regression on all pixels."""
    return {size: statistics.fmean(point["accuracy"]) for size, point in points.items() if size}


def _rises(points: Points, _: Claim) -> Outcome:
    sizes = sorted(size for size in points if size)
    found = {str(size): points[size]["accuracy"] for size in sizes}
    rule = in_order("accuracy in five folds", chain(*found))
    return rule.outcome(found, spreads(found), n=5)


_BEND: Criterion[Sequence[float]] = Criterion(
    "at one number of components the gain of a doubling falls to less than half, and stays below",
    "gains that fall by less than half each time",
    lambda gains: any(max(gains[place:]) < gains[place - 1] / 2 for place in range(1, len(gains))),
    [0.2, 0.05, 0.04],
    [0.2, 0.15, 0.1],
)


def _inflection(points: Points, _: Claim) -> Outcome:
    means = _means(points)
    sizes = sorted(means)
    gains = [(means[b] - means[a]) / math.log2(b / a) for a, b in pairwise(sizes)]
    places = [n for n in range(1, len(gains)) if max(gains[n:]) < gains[n - 1] / 2]
    measured = {f"{a} to {b}": gain for (a, b), gain in zip(pairwise(sizes), gains, strict=True)}
    why = "accuracy gained by a doubling of the components; "
    why += f"the bend is at {sizes[places[0]]} components" if places else "there is no bend"
    return _BEND.outcome(gains, measured, why=why, n=len(gains))


_CHEAP_AND_NEAR: Criterion[tuple[float, float]] = Criterion(
    "within two points, at half the time to fit or less",
    "two points lost, or half the time",
    lambda found: abs(found[0]) < 2 and found[1] < 0.5,
    (1.0, 0.33),
    (1.0, 0.6),
)


def _third(points: Points, _: Claim) -> Outcome:
    small = points[100]
    large = points[None]
    gap = 100 * (statistics.fmean(large["accuracy"]) - statistics.fmean(small["accuracy"]))
    seconds = "fit_cpu_seconds" if "fit_cpu_seconds" in small else "fit_seconds"
    cost = statistics.fmean(small[seconds]) / statistics.fmean(large[seconds])
    measured = {"points lost": gap, "share of the time": cost}
    return _CHEAP_AND_NEAR.outcome((gap, cost), measured, n=5)


def _listing(claim: Claim) -> Outcome:
    numbers = quotations.read(claim.quoted.replace(",", ", "))
    printed = [int(number.value) for number in numbers]
    ours = list(linear.SWEEP)
    rule = same(ours, ours[:-1], "the printed numbers of components and those that we run")
    return rule.outcome(printed, ours, n=len(ours))


def _figure_12(claim: Claim) -> Outcome:
    printed = _integer(r"Figure (\d+)", claim)
    right = captioned("003", "PCA and logistic regression")
    slip = Slip("figure number one too low", shown=right == [printed + 1])
    rule = same(right, [0], "the printed number and that of the figure with this caption")
    return rule.outcome([printed], right, slip=slip)


def _mean_score() -> list[float]:
    return [100 * statistics.fmean(quoted(id)[0] for id in texts.FOLDS)]


def _mean_time() -> list[float]:
    return [statistics.fmean(quoted(f"003-{number}")[0] for number in range(163, 168))]


CHECKS: dict[str, Check] = {
    "003-143": fact("labeled pairs", _sixty_thousand, THE_REPORT),
    "003-144": fact("single color channel", _pixels, "fashion-nn data info fashion_mnist"),
    "003-145": fact("fairly uniform distribution", _uniform, "fashion-nn evaluate models/mlp"),
    "003-146": absent(
        "the method that read the data is not in the report; that rows in another order are other"
        " answers needs no measurement"
    ),
    "003-147": GPU,
    "003-148": absent(
        "the picture is missing from the report; ours is models/mlp/weights.png",
        evidence="fashion-nn evaluate models/mlp",
    ),
    "003-149": over_seeds(
        "components", "significant overlap", _overlap, "fashion-nn baseline pca-kmeans"
    ),
    "003-150": over_seeds(
        "components",
        "loss of variance is too great",
        _variance,
        COMPONENTS,
    ),
    "003-151": folds("increases", _rises),
    "003-152": Check(_explained, protocol="components"),
    "003-153": folds("inflection point", _inflection),
    "003-154": fact("Figure ", _figure_12, THE_REPORT),
    "003-155": folds("very similar accuracy at a third", _third),
    "003-156": adopted(fact("[", _listing, COMPONENTS)),
    **{id: fold_score() for id in texts.FOLDS},
    "003-162": numbers(
        _mean_score, THE_REPORT, unit=1.0, why="mean of the five printed scores; ours: see 003-157"
    ),
    **{f"003-{number}": CLOCK for number in range(163, 168)},
    "003-168": numbers(_mean_time, THE_REPORT, unit=1.0, why="mean of the five printed times"),
    "003-169": CLOCK,
    "003-196": fact(
        "so I assume that my model generalized well",
        _so_it_generalised,
        "fashion-nn evaluate models/mlp",
    ),
}

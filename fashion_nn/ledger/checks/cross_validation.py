"""Claims about logistic regression in five folds, from `results/baselines.json`."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from fashion_nn.core.stored import read_json
from fashion_nn.ledger import protocols
from fashion_nn.ledger.checks import texts
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import (
    Check,
    Finding,
    Outcome,
    Spread,
    Verdict,
    not_reproducible,
    only_for,
    plain,
    waiting,
)

_STUDIES = ("pca-logreg", "logreg")
_MARGIN = 3  # standard deviations of a fold's accuracy

Folds = Mapping[str, Sequence[float]]
"""Measure → its value in each fold."""
Points = Mapping[int | None, Folds]
"""Number of principal components, None for all pixels → the folds."""
Criterion = Callable[[Points, Claim], Outcome]


@lru_cache
def measured() -> dict[str, Any]:
    """The content of `results/baselines.json`; empty without that file."""
    path = protocols.RESULTS / "baselines.json"
    mend = "restore it from the package"
    return read_json(path, expected=mend, mend=mend) if path.exists() else {}


def _points() -> Points | None:
    found = measured()
    if not found.keys() >= set(_STUDIES):
        return None
    points = [point for name in _STUDIES for point in found[name]["cross_validation"]["points"]]
    # As the report did it, if that was measured: components fitted on all rows, 100 iterations.
    return {point["components"]: point.get("as_listed", point)["folds"] for point in points}


def folds(words: str, criterion: Criterion) -> Check:
    """A statement about the cross-validated accuracies by number of components."""

    def judge(claim: Claim) -> Finding:
        points = _points()
        if points is None:
            return waiting("needs results/baselines.json: the cross-validation is run elsewhere")
        return criterion(points, claim).finding("fashion-nn baseline pca-logreg --as-listed")

    return Check(only_for(words, judge))


def fold_score() -> Check:
    """A fold's printed score: it is a fraction k/n of a fold, within three standard deviations of
    our mean, if the folds can be those of the official training split.
    """
    return Check(_judge_fold_score)


def _judge_fold_score(claim: Claim) -> Finding:
    found = texts.fraction(claim.quoted.strip())
    if found is None:
        why = "no fraction k/n with n from 11,950 to 12,050 is printed so"
        return Finding(Verdict.DIFFERS, None, why)
    points = _points()
    if points is None:
        why = f"it is {found}; our own folds: needs results/baselines.json"
        return waiting(why, str(found))
    ours = points[None]["accuracy"]
    mean = statistics.fmean(ours)
    band = _MARGIN * (mean * (1 - mean) / found.n) ** 0.5
    evidence = "fashion-nn baseline logreg --as-listed"
    sizes = texts.fold_sizes()
    if sizes is None or set(sizes) != {texts.OFFICIAL_FOLD}:
        why = f"the printed score is {found}: the five folds have {sizes} images, where those of "
        why += f"the official training split have {texts.OFFICIAL_FOLD:,} each, so the file was "
        why += f"another; any score from {mean - band:.4f} to {mean + band:.4f} would agree with us"
        return not_reproducible(why, Spread.of(ours), evidence)
    return Finding(
        Verdict.MATCH if abs(found.value - mean) <= band else Verdict.DIFFERS,
        plain(Spread.of(ours)),
        f"the printed score is {found}",
        None,
        evidence,
        f"within three standard deviations of our mean: ±{band:.4f} of {mean:.4f}",
        "a score outside that band",
        len(ours),
    )

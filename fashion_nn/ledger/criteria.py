"""Criteria for statements in words: fixed before anything is measured, and able to fail.

A `Criterion` has a rule, and two results: one that meets it and one that does not. A criterion
that no result can turn is refused when it is made, so no claim can be judged by it. Means over
seeds are compared by Welch's test at 95 %, and need at least three seeds.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar, cast

import numpy as np

from fashion_nn.ledger.findings import Measured, Outcome, Slip

T = TypeVar("T")
Answer = bool | None
"""Whether something holds; None if the measurement does not tell."""
Columns = Mapping[str, Sequence[float]]
"""What is compared → its value for each seed."""
Pair = tuple[str, str]
"""The names of a lower and a higher column."""

FEWEST_SEEDS = 3
CONFIDENCE = 0.95


class PowerlessCriterion(ValueError):
    """No result turns the criterion."""


@dataclass(frozen=True)
class Criterion(Generic[T]):
    """What a statement is held to.

    Attributes:
        words: what is asked of the measurement.
        turns: the result at which the verdict turns.
        rule: from a measurement to its answer.
        holds_for: a measurement that meets the criterion.
        fails_for: one that does not.

    Raises:
        PowerlessCriterion: `rule` does not tell these two apart.
    """

    words: str
    turns: str
    rule: Callable[[T], Answer]
    holds_for: T
    fails_for: T

    def __post_init__(self) -> None:
        answers = (self.rule(self.holds_for), self.rule(self.fails_for))
        if answers != (True, False):
            raise PowerlessCriterion(f"no result turns the criterion {self.words!r}: {answers}")

    def outcome(
        self,
        data: T,
        measured: Measured = None,
        *,
        why: str = "",
        slip: Slip | None = None,
        n: int = 1,
        seeds: int = 0,
    ) -> Outcome:
        """What the criterion says about a measurement.

        Args:
            measured: what the entry shows; by default the measurement itself.
        """
        shown = cast(Measured, data) if measured is None else measured
        answer = self.rule(data)
        return Outcome(answer, shown, self.words, self.turns, why, slip, n, seeds)


def at_least(limit: float, what: str) -> Criterion[float]:
    """A number is not below a limit."""
    below = limit - 0.1 * (abs(limit) or 1)
    return Criterion(
        f"{what} is at least {limit:g}",
        f"{what.rstrip(',')}: {limit:g}",
        lambda value: value >= limit,
        limit,
        below,
    )


def below(limit: float, what: str) -> Criterion[float]:
    """A number is below a limit."""
    smaller = limit - 0.1 * (abs(limit) or 1)
    return Criterion(
        f"{what} is below {limit:g}",
        f"{what.rstrip(',')}: {limit:g}",
        lambda value: value < limit,
        smaller,
        limit,
    )


def same(right: T, other: T, what: str) -> Criterion[T]:
    """What is printed equals what is right; `other` is a value that is not right."""
    return Criterion(
        f"{what} are the same", f"any other {what}", lambda value: value == right, right, other
    )


def nothing_in(what: str) -> Criterion[Sequence[str]]:
    """A list of exceptions is empty."""
    return Criterion(f"no {what}", f"a single {what}", lambda found: not found, (), ("one",))


def all_of(answers: Sequence[Answer]) -> Answer:
    """Whether all hold: one that does not decides, then one that is not told apart."""
    if False in answers:
        return False
    return None if None in answers else True


def told_apart(high: Sequence[float], low: Sequence[float]) -> Answer:
    """Whether the first mean lies above the second: Welch's test over seeds at 95 %, two-sided.

    Returns:
        False if it lies below, None if the two are not told apart or have fewer than three seeds.
    """
    if min(len(high), len(low)) < FEWEST_SEEDS:
        return None
    gap = float(np.mean(high) - np.mean(low))
    if np.ptp(high) == 0 and np.ptp(low) == 0:
        return None if gap == 0 else gap > 0
    from scipy.stats import ttest_ind

    with warnings.catch_warnings():
        # SciPy warns where the seeds of one side agree to many digits; the other side decides then.
        warnings.simplefilter("ignore", RuntimeWarning)
        surprise = float(ttest_ind(high, low, equal_var=False).pvalue)
    return gap > 0 if surprise < 1 - CONFIDENCE else None


def in_order(what: str, pairs: Sequence[Pair]) -> Criterion[Columns]:
    """The mean of the second column of each pair lies above that of the first."""
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    ranks = dict.fromkeys(names, 0)
    for _ in names:
        for low, high in pairs:
            ranks[high] = max(ranks[high], ranks[low] + 1)

    def rule(columns: Columns) -> Answer:
        return all_of([told_apart(columns[high], columns[low]) for low, high in pairs])

    order = _in_words(pairs)
    return Criterion(
        f"{what}: {order}, each told apart over the seeds (Welch's test, 95 %)",
        "two means in the other order; closer than their scatter tells apart is not-told-apart",
        rule,
        {name: _around(rank) for name, rank in ranks.items()},
        {name: _around(-rank) for name, rank in ranks.items()},
    )


def _in_words(pairs: Sequence[Pair]) -> str:
    """The pairs as text; those with the same higher or the same lower name together."""
    lows = {high: [low for low, other in pairs if other == high] for _, high in pairs}
    highs = {low: [high for other, high in pairs if other == low] for low, _ in pairs}
    if len(lows) <= len(highs):
        return "; ".join(f"{', '.join(below)} < {high}" for high, below in lows.items())
    return "; ".join(f"{low} < {', '.join(above)}" for low, above in highs.items())


def chain(*names: str) -> list[Pair]:
    """The pairs of names that follow each other, the lowest first."""
    return list(pairwise(names))


def _around(value: float) -> list[float]:
    """A column of three seeds with almost the same value."""
    return [value - 0.01, value, value + 0.01]


def share_taken(bands: Sequence[tuple[float, float]], low: float, high: float) -> float:
    """The share of the plausible values from `low` to `high` that lie in one of the bands."""
    values = np.linspace(low, high, 10_001)
    inside = np.zeros(len(values), dtype=bool)
    for bottom, top in bands:
        inside |= (values >= bottom) & (values <= top)
    return float(inside.mean())

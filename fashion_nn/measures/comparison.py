"""Which of several models are better than others by more than chance, from their answers to the
same images.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05
"""Probability of calling at least one of several equal models better than another."""


class McNemar(NamedTuple):
    """McNemar's test of two models.

    only_first, only_second: number of images that only the first or only the second model answered
        rightly.
    p: the two-sided exact p-value.
    """

    only_first: int
    only_second: int
    p: float


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """Compare two models by whether each was right on the same images in the same order.

    Args:
        first, second: whether each model was right, bool (n,).

    >>> mcnemar(np.array([True, True, False]), np.array([False, True, False]))
    McNemar(only_first=1, only_second=0, p=1.0)

    Raises:
        ValueError: the two arrays have different lengths.

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions
    (1947); exact as a sign test.
    """
    from scipy.stats import binomtest

    if first.shape != second.shape:
        raise ValueError(f"{len(first)} answers beside {len(second)}")
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    either = only_first + only_second
    p = float(binomtest(only_first, either).pvalue) if either else 1.0
    return McNemar(only_first, only_second, p)


class _Pair(NamedTuple):
    """Two models by their numbers, and the p-value of their difference."""

    p: float
    first: int
    second: int


def tied_groups(right: Sequence[NDArray[np.bool_]]) -> list[str]:
    """A word of letters for each model, given whether it was right on each image, bool (n,).

    Two models share a letter if McNemar's test, with the levels of S. Holm (1979) over all pairs,
    does not tell them apart; "a" is the letter of the best. A model may have several letters: being
    tied is not transitive.

    >>> always, sometimes = np.full(100, True), np.arange(100) < 80
    >>> tied_groups([sometimes, always, always])
    ['b', 'a', 'a']

    Source: H.-P. Piepho, An algorithm for a letter-based representation of all-pairwise comparisons
    (2004).
    """
    models = range(len(right))
    pairs = sorted(_Pair(mcnemar(right[i], right[j]).p, i, j) for i, j in combinations(models, 2))
    groups = [frozenset(models)]
    for tested, pair in enumerate(pairs):
        if pair.p > ALPHA / (len(pairs) - tested):
            break
        groups = _told_apart(groups, pair.first, pair.second)
    best_first = sorted(models, key=lambda model: -right[model].sum())
    groups.sort(key=lambda group: sorted(map(best_first.index, group)))
    return [
        "".join(_letter(number) for number, group in enumerate(groups) if model in group)
        for model in models
    ]


def _told_apart(groups: list[frozenset[int]], first: int, second: int) -> list[frozenset[int]]:
    """The groups after the two models were found to differ: no group holds both."""
    parts: list[frozenset[int]] = []
    for group in groups:
        if {first, second} <= group:
            parts += [group - {first}, group - {second}]
        else:
            parts.append(group)
    distinct = list(dict.fromkeys(parts))
    # A group inside another says nothing more.
    return [part for part in distinct if not any(part < other for other in distinct)]


def _letter(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else f"({number + 1})"

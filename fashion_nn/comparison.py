"""Which of several models are better than others by more than chance, from their answers to the same images."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DOUBT = 0.05
"""Probability of calling at least one of several equal models better than another."""


class McNemar(NamedTuple):
    """Images that only the first and only the second answered rightly, and the two-sided exact p-value."""

    only_first: int
    only_second: int
    p: float


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """Compare two models by whether each was right, bool (n,), on the same images in the same order.

    >>> mcnemar(np.array([True, True, False]), np.array([False, True, False]))
    McNemar(only_first=1, only_second=0, p=1.0)

    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions (1947); exact as
    a sign test.
    """
    from scipy.stats import binomtest

    if first.shape != second.shape:
        raise ValueError(f"{len(first)} answers beside {len(second)}")
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    either = only_first + only_second
    return McNemar(only_first, only_second, float(binomtest(only_first, either).pvalue) if either else 1.0)


def tied_groups(right: Sequence[NDArray[np.bool_]]) -> list[str]:
    """A word of letters for each model, given whether it was right on each image, bool (n,).

    Two models share a letter when McNemar's test, with the levels of S. Holm (1979) over all pairs, does not tell
    them apart; "a" is the letter of the best. A model may have several: being tied is not transitive.

    Source: H.-P. Piepho, An algorithm for a letter-based representation of all-pairwise comparisons (2004).
    """
    pairs = sorted((mcnemar(right[i], right[j]).p, i, j) for i, j in combinations(range(len(right)), 2))
    groups = [set(range(len(right)))]
    for tested, (p, i, j) in enumerate(pairs):
        if p > DOUBT / (len(pairs) - tested):
            break
        groups = [part for group in groups for part in ((group - {i}, group - {j}) if {i, j} <= group else (group,))]
        # Of equal groups the first stays; one inside another says nothing.
        groups = [g for n, g in enumerate(groups) if g not in groups[:n] and not any(g < other for other in groups)]
    best_first = sorted(range(len(right)), key=lambda model: -right[model].sum())
    groups.sort(key=lambda group: sorted(map(best_first.index, group)))
    return ["".join(_letter(n) for n, group in enumerate(groups) if model in group) for model in range(len(right))]


def _letter(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else f"({number + 1})"

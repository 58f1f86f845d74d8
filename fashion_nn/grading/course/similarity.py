"""Hand-ins of a class that are more alike than chance explains. Alike is not copied.

Shared wrong answers are compared with what the class leads to expect: where many students give the
same wrong answer, sharing it says little. The p-value of a pair comes from its number of shared
wrong answers, standardised by the spread of all pairs, because models of one family share mistakes;
Holm's method corrects for the number of pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fashion_nn.grading.report import HandIn

ALPHA = 0.01
"""The probability of naming any pair of a class in which nobody shares anything."""
FEWEST = 5
"""With fewer hand-ins there is nothing to compare a pair with."""
_MOST = 400


@dataclass(frozen=True, slots=True)
class Similarity:
    """Hand-ins that are alike.

    places: of the hand-ins, in their order.
    what: how they are alike.
    p_value: after Holm's correction; None where they are simply equal.
    """

    places: tuple[int, ...]
    what: str
    p_value: float | None = None

    def sentence(self, hand_ins: Sequence[HandIn]) -> str:
        """For the teacher."""
        *first, last = (hand_ins[place].student for place in self.places)
        chance = "" if self.p_value is None else f" (p = {self.p_value:.1g} over all pairs)"
        return f"{', '.join(first)} and {last}: {self.what}{chance}"


def similarities(hand_ins: Sequence[HandIn], truth: np.ndarray | None) -> list[Similarity]:
    """Groups of equal hand-ins, and pairs that share more wrong answers than chance explains.

    Args:
        truth: the true labels, int64 (n,); None: equal hand-ins only.
    """
    found: list[Similarity] = []
    alone = list(range(len(hand_ins)))
    for what, key in (
        ("equal files", "sha256"),
        ("equal weights", "weights"),
        ("weights equal up to the order of the units", "sorted_weights"),
    ):
        groups: dict[str, list[int]] = {}
        for place in alone:
            if value := getattr(hand_ins[place], key):
                groups.setdefault(value, []).append(place)
        for group in groups.values():
            if len(group) > 1:
                found.append(Similarity(tuple(group), what))
                alone = [place for place in alone if place not in group[1:]]
    if truth is None:
        return found
    usable = [place for place in alone if _is_usable(hand_ins[place], truth)][:_MOST]
    if len(usable) < FEWEST:
        return found
    labels = np.stack([hand_ins[place].labels for place in usable])  # type: ignore[misc]
    shared = shared_mistakes(labels, truth)
    return found + [
        Similarity((usable[pair[0]], usable[pair[1]]), f"{count:,} shared wrong answers", p_value)
        for pair, count, p_value in shared
    ]


def shared_mistakes(
    labels: np.ndarray, truth: np.ndarray
) -> list[tuple[tuple[int, int], int, float]]:
    """The pairs that share more wrong answers than chance explains.

    Args:
        labels: of each hand-in, int64 (m, n).
        truth: int64 (n,).

    Returns:
        The pair, the number of wrong answers that both give, and the p-value after Holm's
        correction, the smallest first.
    """
    excess, counts = _excess(labels, truth)
    pairs = list(combinations(range(len(labels)), 2))
    scores = np.array([(excess[a, b] + excess[b, a]) / 2 for a, b in pairs])
    middle = float(np.median(scores))
    spread = max(1.0, 1.4826 * float(np.median(np.abs(scores - middle))))
    order = np.argsort(-scores)
    found = []
    highest = 0.0
    for rank, place in enumerate(order):
        chance = 0.5 * math.erfc((scores[place] - middle) / spread / math.sqrt(2))
        highest = max(highest, min(1.0, chance * (len(pairs) - rank)))
        if highest > ALPHA:
            break
        a, b = pairs[place]
        found.append(((a, b), int(counts[a, b]), highest))
    return found


def _excess(labels: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By how many standard deviations each pair shares more wrong answers of the first than the
    others do, and the numbers of shared wrong answers; both (m, m).
    """
    members = len(labels)
    wrong = labels != truth
    number = wrong.sum(axis=1)
    strength = number / max(1.0, float(number.mean()))
    excess = np.zeros((members, members))
    counts = np.zeros((members, members), np.int64)
    for first in range(members):
        rows = np.flatnonzero(wrong[first])
        same = labels[:, rows] == labels[first, rows]
        # Of the others, without the pair itself, the share that gives this wrong answer.
        others = same.sum(axis=0) - 1 - same
        share = (others + 0.5) / (members - 1) * strength[:, None]
        share = np.clip(share, 1e-6, 0.95)
        expected = share.sum(axis=1)
        variance = (share * (1 - share)).sum(axis=1)
        counts[first] = same.sum(axis=1)
        excess[first] = (counts[first] - expected) / np.sqrt(np.maximum(variance, 1e-9))
    return excess, counts


def _is_usable(hand_in: HandIn, truth: np.ndarray) -> bool:
    labels = hand_in.labels
    return labels is not None and len(labels) == len(truth) and bool((labels != truth).any())

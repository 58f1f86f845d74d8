"""The order of a class, in which those whose intervals overlap share a place."""

from collections.abc import Sequence
from dataclasses import dataclass

from fashion_nn.grading.report import HandIn


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one hand-in.

    first: 1 plus the number of those that are clearly better.
    last: the number of hand-ins less those that are clearly worse.
    """

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}\u2013{self.last}"


def places(hand_ins: Sequence[HandIn]) -> list[Place | None]:
    """The place of each hand-in; None for those whose accuracy is not known.

    One is clearly better than another if its whole 95 % interval is above that of the other.
    """
    scored = [hand_in.score for hand_in in hand_ins if hand_in.score]
    found: list[Place | None] = []
    for hand_in in hand_ins:
        if hand_in.score is None:
            found.append(None)
            continue
        low, high = hand_in.score.interval
        better = sum(other.interval[0] > high for other in scored)
        worse = sum(other.interval[1] < low for other in scored)
        found.append(Place(1 + better, len(scored) - worse))
    return found

"""The marks of a worked answer: a verdict on each term, and each mistake with its error."""

from dataclasses import dataclass

import numpy as np

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.lab.backprop.marking.answers import label
from fashion_nn.lab.backprop.sheet import Term

VERDICTS = ("right", "follows", "wrong")


@dataclass(frozen=True)
class Mistake:
    """One mistake: where it shows first, by how much, and the error behind it.

    Attributes:
        entry: the first wrong entry, counted from 0; empty for a single number, and for an answer
            of the wrong shape, which has no numbers to compare (NaN).
        answered: the number in the answer.
        right: the number in the right solution.
        expected: what follows from the student's own earlier terms.
        cause: the name of the error; None if no known error explains it.
        made_in: the term in which the error was made, an earlier one if that is not shown.
        entries: how many entries it explains.
        also: names of other errors that explain it as well.
    """

    term: Term
    entry: tuple[int, ...]
    answered: float
    right: float
    expected: float
    cause: str | None
    detail: str
    made_in: Term
    entries: int
    also: tuple[str, ...] = ()

    @property
    def error(self) -> float:
        """By how much the answer is wrong; 0 where only the last bits of a float64 differ."""
        difference = self.answered - self.right
        return 0.0 if abs(difference) <= 1e-15 * abs(self.right) else difference

    def to_json(self) -> JsonObject:
        return {
            **_term_to_json(self.term),
            "entry": [index + 1 for index in self.entry],
            "answered": _finite(self.answered),
            "right": _finite(self.right),
            "expected": _finite(self.expected),
            "error": _finite(self.error),
            "entries": self.entries,
            "slip": self.cause,
            "also": list(self.also),
            "detail": self.detail,
            "made_in": label(self.made_in),
        }


def _term_to_json(term: Term) -> JsonObject:
    return {"term": label(term), "key": term.key, "layer": term.layer or None}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None  # JSON has no NaN


@dataclass(frozen=True)
class Mark:
    """The verdict on one term.

    Attributes:
        verdict: `right`, `follows` (from an earlier mistake) or `wrong`.
        digits: significant digits that the answer shows; None for all.
        decimals: digits behind the point that the answer shows, if it has decimals rather than
            significant digits.
    """

    term: Term
    verdict: str
    digits: int | None
    mistakes: tuple[Mistake, ...] = ()
    decimals: int | None = None

    def to_json(self) -> JsonObject:
        return {
            **_term_to_json(self.term),
            "verdict": self.verdict,
            "digits": self.digits,
            "mistakes": [mistake.to_json() for mistake in self.mistakes],
        }


@dataclass(frozen=True)
class Grade:
    """All marks, in the order in which a person computes."""

    marks: tuple[Mark, ...]

    @property
    def first_wrong(self) -> Mistake | None:
        return next((mark.mistakes[0] for mark in self.marks if mark.mistakes), None)

    @property
    def counts(self) -> dict[str, int]:
        """Number of terms with each verdict."""
        return {verdict: len(self.of(verdict)) for verdict in VERDICTS}

    def of(self, verdict: str) -> list[Mark]:
        return [mark for mark in self.marks if mark.verdict == verdict]

    @property
    def coarsest(self) -> Mark | None:
        """Of the terms that are right after rounding, the one with the fewest digits."""
        rounded = [mark for mark in self.of("right") if mark.digits is not None]
        return min(rounded, key=lambda mark: mark.digits or 0, default=None)

    def to_json(self) -> JsonObject:
        first = self.first_wrong
        coarsest = self.coarsest
        rounding = {"term": label(coarsest.term), "digits": coarsest.digits} if coarsest else None
        return {
            "verdict": "wrong" if first else "right",
            "first_wrong": first.to_json() if first else None,
            "rounding": rounding,
            "counts": self.counts,
            "terms": [mark.to_json() for mark in self.marks],
        }

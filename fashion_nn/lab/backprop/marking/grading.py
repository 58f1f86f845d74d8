"""Grade a worked answer: the first wrong term, by how much, the error behind it, and what merely
follows.

The answer is read term by term, in the order in which a person computes. A term is right when it is
the right value, rounded to three digits or more. If it is not, it may follow correctly from the
student's own earlier terms. Otherwise a new mistake was made, and `diagnosis` looks for the error
behind it: in this term first, then in earlier terms that the answer does not show. The next terms
are expected to follow from what the answer shows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.marking.answers import (
    ENOUGH,
    EXACT,
    Digits,
    Mask,
    closeness,
    digits,
    label,
    read,
)
from fashion_nn.lab.backprop.marking.diagnosis import Case, Finding, find, misshapen
from fashion_nn.lab.backprop.sheet import Sheet, Term, terms
from fashion_nn.lab.backprop.tracing import solve

MOST_MISTAKES = 8
"""Mistakes that are told apart in one term."""

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

    def to_json(self) -> dict[str, Any]:
        return {
            **_term_to_json(self.term),
            "entry": [index + 1 for index in self.entry],
            "answered": _finite(self.answered),
            "right": _finite(self.right),
            "expected": _finite(self.expected),
            "error": _finite(self.answered - self.right),
            "entries": self.entries,
            "slip": self.cause,
            "also": list(self.also),
            "detail": self.detail,
            "made_in": label(self.made_in),
        }


def _term_to_json(term: Term) -> dict[str, Any]:
    return {"term": label(term), "key": term.key, "layer": term.layer or None}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None  # JSON has no NaN


@dataclass(frozen=True)
class Mark:
    """The verdict on one term.

    Attributes:
        verdict: `right`, `follows` (from an earlier mistake) or `wrong`.
        digits: significant digits that the answer shows; None for all.
    """

    term: Term
    verdict: str
    digits: int | None
    mistakes: tuple[Mistake, ...] = ()

    def to_json(self) -> dict[str, Any]:
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

    def to_json(self) -> dict[str, Any]:
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


def grade(exercise: Exercise, answers: Any, source: str = "answers") -> Grade:
    """Mark the worked answers to an exercise.

    Args:
        exercise: the exercise.
        answers: the parsed JSON object, with any of the keys of a trace.
        source: the name of the answers in messages.

    Raises:
        InputError: the answers cannot be read as such an object, or the exercise is too large.
    """
    right = solve(exercise)
    with np.errstate(all="ignore"):
        return _Grader(right, read(answers, right, source)).grade()


class _Grader:
    """Reads the answers in order and keeps what the student may have computed from.

    Students compute each number either from the rounded numbers that they wrote down, or from
    unrounded numbers that they did not write down. Their earlier mistakes are in both. They compute
    f' either from the nets or from the outputs. Together these are four sheets.
    """

    def __init__(self, right: Sheet, answers: dict[Term, Array]):
        exercise = right.exercise
        self.right = right
        self.answers = answers
        self.written = [Sheet(exercise, slopes_from_outputs=chosen) for chosen in (False, True)]
        self.unrounded = [Sheet(exercise, slopes_from_outputs=chosen) for chosen in (False, True)]
        self.sheets = self.written + self.unrounded
        self.hidden: list[Term] = []
        self.has_mistakes = False

    def grade(self) -> Grade:
        marks = []
        for term in terms(self.right.exercise):
            if term in self.answers:
                mark = self._mark(term, self.answers[term])
                self.has_mistakes |= bool(mark.mistakes)
                marks.append(mark)
            else:
                self._compute_on_all(term)
                self.hidden.insert(0, term)
        return Grade(tuple(marks))

    def _compute_on_all(self, term: Term) -> None:
        for sheet in self.sheets:
            sheet[term] = sheet.compute(term)

    def _mark(self, term: Term, answer: Array) -> Mark:
        right = self.right[term]
        if answer.shape != right.shape:
            return self._mark_misshapen(term, answer)
        best, mistakes = self._explain(term, answer)
        right_digits = np.maximum(digits(answer, right), self._near(term, answer, [right]))
        follows = self.has_mistakes and bool((right_digits < ENOUGH).any())
        shown = best if follows else np.where(right_digits >= ENOUGH, right_digits, best)
        self._keep(term, answer, wrong=best < ENOUGH)
        if mistakes:
            return Mark(term, "wrong", None, tuple(mistakes))
        fewest = int(shown.min())
        return Mark(term, "follows" if follows else "right", None if fewest == EXACT else fewest)

    def _mark_misshapen(self, term: Term, answer: Array) -> Mark:
        finding = misshapen(
            self._case(
                term, answer, np.ones(answer.shape, np.bool_), np.zeros(answer.shape, np.int64)
            )
        )
        self._compute_on_all(term)
        nan = float("nan")
        entries = int(finding.explained.sum())
        mistake = Mistake(
            term, (), nan, nan, nan, finding.cause, finding.detail, finding.made_in, entries
        )
        return Mark(term, "wrong", None, (mistake,))

    def _explain(self, term: Term, answer: Array) -> tuple[Digits, list[Mistake]]:
        """The digits that the entries have right, few in those that are wrong, and the mistakes
        behind these.
        """
        possible = [self.right[term], *(sheet.compute(term) for sheet in self.sheets)]
        best = np.max([digits(answer, value) for value in possible], axis=0)
        near = self._near(term, answer, possible)
        mistakes: list[Mistake] = []
        unexplained = best < ENOUGH
        while unexplained.any():
            case = self._case(term, answer, unexplained, near)
            if len(mistakes) < MOST_MISTAKES:
                finding = find(case)
            else:
                finding = Finding(None, "further entries, not looked into", term, unexplained)
            if finding is None:
                best = np.where(unexplained, np.maximum(best, near), best)
                unexplained = unexplained & (best < ENOUGH)
                continue
            mistakes.append(self._mistake(case, finding))
            if finding.made_in != term:
                self._adopt(finding)
            unexplained = unexplained & ~finding.explained
        return best, mistakes

    def _case(self, term: Term, answer: Array, wrong: Mask, near: Digits) -> Case:
        return Case(term, answer, wrong, near, self.right, self._distinct_sheets(), self.hidden)

    def _distinct_sheets(self) -> list[Sheet]:
        """The sheets that differ, and the right one: while everything is right there is only
        one.
        """
        known: list[Sheet] = []
        for sheet in (*self.sheets, self.right):
            if not any(sheet.agrees_with(other) for other in known):
                known.append(sheet)
        return known

    def _mistake(self, case: Case, finding: Finding) -> Mistake:
        expected = self.sheets[0].compute(case.term)
        return Mistake(
            case.term,
            case.entry,
            answered=float(case.answer[case.entry]),
            right=float(self.right[case.term][case.entry]),
            expected=float(expected[case.entry]),
            cause=finding.cause,
            detail=finding.detail,
            made_in=finding.made_in,
            entries=int(finding.explained.sum()),
            also=finding.also,
        )

    def _near(self, term: Term, answer: Array, values: list[Array]) -> Digits:
        """Digits to which the answer agrees with one of `values` without being a rounding of it."""
        if term.key == "query_class":
            return np.zeros(answer.shape, np.int64)
        return np.max([closeness(answer, value, term, self.right) for value in values], axis=0)

    def _adopt(self, finding: Finding) -> None:
        """Take over what an error made of terms that the answer does not show, and what follows
        from that.
        """
        first = self.hidden.index(finding.made_in)
        for sheet in self.sheets:
            for term in reversed(self.hidden[: first + 1]):
                sheet[term] = finding.made[term] if term in finding.made else sheet.compute(term)

    def _keep(self, term: Term, answer: Array, wrong: Mask) -> None:
        """Write the answer on the sheets from which the next terms are expected to follow."""
        right = self.right[term]
        for sheet in self.written:
            sheet[term] = np.where(np.isnan(answer), sheet.compute(term), answer)
        for sheet in self.unrounded:
            own = sheet.compute(term)
            is_own = (digits(answer, own) >= ENOUGH) & ~wrong
            is_right = (digits(answer, right) >= ENOUGH) & ~wrong
            sheet[term] = np.where(is_own, own, np.where(is_right, right, answer))

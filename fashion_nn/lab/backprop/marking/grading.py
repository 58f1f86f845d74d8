"""Grade a worked answer: the first wrong term, by how much, the slip behind it, and what merely follows.

The answer is read term by term in the order in which a person computes. A term is right when it is the
right value, rounded to three digits or more. If it is not, it may follow correctly from the student's
own earlier terms; else a new mistake was made, and the slips of `slips.py` are tried: on this term, then
on earlier terms that the answer does not show. What stands in the answer is what the next term is
expected to start from.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.marking.answers import ENOUGH, EXACT, closeness, digits, label, read
from fashion_nn.lab.backprop.marking.diagnosis import Case, Finding, find, misshapen, place
from fashion_nn.lab.backprop.sheet import Sheet, Term, solve, terms
from fashion_nn.lab.backprop.writing import number

MOST_MISTAKES = 8
"""Mistakes that are told apart in one term."""


@dataclass(frozen=True)
class Mistake:
    """One slip: where it shows first, by how much, and what it was.

    `entry` counts from 0 and is empty for a single number, and for an answer of the wrong shape, which
    has no numbers to compare (NaN). `expected` is what follows from the
    student's own earlier terms, `right` what stands in the right solution. `slip` is None where no
    hypothesis fits, `also` names those that fit as well; `made_in` is the term in which the slip was
    made, an earlier one if that is not shown.
    """

    term: Term
    entry: tuple[int, ...]
    answered: float
    right: float
    expected: float
    slip: str | None
    detail: str
    made_in: Term
    entries: int
    also: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "term": label(self.term),
            "key": self.term.key,
            "layer": self.term.layer or None,
            "entry": [index + 1 for index in self.entry],
            "answered": _finite(self.answered),
            "right": _finite(self.right),
            "expected": _finite(self.expected),
            "error": _finite(self.answered - self.right),
            "entries": self.entries,
            "slip": self.slip,
            "also": list(self.also),
            "detail": self.detail,
            "made_in": label(self.made_in),
        }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None  # JSON has no NaN


@dataclass(frozen=True)
class Mark:
    """The verdict on one term: `right`, `follows` (from an earlier mistake) or `wrong`; digits given, None: all."""

    term: Term
    verdict: str
    digits: int | None
    mistakes: tuple[Mistake, ...] = ()

    def to_json(self) -> dict[str, Any]:
        where = {"term": label(self.term), "key": self.term.key, "layer": self.term.layer or None}
        return where | {
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

    def of(self, verdict: str) -> list[Mark]:
        return [mark for mark in self.marks if mark.verdict == verdict]

    @property
    def coarsest(self) -> Mark | None:
        """Of the terms that are right but for rounding, the one that is rounded most."""
        rounded = [mark for mark in self.of("right") if mark.digits is not None]
        return min(rounded, key=lambda mark: mark.digits, default=None)

    def to_json(self) -> dict[str, Any]:
        first, coarsest = self.first_wrong, self.coarsest
        return {
            "verdict": "wrong" if first else "right",
            "first_wrong": first.to_json() if first else None,
            "rounding": {"term": label(coarsest.term), "digits": coarsest.digits} if coarsest else None,
            "counts": {verdict: len(self.of(verdict)) for verdict in ("right", "follows", "wrong")},
            "terms": [mark.to_json() for mark in self.marks],
        }


def grade(exercise: Exercise, answers: Any, source: str = "answers") -> Grade:
    """The marks for `answers`, a JSON object with any of the keys of a trace.

    Raises:
        InputError: the answers cannot be read as such an object, or the exercise is too large.
    """
    right = solve(exercise)
    with np.errstate(all="ignore"):
        return _Grader(right, read(answers, right, source)).grade()


class _Grader:
    def __init__(self, right: Sheet, answers: dict[Term, Array]):
        self.right, self.answers, self.erred = right, answers, False
        # What a student may compute on from: the numbers as written, or unrounded ones that only the
        # mistakes are taken over into; and f' from the nets or from the outputs.
        self.written, self.unrounded = (
            [Sheet(right.exercise, slopes_from_outputs=from_outputs) for from_outputs in (False, True)]
            for _ in range(2)
        )
        self.sheets = self.written + self.unrounded

    def grade(self) -> Grade:
        marks = []
        hidden: list[Term] = []
        for term in terms(self.right.exercise):
            if term in self.answers:
                marks.append(self._mark(term, self.answers[term], hidden))
                self.erred |= bool(marks[-1].mistakes)
            else:
                for sheet in self.sheets:
                    sheet[term] = sheet.compute(term)
                hidden.insert(0, term)
        return Grade(tuple(marks))

    def _mark(self, term: Term, answer: Array, hidden: list[Term]) -> Mark:
        right = self.right[term]
        if answer.shape != right.shape:
            everything = np.ones(answer.shape, np.bool_)
            case = Case(
                term, answer, everything, np.zeros(answer.shape, np.int64), self.right, self._distinct(), hidden
            )
            for sheet in self.sheets:
                sheet[term] = sheet.compute(term)
            return Mark(term, "wrong", None, (self._mistake(case, misshapen(case)),))
        best, mistakes = self._explain(term, answer, hidden)
        right_digits = np.maximum(digits(answer, right), self._near(term, answer, [right]))
        follows = self.erred and (right_digits < ENOUGH).any()
        shared = best if follows else np.where(right_digits >= ENOUGH, right_digits, best)
        given = int(shared.min())
        self._keep(term, answer, best < ENOUGH)
        if mistakes:
            return Mark(term, "wrong", None, tuple(mistakes))
        return Mark(term, "follows" if follows else "right", None if given == EXACT else given)

    def _explain(self, term: Term, answer: Array, hidden: list[Term]) -> tuple[NDArray[np.int64], list[Mistake]]:
        """The digits that the entries have right, few in those that are wrong, and the mistakes behind these."""
        possible = [self.right[term], *(sheet.compute(term) for sheet in self.sheets)]
        best = np.max([digits(answer, value) for value in possible], axis=0)
        near = self._near(term, answer, possible)
        mistakes: list[Mistake] = []
        unexplained = best < ENOUGH
        while unexplained.any():
            case = Case(term, answer, unexplained, near, self.right, self._distinct(), hidden)
            enough = len(mistakes) >= MOST_MISTAKES
            finding = Finding(None, "further entries, not looked into", term, {}, unexplained) if enough else find(case)
            if finding is None:
                best = np.where(unexplained, np.maximum(best, near), best)
                unexplained = unexplained & (best < ENOUGH)
                continue
            mistakes.append(self._mistake(case, finding))
            if finding.made_in != term:
                self._adopt(finding, hidden)
            unexplained = unexplained & ~finding.explained
        return best, mistakes

    def _adopt(self, finding: Finding, hidden: list[Term]) -> None:
        """Take over what a slip made of terms that the answer does not show, and what follows."""
        first = hidden.index(finding.made_in)
        for sheet in self.sheets:
            for term in reversed(hidden[: first + 1]):
                sheet[term] = finding.made[term] if term in finding.made else sheet.compute(term)

    def _distinct(self) -> list[Sheet]:
        """The sheets that differ, and the right one: while all is right they are one."""
        known: list[Sheet] = []
        for sheet in (*self.sheets, self.right):
            if not any(sheet.agrees_with(other) for other in known):
                known.append(sheet)
        return known

    def _mistake(self, case: Case, finding: Finding) -> Mistake:
        misshapen = case.answer.shape != self.right[case.term].shape
        numbers = [case.answer, self.right[case.term], self.sheets[0].compute(case.term)]
        values = [float("nan") if misshapen else float(array[case.entry]) for array in numbers]
        entry = () if misshapen else case.entry
        count = int(finding.explained.sum())
        return Mistake(case.term, entry, *values, finding.slip, finding.detail, finding.made_in, count, finding.also)

    def _near(self, term: Term, answer: Array, values: list[Array]) -> NDArray[np.int64]:
        """Digits to which the answer agrees with one of `values`; of an updated parameter, those of its change."""
        if term.key == "query_class":
            return np.zeros(answer.shape, np.int64)
        old = {"updated_weights": self.right.weight, "updated_biases": self.right.bias}.get(term.key)
        sizes = [value - old(term.layer) if old else value for value in values]
        return np.max([closeness(answer, value, size) for value, size in zip(values, sizes, strict=True)], axis=0)

    def _keep(self, term: Term, answer: Array, wrong: NDArray[np.bool_]) -> None:
        """Write the answer on the sheets from which the next terms are expected to follow."""
        right = self.right[term]
        for sheet in self.written:
            sheet[term] = np.where(np.isnan(answer), sheet.compute(term), answer)
        for sheet in self.unrounded:
            own = sheet.compute(term)
            follows, is_right = digits(answer, own) >= ENOUGH, digits(answer, right) >= ENOUGH
            sheet[term] = np.where(follows & ~wrong, own, np.where(is_right & ~wrong, right, answer))


def text(marks: Grade, title: str = "exercise") -> str:
    """The grade in plain text: the first mistake in full, then what became of each term."""
    counts = {verdict: len(marks.of(verdict)) for verdict in ("right", "follows", "wrong")}
    lines = [
        f"{title}: {len(marks.marks)} terms answered, {counts['right']} right, {counts['wrong']} wrong, "
        f"{counts['follows']} that follow from a mistake"
    ]
    if marks.first_wrong:
        lines += ["", f"first wrong term: {_mistake(marks.first_wrong)}"]
    if marks.coarsest:
        term, shown = label(marks.coarsest.term), marks.coarsest.digits
        lines += ["", f"rounding: terms are right to {shown} digits or more, the coarsest is {term}"]
    lines.append("")
    width = max(len(label(mark.term)) for mark in marks.marks)
    for mark in marks.marks:
        lines.append(f"{label(mark.term):{width}}  {_verdict(mark)}")
        lines += [f"{'':{width}}  {_mistake(again)}" for again in mark.mistakes if again is not marks.first_wrong]
    return "\n".join(lines)


def _verdict(mark: Mark) -> str:
    if mark.verdict == "wrong":
        slips = dict.fromkeys(mistake.slip or "no known slip" for mistake in mark.mistakes)
        return f"wrong: {', '.join(slips)}"
    follows = "follows from an earlier mistake" if mark.verdict == "follows" else "right"
    return follows if mark.digits is None else f"{follows}, within rounding to {mark.digits} digits"


def _mistake(mistake: Mistake) -> str:
    where = place(mistake.term, mistake.entry)
    if mistake.entries > 1:
        where += f" (and {mistake.entries - 1} more)"
    numbers = ""
    if not np.isnan(mistake.answered):
        gap = number(mistake.answered - mistake.right)
        numbers = f": {number(mistake.answered)} in place of {number(mistake.right)}, off by {gap}"
        if not np.isclose(mistake.expected, mistake.right):
            numbers += f" ({number(mistake.expected)} would follow from the terms before it)"
    made = "" if mistake.made_in == mistake.term else f" in {label(mistake.made_in)}, which is not shown"
    also = f" ({' or '.join(mistake.also)} would give the same)" if mistake.also else ""
    return f"{where}{numbers}; {mistake.slip or 'slip unknown'}{made}: {mistake.detail}{also}"

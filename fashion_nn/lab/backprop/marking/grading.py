"""Grade a worked answer: the first wrong term, by how much, the error behind it, and what merely
follows.

The answer is read term by term, in the order in which a person computes. A term is right when it is
the right value, rounded or cut to what the sheet is written to. If it is not, it may follow from
the student's own earlier terms. Otherwise a new mistake was made, and `diagnosis` looks for the
errors that may be behind it: in this term first, then in earlier terms that the answer does not
show. Which of several errors it was is decided last, by the terms that follow from it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.marking.answers import Answers, read
from fashion_nn.lab.backprop.marking.branches import (
    Blurred,
    Branch,
    branch_off,
    carry,
    first_fitting,
)
from fashion_nn.lab.backprop.marking.case import Case, Finding, Fits, near_digits
from fashion_nn.lab.backprop.marking.diagnosis import find, misshapen
from fashion_nn.lab.backprop.marking.errors import UPDATES
from fashion_nn.lab.backprop.marking.marks import Grade, Mark, Mistake
from fashion_nn.lab.backprop.marking.precision import ENOUGH, EXACT, Digits, Mask, digits, infer
from fashion_nn.lab.backprop.sheet import Sheet, Source, Term, terms
from fashion_nn.lab.backprop.tracing import solve

MOST_MISTAKES = 8
"""Mistakes that are told apart in one term."""


def grade(exercise: Exercise, answers: Any, source: str = "answers") -> Grade:
    """Mark the worked answers to an exercise.

    Args:
        exercise: the exercise.
        answers: the parsed JSON object, with any of the keys of a trace, or terms as on paper.
        source: the name of the answers in messages.

    Raises:
        InputError: the answers cannot be read as such an object, or the exercise is too large.
    """
    right = solve(exercise)
    with np.errstate(all="ignore"):
        return _Grader(right, read(answers, right, source)).grade()


@dataclass(frozen=True)
class _Open:
    """A mistake of which the later terms decide what error it was."""

    case: Case
    findings: list[Finding]
    expected: float


class _Grader:
    """Reads the answers in order and keeps what the student may have computed from.

    Students compute each number either from the rounded numbers that they wrote down (`written`),
    or from unrounded numbers (`branches`), or now from these and now from those (`blurred`). Their
    earlier mistakes are in all of them.
    """

    def __init__(self, right: Sheet, answers: Answers):
        exercise = right.exercise
        self.right = right
        self.answers = answers.terms
        shown = ((array, right[term]) for term, array in answers.terms.items())
        self.precision = answers.precision or infer(shown)
        self.branches = [Branch(Sheet(exercise))]
        self.written = [Sheet(exercise, source=source) for source in Source]
        self.blurred = Blurred(exercise, self.precision)
        self.hidden: list[Term] = []
        self.open: list[_Open] = []
        self.has_mistakes = False
        self.computes_exactly = True
        self.shuns_written = False

    def grade(self) -> Grade:
        marks: list[tuple[Mark, range]] = []
        for term in terms(self.right.exercise):
            if term in self.answers:
                before = len(self.open)
                mark = self._mark(term, self.answers[term])
                marks.append((mark, range(before, len(self.open))))
                self.has_mistakes |= mark.verdict == "wrong"
            else:
                self._compute_on_all(term)
                self.hidden.insert(0, term)
        return Grade(tuple(self._closed(mark, numbers) for mark, numbers in marks))

    def _sheets(self) -> list[Sheet]:
        return [*(branch.sheet for branch in self.branches), *self.written]

    def _compute_on_all(self, term: Term) -> None:
        for sheet in self._sheets():
            sheet[term] = sheet.compute(term)
        self.blurred.compute(term)

    def _mark(self, term: Term, answer: Array) -> Mark:
        right = self.right[term]
        if answer.shape != right.shape:
            return self._mark_misshapen(term, answer)
        fits = self._fits(term, answer)
        exact = [right, *(branch.sheet.compute(term) for branch in self.branches)]
        written = [sheet.compute(term) for sheet in self.written]
        known = [*exact, *written]
        follows_exactly = np.any([fits(value) for value in exact], axis=0)
        follows_written = np.any([fits(value) for value in written], axis=0)
        near = self._near(term, answer, known) | follows_written
        follows = follows_exactly
        if not self.computes_exactly:
            follows = follows | near
        elif not self.shuns_written:
            follows = follows | follows_written
            self.shuns_written = bool((follows_exactly & ~follows_written).any())
        mistakes = self._mistakes(term, answer, ~follows, near)
        if not follows_exactly.all() and not mistakes:
            self.computes_exactly = False
        shown = self._digits(term, answer, known)
        decimals = self.precision.decimals if self.precision.digits is None else None
        is_right = bool(fits(right).all())
        self._go_on(term, answer, exact, mistakes)
        if mistakes:
            return Mark(term, "wrong", None)
        verdict = "right" if is_right or not self.has_mistakes else "follows"
        fewest = int(shown.min())
        if fewest == EXACT:
            return Mark(term, verdict, None)
        return Mark(term, verdict, fewest, decimals=decimals)

    def _fits(self, term: Term, answer: Array) -> Fits:
        old = self.right.parameter(term) if term.key in UPDATES else None
        return lambda value: self.precision.accepts(answer, value, old)

    def _digits(self, term: Term, answer: Array, known: list[Array]) -> Digits:
        """Significant digits that the entries have right."""
        best = np.max([digits(answer, value) for value in known], axis=0)
        if term.key == "query_class":
            return best
        near = [near_digits(answer, value, term, self.right) for value in known]
        return np.where(best < ENOUGH, np.maximum(best, np.max(near, axis=0)), best)

    def _near(self, term: Term, answer: Array, known: list[Array]) -> Mask:
        """Which entries rounding on the way may explain."""
        if term.key == "query_class":
            return np.zeros(answer.shape, np.bool_)
        agree = [near_digits(answer, value, term, self.right) >= ENOUGH for value in known]
        near = self.blurred.near(term, answer, self.precision.unit(np.abs(answer)))
        return np.any(agree, axis=0) | near

    def _mistakes(self, term: Term, answer: Array, wrong: Mask, near: Mask) -> list[_Open]:
        mistakes: list[_Open] = []
        while wrong.any():
            case = self._case(term, answer, wrong, near)
            if len(mistakes) < MOST_MISTAKES:
                found = find(case)
            else:
                found = [Finding(None, "further entries, not looked into", term, wrong)]
            if not found:
                wrong = wrong & ~near
                continue
            expected = self.branches[0].sheet.compute(term)
            mistakes.append(_Open(case, found, float(expected[case.entry])))
            wrong = wrong & ~found[0].explained
        return mistakes

    def _case(self, term: Term, answer: Array, wrong: Mask, near: Mask) -> Case:
        sheets: list[Sheet] = []
        for sheet in (*self._sheets(), self.right):
            if not any(sheet.agrees_with(other) for other in sheets):
                sheets.append(sheet)
        return Case(
            term,
            answer,
            wrong,
            near,
            self.right,
            sheets,
            self.hidden,
            self.precision,
            self._fits(term, answer),
        )

    def _mark_misshapen(self, term: Term, answer: Array) -> Mark:
        nothing = np.zeros(answer.shape, np.bool_)
        finding = misshapen(self._case(term, answer, ~nothing, nothing))
        self._compute_on_all(term)
        nan = float("nan")
        entries = int(finding.explained.sum())
        mistake = Mistake(
            term, (), nan, nan, nan, finding.cause, finding.detail, finding.made_in, entries
        )
        return Mark(term, "wrong", None, (mistake,))

    # --- Going on to the next term

    def _go_on(self, term: Term, answer: Array, exact: list[Array], mistakes: list[_Open]) -> None:
        fits = self._fits(term, answer)
        # A branch is likelier than the right value to be what the student has.
        chosen = first_fitting(iter([*exact[1:], exact[0]]), fits, answer)
        if mistakes:
            self._branch_off(term, answer, mistakes)
            chosen = self.branches[0].sheet[term]
        else:
            for branch in self.branches:
                branch.follow(term, fits, chosen)
            self.branches.sort(key=lambda branch: -branch.explained)
        for sheet in self.written:
            sheet[term] = np.where(np.isnan(answer), sheet.compute(term), answer)
        self.blurred.keep(term, answer, chosen, self.precision.unit(np.abs(answer)))

    def _branch_off(self, term: Term, answer: Array, mistakes: list[_Open]) -> None:
        number = len(self.open)
        first, *others = mistakes
        self.branches = branch_off(
            self.branches,
            number,
            first.findings,
            term,
            answer,
            self.hidden,
            self._fits(term, answer),
        )
        for branch in self.branches:
            for count, other in enumerate(others, start=number + 1):
                finding = other.findings[0]
                branch.choices[count] = finding
                if finding.candidate is not None:
                    value = finding.candidate.value
                    branch.sheet[term] = np.where(finding.explained, value, branch.sheet[term])
        for mistake in mistakes:
            finding = mistake.findings[0]
            self.computes_exactly &= finding.cause is not None
            if finding.made_in != term:
                for sheet in self.written:
                    carry(sheet, finding, self.hidden)
                self.blurred.adopt(finding, self.hidden)
        self.open += mistakes

    # --- What the errors were

    def _closed(self, mark: Mark, numbers: range) -> Mark:
        """The mark with its mistakes, each with the error that explains most of what follows."""
        if not numbers:
            return mark
        mistakes = tuple(self._mistake(number) for number in numbers)
        return Mark(mark.term, mark.verdict, mark.digits, mistakes)

    def _mistake(self, number: int) -> Mistake:
        mistake = self.open[number]
        case = mistake.case
        finding = self.branches[0].choices.get(number, mistake.findings[0])
        return Mistake(
            case.term,
            case.entry,
            answered=float(case.answer[case.entry]),
            right=float(self.right[case.term][case.entry]),
            expected=mistake.expected,
            cause=finding.cause,
            detail=finding.detail,
            made_in=finding.made_in,
            entries=int(finding.explained.sum()),
            also=self._also(number, finding),
        )

    def _also(self, number: int, chosen: Finding) -> tuple[str, ...]:
        """Names of other errors that explain as much of what follows."""
        most = self.branches[0].explained
        equal = [branch.choices.get(number) for branch in self.branches if branch.explained == most]
        names = [*chosen.also, *(finding.cause for finding in equal if finding and finding.cause)]
        return tuple(name for name in dict.fromkeys(names) if name != chosen.cause)

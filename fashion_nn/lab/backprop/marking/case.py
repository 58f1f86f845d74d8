"""A wrong term with everything that may explain it, and what explains it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.marking.precision import (
    ENOUGH,
    Digits,
    Mask,
    Precision,
    closeness,
    digits,
)
from fashion_nn.lab.backprop.sheet import Sheet, Term

Fits = Callable[[Array], Mask]
"""Which entries of an answer are a value as it is written."""

MOST_ALTERNATIVES = 12
"""Findings about one mistake that are kept until the next terms tell them apart."""


@dataclass(frozen=True)
class Case:
    """A term with wrong entries, and everything that may explain them.

    Attributes:
        near: entries that rounding on the way may explain.
        right: the solved exercise.
        sheets: what the student may have computed from, the likeliest first, and `right`.
        hidden: earlier terms that the answer does not show, the nearest first.
        precision: what the answers are written to.
        fits: which entries of the answer are a value as it is written.
    """

    term: Term
    answer: Array
    wrong: Mask
    near: Mask
    right: Sheet
    sheets: Sequence[Sheet]
    hidden: Sequence[Term]
    precision: Precision
    fits: Fits

    @cached_property
    def entry(self) -> tuple[int, ...]:
        """The first wrong entry, which an explanation has to explain."""
        return tuple(int(index) for index in np.argwhere(self.wrong)[0])

    @cached_property
    def first_only(self) -> Mask:
        """The mask of the first wrong entry."""
        mask = np.zeros_like(self.wrong)
        mask[self.entry] = True
        return mask

    @cached_property
    def unit(self) -> float:
        """One unit of the last place of the first wrong entry."""
        return float(self.precision.unit(np.abs(self.answer[self.entry])))

    @cached_property
    def margin(self) -> float:
        """How far a value may be from the first wrong entry that it explains, at most."""
        return max(11 * self.unit, 6e-3 * abs(float(self.answer[self.entry]))) + 1e-9

    @property
    def is_long(self) -> bool:
        """Whether the first wrong entry is written to more than six decimals."""
        answered = self.answer[self.entry]
        return bool(abs(answered - round(answered, 6)) > 1e-9)

    @property
    def places(self) -> int:
        """Significant digits to which the first wrong entry is written."""
        size = abs(float(self.answer[self.entry]))
        return round(np.floor(np.log10(size)) - np.log10(self.unit)) + 1 if size else 0

    def fit(self, value: Array) -> Mask | None:
        """The wrong entries that are `value` as it is written; None if the first is not among
        them.
        """
        # Most hypotheses are far off, which is quicker to see than to count digits.
        if value.shape != self.answer.shape:
            return None
        if not abs(self.answer[self.entry] - value[self.entry]) <= self.margin:
            return None
        explained = self.wrong & self.fits(value)
        return explained if explained[self.entry] else None

    def fit_to(self, least: int) -> "Fit":
        """As `fit`, for numbers with `least` digits of their own."""

        def fit(value: Array) -> Mask | None:
            if value.shape != self.answer.shape:
                return None
            explained = self.wrong & (digits(self.answer, value) >= least)
            return explained if explained[self.entry] else None

        return fit

    def nearly_fit(self, value: Array) -> Mask | None:
        """As `fit`, for a value from which rounding on the way has led away."""
        if value.shape != self.answer.shape:
            return None
        near = closeness(self.answer, value, size_of(value, self.term, self.right))
        explained = self.wrong & (near >= ENOUGH)
        return explained if explained[self.entry] else None


Fit = Callable[[Array], Mask | None]


def size_of(value: Array, term: Term, right: Sheet) -> Array:
    """What the digits of a term are counted from: for an updated parameter, its step."""
    is_update = term.key in {"updated_weights", "updated_biases"}
    return value - right.parameter(term) if is_update else value


def near_digits(answer: Array, value: Array, term: Term, right: Sheet) -> Digits:
    """Digits to which a term agrees with a value without being a rounding of it."""
    return closeness(answer, value, size_of(value, term, right))


@dataclass(frozen=True)
class Candidate:
    """A hypothesis about a case.

    Attributes:
        cause: the name of the error.
        made_in: the term in which the error was made.
        value: what the term of the case would be.
        base: the sheet from which it is computed.
        made: what hidden terms would be.
        exercise: makes the exercise with a number miscopied, if the error goes on in later terms.
    """

    cause: str
    detail: str
    made_in: Term
    value: Array
    base: Sheet
    made: Mapping[Term, Array] = field(default_factory=dict)
    exercise: Callable[[], Exercise] | None = None


@dataclass(frozen=True)
class Finding:
    """The error behind wrong entries.

    Attributes:
        cause: the name of the error; None if no known error explains the entries.
        made_in: the term in which the error was made.
        explained: the entries that it explains.
        candidate: what the student has from there on; None where only the answer tells.
        also: names of other errors that would give the same.
        is_whole: whether it explains all of the answer.
    """

    cause: str | None
    detail: str
    made_in: Term
    explained: Mask
    candidate: Candidate | None = None
    also: tuple[str, ...] = ()
    is_whole: bool = False

    @property
    def score(self) -> tuple[bool, int]:
        return self.is_whole, int(self.explained.sum())


Explanation = Callable[[Case], Sequence[Finding]]


def findings(case: Case, candidates: Iterable[Candidate], fit: Fit | None = None) -> list[Finding]:
    """The candidates that give the whole answer, else those that give the most wrong entries.

    Candidates that give the same are one finding, which names the others.
    """
    found: list[Finding] = []
    for candidate in candidates:
        explained = (fit or case.fit)(candidate.value)
        if explained is None:
            continue
        others = case.fits(candidate.value)
        new = Finding(
            candidate.cause,
            candidate.detail,
            candidate.made_in,
            explained,
            candidate,
            is_whole=bool((others | explained).all()),
        )
        if found and new.score < found[0].score:
            continue
        if found and new.score > found[0].score:
            found = []
        _add(found, new)
    return found[:MOST_ALTERNATIVES]


def _add(found: list[Finding], new: Finding) -> None:
    for number, known in enumerate(found):
        if _go_on_alike(known.candidate, new.candidate):
            if new.cause not in (known.cause, *known.also) and new.cause:
                found[number] = replace(known, also=(*known.also, new.cause))
            return
    found.append(new)


def _go_on_alike(one: Candidate | None, other: Candidate | None) -> bool:
    """Whether the same would follow from both."""
    if one is None or other is None or (one.base is not other.base and (one.made or other.made)):
        return False
    same_numbers = one.exercise is None and other.exercise is None
    return (
        same_numbers
        and one.made.keys() == other.made.keys()
        and np.allclose(one.value, other.value, rtol=1e-9, atol=1e-13, equal_nan=True)
    )


def best(found: Sequence[Finding]) -> list[Finding]:
    """Of the findings of several explanations, those that explain the most, in their order."""
    most = max((finding.score for finding in found), default=None)
    return [finding for finding in found if finding.score == most][:MOST_ALTERNATIVES]

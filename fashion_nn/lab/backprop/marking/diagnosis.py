"""Find the slip behind a wrong term: hypotheses are recomputed and compared with the answer."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.marking.answers import ENOUGH, closeness, digits, label
from fashion_nn.lab.backprop.marking.errors import SLIPS, Catalogue
from fashion_nn.lab.backprop.marking.rare_errors import GUESSES, rounded_within
from fashion_nn.lab.backprop.sheet import Sheet, Term

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """A term with wrong entries, and all that may explain them."""

    term: Term
    answer: Array
    wrong: Mask
    near: NDArray[np.int64]
    """Digits to which each entry agrees with what could stand there, without being a rounding of it."""
    right: Sheet
    sheets: Sequence[Sheet]
    """What the student may have computed from; the first is the answer as written, the last the right one."""
    hidden: Sequence[Term]
    """Earlier terms that the answer does not show, the nearest first."""

    @cached_property
    def entry(self) -> tuple[int, ...]:
        """The first wrong entry."""
        return tuple(int(index) for index in np.argwhere(self.wrong)[0])

    @property
    def is_long(self) -> bool:
        """Whether the first wrong entry is written to more than six decimals."""
        answered = self.answer[self.entry]
        return abs(answered - round(answered, 6)) > 1e-9

    def fit(self, value: Array, least: int = ENOUGH) -> Mask | None:
        """The wrong entries that `value` explains to `least` digits; None when the first is not among them."""
        if value.shape != self.answer.shape:
            return None
        # Most hypotheses are far off, which is quicker to see than to count digits.
        room = 6 * 10.0**-least * np.abs(value).max(initial=0) + 1e-9
        if not abs(self.answer[self.entry] - value[self.entry]) <= room:
            return None
        explained = self.wrong & (digits(self.answer, value) >= least)
        return explained if explained[self.entry] else None

    def nearly_fit(self, value: Array) -> Mask | None:
        """As `fit`, of a value from which rounding on the way has led away; a step is compared as a step."""
        if value.shape != self.answer.shape:
            return None
        old = {"updated_weights": self.right.weight, "updated_biases": self.right.bias}.get(self.term.key)
        size = value - old(self.term.layer) if old else value
        explained = self.wrong & (closeness(self.answer, value, size) >= ENOUGH)
        return explained if explained[self.entry] else None


class Finding(NamedTuple):
    """A slip, the term in which it was made, what it makes of terms, and the entries that it explains."""

    slip: str | None
    detail: str
    made_in: Term
    made: Mapping[Term, Array]
    explained: Mask
    also: tuple[str, ...] = ()
    """Other slips that would give the same."""


def find(case: Case) -> Finding | None:
    """What explains the first wrong entry, the likelier first; None: nothing but rounding in between.

    An answer to two digits that are right is rounding before it is anything else. A slip in a term
    that is not shown has to explain a long answer to nine digits, or one that rounding cannot.
    """
    likely = _rounding(case, 2) or _best(case, _here(case, SLIPS))
    if not likely and case.is_long:
        likely = _best(case, _earlier(case, SLIPS), lambda case, value: case.fit(value, 9))
    if likely or case.near[case.entry] >= ENOUGH:
        return likely
    return (
        _rounding(case, 1)
        or _rounding_in_between(case)
        or _best(case, _here(case, SLIPS), Case.nearly_fit)
        or _best(case, _earlier(case, SLIPS))
        or _best(case, _throughout(case))
        or _best(
            case,
            ((f"{name}, sign lost", detail, term, {}, -value) for name, detail, term, _, value in _here(case, SLIPS)),
        )
        or _best(case, _here(case, GUESSES))
        or _best(case, _earlier(case, GUESSES[:-1]))
        or _misprint(case)
        or _misplaced(case)
        or _best(case, _here(case, SLIPS), lambda case, value: case.fit(value, 2))
        or _rounding(case, 0)
        or Finding(None, "no slip that is known here explains it", case.term, {}, case.wrong)
    )


def misshapen(case: Case) -> Finding:
    """The slip behind an answer of another shape than the term's."""
    right, answer = case.sheets[0].compute(case.term), case.answer
    everything = np.ones(answer.shape, np.bool_)
    shapes = f"{_times(answer.shape)} in place of {_times(right.shape)}"
    if answer.shape == right.shape[::-1]:
        for value in (right, case.right[case.term]):
            if (digits(answer.T, value) >= ENOUGH).all():
                return Finding("transposed or wrong weight", f"transposed: {shapes}", case.term, {}, everything)
    return Finding("wrong shape", shapes, case.term, {}, everything)


_Candidate = tuple[str, str, Term, Mapping[Term, Array], Array]
"""Slip, detail, the term it was made in, what it makes of hidden terms, and what the case's term would then be."""


def _best(
    case: Case, candidates: Iterator[_Candidate], fit: Callable[[Case, Array], Mask | None] = Case.fit
) -> Finding | None:
    """The candidate that gives the whole answer, else the most wrong entries; of equals the first, which names them."""
    best, score, also = None, (False, 0), []
    for slip, detail, made_in, made, value in candidates:
        explained = fit(case, value)
        if explained is None:
            continue
        found = bool((digits(case.answer, value) >= ENOUGH).all()), int(explained.sum())
        if found > score:
            best, score, also = Finding(slip, detail, made_in, made, explained), found, []
        elif found == score and slip not in (best.slip, *also):
            also.append(slip)
    return best._replace(also=tuple(also)) if best else None


def _here(case: Case, catalogue: Catalogue) -> Iterator[_Candidate]:
    for slip, hypotheses in catalogue:
        for sheet in case.sheets:
            for detail, value in hypotheses(sheet, case.term):
                yield slip, detail, case.term, {}, value


def _earlier(case: Case, catalogue: Catalogue) -> Iterator[_Candidate]:
    for made_in in case.hidden:
        for slip, hypotheses in catalogue:
            sheet = case.sheets[0]
            for detail, made in hypotheses(sheet, made_in):
                if made.shape == sheet[made_in].shape:
                    yield slip, detail, made_in, {made_in: made}, _carried(case, made_in, made)


def _throughout(case: Case) -> Iterator[_Candidate]:
    """The same slip in every hidden term of a kind, such as a transposed weight in each net."""
    of_kind: dict[str, list[Term]] = {}
    for term in reversed(case.hidden):
        of_kind.setdefault(term.key, []).append(term)
    for slip, hypotheses in SLIPS:
        for kind in (terms for terms in of_kind.values() if len(terms) > 1):
            for name in {_unnumbered(detail): None for detail, _ in hypotheses(case.sheets[0], kind[0])}:
                sheet = case.sheets[0].copy()
                for term in reversed(case.hidden):
                    sheet[term] = sheet.compute(term)
                    if term in kind:
                        slipped = {_unnumbered(detail): value for detail, value in hypotheses(sheet, term)}
                        sheet[term] = slipped.get(name, sheet[term])
                made = {term: sheet[term] for term in kind}
                yield slip, f"{name}, in every layer", kind[0], made, sheet.compute(case.term)


def _unnumbered(detail: str) -> str:
    return re.sub(r"\[\d+\]", "", detail)


def _carried(case: Case, made_in: Term, made: Array) -> Array:
    """The case's term when a hidden term is changed and the hidden ones after it follow."""
    after = case.sheets[0].copy()
    after[made_in] = made
    for term in reversed(case.hidden[: case.hidden.index(made_in)]):
        after[term] = after.compute(term)
    return after.compute(case.term)


def _rounding(case: Case, least: int) -> Finding | None:
    """The right value, or the student's own, rounded to fewer digits than count as right."""
    for sheet in reversed(case.sheets) if least else case.sheets[:1]:
        value = sheet.compute(case.term)
        found = digits(case.answer, value)
        # Everything small is 0 when rounded enough: then the answer must be written that coarsely.
        coarse = case.wrong & (found >= least if least else (case.answer == 0) & (np.abs(value) <= 0.05))
        if coarse[case.entry] and (least < 2 or (coarse == case.wrong).all()):
            count = int(found[coarse].min())
            detail = f"rounded to {_count(count)}" if count else "rounded until nothing is left"
            return Finding("rounding", f"{detail}, {ENOUGH} are needed", case.term, {}, coarse)
    return None


def _rounding_in_between(case: Case) -> Finding | None:
    """Hidden terms, or a part of this one, rounded to decimals or to significant digits."""
    for places in (4, 3, 2, 1):
        for kind, to_places in (("decimals", np.round), ("digits", _significant)):
            for what, made_in, made, value in _rounded(case, lambda v, to=to_places, n=places: to(v, n)):
                for final in (value, to_places(value, places)):
                    explained = case.fit(final)
                    if explained is not None:
                        detail = f"{what} rounded to {places} {kind}"
                        return Finding("rounding", detail, made_in, made, explained)
    return None


def _rounded(case: Case, round_: Callable[[Array], Array]) -> Iterator[tuple[str, Term, Mapping[Term, Array], Array]]:
    """What is rounded, the first term that this changes, what becomes of hidden terms, and the case's term then."""
    if case.hidden:
        sheet, first = case.sheets[0].copy(), case.hidden[-1]
        for term in reversed(case.hidden):
            sheet[term] = round_(sheet.compute(term))
        yield "earlier values", first, {term: sheet[term] for term in case.hidden}, sheet.compute(case.term)
    for sheet in case.sheets:
        for what, value in rounded_within(sheet, case.term, round_):
            yield what, case.term, {}, value


def _significant(value: Array, places: int) -> Array:
    unit = 10.0 ** (np.floor(np.log10(np.where(value == 0, 1, np.abs(value)))) + 1 - places)
    return np.round(value / unit) * unit


def _misprint(case: Case) -> Finding | None:
    """The first wrong entry has a digit wrong, two swapped, or its point in another place."""
    answered = float(case.answer[case.entry])
    for sheet in reversed(case.sheets):
        value = float(sheet.compute(case.term)[case.entry])
        detail = _point_moved(answered, value) or _digits_differ(answered, value)
        if detail:
            explained = np.zeros_like(case.wrong)
            explained[case.entry] = True
            return Finding("misprint", detail, case.term, {}, explained)
    return None


def _point_moved(answered: float, value: float) -> str | None:
    for power in (-3, -2, -1, 1, 2, 3):
        if answered and digits(np.array(answered), np.array(value * 10.0**power)) >= ENOUGH:
            return f"the decimal point is {'right' if power > 0 else 'left'} of its place by {_count(abs(power))}"
    return None


def _digits_differ(answered: float, value: float) -> str | None:
    written = f"{abs(answered):.10f}".rstrip("0")
    decimals = len(written.split(".")[1])
    meant = f"{abs(value):.{decimals}f}"
    count = len(written.replace(".", "").lstrip("0"))
    if len(meant) != len(written) or answered * value < 0 or not 3 <= count <= 8:
        return None
    differ = [place for place in range(len(written)) if written[place] != meant[place]]
    if len(differ) == 1 and count > 3:
        return f"one digit differs: {written} for {meant}"
    if len(differ) == 2 and differ[1] - differ[0] == 1 and written[differ[0]] == meant[differ[1]]:
        swapped = written[differ[1]] == meant[differ[0]]
        return f"two digits are swapped: {written} for {meant}" if swapped else None
    return None


def _misplaced(case: Case) -> Finding | None:
    """The first wrong entry is another quantity of the right solution, perhaps without its sign."""
    answered = np.array(case.answer[case.entry])
    if answered in (0, 1, -1):
        return None
    for term, values in case.right.items():
        for index in np.argwhere(np.abs(np.abs(values) - np.abs(answered)) <= 1e-3 * np.abs(values)):
            index = tuple(int(axis) for axis in index)
            value = np.array(values[index])
            if (term, index) != (case.term, case.entry) and digits(np.abs(answered), np.abs(value)) > ENOUGH:
                explained = np.zeros_like(case.wrong)
                explained[case.entry] = True
                sign = "" if answered * value > 0 else ", its sign lost"
                return Finding(
                    "wrong place", f"this is the value of {place(term, index)}{sign}", case.term, {}, explained
                )
    return None


def place(term: Term, entry: Sequence[int]) -> str:
    """A term and one of its entries, counted from 1."""
    columns = {"nets": "sample", "outputs": "sample", "deltas": "sample"}
    words = [f"unit {entry[0] + 1}"] if entry else []
    if len(entry) == 2:
        words.append(f"{columns.get(term.key, 'input')} {entry[1] + 1}")
    return ", ".join([label(term), *words])


def _times(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _count(number: int) -> str:
    return f"{number} digit{'s'[: number > 1]}"

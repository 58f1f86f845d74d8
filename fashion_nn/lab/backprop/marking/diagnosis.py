"""Find the error behind a wrong term: hypotheses are recomputed and compared with the answer.

`find` asks one explanation after another, and the first that fits is the finding. `LIKELY` and
`UNLIKELY` are their order: an explanation that seldom fits by chance comes first. A further
explanation is a function and a line there.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.marking.answers import ENOUGH, Digits, Mask, closeness, digits, place
from fashion_nn.lab.backprop.marking.errors import COMMON, ErrorKind
from fashion_nn.lab.backprop.marking.rare_errors import RARE, RARE_IN_HIDDEN, rounded_within
from fashion_nn.lab.backprop.sheet import Sheet, Term


@dataclass(frozen=True)
class Case:
    """A term with wrong entries, and everything that may explain them.

    Attributes:
        near: digits to which each entry agrees with what could stand there, without being a
            rounding of it.
        right: the solved exercise.
        sheets: what the student may have computed from; the first is the answer as written, the
            last `right`.
        hidden: earlier terms that the answer does not show, the nearest first.
    """

    term: Term
    answer: Array
    wrong: Mask
    near: Digits
    right: Sheet
    sheets: Sequence[Sheet]
    hidden: Sequence[Term]

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

    @property
    def is_long(self) -> bool:
        """Whether the first wrong entry is written to more than six decimals."""
        answered = self.answer[self.entry]
        return abs(answered - round(answered, 6)) > 1e-9

    def fit(self, value: Array, least: int = ENOUGH) -> Mask | None:
        """The wrong entries that `value` explains to `least` digits; None if the first is not among
        them.
        """
        if value.shape != self.answer.shape:
            return None
        # Most hypotheses are far off, which is quicker to see than to count digits.
        margin = 6 * 10.0**-least * np.abs(value).max(initial=0) + 1e-9
        if not abs(self.answer[self.entry] - value[self.entry]) <= margin:
            return None
        explained = self.wrong & (digits(self.answer, value) >= least)
        return explained if explained[self.entry] else None

    def nearly_fit(self, value: Array) -> Mask | None:
        """As `fit`, for a value from which rounding on the way has led away."""
        if value.shape != self.answer.shape:
            return None
        near = closeness(self.answer, value, self.term, self.right)
        explained = self.wrong & (near >= ENOUGH)
        return explained if explained[self.entry] else None


@dataclass(frozen=True)
class Candidate:
    """A hypothesis about a case.

    Attributes:
        cause: the name of the error.
        made_in: the term in which the error was made.
        value: what the term of the case would be.
        made: what hidden terms would be.
    """

    cause: str
    detail: str
    made_in: Term
    value: Array
    made: Mapping[Term, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """The error behind wrong entries.

    Attributes:
        cause: the name of the error; None if no known error explains the entries.
        made_in: the term in which the error was made.
        explained: the entries that it explains.
        made: what it makes of hidden terms.
        also: names of other errors that would give the same.
    """

    cause: str | None
    detail: str
    made_in: Term
    explained: Mask
    made: Mapping[Term, Array] = field(default_factory=dict)
    also: tuple[str, ...] = ()


Explanation = Callable[[Case], Finding | None]
Fit = Callable[[Array], Mask | None]


def find(case: Case) -> Finding | None:
    """What explains the first wrong entry; None if it is wrong only because of rounding on the way
    to it.
    """
    likely = _first(case, LIKELY)
    if likely or case.near[case.entry] >= ENOUGH:
        return likely
    unknown = Finding(None, "no known error explains it", case.term, case.wrong)
    return _first(case, UNLIKELY) or unknown


def misshapen(case: Case) -> Finding:
    """The error behind an answer of another shape than the term's."""
    right = case.sheets[0].compute(case.term)
    answer = case.answer
    shapes = f"{_times(answer.shape)} in place of {_times(right.shape)}"
    if answer.shape == right.shape[::-1]:
        for value in (right, case.right[case.term]):
            if (digits(answer.T, value) >= ENOUGH).all():
                return Finding(
                    "transposed or wrong weight", f"transposed: {shapes}", case.term, case.wrong
                )
    return Finding("wrong shape", shapes, case.term, case.wrong)


def _times(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "one number"


def _first(case: Case, explanations: Iterable[Explanation]) -> Finding | None:
    found = (explain(case) for explain in explanations)
    return next((finding for finding in found if finding), None)


def _best(case: Case, candidates: Iterable[Candidate], fit: Fit | None = None) -> Finding | None:
    """The candidate that gives the whole answer, else the most wrong entries.

    Of equally good ones it is the first, and the finding names the others.
    """
    best: Finding | None = None
    best_score = (False, 0)
    for candidate in candidates:
        explained = (fit or case.fit)(candidate.value)
        if explained is None:
            continue
        is_whole = bool((digits(case.answer, candidate.value) >= ENOUGH).all())
        score = (is_whole, int(explained.sum()))
        if best is None or score > best_score:
            best_score = score
            best = Finding(
                candidate.cause, candidate.detail, candidate.made_in, explained, candidate.made
            )
        elif score == best_score and candidate.cause not in (best.cause, *best.also):
            best = replace(best, also=(*best.also, candidate.cause))
    return best


# --- Candidates


def _here(case: Case, kinds: Iterable[ErrorKind]) -> Iterator[Candidate]:
    """Errors made in the term of the case."""
    for kind in kinds:
        for sheet in case.sheets:
            for detail, value in kind.hypotheses(sheet, case.term):
                yield Candidate(kind.name, detail, case.term, value)


def _sign_lost_too(case: Case) -> Iterator[Candidate]:
    for candidate in _here(case, COMMON):
        yield replace(candidate, cause=f"{candidate.cause}, sign lost", value=-candidate.value)


def _earlier(case: Case, kinds: Iterable[ErrorKind]) -> Iterator[Candidate]:
    """Errors made in a hidden term, with the hidden terms after it computed from what the error
    gives.
    """
    sheet = case.sheets[0]
    for made_in in case.hidden:
        for kind in kinds:
            for detail, value in kind.hypotheses(sheet, made_in):
                if value.shape == sheet[made_in].shape:
                    carried = _carried(case, made_in, value)
                    yield Candidate(kind.name, detail, made_in, carried, {made_in: value})


def _carried(case: Case, made_in: Term, value: Array) -> Array:
    after = case.sheets[0].copy()
    after[made_in] = value
    for term in reversed(case.hidden[: case.hidden.index(made_in)]):
        after[term] = after.compute(term)
    return after.compute(case.term)


def _throughout(case: Case) -> Iterator[Candidate]:
    """The same error in every hidden term of a key, such as a transposed weight in each net."""
    by_key: dict[str, list[Term]] = {}
    for term in reversed(case.hidden):
        by_key.setdefault(term.key, []).append(term)
    for kind in COMMON:
        for terms in by_key.values():
            if len(terms) == 1:
                continue
            for detail in _unnumbered(kind, case.sheets[0], terms[0]):
                sheet = case.sheets[0].copy()
                for term in reversed(case.hidden):
                    sheet[term] = sheet.compute(term)
                    if term in terms:
                        sheet[term] = _unnumbered(kind, sheet, term).get(detail, sheet[term])
                made = {term: sheet[term] for term in terms}
                text = f"{detail}, in every layer"
                yield Candidate(kind.name, text, terms[0], sheet.compute(case.term), made)


def _unnumbered(kind: ErrorKind, sheet: Sheet, term: Term) -> dict[str, Array]:
    """The hypotheses by their detail without the number of the layer."""
    return {re.sub(r"\[\d+\]", "", detail): value for detail, value in kind.hypotheses(sheet, term)}


def _rounded(case: Case, round_: Callable[[Array], Array]) -> Iterator[Candidate]:
    """Hidden terms, or a part of this one, rounded."""
    if case.hidden:
        sheet = case.sheets[0].copy()
        for term in reversed(case.hidden):
            sheet[term] = round_(sheet.compute(term))
        made = {term: sheet[term] for term in case.hidden}
        first = case.hidden[-1]
        yield Candidate("rounding", "earlier values", first, sheet.compute(case.term), made)
    for sheet in case.sheets:
        for detail, value in rounded_within(sheet, case.term, round_):
            yield Candidate("rounding", detail, case.term, value)


# --- Explanations


def _error_here(case: Case) -> Finding | None:
    return _best(case, _here(case, COMMON))


def _hidden_error_to_nine_digits(case: Case) -> Finding | None:
    """An error in a hidden term has to explain a long answer to nine digits: rounding cannot."""
    return _best(case, _earlier(case, COMMON), partial(case.fit, least=9)) if case.is_long else None


def _rounded_result(case: Case, least: int) -> Finding | None:
    """The right value, or the student's own, rounded to `least` digits or more, but fewer than are
    needed.
    """
    for sheet in reversed(case.sheets):
        found = digits(case.answer, sheet.compute(case.term))
        coarse = case.wrong & (found >= least)
        if coarse[case.entry] and (least < 2 or (coarse == case.wrong).all()):
            detail = f"rounded to {_count(int(found[coarse].min()))}, {ENOUGH} are needed"
            return Finding("rounding", detail, case.term, coarse)
    return None


def _rounded_to_nothing(case: Case) -> Finding | None:
    """A small value that is written as 0."""
    value = case.sheets[0].compute(case.term)
    coarse = case.wrong & (case.answer == 0) & (np.abs(value) <= 0.05)
    if not coarse[case.entry]:
        return None
    return Finding(
        "rounding", f"rounded until nothing is left, {ENOUGH} are needed", case.term, coarse
    )


def _rounded_on_the_way(case: Case) -> Finding | None:
    """Hidden terms, or a part of this one, rounded to decimals or to significant digits."""
    for places in (4, 3, 2, 1):
        for kind, to_places in (("decimals", _to_decimals), ("digits", _to_significant)):
            round_ = partial(to_places, places=places)
            for candidate in _rounded(case, round_):
                for value in (candidate.value, round_(candidate.value)):
                    explained = case.fit(value)
                    if explained is not None:
                        detail = f"{candidate.detail} rounded to {places} {kind}"
                        return Finding(
                            "rounding", detail, candidate.made_in, explained, candidate.made
                        )
    return None


def _to_decimals(value: Array, places: int) -> Array:
    return np.round(value, places)


def _to_significant(value: Array, places: int) -> Array:
    unit = 10.0 ** (np.floor(np.log10(np.where(value == 0, 1, np.abs(value)))) + 1 - places)
    return np.round(value / unit) * unit


def _misprint(case: Case) -> Finding | None:
    """The first wrong entry has a digit wrong, two digits swapped, or its point in another
    place.
    """
    answered = float(case.answer[case.entry])
    for sheet in reversed(case.sheets):
        value = float(sheet.compute(case.term)[case.entry])
        detail = _point_moved(answered, value) or _digits_differ(answered, value)
        if detail:
            return Finding("misprint", detail, case.term, case.first_only)
    return None


def _point_moved(answered: float, value: float) -> str | None:
    for power in (-3, -2, -1, 1, 2, 3):
        if answered and digits(np.array(answered), np.array(value * 10.0**power)) >= ENOUGH:
            side = "right" if power > 0 else "left"
            return f"the decimal point is {side} of its place by {_count(abs(power))}"
    return None


def _digits_differ(answered: float, value: float) -> str | None:
    written = f"{abs(answered):.10f}".rstrip("0")
    decimals = len(written.split(".")[1])
    meant = f"{abs(value):.{decimals}f}"
    count = len(written.replace(".", "").lstrip("0"))
    if len(meant) != len(written) or answered * value < 0 or not 3 <= count <= 8:
        return None
    differ = [index for index in range(len(written)) if written[index] != meant[index]]
    if len(differ) == 1 and count > 3:
        return f"one digit differs: {written} for {meant}"
    if len(differ) == 2 and differ[1] - differ[0] == 1:
        first, second = differ
        if written[first] == meant[second] and written[second] == meant[first]:
            return f"two digits are swapped: {written} for {meant}"
    return None


def _misplaced(case: Case) -> Finding | None:
    """The first wrong entry is another quantity of the right solution, perhaps without its sign."""
    answered = np.array(case.answer[case.entry])
    if answered in (0, 1, -1):
        return None
    for term, values in case.right.items():
        close = np.abs(np.abs(values) - np.abs(answered)) <= 1e-3 * np.abs(values)
        for found in np.argwhere(close):
            index = tuple(int(axis) for axis in found)
            value = np.array(values[index])
            is_same_place = (term, index) == (case.term, case.entry)
            if not is_same_place and digits(np.abs(answered), np.abs(value)) > ENOUGH:
                sign = "" if answered * value > 0 else ", its sign lost"
                detail = f"this is the value of {place(term, index)}{sign}"
                return Finding("wrong place", detail, case.term, case.first_only)
    return None


def _count(number: int) -> str:
    return "1 digit" if number == 1 else f"{number} digits"


LIKELY: Sequence[Explanation] = (
    # An answer with two digits right is rounded before it is anything else.
    lambda case: _rounded_result(case, least=2),
    _error_here,
    _hidden_error_to_nine_digits,
)
UNLIKELY: Sequence[Explanation] = (
    lambda case: _rounded_result(case, least=1),
    _rounded_on_the_way,
    lambda case: _best(case, _here(case, COMMON), case.nearly_fit),
    lambda case: _best(case, _earlier(case, COMMON)),
    lambda case: _best(case, _throughout(case)),
    lambda case: _best(case, _sign_lost_too(case)),
    lambda case: _best(case, _here(case, RARE)),
    lambda case: _best(case, _earlier(case, RARE_IN_HIDDEN)),
    _misprint,
    _misplaced,
    lambda case: _best(case, _here(case, COMMON), partial(case.fit, least=2)),
    _rounded_to_nothing,
)

"""What may be wrong with one number that is written down: rounding, a misprint, a wrong place."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.marking.answers import place
from fashion_nn.lab.backprop.marking.case import Candidate, Case, Finding
from fashion_nn.lab.backprop.marking.precision import ENOUGH, digits, shown_digits, shown_unit
from fashion_nn.lab.backprop.marking.rare_errors import rounded_within

SURE_MISPRINT = 5
"""Digits of a number of which only one is wrong that is no chance."""


def rounded_result(case: Case, least: int) -> list[Finding]:
    """The right value, or the student's own, rounded to `least` digits or more, but fewer than are
    needed.
    """
    for sheet in reversed(case.sheets):
        found = digits(case.answer, sheet.compute(case.term))
        coarse = case.wrong & (found >= least) & (found < ENOUGH)
        if coarse[case.entry] and (least < 2 or (coarse == case.wrong).all()):
            detail = f"rounded to {_count(int(found[coarse].min()))}, {ENOUGH} are needed"
            return [Finding("rounding", detail, case.term, coarse, is_whole=True)]
    return []


def rounded_to_nothing(case: Case) -> list[Finding]:
    """A small value that is written as 0."""
    value = case.sheets[0].compute(case.term)
    coarse = case.wrong & (case.answer == 0) & (np.abs(value) <= 0.05)
    if not coarse[case.entry]:
        return []
    detail = f"rounded until nothing is left, {ENOUGH} are needed"
    return [Finding("rounding", detail, case.term, coarse)]


def rounded_on_the_way(case: Case) -> list[Finding]:
    """Hidden terms, or a part of this one, rounded to decimals or to significant digits."""
    for places in (4, 3, 2, 1):
        for kind, to_places in (("decimals", _to_decimals), ("digits", _to_significant)):
            round_ = partial(to_places, places=places)
            for candidate in _rounded(case, round_):
                for value in (candidate.value, round_(candidate.value)):
                    explained = case.fit(value)
                    if explained is not None:
                        detail = f"{candidate.detail} rounded to {places} {kind}"
                        made_in = candidate.made_in
                        return [Finding("rounding", detail, made_in, explained, candidate)]
    return []


def _rounded(case: Case, round_: Callable[[Array], Array]) -> Iterator[Candidate]:
    """Hidden terms, or a part of this one, rounded."""
    base = case.sheets[0]
    if case.hidden:
        sheet = base.copy()
        for term in reversed(case.hidden):
            sheet[term] = round_(sheet.compute(term))
        made = {term: sheet[term] for term in case.hidden}
        value = sheet.compute(case.term)
        yield Candidate("rounding", "earlier values", case.hidden[-1], value, base, made)
    for sheet in case.sheets:
        for detail, value in rounded_within(sheet, case.term, round_):
            yield Candidate("rounding", detail, case.term, value, sheet)


def _to_decimals(value: Array, places: int) -> Array:
    return np.round(value, places)


def _to_significant(value: Array, places: int) -> Array:
    unit = 10.0 ** (np.floor(np.log10(np.where(value == 0, 1, np.abs(value)))) + 1 - places)
    return np.round(value / unit) * unit


def misprint(case: Case, least: int = 2) -> list[Finding]:
    """The first wrong entry, of `least` digits or more, has a digit wrong, two digits swapped, or
    its point in another place.
    """
    answered = float(case.answer[case.entry])
    if case.places < least:
        return []
    for sheet in reversed(case.sheets):
        value = float(sheet.compute(case.term)[case.entry])
        detail = _digits_differ(answered, value, case.unit)
        if detail is None and shown_digits(answered) >= max(least, ENOUGH):
            detail = _digits_differ(answered, value, shown_unit(answered))
        if detail is None and case.places >= ENOUGH:
            detail = _point_moved(answered, value)
        if detail:
            expected = case.fits(sheet.compute(case.term))
            whole = bool((expected | case.first_only).all())
            return [Finding("misprint", detail, case.term, case.first_only, is_whole=whole)]
    return []


def _point_moved(answered: float, value: float) -> str | None:
    for power in (-3, -2, -1, 1, 2, 3):
        if answered and digits(np.array(answered), np.array(value * 10.0**power)) >= ENOUGH:
            side = "right" if power > 0 else "left"
            return f"the decimal point is {side} of its place by {_count(abs(power))}"
    return None


def _digits_differ(answered: float, value: float, unit: float) -> str | None:
    """In words what is wrong in the digits of a number that is written to this unit."""
    if answered * value < 0 or not np.isfinite(value):
        return None
    decimals = int(np.clip(round(-np.log10(unit)), 0, 12))
    written = f"{abs(answered):.{decimals}f}"
    rounded = f"{abs(value):.{decimals}f}"
    cut = f"{max(abs(value) - 0.5 * unit, 0):.{decimals}f}"
    for meant in dict.fromkeys((rounded, cut)):
        if len(meant) != len(written):
            continue
        differ = [index for index in range(len(written)) if written[index] != meant[index]]
        if len(differ) == 1:
            return f"one digit differs: {written} for {meant}"
        if len(differ) == 2 and differ[1] - differ[0] == 1:
            first, second = differ
            if written[first] == meant[second] and written[second] == meant[first]:
                return f"two digits are swapped: {written} for {meant}"
    return None


def misplaced(case: Case) -> list[Finding]:
    """The first wrong entry is another quantity of the right solution, perhaps without its sign."""
    answered = np.array(case.answer[case.entry])
    if answered in (0, 1, -1):
        return []
    for term, values in case.right.items():
        close = np.abs(np.abs(values) - np.abs(answered)) <= 1e-3 * np.abs(values)
        for found in np.argwhere(close):
            index = tuple(int(axis) for axis in found)
            value = np.array(values[index])
            is_same_place = (term, index) == (case.term, case.entry)
            if not is_same_place and digits(np.abs(answered), np.abs(value)) > ENOUGH:
                sign = "" if answered * value > 0 else ", its sign lost"
                detail = f"this is the value of {place(term, index)}{sign}"
                return [Finding("wrong place", detail, case.term, case.first_only)]
    return []


def _count(number: int) -> str:
    return "1 digit" if number == 1 else f"{number} digits"

"""To how many digits or decimals answers are written, and whether a number is a value so written.

Both ways of rounding are legitimate: to a number of significant digits, or to a number of decimals,
by which small numbers lose their digits. Which of them a student uses shows on the sheet as a
whole, or the answers declare it. A number may be rounded or cut.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from fashion_nn.lab.backprop.activations import Array

Digits = NDArray[np.int64]
"""Significant digits of each entry of an answer."""

Mask = NDArray[np.bool_]
"""Which entries of an answer are meant."""

EXACT = 15
"""Digits of an entry that is equal to the value."""

ENOUGH = 3
"""Digits or decimals that an answer must have right to be right."""

_NOISE = 1e-12
"""What a sum that should be 0 may come to in float64."""

_LOOKED_AT = 2000
"""Number of entries from which the precision is inferred."""


@dataclass(frozen=True)
class Precision:
    """What a sheet is written to; where both are given, the coarser of the two.

    Attributes:
        decimals: digits behind the point; None where the sheet has significant digits.
        digits: significant digits; None where the sheet has decimals.
    """

    decimals: int | None = None
    digits: int | None = None

    def unit(self, size: Array) -> Array:
        """One unit of the last place that is written of numbers of this size."""
        unit = np.zeros(np.shape(size))
        if self.decimals is not None:
            unit += 10.0 ** -max(self.decimals, ENOUGH)
        if self.digits is not None:
            with np.errstate(divide="ignore"):
                magnitude = np.floor(np.log10(np.abs(size) * (1 + 1e-12))) + 1
            unit = np.maximum(unit, 10.0 ** (magnitude - max(self.digits, ENOUGH)))
        return unit

    def accepts(self, answer: Array, value: Array, old: Array | None = None) -> Mask:
        """Which entries of the answer are this value, rounded or cut to what the sheet is written
        to, or rounded to three or more digits of their own. Entries that are left out are.

        Args:
            old: of an updated parameter, the value before the step: it is no rounding of the new
                one.
        """
        found = _is_exact(answer, value)
        if not found.all():
            unit = self.unit(np.maximum(np.abs(answer), np.abs(value)))
            found = found | _is_rounded(answer, value, unit) | _is_cut(answer, value, unit)
        if found.all():
            return found
        of_its_own = digits(answer, value) >= ENOUGH
        return found | (of_its_own if old is None else of_its_own & (answer != old))


def infer(numbers: Iterable[tuple[Array, Array]]) -> Precision:
    """The precision of a sheet, from each answer with the right value.

    Entries that are exactly right say nothing. Where neither decimals nor digits are the same in
    clearly more of the other entries, either will do.
    """
    shown: list[tuple[int, int]] = []
    for answer, value in numbers:
        telling = ~np.isnan(answer) & (answer != 0)
        if answer.shape == value.shape:
            telling &= np.abs(answer - value) > 1e-14 * np.abs(value)
        shown += [_shown(float(entry)) for entry in answer[telling].flat[:_LOOKED_AT]]
        if len(shown) >= _LOOKED_AT:
            break
    if not shown:
        return Precision(EXACT, EXACT)
    counts = np.array(shown)
    decimals, significant = (int(np.quantile(column, 0.9, method="higher")) for column in counts.T)
    by_decimals = float(np.mean(counts[:, 0] == decimals))
    by_digits = float(np.mean(counts[:, 1] == significant))
    few = len(shown) < 6
    return Precision(
        decimals if few or by_decimals > by_digits - 0.1 else None,
        significant if few or by_digits > by_decimals - 0.1 else None,
    )


def shown_unit(number: float) -> float:
    """One unit of the last place with which a number is written."""
    return 10.0 ** -_shown(number)[0]


def shown_digits(number: float) -> int:
    """Significant digits with which a number is written."""
    return _shown(number)[1]


def _shown(number: float) -> tuple[int, int]:
    """Decimals and significant digits with which a number is written."""
    written = Decimal(repr(number)).normalize().as_tuple()
    return max(0, -int(written.exponent)), len(written.digits)


def _is_exact(answer: Array, value: Array) -> Mask:
    """Equal but for float32 rounding, or left out."""
    near = 1e-7 * np.maximum(np.abs(value), 1e-3 * largest(value)) + _NOISE
    return np.isnan(answer) | (np.abs(answer - value) <= near)


def _is_rounded(answer: Array, value: Array, unit: Array) -> Mask:
    return np.abs(answer - value) <= 0.5000005 * unit


def _is_cut(answer: Array, value: Array, unit: Array) -> Mask:
    lost = np.abs(value) - np.abs(answer)
    return (answer * value >= 0) & (lost >= 0) & (lost <= unit * (1 + 1e-9))


def digits(answer: Array, value: Array) -> Digits:
    """Significant digits to which each entry of `answer` is `value` rounded.

    `EXACT` where they are equal except for float32 rounding; 0 where the answer is no rounding of
    the value. An entry may be rounded to significant digits of its own, or all entries to the same
    decimals; then the digits are those of the largest entry. Entries that are left out count as
    exact.
    """
    scale = largest(value)
    error = np.abs(answer - value)
    exact = _is_exact(answer, value)
    found = np.where(exact, EXACT, 0)
    if exact.all():
        return found
    decimals = next((n for n in range(12) if _multiples(answer, 10.0**-n).all()), None)
    if decimals is not None and scale:
        of_largest = decimals + int(np.floor(np.log10(scale))) + 1
        fits = error <= 0.5000005 * 10.0**-decimals
        found[fits & ~exact] = np.clip(of_largest, 0, EXACT - 1)
    with np.errstate(all="ignore"):
        magnitude = np.floor(np.log10(np.abs(value))) + 1
        for count in range(1, 13):
            unit = 10.0 ** (magnitude - count)
            found[(error <= 0.5000005 * unit) & _multiples(answer, unit) & (found < count)] = count
    return found


def largest(value: Array) -> float:
    return float(np.abs(value, where=np.isfinite(value), out=np.zeros(value.shape)).max(initial=0))


def _multiples(answer: Array, unit: Array | float) -> Mask:
    with np.errstate(all="ignore"):
        steps = answer / unit
        return (np.abs(steps - np.round(steps)) <= 1e-3) | np.isnan(answer)


def closeness(answer: Array, value: Array, size: Array) -> Digits:
    """Digits to which the entries of an answer agree with `value` without being a rounding of it.

    They are counted from the size of the entry, or from a hundredth of the largest one if that is
    more.
    """
    with np.errstate(all="ignore"):
        floor = np.maximum(np.abs(size), 0.01 * largest(size))
        agree = -np.log10(2 * np.abs(answer - value) / floor)
    agree = np.nan_to_num(agree, nan=0, posinf=EXACT, neginf=0)
    return np.floor(agree).clip(0, EXACT).astype(np.int64)

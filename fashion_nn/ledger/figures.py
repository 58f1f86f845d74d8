"""Printed figures: read out of a quotation with the place of their last digit, and compared with a value.

The tolerance is the rounding of the printed figure, fixed before anything is measured: up to half a unit of its last
digit is a match, up to one unit a match but for rounding. A figure without a decimal point is exact.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from fashion_nn.ledger.findings import DIFFERS, MATCH, ROUNDING, Claim, Finding, worst

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?")
_FLOAT_NOISE = 1e-9
_FINEST = 1e-8  # NumPy prints no more than eight decimals


@dataclass(frozen=True)
class Figure:
    """A printed number and the unit of its last digit; 0 where it is exact."""

    value: float
    unit: float

    def against(self, value: float) -> str:
        """match, match-rounding or differs."""
        error, noise = abs(value - self.value), _FLOAT_NOISE * max(abs(self.value), self.unit)
        noise = max(noise, 1e-12)
        if error <= self.unit / 2 + noise:
            return MATCH
        return ROUNDING if error <= self.unit + noise else DIFFERS


def read(text: str, *, unit: float | None = None, digits: int | None = None) -> list[Figure]:
    """The numbers in a text.

    Args:
        unit: of the last digit of all of them, where the display is known (a table with three decimals).
        digits: significant digits that a program printed, dropping zeros at the end.
    """
    return [_figure(found.group(), unit, digits) for found in _NUMBER.finditer(text)]


def _figure(text: str, unit: float | None, digits: int | None) -> Figure:
    plain = text.replace(",", "")
    value = float(plain)
    if unit is not None:
        return Figure(value, unit)
    mantissa, _, exponent = plain.partition("e")
    decimals = len(mantissa.partition(".")[2])
    printed = 10.0 ** (int(exponent or 0) - decimals) if decimals else 0.0
    if digits and value:
        return Figure(value, min(printed or 1.0, max(10.0 ** (floor(log10(abs(value))) + 1 - digits), _FINEST)))
    return Figure(value, printed)


def compare(figures: Sequence[Figure], values: Sequence[float]) -> str:
    """The worst verdict of all pairs; `differs` where there are not as many."""
    if not figures or len(figures) != len(values):
        return DIFFERS
    return worst([figure.against(value) for figure, value in zip(figures, values, strict=True)])


def judge(
    claim: Claim, values: Iterable[float], *, unit: float | None = None, digits: int | None = None, **found: Any
) -> Finding:
    """Compare all numbers of the quotation with values; one printed number may stand for many that are equal."""
    numbers = [int(value) if isinstance(value, int) else float(value) for value in values]
    printed = read(claim.quoted, unit=unit, digits=digits)
    if len(printed) == 1 and numbers and max(numbers) - min(numbers) < 1e-12:
        numbers = numbers[:1]
    return Finding(compare(printed, numbers), numbers[0] if len(numbers) == 1 else numbers, **found)

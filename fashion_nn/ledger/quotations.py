"""Numbers as a report prints them: read from a quotation with the place of their last digit, and
compared with values.

The tolerance is the rounding of the printed number, fixed before anything is measured: up to half a
unit of its last digit is a match, up to one unit a match but for rounding. A number without a
decimal point is exact.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10

from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Finding, Verdict, worst

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?")
CRITERION = "each printed figure, within half a unit of its last digit (or one: match-rounding)"
_FLOAT_NOISE = 1e-9
_LEAST_NOISE = 1e-12
_FINEST = 1e-8  # NumPy prints no more than eight decimals


@dataclass(frozen=True)
class PrintedNumber:
    """A printed number, and the unit of its last digit; the unit is 0 if the number is exact."""

    value: float
    unit: float

    def against(self, value: float) -> Verdict:
        """Match, match but for rounding, or differs."""
        error = abs(value - self.value)
        noise = max(_FLOAT_NOISE * max(abs(self.value), self.unit), _LEAST_NOISE)
        if error <= self.unit / 2 + noise:
            return Verdict.MATCH
        if error <= self.unit + noise:
            return Verdict.ROUNDING
        return Verdict.DIFFERS


def read(text: str, *, unit: float | None = None, digits: int | None = None) -> list[PrintedNumber]:
    """The numbers in a text.

    Args:
        unit: of the last digit of all of them, if the display is known (a table with three
            decimals).
        digits: significant digits that a program printed, dropping zeros at the end.
    """
    return [_number(found.group(), unit, digits) for found in NUMBER.finditer(text)]


def first(text: str) -> float:
    """The value of the first number in a text.

    Raises:
        IndexError: there is none.
    """
    return read(text)[0].value


def _number(text: str, unit: float | None, digits: int | None) -> PrintedNumber:
    plain = text.replace(",", "")
    value = float(plain)
    if unit is not None:
        return PrintedNumber(value, unit)
    mantissa, _, exponent = plain.partition("e")
    decimals = len(mantissa.partition(".")[2])
    shown = 10.0 ** (int(exponent or 0) - decimals) if decimals else 0.0
    if digits and value:
        significant = 10.0 ** (floor(log10(abs(value))) + 1 - digits)
        return PrintedNumber(value, min(shown or 1.0, max(significant, _FINEST)))
    return PrintedNumber(value, shown)


def turning(numbers: Sequence[PrintedNumber]) -> str:
    """The values at which a comparison with printed numbers turns."""
    if len(numbers) != 1:
        return "one figure off by more than a unit of its last digit"
    (number,) = numbers
    if not number.unit:
        return f"any value but {number.value:g}"
    low, high = (number.value + sign * number.unit for sign in (-1, 1))
    return f"a value outside {low:.8g} to {high:.8g}"


def compare(numbers: Sequence[PrintedNumber], values: Sequence[float]) -> Verdict:
    """The worst verdict of all pairs; `differs` if there is not one value for each number."""
    if not numbers or len(numbers) != len(values):
        return Verdict.DIFFERS
    return worst(number.against(value) for number, value in zip(numbers, values, strict=True))


def judge(
    claim: Claim,
    values: Iterable[float],
    *,
    unit: float | None = None,
    digits: int | None = None,
    why: str = "",
    evidence: str = "",
) -> Finding:
    """Compare all numbers of a quotation with values; one printed number may stand for many equal
    values.
    """
    ours = [int(value) if isinstance(value, int) else float(value) for value in values]
    numbers = read(claim.quoted, unit=unit, digits=digits)
    if len(numbers) == 1 and ours and max(ours) - min(ours) < _LEAST_NOISE:
        ours = ours[:1]
    return Finding(
        compare(numbers, ours),
        ours[0] if len(ours) == 1 else ours,
        why=why,
        evidence=evidence,
        criterion=CRITERION,
        turns=turning(numbers),
        n=len(ours),
    )

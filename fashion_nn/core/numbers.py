"""Numbers that somebody has written, as text.

`int` and `float` accept more than people write (`1_000`, full-width digits, `nan`), and numbers of
any length.
"""

import math
import re

MAX_DIGITS = 18
"""Digits of a whole number that always fits into 64 bits."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?"
)


def whole(text: str) -> int:
    """The whole number that `text` is, of at most 18 digits.

    Raises:
        ValueError: it is something else.

    >>> whole(" 12 ")
    12
    """
    text = text.strip(" ")
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"expected a whole number of at most {MAX_DIGITS} digits")
    return int(text)


def decimal(text: str) -> float:
    """The finite number that `text` is.

    Raises:
        ValueError: it is something else.

    >>> decimal("-1.5e3")
    -1500.0
    """
    text = text.strip(" ")
    if not _DECIMAL.fullmatch(text):
        raise ValueError("expected a number")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("expected a finite number")
    return number

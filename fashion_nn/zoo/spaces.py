"""The values that a search may try for one setting: a range of numbers, or a list of values."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Between:
    """Numbers from `low` to `high`.

    Attributes:
        low, high: the limits, both included.
        step: distance between neighbouring values, counted from `low`; None for any number.
        log: whether values are spaced by equal ratios, not by equal differences.
    """

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def levels(self, count: int) -> list[float]:
        """`count` values spaced evenly from `low` to `high`; with a step, all values that exist.

        >>> Between(0.0, 0.3, 0.1).levels(2)
        [0.0, 0.1, 0.2, 0.3]
        >>> Between(0.001, 0.1, log=True).levels(3)
        [0.001, 0.01, 0.1]
        """
        if self.step is not None:
            steps = round((self.high - self.low) / self.step)
            return [round(self.low + i * self.step, 9) for i in range(steps + 1)]
        shares = [i / (count - 1) for i in range(count)]
        if self.log:
            span = math.log(self.high / self.low)
            return [float(f"{self.low * math.exp(share * span):.2g}") for share in shares]
        return [float(f"{self.low + share * (self.high - self.low):.4g}") for share in shares]


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """One of these values, all of one type. Numbers are in order, so neighbours are similar."""

    values: tuple[bool | int | float | str, ...]

    def __init__(self, *values: bool | int | float | str):
        object.__setattr__(self, "values", values)


Choices = Between | OneOf

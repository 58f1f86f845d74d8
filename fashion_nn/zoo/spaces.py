"""What a search may try for one setting."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Between:
    """Numbers from `low` to `high`: those that are whole steps away from `low`, or any. `log`: evenly by ratio."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def levels(self, count: int) -> list[float]:
        """`count` values, evenly from `low` to `high`; with a step all those that there are."""
        if self.step is not None:
            return [round(self.low + i * self.step, 9) for i in range(round((self.high - self.low) / self.step) + 1)]
        shares = [i / (count - 1) for i in range(count)]
        if self.log:
            return [float(f"{self.low * math.exp(share * math.log(self.high / self.low)):.2g}") for share in shares]
        return [float(f"{self.low + share * (self.high - self.low):.4g}") for share in shares]


@dataclass(frozen=True, slots=True, init=False)
class OneOf:
    """One of these values, all of one type. Numbers are in order, so that neighbours are alike."""

    values: tuple[bool | int | float | str, ...]

    def __init__(self, *values: bool | int | float | str):
        object.__setattr__(self, "values", values)


Choices = Between | OneOf

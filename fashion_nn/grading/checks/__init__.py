"""The checks of a hand-in, one a module.

Each module has `check`, which takes the evidence and says what it finds, or None if there is
nothing to say; where the evidence is missing, the check is "not applicable". The decision itself
is in `judge`, on plain arrays. A new check is a module and a line in `CHECKS`.
"""

from collections.abc import Callable

from fashion_nn.grading.check import Check
from fashion_nn.grading.checks import (
    against,
    balance,
    canary,
    feeding,
    file,
    leak,
    order,
    score,
    sentinel,
)
from fashion_nn.grading.evidence import Evidence

CHECKS: tuple[Callable[[Evidence], Check | None], ...] = (
    file.check,
    canary.check,
    feeding.check,
    sentinel.check,
    balance.check,
    order.check,
    leak.check,
    score.check,
    against.check,
)
"""All checks, in the order in which they are reported."""

"""The median rule: a trial that is worse than half of those before it does not go on.

The limits of a trial are set when it is created, from the trials that had ended by then, and are kept in its
record. So they do not depend on what runs beside it, and a trial run again ends where it ended.

Source: Golovin et al. 2017 (Google Vizier), section 3.2.2, with the best epoch so far for the running average.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from fashion_nn import searches

LEAST_TRIALS = 5
"""From so few values on a median is taken."""
FIRST_SHARE = 0.25
"""Share of the epochs in which every trial may be slow."""


def thresholds(trials: Sequence[Mapping[str, Any]], objective: str, epochs: int) -> dict[int, float]:
    """Epoch → what the best epoch so far must reach for a trial to go on; empty while too few trials have ended.

    Args:
        trials: records; those that have a score count, in each epoch that they reached.
        epochs: of a whole training; there is no limit after the last.
    """
    curves = [_best_so_far(trial, objective) for trial in trials if trial["status"] in searches.SCORED]
    found = {}
    for epoch in range(math.ceil(FIRST_SHARE * epochs), epochs):
        there = [curve[epoch - 1] for curve in curves if len(curve) >= epoch]
        if len(there) >= LEAST_TRIALS:
            found[epoch] = statistics.median(there)
    return found


def _best_so_far(trial: Mapping[str, Any], objective: str) -> list[float]:
    curve: list[float] = []
    for row in trial["history"]:
        if row.get("fold", 1) == 1:
            better = not curve or searches.better(objective, row[objective], curve[-1])
            curve.append(row[objective] if better else curve[-1])
    return curve

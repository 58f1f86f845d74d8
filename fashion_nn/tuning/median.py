"""The median rule: a trial that is worse than half of the trials before it is stopped.

The thresholds of a trial are set when it is created, from the trials that had ended by then, and
stand in its record. So they do not depend on the trials that run at the same time, and a trial that
is run again stops at the same epoch.

Source: Golovin et al. 2017 (Google Vizier), section 3.2.2, with the best epoch so far for the
    running average.
"""

import math
import statistics
from collections.abc import Sequence

from fashion_nn import measures, runs
from fashion_nn.runs import TrialRecord

LEAST_TRIALS = 5
"""Minimum number of values for a median."""
FIRST_SHARE = 0.25
"""The first share of the epochs, in which no trial is stopped."""


def thresholds(trials: Sequence[TrialRecord], objective: str, epochs: int) -> dict[int, float]:
    """Epoch → the objective that the best epoch so far must reach; empty after too few trials.

    Args:
        trials: the trials with a score count, in each epoch that they reached.
        epochs: epochs of a whole training; there is no threshold after the last.
    """
    curves = [_best_so_far(trial, objective) for trial in trials if trial.status in runs.SCORED]
    found = {}
    for epoch in range(math.ceil(FIRST_SHARE * epochs), epochs):
        reached = [curve[epoch - 1] for curve in curves if len(curve) >= epoch]
        if len(reached) >= LEAST_TRIALS:
            found[epoch] = statistics.median(reached)
    return found


def _best_so_far(trial: TrialRecord, objective: str) -> list[float]:
    curve: list[float] = []
    for row in trial.history:
        if row.get("fold", 1) == 1:
            better = not curve or measures.better(objective, row[objective], curve[-1])
            curve.append(row[objective] if better else curve[-1])
    return curve

"""The mean of a figure over seeds, and how far the seeds are apart."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class MeanSd(NamedTuple):
    """The mean of n numbers and their sample standard deviation (with n - 1; 0 for n = 1)."""

    mean: float
    sd: float


def mean_sd(values: Sequence[float]) -> MeanSd:
    """The mean and the sample standard deviation of at least one number.

    >>> mean_sd([1.0, 2.0, 3.0])
    MeanSd(mean=2.0, sd=1.0)
    >>> mean_sd([4.0])
    MeanSd(mean=4.0, sd=0.0)

    Raises:
        statistics.StatisticsError: there are no values.
    """
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    return MeanSd(statistics.fmean(values), sd)

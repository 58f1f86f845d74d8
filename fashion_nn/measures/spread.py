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


def interval_of_mean(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean of at least two numbers, by Student's t.

    >>> [round(end, 2) for end in interval_of_mean([80.0, 82.0, 90.0])]
    [70.86, 97.14]

    Raises:
        statistics.StatisticsError: there are fewer than two values.
    """
    from scipy.special import stdtrit

    half = stdtrit(len(values) - 1, 0.975) * statistics.stdev(values) / len(values) ** 0.5
    mean = statistics.fmean(values)
    return mean - float(half), mean + float(half)

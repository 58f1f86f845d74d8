"""The one distribution that the checks need, exactly and without SciPy."""

import math


def upper_tail(count: int, n: int, rate: float) -> float:
    """P(X >= count) for X ~ Binomial(n, rate), with n >= 1 and 0 <= rate <= 1.

    >>> round(upper_tail(3, 3, 0.5), 3), upper_tail(0, 3, 0.5)
    (0.125, 1.0)
    """
    if count <= 0:
        return 1.0
    if rate <= 0 or count > n:
        return 0.0
    if rate >= 1:
        return 1.0
    if count <= n * rate:  # the other tail is the short one
        return 1 - _sum_up(n - count + 1, n, 1 - rate)
    return _sum_up(count, n, rate)


def upper_bound(count: int, n: int, doubt: float = 1e-3) -> float:
    """The rate above which `count` or fewer of `n` have a probability below `doubt` (Clopper and Pearson)."""
    low, high = count / n, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - upper_tail(count + 1, n, middle) > doubt else (low, middle)
    return high


def _sum_up(count: int, n: int, rate: float) -> float:
    # Beyond the mean each term is smaller than the one before it by a growing factor.
    term = math.exp(
        math.lgamma(n + 1)
        - math.lgamma(count + 1)
        - math.lgamma(n - count + 1)
        + count * math.log(rate)
        + (n - count) * math.log1p(-rate)
    )
    total = 0.0
    while count <= n and term > total * 1e-17:
        total += term
        term *= (n - count) / (count + 1) * rate / (1 - rate)
        count += 1
    return min(total, 1.0)

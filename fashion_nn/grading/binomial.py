"""Tails of the binomial distribution, as the checks use them.

They come from `scipy.special`: the same numbers as those of `scipy.stats`, which takes a second
longer to import.
"""


def upper_tail(count: int, n: int, rate: float) -> float:
    """P(X >= count) for X ~ Binomial(n, rate), with n >= 1 and 0 <= rate <= 1.

    >>> round(upper_tail(3, 3, 0.5), 3), upper_tail(0, 3, 0.5)
    (0.125, 1.0)
    """
    from scipy.special import betainc

    if count <= 0:
        return 1.0
    if count > n:
        return 0.0
    return float(betainc(count, n - count + 1, rate))


def upper_bound(count: int, n: int, alpha: float = 1e-3) -> float:
    """The upper limit of Clopper and Pearson for the rate of which `count` of `n` were seen.

    With any higher rate, `count` or fewer of `n` have a probability below `alpha`.

    >>> round(upper_bound(0, 1000), 5)
    0.00688
    """
    from scipy.special import betainccinv

    if count >= n:
        return 1.0
    return float(betainccinv(count + 1, n - count, alpha))

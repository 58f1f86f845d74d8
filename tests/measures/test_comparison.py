"""McNemar's test and tied groups: against scipy, by hand, and by property."""

import doctest
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from fashion_nn import measures
from fashion_nn.measures import comparison, mcnemar, tied_groups


def test_the_example_holds():
    assert doctest.testmod(comparison, extraglobs={"np": np}).failed == 0


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(0, 0), (0, 1), (5, 5), (3, 12), (400, 500)]
)
def test_mcnemar_is_the_sign_test(only_first, only_second):
    first = np.repeat([True, False, True], [only_first, only_second, 50])
    second = np.repeat([False, True, True], [only_first, only_second, 50])
    found = mcnemar(first, second)
    assert found[:2] == (only_first, only_second)
    n = only_first + only_second
    tail = stats.binom.cdf(min(only_first, only_second), n, 0.5)
    assert found.p == pytest.approx(min(1, 2 * tail))


def test_answers_to_other_images_cannot_be_compared():
    with pytest.raises(ValueError, match="3 answers beside 4"):
        mcnemar(np.ones(3, bool), np.ones(4, bool))


def test_being_tied_is_not_transitive():
    images = np.arange(1000)
    best, middle, worst = images >= 0, images >= 6, images >= 12
    assert mcnemar(best, worst).p < measures.ALPHA / 3 < mcnemar(best, middle).p
    assert tied_groups([worst, best, middle]) == ["b", "a", "ab"]


def test_holm_asks_for_more_where_more_is_compared():
    images = np.arange(100)
    better, worse = images >= 0, images >= 6  # p = 0.031
    assert tied_groups([better, worse]) == ["a", "b"]
    assert tied_groups([better, better, worse]) == ["a", "a", "a"]


@settings(deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda models: arrays.arrays(bool, (models, 40), elements=st.booleans())
    )
)
def test_sharing_no_letter_is_being_told_apart(right):
    letters = tied_groups(list(right))
    pairs = sorted(
        (mcnemar(right[i], right[j]).p, i, j) for i, j in combinations(range(len(right)), 2)
    )
    apart = set()
    for tested, (p, i, j) in enumerate(pairs):
        if p > measures.ALPHA / (len(pairs) - tested):
            break
        apart.add((i, j))
    for i, j in combinations(range(len(right)), 2):
        assert ((i, j) in apart) == (not set(letters[i]) & set(letters[j]))
    assert "a" in letters[right.sum(axis=1).argmax()]

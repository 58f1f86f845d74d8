"""What is odd about labels alone, and what is not."""

import numpy as np
import pytest

from fashion_nn.measures import oddities, single_label

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("labels", "classes", "found"),
    [
        (np.full(50, 3), 10, "all 50 rows get class 3"),
        (np.full(10_000, 0), 2, "all 10,000 rows get class 0"),
        (np.r_[np.full(60, 8), RNG.integers(0, 8, 40)], 10, "class 8 is given to 60 of 100 rows"),
        (np.r_[np.full(95, 1), np.zeros(5, int)], 2, "class 1 is given to 95 of 100 rows"),
        (RNG.integers(0, 8, 1000), 10, "none of 1,000 rows gets class 8, 9"),
        (RNG.integers(0, 30, 5000), 60, "none of 5,000 rows gets class 30, 31, 32, 33, 34, 35, 36"),
    ],
)
def test_what_is_odd(labels, classes, found):
    assert any(line.startswith(found) for line in oddities(labels, classes))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.full(49, 3), 10),
        (RNG.integers(0, 10, 10_000), 10),
        (RNG.integers(0, 10, 50), 10),  # chance leaves out a class
        (RNG.integers(0, 300, 1000), 9999),
        (np.r_[np.full(80, 1), np.zeros(20, int)], 2),
    ],
)
def test_what_chance_explains(labels, classes):
    assert oddities(labels, classes) == []


def test_a_single_label_needs_enough_rows():
    assert single_label(np.full(50, 7)) == 7
    assert single_label(np.full(49, 7)) is None
    assert single_label(np.r_[np.full(49, 7), 6]) is None
    assert single_label(np.zeros(0, int)) is None

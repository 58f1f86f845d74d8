"""Duplicate ids, found in little memory: the same as with a set, in the same place."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fashion_nn.tables.seen import Seen

PIECES = st.lists(st.lists(st.integers(0, 40) | st.integers(0, 10**18 - 1), min_size=1), max_size=9)


@given(PIECES)
def test_the_first_duplicate_is_that_of_a_set(pieces):
    seen = Seen()
    known: set[int] = set()
    for piece in pieces:
        expected = None
        for place, number in enumerate(piece):
            if number in known:
                expected = place
                break
            known.add(number)
        assert seen.add(np.array(piece, np.int64)) == expected
        if expected is not None:
            return


def test_few_arrays_are_kept():
    seen = Seen()
    for start in range(0, 100_000, 100):
        assert seen.add(np.arange(start, start + 100)[::-1]) is None
    assert len(seen._sorted) < 12
    assert sum(map(len, seen._sorted)) == 100_000
    assert seen.add(np.array([10**6, 54_321])) == 1

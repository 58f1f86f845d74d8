"""Which of many numbers occurs a second time, in about the memory of the numbers themselves."""

import numpy as np


class Seen:
    """Whole numbers that were added, without duplicates.

    They are kept in sorted arrays, each more than twice as long as the next, so that there are few.
    A set would take ten times the memory.
    """

    def __init__(self) -> None:
        self._sorted: list[np.ndarray] = []

    def add(self, numbers: np.ndarray) -> int | None:
        """Add numbers, int64 (n,).

        Returns:
            The index of the first that is in them or was added before, and then nothing is added;
            None if there is no such number.
        """
        order = np.argsort(numbers, kind="stable")
        ranked = numbers[order]
        again = np.zeros(len(numbers), bool)
        again[order[1:]] = ranked[1:] == ranked[:-1]
        for known in self._sorted:
            places = known.searchsorted(numbers).clip(max=len(known) - 1)
            again |= known[places] == numbers
        if again.any():
            return int(again.argmax())
        self._keep(ranked)
        return None

    def _keep(self, ranked: np.ndarray) -> None:
        while self._sorted and len(self._sorted[-1]) <= 2 * len(ranked):
            ranked = np.concatenate([self._sorted.pop(), ranked])
            ranked.sort(kind="stable")  # which merges two sorted parts
        self._sorted.append(ranked)

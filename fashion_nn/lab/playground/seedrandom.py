"""JavaScript's seedrandom in Python, so that a seed gives the Playground's own data and weights.

The Playground seeds it with the `seed` of its address, and then draws data, order and weights.

Source: the seedrandom library (ARC4 on the characters of the seed, 52 bits a number).
"""

import math
from typing import Any


class SeedRandom:
    """A stream of floats in [0, 1), the same as `Math.random()` after `Math.seedrandom(seed)`.

    >>> stream = SeedRandom("hello.")
    >>> stream.random(), stream.random()
    (0.9282578795792454, 0.3752569768646784)
    """

    def __init__(self, seed: str):
        key = _mix(seed)
        state = list(range(256))
        j = 0
        for i in range(256):
            j = (j + key[i % len(key)] + state[i]) & 255
            state[i], state[j] = state[j], state[i]
        self._state = state
        self._i = 0
        self._j = 0
        self._number(256)  # the library discards the first 256 bytes

    def random(self) -> float:
        """The next number, in [0, 1)."""
        numerator = self._number(6)
        denominator = 2**48
        last = 0
        while numerator < 2**52:
            numerator = (numerator + last) * 256
            denominator *= 256
            last = self._number(1)
        while numerator >= 2**53:
            numerator //= 2
            denominator //= 2
            last >>= 1
        return (numerator + last) / denominator

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return self.random() * (high - low) + low

    def normal(self, mean: float, variance: float) -> float:
        """A normal number by the polar method, which gives two; the Playground uses the first."""
        while True:
            first = 2 * self.random() - 1
            second = 2 * self.random() - 1
            square = first * first + second * second
            if 0 < square <= 1:
                return mean + math.sqrt(variance) * (
                    math.sqrt(-2 * math.log(square) / square) * first
                )

    def shuffle(self, items: list[Any]) -> None:
        """Shuffle in place, by Fisher and Yates from the end; each draw includes the last place."""
        for last in range(len(items) - 1, -1, -1):
            chosen = int(self.random() * (last + 1))
            items[last], items[chosen] = items[chosen], items[last]

    def _number(self, count: int) -> int:
        # Local names, because this loop takes most of the time of a start.
        state = self._state
        i = self._i
        j = self._j
        number = 0
        for _ in range(count):
            i = (i + 1) & 255
            t = state[i]
            j = (j + t) & 255
            state[i], state[j] = state[j], t
            number = number * 256 + state[(state[i] + t) & 255]
        self._i = i
        self._j = j
        return number


def _mix(seed: str) -> list[int]:
    """The UTF-16 units of the seed, folded into at most 256 bytes."""
    raw = seed.encode("utf-16-le", "surrogatepass")
    key: list[int] = []
    smear = 0
    for place in range(0, len(raw), 2):
        slot = (place // 2) & 255
        old = key[slot] if slot < len(key) else 0
        smear = _int32(smear ^ (old * 19))
        byte = (smear + int.from_bytes(raw[place : place + 2], "little")) & 255
        if slot < len(key):
            key[slot] = byte
        else:
            key.append(byte)
    return key or [0]


def _int32(number: int) -> int:
    return (number + 2**31) % 2**32 - 2**31

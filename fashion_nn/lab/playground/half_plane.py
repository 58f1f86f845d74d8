"""The best accuracy of a single straight line on the XOR data, exactly: for the distribution, not
for a sample.
"""

import math
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

# The XOR data is uniform on four squares with these sides, one in each quadrant.
_INNER = 0.3
_OUTER = 5.3


@dataclass(frozen=True)
class HalfPlane:
    """The points with x·cos(angle) + y·sin(angle) > offset are called positive; angle in
    degrees.
    """

    angle: float
    offset: float
    accuracy: float


def xor_accuracy(angle: float, offset: float) -> float:
    """Share of the XOR data (noise 0) that a half-plane classifies rightly, 0 to 1.

    The data is uniform on four squares, so the share is a sum of areas.
    """
    right = 0.0
    for sign_x, sign_y in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        inside = _share_inside(math.radians(angle), offset, sign_x, sign_y)
        right += inside if sign_x == sign_y else 1 - inside
    return right / 4


def best_for_xor() -> HalfPlane:
    """The best half-plane, found by a search over angles (degrees) and offsets, first coarse, then
    fine.

    In closed form the best line at 45° is x + y = 106/30.
    """
    best = _best(np.arange(0, 360, 5.0), np.arange(-8, 8.01, 0.25))
    for step, width in ((1, 0.05), (0.2, 0.01), (0.04, 0.002)):
        near = np.arange(-5, 5.5)
        best = _best(best.angle + step * near, best.offset + width * near, best)
    return best


def _best(angles: np.ndarray, offsets: np.ndarray, known: HalfPlane | None = None) -> HalfPlane:
    places = product(angles.tolist(), offsets.tolist())
    tried = [HalfPlane(angle, offset, xor_accuracy(angle, offset)) for angle, offset in places]
    return max([*tried, *([known] if known else [])], key=lambda half: half.accuracy)


def _share_inside(angle: float, offset: float, sign_x: int, sign_y: int) -> float:
    """Share of one square on the positive side: its corners, cut by the line, then the shoelace
    formula.
    """
    corners = [
        (sign_x * x, sign_y * y)
        for x, y in ((_INNER, _INNER), (_OUTER, _INNER), (_OUTER, _OUTER), (_INNER, _OUTER))
    ]
    heights = [x * math.cos(angle) + y * math.sin(angle) - offset for x, y in corners]
    inside: list[tuple[float, float]] = []
    sides = pairwise([*zip(corners, heights, strict=True), (corners[0], heights[0])])
    for (start, low), (end, high) in sides:
        if low >= 0:
            inside.append(start)
        if low * high < 0:
            share = low / (low - high)
            inside.append(
                (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
            )
    twice = sum(
        a[0] * b[1] - b[0] * a[1] for a, b in zip(inside, inside[1:] + inside[:1], strict=True)
    )
    return abs(twice) / 2 / (_OUTER - _INNER) ** 2

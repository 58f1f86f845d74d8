"""Measures of a decision boundary: how sharply it bends, and of how many linear pieces it is
made.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.lab.boundaries import data
from fashion_nn.lab.boundaries.data import Extent, Floats
from fashion_nn.lab.boundaries.training import ACTIVATIONS, Agreement, Fit, agreement

_GRID = 500
"""Points along each side of the grid on which a network is measured."""

_STEP = 0.02
"""Length of a piece of a line from which a direction is read."""

_WINDOW = 0.1
"""Changes of direction within this length count as one bend."""


@dataclass(frozen=True)
class Bends:
    """How a boundary bends inside the picture.

    Attributes:
        length: of all its lines, in units of the axes.
        turned: sum of all changes of direction, in degrees.
        sharpest: the largest change of direction within a length of 0.1, in degrees: the angle of a
            corner for straight pieces, small for a smooth line.
        in_corners: share of `turned` that happens on the most bent tenth of the length; near 1 for
            straight pieces.
    """

    length: float
    turned: float
    sharpest: float
    in_corners: float


@dataclass(frozen=True)
class Fresh:
    """Loss and accuracy on points that the network was not trained on."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class Description:
    """Everything that is measured on a network.

    Attributes:
        fresh: on 2,000 new points of make-moons; None for iris, of which there are no more.
        linear_regions: see `linear_regions`.
        distinct_gradients: see `distinct_gradients`.
        keras: None where the network was not trained in Keras too.
    """

    fit: Fit
    fresh: Fresh | None
    bends: Bends
    linear_regions: int | None
    distinct_gradients: int
    keras: Agreement | None = None

    def to_json(self) -> JsonObject:
        """The same as plain Python values."""
        values = {
            **self.fit.to_json(),
            "fresh": asdict(self.fresh) if self.fresh else None,
            "bends": asdict(self.bends),
            "linear_regions": self.linear_regions,
            "distinct_gradients": self.distinct_gradients,
        }
        return {**values, "keras": asdict(self.keras)} if self.keras else values


def describe(fit: Fit, *, in_keras: bool = False) -> Description:
    """Measure a network; `in_keras` trains it in Keras too and compares."""
    fresh = None
    if fit.points.name == "moons":
        unseen = data.moons(2000, seed=fit.plan.seed + 1_000_003)
        fresh = Fresh(fit.loss(unseen), fit.accuracy(unseen))
    return Description(
        fit,
        fresh,
        bends(boundary(fit)),
        linear_regions(fit),
        distinct_gradients(fit),
        agreement(fit) if in_keras else None,
    )


def boundary(fit: Fit) -> list[Floats]:
    """Lines (n, 2) on which the likeliest class changes, within the picture of the training points.

    A line for each two classes, ending where a third one takes over.
    """
    lines = []
    for one, other in combinations(range(fit.points.classes), 2):

        def lead(x: Floats, one: int = one, other: int = other) -> Floats:
            scores = fit.scores(x)
            return scores[:, other] - scores[:, one]

        for line in level_lines(lead, fit.points.extent()):
            scores = fit.scores(line)
            rivals = np.delete(scores, (one, other), axis=1).max(axis=1, initial=-np.inf)
            seen = scores[:, (one, other)].mean(axis=1) >= rivals
            lines += [line[start:stop] for start, stop in _stretches(seen) if stop - start > 1]
    return lines


def heading(fit: Fit) -> str:
    """A line that says what was trained."""
    plan = fit.plan
    shape = "-".join(map(str, (2, *plan.hidden, fit.points.classes)))
    return (
        f"{fit.points.name}, {plan.activation} {shape}, {plan.passes:,} passes at"
        f" {plan.learning_rate:g}"
    )


def as_table(found: Mapping[str, Description]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Columns and rows of text."""
    columns = (
        "network",
        "loss",
        "accuracy",
        "fresh accuracy",
        "sharpest bend",
        "turn in corners",
        "linear regions",
    )
    rows = []
    for name, one in found.items():
        row = [
            name or heading(one.fit),
            f"{one.fit.loss():.4f}",
            f"{one.fit.accuracy():.3f}",
            f"{one.fresh.accuracy:.4f}" if one.fresh else "",
            f"{one.bends.sharpest:.0f}°",
            f"{one.bends.in_corners:.2f}",
            str(one.linear_regions or "smooth"),
        ]
        if one.keras:
            row.append(f"{one.keras.largest_weight_difference:.1e}")
        rows.append(tuple(row))
    compared = any(one.keras for one in found.values())
    return (*columns, "Keras differs by") if compared else columns, rows


def level_lines(height: Callable[[Floats], Floats], extent: Extent) -> list[Floats]:
    """Lines (n, 2) where a function of points (n, 2) is 0."""
    import contourpy

    xs, ys = extent.axes(_GRID)
    heights = height(extent.grid(_GRID)).reshape(_GRID, _GRID)
    return [np.asarray(line) for line in contourpy.contour_generator(xs, ys, heights).lines(0.0)]


def bends(lines: list[Floats]) -> Bends:
    """Measure lines: each is walked in steps of 0.02, and turns are summed over windows of 0.1."""
    window = round(_WINDOW / _STEP)
    length = 0.0
    turns = []
    sharpest = 0.0
    for line in lines:
        walked = _resample(line)
        length += _STEP * max(len(walked) - 1, 0)
        if len(walked) < 3:
            continue
        steps = np.diff(walked, axis=0)
        angles = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
        turns.append(np.abs(np.diff(_smooth(angles))))
        span = min(window, len(angles) - 1)
        sharpest = max(sharpest, float(np.abs(angles[span:] - angles[:-span]).max()))
    every = np.sort(np.concatenate(turns))[::-1] if turns else np.zeros(1)
    total = float(every.sum())
    in_corners = float(every[: max(len(every) // 10, 1)].sum()) / total if total else 0.0
    return Bends(length, float(np.degrees(total)), float(np.degrees(sharpest)), in_corners)


def linear_regions(fit: Fit) -> int | None:
    """Number of regions of the picture on which a ReLU network is linear (patterns of units that
    are on).

    None for another activation.

    n units in one hidden layer cut the plane into 1 + n + n(n - 1)/2 regions at most: 7 for 3
    units.
    """
    if fit.plan.activation != "relu":
        return None
    on = np.concatenate(
        [layer > 0 for layer in fit.layers(fit.points.extent().grid(_GRID))[1:-1]], axis=1
    )
    return len(np.unique(np.packbits(on, axis=1), axis=0))


def distinct_gradients(fit: Fit) -> int:
    """How many different slopes the second score minus the first has on a grid: few if it is
    piecewise linear.
    """
    slope = ACTIVATIONS[fit.plan.activation].slope_at_output
    layers = fit.layers(fit.points.extent().grid(200))
    last = fit.weights[-1]
    flowing = np.broadcast_to(last[:, 1] - last[:, 0], (len(layers[0]), len(last)))
    for layer in range(len(fit.weights) - 1, 0, -1):
        flowing = (flowing * slope(layers[layer])) @ fit.weights[layer - 1].T
    return len(np.unique(flowing.round(9), axis=0))


def hardened(fit: Fit) -> Fit:
    """The same network with the first hidden layer's weights multiplied: sigmoids become steps at
    the same lines.
    """
    factor = 100.0
    weights = (factor * fit.weights[0], *fit.weights[1:])
    return replace(fit, weights=weights, biases=(factor * fit.biases[0], *fit.biases[1:]))


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each stretch of True."""
    changes = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(changes[0::2].tolist(), changes[1::2].tolist(), strict=True))


def _resample(line: Floats) -> Floats:
    """The line as points at equal distances along it."""
    pieces = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0], np.cumsum(pieces)])
    at = np.arange(0, along[-1], _STEP)
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)


def _smooth(angles: Floats) -> Floats:
    """Mean of three: takes away the steps of the grid that the line was read from."""
    padded = np.concatenate([angles[:1], angles, angles[-1:]])
    return (padded[:-2] + padded[1:-1] + padded[2:]) / 3

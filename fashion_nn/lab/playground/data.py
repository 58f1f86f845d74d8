"""The Playground's points, features, split and initial weights, drawn in its order from its random
stream.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fashion_nn.lab.layers import Array
from fashion_nn.lab.playground.seedrandom import SeedRandom
from fashion_nn.lab.playground.settings import Settings

Floats = NDArray[np.float64]

Point = tuple[float, float, float]
"""x, y and target."""

Place = tuple[float, float]

_FUNCTIONS: Mapping[str, Callable[[Array, Array], Array]] = {
    "x1": lambda x, y: x,
    "x2": lambda x, y: y,
    "x1^2": lambda x, y: x * x,
    "x2^2": lambda x, y: y * y,
    "x1x2": lambda x, y: x * y,
    "sin_x1": lambda x, y: np.sin(x),
    "sin_x2": lambda x, y: np.sin(y),
}


@dataclass(frozen=True, eq=False)
class Start:
    """Everything that is random in a training.

    Attributes:
        points: float64 (n, 2), the training points first.
        targets: (n,).
        train_points: number of training points.
        weights: (units before, units) of each layer, before training.
        biases: (units,) of each layer, before training.
    """

    points: Floats
    targets: Floats
    train_points: int
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]


def start(settings: Settings) -> Start:
    """Data and initial weights of a set-up, as the page has them after it was opened with this
    seed.

    Source: `generateData` and `reset` of the Playground: seed, points, shuffle, split, then a
    weight for each link, neuron by neuron.
    """
    stream = SeedRandom(settings.seed)
    points = generate(settings, stream)
    stream.shuffle(points)
    table = np.array(points)
    weights = []
    biases = []
    for before, units in pairwise(settings.shape):
        drawn = np.array([[stream.random() - 0.5 for _ in range(before)] for _ in range(units)])
        weights.append(np.zeros((before, units)) if settings.zero_init else drawn.T.copy())
        biases.append(np.full(units, 0.0 if settings.zero_init else 0.1))
    return Start(
        table[:, :2].copy(),
        table[:, 2].copy(),
        settings.train_points,
        tuple(weights),
        tuple(biases),
    )


def features(points: Array, names: tuple[str, ...]) -> Array:
    """The inputs of the network, (n, features), of points (n, 2)."""
    return np.stack([_FUNCTIONS[name](points[:, 0], points[:, 1]) for name in names], axis=1)


def generate(settings: Settings, stream: SeedRandom) -> list[Point]:
    """The data set as (x, y, target), not yet shuffled."""
    return _GENERATORS[settings.dataset](settings.points, settings.noise_percent / 100, stream)


def _circle(count: int, noise: float, stream: SeedRandom) -> list[Point]:
    """Positive within radius 2.5, negative from 3.5 to 5; noise moves the place at which the target
    is read.
    """
    radius = 5.0
    points = []
    for low, high in ((0.0, radius * 0.5), (radius * 0.7, radius)):
        for _ in range(count // 2):
            r = stream.uniform(low, high)
            angle = stream.uniform(0, 2 * math.pi)
            x = r * math.sin(angle)
            y = r * math.cos(angle)
            at_x = x + stream.uniform(-radius, radius) * noise
            at_y = y + stream.uniform(-radius, radius) * noise
            points.append(
                (x, y, 1.0 if math.sqrt(at_x * at_x + at_y * at_y) < radius * 0.5 else -1.0)
            )
    return points


def _xor(count: int, noise: float, stream: SeedRandom) -> list[Point]:
    """Positive where x and y have one sign, with a gap of 0.3 on both sides of the axes."""
    points = []
    for _ in range(count):
        x = _padded(stream.uniform(-5, 5))
        y = _padded(stream.uniform(-5, 5))
        at_x = x + stream.uniform(-5, 5) * noise
        at_y = y + stream.uniform(-5, 5) * noise
        points.append((x, y, 1.0 if at_x * at_y >= 0 else -1.0))
    return points


def _padded(value: float) -> float:
    return value + 0.3 if value > 0 else value - 0.3


def _gauss(count: int, noise: float, stream: SeedRandom) -> list[Point]:
    """Normal around (2, 2) and (-2, -2), variance 0.5 without noise and 4 with 50 per cent."""
    variance = _linear(noise, 0, 0.5, 0.5, 4)
    return [
        (stream.normal(centre, variance), stream.normal(centre, variance), label)
        for centre, label in ((2.0, 1.0), (-2.0, -1.0))
        for _ in range(count // 2)
    ]


def _spiral(count: int, noise: float, stream: SeedRandom) -> list[Point]:
    """Two arms, 1.75 turns out to radius 5; noise moves the point."""
    half = count // 2
    points = []
    for turned, label in ((0.0, 1.0), (math.pi, -1.0)):
        for i in range(half):
            r = i / half * 5
            angle = 1.75 * i / half * 2 * math.pi + turned
            x = r * math.sin(angle) + stream.uniform(-1, 1) * noise
            y = r * math.cos(angle) + stream.uniform(-1, 1) * noise
            points.append((x, y, label))
    return points


def _plane(count: int, noise: float, stream: SeedRandom) -> list[Point]:
    """A slope: -1 where x + y is -10, 1 where it is 10."""
    return [
        (x, y, _linear(at[0] + at[1], -10, 10, -1, 1))
        for (x, y), at in _square(count, noise, stream)
    ]


def _hills(count: int, noise: float, stream: SeedRandom) -> list[Point]:
    """Six cones of radius 2 with alternating signs; where two meet, the larger counts."""
    cones = [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
    points = []
    for (x, y), (at_x, at_y) in _square(count, noise, stream):
        heights = [
            sign * _linear(min(math.sqrt((at_x - cx) ** 2 + (at_y - cy) ** 2), 2.0), 0, 2, 1, 0)
            for cx, cy, sign in cones
        ]
        points.append((x, y, max(heights, key=abs)))
    return points


def _square(count: int, noise: float, stream: SeedRandom) -> list[tuple[Place, Place]]:
    """Places in the square from -6 to 6, each with the one, moved by noise, at which its target is
    read.
    """
    radius = 6
    places = []
    for _ in range(count):
        x = stream.uniform(-radius, radius)
        y = stream.uniform(-radius, radius)
        at_x = x + stream.uniform(-radius, radius) * noise
        at_y = y + stream.uniform(-radius, radius) * noise
        places.append(((x, y), (at_x, at_y)))
    return places


def _linear(value: float, low: float, high: float, at_low: float, at_high: float) -> float:
    share = (value - low) / (high - low)
    return at_low * (1 - share) + at_high * share


_GENERATORS: Mapping[str, Callable[[int, float, SeedRandom], list[Point]]] = {
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "reg-plane": _plane,
    "reg-gauss": _hills,
}

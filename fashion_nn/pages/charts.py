"""Charts as coordinates, which a template draws as SVG: so they follow the page's colours, light or
dark.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fashion_nn.runs.metrics import StoredBin

WIDTH, HEIGHT = 400, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 34

Range = tuple[float, float]
Tick = tuple[float, str]
"""A position on an axis, and the text beside it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through `points`, as SVG writes them, in the colour of `kind`."""

    label: str
    kind: str
    points: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle with the text that is shown when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A mark with the text that is shown when it is pointed at."""

    x: float
    y: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. Ticks are (position, text), `mark` is the x and text of a dotted line; lines are cut
    at the edges.
    """

    title: str
    description: str
    x_title: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    lines: list[Line]
    bars: list[Bar]
    points: list[Point] = field(default_factory=list)
    mark: tuple[float, str] | None = None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class Plane:
    """The area between the axes of a chart: where values are drawn, and the ticks.

    Attributes:
        x: gives the horizontal position of a value.
        y: gives the vertical position of a value; that of larger values is smaller.
        x_ticks: positions and texts.
        y_ticks: positions and texts.
        low: smallest value on the y axis, the first tick.
        high: largest value on the y axis, the last tick.
    """

    x: Callable[[float], float]
    y: Callable[[float], float]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    low: float
    high: float

    @classmethod
    def over(
        cls, x_range: Range, y_range: Range, *, margin: int = 0, whole: bool = False
    ) -> "Plane":
        """Return the plane that shows these values.

        Args:
            x_range: first and last value of the x axis.
            y_range: values that the y axis has to contain; it ends at round numbers.
            margin: space between the last x and the right edge, in addition to the usual.
            whole: has only whole numbers as ticks of the x axis.
        """
        first, last = x_range
        y_values = ticks(*y_range, 5)
        x_values = [tick for tick in ticks(first, last, 5) if first <= tick <= last]
        if whole:
            x_values = [tick for tick in x_values if tick == round(tick)]
        x = scale(first, last, LEFT, WIDTH - RIGHT - margin)
        y = scale(y_values[0], y_values[-1], HEIGHT - BOTTOM, TOP)
        return cls(
            x=x,
            y=y,
            x_ticks=[(x(tick), f"{tick:.10g}") for tick in x_values],
            y_ticks=[(y(tick), f"{tick:.10g}") for tick in y_values],
            low=y_values[0],
            high=y_values[-1],
        )

    def points(self, values: Sequence[tuple[float, float]]) -> str:
        """The points of a line through these values, as SVG writes them."""
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in values)


def curves(history: Sequence[Mapping[str, float]], best_epoch: int | None) -> list[Chart]:
    """Return the charts of accuracy and loss by epoch, or none if there are fewer than two
    epochs.
    """
    if len(history) < 2:
        return []
    return [
        _curve(history, "accuracy", "accuracy (%)", 100, best_epoch),
        _curve(history, "loss", "loss (nats per image)", 1, best_epoch),
    ]


def _curve(
    history: Sequence[Mapping[str, float]],
    key: str,
    title: str,
    factor: float,
    best_epoch: int | None,
) -> Chart:
    series = {}
    for label, kind, column in (("train", "first", key), ("validation", "second", f"val_{key}")):
        points = [
            (row["epoch"], factor * row[column])
            for row in history
            if math.isfinite(row.get(column, math.nan))
        ]
        if points:
            series[label, kind] = points
    # The first, steep part may leave the chart: otherwise the rest would be flat.
    values = [value for points in series.values() for _, value in points[len(history) // 20 :]]
    first = history[0]["epoch"]
    last = history[-1]["epoch"]
    plane = Plane.over((first, last), (min(values), max(values)), whole=True)
    ends = ", ".join(
        f"{label} {points[0][1]:.4g} to {points[-1][1]:.4g}"
        for (label, _), points in series.items()
    )
    return Chart(
        title=title,
        description=f"{title} by epoch, from epoch {first:.0f} to {last:.0f}: {ends}",
        x_title="epoch",
        x_ticks=plane.x_ticks,
        y_ticks=plane.y_ticks,
        lines=[Line(label, kind, plane.points(points)) for (label, kind), points in series.items()],
        bars=[],
        mark=None if best_epoch is None else (plane.x(best_epoch), f"best epoch {best_epoch}"),
    )


def reliability(bins: Sequence["StoredBin"]) -> Chart:
    """How often predictions of each confidence are right; on the diagonal where the model knows how
    sure it may be.
    """
    n = sum(each.count for each in bins)
    x = scale(0, 1, LEFT, WIDTH - RIGHT)
    y = scale(0, 1, HEIGHT - BOTTOM, TOP)
    width = x(1 / len(bins)) - x(0)
    bars = [
        Bar(
            x(place / len(bins)) + 1,
            y(each.accuracy),
            width - 2,
            y(0) - y(each.accuracy),
            "strong" if each.count >= n / 100 else "faint",
            f"confidence {each.confidence:.1%}: {each.accuracy:.1%} right of {each.count:,.0f}"
            " images",
        )
        for place, each in enumerate(bins)
        if each.count
    ]
    percents = range(0, 101, 20)
    said = "; ".join(f"{bar.text}" for bar in bars)
    return Chart(
        title="share that is right (%)",
        description=f"Share of right predictions by confidence. {said}",
        x_title="confidence (%)",
        x_ticks=[(x(each / 100), f"{each}") for each in percents],
        y_ticks=[(y(each / 100), f"{each}") for each in percents],
        lines=[Line("perfectly calibrated", "ideal", f"{x(0)},{y(0)} {x(1)},{y(1)}")],
        bars=bars,
    )


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Return the linear function that maps `low` to `start` and `high` to `end`."""
    span = (high - low) or 1
    return lambda value: round(start + (value - low) / span * (end - start), 2)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Return about this number of round values; the first is at most `low`, the last at least
    `high`.
    """
    span = (high - low) or abs(high) or 1
    power = 10 ** math.floor(math.log10(span / about))
    step = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]

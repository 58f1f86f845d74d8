"""Charts as coordinates, which a template draws as SVG: so they follow the page's colours, light or dark."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 400, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 34


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
    """A chart. Ticks are (position, text), `mark` is the x and text of a dotted line; lines are cut at the edges."""

    title: str
    description: str
    x_title: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
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


def curves(history: Sequence[Mapping[str, float]], best_epoch: int | None) -> list[Chart]:
    """Accuracy and loss by epoch, train and validation; none without two epochs."""
    if len(history) < 2:
        return []
    return [
        _curve(history, "accuracy", "accuracy (%)", 100, best_epoch),
        _curve(history, "loss", "loss (nats per image)", 1, best_epoch),
    ]


def _curve(
    history: Sequence[Mapping[str, float]], key: str, title: str, factor: float, best_epoch: int | None
) -> Chart:
    series = {}
    for label, kind, column in (("train", "first", key), ("validation", "second", f"val_{key}")):
        points = [(row["epoch"], factor * row[column]) for row in history if math.isfinite(row.get(column, math.nan))]
        if points:
            series[label, kind] = points
    # The first steep steps would press the rest flat: they may leave the chart.
    values = [value for points in series.values() for _, value in points[len(history) // 20 :]]
    y_ticks = ticks(min(values), max(values), 5)
    x_ticks = ticks(history[0]["epoch"], history[-1]["epoch"], 5)
    x = scale(history[0]["epoch"], history[-1]["epoch"], LEFT, WIDTH - RIGHT)
    y = scale(min(y_ticks), max(y_ticks), HEIGHT - BOTTOM, TOP)
    inside = (history[0]["epoch"], history[-1]["epoch"])
    ends = ", ".join(f"{label} {points[0][1]:.4g} to {points[-1][1]:.4g}" for (label, _), points in series.items())
    return Chart(
        title=title,
        description=f"{title} by epoch, from epoch {inside[0]:.0f} to {inside[1]:.0f}: {ends}",
        x_title="epoch",
        x_ticks=[
            (x(tick), f"{tick:.0f}") for tick in x_ticks if tick == round(tick) and inside[0] <= tick <= inside[1]
        ],
        y_ticks=[(y(tick), f"{tick:.10g}") for tick in y_ticks],
        lines=[
            Line(label, kind, " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points))
            for (label, kind), points in series.items()
        ],
        bars=[],
        mark=(x(best_epoch), f"kept epoch {best_epoch}") if best_epoch is not None else None,
    )


def reliability(bins: Sequence[Mapping[str, float]]) -> Chart:
    """How often predictions of each confidence are right; on the diagonal where the model knows how sure it may be."""
    n = sum(each["count"] for each in bins)
    x = scale(0, 1, LEFT, WIDTH - RIGHT)
    y = scale(0, 1, HEIGHT - BOTTOM, TOP)
    width = x(1 / len(bins)) - x(0)
    bars = [
        Bar(
            x(place / len(bins)) + 1,
            y(each["accuracy"]),
            width - 2,
            y(0) - y(each["accuracy"]),
            "strong" if each["count"] >= n / 100 else "faint",
            f"confidence {each['confidence']:.1%}: {each['accuracy']:.1%} right of {each['count']:,.0f} images",
        )
        for place, each in enumerate(bins)
        if each["count"]
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
    """The function that puts `low` at `start` and `high` at `end`, and what is between them between."""
    span = (high - low) or 1
    return lambda value: round(start + (value - low) / span * (end - start), 2)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers, `about` so many, the first at most `low` and the last at least `high`."""
    span = (high - low) or abs(high) or 1
    power = 10 ** math.floor(math.log10(span / about))
    step = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]

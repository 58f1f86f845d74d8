"""Charts of a search's trials as coordinates, which a template draws as SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fashion_nn.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, Line, Point, scale, ticks
from fashion_nn.searches import Parameter, TrialRecord, maximised

_WIDTH, _STEP, _SIDE, _TOP, _BOTTOM, _SLOT = 1000, 72, 56, 62, 342, 26
_NAMED, _SPREAD = 9, 13


@dataclass(frozen=True, slots=True)
class Score:
    """How the scores of a search are sorted, drawn and written: an accuracy in per cent, a loss in nats per image."""

    objective: str

    @property
    def words(self) -> str:
        return self.objective.replace("val_", "validation ")

    @property
    def title(self) -> str:
        return f"{self.words} (%)" if maximised(self.objective) else f"{self.words} (nats per image)"

    def drawn(self, value: float) -> float:
        return 100 * value if maximised(self.objective) else value

    def text(self, value: float) -> str:
        return f"{100 * value:.2f}\u00a0%" if maximised(self.objective) else f"{value:.4f}"

    def sorted(self, trials: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Those with a score, best first; of equal ones first that which was created first."""
        sign = -1 if maximised(self.objective) else 1
        known = [each for each in trials if each.has_score]
        return sorted(known, key=lambda each: (sign * each.known_score, each.order))

    def window(self, trials: Sequence[TrialRecord]) -> tuple[float, float]:
        """The least and the greatest value to draw: a few that are far off would press the others flat."""
        values = [self.drawn(each.known_score) for each in self.sorted(trials)]
        best, middle, worst = values[0], values[len(values) // 2], values[-1]
        reach = 3 * abs(best - middle) or abs(best - worst)
        return (max(worst, best - reach), best) if maximised(self.objective) else (best, min(worst, best + reach))


@dataclass(frozen=True, slots=True)
class Axis:
    """An upright line for one parameter or the score. `words` and ticks are (y, text)."""

    name: str
    words: list[tuple[float, str]]
    x: float
    ticks: list[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Way:
    """One trial's line across the axes. `share`, 0 to 100: how many of the trials have no better score."""

    kind: str
    points: str
    share: int
    text: str


@dataclass(frozen=True, slots=True)
class Parallel:
    """The axes, and the trials in the order in which they are drawn: the best last, on top of the others."""

    description: str
    axes: list[Axis]
    ways: list[Way]
    width: int
    height: int
    top: int = _TOP
    bottom: int = _BOTTOM


def value_text(value: Any) -> str:
    """A parameter's value for people: four digits of a number, other values as a recipe writes them."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def seconds_busy(trials: Sequence[TrialRecord]) -> dict[str, float]:
    """By the id of each trial that has ended, how long trials had been running until then; pauses do not count."""
    ended = [each for each in trials if each.ended]
    spans = sorted((_time(each.started), _time(each.ended), each.id) for each in ended)
    found, busy, reached = [], 0.0, -math.inf
    for began, end, id in spans:
        busy += max(end - max(began, reached), 0)
        reached = max(reached, end)
        # A trial that ended while another was running counts to its own end.
        found.append((id, busy - (reached - end)))
    return dict(found)


def over_time(trials: Sequence[TrialRecord], objective: str) -> Chart | None:
    """Each trial's score at the time when it ended, and the best so far as a line; None without a score."""
    score, busy = Score(objective), seconds_busy(trials)
    ended = sorted((each for each in trials if each.ended), key=lambda each: busy[each.id])
    known = [each for each in ended if each.has_score]
    if not known:
        return None
    unit, per = _unit(max(busy.values()))
    last = max(busy.values()) / per
    y_ticks, x_ticks = ticks(*score.window(known), 5), ticks(0, last, 5)
    x, y = scale(0, max(last, 1e-9), LEFT, WIDTH - RIGHT - 4), scale(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)
    points, line, best = [], [], None
    for each in ended:
        place, text = x(busy[each.id] / per), f"trial {each.id}: {each.status}"
        if not each.has_score:
            points.append(Point(place, HEIGHT - BOTTOM - 6, "failed", text))
            continue
        value, text = score.drawn(each.known_score), f"{text}, {score.text(each.known_score)}"
        if y_ticks[0] <= value <= y_ticks[-1]:
            kind = "stopped" if each.status == "stopped-early" else "done"
            points.append(Point(place, y(value), kind, text))
        else:
            points.append(Point(place, HEIGHT - BOTTOM - 6 if value < y_ticks[0] else TOP + 6, "outside", text))
        if best is None or (value > best if maximised(objective) else value < best):
            line += [f"{place},{y(best)}"] if best is not None else []
            line.append(f"{place},{y(value)}")
            best = value
    line.append(f"{x(last)},{y(best)}")
    top = score.sorted(known)[0]
    return Chart(
        title=score.title,
        description=f"{score.title} of {len(known)} trials by time, over {last:.3g} {unit}: "
        f"the best is {score.text(top.known_score)} of trial {top.id}",
        x_title=f"time with trials running ({unit})",
        x_ticks=[(x(tick), f"{tick:.10g}") for tick in x_ticks if tick <= last],
        y_ticks=[(y(tick), f"{tick:.10g}") for tick in y_ticks],
        lines=[Line("best so far", "best", " ".join(line))],
        bars=[],
        points=points,
    )


def by_epoch(trials: Sequence[TrialRecord], objective: str) -> Chart | None:
    """The objective of each trial epoch by epoch, with folds of the first; None where none has two epochs."""
    score = Score(objective)
    curves = {}
    for each in [*(each for each in trials if not each.has_score), *reversed(score.sorted(trials))]:
        rows = [row for row in each.history if row.get("fold", 1) == 1 and objective in row]
        points = [(row["epoch"], score.drawn(row[objective])) for row in rows if math.isfinite(row[objective])]
        if points:
            curves[each.id] = (each, points)
    longest = max((len(points) for _, points in curves.values()), default=0)
    if longest < 2 or not score.sorted(trials):
        return None
    values = sorted(value for _, points in curves.values() for _, value in points)
    # The first steep steps and what is off the scale of the scores may leave the chart: the rest would be pressed flat.
    low, high = score.window(trials)
    if maximised(objective):
        low = min(low, values[len(values) // 4])
    else:
        high = max(high, values[-1 - len(values) // 4])
    y_ticks = ticks(low, high, 5)
    first = min(points[0][0] for _, points in curves.values())
    last = max(points[-1][0] for _, points in curves.values())
    x, y = scale(first, last, LEFT, WIDTH - RIGHT), scale(y_ticks[0], y_ticks[-1], HEIGHT - BOTTOM, TOP)
    best = score.sorted(trials)[0]
    kinds = {"stopped-early": "halted", "completed": "other", "running": "other"}
    return Chart(
        title=f"{score.title}, epoch by epoch",
        description=f"{score.title} of {len(curves)} trials from epoch {first:.0f} to {last:.0f}",
        x_title="epoch" + (" of the first fold" if any("fold" in row for row in best.history) else ""),
        x_ticks=[
            (x(tick), f"{tick:.0f}") for tick in ticks(first, last, 5) if tick == round(tick) and first <= tick <= last
        ],
        y_ticks=[(y(tick), f"{tick:.10g}") for tick in y_ticks],
        lines=[
            Line(
                f"trial {id}: {trial.status}" + (f", {score.text(trial.known_score)}" if trial.has_score else ""),
                "best" if trial is best else kinds.get(trial.status, "lost"),
                # A line of one epoch would not be seen.
                " ".join(f"{x(a)},{y(b)}" for a, b in (points if len(points) > 1 else 2 * points)),
            )
            for id, (trial, points) in curves.items()
        ],
        bars=[],
    )


def parallel(trials: Sequence[TrialRecord], parameters: Sequence[Parameter], objective: str) -> Parallel | None:
    """A line for each trial that has ended, over an axis for each parameter; None where nothing varies or has a score.

    The last axis is the score. Trials that share a choice pass beside each other there, the better ones above.
    """
    score = Score(objective)
    shown, best = [each for each in parameters if each.varies], score.sorted(trials)
    if not shown or not best:
        return None
    # Drawn from the back: those without a score, the others from bad to good.
    drawn = [*(each for each in trials if each.ended and not each.has_score), *reversed(best)]
    rank = {each.id: i / max(len(drawn) - 1, 1) for i, each in enumerate(drawn)}
    width = max(2 * _SIDE + _STEP * len(shown), _WIDTH)
    across = scale(0, len(shown), _SIDE, width - _SIDE)
    axes, heights = [], []
    for i, parameter in enumerate(shown):
        values = {each.id: each.values.get(parameter.name) for each in drawn}
        marks, places = _axis(parameter, values, rank)
        # Names beside each other need more room than the axes do.
        higher = 24 * (i % 2 == 1 and len(shown) > 8)
        axes.append(Axis(parameter.name, _words(parameter.name, _TOP - 12 - higher), across(i), marks))
        heights.append(places)
    low, high = score.window(best)
    y_ticks = ticks(low, high, 5)
    y = scale(y_ticks[0], y_ticks[-1], _BOTTOM, _TOP)
    lost = [(float(_BOTTOM + _SLOT), "no score")] if len(best) < len(drawn) else []
    marks = [(y(tick), f"{tick:.10g}") for tick in y_ticks]
    axes.append(Axis(objective, _words(score.title, _TOP - 12, " "), across(len(shown)), marks + lost))
    ways = []
    for each in drawn:
        places = [places[each.id] for places in heights]
        if each.has_score:
            places.append(min(max(y(score.drawn(each.known_score)), _TOP), _BOTTOM))
            kind = "best" if each is best[0] else "stopped" if each.status == "stopped-early" else "done"
            end = score.text(each.known_score)
        else:
            places.append(_BOTTOM + _SLOT)
            kind, end = "failed", each.status
        points = " ".join(f"{axis.x},{place:.1f}" for axis, place in zip(axes, places, strict=True))
        said = ", ".join(f"{axis.name} {value_text(each.values.get(axis.name, 'unused'))}" for axis in axes[:-1])
        ways.append(Way(kind, points, round(100 * rank[each.id]), f"trial {each.id}: {end}; {said}"))
    return Parallel(
        description=f"{len(ways)} trials across {len(shown)} parameters and their {score.words}; "
        f"the best, trial {best[0].id}: {ways[-1].text.split('; ', 1)[1]}",
        axes=axes,
        ways=ways,
        width=width,
        height=_BOTTOM + _SLOT + 14,
    )


def _axis(
    parameter: Parameter, values: Mapping[str, Any], rank: Mapping[str, float]
) -> tuple[list[tuple[float, str]], dict[str, float]]:
    """The ticks of a parameter's axis, and where on it each trial is, by id."""
    known = {id: value for id, value in values.items() if value is not None}
    if parameter.values and (len(parameter.values) <= _NAMED or not parameter.numeric):
        step = (_BOTTOM - _TOP) / len(parameter.values)
        middles = [_BOTTOM - step * (i + 0.5) for i in range(len(parameter.values))]
        marks = [(round(y, 1), value_text(each)) for y, each in zip(middles, parameter.values, strict=True)]
        spread = min(_SPREAD, step / 3)
        places = {
            id: middles[parameter.values.index(value)] + spread * (1 - 2 * rank[id]) for id, value in known.items()
        }
    else:
        low, high = (parameter.values[0], parameter.values[-1]) if parameter.values else (parameter.low, parameter.high)
        form = math.log10 if parameter.log else float
        y = scale(form(low), form(high), _BOTTOM, _TOP)
        marks = [(y(form(mark)), value_text(float(mark))) for mark in _marks(low, high, parameter.log)]
        places = {id: y(form(value)) for id, value in known.items()}
    if len(known) < len(values):
        marks.append((float(_BOTTOM + _SLOT), "unused"))
        places |= {id: _BOTTOM + _SLOT + 6 * (1 - 2 * rank[id]) for id in values if id not in known}
    return marks, places


def _marks(low: float, high: float, log: bool) -> list[float]:
    """The bounds, and round numbers between them that are not too near to them."""
    if log:
        inside = [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]
        places = scale(math.log10(low), math.log10(high), 0, 1)
        return [low, *(each for each in inside if 0.08 < places(math.log10(each)) < 0.92), high]
    places = scale(low, high, 0, 1)
    return [low, *(each for each in ticks(low, high, 5) if 0.08 < places(each) < 0.92), high]


def _words(name: str, y: float, mark: str = ".") -> list[tuple[float, str]]:
    """A name at height `y`, on two lines where there is a `mark` in it: the first is the group that it belongs to."""
    group, dot, rest = name.partition(mark)
    return [(y - 12, group + dot.strip()), (y, rest)] if dot else [(y, name)]


def _unit(seconds: float) -> tuple[str, int]:
    return ("s", 1) if seconds < 120 else ("min", 60) if seconds < 7200 else ("h", 3600)


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

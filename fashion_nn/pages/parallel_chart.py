"""A search's trials as lines across an axis for each parameter, as coordinates for a template."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fashion_nn.pages.charts import scale, ticks
from fashion_nn.pages.trial_charts import Score, value_text
from fashion_nn.runs import Parameter, TrialRecord, Value

_LEAST_WIDTH = 1000
_STEP = 72
_SIDE = 56
_TOP = 62
_BOTTOM = 342
_SLOT = 26
"""Distance from the bottom to the marks of trials without a score or without the parameter."""
_MOST_NAMED = 9
"""A choice among more numbers than this has an axis of numbers, not a place for each."""
_SPREAD = 13
"""At most this far from the middle of a choice's place pass the trials that share it."""

Ticks = list[tuple[float, str]]
"""Texts and their heights."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A vertical line for one parameter or the score."""

    name: str
    words: Ticks
    x: float
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class Way:
    """A trial's line across the axes. `share`: percentage of the trials without a better score."""

    kind: str
    points: str
    share: int
    text: str


@dataclass(frozen=True, slots=True)
class Parallel:
    """The axes, and the trials in drawing order: the best last, on top of the others."""

    description: str
    axes: list[Axis]
    ways: list[Way]
    width: int
    height: int
    top: int = _TOP
    bottom: int = _BOTTOM


def parallel(
    trials: Sequence[TrialRecord], parameters: Sequence[Parameter], objective: str
) -> Parallel | None:
    """A line for each trial that has ended, over an axis for each parameter.

    The last axis is the score. Trials that share a choice pass beside each other there, the better
    ones above.

    Returns:
        None if no parameter varies or no trial has a score.
    """
    score = Score(objective)
    shown = [each for each in parameters if each.varies]
    ranked = score.sorted(trials)
    if not shown or not ranked:
        return None
    # From the back: the trials without a score, then the others from bad to good.
    drawn = [*(each for each in trials if each.ended and not each.has_score), *reversed(ranked)]
    rank = {each.id: i / max(len(drawn) - 1, 1) for i, each in enumerate(drawn)}
    width = max(2 * _SIDE + _STEP * len(shown), _LEAST_WIDTH)
    across = scale(0, len(shown), _SIDE, width - _SIDE)
    axes: list[Axis] = []
    heights: list[dict[str, float]] = []
    for i, parameter in enumerate(shown):
        marks, places = _axis(
            parameter, {each.id: each.values.get(parameter.name) for each in drawn}, rank
        )
        # Names beside each other need more room than their axes.
        higher = 24 if i % 2 == 1 and len(shown) > 8 else 0
        axes.append(
            Axis(parameter.name, _words(parameter.name, _TOP - 12 - higher), across(i), marks)
        )
        heights.append(places)
    marks, places = _score_axis(score, ranked, drawn)
    axes.append(Axis(objective, _words(score.title, _TOP - 12, " "), across(len(shown)), marks))
    heights.append(places)
    ways = [_way(each, score, axes, heights, ranked[0], rank[each.id]) for each in drawn]
    return Parallel(
        description=f"{len(ways)} trials across {len(shown)} parameters and their {score.words}; "
        f"the best, trial {ranked[0].id}: {ways[-1].text.split('; ', 1)[1]}",
        axes=axes,
        ways=ways,
        width=width,
        height=_BOTTOM + _SLOT + 14,
    )


def _way(
    trial: TrialRecord,
    score: Score,
    axes: Sequence[Axis],
    heights: Sequence[Mapping[str, float]],
    best: TrialRecord,
    rank: float,
) -> Way:
    """The line of a trial; `heights` are those of all trials on each axis, by id."""
    kind = "failed"
    end: str = trial.status
    if trial.has_score:
        kind = "stopped" if trial.status == "stopped-early" else "done"
        end = score.text(trial.known_score)
    if trial is best:
        kind = "best"
    points = " ".join(
        f"{axis.x},{places[trial.id]:.1f}" for axis, places in zip(axes, heights, strict=True)
    )
    values = ", ".join(
        f"{axis.name} {value_text(trial.values.get(axis.name, 'unused'))}" for axis in axes[:-1]
    )
    return Way(kind, points, round(100 * rank), f"trial {trial.id}: {end}; {values}")


def _score_axis(
    score: Score, ranked: Sequence[TrialRecord], drawn: Sequence[TrialRecord]
) -> tuple[Ticks, dict[str, float]]:
    """The ticks of the axis of the score, and the height of each trial on it, by id."""
    y_ticks = ticks(*score.window(ranked), 5)
    y = scale(y_ticks[0], y_ticks[-1], _BOTTOM, _TOP)
    marks = [(y(tick), f"{tick:.10g}") for tick in y_ticks]
    if len(ranked) < len(drawn):
        marks.append((float(_BOTTOM + _SLOT), "no score"))
    places: dict[str, float] = dict.fromkeys((each.id for each in drawn), _BOTTOM + _SLOT)
    for each in ranked:
        places[each.id] = min(max(y(score.drawn(each.known_score)), _TOP), _BOTTOM)
    return marks, places


def _axis(
    parameter: Parameter, values: Mapping[str, Value | None], rank: Mapping[str, float]
) -> tuple[Ticks, dict[str, float]]:
    """The ticks of a parameter's axis, and the height of each trial on it, by id.

    `values`: the parameter's value in each trial, None if it has no effect there.
    """
    known = {id: value for id, value in values.items() if value is not None}
    if parameter.values and (len(parameter.values) <= _MOST_NAMED or not parameter.numeric):
        marks, places = _named_axis(parameter.values, known, rank)
    else:
        marks, places = _number_axis(parameter, known)
    if len(known) < len(values):
        marks.append((float(_BOTTOM + _SLOT), "unused"))
        places |= {id: _BOTTOM + _SLOT + 6 * (1 - 2 * rank[id]) for id in values if id not in known}
    return marks, places


def _named_axis(
    choices: Sequence[Value], known: Mapping[str, Value], rank: Mapping[str, float]
) -> tuple[Ticks, dict[str, float]]:
    """An axis with a place for each choice."""
    step = (_BOTTOM - _TOP) / len(choices)
    middles = [_BOTTOM - step * (i + 0.5) for i in range(len(choices))]
    spread = min(_SPREAD, step / 3)
    marks = [(round(y, 1), value_text(each)) for y, each in zip(middles, choices, strict=True)]
    places = {
        id: middles[choices.index(value)] + spread * (1 - 2 * rank[id])
        for id, value in known.items()
    }
    return marks, places


def _number_axis(
    parameter: Parameter, known: Mapping[str, Value]
) -> tuple[Ticks, dict[str, float]]:
    """An axis of numbers."""
    low = parameter.low
    high = parameter.high
    if parameter.values:
        numbers = [float(value) for value in parameter.values]
        low = min(numbers)
        high = max(numbers)
    form = math.log10 if parameter.log else float
    y = scale(form(low), form(high), _BOTTOM, _TOP)
    marks = [(y(form(mark)), value_text(float(mark))) for mark in _marks(low, high, parameter.log)]
    return marks, {id: y(form(float(value))) for id, value in known.items()}


def _marks(low: float, high: float, log: bool) -> list[float]:
    """The bounds, and round numbers between them that are not too close to them."""
    if log:
        inside = [
            10.0**power
            for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        ]
        places = scale(math.log10(low), math.log10(high), 0, 1)
        return [low, *(each for each in inside if 0.08 < places(math.log10(each)) < 0.92), high]
    places = scale(low, high, 0, 1)
    return [low, *(each for each in ticks(low, high, 5) if 0.08 < places(each) < 0.92), high]


def _words(name: str, y: float, mark: str = ".") -> Ticks:
    """A name at height `y`; if it has a `mark`, on two lines, of which the first is its group."""
    group, dot, rest = name.partition(mark)
    return [(y - 12, group + dot.strip()), (y, rest)] if dot else [(y, name)]

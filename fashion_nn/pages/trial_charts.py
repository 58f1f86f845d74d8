"""Charts of a search's trials over time and by epoch, as coordinates for a template."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fashion_nn.measures import better, maximised
from fashion_nn.pages.charts import BOTTOM, HEIGHT, TOP, Chart, Line, Plane, Point
from fashion_nn.runs import TrialRecord, Value


@dataclass(frozen=True, slots=True)
class Score:
    """How scores are sorted and drawn: accuracies in per cent, losses in nats per image."""

    objective: str

    @property
    def words(self) -> str:
        return self.objective.replace("val_", "validation ")

    @property
    def title(self) -> str:
        return (
            f"{self.words} (%)" if maximised(self.objective) else f"{self.words} (nats per image)"
        )

    def drawn(self, value: float) -> float:
        return 100 * value if maximised(self.objective) else value

    def text(self, value: float) -> str:
        return f"{100 * value:.2f}\u00a0%" if maximised(self.objective) else f"{value:.4f}"

    def sorted(self, trials: Sequence[TrialRecord]) -> list[TrialRecord]:
        """The trials with a score, the best first; of equal ones the first that was created."""
        sign = -1 if maximised(self.objective) else 1
        known = [each for each in trials if each.has_score]
        return sorted(known, key=lambda each: (sign * each.known_score, each.order))

    def window(self, trials: Sequence[TrialRecord]) -> tuple[float, float]:
        """The limits of the scale; a few distant scores would leave no room for the others."""
        values = [self.drawn(each.known_score) for each in self.sorted(trials)]
        best = values[0]
        worst = values[-1]
        reach = 3 * abs(best - values[len(values) // 2]) or abs(best - worst)
        if maximised(self.objective):
            return max(worst, best - reach), best
        return best, min(worst, best + reach)


def value_text(value: Value) -> str:
    """A parameter's value for people: numbers with four digits, others as in a recipe."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def seconds_busy(trials: Sequence[TrialRecord]) -> dict[str, float]:
    """Id of an ended trial → seconds with trials running until its end; pauses do not count."""
    spans = sorted(
        (_time(each.started), _time(each.ended), each.id) for each in trials if each.ended
    )
    found: dict[str, float] = {}
    busy = 0.0
    reached = -math.inf
    for began, end, id in spans:
        busy += max(end - max(began, reached), 0)
        reached = max(reached, end)
        # A trial that ended while another was running counts to its own end.
        found[id] = busy - (reached - end)
    return found


def over_time(trials: Sequence[TrialRecord], objective: str) -> Chart | None:
    """Each trial's score at its end, and the best so far as a line; None without a score."""
    score = Score(objective)
    busy = seconds_busy(trials)
    ended = sorted((each for each in trials if each.ended), key=lambda each: busy[each.id])
    known = [each for each in ended if each.has_score]
    if not known:
        return None
    unit, per = _unit(max(busy.values()))
    last = max(busy.values()) / per
    plane = Plane.over((0, max(last, 1e-9)), score.window(known), margin=4)
    line: list[tuple[float, float]] = []
    best: float | None = None
    for each in known:
        if better(objective, each.known_score, best):
            time = busy[each.id] / per
            if best is not None:
                line.append((time, score.drawn(best)))
            best = each.known_score
            line.append((time, score.drawn(best)))
    top = score.sorted(known)[0]
    line.append((last, score.drawn(top.known_score)))
    return Chart(
        title=score.title,
        description=f"{score.title} of {len(known)} trials by time, over {last:.3g} {unit}: "
        f"the best is {score.text(top.known_score)} of trial {top.id}",
        x_title=f"time with trials running ({unit})",
        x_ticks=plane.x_ticks,
        y_ticks=plane.y_ticks,
        lines=[Line("best so far", "best", plane.points(line))],
        bars=[],
        points=[_point(each, score, plane, busy[each.id] / per) for each in ended],
    )


def _point(trial: TrialRecord, score: Score, plane: Plane, time: float) -> Point:
    """The mark of a trial; at the edge of the chart if its score is off the scale."""
    x = plane.x(time)
    text = f"trial {trial.id}: {trial.status}"
    lowest = HEIGHT - BOTTOM - 6
    if not trial.has_score:
        return Point(x, lowest, "failed", text)
    text += f", {score.text(trial.known_score)}"
    value = score.drawn(trial.known_score)
    if value < plane.low:
        return Point(x, lowest, "outside", text)
    if value > plane.high:
        return Point(x, TOP + 6, "outside", text)
    kind = "stopped" if trial.status == "stopped-early" else "done"
    return Point(x, plane.y(value), kind, text)


@dataclass(frozen=True, slots=True)
class _Curve:
    """The points (epoch, value as drawn) of a trial."""

    trial: TrialRecord
    points: list[tuple[float, float]]


def by_epoch(trials: Sequence[TrialRecord], objective: str) -> Chart | None:
    """The objective by epoch, of the first fold if there are folds; None without two epochs."""
    score = Score(objective)
    ranked = score.sorted(trials)
    # The best trial is drawn last, on top of the others.
    drawn = [*(each for each in trials if not each.has_score), *reversed(ranked)]
    curves = [curve for each in drawn if (curve := _curve(each, score)).points]
    if not ranked or max((len(curve.points) for curve in curves), default=0) < 2:
        return None
    best = ranked[0]
    first = min(curve.points[0][0] for curve in curves)
    last = max(curve.points[-1][0] for curve in curves)
    plane = Plane.over((first, last), _epoch_window(score, trials, curves), whole=True)
    kinds = {"stopped-early": "halted", "completed": "other", "running": "other"}
    lines = []
    for curve in curves:
        trial = curve.trial
        label = f"trial {trial.id}: {trial.status}"
        if trial.has_score:
            label += f", {score.text(trial.known_score)}"
        # A line through a single point would not be visible.
        points = curve.points if len(curve.points) > 1 else 2 * curve.points
        kind = "best" if trial is best else kinds.get(trial.status, "lost")
        lines.append(Line(label, kind, plane.points(points)))
    folds = any("fold" in row for row in best.history)
    return Chart(
        title=f"{score.title}, epoch by epoch",
        description=f"{score.title} of {len(curves)} trials from epoch {first:.0f} to {last:.0f}",
        x_title="epoch of the first fold" if folds else "epoch",
        x_ticks=plane.x_ticks,
        y_ticks=plane.y_ticks,
        lines=lines,
        bars=[],
    )


def _curve(trial: TrialRecord, score: Score) -> _Curve:
    objective = score.objective
    rows = [row for row in trial.history if row.get("fold", 1) == 1 and objective in row]
    finite = [row for row in rows if math.isfinite(row[objective])]
    return _Curve(trial, [(row["epoch"], score.drawn(row[objective])) for row in finite])


def _epoch_window(
    score: Score, trials: Sequence[TrialRecord], curves: Sequence[_Curve]
) -> tuple[float, float]:
    """The least and the greatest value to draw; the first steep steps may leave the chart."""
    values = sorted(value for curve in curves for _, value in curve.points)
    low, high = score.window(trials)
    if maximised(score.objective):
        return min(low, values[len(values) // 4]), high
    return low, max(high, values[-1 - len(values) // 4])


def _unit(seconds: float) -> tuple[str, int]:
    """The unit for a time axis, and its seconds."""
    if seconds < 120:
        return "s", 1
    return ("min", 60) if seconds < 7200 else ("h", 3600)


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()

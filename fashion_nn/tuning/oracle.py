"""What to try next: an oracle proposes trials, and can be rebuilt from their records.

An oracle is a function of what it was asked and told, in that order. So nothing of it is stored: a
search that is resumed asks a new oracle the same questions and tells it the same answers, and it
stands where the killed one stood.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fashion_nn import measures
from fashion_nn.runs import HyperbandRound, Parameter, TrialRecord, Value
from fashion_nn.tuning.keras_tuner_adapter import ALGORITHMS, HYPERBAND_FACTOR, KerasTuner

__all__ = [
    "ALGORITHMS",
    "Created",
    "Ended",
    "Finished",
    "Idle",
    "Oracle",
    "Proposal",
    "events",
    "sweep",
]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The answer that names a trial to run.

    order: number of the trial, from 0.
    values: parameter → value, of the parameters that have an effect.
    hyperband: the place of the trial in hyperband; None in other algorithms.
    """

    order: int
    values: dict[str, Value]
    hyperband: HyperbandRound | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """The answer that there is nothing to propose until a running trial ends."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer that everything was tried: no trial is running and there is nothing to propose."""


@dataclass(frozen=True, slots=True)
class Created:
    """The event that a trial was proposed, with these values."""

    order: int
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Ended:
    """The event that a trial ended; `score` is None unless its status is one of `runs.SCORED`.

    oracle_was_idle: whether the oracle had nothing to propose until this trial ended.
    """

    order: int
    score: float | None
    oracle_was_idle: bool = False

    @classmethod
    def of(cls, trial: TrialRecord) -> "Ended":
        """The event in the record of a trial that has ended."""
        return cls(trial.order, trial.score, trial.oracle_was_idle)


class Oracle:
    """Proposes trials, of which any number may run at the same time.

    Args:
        algorithm: one of ALGORITHMS.
        space: parameters, see `tuning.space.space`.
        objective: a column of the history; more is better for an accuracy, less for a loss.
        epochs: epochs of a whole training; hyperband's early rounds have fewer.
        seed: the only source of randomness.
    """

    def __init__(
        self, algorithm: str, space: Sequence[Parameter], objective: str, epochs: int, seed: int
    ):
        self._algorithm = algorithm
        self._objective = objective
        self._floats = {parameter.name for parameter in space if parameter.kind == "float"}
        self._tuner = KerasTuner(algorithm, space, objective, epochs, seed)

    def ask(self) -> Proposal | Idle | Finished:
        """Ask for the next trial."""
        draw = self._tuner.draw()
        if draw is None:
            return Idle() if self._tuner.running else Finished()
        rounded = {name: self._rounded(name, value) for name, value in draw.values.items()}
        self._tuner.set_values(draw.number, rounded)
        return Proposal(draw.number, rounded, draw.hyperband)

    def tell(self, order: int, score: float | None) -> None:
        """Tell that trial `order` has ended; None for its score says that it has none."""
        if score is None and self._algorithm == "bayesian":
            # The surrogate would learn nothing from a failure, and propose its neighbours.
            score = self._worst_score()
        self._tuner.end(order, score)

    def replay(self, events: Sequence[Created | Ended]) -> None:
        """Bring a new oracle to the state of another one after `events`."""
        for event in events:
            if isinstance(event, Created):
                self._tuner.draw(known=event.values)
                # The recorded values are those that were run; another processor might round
                # differently.
                self._tuner.set_values(event.order, event.values)
            else:
                if event.oracle_was_idle:
                    self._tuner.draw()  # without a proposal, as then
                self.tell(event.order, event.score)

    def may_be_promoted(self) -> set[str]:
        """Ids of the trials that hyperband may still promote to a longer training."""
        return self._tuner.may_be_promoted()

    def _rounded(self, name: str, value: Value) -> Value:
        return float(f"{value:.4g}") if name in self._floats else value

    def _worst_score(self) -> float | None:
        worst = min if measures.maximised(self._objective) else max
        return worst(self._tuner.scores().values(), default=None)


def sweep(epochs: int) -> int:
    """Number of trials in a sweep of hyperband over its brackets, if a training has `epochs`."""
    most = math.floor(math.log(epochs, HYPERBAND_FACTOR) + 1e-9)
    last = math.ceil(1 + math.log(epochs, HYPERBAND_FACTOR))
    return sum(
        math.ceil(last / (bracket + 1) * HYPERBAND_FACTOR ** (bracket - round_))
        for bracket in range(most + 1)
        for round_ in range(bracket + 1)
    )


def events(trials: Sequence[TrialRecord]) -> Iterator[Created | Ended]:
    """The events of a search in their order, from the records of its trials."""
    by_end = {trial.ended_order: trial for trial in trials if trial.ended_order is not None}
    ended = [Ended.of(by_end[order]) for order in sorted(by_end)]
    told = 0
    for trial in sorted(trials, key=lambda trial: trial.order):
        yield from ended[told : trial.created_after]
        told = max(told, trial.created_after)
        yield Created(trial.order, trial.values)
    yield from ended[told:]

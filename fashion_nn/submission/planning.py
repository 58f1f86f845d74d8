"""Which models are trained within a time, and for how many epochs: a plan from measured speeds.

    costs = (Cost("sprint", start=6, epoch=23, least=2, most=40), Cost("pca-logreg", start=4))
    make_plan(costs, 700).stages
    # Stage("sprint", epochs=30, ...), Stage("pca-logreg", epochs=0, ...)

Everything here is a pure function of its arguments: no clock is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fashion_nn.core.text import duration

SMALL_SHARE = 0.1
"""The share of the time that models after the first may take together."""

FOLDS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model takes to train on this machine.

    Attributes:
        name: of the model.
        start: seconds that do not depend on the number of epochs.
        epoch: seconds of each epoch; 0 for a model without epochs.
        least: number of epochs below which training it is not worth the time.
        most: number of epochs after which more would gain little; 0 for a model without epochs.
    """

    name: str
    start: float
    epoch: float = 0.0
    least: int = 0
    most: int = 0

    def seconds(self, epochs: int) -> float:
        return self.start + epochs * self.epoch

    def fitting(self, seconds: float) -> int:
        """The number of epochs that fit into this time; at most `most`, and negative if even the
        start does not fit.
        """
        if seconds < self.start:
            return -1
        if not self.epoch:
            return self.most
        return min(int((seconds - self.start) / self.epoch), self.most)


@dataclass(frozen=True, slots=True)
class Stage:
    """A model that is trained, and for how long. `epochs` is 0 for a model without epochs."""

    name: str
    epochs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done, in this order.

    Attributes:
        stages: the models, the best candidate first.
        notes: what is left out and why, a sentence each.
    """

    stages: tuple[Stage, ...]
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)


def make_plan(costs: Sequence[Cost], seconds: float | None) -> Plan:
    """The plan for models of these costs within this time.

    The first model for which there is time gets as many epochs as fit, up to its most. Those after
    it are trained too if together they take at most a tenth of the time.

    Args:
        costs: of the models, the best candidate first; at least one.
        seconds: the time for all stages; None for as long as they take.
    """
    if seconds is None:
        return Plan(tuple(Stage(cost.name, cost.most, cost.seconds(cost.most)) for cost in costs))
    notes: list[str] = []
    first, *others = costs
    while others and first.fitting(seconds) < first.least:
        needed = duration(first.seconds(first.least))
        there = duration(max(seconds, 0))
        notes.append(f"{first.name}: left out, because it needs {needed} and {there} are left")
        first, *others = others
    further: list[Stage] = []
    for cost in others:
        stage = Stage(cost.name, cost.most, cost.seconds(cost.most))
        taken = stage.seconds + sum(each.seconds for each in further)
        if taken <= SMALL_SHARE * seconds:
            further.append(stage)
        else:
            notes.append(f"{cost.name}: left out, because it takes {duration(stage.seconds)}")
    left = seconds - sum(stage.seconds for stage in further)
    # A model there must be: of a network, one epoch.
    epochs = max(first.fitting(left), min(first.most, 1))
    main = Stage(first.name, epochs, first.seconds(epochs))
    unused = left - main.seconds
    if epochs == first.most and unused > SMALL_SHARE * seconds:
        notes.append(
            f"{first.name}: {epochs} epochs are the most that are trained, so {duration(unused)} of"
            " the budget are not used"
        )
    return Plan((main, *further), (*notes, _without_final_fit(main)))


def _without_final_fit(main: Stage) -> str:
    """Why no model is fitted on all rows, which may or may not be better."""
    needed = duration((2 * FOLDS + 1) * main.seconds)
    return (
        "no model is fitted on all rows afterwards: to show on three folds at two sizes that more"
        f" rows help, and to fit it, would take about {needed} more"
    )


def resized(stage: Stage, cost: Cost, seconds: float) -> Stage | None:
    """`stage` within this time, where less is left than was planned; None if it does not fit.

    It does not get more epochs than were planned.
    """
    epochs = min(cost.fitting(seconds), stage.epochs)
    if epochs < cost.least:
        return None
    return Stage(stage.name, epochs, cost.seconds(epochs))

"""Train a model for a submission from labelled images, within a time.

`prospect` measures how fast this machine is and makes the plan; `follow` carries it out. A network
whose epochs take longer than measured gets fewer of them, and its schedule still comes to its end.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import datasets
from fashion_nn.core.text import duration
from fashion_nn.recipes import Recipe
from fashion_nn.runs import Run
from fashion_nn.submission import candidates
from fashion_nn.submission.planning import Cost, Plan, Stage, make_plan, resized

if TYPE_CHECKING:
    from fashion_nn.training import Pace, Progress

_RESERVED = 0.06
_MARGIN_OF_PREDICTING = 1.5

Clock = Callable[[], float]
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Limit:
    """When everything has to have ended.

    Attributes:
        ends: value of `clock` at which the prediction file has to be written.
        after: seconds that are needed after the training.
        reserve: seconds that are planned for nothing, for a machine that becomes slower.
        clock: seconds that pass.
    """

    ends: float
    after: float = 0.0
    reserve: float = 0.0
    clock: Clock = time.monotonic

    @property
    def training_ends(self) -> float:
        """The value of the clock at which the training should have ended."""
        return self.ends - self.after - self.reserve

    @property
    def left(self) -> float:
        """Seconds that are left for training."""
        return self.training_ends - self.clock()


@dataclass(frozen=True, slots=True)
class Prospect:
    """What will be trained, and what is known of it.

    Attributes:
        plan: the models and their epochs.
        costs: what each candidate takes on this machine, by name.
        recipes: of the networks, by name.
        limit: of the time; None where there is none.
    """

    plan: Plan
    costs: Mapping[str, Cost]
    recipes: Mapping[str, Recipe]
    limit: Limit | None


def prospect(splits: datasets.Splits, images: int, limit: Limit | None) -> Prospect:
    """Measure the speed of this machine, and plan what is trained on `splits`.

    Args:
        images: number of images to predict afterwards.
        limit: of the time; its `after` is what the rest of the process takes.
    """
    from fashion_nn import training

    costs: list[Cost] = []
    recipes: dict[str, Recipe] = {}
    notes: list[str] = []
    reserve = 0.0 if limit is None else _RESERVED * max(limit.ends - limit.clock(), 0)
    measured = limit
    networks = candidates.networks(splits)
    for candidate in networks:
        name = candidate.recipe.name
        if limit and candidate is not networks[-1] and limit.left < candidate.seconds:
            left = duration(max(limit.left, 0))
            needed = duration(candidate.seconds)
            notes.append(f"{name}: left out, because it needs {needed} and {left} are left")
            continue
        speed = training.measure_speed(candidate.recipe, splits)
        costs.append(Cost(name, speed.start, speed.epoch, candidate.least, candidate.most))
        recipes[name] = candidate.recipe
        if limit is None:
            break
        predicting = _MARGIN_OF_PREDICTING * images * speed.image
        measured = replace(limit, after=limit.after + predicting, reserve=reserve)
        if costs[-1].fitting(measured.left) >= candidate.least:
            break
    if candidates.linear_fits(splits):
        costs.append(Cost(candidates.LINEAR, candidates.seconds_of_linear(splits)))
    plan = make_plan(costs, measured.left if measured else None)
    plan = replace(plan, notes=(*notes, *plan.notes))
    return Prospect(plan, {cost.name: cost for cost in costs}, recipes, measured)


def follow(
    found: Prospect, train: "Callable[[Stage, Pace | None], Run]", *, note: Note
) -> list[Run]:
    """Train what the plan says, and less where the machine has become slower.

    Args:
        train: trains a stage, whose number of epochs the pace may change.
        note: called with a line about each stage that is shortened or left out.

    Returns:
        The runs, in the order of the plan; at least one.
    """
    from fashion_nn.training import Pace

    runs: list[Run] = []
    for place, planned in enumerate(found.plan.stages):
        limit = found.limit
        if limit is None:
            runs.append(train(planned, None))
            continue
        cost = found.costs[planned.name]
        later = sum(stage.seconds for stage in found.plan.stages[place + 1 :])
        stage = resized(planned, cost, limit.left - later)
        if stage is None and runs:
            note(f"{planned.name}: left out, because the machine has become slower")
            continue
        stage = stage or replace(planned, epochs=min(planned.epochs, 1))
        if stage.epochs < planned.epochs:
            note(f"{stage.name}: {stage.epochs} epochs instead of {planned.epochs}")
        ends = limit.training_ends - later
        pace = Pace(ends, cost.most, limit.reserve / 2, cost.start, limit.clock)
        runs.append(train(stage, pace))
    return runs


def best_of(runs: list[Run]) -> Run:
    """The run that is best on the validation rows; of equal ones that with the lower log loss."""

    def figures(run: Run) -> tuple[float, float]:
        valid = run.read_metrics().of_valid()
        return valid.accuracy, -valid.log_loss

    return max(runs, key=figures)


def trainer(
    splits: datasets.Splits,
    folder: Path,
    found: Prospect,
    progress: "Callable[[Stage, Pace | None], Progress]",
) -> "Callable[[Stage, Pace | None], Run]":
    """What `follow` needs to train on `splits`, with a run folder for each stage in `folder`."""
    return partial(_train, splits, folder, found, progress)


def _train(
    splits: datasets.Splits,
    folder: Path,
    found: Prospect,
    progress: "Callable[[Stage, Pace | None], Progress]",
    stage: Stage,
    pace: "Pace | None",
) -> Run:
    target = folder / stage.name
    if stage.name == candidates.LINEAR:
        from fashion_nn import baselines

        run, _ = baselines.fit_linear(stage.name, candidates.components(splits), splits, target)
        return run
    from fashion_nn import training

    recipe = found.recipes[stage.name].model_copy(update={"epochs": stage.epochs})
    limit = found.limit
    # The last resort, if the machine stands still: the best model so far.
    deadline = None if limit is None else limit.ends - limit.after
    drawn = progress(stage, pace)
    outcome = training.run(recipe, splits, target, deadline=deadline, stop=pace, progress=drawn)
    return outcome.run


def free_folder(folder: Path) -> Path:
    """`folder`, or the first of `folder-2`, `folder-3`, … that is not there."""
    number = 1
    free = folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free

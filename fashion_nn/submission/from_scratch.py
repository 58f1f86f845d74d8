"""Train a model for a submission from a labelled table: a few recipes, and the best of them."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import datasets, recipes

if TYPE_CHECKING:
    from fashion_nn.training import Outcome, Progress

TRAINED = ("mlp", "sprint")
"""The recipes that are trained."""


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """What training a recipe will take at most."""

    recipe: str
    epochs: int
    seconds_per_epoch: float

    @property
    def seconds(self) -> float:
        return self.epochs * self.seconds_per_epoch


def training_costs(splits: datasets.Splits, names: Sequence[str] = TRAINED) -> list[TrainingCost]:
    """The cost of each recipe in `names`, from the time of a few steps on `splits`."""
    from fashion_nn import training

    chosen = [recipes.get(name) for name in names]
    return [
        TrainingCost(recipe.name, recipe.epochs, training.estimate(recipe, splits))
        for recipe in chosen
    ]


def train_best(
    splits: datasets.Splits,
    folder: str | os.PathLike[str],
    *,
    names: Sequence[str] = TRAINED,
    deadline: float | None = None,
    progress: Callable[[str, int], "Progress"] | None = None,
) -> "Outcome":
    """Train the recipes in `names` from scratch and return the best on validation.

    Args:
        folder: gets a run folder for each recipe. What an earlier call left there is resumed.
        deadline: a value of `time.monotonic()`. Of the time that is left, each recipe gets an
            equal share; the last one gets the rest.
        progress: called with the name and the number of epochs of a recipe before its training.
    """
    from fashion_nn import training

    outcomes = []
    for i, recipe in enumerate(map(recipes.get, names)):
        share = None
        if deadline is not None:
            left = max(deadline - time.monotonic(), 0)
            share = time.monotonic() + left / (len(names) - i)
        outcome = training.run(
            recipe,
            splits,
            Path(folder) / recipe.name,
            resume=True,
            deadline=share,
            progress=progress(recipe.name, recipe.epochs) if progress else None,
        )
        outcomes.append(outcome)
    return max(outcomes, key=lambda outcome: outcome.metrics.of_valid().accuracy)

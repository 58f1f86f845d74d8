"""The learning rate range test: one short training in which the rate grows from step to step.

Source: L. N. Smith, Cyclical learning rates for training neural networks (2017), section 3.3.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np

from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.training.batches import batches
from fashion_nn.training.networks import build_networks
from fashion_nn.training.own_recipe import OwnRecipe, parts, prepared

_SMOOTHING = 0.9
_TOO_HIGH = 4.0
_LEAST_STEPS = 10

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class RangeTest:
    """What a range test measured.

    Attributes:
        rates: learning rate of each step.
        losses: training loss of each step, a moving average that favours the latest, in nats.
        lowest: the rate at which that average is lowest.
        recommended: the rate at which it falls most for equal ratios of the rate, rounded to two
            digits.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    lowest: float
    recommended: float


def range_test(
    work: Recipe | OwnRecipe,
    splits: Splits,
    *,
    low: float = 1e-6,
    high: float = 1.0,
    steps: int = 200,
    progress: Progress | None = None,
) -> RangeTest:
    """Train for `steps` steps while the learning rate grows from `low` to `high` by equal ratios.

    The test ends early when the loss is four times its lowest value or no finite number. No file is
    written. The settings of the recipe count, but not its schedule.

    Args:
        work: a recipe, or with the user's own function, `OwnRecipe`.
        splits: of which the training rows are used.
        progress: called as progress(done, steps).

    Raises:
        InputError: the limits are no range, the loss rises from the first steps on, or the model
            cannot be built.
    """
    if not 0 < low < high:
        raise InputError(f"--low {low:g} --high {high:g}: expected two rates, the first lower")
    recipe, own = parts(work)
    if own:
        recipe = prepared(recipe, own, splits)
    constant = {"learning_rate": low, "schedule": "constant", "average_mirror": False}
    augment = recipe.augment
    if augment.flip == "auto":
        constant["augment"] = augment.model_copy(update={"flip": False})
    recipe = recipe.model_copy(update=constant)
    model = build_networks(recipe, splits, steps, own).trained
    rates = np.geomspace(low, high, steps).tolist()
    losses: list[float] = []
    average = 0.0
    for step, (images, labels) in enumerate(_endless(recipe, splits)):
        if step == steps:
            break
        loss = _loss_at(model, rates[step], images, labels)
        if not math.isfinite(loss):
            break
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        losses.append(average / (1 - _SMOOTHING ** (step + 1)))
        if progress:
            progress(step + 1, steps)
        if losses[-1] > _TOO_HIGH * min(losses):
            break
    return _judged(rates, losses)


def _judged(rates: list[float], losses: list[float]) -> RangeTest:
    best = int(np.argmin(losses)) if losses else 0
    if len(losses) < _LEAST_STEPS or best == 0:
        raise InputError(
            f"--low {rates[0]:g}: the loss rises from the first steps on: begin with a lower rate"
        )
    # The rates grow by equal ratios, so the steps stand for them.
    steepest = int(np.argmin(np.gradient(losses[: best + 1])))
    return RangeTest(
        rates=tuple(rates[: len(losses)]),
        losses=tuple(losses),
        lowest=rates[best],
        recommended=float(f"{rates[steepest]:.2g}"),
    )


def _loss_at(model: keras.Model, rate: float, images: np.ndarray, labels: np.ndarray) -> float:
    """The loss of one training step with this learning rate."""
    try:
        model.optimizer.learning_rate = rate
    except TypeError:
        raise InputError(
            "the model is compiled with a schedule of the learning rate: compile it with a number"
        ) from None
    model.reset_metrics()
    return float(model.train_on_batch(images, labels, return_dict=True)["loss"])


def _endless(recipe: Recipe, splits: Splits) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The batches of one epoch after the other, without the last of each, which may be small."""
    epoch = 1
    full = max(len(splits.train) // recipe.batch_size, 1)
    while True:
        yield from batches(recipe, splits.train, epoch).take(full).as_numpy_iterator()
        epoch += 1

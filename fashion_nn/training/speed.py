"""How fast this machine trains by a recipe, measured with a few steps."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from fashion_nn import zoo
from fashion_nn.datasets import Splits
from fashion_nn.recipes import Recipe
from fashion_nn.training import mirroring
from fashion_nn.training.epoch import VALID_BATCH
from fashion_nn.training.networks import build_networks

_STEPS = 7
_LONGEST = 10.0
_BETWEEN_EPOCHS = 0.5
_PREDICTED = 256


@dataclass(frozen=True, slots=True)
class Speed:
    """What a training takes on this machine, in seconds.

    start: from the recipe to the end of the first step: networks are built and compiled.
    epoch: each epoch, with its validation.
    image: predicting one image with the saved model.
    """

    start: float
    epoch: float
    image: float


def measure_speed(
    recipe: Recipe, splits: Splits, *, clock: Callable[[], float] = time.perf_counter
) -> Speed:
    """Measure how fast `recipe` is trained on `splits`.

    A step takes the median time of at most seven, so other work on the machine that comes and goes
    does not count. Nothing is written, and the weights are thrown away.
    """
    began = clock()
    recipe, _ = mirroring.resolved(recipe, splits)
    steps = math.ceil(len(splits.train) / recipe.batch_size)
    networks = build_networks(recipe, splits, steps)
    images = splits.train.images[: recipe.batch_size]
    labels = splits.train.labels[: recipe.batch_size]
    networks.trained.train_on_batch(images, labels)
    start = clock() - began
    step = _median_of_calls(lambda: networks.trained.train_on_batch(images, labels), clock)
    few = splits.train.images[:_PREDICTED]
    zoo.predict(networks.saved, few, VALID_BATCH)
    predicting = _median_of_calls(lambda: zoo.predict(networks.saved, few, VALID_BATCH), clock)
    # Validation is a forward pass, about a third of a training step.
    validation = len(splits.valid) / len(images) * step / 3
    return Speed(start, steps * step + validation + _BETWEEN_EPOCHS, predicting / len(few))


def _median_of_calls(call: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    seconds: list[float] = []
    while len(seconds) < _STEPS and clock() - began < _LONGEST:
        before = clock()
        call()
        seconds.append(clock() - before)
    return statistics.median(seconds)

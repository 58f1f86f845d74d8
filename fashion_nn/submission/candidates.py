"""The models that are trained for a submission: which, by what recipe, and for how many epochs."""

import math
from dataclasses import dataclass

from fashion_nn import datasets, recipes, zoo
from fashion_nn.recipes import Recipe

LINEAR = "pca-logreg"
_FEW_ROWS = 5000
_FEW_PIXELS = 3072
_COMPONENTS = 50
_SMALL_BATCHES_BELOW = 10_000
_STEPS_WORTHWHILE = 100
_IMAGES_OF_MOST_EPOCHS = 600_000
_FEWEST_AT_MOST = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A network that may be trained.

    Attributes:
        recipe: how; its number of epochs is chosen later.
        least, most: number of epochs between which the training is worth its time.
        seconds: the time that there has to be before its speed is measured, in which it is
            compiled.
    """

    recipe: Recipe
    least: int
    most: int
    seconds: float


def networks(splits: datasets.Splits) -> tuple[Candidate, ...]:
    """The networks for these rows, the best first. One that comes later is for less time.

    The weights of the last epoch are used, not those of the epoch that is best on validation: the
    schedules end with small learning rates, so the last epoch is among the best, and its accuracy
    on the validation rows is not too high for having been chosen there.
    """
    rows = len(splits.train)
    batch = 256 if rows >= _SMALL_BATCHES_BELOW else 64
    common = [f"batch_size={batch}", "checkpoint_monitor=loss", "patience=none"]
    one_cycle = ["schedule=one-cycle", "decay_per_step=0", "learning_rate=0.02", "momentum=0.9"]
    sprint = recipes.override(recipes.get("sprint"), common)
    mlp = recipes.override(recipes.get("mlp"), [*common, *one_cycle])
    steps = math.ceil(rows / batch)
    least = max(2, math.ceil(_STEPS_WORTHWHILE / steps))
    most = max(least, min(max(_IMAGES_OF_MOST_EPOCHS // rows, _FEWEST_AT_MOST), 100))
    small = Candidate(mlp, 1, most, 0)
    if min(splits.image_shape[:2]) < zoo.describe("sprint").smallest:
        return (small,)
    return Candidate(sprint, least, most, 40), small


def linear_fits(splits: datasets.Splits) -> bool:
    """Whether the linear model is fitted too: where it takes seconds, and may be the better."""
    return len(splits.train) <= _FEW_ROWS and math.prod(splits.image_shape) <= _FEW_PIXELS


def components(splits: datasets.Splits) -> int:
    """The number of principal components of the linear model."""
    return min(_COMPONENTS, math.prod(splits.image_shape), len(splits.train) - 1)


def seconds_of_linear(splits: datasets.Splits) -> float:
    """Seconds that fitting the linear model takes at most, where `linear_fits`."""
    return 3 + 5 * len(splits.train) / _FEW_ROWS + (math.prod(splits.image_shape) / 1000) ** 3

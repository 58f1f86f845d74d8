"""The optimizer that a recipe asks for."""

import keras
from keras.optimizers.schedules import LearningRateSchedule

from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.training.muon import Muon
from fashion_nn.training.schedules import learning_rate


def optimizer(
    recipe: Recipe, steps_per_epoch: int, schedule: LearningRateSchedule | float | None = None
) -> keras.optimizers.Optimizer:
    """A new optimizer with the recipe's settings and its learning rate schedule.

    Args:
        schedule: the recipe's, if it has been made.

    Raises:
        InputError: the recipe leaves the optimizer to a compiled model.
    """
    rate = learning_rate(recipe, steps_per_epoch) if schedule is None else schedule
    decay = recipe.weight_decay or None
    match recipe.optimizer:
        case "sgd":
            return keras.optimizers.SGD(rate, recipe.momentum, recipe.nesterov, weight_decay=decay)
        case "adam":
            return keras.optimizers.Adam(rate, weight_decay=decay)
        case "adamw":
            return keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate, momentum=recipe.momentum, weight_decay=decay)
        case "adagrad":
            return keras.optimizers.Adagrad(rate, recipe.initial_accumulator, weight_decay=decay)
        case "muon":
            dtype = "bfloat16" if recipe.precision == "mixed_bfloat16" else "float32"
            return Muon(rate, recipe.momentum, recipe.weight_decay, dtype)
        case "compiled":
            raise InputError(
                f"optimizer=compiled: {recipe.model} is not compiled: expected sgd, adam, adamw,"
                " rmsprop, adagrad or muon"
            )

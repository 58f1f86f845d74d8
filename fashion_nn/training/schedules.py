"""Learning rates as functions of the step, and the optimizer a recipe asks for."""

import math

import keras
from keras import ops

from fashion_nn.recipes import Recipe
from fashion_nn.training.muon import Muon


def learning_rate(recipe: Recipe, steps_per_epoch: int) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The recipe's schedule over its `epochs` at `steps_per_epoch`; a number when it is constant.

    inverse-time     rate / (1 + decay · step), the `decay` of Keras 1 and 2
    cosine           half a cosine from the rate to 0 over the whole training
    cosine-restarts  the same over `restart_epochs`, then again over twice as many, and so on (SGDR)
    one-cycle        half-cosine climb from rate/25 over `warmup_fraction` of the steps, then down to rate/10⁴

    Source: Loshchilov & Hutter 2017 (SGDR); Smith & Topin 2018 (one-cycle).
    """
    rate, steps = recipe.learning_rate, recipe.epochs * steps_per_epoch
    schedules = keras.optimizers.schedules
    match recipe.schedule:
        case "constant":
            return rate
        case "inverse-time":
            return schedules.InverseTimeDecay(rate, decay_steps=1, decay_rate=recipe.decay_per_step)
        case "cosine":
            return schedules.CosineDecay(rate, decay_steps=steps)
        case "cosine-restarts":
            return schedules.CosineDecayRestarts(rate, recipe.restart_epochs * steps_per_epoch, t_mul=2.0)
        case "one-cycle":
            return OneCycle(rate, steps, recipe.warmup_fraction)


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Climb to `peak` over `warmup_fraction` of the `steps`, then fall below where it began."""

    START, END = 1 / 25, 1e-4

    def __init__(self, peak: float, steps: int, warmup_fraction: float):
        self.peak, self.steps, self.warmup_fraction = peak, steps, warmup_fraction

    def __call__(self, step):
        turn = self.warmup_fraction * self.steps
        step = ops.minimum(ops.cast(step, "float32"), float(self.steps))
        up = _half_cosine(self.peak * self.START, self.peak, step / turn)
        down = _half_cosine(self.peak, self.peak * self.END, (step - turn) / (self.steps - turn))
        return ops.where(step < turn, up, down)

    def get_config(self) -> dict:
        return {"peak": self.peak, "steps": self.steps, "warmup_fraction": self.warmup_fraction}


def _half_cosine(start: float, end: float, progress):
    return end + (start - end) * 0.5 * (1 + ops.cos(math.pi * progress))


def optimizer(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """A new optimizer with the recipe's settings and schedule."""
    rate = learning_rate(recipe, steps_per_epoch)
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

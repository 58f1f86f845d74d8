"""Learning rates as functions of the step."""

import math

import keras
from keras import ops
from keras.optimizers.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    InverseTimeDecay,
    LearningRateSchedule,
)

from fashion_nn.recipes import Recipe


def learning_rate(recipe: Recipe, steps_per_epoch: int) -> float | LearningRateSchedule:
    """The recipe's schedule over its `epochs` of `steps_per_epoch`; a number when it is constant.

    inverse-time     rate / (1 + decay · step), the `decay` of Keras 1 and 2
    cosine           half a cosine from the rate to 0 over the whole training
    cosine-restarts  the same over `restart_epochs`, then over twice as many, and so on (SGDR)
    one-cycle        see `OneCycle`

    Sources: Loshchilov & Hutter 2017 (SGDR); Smith & Topin 2018 (one-cycle).
    """
    rate = recipe.learning_rate
    steps = recipe.epochs * steps_per_epoch
    match recipe.schedule:
        case "constant":
            return rate
        case "inverse-time":
            return InverseTimeDecay(rate, decay_steps=1, decay_rate=recipe.decay_per_step)
        case "cosine":
            return CosineDecay(rate, decay_steps=steps)
        case "cosine-restarts":
            return CosineDecayRestarts(rate, recipe.restart_epochs * steps_per_epoch, t_mul=2.0)
        case "one-cycle":
            return OneCycle(rate, steps, recipe.warmup_fraction)


@keras.saving.register_keras_serializable("fashion_nn")
class OneCycle(LearningRateSchedule):
    """A rise to `peak` over `warmup_fraction` of the `steps`, then a fall to below the start.

    Both parts are half cosines: from peak/25 to the peak, and from the peak to peak/10⁴.

    `resize` changes the number of steps while the training runs: what is left of the cycle is then
    passed through faster or more slowly, and the rate does not jump.
    """

    START = 1 / 25
    END = 1e-4

    def __init__(self, peak: float, steps: int, warmup_fraction: float):
        self.peak = peak
        self.steps = steps
        self.warmup_fraction = warmup_fraction
        # Step `since` is at `place` in the cycle, and each step after it is `pace` further.
        self._since = _constant(0.0)
        self._place = _constant(0.0)
        self._pace = _constant(1.0)

    def resize(self, step: int, steps: int) -> None:
        """End the cycle at step `steps`, where the training is at `step`, which is before that."""
        place = self._place_of(step)
        self._place.assign(place)
        self._since.assign(step)
        self._pace.assign((self.steps - place) / (steps - step))

    def __call__(self, step):
        turn = self.warmup_fraction * self.steps
        step = ops.minimum(self._place_of(step), float(self.steps))
        rise = _half_cosine(self.peak * self.START, self.peak, step / turn)
        progress = (step - turn) / (self.steps - turn)
        fall = _half_cosine(self.peak, self.peak * self.END, progress)
        return ops.where(step < turn, rise, fall)

    def _place_of(self, step):
        return self._place + (ops.cast(step, "float32") - self._since) * self._pace

    def get_config(self) -> dict:
        return {"peak": self.peak, "steps": self.steps, "warmup_fraction": self.warmup_fraction}


def _constant(value: float) -> keras.Variable:
    return keras.Variable(value, trainable=False, dtype="float32")


def _half_cosine(start: float, end: float, progress):
    return end + (start - end) * 0.5 * (1 + ops.cos(math.pi * progress))

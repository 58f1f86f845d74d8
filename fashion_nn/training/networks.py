"""The networks of one training: the one that is trained, and its copy that is saved.

The saved network is an inference copy that never trains. It is float32 under every precision
policy, and its random states stay as they were built, so neither mixed precision nor the number of
steps leaves a trace in the file.
"""

from dataclasses import dataclass

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from fashion_nn import zoo
from fashion_nn.datasets import Splits
from fashion_nn.recipes import Recipe
from fashion_nn.training.faster import faster
from fashion_nn.training.losses import cross_entropy
from fashion_nn.training.optimizers import optimizer
from fashion_nn.training.schedules import learning_rate
from fashion_nn.zoo import OwnBuilder, adapting


@dataclass(frozen=True)
class Networks:
    """The networks of one training.

    Attributes:
        trained: compiled, in the recipe's precision, with layers that are fast on this machine.
        inference: the inference copy; it takes the best weights of `trained`.
        saved: what goes into the file. It shares the weights of `inference`: the same model, or its
            average with the mirrored image.
        schedule: of the learning rate of `trained`; None if that is constant or the user's own.
    """

    trained: keras.Model
    inference: keras.Model
    saved: keras.Model
    schedule: LearningRateSchedule | None = None


def build_networks(
    recipe: Recipe, splits: Splits, steps_per_epoch: int, own: OwnBuilder | None = None
) -> Networks:
    """Build all networks with the initial weights that the recipe's seed gives.

    Args:
        own: builds the network in place of the zoo.
    """
    if recipe.deterministic:
        tf.config.experimental.enable_op_determinism()
    inference = _build(recipe, splits, "float32", own)
    if own:
        inference = adapting.without_compilation(inference)
    saved = inference
    if recipe.average_mirror:
        shape = splits.image_shape
        name = recipe.name if own else recipe.model
        saved = zoo.mixture([inference], [1.0], shape, mirror=True, name=name)
    built = _build(recipe, splits, recipe.precision, own)
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    trained = built if on_gpu else _faster(built, own)
    rate = None
    if recipe.optimizer == "compiled":
        trained.compile(built.optimizer, built.loss, metrics=["accuracy"], jit_compile=on_gpu)
    else:
        rate = learning_rate(recipe, steps_per_epoch)
        trained.compile(
            optimizer=optimizer(recipe, steps_per_epoch, rate),
            loss=cross_entropy(recipe.label_smoothing),
            metrics=["accuracy"],
            # XLA on the CPU makes convolutions three times slower.
            jit_compile=on_gpu,
        )
    trained.optimizer.build(trained.trainable_variables)
    schedule = rate if isinstance(rate, LearningRateSchedule) else None
    return Networks(trained, inference, saved, schedule)


def _faster(model: keras.Model, own: OwnBuilder | None) -> keras.Model:
    """A copy with faster layers; of the user's own network the network itself, if Keras cannot copy
    it.
    """
    if own is None:
        return faster(model)
    if adapting.own_layers(model):
        return model
    try:
        return faster(model)
    except (AttributeError, TypeError, ValueError):
        # A layer is used twice, or calls a function that its configuration cannot name.
        return model


def _build(recipe: Recipe, splits: Splits, precision: str, own: OwnBuilder | None) -> keras.Model:
    keras.utils.set_random_seed(recipe.seed)
    before = keras.config.dtype_policy()
    if before.name != precision:
        keras.config.set_dtype_policy(precision)
    shape = splits.image_shape
    classes = splits.classes
    try:
        if own:
            options = recipe.options
            return adapting.build(own, image_shape=shape, classes=classes, options=options)
        return zoo.build(recipe.model, image_shape=shape, classes=classes, **recipe.options)
    finally:
        if before.name != precision:
            keras.config.set_dtype_policy(before)

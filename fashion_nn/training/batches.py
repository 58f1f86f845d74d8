"""The batches of an epoch: its training rows in shuffled order, augmented."""

import math

import numpy as np
import tensorflow as tf

from fashion_nn.core.images import shape_of
from fashion_nn.datasets import Split
from fashion_nn.recipes import Recipe
from fashion_nn.training import augment


def batches(recipe: Recipe, train: Split, epoch: int) -> tf.data.Dataset:
    """Pairs of `Images`, uint8, and labels, int64 (batch,); the last may be smaller.

    Order and augmentation depend on the recipe's seed and `epoch` alone.
    """
    size = recipe.batch_size
    n = len(train)
    settings = recipe.augment
    image_shape = shape_of(train.images)
    rng = np.random.default_rng([recipe.seed, epoch])
    order = rng.permutation(n)
    draws = augment.draw(settings, n, image_shape, rng) if settings.active else None

    def batch(step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(step * size, (step + 1) * size)
        images = train.images[order[rows]]
        labels = train.labels[order[rows]]
        return draws.apply(images, rows) if draws else images, labels

    def tensors(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels = tf.numpy_function(batch, [step], [tf.uint8, tf.int64])
        return tf.ensure_shape(images, (None, *image_shape)), tf.ensure_shape(labels, (None,))

    # The thread that tunes a dataset sleeps for 10 ms, 20 ms, 40 ms … up to a minute. Destroying
    # the dataset joins that thread, so the end of an epoch could block until it wakes.
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.range(math.ceil(n / size)).map(tensors).prefetch(4).with_options(options)

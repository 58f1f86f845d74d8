"""Our Muon beside Keras' own on dense kernels, and what its iteration leaves of a matrix."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fashion_nn.training.muon import Muon, orthogonal

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(9, 40), (40, 9), (12, 12)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_orthogonal_keeps_the_directions_and_levels_the_lengths(shape, dtype):
    matrix = RNG.normal(size=shape).astype(np.float32)
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    # In the singular directions of the matrix the result is nearly diagonal, with entries near 1.
    found = left.T @ tf.cast(orthogonal(tf.constant(matrix), dtype), tf.float32).numpy() @ right.T
    assert np.abs(found - np.diag(np.diag(found))).max() < (0.01 if dtype == "float32" else 0.1)
    assert np.diag(found).min() > 0.6 and np.diag(found).max() < 1.3


def dense_network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((20,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(12, name="last")]
    )


def trained(optimizer, steps=5):
    model, images = (
        dense_network(),
        np.random.default_rng(1).normal(size=(64, 20)).astype(np.float32),
    )
    labels = np.arange(64) % 12
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for _ in range(steps):
        model.train_on_batch(images, labels)
    return model.get_weights()


def test_on_dense_kernels_it_is_the_one_of_keras():
    theirs = keras.optimizers.Muon(
        0.01,
        momentum=0.9,
        weight_decay=0.1,
        adam_weight_decay=None,
        exclude_layers=["last"],
        adam_lr_ratio=1,
    )
    for mine, other in zip(trained(Muon(0.01, 0.9, 0.1)), trained(theirs), strict=True):
        np.testing.assert_allclose(mine, other, atol=5e-4)


def test_a_kernel_of_a_convolution_is_the_matrix_of_its_patches():
    """One step on a convolution that sees whole images is that of a dense layer on the same
    pixels.
    """
    images, kernel = (
        RNG.normal(size=(32, 3, 3, 2)).astype(np.float32),
        RNG.normal(size=(3, 3, 2, 8)),
    )
    head = RNG.normal(size=(8, 4))
    found = []
    for first in (keras.layers.Conv2D(8, 3, use_bias=False), keras.layers.Dense(8, use_bias=False)):
        flat = [] if isinstance(first, keras.layers.Conv2D) else [keras.layers.Flatten()]
        layers = [*flat, first, keras.layers.Flatten(), keras.layers.Dense(4, use_bias=False)]
        model = keras.Sequential([keras.Input((3, 3, 2)), *layers])
        model.set_weights([kernel.reshape(model.weights[0].shape), head])
        model.compile(Muon(0.1, 0.9), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.train_on_batch(images, np.arange(32) % 4)
        found.append(model.get_weights()[0].reshape(18, 8))
    np.testing.assert_allclose(*found, atol=1e-5)
    assert not np.allclose(found[0], kernel.reshape(18, 8))

"""The faster layers of a training: the same variables and the same function as Keras' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from fashion_nn import zoo
from fashion_nn.training.faster import ByteDropout, FusedBatchNormalization, ProductConv2D, faster

RNG = np.random.default_rng(0)


def enlarged_digits(n):
    images, labels = load_digits(return_X_y=True)
    images = np.kron(images[:n].reshape(-1, 8, 8) * 15, np.ones((3, 3)))
    return np.pad(images, [(0, 0), (2, 2), (2, 2)]).astype(np.uint8), labels[:n]


# Not noise: of noise, batch normalisation would see differences that are as small as rounding.
DIGITS = enlarged_digits(48)


@pytest.fixture(autouse=True)
def _same_weights_in_each_run():
    keras.utils.set_random_seed(0)


def without_dropout(name):
    return {key: 0.0 for key in zoo.describe(name).options if key.startswith("dropout")}


def flat_gradient(model, images, labels):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            keras.losses.sparse_categorical_crossentropy(labels, model(images, training=True))
        )
    parts = tape.gradient(loss, model.trainable_variables)
    return tf.concat([tf.cast(tf.reshape(part, -1), tf.float32) for part in parts], 0)


def relative_error(one, other):
    return float(tf.norm(one - other) / tf.norm(other))


@pytest.mark.parametrize("name", ["cnn-v1", "cnn-v2", "sprint"])
def test_a_step_goes_where_it_goes_in_double_precision(name):
    model = zoo.build(name, **without_dropout(name))
    copy = faster(model)
    keras.config.set_dtype_policy("float64")
    exact = zoo.build(name, **without_dropout(name))
    exact.set_weights(model.get_weights())
    mine, theirs, true = (flat_gradient(each, *DIGITS) for each in (copy, model, exact))
    # Behind six ReLUs even Keras' own gradient in single precision is one to three per cent off.
    assert relative_error(theirs, true) < 0.06
    assert relative_error(mine, true) < 0.06


@pytest.mark.parametrize("training", [True, False])
def test_fused_normalisation_is_that_of_keras(training):
    images = RNG.normal(3, 2, (16, 5, 4, 6)).astype(np.float32)
    upstream = RNG.normal(size=images.shape).astype(np.float32)
    plain = keras.layers.BatchNormalization(momentum=0.7)
    plain.build(images.shape)
    plain.set_weights([RNG.uniform(0.5, 2, 6) for _ in range(4)])
    fused = FusedBatchNormalization.from_config(plain.get_config())
    fused.build(images.shape)
    fused.set_weights(plain.get_weights())

    def everything(layer):
        with tf.GradientTape() as tape:
            source = tf.constant(images)
            tape.watch(source)
            outputs = layer(source, training=training)
        return [
            outputs,
            *tape.gradient(outputs, [source, *layer.trainable_variables], upstream),
            *layer.variables,
        ]

    for mine, theirs in zip(everything(fused), everything(plain), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["cnn-v1", "cnn-v2", "sprint"])
def test_statistics_and_answers_are_those_of_keras(name):
    model = zoo.build(name, **without_dropout(name))
    copy = faster(model)
    images, _ = DIGITS
    np.testing.assert_allclose(copy(images, training=True), model(images, training=True), atol=1e-4)
    for mine, theirs in zip(
        copy.non_trainable_variables, model.non_trainable_variables, strict=True
    ):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(copy(images), model(images), atol=1e-5)


@pytest.mark.parametrize("name", zoo.names())
def test_a_faster_network_has_the_same_variables(name):
    model = zoo.build(name)
    copy = faster(model)
    assert [v.path for v in copy.weights] == [v.path for v in model.weights]
    for mine, theirs in zip(copy.variables, model.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_which_layers_are_replaced():
    kinds = {layer.name: type(layer) for layer in faster(zoo.build("cnn-v2")).layers}
    assert [name for name, kind in kinds.items() if kind is ProductConv2D] == ["conv_5", "conv_6"]
    assert [name for name, kind in kinds.items() if kind is ByteDropout] == [
        "dropout_1",
        "dropout_2",
    ]
    assert sum(kind is FusedBatchNormalization for kind in kinds.values()) == 6
    kinds = {layer.name: type(layer) for layer in faster(zoo.build("sprint")).layers}
    assert [name for name, kind in kinds.items() if kind is ProductConv2D] == ["conv_7"]
    dense = faster(zoo.build("mlp"))
    assert [type(layer) for layer in dense.layers] == [
        type(layer) for layer in zoo.build("mlp").layers
    ]


@pytest.mark.parametrize("rate", [0.5, 0.25, 0.3])
def test_dropout_drops_that_share_and_keeps_the_mean(rate):
    layer = ByteDropout(rate, seed=1)
    images = np.ones(
        (64, 13, 13, 33), np.float32
    )  # an odd number of units: the last draw is not used up
    first, second = (
        np.asarray(layer(images, training=True)),
        np.asarray(layer(images, training=True)),
    )
    n = first.size
    assert abs((first == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / n)
    np.testing.assert_allclose(np.unique(first), [0, 1 / (1 - rate)], rtol=1e-4)
    assert 0.2 < (first != second).mean() < 0.6
    again = np.asarray(ByteDropout(rate, seed=1)(images, training=True))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(layer(images), images)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(
    ("kernel", "padding"), [(3, "same"), (3, "valid"), (5, "same"), ((1, 3), "same")]
)
def test_product_convolution_has_the_gradients_of_keras(kernel, padding, use_bias):
    images = RNG.normal(size=(8, 6, 5, 7)).astype(np.float32)
    plain = keras.layers.Conv2D(11, kernel, padding=padding, activation="relu", use_bias=use_bias)
    plain.build(images.shape)
    product = ProductConv2D.from_config(plain.get_config())
    product.build(images.shape)
    product.set_weights(plain.get_weights())

    def all_gradients(layer):
        with tf.GradientTape() as tape:
            source = tf.constant(images)
            tape.watch(source)
            loss = tf.reduce_sum(layer(source) ** 2)
        return tape.gradient(loss, [source, *layer.trainable_variables])

    for mine, theirs in zip(all_gradients(product), all_gradients(plain), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-3)

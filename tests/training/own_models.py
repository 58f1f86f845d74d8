"""Functions that build models, good and bad, as a user writes them into a file."""

import keras
from keras import layers


def build(*, image_shape, classes, units: int = 32, rate=0.1):
    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dropout(rate),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def floats(*, image_shape, classes):
    """Takes numbers from 0 to 1, with an axis for the channel, and leaves its input open."""
    return keras.Sequential(
        [layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(classes, activation="softmax")]
    )


def compiled(*, image_shape, classes):
    model = build(image_shape=image_shape, classes=classes)
    model.compile(keras.optimizers.Nadam(0.002), keras.losses.SparseCategoricalCrossentropy())
    return model


class Halves(layers.Layer):
    def call(self, images):
        return keras.ops.cast(images, "float32") / 510


def custom(*, image_shape, classes):
    image = keras.Input(image_shape, dtype="uint8")
    pixels = layers.Flatten()(Halves()(image))
    return keras.Model(image, layers.Dense(classes, activation="softmax")(pixels))


def nothing(*, image_shape, classes):
    build(image_shape=image_shape, classes=classes)


def three(*, image_shape, classes):
    return build(image_shape=image_shape, classes=3)


def logits(*, image_shape, classes):
    image = keras.Input(image_shape, dtype="uint8")
    return keras.Model(image, layers.Dense(classes)(layers.Flatten()(image)))


def raises(*, image_shape, classes):
    sizes = {}
    return sizes["units"]


def other_arguments(shape):
    return build(image_shape=shape, classes=10)

"""Train a network of your own, and compare it with one of the zoo.

python examples/own_network.py
"""

import keras
from keras import layers

import fashion_nn as fnn


def wide_and_deep(*, image_shape, classes, units=128, dropout=0.2):
    """Raw pixels go in and probabilities come out, so the scaling is part of the network."""
    pixels = keras.Input(image_shape)
    values = layers.Flatten()(layers.Rescaling(1 / 255)(pixels))
    deep = layers.Dense(units, "relu")(values)
    deep = layers.Dropout(dropout)(deep)
    deep = layers.Dense(units, "relu")(deep)
    both = layers.Concatenate()([values, deep])
    return keras.Model(pixels, layers.Dense(classes, "softmax")(both))


class TellsWhenSure(keras.callbacks.Callback):
    """A callback of your own: it stops the training when the loss is small."""

    def on_epoch_end(self, epoch, logs=None):
        if logs["loss"] < 0.05:
            self.model.stop_training = True


def main():
    digits = fnn.load("digits")
    settings = {"epochs": 20, "batch_size": 32, "optimizer": "adam", "learning_rate": 0.002}
    mine = fnn.train(
        wide_and_deep,
        digits,
        out="models/wide-and-deep",
        callbacks=[TellsWhenSure()],
        options={"units": 64},
        **settings,
    )
    theirs = fnn.train("mlp", digits, out="models/mlp", **settings)
    for run in (mine, theirs):
        print(fnn.evaluate(run))
    columns = ["run", "parameters", "valid_accuracy", "test_accuracy", "tied"]
    print(fnn.compare(mine, theirs).to_pandas()[columns].to_string(index=False))
    print(fnn.report(mine))


if __name__ == "__main__":
    main()

"""CNN v2 as one would write it in plain Keras: `fit` on NumPy arrays, an epoch for each line read.

    python keras_cnn_v2.py DATA.npz float32|mixed_bfloat16 SEED BN_MOMENTUM [FOLDER]

DATA.npz has images, labels, valid_images, valid_labels. Answers each line with one of JSON. With
FOLDER, the model is saved there after each epoch as epoch-1.keras and so on.
"""

import json
import sys

import keras
import numpy as np
from keras import layers

BATCH = 256

data, precision, seed, momentum = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
folder = sys.argv[5] if len(sys.argv) > 5 else None
keras.config.set_dtype_policy(precision)
keras.utils.set_random_seed(seed)
with np.load(data) as file:
    images, labels, valid_images, valid_labels = (
        file[name] for name in ("images", "labels", "valid_images", "valid_labels")
    )
images, valid_images = (each.astype("float32")[..., None] / 255 for each in (images, valid_images))
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.BatchNormalization(momentum=momentum),
        layers.Conv2D(64, 3, activation="relu"),
        layers.BatchNormalization(momentum=momentum),
        layers.MaxPooling2D(),
        layers.Dropout(0.5),
        layers.Conv2D(128, 3, padding="same", activation="relu"),
        layers.BatchNormalization(momentum=momentum),
        layers.Conv2D(128, 3, activation="relu"),
        layers.BatchNormalization(momentum=momentum),
        layers.MaxPooling2D(),
        layers.Dropout(0.5),
        layers.Conv2D(256, 3, padding="same", activation="relu"),
        layers.BatchNormalization(momentum=momentum),
        layers.Conv2D(256, 3, activation="relu"),
        layers.BatchNormalization(momentum=momentum),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(1024, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(512, activation="relu"),
        layers.Dense(10, activation="softmax", dtype="float32"),
    ]
)
model.compile(
    keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
    jit_compile=False,
)
print(json.dumps({"parameters": model.count_params()}), flush=True)


class EpochForEachLine(keras.callbacks.Callback):
    """One `fit` for all epochs, as one would write it, that waits for a line before each."""

    def on_epoch_begin(self, epoch, logs=None):
        if not sys.stdin.readline():
            sys.exit()

    def on_epoch_end(self, epoch, logs=None):
        if folder:
            self.model.save(f"{folder}/epoch-{epoch + 1}.keras")
        print(json.dumps({"loss": logs["loss"], "val_accuracy": logs["val_accuracy"]}), flush=True)


model.fit(
    images,
    labels,
    batch_size=BATCH,
    epochs=1_000_000,
    validation_data=(valid_images, valid_labels),
    verbose=0,
    callbacks=[EpochForEachLine()],
)

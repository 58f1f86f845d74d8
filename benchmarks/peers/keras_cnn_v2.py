"""CNN v2 as one would write it in plain Keras: `fit` on NumPy arrays, an epoch for each line read.

    python keras_cnn_v2.py DATA.npz float32|mixed_bfloat16 SEED BN_MOMENTUM

DATA.npz has images, labels, valid_images, valid_labels. Answers each line with one of JSON.
"""

import json
import sys

import keras
import numpy as np
from keras import layers

BATCH = 256

data, precision, seed, momentum = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
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
for _ in sys.stdin:
    history = model.fit(
        images, labels, batch_size=BATCH, validation_data=(valid_images, valid_labels), verbose=0
    ).history
    print(json.dumps({"loss": history["loss"][0], "val_accuracy": history["val_accuracy"][0]}), flush=True)

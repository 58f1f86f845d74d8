"""Writes the model files that `test_older_files.py` opens: real files, each by the Keras it is
named after.

    python tests/inference/older_files.py tests/inference/files

Run it with the Python in which that Keras is installed, any from Keras 2.2 on: it needs nothing of
this package, and nothing newer than Python 3.6. It leaves keras-VERSION.tar.xz: the models, trained
for two steps so that batch statistics and the optimizer's state are not those of a fresh model, and
expected.json, what each of them answers to `images()` when that same Keras has loaded it again.
"""

import json
import os
import sys
import tarfile
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np

try:
    import keras

    VERSION = keras.__version__
    if (
        VERSION.startswith("2.") and int(VERSION.split(".")[1]) > 3
    ):  # people used it by its other name
        from tensorflow import keras
except ImportError:  # it was a part of TensorFlow alone
    from tensorflow import keras

    VERSION = keras.__version__.replace("-tf", "")
layers = keras.layers
MAJOR, MINOR = (int(part) for part in VERSION.split(".")[:2])


def images():
    """What every model is asked about: uint8 (3, 28, 28)."""
    return np.random.RandomState(0).randint(0, 256, (3, 28, 28)).astype("uint8")


def unit():
    return images()[..., None].astype("float32") / 255


def raw():
    return images()[..., None].astype("float32")


def cnn():
    """A Sequential as in most tutorials: convolution, batch normalisation, dropout, Adam."""
    body = [
        layers.Conv2D(
            4,
            3,
            strides=3,
            activation="relu",
            **({"input_shape": (28, 28, 1)} if MAJOR < 3 else {}),
        ),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2),
        layers.SpatialDropout2D(0.1),
        layers.Flatten(),
        layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.l2(1e-4)),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
    model = keras.Sequential(([keras.Input((28, 28, 1))] if MAJOR > 2 else []) + body)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model, unit()


def deferred():
    """A Sequential that learned its input's shape from data; RMSprop with centred statistics."""
    shape = {"input_shape": (28, 28)} if (MAJOR, MINOR) < (2, 4) else {}
    body = [
        layers.AveragePooling1D(4, **shape),
        layers.Flatten(),
        layers.Dense(4, activation="tanh"),
    ]
    model = keras.Sequential([*body, layers.Dense(10, activation="softmax")])
    optimizer = (
        keras.optimizers.RMSprop()
        if MAJOR < 3
        else keras.optimizers.RMSprop(centered=True, momentum=0.5)
    )
    model.compile(optimizer, "categorical_crossentropy")
    return model, unit()[..., 0]


def graph():
    """A Functional with branches, nested models and a shared one; logits; SGD with momentum."""
    inputs = keras.layers.Input((28, 28, 1))
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(inputs)
    block = keras.Sequential(name="block")
    first = {"input_shape": (14, 14, 4)} if MAJOR < 3 else {}
    block.add(layers.SeparableConv2D(4, 3, padding="same", depth_multiplier=2, **first))
    block.add(layers.BatchNormalization(scale=False))
    block.add(layers.LeakyReLU())
    x = layers.Add()([block(x), x])
    x = layers.Concatenate()([x, layers.DepthwiseConv2D(3, padding="same")(x)])
    x = layers.ZeroPadding2D(((1, 0), (0, 1)))(x)
    x = layers.PReLU(shared_axes=[1, 2])(layers.AveragePooling2D(3)(x))
    head = keras.layers.Input((8,))
    shared = keras.models.Model(
        head, layers.Dense(8, activation="elu")(layers.Dense(6)(head)), name="shared"
    )
    x = layers.Average()(
        [shared(layers.GlobalAveragePooling2D()(x)), shared(layers.GlobalMaxPooling2D()(x))]
    )
    x = layers.Multiply()([x, layers.Activation("sigmoid")(x)])
    if hasattr(layers, "LayerNormalization"):
        x = layers.LayerNormalization()(x)
    x = layers.Reshape((2, 4))(x)
    x = layers.Permute((2, 1))(layers.UpSampling1D(2)(x))
    model = keras.models.Model(inputs, layers.Dense(10)(layers.Flatten()(x)))
    block.layers[0].trainable = False
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True), "mean_squared_error")
    return model, unit()


def preprocessing():
    """Scaling learned from data and augmentation inside the model; AdamW or Adam with AMSGrad."""
    if (MAJOR, MINOR) < (2, 4):
        raise NotImplementedError("no preprocessing layers")
    place = layers if hasattr(layers, "RandomFlip") else layers.experimental.preprocessing
    scaling = place.Normalization(axis=-1)
    scaling.adapt(raw())
    body = [
        keras.Input((28, 28, 1)),
        scaling,
        place.RandomFlip("horizontal"),
        place.RandomRotation(0.1),
        place.RandomZoom(0.1),
        place.RandomTranslation(0.1, 0.1),
        place.RandomContrast(0.2),
        place.Resizing(14, 14),
        layers.Conv2D(4, 3, activation="relu"),
        layers.GaussianNoise(0.1),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax"),
    ]
    model = keras.Sequential(body)
    model.compile(keras.optimizers.Adam(amsgrad=True), "categorical_crossentropy")
    return model, raw()


def arithmetic():
    """Operators on tensors, which Keras 3 keeps as operations."""
    if MAJOR < 3:
        raise NotImplementedError("kept as a function of TensorFlow")
    inputs = keras.Input((28, 28))
    x = layers.Flatten()(layers.MaxPooling1D(5)(1 - inputs / 255.0))
    x = layers.Dense(6)(x)
    x = keras.ops.relu(x) * 2 + x
    model = keras.Model(inputs, keras.ops.softmax(layers.Dense(10)(x)))
    model.compile(
        "lion" if hasattr(keras.optimizers, "Lion") else "nadam", "categorical_crossentropy"
    )
    return model, raw()[..., 0]


def mixed():
    """Layers that compute in half precision."""
    if (MAJOR, MINOR) < (2, 5):
        raise NotImplementedError("no dtype policies")
    x = inputs = keras.Input((28, 28, 1))
    for layer in (
        layers.Conv2D(4, 5, strides=5, activation="relu", dtype="mixed_float16"),
        layers.BatchNormalization(dtype="mixed_float16"),
        layers.Flatten(dtype="mixed_float16"),
        layers.Dense(10, activation="softmax", dtype="float32"),
    ):
        x = layer(x)
    model = keras.Model(inputs, x)
    model.compile("sgd", "categorical_crossentropy")
    return model, unit()


MODELS = {each.__name__: each for each in (cnn, deferred, graph, preprocessing, arithmetic, mixed)}


def save(model, path):
    """Write `model` to `path`; Keras before 2.12 has no .keras, and writes HDF5 under that name."""
    if path.endswith(".keras") and (MAJOR, MINOR) < (2, 12):
        return False
    how = (
        {"save_format": "keras_v3"} if path.endswith(".keras") and (MAJOR, MINOR) < (2, 13) else {}
    )
    model.save(path, **how)
    return True


def answer_of(model, path, x):
    """What the file answers, which Keras 3.2 does not always write as it was; the model, where it
    reads no more.
    """
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:
        print(f"{os.path.basename(path)}: Keras cannot load it again ({type(error).__name__})")
    return model.predict(x, verbose=0)


def nobody(member):
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def write(folder):
    """Write keras-VERSION.tar.xz into `folder`."""
    labels, answers = np.eye(10)[[0, 3, 9]], {}
    archive = os.path.join(folder, f"keras-{VERSION}.tar.xz")
    with tempfile.TemporaryDirectory() as work, tarfile.open(archive, "w:xz", preset=9) as packed:
        for name, build in MODELS.items():
            np.random.seed(0)
            try:
                model, x = build()
                for _ in range(2):
                    model.train_on_batch(x, labels)
            except (NotImplementedError, AttributeError) as error:
                print(f"{VERSION} {name}: none ({error})")
                continue
            for suffix in (".keras", ".h5"):
                path = os.path.join(work, name + suffix)
                try:
                    if save(model, path):
                        packed.add(path, name + suffix, filter=nobody)
                        answers[name + suffix] = (
                            np.asarray(answer_of(model, path, x), "float64").round(9).tolist()
                        )
                except Exception as error:
                    reason = f"{type(error).__name__}: {error}"
                    print(f"{VERSION} {name}{suffix}: Keras cannot save it ({reason[:150]})")
        with open(os.path.join(work, "expected.json"), "w") as file:
            json.dump(answers, file)
        packed.add(file.name, "expected.json", filter=nobody)
    names = " ".join(answers)
    print(f"{VERSION}: {names}")


if __name__ == "__main__":
    write(sys.argv[1])

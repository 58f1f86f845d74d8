"""Writes the model files that `test_layer_files.py` opens: layers that older files do not have.

    python tests/inference/layer_files.py tests/inference/files

Run it with the Python in which a Keras is installed, Keras 3 or, as `tf_keras`, Keras 2 by the
option `--keras-2`. It needs nothing of this package. It leaves layers-VERSION.tar.xz: small models
with weights by chance, and expected.json, what each of them answers to `images()` divided by 255.
"""

import json
import os
import sys
import tarfile
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np

KERAS_2 = "--keras-2" in sys.argv
if KERAS_2:
    import tf_keras as keras
else:
    import keras

layers = keras.layers


def images():
    """What every model is asked about: uint8 (5, 28, 28), with some rows of zeros."""
    pixels = np.random.RandomState(0).randint(0, 256, (5, 28, 28)).astype("uint8")
    pixels[1, 20:] = 0
    pixels[2, :4] = 0
    return pixels


def rows():
    return keras.Input((28, 28))


def whole(inputs, x):
    if len(x.shape) > 2:
        x = layers.Flatten()(x)
    return keras.Model(inputs, layers.Dense(10)(x))


def stateful():
    batch = {"batch_shape": (5, 28, 28)}
    inputs = keras.Input(**batch)
    x = layers.LSTM(4, stateful=True, return_sequences=True)(inputs)
    return whole(inputs, layers.Bidirectional(layers.GRU(3, stateful=True))(x))


def kinds():
    """Recurrent layers with every flag."""
    inputs = rows()
    lstm = layers.LSTM(4, unroll=True, return_sequences=True, dropout=0.2, use_bias=False)(inputs)
    gru = layers.GRU(4, go_backwards=True, reset_after=False, return_sequences=True)(lstm)
    simple = layers.SimpleRNN(3, recurrent_dropout=0.1, activation="relu")(gru)
    hard = layers.LSTM(3, recurrent_activation="hard_sigmoid", unit_forget_bias=False)(gru)
    return whole(inputs, layers.Concatenate()([simple, hard]))


def directions():
    """Bidirectional in every mode, with layers that differ, and none to merge."""
    inputs = rows()
    x = inputs
    for mode in ("concat", "sum", "mul", "ave"):
        x = layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode=mode)(x)
    backward = layers.LSTM(3, go_backwards=True, activation="relu", return_sequences=True)
    x = layers.Bidirectional(
        layers.LSTM(3, return_sequences=True), backward_layer=backward, name="both"
    )(x)
    first, second = layers.Bidirectional(layers.LSTM(2), merge_mode=None)(x)
    return whole(inputs, layers.Concatenate()([first, second]))


def states():
    """The last state of one layer is the first of another."""
    inputs = rows()
    x, h, c = layers.LSTM(3, return_state=True, return_sequences=True)(inputs)
    x = layers.LSTM(3, return_sequences=True)(x, initial_state=[h, c])
    x, *last = layers.Bidirectional(layers.GRU(3, return_state=True))(x)
    return whole(inputs, layers.Concatenate()([x, *last]))


def cells():
    inputs = rows()
    stacked = [layers.LSTMCell(4), layers.GRUCell(3), layers.LSTMCell(2)]
    x = layers.RNN(stacked, return_sequences=True)(inputs)
    return whole(inputs, layers.RNN(layers.SimpleRNNCell(3))(x))


def masked():
    """A mask that goes through several layers."""
    inputs = rows()
    x = layers.Masking()(inputs)
    x = layers.LSTM(4, return_sequences=True)(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(3, activation="relu"))(x)
    return whole(inputs, layers.GlobalAveragePooling1D()(x))


def attention():
    inputs = rows()
    x = layers.Masking()(inputs)
    causal = layers.MultiHeadAttention(2, 3, value_dim=4)(x, x, use_causal_mask=True)
    x = layers.LayerNormalization()(layers.Add()([layers.Dense(28)(x), causal]))
    x = layers.MultiHeadAttention(2, 3, dropout=0.1)(query=x, value=x, key=x)
    y = layers.Attention(use_scale=True)([x, causal])
    z = layers.AdditiveAttention()([x, causal])
    pooled = [layers.GlobalAveragePooling1D()(part) for part in (y, z)]
    return whole(inputs, layers.Concatenate()(pooled))


def masked_attention():
    """Attention without heads over masked steps."""
    inputs = rows()
    x = layers.LSTM(4, return_sequences=True)(layers.Masking()(inputs))
    y = layers.Attention(use_scale=True)([x, x])
    z = layers.AdditiveAttention()([x, y, x])
    pooled = [layers.GlobalAveragePooling1D()(part) for part in (y, z)]
    return whole(inputs, layers.Concatenate()(pooled))


def wrapped():
    inputs = keras.Input((28, 28, 1))
    block = keras.Sequential(
        [
            keras.Input((28, 1)),
            layers.Conv1D(3, 3, trainable=False),
            layers.BatchNormalization(),
            layers.MaxPooling1D(2),
        ]
    )
    x = layers.TimeDistributed(block)(inputs)
    x = layers.TimeDistributed(layers.Flatten())(x)
    x = layers.Reshape((28, 13, 3))(x)
    x = layers.TimeDistributed(layers.Bidirectional(layers.LSTM(2)))(x)
    return whole(inputs, x)


def spectral():
    if KERAS_2:
        raise NotImplementedError("this layer of Keras 2 does not run beside Keras 3")
    inputs = keras.Input((28, 28, 1))
    x = layers.SpectralNormalization(layers.Conv2D(3, 3, strides=3), power_iterations=2)(inputs)
    x = layers.Flatten()(x)
    return whole(inputs, layers.SpectralNormalization(layers.Dense(5))(x))


def half():
    """Recurrent layers in half precision."""
    inputs = rows()
    x = layers.LSTM(4, dtype="mixed_float16", return_sequences=True)(inputs)
    x = layers.Bidirectional(layers.GRU(3, dtype="mixed_float16"), dtype="mixed_float16")(x)
    return keras.Model(inputs, layers.Dense(10, dtype="float32")(x))


def pixels():
    """One pixel a step, every 28th of them."""
    inputs = keras.Input((784, 1))
    x = layers.AveragePooling1D(28)(inputs)
    return whole(inputs, layers.SimpleRNN(4)(x))


def channels_first():
    inputs = keras.Input((1, 28, 28))
    first = {"data_format": "channels_first"}
    x = inputs
    if not KERAS_2:  # on a processor Keras 2 cannot
        x = layers.Conv2D(3, 3, strides=2, activation="relu", **first)(x)
        x = layers.MaxPooling2D(2, **first)(x)
        x = layers.BatchNormalization(axis=1)(x)
        x = layers.DepthwiseConv2D(2, **first)(x)
    x = layers.ZeroPadding2D(1, **first)(x)
    return whole(inputs, layers.Flatten(**first)(x))


def colour():
    inputs = keras.Input((28, 28, 3))
    return whole(inputs, layers.Conv2D(3, 5, strides=5)(inputs))


def colour_first():
    inputs = keras.Input((3, 28, 28))
    return whole(inputs, layers.Permute((2, 3, 1))(inputs))


def one_sigmoid():
    inputs = rows()
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Flatten()(inputs)))


def one_logit():
    inputs = rows()
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(inputs)))


def one_hard_sigmoid():
    inputs = rows()
    x = layers.Flatten()(inputs)
    return keras.Model(inputs, layers.Dense(1, activation="hard_sigmoid")(x))


def residual():
    """Squeeze and excite, shared and nested layers."""
    inputs = keras.Input((28, 28, 1))
    x = layers.SeparableConv2D(4, 3, strides=2, padding="same")(inputs)
    x = layers.UnitNormalization()(x) if hasattr(layers, "UnitNormalization") else x
    squeezed = layers.GlobalAveragePooling2D()(x)
    squeezed = layers.Dense(4, activation="hard_sigmoid")(layers.Dense(2, "relu")(squeezed))
    x = layers.Multiply()([x, layers.Reshape((1, 1, 4))(squeezed)])
    shared = layers.Conv2D(4, 3, padding="same")
    x = layers.Add()([x, shared(layers.ELU()(shared(x)))])
    x = layers.GroupNormalization(2)(x) if hasattr(layers, "GroupNormalization") else x
    x = layers.PReLU()(x)
    return whole(inputs, layers.GlobalMaxPooling2D()(x))


def arithmetic_of_tensorflow():
    """Functions of TensorFlow on tensors, which Keras 2 keeps by their names."""
    if not KERAS_2:
        raise NotImplementedError("Keras 3 has operations of its own")
    import tensorflow as tf

    inputs = rows()
    x = 1.0 - inputs / 2.0
    x = (x * 2 - tf.constant([0.5] * 28)) ** 2
    x = x[:, 2:-2, ::-1]
    x = tf.expand_dims(tf.add(x, x) + tf.nn.relu(-x), -1)
    x = tf.image.resize(tf.image.grayscale_to_rgb(x), (14, 14))
    x = tf.image.per_image_standardization(x)
    x = tf.transpose(x, [0, 3, 1, 2])
    x = tf.reshape(tf.cast(x, tf.float32), (-1, 3, 196))
    a, b, c = tf.split(x, 3, axis=1)
    x = tf.concat([a, b, c], axis=2)
    x = tf.squeeze(x, axis=1)
    x = tf.where(x > 0.2, x, tf.nn.leaky_relu(x))
    y = tf.reduce_mean(tf.stack([x, tf.math.sqrt(tf.abs(x) + 1)], axis=1), axis=1)
    y = tf.clip_by_value(tf.nn.l2_normalize(y, axis=-1), -0.5, 0.04)
    y = tf.pad(tf.tile(y, [1, 2]), [[0, 0], [1, 1]])
    z = tf.nn.softmax(tf.matmul(tf.expand_dims(y, 1), tf.expand_dims(y, 1), transpose_b=True))
    y = tf.nn.gelu(y) + tf.math.maximum(tf.math.exp(y), 1.01) + tf.math.reduce_max(z)
    y = y + tf.reduce_sum(tf.square(y), axis=-1, keepdims=True)
    return whole(inputs, y)


def arithmetic_of_keras():
    """Operations of Keras 3."""
    if KERAS_2:
        raise NotImplementedError("Keras 2 has no operations")
    ops = keras.ops
    inputs = rows()
    x = 1.0 - inputs / 2.0
    x = (x * 2 - np.full(28, 0.5, "float32")) ** 2
    x = x[:, 2:-2, ::-1]
    x = ops.expand_dims(ops.add(x, x) + ops.relu(-x), -1)
    x = ops.image.resize(ops.repeat(x, 3, axis=-1), (14, 14))
    x = ops.transpose(x, (0, 3, 1, 2))
    x = ops.reshape(ops.cast(x, "float32"), (-1, 3, 196))
    a, b, c = ops.split(x, 3, axis=1)
    x = ops.squeeze(ops.concatenate([a, b, c], axis=2), axis=1)
    x = ops.where(x > 0.2, x, ops.leaky_relu(x))
    y = ops.mean(ops.stack([x, ops.sqrt(ops.abs(x) + 1)], axis=1), axis=1)
    y = ops.clip(ops.normalize(y, axis=-1), -0.5, 0.04)
    y = ops.pad(ops.tile(y, [1, 2]), [[0, 0], [1, 1]])
    y = ops.gelu(y) + ops.maximum(ops.exp(y), 1.01) + ops.softmax(y)
    y = y + ops.sum(ops.square(y), axis=-1, keepdims=True)
    return whole(inputs, y)


MODELS = (
    *(stateful, kinds, directions, states, cells, masked, attention, masked_attention),
    *(wrapped, spectral, half),
    *(pixels, channels_first, colour, colour_first, one_sigmoid, one_logit, one_hard_sigmoid),
    *(residual, arithmetic_of_tensorflow, arithmetic_of_keras),
)


def fed(model):
    """`images()` in the shape that `model` takes."""
    array = images().astype("float32") / 255
    shape = model.input_shape[1:]
    if 3 in shape:
        array = np.stack([array] * 3, axis=shape.index(3) + 1)
    return array.reshape((-1, *shape))


def nobody(member):
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def write(folder):
    """Write layers-VERSION.tar.xz into `folder`."""
    answers = {}
    archive = os.path.join(folder, f"layers-{keras.__version__}.tar.xz")
    with tempfile.TemporaryDirectory() as work, tarfile.open(archive, "w:xz", preset=9) as packed:
        for build in MODELS:
            keras.utils.set_random_seed(1)
            try:
                model = build()
                rng = np.random.RandomState(2)
                drawn = [rng.normal(0, 0.4, weight.shape) for weight in model.weights]
                model.set_weights(
                    [
                        value**2 if "variance" in weight.name else value
                        for value, weight in zip(drawn, model.weights, strict=True)
                    ]
                )
                answer = np.asarray(model(fed(model), training=False), "float64").round(7).tolist()
            except NotImplementedError as error:
                print(f"{build.__name__}: none ({error})")
                continue
            for suffix in (".keras", ".h5"):
                path = os.path.join(work, build.__name__ + suffix)
                try:
                    model.save(path)
                except Exception as error:
                    print(f"{build.__name__}{suffix}: Keras cannot save it ({error})"[:200])
                    continue
                packed.add(path, build.__name__ + suffix, filter=nobody)
                answers[build.__name__ + suffix] = answer
        with open(os.path.join(work, "expected.json"), "w") as file:
            json.dump(answers, file)
        packed.add(file.name, "expected.json", filter=nobody)
    print(keras.__version__, *answers)


if __name__ == "__main__":
    write(sys.argv[1])

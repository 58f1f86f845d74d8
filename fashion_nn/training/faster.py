"""The layers of a network, computed faster while it trains on a CPU.

`faster` returns a network with the same variables in the same order, and the same function up to
rounding. Three layers are computed differently, on feature maps only:

    BatchNormalization  one fused operation, forward and backward, instead of fifteen that each read
                        and write all of the memory
    Dropout             one or two random bytes for each unit instead of four
    Conv2D              the gradient of the kernel as one matrix product, for maps with few pixels

Everything else is computed as in Keras. A network that is saved has Keras' own layers again.
benchmarks/train_throughput.py measures the gain.
"""

import math
from collections.abc import Callable

import keras
import tensorflow as tf
from keras import layers

# On maps of up to this many pixels, one matrix product is several times faster than TensorFlow's
# gradient of a kernel.
FEW_PIXELS = 25


def faster(model: keras.Model) -> keras.Model:
    """A copy of `model` with faster layers for training; it has variables of its own.

    Args:
        model: uncompiled, Sequential or functional, of layers that Keras' `clone_model` can copy.
    """
    copy = keras.models.clone_model(model, clone_function=_replace)
    for new, old in zip(copy.variables, model.variables, strict=True):
        new.assign(old)
    return copy


def _replace(layer: layers.Layer) -> layers.Layer:
    if isinstance(layer, keras.Model):
        return keras.models.clone_model(layer, clone_function=_replace)
    kind = type(layer)
    is_map = len(layer.output.shape) == 4
    if kind is layers.BatchNormalization and is_map and _is_standard(layer):
        kind = FusedBatchNormalization
    elif kind is layers.Dropout and is_map and layer.noise_shape is None:
        kind = ByteDropout
    elif kind is layers.Conv2D and _has_few_pixels(layer):
        kind = ProductConv2D
    return kind.from_config(layer.get_config())


def _is_standard(layer: layers.BatchNormalization) -> bool:
    return layer.axis in (-1, 3) and layer.center and layer.scale


def _has_few_pixels(layer: layers.Conv2D) -> bool:
    plain = layer.strides == (1, 1) and layer.dilation_rate == (1, 1) and layer.groups == 1
    odd = all(side % 2 for side in layer.kernel_size)
    return plain and odd and math.prod(layer.output.shape[1:3]) <= FEW_PIXELS


def _saved_as(kind: type[layers.Layer]) -> Callable[[type], type]:
    """Decorator: in a saved model, a layer of the class is one of `kind`.

    Keras stores the module and the name of a class, and finds its own layers by them.
    """

    def decorate(faster_kind: type) -> type:
        faster_kind.__module__ = "keras.layers"
        faster_kind.__name__ = kind.__name__
        return faster_kind

    return decorate


@_saved_as(layers.BatchNormalization)
class FusedBatchNormalization(layers.BatchNormalization):
    """Keras' layer for (n, height, width, channels), as TensorFlow's fused operation.

    Statistics are float32 under every precision policy, as in Keras.
    """

    def call(self, inputs, training=None, mask=None):
        training = bool(training and self.trainable)
        moving_mean = tf.convert_to_tensor(self.moving_mean)
        moving_variance = tf.convert_to_tensor(self.moving_variance)
        nothing = tf.zeros([0])
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma,
            offset=self.beta,
            mean=nothing if training else moving_mean,
            variance=nothing if training else moving_variance,
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            # The operation returns the unbiased variance; Keras averages the biased one.
            n = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
            variance *= (n - 1) / n
            share = 1 - self.momentum
            self.moving_mean.assign(self.momentum * moving_mean + share * mean)
            self.moving_variance.assign(self.momentum * moving_variance + share * variance)
        return outputs


@_saved_as(layers.Dropout)
class ByteDropout(layers.Dropout):
    """Keras' layer; a rate that is not a multiple of 1/256 is rounded to a multiple of 1/65536."""

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        kind = tf.uint8 if (self.rate * 256).is_integer() else tf.uint16
        levels = 256**kind.size
        per_draw = 4 // kind.size
        dropped = round(self.rate * levels)
        shape = tf.shape(inputs)
        size = tf.reduce_prod(shape)
        draws = tf.random.stateless_uniform(
            [(size + per_draw - 1) // per_draw],
            seed=tf.cast(self.seed_generator.next(), tf.int32),
            minval=None,
            maxval=None,
            dtype=tf.int32,
            alg="philox",
        )
        draws = tf.reshape(tf.reshape(tf.bitcast(draws, kind), [-1])[:size], shape)
        kept = tf.cast(draws >= tf.constant(dropped, kind), inputs.dtype)
        return inputs * kept * tf.cast(levels / (levels - dropped), inputs.dtype)


@_saved_as(layers.Conv2D)
class ProductConv2D(layers.Conv2D):
    """Keras' layer with stride 1 and an odd kernel; its gradient is one matrix product."""

    def call(self, inputs):
        padding = self.padding.upper()

        @tf.custom_gradient
        def convolve(images, kernel):
            def gradients(upstream):
                to_images = tf.raw_ops.Conv2DBackpropInput(
                    input_sizes=tf.shape(images),
                    filter=kernel,
                    out_backprop=upstream,
                    strides=[1] * 4,
                    padding=padding,
                )
                return to_images, _kernel_gradient(images, upstream, kernel.shape, padding)

            return tf.nn.conv2d(images, kernel, 1, padding), gradients

        outputs = convolve(inputs, tf.convert_to_tensor(self.kernel))
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias))
        return self.activation(outputs)


def _kernel_gradient(images, upstream, shape, padding):
    """The gradient of a kernel.

    Args:
        images: (n, h, w, c_in).
        upstream: gradient of the layer's output, (n, h', w', c_out).
        shape: of the kernel and of the result, (kernel height, kernel width, c_in, c_out).
        padding: SAME or VALID.
    """
    rows, columns, channels_in, channels_out = shape
    height, width = upstream.shape[1:3]
    if padding == "SAME":
        images = tf.pad(images, [[0, 0], [rows // 2] * 2, [columns // 2] * 2, [0, 0]])
    patches = [
        tf.reshape(images[:, i : i + height, j : j + width], (-1, channels_in))
        for i in range(rows)
        for j in range(columns)
    ]
    flat = tf.reshape(upstream, (-1, channels_out))
    product = tf.matmul(tf.concat(patches, axis=1), flat, transpose_a=True)
    return tf.reshape(product, shape)

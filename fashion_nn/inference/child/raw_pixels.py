"""A model of any arrangement and scale of pixels as one of raw pixels. Confined process only."""

from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.core.image_shape import ImageShape, is_colour
from fashion_nn.inference.shared import head
from fashion_nn.inference.shared.feeding import Feeding
from fashion_nn.inference.shared.refusal import Refusal

if TYPE_CHECKING:
    import keras


def model(
    network: "keras.Model", feeding: Feeding, shape: ImageShape, *, softmax: bool
) -> "keras.Model":
    """`network` between layers that scale and arrange pixels and make probabilities of its outputs.

    Args:
        network: it is taken as it is where it needs none of these.
        feeding: how it takes pixels.
        shape: of an image.
        softmax: whether its outputs are logits.

    Returns:
        From images, uint8 (n, h, w) or (n, h, w, 3), to probabilities, (n, classes).

    Raises:
        Refusal: it has one output for two classes.
    """
    import keras
    from keras import layers

    outputs = head.flattened(tuple(network.output_shape))
    if outputs == 1:
        raise Refusal(
            "has one output for two classes, expected one for each class: evaluate it alone"
        )
    scale = feeding.scale
    pixels = keras.Input(shape, dtype="uint8", name="pixels")
    values = pixels
    if "int" not in feeding.dtype:
        values = layers.Rescaling(scale.factor, scale.offset, name="scale")(pixels)
    arranged = _arranged(values, feeding, shape)
    is_flat = len(network.output_shape) == 2
    if arranged is pixels and is_flat and not softmax:
        return network
    network.name = "network"
    answers = network(arranged)
    if not is_flat:
        answers = layers.Reshape((outputs,), name="flat")(answers)
    if softmax:
        answers = layers.Softmax(name="probabilities")(answers)
    return keras.Model(pixels, answers, name="file")


def _arranged(
    values: "keras.KerasTensor", feeding: Feeding, shape: ImageShape
) -> "keras.KerasTensor":
    """The pixels of an image in the arrangement that the network takes; see `Layout.arranged`."""
    from keras import layers

    layout = feeding.layout
    if layout.takes_colour and not is_colour(shape):
        column = layers.Reshape((*shape, 1), name="channel")(values)
        values = layers.Concatenate(name="colours")([column, column, column])
    if layout.arrangement == "colour-first":
        return layers.Permute((3, 1, 2), name="channels_first")(values)
    example = layout.arranged(np.zeros((1, *shape), np.uint8))
    if tuple(example.shape[1:]) == tuple(values.shape[1:]):
        return values
    return layers.Reshape(example.shape[1:], name="arrange")(values)

"""A model of any arrangement and scale of pixels as one of raw pixels: it answers the same."""

import keras
import numpy as np
import pytest
from keras import layers

from fashion_nn.inference.child import raw_pixels
from fashion_nn.inference.shared.feeding import Feeding
from fashion_nn.inference.shared.layout import layout_of
from fashion_nn.inference.shared.refusal import Refusal
from fashion_nn.inference.shared.scale import Scale

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (4, 6, 6), np.uint8)
COLOUR = RNG.integers(0, 256, (4, 6, 6, 3), np.uint8)


def feeding(shape, dtype="float32"):
    scale = Scale("of its own", -1 / 100, 0.5) if dtype == "float32" else Scale("0-255", 1, 0)
    return Feeding(layout_of(shape), dtype, scale, "asked for")


def network(shape, *last, dtype="float32"):
    pixels = keras.Input(shape, dtype=dtype)
    values = layers.Flatten()(layers.Rescaling(1.0)(pixels))
    for layer in last or (layers.Dense(3),):
        values = layer(values)
    return keras.Model(pixels, values)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("images", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize(
    "shape",
    [(36,), (1, 36), (36, 1), (6, 6), (6, 6, 1), (1, 6, 6), (6, 6, 3), (3, 6, 6), (108,)],
)
def test_each_arrangement_gives_the_same_answers(shape, images):
    how = feeding(shape)
    if images is COLOUR and not how.layout.takes_colour:
        pytest.skip("takes grey images only")
    inner = network(shape)
    expected = softmax(np.asarray(inner(how.array(images))))
    model = raw_pixels.model(inner, how, images.shape[1:], softmax=True)
    assert model.inputs[0].dtype == "uint8"
    np.testing.assert_allclose(model(images), expected, atol=1e-5)


def test_a_model_of_raw_pixels_is_taken_as_it_is():
    inner = network((6, 6), dtype="uint8")
    assert raw_pixels.model(inner, feeding((6, 6), "uint8"), (6, 6), softmax=False) is inner


def test_outputs_with_axes_of_one_become_flat():
    inner = network((6, 6), layers.Dense(3, "softmax"), layers.Reshape((1, 3)), dtype="uint8")
    model = raw_pixels.model(inner, feeding((6, 6), "uint8"), (6, 6), softmax=False)
    np.testing.assert_allclose(model(GREY), np.asarray(inner(GREY))[:, 0], atol=1e-6)


def test_one_output_for_two_classes_is_refused():
    with pytest.raises(Refusal, match="one output for two classes"):
        raw_pixels.model(network((6, 6), layers.Dense(1)), feeding((6, 6)), (6, 6), softmax=True)

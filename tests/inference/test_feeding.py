"""Models that others made are fed what they expect, and the choice is printed."""

import keras
import numpy as np
import pytest
from in_process import Opened
from keras import layers

from fashion_nn import inference
from fashion_nn.errors import InputError

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 28, 28), np.uint8)

pytestmark = pytest.mark.usefixtures("forked_models")


def model(*body, shape, dtype="float32", outputs=10, activation="softmax"):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input(shape, dtype=dtype),
            *body,
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dense(outputs, activation=activation),
        ]
    )


def normalization():
    return layers.Normalization(axis=None, mean=72.9, variance=8100.0)


FOREIGN = {
    "flat": (model(shape=(784,)), lambda x: x.reshape(-1, 784) / 255, "no scaling of its own"),
    "image": (model(shape=(28, 28)), lambda x: x / 255, "no scaling of its own"),
    "channel": (
        model(layers.Conv2D(4, 3), shape=(28, 28, 1)),
        lambda x: x[..., None] / 255,
        "no scaling of its own",
    ),
    "rescaling": (
        model(layers.Rescaling(1 / 255), layers.Conv2D(4, 3), shape=(28, 28, 1)),
        lambda x: x[..., None],
        "begins with Rescaling",
    ),
    "normalization": (
        model(layers.Reshape((28, 28, 1)), normalization(), shape=(28, 28)),
        lambda x: x,
        "begins with Normalization",
    ),
    "augmented": (
        model(
            layers.RandomFlip("horizontal"),
            layers.Rescaling(1 / 127.5, offset=-1),
            shape=(28, 28, 1),
        ),
        lambda x: x[..., None],
        "begins with Rescaling",
    ),
    "resized": (
        model(
            layers.Resizing(14, 14),
            layers.ZeroPadding2D(1),
            layers.Rescaling(1 / 255),
            shape=(28, 28, 1),
        ),
        lambda x: x[..., None],
        "begins with Rescaling",
    ),
    "nested": (
        model(
            keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255)]),
            shape=(28, 28, 1),
        ),
        lambda x: x[..., None],
        "begins with Rescaling",
    ),
    "uint8": (
        model(layers.Rescaling(1 / 255), shape=(28, 28), dtype="uint8"),
        lambda x: x,
        "takes uint8",
    ),
}


@pytest.fixture(scope="module")
def predictor(tmp_path_factory):
    """The image model in its confined process."""
    path = tmp_path_factory.mktemp("image") / "model.keras"
    FOREIGN["image"][0].save(path)
    with inference.open_model(path) as predictor:
        yield predictor


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("name", FOREIGN)
def test_outputs_are_those_of_keras_on_rightly_scaled_images(tmp_path, name, suffix):
    foreign, prepare, why = FOREIGN[name]
    foreign.save(tmp_path / f"model.{suffix}")
    opened = Opened(tmp_path / f"model.{suffix}")
    expected = foreign.predict(prepare(IMAGES), verbose=0)
    np.testing.assert_allclose(opened(IMAGES), expected, atol=1e-5)
    assert why in str(opened.feeding)
    assert ("divided by 255" in str(opened.feeding)) == ("no scaling" in why)


@pytest.mark.parametrize(("name", "suffix"), [("channel", "keras"), ("rescaling", "h5")])
def test_so_are_those_of_the_confined_process(tmp_path, name, suffix):
    foreign, prepare, why = FOREIGN[name]
    foreign.save(tmp_path / f"model.{suffix}")
    with inference.open_model(tmp_path / f"model.{suffix}") as predictor:
        assert predictor.classes == 10
        assert why in str(predictor.feeding)
        np.testing.assert_allclose(
            predictor(IMAGES), foreign.predict(prepare(IMAGES), verbose=0), atol=1e-5
        )


PREPARED = {
    "0-1": lambda x: x / 255,
    "0-255": lambda x: x,
    "-1-1": lambda x: x / 127.5 - 1,
    "standardised": lambda x: (x - x.mean()) / x.std(),
    "inverted": lambda x: 1 - x / 255,
    "inverted-0-255": lambda x: 255 - x,
    "inverted--1-1": lambda x: 1 - x / 127.5,
    "inverted-standardised": lambda x: (x.mean() - x) / x.std(),
}


@pytest.mark.parametrize("scale", PREPARED)
def test_scale_overrides_and_is_said(predictor, tmp_path, scale):
    foreign = FOREIGN["image"][0]
    foreign.save(tmp_path / "model.keras")
    expected = foreign.predict(PREPARED[scale](IMAGES.astype("float32")), verbose=0)
    with predictor.fed(inference.named(scale, inference.Figures.of(IMAGES))):
        np.testing.assert_allclose(predictor(IMAGES), expected, atol=1e-5)
    if scale in ("inverted", "standardised"):  # a process more for each takes a second
        with inference.open_model(tmp_path / "model.keras", scale=scale) as opened:
            np.testing.assert_allclose(opened(IMAGES), expected, atol=1e-5)
            assert "asked for" in str(opened.feeding)


def test_every_named_scale_is_tried():
    assert set(PREPARED) | {"auto", "inverted-0-1"} == set(inference.SCALES)


def test_pixels_divided_by_255_are_the_numbers_that_numpy_gives():
    pixels = np.arange(256, dtype=np.float32)
    by_hand = {"0-1": pixels / 255, "-1-1": pixels / np.float32(127.5) - 1, "0-255": pixels}
    for name, expected in by_hand.items():
        np.testing.assert_allclose(inference.named(name).values("float32"), expected, atol=6e-8)
    np.testing.assert_array_equal(inference.named("0-1").values("float32"), by_hand["0-1"])


def test_a_scale_without_a_name_is_refused(tmp_path):
    FOREIGN["image"][0].save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="scale '0-2': expected one of auto, 0-1"):
        inference.open_model(tmp_path / "model.keras", scale="0-2")


def test_a_model_that_takes_integers_cannot_be_given_fractions(tmp_path):
    FOREIGN["uint8"][0].save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="takes integers of type uint8"):
        inference.open_model(tmp_path / "model.keras", scale="0-1")


def test_logits_are_as_good_as_probabilities(tmp_path):
    logits = model(shape=(28, 28), activation=None)
    logits.save(tmp_path / "model.keras")
    found = inference.open_model(tmp_path / "model.keras")(IMAGES)
    expected = keras.ops.softmax(logits.predict(IMAGES / 255, verbose=0))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_order_and_answers_do_not_depend_on_the_batch_size(predictor):
    np.testing.assert_allclose(predictor(IMAGES), predictor(IMAGES, batch_size=3), atol=1e-6)
    np.testing.assert_allclose(predictor(IMAGES)[::-1], predictor(IMAGES[::-1]), atol=1e-6)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: model(shape=(32, 32, 4)), r"inputs of shape \(32, 32, 4\)"),
        (lambda: model(shape=(783,)), r"inputs of shape \(783,\)"),
        (
            lambda: model(shape=(28, 28), outputs=1, activation="softmax"),
            "has one output, with the activation softmax",
        ),
        (
            lambda: keras.Sequential([keras.Input((28, 28)), layers.Dense(10)]),
            r"output has the shape \(None, 28, 10\)",
        ),
        (
            lambda: keras.Model(
                x := keras.Input((784,)), [layers.Dense(10)(x), layers.Dense(10)(x)]
            ),
            "has 2 outputs",
        ),
        (
            lambda: keras.Model(
                [x := keras.Input((784,)), y := keras.Input((784,))],
                layers.Dense(10)(layers.Add()([x, y])),
            ),
            "has 2 inputs",
        ),
    ],
)
def test_models_that_do_not_classify_one_image_are_refused(tmp_path, build, said):
    build().save(tmp_path / "model.keras")
    with pytest.raises(InputError, match=said) as caught:
        inference.open_model(tmp_path / "model.keras")(IMAGES)
    assert "\n" not in str(caught.value)


def test_images_of_another_size_are_refused(predictor):
    with pytest.raises(InputError, match="takes images of 28 x 28 pixels, got 14 x 14"):
        predictor(IMAGES[:, ::2, ::2])


def test_outputs_that_are_not_finite_are_refused(tmp_path):
    broken = model(shape=(784,))
    broken.layers[-1].kernel.assign(np.full((8, 10), np.nan))
    broken.save(tmp_path / "model.keras")
    with pytest.raises(InputError, match="finite"):
        inference.open_model(tmp_path / "model.keras")(IMAGES)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.pt", b"PK\x03\x04", "holds weights of PyTorch or a checkpoint"),
        ("model.keras", b"", "is empty"),
        ("model.h5", b"PK\x03\x04", "not that of a .h5 file"),
        ("model.keras", b"\x89HDF\r\n\x1a\n", "rename it to .h5"),
        ("model.keras", b"PK\x03\x04 and then nothing", "model.keras"),
        ("model.h5", b"\x89HDF\r\n\x1a\n and then nothing", "model.h5"),
    ],
)
def test_files_that_are_no_models(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        inference.open_model(tmp_path / name)
    assert "\n" not in str(caught.value)


COLOURED = np.random.default_rng(1).integers(0, 256, (5, 16, 12, 3), np.uint8)
TAKES_COLOUR = {
    "channels last": (model(layers.Conv2D(4, 3), shape=(16, 12, 3)), lambda x: x),
    "channels first": (model(shape=(3, 16, 12)), lambda x: np.moveaxis(x, -1, 1)),
}


@pytest.mark.parametrize("name", TAKES_COLOUR)
def test_images_in_colour_go_to_a_network_for_colour_as_they_are(tmp_path, name):
    built, arranged = TAKES_COLOUR[name]
    built.save(tmp_path / "model.keras")
    expected = built.predict(arranged(COLOURED / 255), verbose=0)
    np.testing.assert_allclose(Opened(tmp_path / "model.keras")(COLOURED), expected, atol=1e-6)


def test_a_network_of_flat_rows_gets_the_colours_of_a_pixel_beside_each_other(tmp_path):
    built = model(shape=(12 * 12 * 3,))
    built.save(tmp_path / "model.keras")
    square = np.ascontiguousarray(COLOURED[:, :12])
    expected = built.predict(square.reshape(5, -1) / 255, verbose=0)
    np.testing.assert_allclose(Opened(tmp_path / "model.keras")(square), expected, atol=1e-6)


def test_a_network_for_grey_images_refuses_colour_in_one_line(tmp_path):
    model(shape=(16, 12, 1)).save(tmp_path / "model.keras")
    refused = pytest.raises(InputError, match="takes grey images, got images in colour: choose a")
    with inference.open_model(tmp_path / "model.keras") as predictor, refused:
        predictor(COLOURED)

"""The contract of every registered model, and the published layer tables row by row."""

import functools
import math
import re
import subprocess
import sys
from dataclasses import dataclass

import keras
import numpy as np
import pytest

from fashion_nn import zoo
from fashion_nn.errors import InputError


@dataclass(frozen=True)
class Expected:
    """What a model must be at 28 x 28 pixels and 10 classes, typed from the reports, not from our
    output.

    table: a line for each layer after scaling and reshaping: type, output shape without the batch,
        parameters.
    activations: of the convolutions, the dense layers and the last layer; linear where the
        activation is a layer.
    dropout: published rates; None where none are.
    scaled: what the first weights see of a black and of a white pixel.
    large: too slow for the quick tests to train until it overfits.
    """

    total: int
    trainable: int
    activations: list[str]
    table: str
    dropout: list[float] | None = None
    scaled: tuple[float, float] = (0, 1)
    large: bool = False


EXPECTED = {
    "mlp": Expected(
        total=244_591,
        trainable=244_491,
        activations=["relu"] * 5 + ["linear"],
        dropout=[0.6, 0.4, 0.5],
        table="""
            Dense 256 200960
            Dropout 256 0
            Dense 128 32896
            Dropout 128 0
            Dense 50 6450
            BatchNormalization 50 200
            Dense 50 2550
            Dense 25 1275
            Dropout 25 0
            Dense 10 260
            Activation 10 0
        """,
    ),
    "cnn-v1": Expected(
        total=380_675,
        trainable=380_163,
        activations=["linear"] * 9,
        large=True,
        table="""
            Conv2D 28,28,200 2000
            Activation 28,28,200 0
            Conv2D 28,28,100 180100
            Activation 28,28,100 0
            MaxPooling2D 14,14,100 0
            Dropout 14,14,100 0
            Conv2D 14,14,50 45050
            Activation 14,14,50 0
            MaxPooling2D 7,7,50 0
            Conv2D 7,7,50 22550
            Activation 7,7,50 0
            MaxPooling2D 3,3,50 0
            Flatten 450 0
            Dense 256 115456
            BatchNormalization 256 1024
            Activation 256 0
            Dense 50 12850
            Activation 50 0
            Dropout 50 0
            Dense 25 1275
            Activation 25 0
            Dropout 25 0
            Dense 10 260
            Activation 10 0
            Dropout 10 0
            Dense 10 110
            Activation 10 0
        """,
    ),
    "cnn-v2": Expected(
        total=1_922_058,
        trainable=1_920_330,
        activations=["relu"] * 8 + ["softmax"],
        dropout=[0.5, 0.5, 0.5],
        large=True,
        table="""
            Conv2D 28,28,32 320
            BatchNormalization 28,28,32 128
            Conv2D 26,26,64 18496
            BatchNormalization 26,26,64 256
            MaxPooling2D 13,13,64 0
            Dropout 13,13,64 0
            Conv2D 13,13,128 73856
            BatchNormalization 13,13,128 512
            Conv2D 11,11,128 147584
            BatchNormalization 11,11,128 512
            MaxPooling2D 5,5,128 0
            Dropout 5,5,128 0
            Conv2D 5,5,256 295168
            BatchNormalization 5,5,256 1024
            Conv2D 3,3,256 590080
            BatchNormalization 3,3,256 1024
            MaxPooling2D 1,1,256 0
            Flatten 256 0
            Dense 1024 263168
            Dropout 1024 0
            Dense 512 524800
            Dense 10 5130
        """,
    ),
    # Report 002 prints no table: the layers as its course states them, shapes and counts by hand.
    "dcn": Expected(
        total=1_111_946,
        trainable=1_111_946,
        activations=["linear"] * 4,
        dropout=[0.5],
        scaled=(-0.01307 / 0.3081, (1 - 0.01307) / 0.3081),
        table="""
            Conv2D 24,24,32 832
            Activation 24,24,32 0
            MaxPooling2D 12,12,32 0
            Conv2D 8,8,64 51264
            Activation 8,8,64 0
            MaxPooling2D 4,4,64 0
            Flatten 1024 0
            Dense 1024 1049600
            Activation 1024 0
            Dropout 1024 0
            Dense 10 10250
            Activation 10 0
        """,
    ),
    # Ours, by hand.
    "sprint": Expected(
        total=657_922,
        trainable=656_578,
        activations=["relu"] + ["linear"] * 7,
        scaled=(-0.57, 1.43),
        table="""
            Conv2D 27,27,24 120
            Conv2D 27,27,48 10368
            MaxPooling2D 13,13,48 0
            BatchNormalization 13,13,48 192
            Activation 13,13,48 0
            Conv2D 13,13,48 20736
            BatchNormalization 13,13,48 192
            Activation 13,13,48 0
            Conv2D 13,13,96 41472
            MaxPooling2D 6,6,96 0
            BatchNormalization 6,6,96 384
            Activation 6,6,96 0
            Conv2D 6,6,96 82944
            BatchNormalization 6,6,96 384
            Activation 6,6,96 0
            Conv2D 6,6,192 165888
            MaxPooling2D 3,3,192 0
            BatchNormalization 3,3,192 768
            Activation 3,3,192 0
            Conv2D 3,3,192 331776
            BatchNormalization 3,3,192 768
            Activation 3,3,192 0
            GlobalMaxPooling2D 192 0
            Dense 10 1930
            Activation 10 0
        """,
    ),
}

every_model = pytest.mark.parametrize("name", zoo.names())


@pytest.fixture(autouse=True)
def fresh_keras():
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@functools.cache
def as_published(name: str) -> keras.Model:
    """The model as published, for tests that only look at it."""
    return zoo.build(name)


def answers(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """The model's probabilities, without the compilation that `predict` begins with."""
    return np.asarray(model(x))


def small_side(name: str) -> int:
    """A quick size that the model accepts."""
    return max(zoo.describe(name).smallest, 8)


def images(count: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width), dtype=np.uint8)


def easy(name: str) -> dict[str, float]:
    """Options without dropout, and with quick moving means."""
    values = {"dropout": 0.0, "bn": 0.5}
    return {
        option: values[option.split("_")[0]]
        for option in zoo.describe(name).options
        if option.startswith(("dropout", "bn"))
    }


def compile_for_training(model: keras.Model, learning_rate: float) -> None:
    model.compile(
        keras.optimizers.Adam(learning_rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # the XLA compiler takes longer than these trainings
    )


# The registry


def test_names_need_no_keras():
    code = (
        "import sys; from fashion_nn import zoo; print(*(zoo.describe(name).name for name in"
        " zoo.names()));print([m for m in ('keras', 'tensorflow', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [" ".join(zoo.names()), "[]"]


def test_a_module_among_the_models_is_found(tmp_path):
    (tmp_path / "newest.py").write_text(
        "from fashion_nn.zoo import register\n"
        "@register(source='nowhere', parameters=0, space={})\n"
        "def of_tomorrow(*, name, image_shape, classes): 'A model of tomorrow.'\n"
    )
    code = (
        f"from fashion_nn.zoo import models, names; models.__path__.append({str(tmp_path)!r});"
        " print(*names())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [*zoo.names(), "of-tomorrow"]


def test_every_model_has_expectations():
    assert zoo.names() == tuple(EXPECTED)


def test_a_name_cannot_be_registered_twice():
    def mlp(**_):
        pass

    zoo.describe("mlp")
    with pytest.raises(ValueError, match="two models are called 'mlp'"):
        zoo.register(source="elsewhere", parameters=1, space={})(mlp)


def test_a_search_space_of_unknown_options_is_refused():
    def never_registered(*, name, image_shape, classes, dropout=0.5):
        pass

    with pytest.raises(ValueError, match="never-registered: the search space has unknown options"):
        zoo.register(source="nowhere", parameters=1, space={"dropuot": zoo.OneOf(0.1)})(
            never_registered
        )


@every_model
def test_describe(name):
    entry = zoo.describe(name)
    assert entry.name == name
    assert entry.source and entry.summary.endswith(".") and "\n" not in entry.summary
    assert all(isinstance(default, bool | int | float | str) for default in entry.options.values())


@every_model
def test_the_stored_number_of_parameters_is_that_of_the_model(name):
    assert zoo.describe(name).parameters == zoo.parameters(as_published(name)).total


@pytest.mark.parametrize("call", [zoo.build, zoo.describe])
def test_an_unknown_name_lists_the_known(call):
    with pytest.raises(
        InputError, match="unknown model 'resnet-900': expected one of mlp, cnn-v1, cnn-v2"
    ):
        call("resnet-900")


def test_an_unknown_option_lists_the_known():
    with pytest.raises(
        InputError,
        match="mlp has no option 'dropuot': expected one of dropout_1, dropout_2, dropout_3",
    ):
        zoo.build("mlp", dropuot=0.1)


@every_model
@pytest.mark.parametrize("value", [-0.1, 1, 1.5, math.nan, "0.5", None, True, [0.5]])
def test_a_rate_out_of_range_is_refused(name, value):
    for option in zoo.describe(name).options:
        with pytest.raises(InputError, match=rf"{name}: {option}=.*: expected .*") as caught:
            zoo.build(name, **{option: value})
        assert "\n" not in str(caught.value)


@every_model
def test_each_option_reaches_one_layer_or_all_norms(name):
    standard = [layer.get_config() for layer in as_published(name).layers]
    for option, default in zoo.describe(name).options.items():
        if isinstance(default, str):
            continue
        changed = [layer.get_config() for layer in zoo.build(name, **{option: 0.125}).layers]
        touched = [new["name"] for old, new in zip(standard, changed, strict=True) if old != new]
        if option == "bn_momentum":
            assert touched == [
                config["name"] for config in standard if config["name"].startswith("norm_")
            ]
        else:
            assert touched == [option]


@pytest.mark.parametrize(
    "shape", [(28,), (28, 28, 1), 28, "28", (28.0, 28), (None, 28), (True, 28), None]
)
def test_an_image_shape_that_is_none_is_refused(shape):
    with pytest.raises(InputError, match="expected a height and a width in pixels"):
        zoo.build("mlp", image_shape=shape)


@pytest.mark.parametrize("classes", [1, 0, -3, 2.0, "10", None, True])
def test_fewer_than_two_classes_are_refused(classes):
    with pytest.raises(InputError, match="expected a whole number, at least 2"):
        zoo.build("mlp", classes=classes)


# The published tables


def split_table(text: str) -> list[tuple]:
    rows = (line.split() for line in text.strip().splitlines())
    return [
        (kind, (None, *map(int, shape.split(","))), int(parameters))
        for kind, shape, parameters in rows
    ]


@every_model
def test_the_table_is_the_published_one(name):
    rows = zoo.layer_table(as_published(name))
    assert [row.type for row in rows[:2]] in (["Rescaling", "Flatten"], ["Rescaling", "Reshape"])
    assert rows[0].parameters == rows[1].parameters == 0
    published = split_table(EXPECTED[name].table)
    assert [(row.type, row.output_shape, row.parameters) for row in rows[2:]] == published


@every_model
def test_parameters(name):
    total, trainable = EXPECTED[name].total, EXPECTED[name].trainable
    assert zoo.parameters(as_published(name)) == (total, trainable, total - trainable)
    assert sum(row.parameters for row in zoo.layer_table(as_published(name))) == total


@every_model
def test_activations_are_where_the_table_has_them(name):
    model = as_published(name)
    inside = [
        layer.activation.__name__
        for layer in model.layers
        if layer.name.startswith(("conv", "dense"))
    ]
    if not isinstance(model.layers[-1], keras.layers.Activation):
        inside.append(model.layers[-1].activation.__name__)
    assert inside == EXPECTED[name].activations
    assert model.layers[-1].activation.__name__ == "softmax"


@pytest.mark.parametrize("name", [name for name in EXPECTED if EXPECTED[name].dropout])
def test_published_dropout_rates(name):
    dropouts = [
        layer for layer in as_published(name).layers if isinstance(layer, keras.layers.Dropout)
    ]
    assert [layer.rate for layer in dropouts] == EXPECTED[name].dropout


def test_published_momentum():
    assert zoo.build("mlp").get_layer("norm_1").momentum == 0.70


# The contract of every model


@every_model
def test_pixels_in_probabilities_out(name):
    side = small_side(name)
    model = zoo.build(name, image_shape=(side, side))
    assert not model.compiled
    assert model.inputs[0].dtype == "uint8" and model.inputs[0].shape == (None, side, side)
    x = images(3, side, side)
    probabilities = model.predict(x, verbose=0)
    assert probabilities.shape == (3, 10) and probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    assert len(np.unique(probabilities, axis=0)) == 3


@every_model
def test_the_same_pixels_in_another_number_type_give_the_same(name):
    side = small_side(name)
    model = zoo.build(name, image_shape=(side, side))
    x = images(2, side, side)
    expected = model(x)
    for dtype in (np.float32, np.float64, np.int64):
        np.testing.assert_array_equal(model(x.astype(dtype)), expected)


@every_model
def test_the_first_weights_see_scaled_pixels(name):
    model = as_published(name)
    x = images(1, 28, 28)
    scaled = keras.Sequential(model.layers[:2])(x)
    np.testing.assert_allclose(
        np.ravel(scaled), np.interp(np.ravel(x), (0, 255), EXPECTED[name].scaled), atol=1e-6
    )


@every_model
def test_gradients_are_finite_and_reach_every_weight(name):
    import tensorflow as tf

    side = small_side(name)
    model = zoo.build(name, image_shape=(side, side), **easy(name))
    x, y = images(16, side, side), np.arange(16) % 10
    with tf.GradientTape() as tape:
        loss = keras.ops.mean(
            keras.losses.sparse_categorical_crossentropy(y, model(x, training=True))
        )
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert np.isfinite(gradient).all(), weight.path
        if weight.name == "kernel":
            assert np.any(gradient), weight.path


@every_model
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_saved_model_gives_the_same(name, suffix, tmp_path):
    side = small_side(name)
    model = zoo.build(name, image_shape=(side, side))
    for (
        weight
    ) in model.non_trainable_weights:  # not the moving means 0 and variances 1 of a new model
        weight.assign(keras.random.uniform(weight.shape, 0.5, 1.5, seed=1))
    model.save(tmp_path / f"model{suffix}")
    loaded = keras.models.load_model(tmp_path / f"model{suffix}", compile=False)
    x = images(4, side, side)
    np.testing.assert_array_equal(answers(loaded, x), answers(model, x))
    assert zoo.layer_table(loaded) == zoo.layer_table(model)
    assert loaded.inputs[0].dtype == "uint8"


@every_model
def test_two_builds_are_the_same_model(name, tmp_path):
    side = small_side(name)
    for path in (tmp_path / "first.h5", tmp_path / "second.h5"):
        keras.utils.set_random_seed(1)
        zoo.build(name, image_shape=(side, side)).save(path)
    assert (tmp_path / "first.h5").read_bytes() == (tmp_path / "second.h5").read_bytes()
    assert zoo.build(name).to_json() == as_published(name).to_json()
    assert as_published(name).name == name


@every_model
def test_mixed_precision_still_gives_float32(name):
    side = small_side(name)
    single = zoo.build(name, image_shape=(side, side))
    keras.config.set_dtype_policy("mixed_bfloat16")
    mixed = zoo.build(name, image_shape=(side, side))
    mixed.set_weights(single.get_weights())
    x = images(8, side, side)
    probabilities = answers(mixed, x)
    assert mixed.layers[3].compute_dtype == "bfloat16"
    assert mixed.outputs[0].dtype == "float32" and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(probabilities, answers(single, x), atol=0.02)


# The gradients of the large ones are compared in test_faster.py.
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * EXPECTED[name].large) for name in EXPECTED],
)
def test_it_overfits_32_images(name):
    side = small_side(name)
    model = zoo.build(name, image_shape=(side, side), **easy(name))
    compile_for_training(model, 2e-3)
    x, y = images(32, side, side), np.arange(32) % 10
    assert model.evaluate(x, y, verbose=0)[1] < 0.5
    for _ in range(12):
        model.fit(x, y, batch_size=32, epochs=10, verbose=0)
        if model.evaluate(x, y, verbose=0)[1] == 1:
            return
    pytest.fail(f"accuracy {model.evaluate(x, y, verbose=0)[1]} after 120 epochs")


@pytest.mark.slow
@every_model
def test_it_learns_handwritten_digits_with_its_own_rates(name):
    from sklearn.datasets import load_digits

    digits = load_digits()
    scale = math.ceil(zoo.describe(name).smallest / 8)
    x = np.kron(digits.images * 255 / 16, np.ones((1, scale, scale))).astype(np.uint8)
    quick = {"bn_momentum": 0.9} if "bn_momentum" in zoo.describe(name).options else {}
    model = zoo.build(name, image_shape=x.shape[1:], **quick)
    compile_for_training(model, 1e-3)
    model.fit(x[:1200], digits.target[:1200], batch_size=32, epochs=6, verbose=0)
    assert model.evaluate(x[1200:], digits.target[1200:], verbose=0)[1] > 0.5  # guessing gives 0.1


@every_model
@pytest.mark.parametrize("classes", [2, 3, 26, 100])
def test_other_class_counts(name, classes):
    side = small_side(name)
    model = zoo.build(name, image_shape=(side, side), classes=classes)
    assert answers(model, images(1, side, side)).shape == (1, classes)
    widths = [row.output_shape[-1] for row in zoo.layer_table(model) if row.type == "Dense"]
    assert all(width >= min(classes, 10) for width in widths)


@every_model
def test_other_and_oblong_image_sizes(name):
    least = zoo.describe(name).smallest
    for height, width in ((least, 40), (40, least + 13), (least + 13, least)):
        model = zoo.build(name, image_shape=(height, width))
        assert answers(model, images(1, height, width)).shape == (1, 10)


@every_model
def test_images_in_colour(name):
    side = small_side(name)
    grey = zoo.build(name, image_shape=(side, side + 3))
    model = zoo.build(name, image_shape=(side, side + 3, 3))
    assert model.inputs[0].shape == (None, side, side + 3, 3)
    coloured = np.random.default_rng(0).integers(0, 256, (2, side, side + 3, 3), np.uint8)
    assert answers(model, coloured).shape == (2, 10)
    # Only the first layer with weights sees the channels.
    changed = [
        (of_grey.shape, of_colour.shape)
        for of_grey, of_colour in zip(grey.weights, model.weights, strict=True)
        if of_grey.shape != of_colour.shape
    ]
    assert len(changed) == 1
    assert math.prod(changed[0][1]) == 3 * math.prod(changed[0][0])


@pytest.mark.parametrize("shape", [(8, 10), (8, 10, 3)])
def test_the_mirror_of_a_mixture_is_the_mirrored_image(shape):
    member = zoo.build("mlp", image_shape=shape)
    x = np.random.default_rng(0).integers(0, 256, (5, *shape), np.uint8)
    expected = (answers(member, x) + answers(member, x[:, :, ::-1])) / 2
    both = zoo.mixture([member], [1.0], shape, mirror=True, name="both")
    np.testing.assert_allclose(answers(both, x), expected, atol=1e-6)


@every_model
def test_the_smallest_image_is_the_smallest_that_the_layers_allow(name):
    entry = zoo.describe(name)
    least = entry.smallest
    zoo.build(name, image_shape=(least, least))
    for shape in ((least - 1, 40), (40, least - 1)):
        message = (
            f"^{name} needs images of at least {least} x {least} pixels, got {shape[0]} x"
            f" {shape[1]}$"
        )
        with pytest.raises(InputError, match=message):
            zoo.build(name, image_shape=shape)
        if least > 1:  # so do the layers themselves
            with pytest.raises(ValueError):
                entry._builder(name=name, image_shape=shape, classes=10)


def test_the_published_minimum():
    with pytest.raises(
        InputError, match="cnn-v2 needs images of at least 22 x 22 pixels, got 8 x 8"
    ):
        zoo.build("cnn-v2", image_shape=(8, 8))


# The options of the DCN that are words


@pytest.mark.parametrize(
    ("option", "known"),
    [
        ("activation", "relu, sigmoid, tanh, leaky-relu"),
        ("initializer", "xavier, he"),
        ("padding", "valid, same"),
    ],
)
def test_an_unknown_word_lists_the_known(option, known):
    for value in ("Relu", "", None, True, ["relu"]):
        message = f"^dcn: {option}={re.escape(repr(value))}: expected one of {known}$"
        with pytest.raises(InputError, match=message):
            zoo.build("dcn", **{option: value})


def test_both_readings_of_the_padding():
    """Unpadded 4 x 4 x 64 numbers reach the dense layer, padded 7 x 7 x 64."""
    filters = 5 * 5 * 1 * 32 + 32 + 5 * 5 * 32 * 64 + 64
    for padding, side in (("valid", 4), ("same", 7)):
        counted = filters + (side * side * 64 + 1) * 1024 + (1024 + 1) * 10
        assert zoo.parameters(zoo.build("dcn", padding=padding)).total == counted
    assert counted == 3_274_634


@pytest.mark.parametrize(
    ("activation", "formula"),
    [
        ("relu", lambda z: np.maximum(z, 0)),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", np.tanh),
        ("leaky-relu", lambda z: np.where(z > 0, z, 0.01 * z)),
    ],
)
def test_the_activation_is_in_all_three_places(activation, formula):
    model = zoo.build("dcn", activation=activation)
    z = np.linspace(-4, 4, 9, dtype=np.float32)[None]
    for layer in (layer for layer in model.layers if layer.name.startswith("activation_")):
        np.testing.assert_allclose(np.ravel(layer.call(z)), formula(z[0]), rtol=1e-5, atol=1e-6)
    assert sum(layer.name.startswith("activation_") for layer in model.layers) == 3


@pytest.mark.parametrize(
    ("initializer", "fans"), [("xavier", lambda i, o: (i + o) / 2), ("he", lambda i, o: i)]
)
def test_the_initial_weights_are_uniform_as_in_pytorch(initializer, fans):
    model = zoo.build("dcn", initializer=initializer)
    for name, fan_in, fan_out in (
        ("conv_1", 25, 800),
        ("conv_2", 800, 1600),
        ("dense_1", 1024, 1024),
    ):
        kernel, bias = model.get_layer(name).get_weights()
        scale = math.sqrt(1 if initializer == "xavier" else 2)
        bound = scale * math.sqrt(3 / fans(fan_in, fan_out))
        assert 0.97 * bound < np.abs(kernel).max() <= bound, name
        assert kernel.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)
        assert not bias.any()


# Widths and filters


@pytest.mark.parametrize(
    ("name", "option", "numbers", "layers"),
    [
        ("mlp", "widths", [12, 10, 8, 6, 4], [f"dense_{i}" for i in range(1, 6)]),
        ("cnn-v1", "filters", [5, 4, 3, 2], ["conv_1", "conv_2", "conv_3", "conv_4"]),
        ("cnn-v2", "filters", [2, 3, 4, 5, 6, 7], [f"conv_{i}" for i in range(1, 7)]),
        ("dcn", "filters", [3, 5], ["conv_1", "conv_2"]),
        ("sprint", "filters", [3, 4, 5, 6], ["conv_1", "conv_2", "conv_4", "conv_6"]),
    ],
)
def test_sizes_are_those_of_the_layers(name, option, numbers, layers):
    text = ",".join(map(str, numbers))
    model = zoo.build(name, **{option: text})
    assert [model.get_layer(layer).output.shape[-1] for layer in layers] == numbers
    known = zoo.describe(name).space[option].values
    assert zoo.describe(name).options[option] in known
    zero = "0" + text[text.index(",") :]
    message = rf"{name}: {option}=.*: expected {len(numbers)} whole"
    for wrong in (f"{text},3", zero, text.rpartition(",")[0], "many", 3, None):
        with pytest.raises(InputError, match=message):
            zoo.build(name, **{option: wrong})


def test_a_model_may_be_registered_outside_the_package():
    def net_of_mine(*, name, image_shape, classes, units=3):
        """A dense layer."""
        return keras.Sequential(
            [
                keras.Input(image_shape, dtype="uint8"),
                keras.layers.Flatten(),
                keras.layers.Dense(units),
                keras.layers.Dense(classes, activation="softmax"),
            ],
            name=name,
        )

    zoo.register()(net_of_mine)
    zoo.register()(net_of_mine)  # as a cell of a notebook that is run again
    try:
        assert "net-of-mine" in zoo.names()
        model = zoo.build("net-of-mine", units=5, classes=4)
        assert model.name == "net-of-mine" and model.output_shape == (None, 4)

        def mlp(*, name, image_shape, classes):
            """Another."""

        with pytest.raises(ValueError, match="two models are called 'mlp'"):
            zoo.register()(mlp)
    finally:
        from fashion_nn.zoo import registry

        del registry._registered["net-of-mine"]

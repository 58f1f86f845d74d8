"""Every layer on the allow-list, as this Keras writes it, and every one that is not."""

import io
import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from keras.src import ops

from fashion_nn.inference.allowlist import arguments, model_config, objects, operations, tensorflow
from fashion_nn.inference.allowlist.layers import (
    ACTIVATIONS,
    ALIASES,
    LAYERS,
    REQUIRED,
    WRAPPERS,
)
from fashion_nn.inference.allowlist.layers.refused import REFUSED
from fashion_nn.inference.child import weights
from fashion_nn.inference.child.hdf5 import Store
from fashion_nn.inference.file import model_file
from fashion_nn.inference.shared.keras_model import BuiltModel
from fashion_nn.inference.shared.network import from_json
from fashion_nn.inference.shared.operations import named
from fashion_nn.inference.shared.refusal import Refusal

IMAGE, ROWS, FLAT = (12, 12, 3), (16, 4), (24,)
VOLUME = (4, 6, 6, 2)
SIZE_1 = {"filters": 4, "kernel_size": 3}
FACTOR = {"factor": 0.2}
# Constructor arguments and input shape of each layer; what is not named takes an image and no
# arguments.
CASES = {
    "Dense": (FLAT, {"units": 5, "activation": layers.LeakyReLU(0.1), "kernel_regularizer": "l2"}),
    "Conv1D": (ROWS, {**SIZE_1, "padding": "causal", "dilation_rate": 2}),
    "Conv2D": (IMAGE, {**SIZE_1, "strides": 2, "activation": "relu", "use_bias": False}),
    "Conv1DTranspose": (ROWS, {**SIZE_1, "strides": 2}),
    "Conv2DTranspose": (IMAGE, {**SIZE_1, "strides": 2, "padding": "same"}),
    "DepthwiseConv1D": (ROWS, {"kernel_size": 3, "depth_multiplier": 2}),
    "DepthwiseConv2D": (IMAGE, {"kernel_size": 3, "depthwise_initializer": "he_normal"}),
    "SeparableConv1D": (ROWS, SIZE_1),
    "SeparableConv2D": (IMAGE, {**SIZE_1, "pointwise_constraint": keras.constraints.MaxNorm(2.0)}),
    "MaxPooling1D": (ROWS, {}),
    "AveragePooling1D": (ROWS, {"pool_size": 2}),
    "AveragePooling2D": (IMAGE, {"pool_size": 2, "strides": 1}),
    "GlobalMaxPooling1D": (ROWS, {"keepdims": True}),
    "GlobalAveragePooling1D": (ROWS, {}),
    "AdaptiveAveragePooling2D": (IMAGE, {"output_size": 3}),
    "AdaptiveMaxPooling2D": (IMAGE, {"output_size": (3, 2)}),
    "LayerNormalization": (IMAGE, {"axis": [1, 2, 3]}),
    "GroupNormalization": (IMAGE, {"groups": 3}),
    "Dropout": (IMAGE, {"rate": 0.3, "seed": 3, "noise_shape": (None, 1, 1, 3)}),
    "SpatialDropout1D": (ROWS, {"rate": 0.3}),
    "SpatialDropout2D": (IMAGE, {"rate": 0.3}),
    "AlphaDropout": (IMAGE, {"rate": 0.3}),
    "GaussianDropout": (IMAGE, {"rate": 0.3}),
    "GaussianNoise": (IMAGE, {"stddev": 0.3, "seed": 4}),
    "ActivityRegularization": (IMAGE, {"l1": 0.1}),
    "Concatenate": (IMAGE, {"axis": 1}),
    "Dot": (FLAT, {"axes": 1, "normalize": True}),
    "Reshape": (IMAGE, {"target_shape": (-1, 6)}),
    "Permute": (IMAGE, {"dims": (3, 1, 2)}),
    "RepeatVector": (FLAT, {"n": 3}),
    "ZeroPadding1D": (ROWS, {"padding": (1, 2)}),
    "ZeroPadding2D": (IMAGE, {"padding": ((1, 2), (3, 4))}),
    "Cropping1D": (ROWS, {"cropping": 1}),
    "Cropping2D": (IMAGE, {"cropping": (1, 2)}),
    "UpSampling1D": (ROWS, {"size": 2}),
    "UpSampling2D": (IMAGE, {"size": (2, 3), "interpolation": "bilinear"}),
    "Activation": (IMAGE, {"activation": "gelu"}),
    "ReLU": (IMAGE, {"max_value": 6, "negative_slope": 0.1, "threshold": 0.1}),
    "LeakyReLU": (IMAGE, {"negative_slope": 0.2}),
    "PReLU": (IMAGE, {"shared_axes": [1, 2]}),
    "ELU": (IMAGE, {"alpha": 0.5}),
    "Softmax": (IMAGE, {"axis": [2, 3]}),
    "Rescaling": (IMAGE, {"scale": [0.5, 0.25, 0.1], "offset": 1}),
    "Normalization": (IMAGE, {"mean": np.array([1.0, 2, 3]), "variance": [1.0, 4, 9]}),
    "Resizing": (IMAGE, {"height": 6, "width": 5, "interpolation": "nearest"}),
    "CenterCrop": (IMAGE, {"height": 6, "width": 5}),
    "RandomFlip": (IMAGE, {"mode": "horizontal"}),
    "RandomTranslation": (
        IMAGE,
        {"height_factor": 0.1, "width_factor": (-0.1, 0.2), "fill_mode": "wrap"},
    ),
    "RandomZoom": (IMAGE, {"height_factor": (0.1, 0.2)}),
    "RandomShear": (IMAGE, {"x_factor": 0.2, "y_factor": 0.1}),
    "RandomCrop": (IMAGE, {"height": 12, "width": 12}),
    "RandomGrayscale": (IMAGE, FACTOR),
    "RandomColorJitter": (IMAGE, {"hue_factor": 0.2}),
    "RandAugment": (IMAGE, {"num_ops": 2}),
    "RandomHue": (IMAGE, {**FACTOR, "value_range": (0, 1)}),
    **dict.fromkeys(
        ("RandomRotation", "RandomContrast", "RandomBrightness", "RandomSharpness", "RandomInvert"),
        (IMAGE, FACTOR),
    ),
    **dict.fromkeys(("RandomErasing", "RandomGaussianBlur", "RandomPerspective"), (IMAGE, FACTOR)),
    **dict.fromkeys(
        ("RandomElasticTransform", "RandomSaturation", "RandomColorDegeneration"), (IMAGE, FACTOR)
    ),
    "RandomPosterization": (IMAGE, {"factor": 3}),
    "AugMix": (IMAGE, {"value_range": (0, 1)}),
    # Three axes
    **{f"{name}3D": (VOLUME, SIZE_1) for name in ("Conv",)},
    "Conv3DTranspose": (VOLUME, SIZE_1),
    **{f"{kind}Pooling3D": (VOLUME, {"pool_size": 2}) for kind in ("Max", "Average")},
    **{f"Global{kind}Pooling3D": (VOLUME, {}) for kind in ("Max", "Average")},
    **{
        f"Adaptive{kind}Pooling{rank}D": (shape, {"output_size": 2})
        for kind in ("Max", "Average")
        for rank, shape in ((1, ROWS), (3, VOLUME))
    },
    "SpatialDropout3D": (VOLUME, {"rate": 0.3}),
    "ZeroPadding3D": (VOLUME, {"padding": 1}),
    "Cropping3D": (VOLUME, {"cropping": 1}),
    "UpSampling3D": (VOLUME, {"size": 2}),
    # Steps
    "LSTM": (ROWS, {"units": 3, "dropout": 0.2, "recurrent_dropout": 0.1, "unroll": True}),
    "GRU": (ROWS, {"units": 3, "reset_after": False, "go_backwards": True}),
    "SimpleRNN": (ROWS, {"units": 3, "return_sequences": True, "activation": "relu"}),
    "RNN": (ROWS, {"cell": [layers.LSTMCell(3), layers.LSTMCell(4), layers.GRUCell(2)]}),
    "ConvLSTM1D": (IMAGE, SIZE_1),
    "ConvLSTM2D": (VOLUME, {**SIZE_1, "padding": "same"}),
    "ConvLSTM3D": ((2, *VOLUME), {**SIZE_1, "kernel_size": 2}),
    "Bidirectional": (ROWS, {"layer": layers.GRU(3, activation="relu"), "merge_mode": "ave"}),
    "TimeDistributed": (
        IMAGE,
        {
            "layer": keras.Sequential(
                [layers.Conv1D(2, 3), layers.BatchNormalization(), layers.Flatten()]
            )
        },
    ),
    "SpectralNormalization": (IMAGE, {"layer": layers.Conv2D(2, 3)}),
    "MultiHeadAttention": (ROWS, {"num_heads": 2, "key_dim": 3, "use_gate": True}),
    "GroupQueryAttention": (
        ROWS,
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, "use_bias": False},
    ),
    "Attention": (ROWS, {"use_scale": True, "score_mode": "concat"}),
    "EinsumDense": (IMAGE, {"equation": "abcd,de->abce", "output_shape": (12, 12, 5)}),
    "Embedding": (FLAT, {"input_dim": 4, "output_dim": 3}),
}
MERGING = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"}
MERGING |= {"Attention", "AdditiveAttention"}
TWICE = {"MultiHeadAttention", "GroupQueryAttention"}
OF_KERAS = sorted(name for name, found in vars(layers).items() if isinstance(found, type))
LISTED = {*LAYERS, *ALIASES, "InputLayer"}


def saved(model, suffix, folder):
    model.save(folder / f"model.{suffix}")
    return model_file.read(folder / f"model.{suffix}")


def rebuilt(file):
    """The model in `file` by the ways of the child, without the process."""
    store = Store(file.weights)
    config = store.text("model_config") if file.config is None else file.config
    network = from_json(json.loads(json.dumps(model_config.read(json.loads(config)).to_json())))
    built = BuiltModel(network)
    weights.copy(store, built, file.kind)
    return built.model


# Keras itself cannot write these into an .h5.
NOT_IN_H5 = {
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomPosterization",
    "RandomSaturation",
}
NOT_IN_H5 |= {"RandomSharpness", "Solarization"}
FILES = [(name, suffix) for name in LAYERS for suffix in ("keras", "h5")[: 2 - (name in NOT_IN_H5)]]


@pytest.mark.parametrize(("name", "suffix"), FILES)
def test_each_allowed_layer_is_rebuilt_as_keras_wrote_it(name, suffix, tmp_path):
    shape, arguments = CASES.get(name, (IMAGE, {}))
    keras.utils.set_random_seed(0)
    image = keras.Input(shape)
    layer = getattr(layers, name)(**arguments)
    if name in TWICE:
        inner = layer(image, image)
    else:
        inner = layer([image, image] if name in MERGING else image)
    model = keras.Model(image, layers.Dense(3)(layers.Flatten()(inner)))
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(keras.random.uniform(weight.shape, 0.1, 1, seed=1))
    x = np.random.default_rng(0).random((4, *shape), np.float32)
    found = rebuilt(saved(model, suffix, tmp_path))
    np.testing.assert_allclose(
        found(x, training=False), model(x, training=False), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_no_other_layer_passes(name):
    image = {"class_name": "InputLayer", "config": {"batch_shape": [None, 28, 28], "name": "image"}}
    config = {"name": "model", "layers": [image, {"class_name": name, "config": {"name": "other"}}]}
    with pytest.raises(
        Refusal, match=rf"^layer 'other' \('{name}'\): is not on the list of allowed layers: .*\w$"
    ) as refused:
        model_config.read({"class_name": "Sequential", "config": config})
    assert len(str(refused.value)) < 300


def test_each_layer_of_keras_is_allowed_or_refused_with_a_reason():
    assert set(OF_KERAS) <= {*LISTED, *REFUSED}
    assert not LISTED & set(REFUSED)


def test_the_documentation_lists_every_layer():
    page = (Path(__file__).parents[2] / "docs" / "safe-loading.md").read_text()
    section = page.partition("## Which layers are allowed")[2].partition("\n## ")[0]
    allowed, _, refused = section.partition("These layers are refused")
    assert {name for name in LAYERS if f"`{name}`" not in allowed} == set()
    for name, why in REFUSED.items():
        assert any(f"`{name}`" in line and why in line for line in refused.splitlines()), name


def test_what_the_lists_name_exists_in_keras():
    for name in ACTIVATIONS:
        assert callable(keras.activations.get(name))
    for family in ("initializer", "regularizer", "constraint"):
        for name in getattr(objects, f"{family.upper()}S"):
            assert isinstance(getattr(getattr(keras, f"{family}s"), name), type)
    for name, operation in operations.OPERATIONS.items():
        assert callable(named(operation.function)), name
        modules = (ops.numpy, ops.nn, ops.core, ops.math, ops.image)
        assert any(isinstance(getattr(module, name, None), type) for module in modules), name
    for name, function in tensorflow.FUNCTIONS.items():
        assert callable(named(function.function)), name
    assert set(CASES) <= set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_configs_with_only_the_needed_keys(name):
    """What has no default is asked for by name, and nothing else is."""
    given = {
        "units": 3,
        "filters": 3,
        "kernel_size": 1,
        "rate": 0.5,
        "stddev": 0.5,
        "axes": 1,
        "target_shape": [-1],
        "n": 2,
        "dims": [1, 2, 3],
        "activation": "relu",
        "pool_size": 1,
        "output_size": 1,
        "scale": 2,
        "height": 3,
        "width": 3,
        "num_heads": 2,
        "key_dim": 2,
        "head_dim": 2,
        "num_query_heads": 2,
        "num_key_value_heads": 2,
        "input_dim": 3,
        "output_dim": 2,
        "equation": "ab,bc->ac",
        "output_shape": 3,
        "layer": {"class_name": "LSTM", "config": {"units": 2}},
        "cell": {"class_name": "LSTMCell", "config": {"units": 2}},
    }
    needed = REQUIRED.get(name, ())
    for missing in needed:
        config = {key: given[key] for key in needed if key != missing}
        with pytest.raises(Refusal, match=f"the argument {missing} is missing"):
            arguments.layer_arguments(name, config)
    clean = arguments.layer_arguments(name, {key: given[key] for key in needed})
    if name not in ("RandomCrop",) and not name.startswith(
        ("Random", "RandAugment", "Solarization")
    ):
        if name in WRAPPERS:
            clean["layer"] = keras.saving.serialize_keras_object(layers.Dense(2))
        getattr(layers, name).from_config(clean)


def test_a_zip_packed_anew_is_read_the_same(tmp_path):
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(10)])
    model.save(tmp_path / "model.keras")
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(tmp_path / "model.keras") as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in reversed(source.namelist()):
            out.writestr(name, source.read(name))
        out.comment = b"packed by hand"
    (tmp_path / "packed.keras").write_bytes(packed.getvalue())
    first, second = (model_file.read(tmp_path / f"{name}.keras") for name in ("model", "packed"))
    assert (first.config, bytes(first.weights)) == (second.config, bytes(second.weights))
    assert first.sha256 != second.sha256


def entry(class_name, name, **config):
    return {"class_name": class_name, "config": {"name": name, **config}}


def test_all_reasons_of_a_refusal_are_listed():
    image = entry("InputLayer", "image", batch_shape=[None, 28, 28])
    inner = [entry("Lambda", "first"), entry("Dense", "second", units=-1)]
    document = {
        "class_name": "Sequential",
        "config": {
            "name": "model",
            "layers": [
                image,
                {"class_name": "Sequential", "config": {"name": "inner", "layers": inner}},
                {"class_name": 7},
                entry("Custom", "third"),
            ],
        },
    }
    found = model_config.reasons(document)
    assert [(reason.layer, reason.class_name) for reason in found] == [
        ("first", "Lambda"),
        ("second", "Dense"),
        (None, None),
        ("third", "Custom"),
    ]
    assert found[1].around == ("layer 'inner' ('Sequential')",)
    assert "units: expected a whole number" in found[1].text
    with pytest.raises(Refusal) as refused:
        model_config.read(document)
    assert str(refused.value) == str(found[0])


def test_a_model_that_is_read_has_no_reason_to_be_refused():
    image = entry("InputLayer", "image", batch_shape=[None, 28, 28])
    layers = [image, entry("Flatten", "flat"), entry("Dense", "dense", units=10)]
    config = {"name": "model", "layers": layers}
    assert model_config.reasons({"class_name": "Sequential", "config": config}) == []


def test_several_inputs_are_a_reason_beside_those_of_the_layers():
    ends = [["a", 0, 0], ["b", 0, 0]]
    config = {
        "name": "model",
        "layers": [entry("Lambda", "odd")],
        "input_layers": ends,
        "output_layers": ends,
    }
    found = model_config.reasons({"class_name": "Functional", "config": config})
    assert [reason.text for reason in found[1:]] == [
        "has 2 inputs, expected one image",
        "has 2 outputs, expected one",
    ]

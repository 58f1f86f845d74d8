"""The engine of the pages answers as Keras does, for every kind of layer that it runs."""

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from fashion_nn import inference
from fashion_nn.inference.shared.feeding import Feeding
from fashion_nn.inference.shared.head import two_classes
from fashion_nn.inference.shared.layout import Arrangement, Layout
from fashion_nn.inference.shared.scale import named
from fashion_nn.pages import network, rendering

pytestmark = pytest.mark.usefixtures("forked_models")
ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "fashion_nn" / "pages" / "templates" / "run-engine.mjs"
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 12, 12), dtype=np.uint8)


def in_node(tmp_path, jobs):
    """What the engine answers in node, float (n, outputs) for each (description, numbers)."""
    if shutil.which("node") is None:
        pytest.skip("needs node: install the package nodejs")
    images = base64.b64encode(IMAGES.tobytes()).decode()
    given = [
        {
            "description": description.to_json(),
            "numbers": network.encode(numbers),
            "images": images,
            "count": len(IMAGES),
        }
        for description, numbers in jobs
    ]
    (tmp_path / "jobs.json").write_text(json.dumps(given))
    runner = ROOT / "benchmarks" / "page_parity.mjs"
    command = ["node", str(runner), str(ENGINE), str(tmp_path / "jobs.json")]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return [np.array(answer["probabilities"]) for answer in json.loads(ran.stdout)]


def branches():
    """For each kind of layer, or an option of one, what is applied to maps of 12 x 12 x 4."""
    from keras import Sequential, layers

    yield layers.Conv2D(6, (2, 3), strides=2, padding="same", groups=2, use_bias=False)
    yield layers.Conv2D(5, 3, dilation_rate=2, padding="same", activation="softmax")
    yield layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)
    yield layers.SeparableConv2D(5, 3, activation="relu")
    yield layers.MaxPooling2D((3, 2), strides=2, padding="same")
    yield layers.AveragePooling2D(5, padding="same", strides=2)
    yield layers.AveragePooling2D(2)
    yield layers.GlobalMaxPooling2D(keepdims=True)
    yield layers.GlobalAveragePooling2D()
    yield Sequential([layers.Reshape((-1, 4)), layers.GlobalAveragePooling1D()])
    yield Sequential([layers.Reshape((36, 16)), layers.GlobalMaxPooling1D()])
    yield layers.BatchNormalization()
    yield layers.BatchNormalization(center=False, epsilon=0.1)
    yield layers.BatchNormalization(scale=False)
    yield layers.LayerNormalization()
    yield layers.GroupNormalization(2)
    yield layers.GroupNormalization(-1)
    yield layers.UnitNormalization()
    yield layers.Normalization()
    yield from (layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2), layers.LeakyReLU())
    yield from (layers.ELU(0.7), layers.PReLU(shared_axes=[1, 2]), layers.PReLU())
    yield from (layers.Softmax(), layers.Rescaling(0.3, -0.1))
    yield Sequential([layers.Permute((2, 3, 1)), layers.Conv2D(3, 2)])
    yield from (layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Cropping2D((2, 3)))
    yield layers.UpSampling2D((2, 1))
    yield from (layers.Dropout(0.5), layers.GaussianNoise(1.0), layers.RandomFlip())
    yield Sequential([layers.Identity(), layers.Dense(7, activation="sigmoid"), layers.Flatten()])


def every_kind():
    """One network: what each branch makes of the image, then what merges two of them."""
    import keras
    from keras import layers

    given = keras.Input((12, 12), dtype="uint8")
    maps = layers.Reshape((12, 12, 1))(layers.Rescaling(1 / 64, -2.0)(given))
    maps = layers.Conv2D(4, 3, padding="same")(maps)
    found = [layers.Dense(3)(layers.Flatten()(branch(maps))) for branch in branches()]
    small = layers.Rescaling(4.0)(layers.UnitNormalization()(found[0]))
    found += [layers.Activation(name)(small) for name in network._ACTIVATIONS]
    merges = (layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)
    found += [merge()(found[i : i + 3]) for i, merge in enumerate(merges)]
    found.append(layers.Subtract()(found[:2]))
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(maps)
    found.append(layers.Flatten()(layers.Multiply()([maps, squeezed])))
    found.append(layers.Flatten()(layers.Concatenate(axis=2)([maps, maps])))
    return keras.Model(given, layers.Concatenate()(found))


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """The file of that network, with weights that are not those of the beginning."""
    model = every_kind()
    chance = np.random.default_rng(1)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(chance.uniform(0.1, 0.6, weight.shape) * chance.choice([1, 1, -1]))
        if "variance" in weight.name or "gamma" in weight.name:
            weight.assign(chance.uniform(0.2, 2, weight.shape))
    path = tmp_path_factory.mktemp("kinds") / "model.keras"
    model.save(path)
    return path


def test_every_kind_of_layer_gives_the_numbers_of_keras(kinds, tmp_path):
    with inference.open_model(kinds, scale="0-255") as predictor:
        expected = predictor.outputs(IMAGES)
        description, numbers = network.describe(predictor, (12, 12))
    assert {step.kind for step in description.steps} == {*network._KINDS, "Identity"}
    (found,) = in_node(tmp_path, [(replace(description, softmax=False), numbers)])
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)


def plain(arrangement, scale, head="classes", outputs=None):
    """The description of a network that returns what it is given, or the first of it."""
    steps = [network.Step("flat", "Flatten", (0,), {}, ())]
    weights = np.zeros(0, np.float32)
    if outputs is not None:
        steps.append(network.Step("dense", "Dense", (1,), {}, (network.Numbers(0, (144, 1)),)))
        weights = outputs
    described = network.Description(
        image_shape=(12, 12),
        factor=scale.factor,
        offset=scale.offset,
        arrangement=arrangement,
        steps=tuple(steps),
        output=len(steps),
        head=head,
        softmax=False,
    )
    return described, weights


def test_images_are_arranged_and_scaled_as_the_definition_says(tmp_path):
    scale = named("-1-1")
    kinds = get_args(Arrangement)
    found = in_node(tmp_path, [plain(kind, scale) for kind in kinds])
    for kind, answer in zip(kinds, found, strict=True):
        array = Feeding(Layout(kind, (12, 12)), "float32", scale, "").array(IMAGES)
        assert answer == pytest.approx(array.reshape(len(IMAGES), -1), abs=1e-6)


def test_one_output_tells_two_classes_apart(tmp_path):
    heads = ("probability", "difference", "score")
    kernel = np.linspace(0, 0.01, 144, dtype=np.float32)
    found = in_node(tmp_path, [plain("flat", named("0-1"), head, kernel) for head in heads])
    single = (IMAGES.reshape(len(IMAGES), -1) / 255 @ kernel)[:, None].astype(np.float32)
    for head, answer in zip(heads, found, strict=True):
        assert answer == pytest.approx(two_classes(single, head), abs=1e-6)


def test_a_layer_that_the_engine_does_not_know_is_named(tmp_path):
    import keras
    from keras import layers

    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((12, 12)), layers.LSTM(3, name="memory")]).save(path)
    refused = pytest.raises(network.Unknown, match=re.escape("memory (LSTM)"))
    with inference.open_model(path, wait=False) as predictor, refused:
        network.describe(predictor, (12, 12))


def test_modules_become_one_script_without_imports_and_exports():
    script = rendering.modules(["run-engine.mjs"])
    assert not re.search(r"^(import|export) ", script.text, re.MULTILINE)
    assert "class Network" in script.text and script.digest.startswith("sha256-")

"""Real files of every generation of Keras, written by `older_files.py`, give the answers they gave
there.
"""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from older_files import images
from test_allowlist import rebuilt

from fashion_nn import inference
from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.child.hdf5 import Store
from fashion_nn.inference.file import model_file
from fashion_nn.inference.shared import feeding

ARCHIVES = sorted(Path(__file__).with_name("files").glob("keras-*.tar.xz"))
IMAGES = images()
# Half precision is rounded otherwise from one TensorFlow to the next.
TOLERANCE = {"mixed": 3e-3}


def names(archive):
    with tarfile.open(archive) as packed:
        return [
            (archive.name.removesuffix(".tar.xz"), name)
            for name in packed.getnames()
            if name != "expected.json"
        ]


FILES = [pair for archive in ARCHIVES for pair in names(archive)]


def is_like_others(version, name):
    """Whether a file of the first or of the last Keras 3 is like this one.

    Plain models came out alike in all versions of Keras 3, and of the others the versions wrote the
    two formats alike.
    """
    generation, minor, _ = map(int, version.removeprefix("keras-").split("."))
    if generation < 3 or minor == 0:
        return False
    plain = name.startswith(("cnn", "deferred", "arithmetic"))
    return plain or name.endswith((".keras", ".h5")[minor % 2])


DEFAULT = [
    pytest.param(*pair, marks=pytest.mark.slow) if is_like_others(*pair) else pair for pair in FILES
]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The files of an archive, and what is expected of each."""

    def unpack(version):
        folder = tmp_path_factory.getbasetemp() / "older" / version
        if not folder.exists():
            with tarfile.open(Path(__file__).with_name("files") / f"{version}.tar.xz") as packed:
                packed.extractall(folder, filter="data")
        return folder, json.loads((folder / "expected.json").read_text())

    return unpack


def expected_of(answers, name):
    return np.array(answers[name]), TOLERANCE.get(name.partition(".")[0], 1e-5)


def test_all_generations_are_there():
    versions = {
        tuple(map(int, archive.name.removesuffix(".tar.xz")[6:].split(".")[:2]))
        for archive in ARCHIVES
    }
    assert {(3, minor) for minor in range(16)} <= versions
    assert {(2, minor) for minor in (2, 3, 4, 5, 8, 12, 15)} <= versions
    assert sum(archive.stat().st_size for archive in ARCHIVES) < 1_500_000


@pytest.mark.parametrize(("version", "name"), DEFAULT)
def test_its_answers_are_those_it_gave(unpacked, version, name):
    """By the ways of the child, in this process: there are too many for a process each."""
    folder, answers = unpacked(version)
    file = model_file.read(folder / name)
    config = Store(file.weights).text("model_config") if file.config is None else file.config
    fed = feeding.feeding(model_config.read(json.loads(config)), None).array(IMAGES)
    expected, tolerance = expected_of(answers, name)
    np.testing.assert_allclose(rebuilt(file)(fed, training=False), expected, atol=tolerance)


# A process each takes minutes for all of them: one file of each generation, another kind from one
# to the next.
OF_EACH = [names(archive)[place % len(names(archive))] for place, archive in enumerate(ARCHIVES)]


@pytest.mark.slow
@pytest.mark.parametrize(("version", "name"), OF_EACH)
def test_its_probabilities_come_out_of_the_child(unpacked, version, name):
    folder, answers = unpacked(version)
    expected, tolerance = expected_of(answers, name)
    if name.startswith("graph"):  # logits
        expected = np.exp(expected) / np.exp(expected).sum(axis=1, keepdims=True)
    with inference.open_model(folder / name) as predictor:
        # The weights are random, so nothing but the first layers tells on which scale they are fed.
        usual = feeding.feeding(predictor.network, None).scale
        with predictor.fed(usual):
            np.testing.assert_allclose(predictor(IMAGES), expected, atol=tolerance)

"""A model file of any Keras, written anew: Keras of today loads it, and it answers the same."""

import json
import os
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from in_process import Opened
from older_files import images

from fashion_nn import export, inference
from fashion_nn.cli.main import app, run
from fashion_nn.core import reading
from fashion_nn.errors import InputError
from fashion_nn.inference import conversion
from fashion_nn.inference.child.writing import WrittenModel
from fashion_nn.inference.engines import trust
from fashion_nn.inference.engines.confined_keras import LayerWeights
from fashion_nn.inference.file import archive
from fashion_nn.inference.shared.refusal import Refusal

FOLDER = Path(__file__).with_name("files")
ARCHIVES = sorted(FOLDER.glob("keras-*.tar.xz"))
IMAGES = images()
# Half precision in the file, single precision in the copy.
TOLERANCE = {"mixed": 5e-3}


def names(path):
    with tarfile.open(path) as packed:
        return [
            (path.name.removesuffix(".tar.xz"), name)
            for name in packed.getnames()
            if name != "expected.json"
        ]


FILES = [pair for path in ARCHIVES for pair in names(path)]
# The files of each version of Keras are alike, and test_older_files.py reads them all; by default
# one of each kind is exported, of another version from one kind to the next.
KINDS = sorted({name for _, name in FILES})
OF_EACH = [[pair for pair in FILES if pair[1] == kind][place] for place, kind in enumerate(KINDS)]
SOME = [pair if pair in OF_EACH else pytest.param(*pair, marks=pytest.mark.slow) for pair in FILES]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The path of a file, and what it answered in the Keras that wrote it."""

    def unpack(version, name):
        folder = tmp_path_factory.getbasetemp() / "older" / version
        if not folder.exists():
            with tarfile.open(FOLDER / f"{version}.tar.xz") as packed:
                packed.extractall(folder, filter="data")
        answers = json.loads((folder / "expected.json").read_text())
        return folder / name, np.array(answers[name])

    return unpack


def tolerance(name):
    return TOLERANCE.get(name.partition(".")[0], 1e-5)


# In this process: there are too many files for a process each


class _Process:
    """The process that writes, without the process."""

    def __init__(self, limits):
        self._model = WrittenModel()

    def tell(self, do, payload=b"", *, seconds, **header):
        self._reply = do != "start" and getattr(self._model, do)(bytearray(payload), **header)

    def hear(self, payload_bytes, *, seconds):
        return self._reply

    def close(self):
        pass


@pytest.fixture
def in_this_process(monkeypatch):
    """A function that writes a file anew."""
    monkeypatch.setattr(conversion, "ConfinedProcess", _Process)

    def write(path, format):
        opened = Opened(path)
        built = opened._model.built
        leaves = [leaf for leaf in built.network.leaves() if built.weights(leaf)]
        weights = [
            LayerWeights(leaf.stored, leaf.class_name, tuple(map(np.asarray, built.weights(leaf))))
            for leaf in leaves
        ]
        predictor = SimpleNamespace(path=path, network=opened.network, weights=lambda: weights)
        return conversion.written_anew(predictor, format), opened.feeding

    return write


@pytest.mark.parametrize(("version", "name"), SOME)
def test_keras_loads_it_and_answers_the_same(unpacked, in_this_process, tmp_path, version, name):
    import keras

    path, expected = unpacked(version, name)
    content, feeding = in_this_process(path, "keras")
    copy = tmp_path / "copy.keras"
    copy.write_bytes(content)
    model = keras.saving.load_model(copy, safe_mode=True)
    answers = model.predict(feeding.array(IMAGES), verbose=0)
    np.testing.assert_allclose(answers, expected, atol=tolerance(name))
    assert (answers.argmax(axis=1) == expected.argmax(axis=1)).all()
    assert getattr(model, "optimizer", None) is None and not model.compiled
    assert {weight.dtype for weight in model.weights} <= {"float32", "int32", "int64", "uint32"}
    assert all(layer.compute_dtype == "float32" for layer in model.layers)
    with zipfile.ZipFile(copy) as members:
        assert sorted(members.namelist()) == sorted(archive.MEMBERS)
        config = json.loads(members.read("config.json"))
    assert not config.get("compile_config")
    assert modules(config) <= {"keras", "builtins"}


def modules(node):
    """The first part of each module that a config names."""
    if isinstance(node, list):
        return set().union(*map(modules, node), set())
    if not isinstance(node, dict):
        return set()
    assert node.get("registered_name") in (None, node.get("class_name"), "Functional", "Sequential")
    own = {str(node["module"]).partition(".")[0]} if node.get("module") else set()
    return own.union(*map(modules, node.values()), set())


@pytest.mark.parametrize(("version", "name"), SOME)
def test_onnx_answers_the_same(unpacked, in_this_process, version, name):
    for package in export.ONNX_PACKAGES:
        pytest.importorskip(package)
    from fashion_nn.inference.engines.onnx_runtime import imported

    path, expected = unpacked(version, name)
    content, feeding = in_this_process(path, "onnx")
    session = imported().InferenceSession(content, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    (answers,) = session.run(None, {given.name: feeding.array(IMAGES)})
    np.testing.assert_allclose(answers, expected, atol=tolerance(name))
    assert (answers.argmax(axis=1) == expected.argmax(axis=1)).all()


def test_the_same_file_is_written_each_time(unpacked, in_this_process):
    path, _ = unpacked("keras-2.2.4", "graph.h5")
    assert in_this_process(path, "keras") == in_this_process(path, "keras")


def test_it_answers_what_numpy_computes(unpacked, in_this_process, tmp_path):
    """The forward pass written out, with the numbers of the old file itself."""
    import keras

    path, _ = unpacked("keras-2.2.4", "cnn.h5")
    content, feeding = in_this_process(path, "keras")
    (tmp_path / "copy.keras").write_bytes(content)
    model = keras.saving.load_model(tmp_path / "copy.keras", safe_mode=True)
    fed = feeding.array(IMAGES)
    with h5py.File(path) as file:
        found = file["model_weights"]
        weights = {}
        found.visititems(
            lambda name, node: (
                weights.__setitem__(name.rpartition("/")[2].removesuffix(":0"), node[()])
                if isinstance(node, h5py.Dataset) and not name.startswith("dense")
                else None
            )
        )
        dense = [
            [found[f"{name}/{name}/{part}:0"][()] for part in ("kernel", "bias")]
            for name in ("dense_1", "dense_2")
        ]
    patches = np.lib.stride_tricks.sliding_window_view(fed[..., 0], (3, 3), axis=(1, 2))
    x = np.einsum("nijab,abf->nijf", patches[:, ::3, ::3], weights["kernel"][:, :, 0])
    x = np.maximum(x + weights["bias"], 0)
    x = (x - weights["moving_mean"]) / np.sqrt(weights["moving_variance"] + 1e-3)
    x = x * weights["gamma"] + weights["beta"]
    x = x[:, :8, :8].reshape(len(x), 4, 2, 4, 2, -1).max(axis=(2, 4)).reshape(len(x), -1)
    x = np.maximum(x @ dense[0][0] + dense[0][1], 0)
    x = x @ dense[1][0] + dense[1][1]
    expected = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(fed, verbose=0), expected, atol=1e-6)


def test_layers_that_hold_others_are_written_in_single_precision(in_this_process, tmp_path):
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    half = {"dtype": "mixed_float16"}
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.TimeDistributed(layers.Dense(6, activation="relu", **half), **half),
            layers.Bidirectional(layers.LSTM(4)),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.save(tmp_path / "model.keras")
    content, feeding = in_this_process(tmp_path / "model.keras", "keras")
    (tmp_path / "copy.keras").write_bytes(content)
    copy = keras.saving.load_model(tmp_path / "copy.keras", safe_mode=True)
    fed = feeding.array(IMAGES)
    found, expected = (each.predict(fed, verbose=0) for each in (copy, model))
    np.testing.assert_allclose(found, expected, atol=5e-3)
    assert {layer.compute_dtype for layer in copy.layers} == {"float32"}
    assert copy.layers[0].layer.compute_dtype == "float32"


def test_what_is_not_of_keras_is_not_written():
    import keras

    def mine(x):
        return x

    model = keras.Sequential([keras.Input((28,)), keras.layers.Dense(10, activation=mine)])
    written = WrittenModel()
    written.model = model
    for format in ("keras", "h5"):
        with pytest.raises(Refusal, match="export it as onnx: Keras could not load"):
            written.save(bytearray(), format)


# In processes of their own


@pytest.fixture
def old(unpacked, tmp_path, monkeypatch):
    """A copy of an old file, in the working folder."""
    path, _ = unpacked("keras-2.2.4", "cnn.h5")
    (tmp_path / "old.h5").write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "old.h5"


def call(capsys, line):
    code = run(app, line.split())
    printed = capsys.readouterr()
    return code, printed.out.split(), printed.err.splitlines()


@pytest.mark.usefixtures("forked_models")
@pytest.mark.parametrize("format", ["keras", "h5", "onnx"])
def test_the_command_writes_beside_the_file_and_says_the_scale(old, capsys, format):
    if format == "onnx":
        for package in export.ONNX_PACKAGES:
            pytest.importorskip(package)
    before = old.read_bytes()
    source = "old.h5" if format != "h5" else "older.hdf5"
    old.rename(source)
    code, out, (parity, takes) = call(capsys, f"export {source} --format {format}")
    assert (code, out) == (0, [f"{Path(source).stem}.{format}"])
    assert parity.startswith("320 of 320 labels equal, largest difference of an output ")
    assert takes.startswith("takes float32 (n, 28, 28, 1), pixels ")
    assert Path(source).read_bytes() == before
    assert sorted(os.listdir()) == sorted([source, *out])
    # There is a file now: it is replaced only if it is named.
    code, _, (said,) = call(capsys, f"export {source} --format {format}")
    assert code == 2 and "is there already: name a file with --out to replace it" in said


@pytest.mark.usefixtures("forked_models")
def test_an_onnx_file_of_a_stranger_is_not_trusted(old, capsys):
    for package in export.ONNX_PACKAGES:
        pytest.importorskip(package)
    assert call(capsys, "export old.h5 --format keras --out copy.keras")[0] == 0
    assert call(capsys, "export copy.keras --format onnx")[0] == 0
    assert (old.parent / "copy.onnx").exists()
    for path in ("old.h5", "copy.keras"):
        assert trust.partners(reading.sha256(path)) == set()
    with pytest.raises(InputError, match="onnx beside it"):
        inference.open_fast("copy.keras", engine="onnx")


@pytest.mark.usefixtures("forked_models")
def test_a_copy_that_answers_otherwise_is_not_kept(old, capsys, monkeypatch):
    good = conversion.in_single_precision

    def other_weights(network):
        first, *rest = good(network).layers
        assert first.role == "input"
        changed = [
            conversion.replace(layer, arguments={**layer.arguments, "activation": "tanh"})
            if layer.class_name == "Conv2D"
            else layer
            for layer in rest
        ]
        return conversion.replace(network, layers=(first, *changed))

    monkeypatch.setattr(conversion, "in_single_precision", other_weights)
    (old.parent / "new.keras").write_text("older")
    code, out, (said,) = call(capsys, "export old.h5 --format keras --out new.keras")
    assert (code, out) == (2, []) and "not written, it would predict otherwise" in said
    assert (old.parent / "new.keras").read_text() == "older"
    assert sorted(os.listdir()) == ["new.keras", "old.h5"]


def test_the_file_itself_is_never_replaced(old, capsys):
    before = old.read_bytes()
    os.link(old, old.parent / "same.keras")
    (old.parent / "link.keras").symlink_to("old.h5")
    for out in ("same.keras", "link.keras"):
        code, _, (said,) = call(capsys, f"export old.h5 --format keras --out {out}")
        assert code == 2 and "is the file that is exported" in said
    code, _, (said,) = call(capsys, "export old.h5 --format h5")
    assert code == 2 and "is the file that is exported" in said
    assert old.read_bytes() == before


def test_wrong_arguments_are_said_at_once(old, capsys):
    for line, said in {
        "export old.h5 --format keras --out new.h5": "ends in .keras",
        "export old.h5 --format keras --dataset digits": "are for run folders",
        "export nothing.h5 --format keras": "no such model file",
        "export old.h5 --format exe": "expected one of h5, keras, onnx",
    }.items():
        code, _, (error,) = call(capsys, line)
        assert code == 2 and said in error
    assert os.listdir() == ["old.h5"]

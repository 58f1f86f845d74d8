"""What `inspect` says of real, broken and hostile files, and of files of other kinds."""

import io
import json
import pickle
import re
import tarfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import hostile
import numpy as np
import pytest
from in_process import Opened
from test_allowlist import CASES, IMAGE, MERGING

from fashion_nn.errors import InputError
from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.allowlist.layers import LAYERS
from fashion_nn.inference.child.listing import ListedFile
from fashion_nn.inference.file import strict_json
from fashion_nn.inference.inspection import findings, inspect
from fashion_nn.inference.inspection.result import RULES
from fashion_nn.inference.inspection.shapes import COMPUTED, leaf_paths, output_shapes
from fashion_nn.inference.inspection.stored_arrays import LookedAtFile
from fashion_nn.inference.shared.refusal import Refusal

FILES = Path(__file__).with_name("files")
ARCHIVES = sorted(FILES.glob("keras-*.tar.xz"))
TABLES = hostile.tables()


class _Process:
    """What the parent asks of the process that looks at a file, answered in this process."""

    def __init__(self):
        self._file = ListedFile()

    def tell(self, do, payload=b"", *, seconds, **header):
        self._reply = getattr(self._file, do)(bytearray(payload), **header)

    def hear(self, payload_bytes, *, seconds):
        assert len(self._reply.payload) <= payload_bytes
        return self._reply


@pytest.fixture
def in_this_process(monkeypatch):
    @contextmanager
    def looking_at(content, limits):
        yield LookedAtFile(_Process(), content, limits.open_seconds)

    monkeypatch.setattr(findings, "looking_at", looking_at)


@pytest.fixture
def place(tmp_path):
    """An empty folder, and the marker that no payload may make."""
    yield tmp_path / "work", tmp_path / "marker"
    assert not (tmp_path / "marker").exists(), "a payload has run"


def made(build, place):
    folder, marker = place
    folder.mkdir()
    path = folder / build.file
    build(path, marker)
    return path


def rows(*tables, where=lambda name: True):
    found = [row for table in tables for row in TABLES[table] if where(row[0])]
    return pytest.mark.parametrize(("name", "build", "said"), found, ids=[row[0] for row in found])


def opens(path):
    try:
        Opened(path)
    except (Refusal, InputError):
        return False
    return True


def require_printable(found):
    """What is shown of a file is printable ASCII and bounded, whatever is in the file."""
    shown = found.to_json()
    del shown["path"]
    pending = [shown]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list | tuple):
            pending += value
        elif isinstance(value, str):
            assert value.isascii() and value.isprintable() and len(value) <= 400


def in_one_line(reason):
    """The reason as other commands say it: with the way out if that is about this layer."""
    if reason.way_out in {rule.way_out for rule in RULES.values()} or reason.rule == "format":
        return reason.text
    joint = "; " if "is not Keras' own" in reason.text else ": "
    return f"{reason.text}{joint}{reason.way_out[0].lower()}{reason.way_out[1:-1]}"


# Verdicts


def light(name):
    return name not in hostile.HEAVY


@rows("IN_PARENT", "WHEN_OPENED", where=light)
def test_what_is_refused_before_it_is_built_is_refused(place, in_this_process, name, build, said):
    path = made(build, place)
    try:
        found = inspect(path)
    except InputError as error:
        message = str(error)
        assert message.startswith(f"{path}: ") and message.isascii() and message.isprintable()
        return
    assert found.verdict == "refused"
    assert all(reason.way_out for reason in found.reasons)
    require_printable(found)
    if found.format in (".keras", ".h5"):
        matching = [reason for reason in found.reasons if re.fullmatch(said, in_one_line(reason))]
        # A file of another format, or with several odd members, is described in other words.
        other_words = {reason.rule for reason in found.reasons} & {"format", "container"}
        assert matching or other_words, found.reasons


@rows("HARMLESS", where=light)
def test_what_is_odd_but_read_is_accepted(place, in_this_process, name, build, said):
    found = inspect(made(build, place))
    assert found.verdict == "accepted", found.reasons
    require_printable(found)


@rows("WHEN_BUILT", where=light)
def test_what_fails_when_it_is_built_is_printable(place, in_this_process, name, build, said):
    require_printable(inspect(made(build, place)))


BUILT = {"weights that are NaN", "weights of another shape"}


@rows("WHEN_BUILT", where=BUILT.__contains__)
@pytest.mark.usefixtures("forked_models")
def test_what_fails_when_it_is_built_is_refused_with_maps(place, name, build, said):
    found = inspect(made(build, place), build=True)
    assert [reason.rule for reason in found.reasons] == ["build"] or not found.built
    assert any(re.fullmatch(said, reason.text) for reason in found.reasons)


# Real files


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    def unpack(archive):
        folder = tmp_path_factory.getbasetemp() / "older" / archive.name.removesuffix(".tar.xz")
        if not folder.exists():
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
        return sorted(path for path in folder.iterdir() if path.suffix != ".json")

    return unpack


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name[:-7])
def test_real_files_are_accepted_and_every_weight_has_a_layer(unpacked, in_this_process, archive):
    for path in unpacked(archive):
        found = inspect(path)
        assert found.verdict == "accepted", found.reasons
        assert found.keras_version.removesuffix("-tf") == archive.name[6:].removesuffix(".tar.xz")
        outer = [row.parameters for row in found.layers if row.depth == 0]
        assert sum(count for count in outer if count) == found.parameters > 0
        inner = [row for row in found.layers if row.depth == 1]
        assert all(row.parameters is not None for row in inner if row.class_name != "Add")
        assert found.layers[-1].output_shape == (10,)
        assert found.content.optimizer_bytes > 0
        assert found.content.compiled.loss and not found.content.code
        require_printable(found)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_parameters_and_shapes_are_those_of_keras(unpacked, in_this_process, suffix):
    (path,) = [each for each in unpacked(ARCHIVES[-1]) if each.name == f"graph.{suffix}"]
    found = inspect(path)
    opened = Opened(path)
    built = opened._model.built
    assert found.parameters == built.model.count_params()
    shapes = dict(zip(leaf_paths(opened.network), _shapes(built), strict=True))
    known = output_shapes(opened.network)
    assert known.model == built.model.output_shape[1:]
    for leaf, shape in shapes.items():
        if shape is not None:
            assert known.layers[leaf] == shape


def _shapes(built):
    return [built.output_shape(layer) for layer in built.network.leaves()]


@pytest.mark.usefixtures("forked_models")
def test_maps_tells_what_only_the_built_model_knows(unpacked):
    (path,) = [each for each in unpacked(ARCHIVES[-1]) if each.name == "graph.keras"]
    found = inspect(path, build=True)
    assert found.built and found.multiply_adds > 0 and found.not_computed() == ()
    assert all(row.output_shape for row in found.layers)
    without = inspect(path)
    assert without.multiply_adds is None and "multiply-adds" in without.not_computed()


@pytest.mark.parametrize("name", sorted(COMPUTED & set(LAYERS) - {"Equalization"}))
def test_the_shape_of_a_layer_is_the_one_that_keras_computes(name):
    """Equalization is left out because Keras forgets it in a graph."""
    import keras

    shape, arguments = CASES.get(name, (IMAGE, {}))
    image = keras.Input(shape)
    layer = getattr(keras.layers, name)(**arguments)
    inner = layer([image, image] if name in MERGING else image)
    last = keras.layers.Dense(3)(keras.layers.Flatten()(inner))
    model = keras.Model(image, last)
    config = keras.saving.serialize_keras_object(model)
    network = model_config.read(strict_json.parse(json.dumps(config).encode(), "config"))
    assert output_shapes(network).layers[layer.name,] == tuple(inner.shape[1:])


# Every reason


def test_every_reason_is_given_with_a_way_out(place, in_this_process):
    layers = [
        hostile.odd("Lambda", name="scale", function=hostile.MARSHALLED),
        {**hostile.odd("Mine", name="mine"), "registered_name": "Custom>Mine"},
        hostile.odd("Dense", name="wide", units=-3),
        hostile.odd("StringLookup", name="words"),
    ]
    found = inspect(made(hostile.keras(hostile.chain(*layers)), place))
    rules = {reason.layer: reason.rule for reason in found.reasons}
    expected = {"scale": "code", "mine": "custom-object", "wide": "argument", "words": "layer"}
    assert rules == expected
    # What to do is said once.
    assert all(reason.way_out.lower() not in reason.text.lower() for reason in found.reasons)
    scale = found.reasons[0]
    assert scale.text.endswith("it runs code from the file")
    assert scale.way_out.startswith("Replace it by layers or operations of Keras, such as")
    # What comes before the first refused layer has a shape.
    assert [row.output_shape for row in found.layers[:3]] == [(28, 28), (784,), None]
    (code,) = found.content.code
    assert (code.layer, code.kind) == ("scale", "stored") and code.size > 0
    assert found.content.custom_objects == ("Custom>Mine",)
    assert [row.name for row in found.layers] == ["image", "flat", *expected, "last"]


def test_every_fault_of_an_archive_is_named(place, in_this_process):
    path = made(hostile.keras(hostile.chain()), place)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../evil.py", "1")
        archive.writestr("assets/\x1b[2J.txt", "2")
    found = inspect(path)
    assert [reason.rule for reason in found.reasons] == ["container", "container"]
    members = {member.name: member.expected for member in found.content.members}
    assert members["../../evil.py"] is False and members["config.json"] is True
    assert found.layers and found.parameters, "the rest is read all the same"
    require_printable(found)


def test_a_layer_without_its_weights_is_named(place, in_this_process):
    weights = {"layers/flat/vars/0": (1,)}
    found = inspect(made(hostile.keras(hostile.chain(), weights=weights), place))
    (reason,) = found.reasons
    assert reason.text == "layer 'last': the file holds none of its weights"
    assert found.content.other_arrays == 1


# Other kinds of files


def zipped(*names):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


NUMPY = io.BytesIO()
np.savez(NUMPY, a=np.zeros(3))
OTHERS = {
    "model.tflite": (b"\x1c\0\0\0TFL3" + bytes(40), "TensorFlow Lite"),
    "model.onnx": (b"\x08\x08\x12\x07pytorch", "ONNX"),
    "model.pt": (zipped("archive/data.pkl", "archive/data/0"), "PyTorch"),
    "old.pth": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "PyTorch"),
    "model.pkl": (pickle.dumps([1]), "Python pickle"),
    "model.h5": (pickle.dumps([1]), "Python pickle"),
    "model.keras": (pickle.dumps([1]), "Python pickle"),
    "model.joblib": (b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n", "joblib"),
    "packed.joblib": (b"\x78\x9c123", "joblib"),
    "weights.npz": (NUMPY.getvalue(), "NumPy arrays"),
    "frozen.pb": (b"\n\x05hello", "TensorFlow graph"),
    "model.ckpt.index": (b"\0\0", "TensorFlow checkpoint"),
    "model.safetensors": (b"\x10\0\0\0\0\0\0\0{}", "safetensors"),
    "saved.zip": (zipped("m/saved_model.pb", "m/variables/x"), "TensorFlow SavedModel"),
    "model.json": (b'{"class_name": "Sequential"}', "layers of Keras without weights"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_kinds_of_models_are_named(name, tmp_path):
    content, format = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    found = inspect(tmp_path / name)
    assert (found.verdict, found.format) == ("refused", format)
    (reason,) = found.reasons
    assert reason.rule == "format" and format in reason.text and reason.way_out
    assert found.size == len(content) and len(found.sha256) == 64


def test_a_saved_model_is_named(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    assert inspect(tmp_path).format == "TensorFlow SavedModel"


def test_weights_without_layers_are_named(tmp_path, in_this_process):
    import h5py

    for name, group in (("a.weights.h5", "layers/dense/vars/0"), ("data.h5", "table/column")):
        with h5py.File(tmp_path / name, "w") as file:
            file[group] = np.zeros(3)
    weights, other = inspect(tmp_path / "a.weights.h5"), inspect(tmp_path / "data.h5")
    assert "model.load_weights" in weights.reasons[0].way_out
    assert "weights of Keras without layers" in weights.reasons[0].text
    assert "HDF5 without a Keras model" in other.reasons[0].text


def test_a_file_of_the_other_suffix_is_refused(place, in_this_process):
    path = made(hostile.h5(hostile.chain()), place)
    for name in ("model.keras", "model", "model.bin"):
        renamed = path.rename(path.with_name(name))
        (reason,) = inspect(renamed).reasons
        assert reason.rule == "format" and reason.way_out == "Rename it to end in .h5."
        path = renamed


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    from fashion_nn.inference.file import model_file

    monkeypatch.setattr(model_file, "MAX_BYTES", 100)
    (tmp_path / "large.h5").write_bytes(bytes(101))
    found = inspect(tmp_path / "large.h5")
    assert (found.verdict, found.format, found.size, found.sha256) == ("refused", ".h5", 101, None)


NO_MODELS = {
    "words.txt": (b"words", "is no model file"),
    "empty.keras": (b"", "is empty"),
    "noise.keras": (b"noise", "damaged, or another format"),
    "lfs.h5": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "page.keras": (b"<!DOCTYPE html><html>", "is a web page"),
    "model.h5.gz": (b"\x1f\x8b\x08", "unpack it first"),
    "some.zip": (zipped("a", "b"), "unpack it first"),
    "broken.zip": (b"PK\x03\x04", "unpack it first"),
}


@pytest.mark.parametrize("name", NO_MODELS)
def test_what_is_no_model_is_said_in_one_line(name, tmp_path):
    content, said = NO_MODELS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=re.escape(said)):
        inspect(tmp_path / name)


def test_a_folder_and_a_missing_file_are_no_models(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        inspect(tmp_path)
    with pytest.raises(InputError, match="no such model file"):
        inspect(tmp_path / "nothing.h5")


def test_any_beginning_of_a_file_gives_a_verdict_or_a_line(place, in_this_process):
    """A file that is cut short anywhere, under each suffix."""
    for build in (hostile.keras(hostile.chain()), hostile.h5(hostile.chain())):
        folder, marker = place
        folder.mkdir(exist_ok=True)
        build(folder / build.file, marker)
        content = (folder / build.file).read_bytes()
        for length in (1, 3, 4, 30, 100, 600, 2000, len(content) - 30, len(content) - 1):
            for name in ("cut.keras", "cut.h5"):
                (folder / name).write_bytes(content[:length])
                try:
                    assert inspect(folder / name).verdict == "refused"
                except InputError as error:
                    assert "\n" not in str(error)

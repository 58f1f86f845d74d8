"""Labels are those of the model's own outputs, and pixels reach the model as they are."""

import io
import re
import warnings
import zipfile

import h5py
import keras
import numpy as np
import pytest
from in_process import Opened

from fashion_nn import inference, submission
from fashion_nn.errors import InputError
from fashion_nn.grading.checks import canary
from fashion_nn.grading.rows import Chosen
from fashion_nn.inference.engines import predictor

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (40, 4, 4), np.uint8)
KERNEL = rng.normal(size=(16, 3)).astype(np.float32)

pytestmark = pytest.mark.usefixtures("forked_models")


def saved(folder, *layers, kernel=KERNEL, bias=None, dtype="float32", **of_last):
    """A model file: one dense layer behind `layers`, and what NumPy says that its labels are."""
    last = keras.layers.Dense(3, use_bias=bias is not None, **of_last)
    model = keras.Sequential(
        [keras.Input((4, 4), dtype=dtype), *layers, keras.layers.Flatten(), last]
    )
    last.set_weights([kernel] if bias is None else [kernel, bias])
    model.save(folder / "model.keras")
    return folder / "model.keras"


def labels_by_numpy(kernel=KERNEL):
    return (IMAGES.reshape(-1, 16) / 255.0 @ kernel.astype(np.float64)).argmax(axis=1)


def table(folder):
    path = folder / "test.csv"
    rows = "\n".join(",".join(map(str, image.ravel())) for image in IMAGES)
    path.write_text(",".join(f"pixel{i}" for i in range(16)) + f"\n{rows}\n")
    return path


@pytest.mark.parametrize(
    "how",
    [
        {"kernel": KERNEL * np.float32(1e-9)},
        {"bias": np.full(3, -40, np.float32), "activation": "sigmoid"},
        {"kernel": KERNEL * np.float32(1e20)},
        {"activation": "softmax"},
    ],
    ids=["tiny outputs", "tiny sigmoids", "huge outputs", "probabilities"],
)
def test_labels_are_those_of_the_largest_output(tmp_path, how):
    with inference.open_model(saved(tmp_path, **how)) as predictor:
        answer = predictor.answer(IMAGES)
    np.testing.assert_array_equal(answer.labels, labels_by_numpy())
    assert answer.ties == 0
    np.testing.assert_array_equal(answer.probabilities.argmax(axis=1), answer.labels)
    np.testing.assert_allclose(answer.probabilities.sum(axis=1), 1, atol=1e-5)


def test_equal_outputs_are_counted_and_the_first_class_is_taken(tmp_path):
    kernel = KERNEL.copy()
    kernel[:, 2] = kernel[:, 1]
    found = submission.predict(saved(tmp_path, kernel=kernel), table(tmp_path))
    assert not (found.labels == 2).any()
    assert found.ties == (found.labels == 1).sum() > 0


def test_the_canary_finds_other_labels_of_tiny_outputs(tmp_path):
    chosen = Chosen()
    chosen.add(IMAGES)
    with inference.open_model(saved(tmp_path, kernel=KERNEL * np.float32(1e-9))) as predictor:
        labels = predictor.answer(IMAGES).labels
        assert canary.judge(labels, chosen, predictor.outputs).verdict == "PASS"
        assert canary.judge((labels + 1) % 3, chosen, predictor.outputs).verdict == "FAIL"


def test_integers_that_end_below_255_are_refused(tmp_path):
    model = saved(tmp_path, keras.layers.Rescaling(1 / 255), dtype="int8")
    expected = "takes integers of type int8, which end at 127.*input of type uint8 or float32"
    with pytest.raises(InputError, match=expected):
        inference.open_model(model)
    with pytest.raises(InputError, match=expected):
        inference.check(model)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int64", "float16"])
def test_a_type_that_holds_255_is_fed_rightly(tmp_path, dtype):
    layers = [] if dtype == "float16" else [keras.layers.Rescaling(1 / 255)]
    outputs = Opened(saved(tmp_path, *layers, dtype=dtype))(IMAGES)
    np.testing.assert_array_equal(outputs.argmax(axis=1), labels_by_numpy())


def as_windows_writes(path, change=lambda name: name.replace("/", "\\")):
    """Rewrite a .keras file with its groups named as Keras on Windows names them."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stored = io.BytesIO()
    with h5py.File(io.BytesIO(members["model.weights.h5"])) as old, h5py.File(stored, "w") as new:

        def copy(name, node):
            if isinstance(node, h5py.Dataset):
                group, variables, number = re.fullmatch(r"(.*)/(vars)/(\d+)", name).groups()
                new[f"{change(group)}/{variables}/{number}"] = node[()]

        old.visititems(copy)
    members["model.weights.h5"] = stored.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_groups_with_backslashes_hold_weights_too(tmp_path):
    inner = keras.Sequential([keras.Input((4, 4)), keras.layers.Dense(5), keras.layers.Dense(4)])
    path = saved(tmp_path, inner)
    with inference.open_model(path) as predictor:
        expected = predictor.outputs(IMAGES)
    as_windows_writes(path)
    with zipfile.ZipFile(path) as archive:
        assert b"layers\\sequential\\layers\\dense_1" in archive.read("model.weights.h5")
    with inference.open_model(path) as predictor:
        np.testing.assert_array_equal(predictor.outputs(IMAGES), expected)


def test_one_group_under_two_names_is_refused(tmp_path):
    path = saved(tmp_path)
    names = iter(["layers/dense"])
    as_windows_writes(path, lambda name: next(names, name))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stored = io.BytesIO(members["model.weights.h5"])
    with h5py.File(stored, "r+") as file:
        file["layers\\dense/vars/0"] = KERNEL
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, "model.weights.h5": stored.getvalue()}.items():
            archive.writestr(name, content)
    with pytest.raises(
        InputError, match=r"holds 'layers/dense' twice, once under a name with backslashes"
    ):
        inference.open_model(path)


def test_the_largest_logits_of_float32_give_probabilities_without_a_warning():
    largest = np.finfo("f4").max
    logits = np.array([[largest, -largest, 0], [-largest, 0, 1]], "f4")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = predictor._softmax(logits, logits.argmax(axis=1))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 1 / (1 + np.e), np.e / (1 + np.e)]])

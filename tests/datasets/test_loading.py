"""`load`: from each kind of source to checked, divided rows."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from idx_files import encode, write_file, write_folder

from fashion_nn.datasets import DATASETS, export, load, names
from fashion_nn.errors import InputError


def write_table(path: Path, labels, side: int = 2, seed: int = 0) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (len(labels), side * side))
    header = ",".join(["label", *(f"pixel{i + 1}" for i in range(side * side))])
    lines = [",".join(map(str, [label, *row])) for label, row in zip(labels, pixels, strict=True)]
    return write_file(path, "\n".join([header, *lines, ""]).encode())


def test_names():
    assert names() == ("fashion_mnist", "mnist", "digits") == tuple(DATASETS)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_a_table(tmp_path, suffix):
    calls = []
    path = write_table(tmp_path / f"things{suffix}", [0, 1, 2] * 10)
    splits = load(path, progress=lambda done, total: calls.append((done, total)))
    assert (splits.name, splits.class_names, splits.test) == ("things", ("0", "1", "2"), None)
    assert (splits.image_shape, len(splits.train), len(splits.valid)) == ((2, 2), 27, 3)
    assert splits.train.images.dtype == np.uint8
    assert splits.train.labels.dtype == np.int64
    assert calls


def test_a_table_with_test_rows(tmp_path):
    train = write_table(tmp_path / "train.csv", [0, 1] * 10)
    splits = load(
        str(train),
        test=write_table(tmp_path / "test.csv", [1, 1, 0], seed=1),
        validation_fraction=0.2,
    )
    assert splits.test.labels.tolist() == [1, 1, 0]
    assert (len(splits.train), len(splits.valid), splits.validation_fraction) == (16, 4, 0.2)


def test_a_folder(tmp_path):
    splits = load(write_folder(tmp_path / "mine"), validation_fraction=0)
    assert (splits.name, splits.class_names) == ("mine", ("0", "1", "2"))
    assert (len(splits.train), len(splits.valid), len(splits.test)) == (30, 0, 12)
    assert splits.valid.images.shape == (0, 4, 4)


def test_rows_keep_the_order_of_the_source(tmp_path):
    path = write_table(tmp_path / "a.csv", [0, 1, 2] * 20, side=4)
    whole, parts = load(path, validation_fraction=0).train, load(path)
    rest = np.delete(np.arange(60), parts.valid_indices)
    np.testing.assert_array_equal(parts.train.images, whole.images[rest])
    np.testing.assert_array_equal(parts.valid.images, whole.images[parts.valid_indices])


def test_a_table_of_a_known_data_set_is_known_again(tmp_path):
    paths = export("digits", tmp_path)
    splits, official = load(paths[0], test=paths[1]), load("digits")
    assert (splits.name, splits.class_names) == ("digits", official.class_names)
    assert (splits.fingerprint, splits.split_id) == (official.fingerprint, official.split_id)
    np.testing.assert_array_equal(splits.test.images, official.test.images)


def test_a_table_that_looks_like_a_known_data_set_gets_its_class_names(real_data, tmp_path):
    rows = load("fashion_mnist", data_dir=real_data).valid
    folder = tmp_path / "part"
    folder.mkdir()
    write_file(folder / "train-images-idx3-ubyte.gz", encode(rows.images))
    write_file(folder / "train-labels-idx1-ubyte.gz", encode(rows.labels))
    splits = load(folder)
    assert splits.name == "part"
    assert splits.class_names == DATASETS["fashion_mnist"].class_names


def test_hyphens_do_in_names(real_data):
    assert load("fashion-mnist", data_dir=real_data).name == "fashion_mnist"


def test_labels_of_any_kind_become_classes(tmp_path):
    for labels, originals in (
        ([1, 2, 3] * 4, (1, 2, 3)),
        ([0, 1, 3] * 4, (0, 1, 3)),
        ([0, 1, 10**15] * 4, (0, 1, 10**15)),
        (["cat", "dog", "ant"] * 4, ("ant", "cat", "dog")),
        (["+", "-", "="] * 4, ("+", "-", "=")),
    ):
        splits = load(write_table(tmp_path / "a.csv", labels), validation_fraction=0)
        assert splits.original_labels == originals
        assert splits.labels.decode(splits.train.labels) == labels
        assert splits.class_names == tuple(map(str, originals))


def test_a_class_with_one_row_is_used_for_training_and_said(tmp_path):
    splits = load(write_table(tmp_path / "a.csv", [0, 0, 1]))
    assert sorted(splits.train.labels) == [0, 1]
    assert splits.said.endswith("class 1 has a single row, which is used for training")


REFUSED = {
    "one class": ([0, 0, 0], "every row has label 0, expected at least two classes"),
    "formulas": (["=1+1", "a", "b"], "is a formula in a spreadsheet"),
    "ids": (list(range(10_001)), "has 10,001 classes, expected at most 10,000"),
}


@pytest.mark.parametrize(("labels", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses_labels_that_are_no_classes(tmp_path, labels, message):
    path = write_table(tmp_path / "a.csv", labels)
    with pytest.raises(InputError) as caught:
        load(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_a_header_alone(tmp_path):
    with pytest.raises(InputError, match=r"a\.csv"):
        load(write_table(tmp_path / "a.csv", []))


def test_refuses_test_rows_that_do_not_fit(tmp_path):
    train = write_table(tmp_path / "train.csv", [0, 1] * 3)
    larger = write_table(tmp_path / "larger.csv", [0, 1], side=3)
    with pytest.raises(
        InputError, match=r"larger\.csv: test images are 3 x 3 pixels, training images 2 x 2 pixels"
    ):
        load(train, test=larger)
    strange = write_table(tmp_path / "strange.csv", [0, 2])
    with pytest.raises(
        InputError, match=r"strange\.csv: test rows have label 2, training rows only 0 to 1"
    ):
        load(train, test=strange)


@pytest.mark.parametrize("source", ["digits", "folder"])
def test_refuses_a_test_table_where_there_are_test_rows(tmp_path, source):
    path = write_folder(tmp_path / "x") if source == "folder" else source
    with pytest.raises(InputError, match="which has test rows of its own"):
        load(path, test=tmp_path / "test.csv")


@pytest.mark.parametrize("name", ["emnist", "nothing/here.csv", Path("digits")])
def test_refuses_what_is_not_there(name):
    with pytest.raises(InputError, match="neither a file or folder nor a known data set"):
        load(name)


def test_refuses_a_fraction_out_of_range():
    with pytest.raises(InputError, match="at least 0 and less than 1"):
        load("digits", validation_fraction=1)


def digest(rows: np.ndarray) -> str:
    return hashlib.sha256(rows.tobytes()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("fraction", "pinned"), [(0.1, "749b12628288352d"), (0.25, "241ff7cba545f1ac")]
)
def test_the_stored_split_of_the_real_data(real_data, fraction, pinned):
    splits = load("fashion_mnist", data_dir=real_data, validation_fraction=fraction)
    assert np.bincount(splits.valid.labels).tolist() == [round(6000 * fraction)] * 10
    assert digest(splits.valid_indices) == pinned


def test_importing_is_light():
    code = (
        "import sys, fashion_nn.datasets\nheavy = {'keras', 'tensorflow', 'pandas', 'sklearn',"
        " 'scipy', 'matplotlib', 'pyarrow', 'rich', 'pydantic'}\nprint(sorted(heavy &"
        " set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    assert (
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, text=True
        ).stdout
        == "[]\n"
    )

"""Tables that are written can be read again, and are never half there."""

import csv

import numpy as np
import pytest
from idx_files import write_folder

from fashion_nn import tables
from fashion_nn.datasets import DATASETS, export, load
from fashion_nn.errors import InputError


def test_digits_come_back(tmp_path):
    splits = load("digits", validation_fraction=0)
    paths = export("digits", tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["digits_train.csv", "digits_test.csv"]
    for path, rows in zip(paths, (splits.train, splits.test), strict=True):
        table = tables.read(path, labels="required")
        np.testing.assert_array_equal(table.pixels.reshape(-1, 28, 28), rows.images)
        np.testing.assert_array_equal(table.labels, rows.labels)
    assert sorted(paths[0].parent.iterdir()) == sorted(paths)


def test_the_text_is_what_a_csv_writer_would_write(tmp_path):
    folder = write_folder(tmp_path / "things")
    path = export(folder, tmp_path)[0]
    rows = load(folder, validation_fraction=0).train
    expected = tmp_path / "expected.csv"
    with expected.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["label", *(f"pixel{i}" for i in range(1, 17))])
        writer.writerows(
            [label, *image.ravel()] for label, image in zip(rows.labels, rows.images, strict=True)
        )
    assert path.name == "things_train.csv"
    assert path.read_bytes() == expected.read_bytes()


def test_without_test_rows_one_file_is_written(tmp_path):
    assert [
        path.name for path in export(write_folder(tmp_path / "x", parts=("train",)), tmp_path)
    ] == ["x_train.csv"]


@pytest.mark.parametrize("existing", ["digits_train.csv", "digits_test.csv"])
def test_an_existing_file_is_replaced_only_when_asked(tmp_path, existing):
    (tmp_path / existing).write_text("mine")
    with pytest.raises(InputError, match=f"{existing} exists already"):
        export("digits", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "mine"
    export("digits", tmp_path, overwrite=True)
    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / existing).read_bytes().startswith(b"label,pixel1,")


def test_a_file_in_the_place_of_the_folder_is_bad_input(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="written"):
        export("digits", tmp_path / "out")


def test_fashion_mnist(real_data, tmp_path):
    paths = export("fashion_mnist", tmp_path, data_dir=real_data)
    assert [path.name for path in paths] == ["fashion_train.csv", "fashion_test.csv"]
    again = load(paths[0], test=paths[1])
    assert (again.name, again.fingerprint) == (
        "fashion_mnist",
        DATASETS["fashion_mnist"].fingerprint,
    )
    np.testing.assert_array_equal(
        again.test.labels, load("fashion_mnist", data_dir=real_data).test.labels
    )

"""Kaggle's zip as the whole input of a submission."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from fashion_nn.cli.submit import Request, images_and_sample
from fashion_nn.core.files import FileIn
from fashion_nn.datasets import load
from fashion_nn.errors import InputError
from fashion_nn.submission import ImageTable, read_sample

WORDS = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


def table(images: np.ndarray, labels: np.ndarray | None = None) -> str:
    names = [f"pixel{i}" for i in range(images[0].size)]
    rows = [list(map(str, row)) for row in images.reshape(len(images), -1).tolist()]
    if labels is not None:
        names.insert(0, "label")
        rows = [[str(label), *row] for label, row in zip(labels, rows, strict=True)]
    return "".join(",".join(row) + "\n" for row in [names, *rows])


def archive(folder: Path, *, test: bool = True, rows: int = 40) -> Path:
    digits = load("digits", validation_fraction=0)
    path = folder / "digit-recognizer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        train = digits.train.take(np.arange(10 * rows))
        file.writestr("train.csv", table(train.images, WORDS[train.labels]))
        if test:
            file.writestr("test.csv", table(digits.test.images[:rows]))
            ids = "".join(f"{i},0\n" for i in range(rows))
            file.writestr("sample_submission.csv", "id,label\n" + ids)
    return path


def test_the_test_table_and_the_sample_are_found_in_it(tmp_path):
    request = Request(train=archive(tmp_path), out=tmp_path / "out.csv")
    test, sample = images_and_sample(request)
    assert isinstance(test, FileIn) and isinstance(sample, FileIn)
    images = np.concatenate([block.images for block in ImageTable(test).blocks()])
    np.testing.assert_array_equal(images, load("digits").test.images[:40])
    assert read_sample(sample).header == ("id", "label")


def test_an_archive_without_a_test_table_asks_for_one(tmp_path):
    request = Request(train=archive(tmp_path, test=False), out=tmp_path / "out.csv")
    with pytest.raises(InputError, match=r"holds no test table: give one with --test FILE"):
        images_and_sample(request)
    with pytest.raises(InputError, match=r"no images to predict: give them with --test FILE"):
        images_and_sample(Request(out=tmp_path / "out.csv"))


def test_images_of_other_files_are_predicted_too(tmp_path):
    images = load("digits").test.images[:12]
    np.savez(tmp_path / "x.npz", x_test=images)
    first = ImageTable(tmp_path / "x.npz").first
    np.testing.assert_array_equal(first.images, images)
    assert first.image_shape == (28, 28)


@pytest.mark.slow  # beside the quick tests above and those of the formats
def test_the_archive_is_the_whole_command(tmp_path, monkeypatch):
    from fashion_nn.cli.submit import submit

    monkeypatch.chdir(tmp_path)
    out = tmp_path / "sub.csv"
    submit(train=archive(tmp_path), out=out, budget="60s", models=tmp_path / "models")
    header, *lines = out.read_text().splitlines()
    assert header == "id,label"
    assert [line.split(",")[0] for line in lines] == list(map(str, range(40)))
    assert {line.split(",")[1] for line in lines} <= set(WORDS)

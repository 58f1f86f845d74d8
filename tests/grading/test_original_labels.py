"""Files are graded by the labels of the data, whatever these are."""

import numpy as np
import pytest
from idx_files import encode, write_file

from fashion_nn.datasets import FOUND_OUT, ReadOptions, load
from fashion_nn.grading import Sources, grade, read_reference

WORDS = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


def write_table(path, images, labels=None):
    names = [f"pixel{i}" for i in range(images[0].size)]
    rows = [list(map(str, row)) for row in images.reshape(len(images), -1).tolist()]
    if labels is not None:
        names.insert(0, "label")
        rows = [[str(label), *row] for label, row in zip(labels, rows, strict=True)]
    path.write_text("".join(",".join(row) + "\n" for row in [names, *rows]))
    return path


@pytest.mark.parametrize("kind", ["a table", "ids and labels"])
def test_words_are_graded_as_labels(tmp_path, kind):
    rows = load("digits").test.take(np.arange(60))
    test = write_table(tmp_path / "test.csv", rows.images)
    words = WORDS[rows.labels]
    truth = write_table(tmp_path / "truth.csv", rows.images, words)
    if kind == "ids and labels":
        right_lines = [f"{i},{word}\n" for i, word in enumerate(words, start=1)]
        truth.write_text("ImageId,Label\n" + "".join(right_lines))
    reference = read_reference(test, Sources(labels=truth), find_duplicates=False)
    given = words.copy()
    given[:3] = "nine"
    file = tmp_path / "made.csv"
    lines = [f"{i},{word}\n" for i, word in enumerate(given, start=1)]
    file.write_text("ImageId,Label\n" + "".join(lines))
    checks = {check.name: check for check in grade(file, reference).checks}
    assert checks["file"].verdict == "PASS"
    right = float((given == words).mean())
    assert f"accuracy {right:.4f}" in checks["score"].value
    file.write_text("ImageId,Label\n" + "".join(lines[:-1]) + "60,eleven\n")
    checks = {check.name: check for check in grade(file, reference).checks}
    assert checks["file"].verdict == "FAIL"
    assert "its label is not one of 'eight', 'five', 'four', 'nine'" in checks["file"].value


@pytest.mark.parametrize("kind", ["arrays", "labels alone", "IDX labels", "a table with options"])
def test_true_labels_come_in_any_layout(tmp_path, kind):
    rows = load("digits").test.take(np.arange(30))
    test = tmp_path / "test.npz"
    given = {"x": rows.images, "y": rows.labels}
    np.savez(test, **{f"{name}_test": values for name, values in given.items()})
    options = FOUND_OUT
    truth = test
    if kind == "labels alone":
        truth = tmp_path / "truth.npy"
        np.save(truth, rows.labels)
    elif kind == "IDX labels":
        truth = write_file(tmp_path / "t10k-labels-idx1-ubyte.gz", encode(rows.labels))
    elif kind == "a table with options":
        table = write_table(tmp_path / "a.csv", rows.images, rows.labels)
        truth = tmp_path / "truth.csv"
        truth.write_text(table.read_text().partition("\n")[2].replace(",", ";"))
        options = ReadOptions(header=False, label_column="first", delimiter=";")
    sources = Sources(labels=truth, options=options)
    reference = read_reference(test, sources, find_duplicates=False)
    np.testing.assert_array_equal(reference.truth, rows.labels)

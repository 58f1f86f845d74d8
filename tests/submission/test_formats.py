"""The formats of a prediction file: what is written, and that it is what is expected of such a
file.
"""

from dataclasses import replace

import numpy as np
import pytest

from fashion_nn import submission
from fashion_nn.datasets import LabelMap
from fashion_nn.errors import InputError
from fashion_nn.grading import check_file
from fashion_nn.inference import Feeding
from fashion_nn.inference.shared.layout import Layout
from fashion_nn.submission import Predictions, Sample

FEEDING = Feeding(Layout("image", (2, 2)), "uint8", False, "for this test")


def predictions(labels, ids=None):
    given = None if ids is None else np.array(ids, np.int64)
    return Predictions(np.array(labels, np.int64), given, 10, FEEDING, "keras")


@pytest.mark.parametrize("format", submission.FORMATS)
@pytest.mark.parametrize("ids", [None, [7, 3, 5]])
def test_a_written_file_is_what_is_expected_of_its_format(tmp_path, format, ids):
    made = predictions([4, 0, 9], ids)
    submission.write(made, tmp_path / "out", format=format)
    expected = submission.expectation(made, format=format)
    assert check_file(tmp_path / "out", expected).verdict == "PASS"


def test_kaggles_format_has_the_ids_of_the_table_or_counts_from_1():
    assert submission.render(predictions([4, 0])) == "ImageId,Label\n1,4\n2,0\n"
    assert submission.render(predictions([4, 0], [7, 3])) == "ImageId,Label\n7,4\n3,0\n"


def test_the_plain_format_is_a_label_a_line():
    assert submission.render(predictions([4, 0], [7, 3]), format="plain") == "4\n0\n"


def test_a_sample_decides_header_and_order():
    sample = Sample(("id", "class"), ("3", "7"))
    assert submission.render(predictions([4, 0], [7, 3]), sample=sample) == "id,class\n3,0\n7,4\n"
    assert submission.render(predictions([4, 0]), sample=sample) == "id,class\n3,4\n7,0\n"
    with pytest.raises(InputError, match="'3' is not in the test table"):
        submission.render(predictions([4, 0], [7, 8]), sample=sample)


def test_the_labels_of_the_data_are_written(tmp_path):
    originals = LabelMap(("ant", "bee", "cat"))
    given = np.array(["a.png", "b.png"])
    made = replace(predictions([2, 0]), ids=given, classes=3, originals=originals)
    assert submission.render(made) == "ImageId,Label\na.png,cat\nb.png,ant\n"
    assert submission.render(made, format="plain") == "cat\nant\n"
    sample = Sample(("id", "class"), ("b.png", "a.png"))
    assert submission.render(made, sample=sample) == "id,class\nb.png,ant\na.png,cat\n"


def test_ids_that_would_be_formulas_are_not_written():
    made = replace(predictions([2]), ids=np.array(["=1+1"]))
    with pytest.raises(InputError, match="is an id and a formula in a spreadsheet"):
        submission.render(made)


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="'html': expected one of kaggle, plain"):
        submission.render(predictions([4]), format="html")


@pytest.mark.parametrize("unsafe", ["=1+1", " @x", "\uff1d1", "a\x1b[2J", "a;=1"])
@pytest.mark.parametrize("place", ["an id", "a header"])
def test_ids_of_a_sample_that_would_be_formulas_are_refused(tmp_path, unsafe, place):
    path = tmp_path / "sample.csv"
    header, row = ("id", unsafe) if place == "an id" else (unsafe, "1")
    path.write_text(f"{header},label\n{row},0\n")
    with pytest.raises(
        InputError, match="is a formula in a spreadsheet, or cannot be printed"
    ) as caught:
        submission.read_sample(path)
    assert str(caught.value).isprintable()


def test_other_ids_of_a_sample_come_back_unchanged(tmp_path):
    path = tmp_path / "sample.csv"
    path.write_text("id,label\n-1,0\n+2,0\nimages/caf\xe9.png,0\n007,0\n")
    sample = submission.read_sample(path)
    assert submission.render(predictions([0] * 4), sample=sample) == path.read_text()

"""A made-up class of 40 in each layout, with every kind of trouble, graded and filled back."""

import csv

import made_up_class
import pytest

from fashion_nn.core import csv_rows
from fashion_nn.grading import grade_class
from fashion_nn.grading.course import outputs
from fashion_nn.grading.course.running import Pace

ERRORS = {2, 3, 23}
NOTHING = {5, 19, 21}
WITHOUT_SCORE = ERRORS | NOTHING | {15, 22}


@pytest.fixture(scope="module")
def models(tmp_path_factory, digits_model):
    """A good model, one with 11 outputs, and one with a Lambda layer."""
    import keras

    path = tmp_path_factory.mktemp("models") / "model.keras"
    made = [digits_model.read_bytes()]
    for classes, layers in ((11, []), (10, [keras.layers.Lambda(lambda images: images)])):
        flat = keras.layers.Flatten()
        last = keras.layers.Dense(classes)
        keras.Sequential([keras.Input((28, 28)), *layers, flat, last]).save(path)
        made.append(path.read_bytes())
    return made


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """One folder for all layouts: the same files are graded once."""
    return tmp_path_factory.mktemp("out")


@pytest.mark.slow  # forty hand-ins; test_class.py has a few
@pytest.mark.parametrize("layout", made_up_class.LAYOUTS)
def test_a_class_of_forty(layout, labelled, digits, models, out, tmp_path):
    source, sheet = made_up_class.write(tmp_path, layout, digits.test.labels, models)
    grades = grade_class(source, labelled, out, pace=Pace(workers=2))
    assert grades.layout.name == layout and len(grades.hand_ins) == made_up_class.STUDENTS
    hand_ins = list(enumerate(grades.hand_ins))
    assert {number for number, each in hand_ins if each.verdict == "ERROR"} == ERRORS
    assert {number for number, each in hand_ins if each.kind == "none"} == NOTHING
    late = made_up_class.LATE if layout == "canvas" else set()
    assert {number for number, each in hand_ins if each.late} == late
    written = outputs.write(grades, labelled, out, outputs.Marking(sheet))
    assert any("equal files" in each for each in written.remarks.similarities)
    after = csv_rows.parse(written.worksheet.read_bytes(), most=10_000)
    before = csv_rows.parse(sheet.read_bytes(), most=10_000)
    assert [len(row) for row in after] == [len(row) for row in before]
    if layout in ("moodle", "canvas", "blackboard"):
        filled = [each for each in written.assessed if each.grade]
        assert len(filled) == made_up_class.STUDENTS - len(WITHOUT_SCORE)
        assert any("40" in each for each in written.remarks.unmatched)
    rows = list(csv.DictReader((out / "class-list.csv").open(newline="")))
    assert len(rows) == 40 and not any(row["hand_in"].startswith("=") for row in rows)

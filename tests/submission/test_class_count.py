"""The number of classes: a model has one output for each class of the images, in every command."""

import json

import keras
import numpy as np
import pytest
from run_folders import scores

from fashion_nn import datasets, grading, submission
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.core import reading
from fashion_nn.errors import InputError
from fashion_nn.runs import DatasetRecord, Metrics, Record, Run, SplitRecord
from fashion_nn.submission import Layout

pytestmark = pytest.mark.usefixtures("forked_models")
WRONG = (7, 12, 784)


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def table(digits, tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("table") / "test.csv", digits.test.images[:100])


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Models by their number of outputs, named N.keras."""
    folder = tmp_path_factory.mktemp("models")
    for outputs in WRONG:
        layers = [keras.layers.Flatten(), keras.layers.Dense(outputs, "sigmoid")]
        keras.Sequential([keras.Input((28, 28)), *layers]).save(folder / f"{outputs}.keras")
    return folder


def write_table(path, images):
    names = ",".join(f"pixel{i}" for i in range(images[0].size))
    rows = [",".join(map(str, image.ravel().tolist())) for image in images]
    path.write_text("\n".join([names, *rows]) + "\n")
    return path


def refused(*words, capsys):
    """The one line with which a command refuses."""
    assert run_command(app, [str(word) for word in words]) == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("outputs", "more"), [(7, ()), (12, ("--grade",)), (784, ("--dataset", "digits"))]
)
def test_submit_refuses_another_number_of_classes(table, models, tmp_path, capsys, outputs, more):
    out = tmp_path / "out.csv"
    model = models / f"{outputs}.keras"
    line = refused("submit", "--model", model, "--test", table, "--out", out, *more, capsys=capsys)
    assert f"tells {outputs} classes apart" in line and "10" in line
    assert not out.exists()


def test_submit_takes_a_model_of_two_classes_and_says_so(table, tmp_path):
    layers = [keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    keras.Sequential([keras.Input((28, 28)), *layers]).save(tmp_path / "two.keras")
    found = submission.predict(tmp_path / "two.keras", table)
    assert found.classes == 2
    assert any("tells two classes apart" in line for line in submission.warnings(found))
    with pytest.raises(InputError, match="tells 2 classes apart, expected 10"):
        submission.predict(tmp_path / "two.keras", table, classes=10)


def test_a_model_that_answers_with_an_image_is_refused_whatever_the_images_are(models, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (60, 28, 28))
    assert datasets.recognise(noise.astype(np.uint8)).name is None
    table = write_table(tmp_path / "noise.csv", noise)
    with pytest.raises(InputError, match=r"784 outputs, as many as an image of 28 x 28 has pixels"):
        submission.predict(models / "784.keras", table)
    assert submission.predict(models / "12.keras", table).classes == 12


def test_who_names_the_data_of_the_images_decides_on_the_classes(table, models):
    assert submission.predict(models / "7.keras", table, classes=7).classes == 7


def test_a_class_list_has_a_line_for_each_model_of_other_classes(table, models, tmp_path):
    found = grading.grade_class(models, grading.read_reference(table), tmp_path / "out")
    assert {each.name: each.verdict for each in found.hand_ins} == {
        f"{outputs}.keras": "ERROR" for outputs in WRONG
    }
    assert all("expected 10" in each.error for each in found.hand_ins)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [(7, ["evaluate"]), (12, ["ensemble", "--out", "new", "--flip"]), (784, ["report"])],
)
def test_a_run_whose_model_has_other_classes_is_refused(
    digits, models, tmp_path, capsys, monkeypatch, outputs, words
):
    """Its folder says ten classes, but whoever wrote it put another model beside."""
    run = Run(tmp_path / "foreign")
    content = (models / f"{outputs}.keras").read_bytes()
    record = {
        "recipe": {"name": "mlp", "model": "mlp", "seed": 0},
        "dataset": json.loads(DatasetRecord.of(digits).model_dump_json()),
        "parameters": 1,
        "environment": {"versions": {}, "hardware": {}},
        "sessions": [],
    }
    run.write_record(Record.model_validate(record))
    run.write_split(SplitRecord.of(digits))
    run.write_history([])
    run.model.write_bytes(content)
    run.write_metrics(Metrics.model_validate({"valid": scores(0.8, classes=10)}))
    assert run.read_metrics().model_sha256 == reading.sha256(run.model)
    monkeypatch.chdir(tmp_path)
    command, *more = words
    line = refused(command, run.folder, *more, capsys=capsys)
    assert f"tells {outputs} classes apart, expected 10" in line


@pytest.mark.parametrize("label", ["10", "685", "999999999", "9999999999", "-1", "03", "3.0", "٣"])
def test_a_label_beyond_the_classes_fails(table, tmp_path, label):
    path = tmp_path / "p.csv"
    rows = [f"{i},{i % 10}" for i in range(1, 100)]
    path.write_text("\n".join(["ImageId,Label", *rows, f"100,{label}"]) + "\n")
    report = grading.grade(path, grading.read_reference(table))
    file = next(check for check in report.checks if check.name == "file")
    assert file.verdict == "FAIL" and "row 100" in file.value


def test_a_label_is_no_number_of_classes_where_the_images_are_not_known(tmp_path):
    """It would take gigabytes to count up to it."""
    table = write_table(tmp_path / "t.csv", np.zeros((3, 2, 2), int))
    path = tmp_path / "p.csv"
    path.write_text("id,label\n1,0\n2,1\n3,999999999\n")
    report = grading.grade(path, grading.read_reference(table))
    assert report.verdict == "FAIL"
    assert "its label is not an integer 0..9999" in report.checks[0].value
    with pytest.raises(InputError, match="holds labels from 0 to 999999999"):
        grading.read_reference(table, grading.Sources(labels=path))


def test_a_file_is_checked_without_memory_for_its_classes(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("0\n123456789\n")
    assert grading.check_file(path, Layout(None, None, 2, 10**9)).verdict == "PASS"

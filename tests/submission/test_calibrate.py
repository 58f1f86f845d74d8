"""`--scale` and `--calibrate` of submit and grade: what decides the scale, and what is recorded."""

import json
import shutil

import keras
import numpy as np
import pytest

from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.datasets import LabelMap
from fashion_nn.errors import InputError
from fashion_nn.inference import named
from fashion_nn.submission import read_calibration

pytestmark = pytest.mark.usefixtures("forked_models")

RANDOM = np.random.default_rng(0)
IMAGES = (RANDOM.random((120, 4, 4)) ** 4 * 255).astype(np.uint8)
KERNEL = RANDOM.normal(size=(16, 3)).astype(np.float32)
BIAS = np.array([2.0, -1.5, 0.5], np.float32)


def labels_on(scale, images=IMAGES):
    """What the model answers when it is fed on the scale of this name."""
    fed = named(scale).values("float32")[images].reshape(len(images), -1)
    return (fed @ KERNEL + BIAS).argmax(axis=1)


def write_table(path, images, labels=None):
    header = [f"pixel{i}" for i in range(16)]
    rows = images.reshape(len(images), -1)
    if labels is not None:
        header.insert(0, "label")
        rows = np.column_stack([labels, rows])
    np.savetxt(path, rows, fmt="%d", delimiter=",", header=",".join(header), comments="")
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A model whose labels depend on the scale, the table that it predicts, and labelled rows that
    it answers rightly on -1..1.
    """
    given = keras.Input((4, 4))
    last = keras.layers.Dense(3)
    model = keras.Model(given, last(keras.layers.Flatten()(given)))
    last.set_weights([KERNEL, BIAS])
    model.save(tmp_path / "model.keras")
    write_table(tmp_path / "test.csv", IMAGES[:60])
    write_table(tmp_path / "labelled.csv", IMAGES[60:], labels_on("-1-1", IMAGES[60:]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(line):
    return run_command(app, line.split())


def written(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=int)[:, 1]


def test_the_scales_give_other_labels():
    given = [labels_on(scale).tolist() for scale in ("-1-1", "0-1", "inverted-0-1")]
    assert len({tuple(labels) for labels in given}) == 3


def test_submit_takes_the_scale_that_suits_the_labelled_rows(folder, capsys):
    line = "submit --model model.keras --test test.csv --out out.csv --calibrate labelled.csv"
    assert command(line) == 0
    np.testing.assert_array_equal(written("out.csv"), labels_on("-1-1")[:60])
    said = capsys.readouterr().err
    assert "100.0% of 60 rows of labelled.csv right" in said and "not certain" not in said


@pytest.mark.parametrize("scale", ["0-1", "0-255", "-1-1", "inverted"])
def test_submit_takes_the_scale_that_is_named(folder, scale):
    line = f"submit --model model.keras --test test.csv --out out.csv --scale {scale}"
    assert command(line) == 0
    expected = "inverted-0-1" if scale == "inverted" else scale
    np.testing.assert_array_equal(written("out.csv"), labels_on(expected)[:60])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--calibrate test.csv", "is the table that is predicted"),
        ("--calibrate labelled.csv --scale 0-1", "give one of them"),
        ("--calibrate wide.csv", "have the label 7, but the model has 3 classes"),
        ("--calibrate unlabelled.csv", "label"),
        ("--calibrate nothing.csv", "nothing.csv"),
    ],
)
def test_what_does_not_calibrate_is_refused(folder, capsys, options, message):
    write_table(folder / "wide.csv", IMAGES[:60], np.arange(60) % 8)
    shutil.copy("test.csv", "unlabelled.csv")
    assert command(f"submit --model model.keras --test test.csv --out out.csv {options}") == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert not (folder / "out.csv").exists()


def test_labelled_images_of_any_layout_calibrate(tmp_path):
    words = np.array(["ant", "bee", "cat"])[np.arange(6) % 3]
    np.savez(tmp_path / "rows.npz", images=IMAGES[:6], labels=words)
    rows = read_calibration(tmp_path / "rows.npz", labels=LabelMap(("ant", "bee", "cat")))
    assert rows.labels.tolist() == [0, 1, 2, 0, 1, 2]
    np.testing.assert_array_equal(rows.images, IMAGES[:6])
    with pytest.raises(InputError, match="has the label 'cat', which the model has no class for"):
        read_calibration(tmp_path / "rows.npz", labels=LabelMap(("ant", "bee")))


def test_the_checks_record_the_scale_and_the_confinement(folder):
    line = "submit --model model.keras --test test.csv --out out.csv --calibrate labelled.csv"
    assert command(f"{line} --grade") in (0, 3)
    _require_record(folder / "out.csv.checks.json", "rows of labelled.csv")


def scales_in(found):
    """The decisions about the scale that the checks record."""
    figures = [check.get("figures", {}) for check in found["checks"]]
    return [each["scale"] for each in figures if "scale" in each]


def _require_record(path, source):
    found = json.loads(path.read_text())
    confinement = found["confinement"]
    assert set(confinement) == {"held", "missing"}
    assert "limits" in confinement["held"]
    assert not {*confinement["held"]} & {*confinement["missing"]}
    (scale,) = scales_in(found)
    assert scale["scale"] == "-1-1" and source in scale["evidence"] and scale["certain"]


def test_a_folder_is_graded_with_the_labelled_rows(folder):
    (folder / "class").mkdir()
    shutil.copy("model.keras", "class")
    assert command("grade class --test test.csv --calibrate labelled.csv") in (0, 3)
    made = folder / "class-grades"
    np.testing.assert_array_equal(
        written(made / "predictions" / "model.csv"), labels_on("-1-1")[:60]
    )
    _require_record(made / "checks" / "model.checks.json", "rows of labelled.csv")


def test_a_folder_is_graded_on_the_scale_that_is_named(folder):
    (folder / "class").mkdir()
    shutil.copy("model.keras", "class")
    assert command("grade class --test test.csv --scale inverted") in (0, 3)
    made = folder / "class-grades"
    np.testing.assert_array_equal(
        written(made / "predictions" / "model.csv"), labels_on("inverted-0-1")[:60]
    )
    assert scales_in(json.loads((made / "checks" / "model.checks.json").read_text())) == []


@pytest.mark.parametrize("option", ["--scale 0-1", "--calibrate labelled.csv"])
def test_a_single_file_is_not_graded_on_a_scale(folder, capsys, option):
    command("submit --model model.keras --test test.csv --out out.csv")
    capsys.readouterr()
    assert command(f"grade out.csv --test test.csv {option}") == 2
    assert f"{option.split()[0]}: only for a folder or zip of hand-ins" in capsys.readouterr().err

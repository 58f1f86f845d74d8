"""What submit says of predictions that look wrong, and that it does not say it of others."""

import keras
import numpy as np
import pytest

from fashion_nn import grading, submission
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command

pytestmark = pytest.mark.usefixtures("forked_models")

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8)
KERNEL = np.random.default_rng(1).normal(size=(16, 3)).astype(np.float32)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "test.csv"
    rows = "\n".join(",".join(map(str, image.ravel())) for image in IMAGES)
    path.write_text(",".join(f"pixel{i}" for i in range(16)) + f"\n{rows}\n")
    return path


def model(folder, *, kernel=KERNEL, bias=(0, 0, 0), training=None):
    """A dense layer behind layers that are called with `training`."""
    given = keras.Input((4, 4))
    hidden = keras.layers.Flatten()(given)
    if training is not None:
        hidden = keras.layers.Dropout(0.9, name="drop")(hidden, training=training)
        hidden = keras.layers.BatchNormalization(name="norm")(hidden, training=training)
    last = keras.layers.Dense(3)
    made = keras.Model(given, last(hidden))
    last.set_weights([kernel, np.array(bias, np.float32)])
    made.save(folder / "model.keras")
    return folder / "model.keras"


def test_a_good_file_is_without_a_warning(tmp_path, table):
    assert submission.warnings(submission.predict(model(tmp_path), table)) == []


@pytest.mark.parametrize(
    ("how", "warning"),
    [
        ({"bias": (0, 99, 0)}, "all 60 rows get class 1: is the model trained"),
        ({"kernel": KERNEL * 0}, "for 60 of 60 rows several classes share the largest output"),
        ({"bias": (1e6, 1e6, 1e6)}, "for 60 of 60 rows the outputs of all classes are nearly"),
        ({"training": True}, "the model calls drop (Dropout), norm (BatchNormalization) with"),
    ],
)
def test_what_is_odd_is_said(tmp_path, table, how, warning):
    found = submission.warnings(submission.predict(model(tmp_path, **how), table))
    assert any(line.startswith(warning) for line in found), found


def test_layers_that_predict_anyway_are_not_named(tmp_path, table):
    assert submission.predict(model(tmp_path, training=False), table).in_training == ()


def test_layers_of_a_nested_model_are_called_as_it_is(tmp_path, table):
    inner = keras.models.load_model(model(tmp_path, training=False))
    dropped = keras.Sequential([keras.Input((4, 4)), keras.layers.Dropout(0.5, name="inside")])
    given = keras.Input((4, 4))
    outer = keras.Model(given, inner(dropped(given, training=True), training=True))
    outer.save(tmp_path / "outer.keras")
    found = submission.predict(tmp_path / "outer.keras", table)
    assert found.in_training == ("inside (Dropout)",)


def test_a_file_with_a_single_label_is_not_written_without_a_word(tmp_path, table, capsys):
    path = model(tmp_path, bias=(0, 0, 99))
    words = ["submit", "--model", path, "--test", table, "--out", tmp_path / "out.csv"]
    assert run_command(app, [str(word) for word in words]) == 0
    assert "warning: all 60 rows get class 2" in capsys.readouterr().err
    assert run_command(app, [*(str(word) for word in words), "--grade"]) == 3
    assert "FAIL  balance: all 60 rows have class 2" in capsys.readouterr().out


def test_a_single_label_fails_unless_it_is_the_true_one(tmp_path, table):
    file = tmp_path / "p.csv"
    file.write_text("ImageId,Label\n" + "".join(f"{i},2\n" for i in range(1, 61)))
    truth = tmp_path / "truth.csv"
    truth.write_text(file.read_text())

    def balance(**sources):
        reference = grading.read_reference(table, grading.Sources(**sources))
        checks = grading.grade(file, reference).checks
        return next(check for check in checks if check.name == "balance").verdict

    assert balance() == "FAIL"
    assert balance(labels=truth) == "WARN"
    truth.write_text("ImageId,Label\n" + "".join(f"{i},{i % 3}\n" for i in range(1, 61)))
    assert balance(labels=truth) == "FAIL"

"""`import fashion_nn as fnn`: what each function takes and gives, as docs/python.md shows it."""

import pkgutil
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import fashion_nn as fnn
from fashion_nn import runs
from fashion_nn.core.representation import html_table

matplotlib.use("agg")
pytestmark = pytest.mark.usefixtures("forked_models")

SHORT = {"epochs": 2, "batch_size": 64, "optimizer": "adam", "learning_rate": 0.001}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"


@pytest.fixture(scope="module")
def digits():
    return fnn.load("digits")


class Counts(keras.callbacks.Callback):
    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1


@pytest.fixture(scope="module")
def trained(tmp_path_factory, digits):
    """A run, and the callback that has seen its training."""
    folder = tmp_path_factory.mktemp("runs") / "mlp"
    callback = Counts()
    run = fnn.train("mlp", digits, out=folder, callbacks=[callback], **SHORT)
    return run, callback


@pytest.fixture(scope="module")
def run(trained):
    return trained[0]


@pytest.fixture(scope="module")
def evaluation(run, digits):
    return fnn.evaluate(run, digits)


@pytest.fixture(scope="module")
def table(tmp_path_factory, digits):
    """A CSV of the first 60 test images."""
    path = tmp_path_factory.mktemp("tables") / "test.csv"
    pixels = digits.test.images[:60].reshape(60, -1)
    header = ",".join(f"pixel{i}" for i in range(pixels.shape[1]))
    np.savetxt(path, pixels, "%d", ",", header=header, comments="")
    return path


def test_importing_it_imports_little():
    code = "import sys, fashion_nn; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    assert [name for name in names if name.startswith("fashion_nn")] == ["fashion_nn"]
    bare = subprocess.run(
        [sys.executable, "-c", code.replace("fashion_nn", "importlib, typing")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(names) - set(bare.stdout.split()) == {"fashion_nn"}


def test_no_public_name_is_a_module():
    modules = {module.name for module in pkgutil.iter_modules(fnn.__path__)}
    assert not modules & set(fnn.__all__)
    assert set(fnn.__all__) <= set(dir(fnn))


def test_each_public_name_is_there_and_described():
    for name in fnn.__all__:
        assert getattr(fnn, name).__doc__, name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        fnn.nothing  # noqa: B018


def test_the_page_names_each_function():
    assert set(re.findall(r"^\| `fnn\.(\w+)", PAGE.read_text(), re.MULTILINE)) == set(fnn.__all__)


def test_training_takes_settings_and_callbacks(trained, digits):
    run, callback = trained
    assert callback.epochs == 2 and len(run.read_history()) == 2
    recipe = run.read_record().recipe.to_json()
    assert recipe["batch_size"] == 64 and recipe["optimizer"] == "adam"
    with pytest.raises(fnn.InputError, match="a run is already there"):
        fnn.train("mlp", digits, out=run.folder, **SHORT)
    with pytest.raises(fnn.InputError, match="settings: unknown key 'lerning_rate'"):
        fnn.train("mlp", digits, out="other", lerning_rate=1)


def test_the_rows_that_loading_held_out_count(tmp_path):
    fewer = fnn.load("digits", validation_fraction=0.2)
    with pytest.raises(fnn.InputError, match=r"were loaded with 0\.2: give it to load"):
        fnn.train("mlp", fewer, out=tmp_path / "run", validation_fraction=0.3)


def test_a_recipe_with_settings():
    changed = fnn.recipe("mlp", epochs=3, augment={"flip": True}, options={"dropout_1": 0.2})
    assert (changed.epochs, changed.augment.flip) == (3, True)
    assert changed.options["dropout_1"] == 0.2
    assert fnn.recipe(changed, seed=1).seed == 1
    adam = fnn.recipe("mlp", optimizer="adam")
    assert (fnn.recipe("mlp").momentum, adam.momentum, adam.nesterov) == (0.975, 0.0, False)
    with pytest.raises(fnn.InputError, match=r"momentum=0\.9 has no effect with optimizer=adam"):
        fnn.recipe("mlp", optimizer="adam", momentum=0.9)
    with pytest.raises(fnn.InputError, match="mlp has no option 'speed'"):
        fnn.recipe("mlp", options={"speed": 1})


def test_searching_for_settings(digits, tmp_path):
    folder = tmp_path / "search"
    given = {"out": folder, "epochs": 1, "seed": 3, "workers": 2, "batch_size": 128}
    search = fnn.tune("mlp", digits, trials=1, **given)
    assert repr(search).startswith(f"Search({folder}: random search of mlp, 1 trials, best val_")
    assert [trial.status for trial in search.read_trials()] == ["completed"]
    best = search.read_best()
    recipe = best.recipe.to_json()
    assert recipe["batch_size"] == 128 and recipe["epochs"] == 1
    names = [parameter.name for parameter in search.read_record().identity.space]
    assert "learning_rate" in names and "batch_size" not in names
    assert fnn.predict(search.best_run, digits.test.images[:3]).shape == (3, 10)
    with pytest.raises(fnn.InputError, match="a search is already there"):
        fnn.tune("mlp", digits, trials=1, **given)


def test_a_search_refuses_what_its_processes_cannot_load(digits, tmp_path):
    def build(*, image_shape, classes):
        return None

    out = tmp_path / "search"
    with pytest.raises(fnn.InputError, match="cannot load this function: write a function to a fi"):
        fnn.tune(build, digits, out=out)
    with pytest.raises(fnn.InputError, match="got a Sequential, and a search builds its models"):
        fnn.tune(fnn.build("mlp", image_shape=(28, 28), classes=10), digits, out=out)
    for wrong, said in (
        ({"algorithm": "best"}, "algorithm='best': expected one of random"),
        ({"trials": 0}, "trials=0: expected a whole number from 1"),
        ({"workers": 1.5}, "workers=1.5: expected a whole number from 1"),
        ({"budget": 0}, "budget=0: expected a number of seconds above 0"),
        ({"seed": -1}, "seed=-1: expected a whole number from 0"),
        ({"lerning_rate": 1}, "settings: unknown key 'lerning_rate'"),
    ):
        with pytest.raises(fnn.InputError, match=said):
            fnn.tune("mlp", digits, out=out, **wrong)
    assert not out.exists()


def test_predicting_gives_probabilities(run, digits):
    images = digits.test.images[:5]
    for model in (run, run.folder, str(run.model)):
        found = fnn.predict(model, images)
        assert found.shape == (5, 10) and found.dtype == np.float32
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    with pytest.raises(fnn.InputError, match="expected uint8"):
        fnn.predict(run, images / 255)
    with pytest.raises(fnn.InputError, match="no such file or folder: expected a run"):
        fnn.predict("nothing.keras", images)
    with fnn.open_model(run) as predict:
        np.testing.assert_array_equal(predict(images), found)


def test_an_evaluation_is_that_of_the_command(run, evaluation, digits):
    right = fnn.predict(run, digits.test.images).argmax(axis=1) == digits.test.labels
    assert evaluation.scores.accuracy == right.mean()
    assert run.read_metrics().test.accuracy == right.mean()
    assert evaluation.probabilities.shape == (359, 10)
    assert evaluation.pixels == "pixels as 0..255 (the model takes uint8)"
    without = replace(digits, test=None)
    with pytest.raises(fnn.InputError, match="has no test rows"):
        fnn.evaluate(run, without)


def test_comparing_and_reporting(run, evaluation, digits):
    board = fnn.compare(run)
    frame = board.to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert frame.loc[0, "test_accuracy"] == evaluation.scores.accuracy
    page = fnn.report(run, digits)
    assert page == run.page and "<html" in page.read_text()


def test_submitting_and_grading(run, table, digits, tmp_path):
    out = tmp_path / "predictions.csv"
    made = fnn.submit(run, table, out)
    rows = pd.read_csv(out)
    expected = fnn.predict(run, digits.test.images[:60]).argmax(axis=1)
    assert rows["Label"].tolist() == expected.tolist() == made.predictions.labels.tolist()
    found = fnn.grade(out, table)
    assert found.verdict in ("PASS", "WARN")
    assert Path(f"{out}.checks.json").exists()
    with pytest.raises(fnn.InputError, match="unknown argument 'lables': expected sample"):
        fnn.grade(out, table, lables="x")
    with pytest.raises(fnn.InputError, match="no such file or folder"):
        fnn.grade(tmp_path / "nothing.csv", table)


def test_figures_are_axes(run, evaluation, digits):
    samples = fnn.plot_samples(digits, per_class=2)
    assert samples.shape == (10, 2)
    accuracy, loss = fnn.plot_curves(run)
    assert accuracy.get_ylabel() == "accuracy (%)" and loss.get_ylabel().startswith("loss")
    assert isinstance(fnn.plot_confusion(evaluation), Axes)
    assert len(fnn.plot_mistakes(evaluation, count=3)) == 3
    assert all(isinstance(each, Axes) for each in (*samples.flat, accuracy, loss))


def test_values_show_themselves_in_one_line(run, evaluation, digits):
    assert repr(digits) == (
        "Splits(digits: 1,295 train, 143 valid, 359 test rows; images of 28 x 28 pixels;"
        " 10 classes)"
    )
    assert re.fullmatch(
        r"Run\(.*mlp: mlp on digits, validation accuracy 0\.\d+ \(n=143\).*\)", repr(run)
    )
    assert repr(runs.Run(Path("nothing"))) == "Run(nothing: no run can be read)"
    for value in (digits, run, run.read_metrics(), evaluation, fnn.compare(run)):
        assert "\n" not in repr(value)
        assert value._repr_html_().startswith("<table>")


def test_a_table_for_a_notebook_escapes_its_text():
    shown = html_table("<script>", [("a & b", 1000, "\x1b[31m")])
    assert "<script>" not in shown and "a &amp; b" in shown and "1,000" in shown
    assert "\x1b" not in shown

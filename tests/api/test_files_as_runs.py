"""A bare model file is evaluated, compared, described and combined as a run is."""

import sys
from contextlib import contextmanager

import keras
import numpy as np
import pandas as pd
import pytest
from forked import run as command
from run_folders import make_run

import fashion_nn as fnn
from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_here
from fashion_nn.inference import opening
from fashion_nn.runs import RecipeRecord, Run

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.fixture(scope="module")
def digits():
    return fnn.load("digits")


@contextmanager
def nothing_built_here():
    """In this block, no model can be built and no HDF5 file be read in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("keras", "tensorflow", "h5py"):
            patch.setitem(sys.modules, name, None)  # An import fails.
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory, digits):
    """logits.h5 takes (28, 28, 1) of 0 to 1 and answers with logits."""
    folder = tmp_path_factory.mktemp("theirs")
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Flatten(), keras.layers.Dense(32, "relu"), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.005), loss)
    images = digits.train.images[..., None] / 255
    model.fit(images, digits.train.labels, epochs=6, batch_size=64, verbose=0)
    model.save(folder / "logits.h5")
    return folder


@pytest.fixture(scope="module")
def evaluation(folder, digits):
    with nothing_built_here():
        return fnn.evaluate(folder / "logits.h5", digits, scale="0-1")


def test_it_is_evaluated(folder, digits, evaluation):
    model = keras.models.load_model(folder / "logits.h5", compile=False)
    logits = model.predict(digits.test.images[..., None] / 255, verbose=0)
    np.testing.assert_allclose(
        evaluation.probabilities,
        np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True),
        atol=1e-3,
    )
    assert evaluation.scores.accuracy == (logits.argmax(axis=1) == digits.test.labels).mean()
    assert evaluation.name == "logits.h5"
    assert evaluation.pixels == "pixels divided by 255 (asked for)"
    assert [path.name for path in folder.iterdir()] == ["logits.h5"]


def test_the_scale_is_found_and_said(folder, digits):
    done = command("evaluate", "logits.h5", "--dataset", "digits", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "logits.h5: test accuracy 0." in done.stdout
    assert "the model gets pixels divided by 255 (" in done.stdout
    assert "pictures" not in done.stdout


def test_it_is_compared_and_reported(folder, digits, evaluation):
    with nothing_built_here():
        board = fnn.compare(folder / "logits.h5", data=digits).to_pandas()
        page = fnn.report(folder / "logits.h5", digits)
    assert isinstance(board, pd.DataFrame) and board.loc[0, "run"] == "logits"
    assert abs(board.loc[0, "test_accuracy"] - evaluation.scores.accuracy) < 0.01
    assert page == folder / "logits.h5.html" and "<html" in page.read_text()
    page.unlink()


def test_it_becomes_part_of_an_ensemble(folder, tmp_path):
    out = tmp_path / "both"
    words = ["ensemble", folder / "logits.h5", "--flip", "--dataset", "digits", "--out", out]
    with nothing_built_here():
        assert run_here(app, list(map(str, words))) == 0
    (member,) = Run(out).read_record().recipe.options.members
    assert member.run == "logits" and member.weight == 1


@pytest.mark.parametrize(
    "line",
    ["evaluate logits.h5", "compare logits.h5", "report logits.h5", "ensemble logits.h5"],
)
def test_data_must_be_named(folder, line):
    done = command(*line.split(), cwd=folder)
    assert done.returncode == 2
    assert "is no run, so its data must be named: give a data set, such as" in done.stderr


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        ({"sha256": "0", "scale": "-1-1", "factor": 0.5, "offset": -1.0}, "-1-1"),
        ({"sha256": "0", "scale": "-1-1", "factor": 0.0, "offset": -1.0}, None),
        ({"sha256": "0", "scale": "-1-1", "factor": "a", "offset": -1.0}, None),
        ({"sha256": "0", "scale": "-1-1", "factor": float("inf"), "offset": -1.0}, None),
        ({}, None),
    ],
)
def test_the_scale_of_a_record_is_taken_if_it_is_one(tmp_path, monkeypatch, options, scale):
    run = make_run(tmp_path / "run")
    record = run.read_record()
    recipe = RecipeRecord(name="file", kind="file", options=options)
    run.write_record(record.model_copy(update={"recipe": recipe}))
    monkeypatch.setattr(opening, "open_model", lambda path, *, scale, wait: scale)
    found = opening.open_run(run)
    assert found == "auto" if scale is None else found.name == scale

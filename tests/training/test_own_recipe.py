"""Trainings of a user's own function: what they leave, how they resume, and what is refused."""

import re
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import own_models
import pytest

from fashion_nn import datasets, evaluation, inference, recipes, training
from fashion_nn.errors import InputError
from fashion_nn.runs import Run
from fashion_nn.training import OwnRecipe
from fashion_nn.zoo import own

FILE = Path(own_models.__file__)

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def work(function="build", *settings, builder=None):
    builder = builder or own.load(FILE, function)
    base = recipes.for_own_code(function.replace("_", "-"), builder.name)
    return OwnRecipe(recipes.override(base, ["epochs=2", *settings]), builder)


def test_a_run_keeps_the_source_and_its_model_opens_without_it(tmp_path, digits):
    outcome = training.run(work("build", "options.units=48"), digits, tmp_path / "run")
    run = outcome.run
    record = run.read_record()
    assert run.source.read_bytes() == FILE.read_bytes()
    assert record.recipe.model == record.code.builder == "own_models.py:build"
    assert record.code.sha256 == own.load(FILE, "build").sha256
    assert record.code.own_layers == ()
    assert record.parameters == 784 * 48 + 48 + 48 * 10 + 10
    with inference.open_model(run.model) as predict:
        answers = predict(digits.valid.images)
    assert (answers.argmax(1) == digits.valid.labels).mean() == outcome.metrics.valid.accuracy
    assert evaluation.evaluate(run, digits).scores.n == 359


def test_a_resumed_training_ends_with_the_same_bytes(tmp_path, digits):
    whole = training.run(work(), digits, tmp_path / "whole").run
    cut = training.run(work(), digits, tmp_path / "cut", stop=lambda history: "enough").run
    assert len(cut.read_history()) == 1
    training.run(work(), digits, tmp_path / "cut", resume=True)
    assert cut.model.read_bytes() == whole.model.read_bytes()


def test_other_code_does_not_resume(tmp_path, digits):
    file = tmp_path / "net.py"
    file.write_text(FILE.read_text())
    builder = own.load(file, "build")
    training.run(work(builder=builder), digits, tmp_path / "run", stop=lambda history: "enough")
    file.write_text(FILE.read_text() + "\n# another line\n")
    with pytest.raises(InputError, match="is not the code that this was begun with"):
        training.run(work(builder=own.load(file, "build")), digits, tmp_path / "run", resume=True)
    with pytest.raises(InputError, match=r"net.py: is not the code .* restore it"):
        builder.code.load()


def test_a_scale_becomes_part_of_the_model(tmp_path, digits):
    scale = own.InputScale("0-1", 1 / 255, 0.0)
    given = replace(own.load(FILE, "floats"), scale=scale)
    run = training.run(work("floats", builder=given), digits, tmp_path / "run").run
    model = keras.models.load_model(run.model)
    assert model.input.dtype == "uint8" and model.input_shape == (None, 28, 28)
    assert model.get_layer("scale").scale == 1 / 255
    assert run.read_record().code.scale.name == "0-1"
    with pytest.raises(InputError, match="--scale 0-255: this was begun with --scale 0-1"):
        training.run(work("floats"), digits, tmp_path / "run", resume=True)


def test_a_compiled_model_keeps_its_optimizer(tmp_path, digits):
    run = training.run(work("compiled"), digits, tmp_path / "run").run
    assert run.read_record().recipe.to_json()["optimizer"] == "compiled"
    assert run.read_history()[0]["learning_rate"] == pytest.approx(0.002)
    assert not keras.models.load_model(run.model).compiled
    with pytest.raises(InputError, match=r"learning_rate=0.5 has no effect: own_models"):
        training.run(work("compiled", "learning_rate=0.5"), digits, tmp_path / "other")
    compiled = work().recipe.model_copy(update={"optimizer": "compiled"})
    with pytest.raises(InputError, match="returns a model that is not compiled"):
        training.run(OwnRecipe(compiled, work().builder), digits, tmp_path / "other")


def test_custom_layers_train_and_are_evaluated_by_their_code(tmp_path, digits):
    run = training.run(work("custom"), digits, tmp_path / "run").run
    assert run.read_record().code.own_layers == ("Halves",)
    with pytest.raises(InputError, match="Halves"):
        inference.open_model(run.model)
    scores = evaluation.evaluate(run, digits, own=own.load(FILE, "custom")).scores
    assert scores.n == 359 and run.read_metrics().test.accuracy == scores.accuracy
    with pytest.raises(InputError, match="is not the code"):
        changed = replace(own.load(FILE, "custom"), source="another")
        evaluation.evaluate(run, digits, own=changed)


@pytest.mark.parametrize(
    ("function", "settings", "line", "message"),
    [
        ("nothing", [], "def nothing", "nothing returned None, expected a keras.Model"),
        ("three", [], "def three", r"output has the shape \(None, 3\), expected \(None, 10\)"),
        ("logits", [], "def logits", "are no probabilities .* end it with softmax"),
        ("raises", [], '    return sizes["units"]', "KeyError: 'units'"),
        ("build", ["options.rate=2"], "            layers.Dropout(rate)", "Invalid value"),
    ],
)
def test_a_function_that_fails_is_named_with_its_line(
    tmp_path, digits, function, settings, line, message
):
    number = FILE.read_text().split(line)[0].count("\n") + 1
    with pytest.raises(InputError, match=f"^own_models.py, line {number}: .*{message}"):
        training.run(work(function, *settings), digits, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_options_are_those_of_the_function(tmp_path, digits):
    with pytest.raises(InputError, match=r"no option 'width': expected one of units, rate"):
        training.run(work("build", "options.width=3"), digits, tmp_path / "run")
    with pytest.raises(InputError, match="units='wide': expected a whole number"):
        training.run(work("build", "options.units=wide"), digits, tmp_path / "run")


def test_a_recipe_that_names_code_runs_nothing(tmp_path, digits):
    recipe = recipes.for_own_code("net", f"{FILE}:build")
    with pytest.raises(InputError, match="code is run only if the command line names it"):
        training.run(recipe, digits, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_functions_and_models_of_python(tmp_path, digits):
    def build(*, image_shape, classes):
        return own_models.build(image_shape=image_shape, classes=classes)

    from_function = own.of_function(build)
    run = training.run(work(builder=from_function), digits, tmp_path / "function").run
    assert run.read_record().code.builder == "test_own_recipe.py:build"
    model = own_models.compiled(image_shape=(28, 28), classes=10)
    before = [weights.copy() for weights in model.get_weights()]
    run = training.run(work(builder=own.of_model(model)), digits, tmp_path / "model").run
    assert run.read_record().code.sha256 is None and not run.source.exists()
    assert all(map(np.array_equal, before, model.get_weights()))
    assert run.read_history()[0]["learning_rate"] == pytest.approx(0.002)


def test_what_a_file_must_have(tmp_path):
    file = tmp_path / "net.py"
    with pytest.raises(InputError, match="No such file"):
        own.from_command_line(f"{file}:build")
    for text, message in [
        ("def other(): pass", r"has no function 'build': it has other"),
        ("def build(x): pass", r"net.py, line 1: net.py:build takes no 'image_shape'"),
        ("\n1 / 0", r"net.py, line 2: ZeroDivisionError"),
        ("def build(:", r"net.py, line 1: SyntaxError"),
    ]:
        file.write_text(text)
        with pytest.raises(InputError, match=message):
            own.from_command_line(str(file))


def test_the_folder_of_the_file_is_on_the_path_for_the_load_alone(tmp_path):
    import sys

    (tmp_path / "helper_of_mine.py").write_text("UNITS = 7")
    (tmp_path / "json.py").write_text("raise RuntimeError('not the standard library')")
    text = "import json\nfrom helper_of_mine import UNITS\n"
    (tmp_path / "net.py").write_text(f"{text}def build(*, image_shape, classes, n=UNITS): pass")
    before = list(sys.path)
    assert own.from_command_line(str(tmp_path / "net.py")).options == {"n": 7}
    assert sys.path == before


def test_a_run_folder_that_names_code_is_not_resumed_without_it(tmp_path, digits):
    run = training.run(work(), digits, tmp_path / "run", stop=lambda history: "enough").run
    recipe = recipes.from_json(Run(run.folder).read_record().recipe.to_json())
    with pytest.raises(InputError, match=re.escape("the recipe names code, own_models.py:build")):
        training.run(recipe, digits, tmp_path / "run", resume=True)

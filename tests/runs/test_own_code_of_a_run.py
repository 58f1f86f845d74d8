"""What is refused in one line where a run or a recipe needs the user's own code."""

import pytest
from run_folders import make_run

import fashion_nn as fnn
from fashion_nn import recipes, runs
from fashion_nn.cli import own_code
from fashion_nn.errors import InputError
from fashion_nn.runs import CodeRecord
from fashion_nn.zoo import OwnBuilder


@pytest.fixture
def run(tmp_path):
    """A run whose model has a layer of the user's own."""
    run = make_run(tmp_path / "run")
    code = CodeRecord(builder="my_net.py:build", sha256="a" * 64, own_layers=("Twice",))
    run.write_record(run.read_record().model_copy(update={"code": code}))
    return run


WAYS = {
    "predict": lambda run: fnn.predict(run, fnn.load("digits").test.images),
    "submit": lambda run: fnn.submit(run.folder, "test.csv", "out.csv"),
    "open": lambda run: fnn.open_model(str(run.model)),
    "evaluate": lambda run: fnn.evaluate(run, fnn.load("digits")),
    "report": lambda run: fnn.report(run, fnn.load("digits")),
}


@pytest.mark.parametrize("way", WAYS)
def test_own_layers_are_refused_with_the_command_that_takes_them(run, way):
    with pytest.raises(InputError, match=r"code of its own \(Twice\).* --code my_net\.py:build"):
        WAYS[way](run)


def test_a_recipe_is_for_the_code_that_was_searched(tmp_path):
    recipe = recipes.for_own_code("my_net", "my_net.py:build")
    builder = OwnBuilder("my_net.py:build", lambda **_: None, source="as it is now")
    file = tmp_path / "best.json"
    own_code.require_named(recipe, file, builder, builder.sha256)
    own_code.require_named(recipe, file, builder, None)
    with pytest.raises(InputError, match=r"is for other code in my_net\.py:build \(SHA-256 aaaa"):
        own_code.require_named(recipe, file, builder, "a" * 64)


def test_the_checksum_is_read_from_the_file(tmp_path):
    file = tmp_path / "best.json"
    file.write_text('{"recipe": {"name": "a"}, "dataset": "digits", "code": {"sha256": "ab"}}')
    assert runs.read_recipe(file) == runs.search_folder.RecipeFile({"name": "a"}, "digits", "ab")

"""What the search uses of keras-tuner beyond its documented interface is there, and is used in one
module.
"""

import ast
import inspect
from pathlib import Path

import keras_tuner
import pytest

import fashion_nn
from fashion_nn.runs import Parameter
from fashion_nn.tuning import keras_tuner_adapter
from fashion_nn.tuning.keras_tuner_adapter import PRIVATE_PARTS, KerasTuner

PACKAGE = Path(fashion_nn.__file__).parent
ALGORITHM_OF = {
    "RandomSearchOracle": "random",
    "HyperbandOracle": "hyperband",
    "BayesianOptimizationOracle": "bayesian",
}
SPACE = [Parameter(name="momentum", kind="choice", values=[0.0, 0.9], default=0.9)]


@pytest.mark.parametrize("part", PRIVATE_PARTS, ids=lambda part: f"{part.oracle}.{part.name}")
def test_the_installed_keras_tuner_has_the_private_parts(part):
    named = f"keras-tuner {keras_tuner.__version__}: {part.oracle}.{part.name}"
    if part.parameters is None:
        oracle = KerasTuner(ALGORITHM_OF[part.oracle], SPACE, "val_accuracy", 9, 0)._oracle
        assert hasattr(oracle, part.name), f"{named} is gone; used in {part.use}"
        return
    method = getattr(getattr(keras_tuner.oracles, part.oracle), part.name, None)
    assert callable(method), f"{named} is gone; used in {part.use}"
    parameters = tuple(inspect.signature(method).parameters)[1:]
    assert parameters == part.parameters, (
        f"{named} takes {parameters}, not {part.parameters}; used in {part.use}"
    )


def private_names(source):
    """Private attributes of anything but the adapter's own object."""
    tree = ast.parse(source)
    own = {
        node.name
        for top in tree.body
        if isinstance(top, ast.ClassDef)
        for node in top.body
        if isinstance(node, ast.FunctionDef)
    } | {"_algorithm", "_objective", "_oracle", "_one_thread"}
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return {name for name in named if name.startswith("_") and not name.startswith("__")} - own


def test_the_list_of_private_parts_is_complete():
    listed = {part.name for part in PRIVATE_PARTS}
    assert private_names(Path(keras_tuner_adapter.__file__).read_text()) == {
        name for name in listed if name[0] == "_"
    }


def test_no_other_module_knows_keras_tuner():
    users = {
        path.name for path in PACKAGE.rglob("*.py") if "import keras_tuner\n" in path.read_text()
    }
    assert users == {"keras_tuner_adapter.py"}


def test_versions_that_were_not_tested_are_not_installed():
    minor = int(keras_tuner.__version__.split(".")[1])
    assert f"keras-tuner>=1.4.8,<1.{minor + 1}" in (PACKAGE.parent / "setup.cfg").read_text()

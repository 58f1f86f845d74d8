"""The examples run from beginning to end, and show what they promise."""

import ast
import inspect
import os
from pathlib import Path

import nbformat
import pytest
from forked import run
from nbclient import NotebookClient

import fashion_nn as fnn

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
NOTEBOOK = EXAMPLES / "first-steps.ipynb"

pytestmark = pytest.mark.usefixtures("forked_models")


@pytest.mark.slow  # a kernel of its own, which takes half a minute
def test_the_notebook_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(EXAMPLES.parent)]))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [str(output.get("data", output.get("text"))) for output in shown]
    assert sum("image/png" in text for text in texts) == 4
    assert any("Report(predictions.csv: PASS" in text for text in texts)
    assert any("Report(slipped.csv: FAIL" in text for text in texts)
    assert any("<table>" in text for text in texts)
    assert not any("Warning" in text or "Traceback" in text for text in texts)


def calls_of_the_package(source):
    """The calls of functions of `fnn` in a piece of code: the names, and the calls."""
    for node in ast.walk(ast.parse(source)):
        of_a_name = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if of_a_name and ast.unparse(node.func.value) == "fnn":
            yield node.func.attr, node


def test_the_notebook_calls_public_functions_with_arguments_that_they_take():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    calls = [
        call
        for cell in cells
        if cell.cell_type == "code"
        for call in calls_of_the_package(cell.source)
    ]
    assert {"load", "train", "evaluate", "submit", "grade"} <= {name for name, _ in calls}
    for name, call in calls:
        assert name in fnn.__all__
        arguments = {each.arg: ast.unparse(each.value) for each in call.keywords}
        inspect.signature(getattr(fnn, name)).bind(*call.args, **arguments)
    training = next(call for name, call in calls if name == "train")
    given = {each.arg: each.value for each in training.keywords if each.arg != "out"}
    settings = {name: ast.literal_eval(value) for name, value in given.items()}
    assert fnn.recipe("mlp", **settings).epochs == settings["epochs"]


def test_the_notebook_is_stored_without_outputs():
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs") and not cell.get("execution_count")


@pytest.mark.slow  # each trains and measures, which takes 10 to 20 s
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("own_network", "Evaluation(wide-and-deep on digits, test: accuracy 0.9"),
        ("own_photographs", "images of 32 x 32 pixels in colour; 3 classes"),
        ("competition", "Submission(predictions.csv: 359 predictions"),
    ],
)
def test_a_script_runs(tmp_path, name, shown):
    done = run(cwd=tmp_path, script=EXAMPLES / f"{name}.py")
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    if name == "competition":
        assert "FAIL" not in done.stdout


def test_the_page_names_each_example():
    page = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.iterdir():
        assert path.name == "README.md" or f"({path.name})" in page, path.name

"""The folders of `fashion_nn.inference` are cut by the process that runs the code, and stay so."""

import ast
from pathlib import Path

import pytest

from fashion_nn import inference

FOLDER = Path(inference.__file__).parent
# What each folder may import of the others. `child` is started as a program, never imported.
MAY_IMPORT = {
    "shared": {"shared"},
    "file": {"file", "shared"},
    "allowlist": {"allowlist", "shared"},
    "scaling": {"scaling", "shared"},
    "engines": {"engines", "scaling", "allowlist", "file", "shared"},
    "inspection": {"inspection", "engines", "allowlist", "file", "shared"},
    "child": {"child", "shared"},
}
PARENT = {"file", "allowlist", "scaling", "engines", "inspection"}
RUNS_MODELS = {"keras", "tensorflow", "h5py"}


def imported(path):
    tree = ast.parse(path.read_text())
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []  # for type hints only
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_what_its_process_runs(folder):
    for path in (FOLDER / folder).glob("*.py"):
        names = [name.split(".") for name in imported(path)]
        others = {parts[2] for parts in names if parts[:2] == ["fashion_nn", "inference"]}
        assert others <= MAY_IMPORT[folder], path
        if folder in PARENT:
            assert not {parts[0] for parts in names} & RUNS_MODELS, path


def test_every_folder_is_in_the_table():
    assert {path.parent.name for path in FOLDER.glob("*/*.py")} == set(MAY_IMPORT)

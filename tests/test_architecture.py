"""Who may import whom: the table in docs/architecture.md, walked over every file's syntax tree."""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fashion_nn

PACKAGE = Path(fashion_nn.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

BASE = {"core", "errors"}
LEVELS = {
    1: {"tables", "datasets", "measures", "recipes", "runs", "saving", "zoo"},
    2: {"training", "baselines", "inference", "pages"},
    3: {"submission", "grading", "tuning", "evaluation", "export", "ensemble", "wrapping"},
    4: {"ledger"},
    5: {"api", "cli", "console", "__main__"},
}
LEVEL_OF = {name: level for level, names in LEVELS.items() for name in names} | dict.fromkeys(
    BASE, 0
)
# Beside the levels: inside one level only what is named here, and what `lab` may use.
SAME_LEVEL = {
    ("datasets", "tables"),
    ("grading", "submission"),
    ("pages", "inference"),
    ("api", "console"),
    ("cli", "api"),
    ("cli", "console"),
}
SAME_LEVEL |= {("__main__", "cli"), ("core", "errors"), ("runs", "measures")}
LAB_MAY = {"core", "errors", "datasets", "measures", "pages", "lab"}
# Only these may import Keras or TensorFlow at module level.
KERAS_ROOMS = ("training/", "tuning", "lab/")
HEAVY = {"keras", "tensorflow", "pandas", "sklearn", "matplotlib", "scipy", "keras_tuner", "ray"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.Module, *, everywhere: bool) -> set[str]:
    """Dotted names imported in the file; unless `everywhere`, only those that run on import."""
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else _module_level(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        assert not (isinstance(node, ast.ImportFrom) and node.level), "relative import"
    return found


def _module_level(tree: ast.Module):
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from (child for child in ast.walk(node) if isinstance(node, ast.If | ast.Try))


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def own_rooms(names: set[str]) -> set[str]:
    found = {name.split(".")[1] for name in names if name.startswith("fashion_nn.")}
    rooms = {path.name.removesuffix(".py") for path in PACKAGE.iterdir()}
    assert found <= rooms | {"__version__"}, f"there is no {found - rooms}"
    return found & set(LEVEL_OF | {"lab": 0})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path):
    here = room(path)
    if here == "__init__":
        return
    assert here in LEVEL_OF or here == "lab", (
        f"{here}: give it a level in this table and in docs/architecture.md"
    )
    # Names needed for type hints only (TYPE_CHECKING) may point upwards.
    hints = {
        name
        for node in ast.walk(parse(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for name in imports(ast.Module(node.body, []), everywhere=True)
    }
    for other in own_rooms(imports(parse(path), everywhere=True) - hints) - {here}:
        if here == "lab":
            assert other in LAB_MAY, f"lab may not import {other}"
        elif other == "lab":
            assert LEVEL_OF[here] >= 4, f"{here} may not import lab"
        else:
            below = LEVEL_OF[other] < LEVEL_OF[here]
            assert below or (here, other) in SAME_LEVEL, f"{here} may not import {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_are_imported_late(path):
    name = str(path.relative_to(PACKAGE))
    heavy = {name.split(".")[0] for name in imports(parse(path), everywhere=False)} & HEAVY
    allowed = {"keras", "tensorflow"} if name.startswith(KERAS_ROOMS) else set()
    assert heavy <= allowed


LIGHT = ("tables", "measures", "runs", "datasets", "zoo", "submission", "grading", "ledger")
LIGHT += ("api.training", "api.results", "cli")


def test_importing_them_does_not_import_tensorflow():
    code = f"""
import importlib, sys
for module in {LIGHT!r}:
    importlib.import_module("fashion_nn." + module)
    print(module, *[name for name in {sorted(HEAVY)!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [*LIGHT]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_module_imports_one_that_imports_it():
    names = {module_name(path) for path in MODULES}
    graph = {}
    for path in MODULES:
        tree = parse(path)
        branches = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
        for_hints = [node for node in branches if "TYPE_CHECKING" in ast.unparse(node.test)]
        hints = {id(inner) for node in for_hints for inner in ast.walk(node)}
        found = set()
        for node in ast.walk(tree):
            # `from package import module` needs the module, and the package only for its other
            # names.
            if isinstance(node, ast.ImportFrom) and id(node) not in hints:
                wanted = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {name if name in names else node.module for name in wanted}
        graph[module_name(path)] = (found & names) - {module_name(path)}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_documentation_has_this_table():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| ([0-5]) \| (.+?) \|", page, re.MULTILINE)
    shown = {
        int(level): set(re.findall(r"\w+", names.replace("`submit.py`", "")))
        for level, names in rows
    }
    assert shown == LEVELS | {0: BASE}, "the table in docs/architecture.md names other modules"

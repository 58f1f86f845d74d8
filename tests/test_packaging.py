"""What setup.cfg declares, and the tools that hold it."""

import ast
import configparser
import importlib.metadata
import re
import runpy
import sys
from pathlib import Path

import pytest

import fashion_nn

ROOT = Path(__file__).resolve().parent.parent
MATRIX = runpy.run_path(str(ROOT / "tools" / "matrix.py"), run_name="matrix")
CHECK_TYPES = runpy.run_path(str(ROOT / "tools" / "check_types.py"), run_name="check_types")


def test_every_package_that_is_imported_is_declared() -> None:
    imported = set()
    for path in (ROOT / "fashion_nn").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module).split(".")[0])
    imported -= {*sys.stdlib_module_names, "fashion_nn"}

    pins = MATRIX["lowest_versions"]((ROOT / "setup.cfg").read_text())
    declared = {pin.partition("==")[0].lower() for pin in pins}
    distributions = importlib.metadata.packages_distributions()
    undeclared = {
        name
        for name in imported & set(distributions)
        if not {found.lower() for found in distributions[name]} & declared
    }
    assert len(imported) > 15
    assert undeclared == set()


def test_the_newest_versions_are_not_below_the_lowest() -> None:
    from packaging.version import Version

    newest = dict(
        re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text().lower(), re.M)
    )
    for pin in MATRIX["lowest_versions"]((ROOT / "setup.cfg").read_text()):
        name, _, lowest = pin.lower().partition("==")
        assert Version(newest[name]) >= Version(lowest), name


def test_the_lowest_versions_are_the_bounds_in_setup_cfg() -> None:
    text = """
[options]
install_requires =
    keras>=3.13.2,<4
[options.extras_require]
onnx =
    tf2onnx>=1.17
test =
    fashion-nn[onnx]
lint =
    ruff
"""
    assert MATRIX["lowest_versions"](text) == ["keras==3.13.2", "tf2onnx==1.17"]
    with pytest.raises(ValueError, match="'keras' has no lower bound"):
        MATRIX["lowest_versions"](text.replace("keras>=3.13.2,<4", "keras"))


def test_the_list_of_modules_that_are_not_clean_cannot_rot() -> None:
    lines = [
        "a/b.py:3: error: wrong  [misc]",
        "a/b.py:3: note: see there",
        "a/c/__init__.py:1: error: wrong  [misc]",
    ]
    problems = CHECK_TYPES["problems"]
    modules = {"a.b", "a.c", "a.d"}
    assert problems(lines, {"a.b", "a.c"}, modules) == []
    assert problems(lines, {"a.b"}, modules) == [lines[2]]
    assert problems(lines, {"a.b", "a.c", "a.d"}, modules) == [
        "pyproject.toml: a.d is clean: remove it from the list"
    ]
    assert problems(lines, {"a.b", "a.c", "x"}, modules) == [
        "pyproject.toml: x does not exist: remove it from the list"
    ]


def test_an_interpreter_that_does_not_exist_is_not_found() -> None:
    assert MATRIX["find_python"]("3.99") is None


def test_no_requirement_is_declared_twice() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    for requirements in [
        config["options"]["install_requires"],
        *config["options.extras_require"].values(),
    ]:
        names = re.findall(r"^[\w-]+", requirements, re.M)
        assert len(names) == len(set(names))


def test_the_wheel_has_every_file_of_the_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    packed = set()
    for init in (ROOT / "fashion_nn").rglob("__init__.py"):
        package = init.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for of, patterns in config["options.package_data"].items():
            if of in ("*", package):
                packed |= {
                    path
                    for pattern in re.split(r"[,\s]+", patterns)
                    for path in init.parent.glob(pattern)
                }
    ignored = {".py", ".pyc"}
    files = {
        path
        for path in (ROOT / "fashion_nn").rglob("*")
        if path.is_file() and path.suffix not in ignored
    }
    assert files - packed == set()
    names = {path.name for path in packed}
    assert {
        "py.typed",
        "base.html",
        "claims.json",
        "sentinel_fashion_mnist.npz",
        "weak_classifier_mnist.npz",
        "playground.json",
    } <= names


def test_the_citation_has_the_version_of_the_package() -> None:
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.+)$", citation, re.M) == [fashion_nn.__version__]

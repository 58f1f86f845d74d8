"""Starting Python processes that find the package, and how an end is described."""

import ast
import sys
from pathlib import Path

from fashion_nn.core import processes


def test_the_package_is_found_where_this_process_has_it():
    command = processes.python_command("fashion_nn.tuning.engines.server", "1")
    assert command[-1] == "1"
    assert Path(command[-2], "fashion_nn", "core", "processes.py").samefile(processes.__file__)


def test_it_imports_the_standard_library_only():
    """The process that confines itself loads the file by its path before anything else."""
    tree = ast.parse(Path(processes.__file__).read_text())
    names = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names

"""Starting further Python processes: what they run, and in which environment."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PACKAGE_PARENT = str(Path(__file__).parents[1])
_RUN = "import sys; sys.path.append(sys.argv.pop(1)); from {module} import main; main()"


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that calls `main()` of `module`, a module of this package, in a new interpreter.

    The package is found where this process has it, also in a checkout that is not installed.
    """
    return [sys.executable, "-P", "-c", _RUN.format(module=module), _PACKAGE_PARENT, *arguments]


def child_environment(**more: str) -> dict[str, str]:
    """A copy of the environment, with `more`, in which Python imports nothing from the working folder.

    PYTHONSAFEPATH keeps Python from adding the folder by itself. Parts of PYTHONPATH that are empty
    or relative would still lead to it, and are left out.
    """
    environment = {**os.environ, "PYTHONSAFEPATH": "1", **more}
    if "PYTHONPATH" in environment:
        parts = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(filter(os.path.isabs, parts))
    return environment


@contextmanager
def safe_children() -> Iterator[None]:
    """Give this process `child_environment` meanwhile, for libraries that start processes themselves."""
    before = {name: os.environ.get(name) for name in ("PYTHONSAFEPATH", "PYTHONPATH")}
    os.environ.update(child_environment())
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

"""Starting further Python processes, and what is said about how they end.

Only the standard library is imported, and no other module of the package: the process that confines
itself (`fashion_nn.inference.child.entry`) loads this file by its path before anything else.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PACKAGE_PARENT = str(Path(__file__).parents[2])
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


_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> bool:
    """Let the system kill this process when its parent, the process `parent`, ends.

    Returns:
        Whether the system does so (Linux). The signal is SIGKILL.
    """
    if sys.platform != "linux":
        return False
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    numbers = (int(signal.SIGKILL), 0, 0, 0)
    done = prctl(ctypes.c_int(_SET_PDEATHSIG), *[ctypes.c_ulong(number) for number in numbers]) == 0
    if os.getppid() != parent:  # the parent ended before the system knew of the wish
        os.kill(os.getpid(), signal.SIGKILL)
    return done


def exit_cause(code: int) -> str:
    """How a process ended whose `Popen.returncode` is `code`.

    >>> exit_cause(-9), exit_cause(3)
    ('its process was ended by SIGKILL', 'its process ended with code 3')
    """
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with code {code}"

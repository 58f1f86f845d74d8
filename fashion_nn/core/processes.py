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
from typing import IO

_PACKAGE_PARENT = str(Path(__file__).parents[2])
_RUN = "import sys; sys.path.append(sys.argv.pop(1)); from {module} import main; main()"


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that calls `main()` of `module`, a module of this package, in a new interpreter.

    The package is found where this process has it, also in a checkout that is not installed.
    """
    return [sys.executable, "-P", "-c", _RUN.format(module=module), _PACKAGE_PARENT, *arguments]


def child_environment(**more: str) -> dict[str, str]:
    """A copy of the environment, with `more`, in which Python imports nothing from the working
    folder.

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
    """Give this process `child_environment` meanwhile, for libraries that start processes
    themselves.
    """
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
_SET_CHILD_SUBREAPER = 36
_LAST_BYTES = 2000
_LINE_CHARACTERS = 300


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


def last_line(file: IO[bytes]) -> str:
    """The last line with text in a file to which a process has printed its errors; empty if there
    is none.
    """
    file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
    lines = file.read().decode(errors="replace").splitlines()
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:_LINE_CHARACTERS] if said else ""


def kill_session(pid: int) -> None:
    """Kill a child process that was not waited for yet, and all processes in its session."""
    # The session is there a moment after the process.
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of processes below this one whose own parent ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_descendants() -> None:
    """Kill all processes that come from this one; with `adopt_orphans`, also those without a parent
    (Linux).
    """
    while children := _children():
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.append(int(entry.name))
    return found

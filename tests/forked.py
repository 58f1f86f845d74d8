"""Processes that start at once: each is forked from one that has imported TensorFlow.

A new interpreter would spend seconds of processor time on that import. What a new interpreter
itself does differently, such as its module path and what it imports, is tested with real ones.
"""

import importlib
import io
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from fashion_nn import cli
from fashion_nn.core import python_process
from fashion_nn.inference.engines import confined_process

_SERVER = multiprocessing.get_context("forkserver")
# What the processes import. None of it starts a thread of TensorFlow, which a fork would lose.
_SERVER.set_forkserver_preload(
    [
        "fashion_nn.training",
        "fashion_nn.baselines",
        "fashion_nn.datasets",
        "fashion_nn.inference.child.worker",
        "fashion_nn.tuning.engines.server",
        __name__,
    ]
)


def run(*words, cwd=".", script: Path | None = None) -> subprocess.CompletedProcess:
    """Run `fashion-nn`, or another script of the checkout, to its end."""
    arguments = [str(script or "fashion-nn"), *map(str, words)]
    with tempfile.TemporaryDirectory() as folder:
        printed = [Path(folder, name) for name in ("out", "err")]
        forks_models = confined_process.subprocess is not subprocess
        process = _SERVER.Process(
            target=_run, args=(arguments, str(cwd), printed, dict(os.environ), forks_models)
        )
        process.start()
        process.join()
        out, err = (path.read_text() for path in printed)
    return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def _run(
    arguments: list[str],
    cwd: str,
    printed: list[Path],
    environment: dict[str, str],
    forks_models: bool,
) -> None:
    for number, path in enumerate(printed, start=1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = arguments
    with pytest.MonkeyPatch.context() as patch:
        if forks_models:
            _fork_instead(patch)
        if arguments[0] == "fashion-nn":
            cli.main()
        else:
            runpy.run_path(arguments[0], run_name="__main__")


@contextmanager
def models() -> Iterator[None]:
    """Fork the confined processes, and the servers of trials, that are started meanwhile, here and
    by the commands of `run`.

    This is for tests of what a model answers, and of what is done with the answers, and of what a
    search leaves. The tests of the process itself (test_hostile.py, test_limits.py,
    test_engines.py, test_safe_path.py, test_local_engine.py) start real ones.
    """
    with pytest.MonkeyPatch.context() as patch:
        _fork_instead(patch)
        yield


def _fork_instead(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(confined_process, "subprocess", _standing_in(_Confined))
    patch.setattr(python_process, "subprocess", _standing_in(_Further))
    patch.setattr(python_process, "python_command", lambda *words: words)


def _standing_in(popen: type) -> SimpleNamespace:
    return SimpleNamespace(**vars(subprocess) | {"Popen": popen})


class _Popen:
    """What is used of `subprocess.Popen`: a process with pipes for its input and output."""

    def __init__(self, target, *arguments):
        requests, write = _SERVER.Pipe(duplex=False)
        read, answers = _SERVER.Pipe(duplex=False)
        self._process = _SERVER.Process(target=target, args=(*arguments, requests, answers))
        self._process.start()
        self.pid = self._process.pid
        self.returncode = None
        self.stdin = io.FileIO(os.dup(write.fileno()), "w")
        self.stdout = io.FileIO(os.dup(read.fileno()), "r")
        for end in (requests, write, read, answers):
            end.close()

    def wait(self, timeout=None):
        self._process.join(timeout)
        self.returncode = self._process.exitcode
        if self.returncode is None:
            raise subprocess.TimeoutExpired("the confined process", timeout)
        return self.returncode

    def poll(self):
        self.returncode = self._process.exitcode
        return self.returncode

    def kill(self):
        self._process.kill()


class _Confined(_Popen):
    """A process of `confined_process`. The program confines itself and serves as always."""

    def __init__(self, command, *, env, **_):
        *_, program, memory, _ = command
        super().__init__(_confined, program, memory, env)


class _Further(_Popen):
    """A process of `PythonProcess`, whose first argument is the process that it ends with."""

    def __init__(self, command, *, env, cwd, **_):
        module, _, *arguments = command
        super().__init__(_further, module, arguments, env, cwd or os.getcwd())


def _confined(program: str, memory: str, environment: dict[str, str], requests, answers) -> None:
    _become("/", environment, requests, answers)
    sys.argv = [program, memory, str(os.getppid())]
    runpy.run_path(program, run_name="__main__")


def _further(
    module: str, words: list[str], environment: dict[str, str], cwd: str, requests, answers
) -> None:
    _become(cwd, environment, requests, answers)
    sys.argv = [module, str(os.getppid()), *words]
    importlib.import_module(module).main()


def _become(folder: str, environment: dict[str, str], requests, answers) -> None:
    """Give this process the session, folder, environment and pipes of a new one."""
    os.setsid()
    os.chdir(folder)
    os.dup2(requests.fileno(), 0)
    os.dup2(answers.fileno(), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    requests.close()
    answers.close()
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # found anew, from the environment

"""Commands in processes of their own that start at once: each is forked from one that has imported TensorFlow.

A new interpreter would spend seconds of processor time on that import. What a new interpreter itself
does differently, such as its module path and what it imports, is tested with real ones.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from fashion_nn import cli

_SERVER = multiprocessing.get_context("forkserver")
# What the commands import. None of it starts a thread of TensorFlow, which a fork would lose.
_SERVER.set_forkserver_preload(["fashion_nn.training", "fashion_nn.baselines", "fashion_nn.datasets", __name__])


def run(*words, cwd=".", script: Path | None = None) -> subprocess.CompletedProcess:
    """Run `fashion-nn`, or another script of the checkout, to its end."""
    arguments = [str(script or "fashion-nn"), *map(str, words)]
    with tempfile.TemporaryDirectory() as folder:
        printed = [Path(folder, name) for name in ("out", "err")]
        process = _SERVER.Process(target=_run, args=(arguments, str(cwd), printed, dict(os.environ)))
        process.start()
        process.join()
        out, err = (path.read_text() for path in printed)
    return subprocess.CompletedProcess(arguments, process.exitcode, out, err)


def _run(arguments: list[str], cwd: str, printed: list[Path], environment: dict[str, str]) -> None:
    for number, path in enumerate(printed, start=1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = arguments
    if arguments[0] == "fashion-nn":
        cli.main()
    else:
        runpy.run_path(arguments[0], run_name="__main__")

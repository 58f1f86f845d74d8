"""Engines run trials and know nothing of the search. The local one starts a process for each.

A trial's process never outlives the search: `close` ends it, and where the search itself is killed, the
system does (Linux), or the process notices that its stdin has closed.
"""

import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from fashion_nn import runs
from fashion_nn.searches import Search
from fashion_nn.tuning import rows
from fashion_nn.tuning.trial import Job, Result

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

_POLL_SECONDS = 0.02


class Engine(Protocol):
    """Runs jobs, at most `slots` at once, and leaves the run of each in the search folder's trials/<id>/.

    `threads`: how many each may compute with; None: as many as there are where it runs.
    """

    name: str
    slots: int
    threads: int | None

    def submit(self, job: Job) -> None:
        """Start `job`; no more than `slots` are running."""

    def wait(self, seconds: float) -> list[Result]:
        """Those that finished since the last call; blocks for at most `seconds` until there is one."""

    def close(self) -> None:
        """End every process of its own."""


@dataclass(slots=True)
class _Running:
    job: Job
    process: subprocess.Popen
    output: IO[bytes]
    errors: IO[bytes]
    started: float

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)  # not waited for yet, so the number still means its session
        self.process.wait()
        self.forget()

    def forget(self) -> None:
        for file in (self.process.stdin, self.output, self.errors):
            with contextlib.suppress(OSError):
                file.close()


class LocalEngine:
    """Each trial is a process of this machine, in a session of its own.

    Args:
        folder: the search folder.
        slots: how many trials at once.
        splits: rows for the trials; they lie in the folder while the engine runs. Without them each trial loads
            its own.
    """

    name = "local"

    def __init__(self, folder: str | Path, slots: int, splits: "Splits | None" = None):
        self.slots, self._search = slots, Search(Path(folder))
        self.threads = max(1, runs.cores() // slots)
        self._running: list[_Running] = []
        if splits is not None:
            rows.write(splits, self._search.rows)
        self._rows = [str(self._search.rows)] if splits is not None else []

    @property
    def pids(self) -> dict[str, int]:
        """Process of each running trial."""
        return {each.job.id: each.process.pid for each in self._running}

    def submit(self, job: Job) -> None:
        folder = self._search.trial_folder(job.id)
        folder.parent.mkdir(parents=True, exist_ok=True)
        output, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        process = subprocess.Popen(
            [sys.executable, "-m", "fashion_nn.tuning.trial", str(os.getpid()), str(folder), *self._rows],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        self._running.append(_Running(job, process, output, errors, time.monotonic()))
        with contextlib.suppress(BrokenPipeError):  # it has ended already; wait tells how
            _tell(process, job)

    def wait(self, seconds: float) -> list[Result]:
        deadline = time.monotonic() + seconds
        while not (finished := [each for each in self._running if self._over(each)]):
            left = deadline - time.monotonic()
            if left <= 0 or not self._running:
                return []
            time.sleep(min(_POLL_SECONDS, left))
        return [self._take(each) for each in finished]

    def _over(self, each: _Running) -> bool:
        return each.process.poll() is not None or self._too_long(each)

    def _too_long(self, each: _Running) -> bool:
        limit = each.job.time_limit_seconds
        return limit is not None and time.monotonic() - each.started > limit

    def _take(self, each: _Running) -> Result:
        self._running.remove(each)
        code = each.process.poll()
        if code is None:
            each.end()
            limit = each.job.time_limit_seconds
            return self._without_answer(each, "timed-out", f"ended after its time limit of {limit:g} s")
        try:
            each.output.seek(0)
            return Result.from_json(json.loads(each.output.read()))
        except ValueError:
            return self._without_answer(each, "failed", _cause(code, _last_line(each.errors)))
        finally:
            each.forget()

    def _without_answer(self, each: _Running, status: str, message: str) -> Result:
        return Result(
            id=each.job.id,
            status=status,
            seconds=round(time.monotonic() - each.started, 3),
            message=message,
            worker=f"{platform.node()}:{each.process.pid}",
        )

    def close(self) -> None:
        for each in self._running:
            each.end()
        self._running = []
        self._search.rows.unlink(missing_ok=True)


def _tell(process: subprocess.Popen, job: Job) -> None:
    # stdin stays open: its end tells the process that the search is gone.
    process.stdin.write(json.dumps(job.to_json()).encode() + b"\n")
    process.stdin.flush()


def _cause(code: int, said: str) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            reason = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
            return f"its process was ended by {name}{reason}"
    return f"its process ended with code {code}" + (f": {said}" if said else "")


def _last_line(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
    lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")

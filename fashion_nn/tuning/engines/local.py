"""Engines run trials and know nothing of the search. The local one has a process for each.

No process outlives the search: `close` ends them, and where the search itself is killed, the system does (Linux),
or they notice that their pipes have ended.
"""

import contextlib
import json
import os
import platform
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fashion_nn.core.environment import cores
from fashion_nn.core.processes import child_environment, python_command
from fashion_nn.searches import Search
from fashion_nn.tuning import rows
from fashion_nn.tuning.trial import Job, Result

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

_PIECE = 1 << 16
_CLOSE_SECONDS = 10


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
    pid: int | None = None
    started: float | None = None
    too_long: bool = False


class LocalEngine:
    """Each trial is a process of this machine, forked by `tuning.server`, in a session of its own.

    Args:
        folder: the search folder.
        slots: how many trials at once.
        splits: rows for the trials; they lie in the folder while the engine runs. Without them each trial loads
            its own.
    """

    name = "local"

    def __init__(self, folder: str | Path, slots: int, splits: "Splits | None" = None):
        self.slots, self._search = slots, Search(Path(folder))
        self.threads = max(1, cores() // slots)
        self._running: dict[str, _Running] = {}
        self._server: subprocess.Popen | None = None
        self._heard = b""
        if splits is not None:
            rows.write(splits, self._search.rows)
        self._rows = [str(self._search.rows)] if splits is not None else []
        self._start_server()  # it imports TensorFlow while the search thinks

    @property
    def pids(self) -> dict[str, int]:
        """Process of each running trial that has begun."""
        return {id: each.pid for id, each in self._running.items() if each.pid}

    def submit(self, job: Job) -> None:
        if not self._running and self._server and self._server.poll() is not None:
            self._server_ended()
        if self._server is None:
            self._start_server()
        folder = self._search.trial_folder(job.id)
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._running[job.id] = _Running(job)
        self._ask(run=job.to_json(), folder=str(folder))

    def wait(self, seconds: float) -> list[Result]:
        deadline = time.monotonic() + seconds
        while True:
            for each in self._running.values():
                if self._seconds_left(each) <= 0 and not each.too_long:
                    each.too_long = True
                    self._ask(end=each.job.id)
            limits = [self._seconds_left(each) for each in self._running.values() if not each.too_long]
            left = max(0.0, min([deadline - time.monotonic(), *limits]))
            finished = [result for line in self._listen(left) if (result := self._understand(line))]
            if finished or not self._running or time.monotonic() >= deadline:
                return finished

    def close(self) -> None:
        if self._server is not None:
            if self.pids:
                self._server.stdin.close()  # it ends its trials, and then itself
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._server.wait(_CLOSE_SECONDS)
            self._forget_server()
        self._running = {}
        self._search.rows.unlink(missing_ok=True)

    def _start_server(self) -> None:
        self._heard = b""
        self._server = subprocess.Popen(
            python_command("fashion_nn.tuning.engines.server", str(os.getpid()), *self._rows),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A process with threads cannot be forked safely, and NumPy would start some.
            env=child_environment(OPENBLAS_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3"),
            start_new_session=True,
        )

    def _ask(self, **what: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # it has ended, which `wait` finds out
            self._server.stdin.write(json.dumps(what).encode() + b"\n")
            self._server.stdin.flush()

    def _listen(self, seconds: float) -> list[dict[str, Any]]:
        """What the server has said, after waiting for at most `seconds`."""
        pipe = self._server.stdout if self._server else None
        if pipe is None or not _readable(pipe.fileno(), seconds):
            return []
        read = os.read(pipe.fileno(), _PIECE)
        if not read:
            return self._server_ended()
        *lines, self._heard = (self._heard + read).split(b"\n")
        return [json.loads(line) for line in lines]

    def _server_ended(self) -> list[dict[str, Any]]:
        """All its trials have ended with it; the next one gets another server."""
        said = f"the process that starts trials was gone: {_cause(self._forget_server(), '')}"
        return [{"over": id, "result": None, "code": None, "said": said} for id in self._running]

    def _forget_server(self) -> int:
        """End the server, if it has not ended; its exit code."""
        server, self._server = self._server, None
        server.kill()
        with contextlib.suppress(BrokenPipeError):
            server.stdin.close()
        server.stdout.close()
        return server.wait()

    def _understand(self, line: dict[str, Any]) -> Result | None:
        if "started" in line:
            each = self._running[line["started"]]
            each.pid, each.started = line["pid"], time.monotonic()
            return None
        each = self._running.pop(line["over"])
        if line["result"]:
            return Result.from_json(line["result"])
        if each.too_long:
            limit = each.job.time_limit_seconds
            return _without_result(each, "timed-out", f"ended after its time limit of {limit:g} s")
        message = line["said"] if line["code"] is None else _cause(line["code"], line["said"])
        return _without_result(each, "failed", message)

    def _seconds_left(self, each: _Running) -> float:
        limit = each.job.time_limit_seconds
        if limit is None or each.started is None:
            return float("inf")
        return each.started + limit - time.monotonic()


def _without_result(each: _Running, status: str, message: str) -> Result:
    seconds = time.monotonic() - each.started if each.started else 0.0
    worker = f"{platform.node()}:{each.pid}"
    return Result(id=each.job.id, status=status, seconds=round(seconds, 3), message=message, worker=worker)


def _readable(descriptor: int, seconds: float) -> bool:
    with selectors.DefaultSelector() as ready:
        ready.register(descriptor, selectors.EVENT_READ)
        return bool(ready.select(seconds))


def _cause(code: int, said: str) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            reason = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
            return f"its process was ended by {name}{reason}"
    return f"its process ended with code {code}" + (f": {said}" if said else "")

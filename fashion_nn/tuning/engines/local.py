"""An engine whose trials are processes of this machine."""

import contextlib
import os
import platform
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn.core import scratch, writing
from fashion_nn.core.environment import cores
from fashion_nn.core.processes import child_environment, exit_cause
from fashion_nn.core.python_process import PythonProcess
from fashion_nn.runs import Search, Status
from fashion_nn.tuning import rows
from fashion_nn.tuning.engines.server import Over, Start, Started, Stop
from fashion_nn.tuning.trial import Job, Result

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

_CLOSE_SECONDS = 10


@dataclass(slots=True)
class _Running:
    """A job that was submitted; it has a process once the server has said so."""

    job: Job
    pid: int | None = None
    started: float | None = None
    over_time: bool = False

    @property
    def seconds_left(self) -> float:
        limit = self.job.time_limit_seconds
        if limit is None or self.started is None:
            return float("inf")
        return self.started + limit - time.monotonic()

    def result(self, status: Status, message: str) -> Result:
        """The result of a trial whose process gave none."""
        return Result(
            id=self.job.id,
            status=status,
            seconds=round(time.monotonic() - self.started, 3) if self.started else 0.0,
            message=message,
            worker=f"{platform.node()}:{self.pid}",
        )


class LocalEngine:
    """Each trial is a process of its own, forked by `server`.

    Args:
        folder: the search folder.
        slots: number of trials at once.
        splits: rows for the trials; they are stored in the folder while the engine runs. Without
            them each trial loads its own.
    """

    name = "local"

    def __init__(self, folder: str | Path, slots: int, splits: "Splits | None" = None):
        self.slots = slots
        self.threads: int | None = max(1, cores() // slots)
        self._search = Search(Path(folder))
        self._running: dict[str, _Running] = {}
        self._rows: list[str] = []
        if splits is not None:
            rows.write(splits, self._search.rows)
            self._rows = [str(self._search.rows)]
        # It imports TensorFlow while the search prepares the first trial.
        self._server: PythonProcess | None = self._start_server()

    @property
    def pids(self) -> dict[str, int]:
        """The process of each running trial that has begun."""
        return {id: each.pid for id, each in self._running.items() if each.pid}

    def submit(self, job: Job) -> None:
        if self._server and not self._running and not self._server.running:
            self._forget_server()
        if self._server is None:
            self._server = self._start_server()
        folder = self._search.trial_folder(job.id)
        writing.make_folder(folder.parent, within=self._search.folder)
        self._running[job.id] = _Running(job)
        self._send(Start(job, str(folder), str(self._search.folder)))

    def wait(self, seconds: float) -> list[Result]:
        deadline = time.monotonic() + seconds
        while True:
            for each in self._running.values():
                if each.seconds_left <= 0 and not each.over_time:
                    each.over_time = True
                    self._send(Stop(each.job.id))
            limits = [each.seconds_left for each in self._running.values() if not each.over_time]
            left = max(0.0, min([deadline - time.monotonic(), *limits]))
            results = [
                result for message in self._receive(left) if (result := self._result(message))
            ]
            if results or not self._running or time.monotonic() >= deadline:
                return results

    def close(self) -> None:
        if self._server is not None:
            if self.pids:
                self._server.end_requests()  # it kills its trials, and then ends
                self._server.wait(_CLOSE_SECONDS)
            self._forget_server()
        self._running = {}
        writing.remove_file(self._search.rows)

    def _start_server(self) -> PythonProcess:
        # TensorFlow writes files there that it would remove at the end of a process, but trials end
        # without that.
        self._scratch = scratch.make_folder("fashion-nn-")
        environment = child_environment(
            TMPDIR=str(self._scratch),
            TF_CPP_MIN_LOG_LEVEL="3",
            # A process with threads cannot be forked safely, and NumPy would start some.
            OPENBLAS_NUM_THREADS="1",
        )
        return PythonProcess(
            "fashion_nn.tuning.engines.server",
            str(os.getpid()),
            *self._rows,
            environment=environment,
        )

    def _forget_server(self) -> int:
        """Kill the server if it runs, and return its exit code."""
        assert self._server is not None
        code = self._server.close()
        self._server = None
        scratch.remove_folder(self._scratch)
        return code

    def _send(self, message: Start | Stop) -> None:
        assert self._server is not None
        with contextlib.suppress(OSError):  # it has ended, which `wait` finds out
            self._server.send(message)

    def _receive(self, seconds: float) -> list[Started | Over]:
        """The server's messages, after waiting for at most `seconds` until there is one."""
        messages: list[Started | Over] = []
        while self._server is not None and self._server.poll(0 if messages else seconds):
            try:
                messages.append(self._server.receive())
            except EOFError:
                ended = {message.id for message in messages if isinstance(message, Over)}
                return messages + [lost for lost in self._lost() if lost.id not in ended]
        return messages

    def _lost(self) -> list[Over]:
        """The end of all running trials, which end with the server; the next gets another one."""
        said = f"the process that starts trials was gone: {_cause(self._forget_server())}"
        return [Over(id, said=said) for id in self._running]

    def _result(self, message: Started | Over) -> Result | None:
        if isinstance(message, Started):
            begun = self._running[message.id]
            begun.pid = message.pid
            begun.started = time.monotonic()
            return None
        each = self._running.pop(message.id)
        if message.result:
            return message.result
        if each.over_time:
            limit = each.job.time_limit_seconds
            return each.result("timed-out", f"ended after its time limit of {limit:g} s")
        if message.code is None:
            return each.result("failed", message.said)
        said = f": {message.said}" if message.said and message.code >= 0 else ""
        return each.result("failed", f"{_cause(message.code)}{said}")


def _cause(code: int) -> str:
    return exit_cause(code) + (", perhaps for want of memory" if code == -signal.SIGKILL else "")

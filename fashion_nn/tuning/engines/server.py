"""The process that starts trials: `main()`, with the arguments PARENT [ROWS].

It has TensorFlow imported and the rows loaded, and forks for each trial, which therefore begins at
once. It computes nothing itself: TensorFlow starts its threads in the trials, which have their own
memory. It is sent `Start` and `Stop`, and answers with `Started` and, when the trial is over,
`Over`.

It ends with the process PARENT, or when there are no further messages, and no trial outlives it.
"""

import contextlib
import gc
import json
import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import IO, TYPE_CHECKING

from fashion_nn.core import scratch
from fashion_nn.core.processes import die_with_parent, kill_session, last_line
from fashion_nn.core.python_process import parent_connections
from fashion_nn.tuning import rows
from fashion_nn.tuning.trial import Job, Result, perform

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Start:
    """Run `job` and leave its run in `folder`, which is in the search folder `within`."""

    job: Job
    folder: str
    within: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Kill the trial with this id."""

    id: str


@dataclass(frozen=True, slots=True)
class Started:
    """The trial with this id has a process."""

    id: str
    pid: int


@dataclass(frozen=True, slots=True)
class Over:
    """The process of a trial has ended.

    result: None if the process gave none.
    code: how it ended, as `exit_cause` takes it; None if the server is gone.
    said: the last line of its errors.
    """

    id: str
    result: Result | None = None
    code: int | None = None
    said: str = ""


def main() -> None:
    """Serve until there are no further messages."""
    die_with_parent(int(sys.argv[1]))
    requests, answers = parent_connections()
    import fashion_nn.training  # noqa: F401

    splits = rows.read(sys.argv[2]) if len(sys.argv) > 2 else None
    gc.freeze()  # the collector of a trial need not touch, and so copy, what is shared
    _Server(requests, answers, splits).serve()


@dataclass(slots=True)
class _Trial:
    id: str
    output: IO[bytes]
    errors: IO[bytes]


class _Server:
    def __init__(self, requests: Connection, answers: Connection, splits: "Splits | None"):
        self._requests = requests
        self._answers = answers
        self._splits = splits
        self._trials: dict[int, _Trial] = {}
        # A trial closes its copies of `_wake` and `_life`: the end of a file tells that a process
        # has ended.
        self._ended, self._wake = os.pipe()
        self._lifeline, self._life = os.pipe()
        os.set_blocking(self._ended, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        while True:
            ready = connection.wait([self._requests, self._ended])
            if self._ended in ready:
                os.read(self._ended, _PIECE)
                self._reap()
            if self._requests in ready:
                try:
                    message = self._requests.recv()
                except EOFError:
                    self._end_all()
                    return
                self._obey(message)

    def _obey(self, message: Start | Stop) -> None:
        if isinstance(message, Start):
            self._fork(message)
            return
        for pid, trial in self._trials.items():
            if trial.id == message.id:
                kill_session(pid)

    def _fork(self, start: Start) -> None:
        output = scratch.file()
        errors = scratch.file()
        trial = _Trial(start.job.id, output, errors)
        server = os.getpid()
        pid = os.fork()
        if not pid:
            self._be_trial(server, start, trial)
        self._trials[pid] = trial
        self._answers.send(Started(start.job.id, pid))

    def _be_trial(self, server: int, start: Start, trial: _Trial) -> None:
        """In the child: run the trial, and end."""
        code = 70
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            die_with_parent(server)
            os.dup2(trial.errors.fileno(), 2)
            self._requests.close()
            self._answers.close()
            for descriptor in (self._ended, self._wake, self._life):
                os.close(descriptor)
            threading.Thread(target=self._end_with_server, daemon=True).start()
            if start.job.threads:
                os.environ["TF_NUM_INTRAOP_THREADS"] = str(start.job.threads)
            result = perform(start.job, start.folder, self._splits, within=start.within)
            trial.output.write(json.dumps(result.to_json()).encode())
            trial.output.flush()
            code = 0
        finally:
            # TensorFlow takes a second to take itself down, and there is nothing that it could
            # lose.
            os._exit(code)

    def _end_with_server(self) -> None:
        """End this process with the lifeline, if the system does not end it with its parent."""
        os.read(self._lifeline, 1)
        os._exit(1)

    def _reap(self) -> None:
        while self._trials:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            trial = self._trials.pop(pid)
            with trial.output, trial.errors:
                trial.output.seek(0)
                result = None
                with contextlib.suppress(ValueError):
                    result = Result.from_json(json.loads(trial.output.read()))
                said = last_line(trial.errors)
            self._answers.send(Over(trial.id, result, os.waitstatus_to_exitcode(status), said))

    def _end_all(self) -> None:
        for pid in self._trials:
            kill_session(pid)
        for pid in self._trials:
            os.waitpid(pid, 0)

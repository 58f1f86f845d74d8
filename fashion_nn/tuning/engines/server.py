"""The process that starts trials: `main()`, with the arguments PARENT [ROWS].

It has TensorFlow imported and the rows loaded, and forks for each trial, which so begins at once. It computes
nothing itself: TensorFlow starts its threads in the trials, which have their own memory. What comes in on stdin
and goes out on stdout is one JSON a line:

    {"run": job, "folder": path}     →  {"started": id, "pid": n}, and when it is over
    {"end": id}                         {"over": id, "result": {…} or null, "code": n, "said": last line of its errors}

It ends with process PARENT, or with stdin, and no trial outlives it.
"""

import contextlib
import gc
import json
import os
import selectors
import signal
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from fashion_nn.core.processes import die_with_parent
from fashion_nn.tuning import rows
from fashion_nn.tuning.trial import Job, perform

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

_PIECE = 1 << 16


def main() -> None:
    """Serve until stdin ends."""
    die_with_parent(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    with open(os.devnull, "r+b", buffering=0) as nowhere:
        requests = os.dup(0)
        for descriptor in (0, 1, 2):  # whatever a library prints is no answer
            os.dup2(nowhere.fileno(), descriptor)
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
    def __init__(self, requests: int, answers: IO[str], splits: "Splits | None"):
        self._requests, self._answers, self._splits = requests, answers, splits
        self._trials: dict[int, _Trial] = {}
        # A child keeps neither: both tell of the end of a process by the end of the file.
        self._ended, self._wake = os.pipe()
        self._lifeline, self._life = os.pipe()
        for descriptor in (self._ended, self._wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self) -> None:
        pending = b""
        with selectors.DefaultSelector() as ready:
            for descriptor in (self._requests, self._ended):
                ready.register(descriptor, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    read = os.read(key.fd, _PIECE)
                    if key.fd == self._ended:
                        self._reap()
                    elif not read:
                        return self._end_all()
                    else:
                        *lines, pending = (pending + read).split(b"\n")
                        for line in lines:
                            self._obey(json.loads(line))

    def _obey(self, request: dict[str, Any]) -> None:
        if "run" in request:
            self._fork(Job.from_json(request["run"]), request["folder"])
        for pid, trial in self._trials.items():
            if trial.id == request.get("end"):
                _kill(pid)

    def _fork(self, job: Job, folder: str) -> None:
        output, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        server = os.getpid()
        pid = os.fork()
        if not pid:
            self._be_trial(server, job, folder, output, errors)
        self._trials[pid] = _Trial(job.id, output, errors)
        self._say(started=job.id, pid=pid)

    def _be_trial(self, server: int, job: Job, folder: str, output: IO[bytes], errors: IO[bytes]) -> None:
        """In the child: run the trial, and end."""
        code = 70
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            die_with_parent(server)
            os.dup2(errors.fileno(), 2)
            for descriptor in (self._requests, self._answers.fileno(), self._ended, self._wake, self._life):
                os.close(descriptor)
            threading.Thread(target=self._end_with_server, daemon=True).start()
            if job.threads:
                os.environ["TF_NUM_INTRAOP_THREADS"] = str(job.threads)
            output.write(json.dumps(perform(job, folder, self._splits).to_json()).encode())
            output.flush()
            code = 0
        finally:
            # TensorFlow takes a second to take itself down, and there is nothing that it could lose.
            os._exit(code)

    def _end_with_server(self) -> None:
        """Where the system does not end this process with its parent, the end of the lifeline does."""
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
                    result = json.loads(trial.output.read())
                said = _last_line(trial.errors)
            self._say(over=trial.id, result=result, code=os.waitstatus_to_exitcode(status), said=said)

    def _say(self, **what: Any) -> None:
        self._answers.write(json.dumps(what) + "\n")

    def _end_all(self) -> None:
        for pid in self._trials:
            _kill(pid)
        for pid in self._trials:
            os.waitpid(pid, 0)


def _kill(pid: int) -> None:
    # Not waited for yet, so the number still means this process; its session is there a moment after the fork.
    for end in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


def _last_line(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
    lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")

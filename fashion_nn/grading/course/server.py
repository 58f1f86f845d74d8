"""The process that starts graders: `main()`, with the argument PARENT.

It is sent the `Task` of a class and then one `Job` after another, and answers each with an
`Outcome`. For each job it forks a process, which confines itself before it reads a byte of the
hand-in, grades that and ends. So no process has seen two hand-ins. The model of a hand-in is run in
a further confined process, whose pipes exist before the confinement.

It ends with the process PARENT, or when there are no further messages.
"""

import contextlib
import gc
import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fashion_nn import submission
from fashion_nn.core.processes import die_with_parent, exit_cause, kill_session
from fashion_nn.core.python_process import parent_connections
from fashion_nn.core.reading import open_file
from fashion_nn.errors import InputError
from fashion_nn.grading.course import judging
from fashion_nn.grading.course.judging import Task
from fashion_nn.tables import Table

if TYPE_CHECKING:
    from fashion_nn.inference.engines.fork_server import ForkedProcess, ForkServer

_MEMORY = 4 << 30
_MOST_ANSWER = 256 << 20
_PIECE = 1 << 20
_PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Job:
    """One hand-in.

    path: of its bytes, in a folder of ours.
    name: of the file, printable, for messages and for its suffix.
    kind: "model" or "predictions".
    seconds: the longest time that it may take.
    """

    path: str
    name: str
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    answer: the JSON of its process; None if it gave none, and then `error` says why.
    """

    answer: bytes | None
    error: str = ""


def main() -> None:
    """Serve until there are no further messages."""
    die_with_parent(int(sys.argv[1]))
    requests, answers = parent_connections()
    task: Task = requests.recv()
    server = _Server(task)
    while True:
        try:
            job: Job = requests.recv()
        except EOFError:
            server.close()
            return
        answers.send(server.run(job))


class _Server:
    def __init__(self, task: Task):
        self._task = task
        self._blocks: Sequence[Table] | None = None
        self._models: ForkServer | None = None
        # What the processes of the hand-ins need is imported once, before anything is forked.
        import fashion_nn.inference.child.confinement
        import fashion_nn.inference.scaling
        import fashion_nn.measures  # noqa: F401

        with contextlib.suppress(ImportError):
            import openpyxl  # noqa: F401
        gc.freeze()

    def run(self, job: Job) -> Outcome:
        """Grade one hand-in."""
        try:
            with open_file(job.path) as file:
                if job.kind != "model":
                    return self._forked(job, file, None)
                if self._models is None:
                    self._begin_models()
                assert self._models is not None
                with self._models.started() as process:
                    return self._forked(job, file, process)
        except (InputError, OSError) as error:
            self.close()
            return Outcome(None, str(error))

    def close(self) -> None:
        """End the processes of models."""
        if self._models is not None:
            self._models.close()
            self._models = None

    def _begin_models(self) -> None:
        from fashion_nn.inference.engines.fork_server import ForkServer

        self._models = ForkServer()  # it imports TensorFlow while the table is read
        if self._blocks is None:
            table = submission.ImageTable(self._task.reference.test)
            self._blocks = list(table.blocks())
            gc.freeze()

    def _forked(self, job: Job, file: IO[bytes], process: "ForkedProcess | None") -> Outcome:
        read, write = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            os.close(read)
            self._be_grader(job, file, process, write, parent)
        os.close(write)
        with open(read, "rb", buffering=0) as answers:
            answer = _read(answers, time.monotonic() + job.seconds)
        if answer is None:
            kill_session(pid)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if answer is None:
            return Outcome(None, f"took longer than {job.seconds:g} s, the limit of a hand-in")
        if code:
            return Outcome(None, f"could not be graded: {exit_cause(code)}")
        return Outcome(answer)

    def _be_grader(
        self,
        job: Job,
        file: IO[bytes],
        process: "ForkedProcess | None",
        write: int,
        parent: int,
    ) -> None:
        """In the new process: confine it, grade one hand-in, answer, and end."""
        from fashion_nn.inference.child.confinement import confine

        code = 70
        try:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            confine(_MEMORY, _PACKAGE, lambda: die_with_parent(parent))
            content = file.read()
            blocks = self._blocks or ()
            answer = judging.judge(self._task, job.name, content, blocks, process)
            with open(write, "wb") as answers:
                answers.write(json.dumps(answer).encode())
            code = 0
        finally:
            os._exit(code)


def _read(answers: IO[bytes], deadline: float) -> bytes | None:
    """All that comes until the other end is closed; None if that takes too long or is too much."""
    parts: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(answers, select.POLLIN)
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        part = answers.read(_PIECE)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > _MOST_ANSWER:
            return None
    return None

"""Several processes that grade hand-ins, each with one hand-in at a time."""

import os
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from fashion_nn.core import strict_json, writing
from fashion_nn.core.environment import cores
from fashion_nn.core.processes import child_environment, exit_cause
from fashion_nn.core.python_process import PythonProcess
from fashion_nn.core.strict_json import JsonError
from fashion_nn.core.text import printable
from fashion_nn.errors import InputError
from fashion_nn.grading.course.judging import Task
from fashion_nn.grading.course.result import Result
from fashion_nn.grading.course.server import Job, Outcome

_MODULE = "fashion_nn.grading.course.server"
_END_SECONDS = 10
_LIMITS = strict_json.Limits(values=10_000_000, text=128 << 20, constants=True)


@dataclass(frozen=True, slots=True)
class Work:
    """One file to grade.

    key: of its result.
    sha256: of its content.
    name: of the file, printable, with its suffix.
    kind: "model" or "predictions".
    read: gives its content.
    """

    key: str
    sha256: str
    name: str
    kind: str
    read: Callable[[], bytes]


class Pool:
    """Grades hand-ins with `workers` processes.

    Args:
        task: what all of them are graded by.
        folder: for the bytes of the hand-ins that are being graded.
        workers: number of processes.
        seconds: the longest time for one hand-in.
    """

    def __init__(self, task: Task, folder: Path, *, workers: int, seconds: float):
        self._folder = folder
        self._seconds = seconds
        threads = max(1, cores() // workers)
        self._workers = [_Worker(task, threads) for _ in range(workers)]
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def results(self, works: Sequence[Work]) -> Iterator[tuple[Work, Result]]:
        """Yield each work with its result, as soon as it is there."""
        executor = ThreadPoolExecutor(len(self._workers))
        try:
            futures = {executor.submit(self._result, work): work for work in works}
            for future in as_completed(futures):
                yield futures[future], future.result()
            for worker in self._workers:
                worker.finish()
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            for worker in self._workers:
                worker.close()
            executor.shutdown()

    def _result(self, work: Work) -> Result:
        path = self._folder / work.key
        worker = self._idle.get()
        try:
            writing.write_atomic(path, work.read())
            job = Job(str(path), work.name, work.kind, self._seconds)
            return _checked(work, worker.run(job))
        except InputError as error:
            return _failed(work, str(error))
        finally:
            writing.remove_file(path)
            self._idle.put(worker)


class _Worker:
    """One process, which is started when it is first needed, and again after it has ended."""

    def __init__(self, task: Task, threads: int):
        self._task = task
        self._threads = str(threads)
        self._process: PythonProcess | None = None
        self._closed = False

    def run(self, job: Job) -> Outcome:
        if self._closed:
            return Outcome(None, "the grading was stopped")
        try:
            if self._process is None:
                self._process = self._started()
                self._process.send(self._task)
            self._process.send(job)
            answer = self._process.receive()
            assert isinstance(answer, Outcome)
            return answer
        except (OSError, EOFError):
            process = self._process
            self._process = None
            cause = exit_cause(process.close()) if process else "it did not start"
            return Outcome(None, f"could not be graded: {cause}")

    def finish(self) -> None:
        """Let the process end by itself, when nothing is being graded."""
        if self._process is not None:
            self._process.end_requests()
            self._process.wait(_END_SECONDS)

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._closed = True
        if self._process is not None:
            self._process.close()

    def _started(self) -> PythonProcess:
        environment = child_environment(
            OPENBLAS_NUM_THREADS="1",  # a process with threads cannot be forked safely
            OMP_NUM_THREADS=self._threads,
            TF_NUM_INTRAOP_THREADS=self._threads,
            TF_NUM_INTEROP_THREADS="1",
        )
        return PythonProcess(_MODULE, str(os.getpid()), environment=environment)


def _checked(work: Work, outcome: Outcome) -> Result:
    """The result in the answer of a process, of which nothing is believed unseen."""
    if outcome.answer is None:
        return _failed(work, outcome.error)
    try:
        content = strict_json.parse(outcome.answer, _LIMITS)
        found = Result.model_validate({"settings": "", **content, "kind": work.kind})
    except (JsonError, ValidationError, TypeError):
        return _failed(work, "could not be graded: its process answered nonsense")
    if found.sha256 != work.sha256:
        return _failed(work, "changed while it was graded: try again")
    return found


def _failed(work: Work, error: str) -> Result:
    reason = printable(error)[:1000]
    return Result(sha256=work.sha256, settings="", kind=work.kind, error=reason)

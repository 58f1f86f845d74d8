"""An engine whose trials are tasks of a Ray cluster: a local one of its own, or a running one.

Ray lives in a process of its own, `ray_driver`. So its messages, signal handlers and settings stay
out of the search, a lost cluster is one line here and not the end of the search, and the processes
that Ray leaves behind have a parent that ends them, also when the search is killed. Jobs, rows and
the files of a run go to the cluster and come back by value: the machines share no disk.
"""

import importlib.util
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn.core import reading, scratch, writing
from fashion_nn.core.processes import child_environment, last_line
from fashion_nn.core.python_process import PythonProcess
from fashion_nn.errors import InputError
from fashion_nn.runs import Search
from fashion_nn.tuning.trial import Job, Result

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

Files = dict[str, bytes]
"""The files of a run, by their paths in its folder."""

_MOST_FILE_BYTES = 1 << 30
# Ray makes sockets in its folder, and the system allows a path of 107 bytes to one.
_LONGEST_FOLDER = 40
_CONNECT_SECONDS = 10
_START_SECONDS = 120
# A cluster gets this long to end its tasks and processes before they are killed.
_CLOSE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Connect:
    """The first message to the driver; `folder` is Ray's place for temporary files."""

    address: str | None
    slots: int | None
    folder: str
    splits: "Splits"


@dataclass(frozen=True, slots=True)
class Connected:
    """The answer to `Connect`: slots, threads for each job, and the number of nodes."""

    slots: int
    threads: int
    nodes: int


@dataclass(frozen=True, slots=True)
class Submission:
    """A job, and the files of the runs that it begins with, by the id of their trials."""

    job: Job
    files: dict[str, Files]


@dataclass(frozen=True, slots=True)
class Returned:
    """The result of a job, and the files of its run."""

    result: Result
    files: Files


class RayEngine:
    """Each trial is a Ray task, which runs it in a process of its own, as `LocalEngine` does.

    An abort of that process, or the time limit, is the trial's own result. The loss of the task
    with its worker or node is not: Ray runs it again elsewhere, up to three times. Trials are
    computed on processors; a GPU is not asked for.

    Args:
        folder: the search folder.
        address: of a running cluster: "auto" for the one on this machine, "host:port" if this
            machine is a node of it, "ray://host:port" from outside. None: a cluster of this machine
            alone, which ends with the engine.
        slots: number of trials at once; None: one for each processor of the cluster.
        splits: rows for the trials. The test rows never leave this process.

    Raises:
        InputError: Ray is not installed, nothing answers at `address`, or a node has other
            versions.
    """

    name = "ray"

    def __init__(
        self, folder: str | Path, address: str | None, slots: int | None, splits: "Splits"
    ):
        require_ray()
        if address is not None:
            _require_listening(address)
        self._search = Search(Path(folder))
        self._place = _short_folder()
        self._errors = scratch.file()
        self._process = PythonProcess(
            "fashion_nn.tuning.engines.ray_driver",
            environment=child_environment(TMPDIR=self._place),
            errors=self._errors,
            # Ray lets its workers import from the folder that it was started in.
            folder=self._place,
        )
        try:
            self._send(Connect(address, slots, self._place, replace(splits, test=None)))
            if not self._process.poll(_START_SECONDS):
                late = f"no answer within {_START_SECONDS} s"
                raise InputError(f"--address {address}: {late}: see that Ray runs there")
            connected = self._receive()
            self.slots: int = connected.slots
            self.threads: int | None = connected.threads
            self.nodes: int = connected.nodes
        except BaseException:
            self.close()
            raise

    def submit(self, job: Job) -> None:
        """Start `job`, with the stored files of its run and of the trial that it resumes."""
        ids = [id for id in (job.id, job.start_from) if id is not None]
        files = {id: pack(self._search.trial_folder(id)) for id in ids}
        self._send(Submission(replace(job, threads=job.threads or self.threads), files))

    def wait(self, seconds: float) -> list[Result]:
        """Return the results since the last call; wait at most `seconds` for the first.

        Raises:
            InputError: the cluster is gone, or a node has other versions.
        """
        results: list[Result] = []
        while self._process.poll(0 if results else max(seconds, 0)):
            returned = self._receive()
            if returned.files:
                folder = self._search.trial_folder(returned.result.id)
                unpack(returned.files, folder, within=self._search.folder)
            results.append(returned.result)
        return results

    def close(self) -> None:
        """End the running tasks, and the engine's own cluster; another cluster goes on."""
        self._process.end_requests()
        try:
            self._process.wait(_CLOSE_SECONDS)
        finally:
            self._process.close()
            self._errors.close()
            scratch.remove_folder(self._place)

    def _send(self, message: Any) -> None:
        try:
            self._process.send(message)
        except OSError:
            raise InputError(self._ended()) from None

    def _receive(self) -> Any:
        try:
            answer = self._process.receive()
        except EOFError:
            raise InputError(self._ended()) from None
        if isinstance(answer, InputError):
            raise answer
        return answer

    def _ended(self) -> str:
        """Why the driver has ended, in one line."""
        self._process.wait(2)
        said = last_line(self._errors)
        reason = f": {said}" if said else ""
        mend = "see that the cluster runs and go on with --resume"
        return f"the connection to Ray was lost{reason}; {mend}"


def require_ray() -> None:
    """Refuse to go on without Ray; it is not imported for that.

    Raises:
        InputError: it is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError(
            "--engine ray needs Ray, which is not installed here: pip install 'fashion-nn[ray]'"
        )


def pack(folder: Path) -> Files:
    """The files in `folder` and below, by their path in it; none if there is no such folder."""
    reading.require_plain(folder)
    expected = "expected a file of a run"
    return {
        path.relative_to(folder).as_posix(): reading.read_bytes(
            path, expected=expected, most=_MOST_FILE_BYTES
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def unpack(files: Mapping[str, bytes], folder: Path, *, within: Path | None = None) -> None:
    """Make `folder` hold exactly `files`: it is complete, or it is absent.

    Args:
        files: content by the path in the folder.
        folder: the folder.
        within: a folder above it, below which no folder may be a link.

    Raises:
        InputError: it cannot be written.
    """
    with writing.replacing_folder(folder, within=within) as beside:
        for name, content in files.items():
            writing.write_atomic(beside / name, content, within=beside)


def _require_listening(address: str) -> None:
    """Refuse an `address` where nothing answers: Ray itself would try for ever."""
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise InputError(f"--address {address}: expected auto, host:port or ray://host:port")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"--address {address}: nothing answers there ({reason}): "
            "start a cluster with `ray start --head`, or leave --address out for a local one"
        ) from None


def _short_folder() -> str:
    folder = scratch.make_folder("fnn-ray-")
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        scratch.remove_folder(folder)
        folder = scratch.make_folder("fnn-ray-", "/tmp")
    return str(folder)

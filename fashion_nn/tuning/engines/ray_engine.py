"""An engine whose trials are tasks of a Ray cluster: a local one of its own, or one that is running elsewhere.

Ray lives in a helper process (`ray_driver`). So its messages, signal handlers and settings stay out of the search, a
lost cluster is one line here and not the end of the process, and what Ray leaves behind has a parent that ends it,
also when the search is killed. Jobs, rows and the files of a run go to the cluster and come back by value: the
machines share no disk.
"""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn.core.files import write_atomic
from fashion_nn.core.processes import child_environment, python_command
from fashion_nn.errors import InputError
from fashion_nn.searches import Search
from fashion_nn.tuning.trial import Job, Result

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

Files = dict[str, bytes]

# Ray makes sockets in its folder, and the system allows a path of 107 bytes to one.
_LONGEST_FOLDER = 40
_CONNECT_SECONDS = 10
_START_SECONDS = 120
# A cluster gets this long to end its tasks and processes before they are killed.
_CLOSE_SECONDS = 20


class RayEngine:
    """Each trial is a Ray task, which runs it in a process of its own, as `LocalEngine` does.

    What happens to that process, an abort or the time limit, is the trial's own result. What happens to the task, a
    worker or node that is gone, is none: Ray runs it again elsewhere, up to three times. Trials are computed on
    processors; a GPU is not asked for.

    Args:
        folder: the search folder.
        address: of a running cluster: "auto" for the one on this machine, "host:port" where this machine is a node of
            it, "ray://host:port" from outside. None: a cluster of this machine alone, which ends with the engine.
        slots: how many trials at once; None: one for each processor of the cluster.
        splits: rows for the trials. The test rows never leave this process.

    Raises:
        InputError: Ray is not installed, nothing answers at `address`, or a node has other versions.
    """

    name = "ray"

    def __init__(self, folder: str | Path, address: str | None, slots: int | None, splits: "Splits"):
        require_ray()
        if address is not None:
            _require_listening(address)
        self._search = Search(Path(folder))
        self._place = _short_folder()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            python_command("fashion_nn.tuning.engines.ray_driver"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=child_environment(TMPDIR=self._place),
            cwd=self._place,  # Ray has its workers import from the folder that it was started in
            start_new_session=True,  # Ctrl-C is for the search
        )
        self._requests = Connection(os.dup(self._process.stdin.fileno()), readable=False)
        self._answers = Connection(os.dup(self._process.stdout.fileno()), writable=False)
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            rows = replace(splits, test=None)
            self._send({"address": address, "slots": slots, "folder": self._place, "splits": rows})
            if not self._answers.poll(_START_SECONDS):
                raise InputError(f"--address {address}: no answer within {_START_SECONDS} s: see that Ray runs there")
            self.slots, self.threads, self.nodes = self._receive()
        except BaseException:
            self.close()
            raise

    def submit(self, job: Job) -> None:
        """Start `job`, with what the folder has of it and of the trial that it goes on from."""
        ids = [id for id in (job.id, job.start_from) if id is not None]
        files = {id: pack(self._search.trial_folder(id)) for id in ids}
        self._send((replace(job, threads=job.threads or self.threads), files))

    def wait(self, seconds: float) -> list[Result]:
        """Those that finished since the last call; blocks for at most `seconds` until there is one.

        Raises:
            InputError: the cluster is gone, or a node has other versions.
        """
        results = []
        while self._answers.poll(0 if results else max(seconds, 0)):
            result, files = self._receive()
            if files:
                unpack(files, self._search.trial_folder(result.id))
            results.append(result)
        return results

    def close(self) -> None:
        """End the running tasks, and a cluster of its own; one that was running before goes on."""
        self._requests.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            self._process.wait()
        finally:
            self._answers.close()
            self._errors.close()
            shutil.rmtree(self._place, ignore_errors=True)

    def _send(self, message: Any) -> None:
        try:
            self._requests.send(message)
        except OSError:
            raise InputError(self._ended()) from None

    def _receive(self) -> Any:
        try:
            answer = self._answers.recv()
        except (EOFError, OSError):
            raise InputError(self._ended()) from None
        if isinstance(answer, InputError):
            raise answer
        return answer

    def _ended(self) -> str:
        """Why the helper process is no more, in one line."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 2000))
        lines = [line.strip() for line in self._errors.read().decode(errors="replace").splitlines() if line.strip()]
        said = f": {lines[-1][:300]}" if lines else ""
        return f"the connection to Ray was lost{said}; see that the cluster runs and go on with --resume"


def require_ray() -> None:
    """Refuse to go on without Ray, which is not imported for that.

    Raises:
        InputError: it is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError("--engine ray needs Ray, which is not installed here: pip install 'fashion-nn[ray]'")


def pack(folder: Path) -> Files:
    """The files in `folder` and below, by their path in it; none where there is no such folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def unpack(files: Mapping[str, bytes], folder: Path) -> None:
    """Make `folder` hold exactly `files`: it is complete, or it is absent.

    Raises:
        InputError: it cannot be written.
    """
    beside = folder.with_name(f".{folder.name}")
    shutil.rmtree(beside, ignore_errors=True)
    for name, content in files.items():
        write_atomic(beside / name, content)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        beside.replace(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}): make room or choose another --out") from None


def _require_listening(address: str) -> None:
    """Refuse an `address` that is none, or where nothing answers: Ray itself would try for ever."""
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
            f"--address {address}: nothing answers there ({reason}): start a cluster with `ray start --head`, "
            "or leave --address out for a local one"
        ) from None


def _short_folder() -> str:
    folder = tempfile.mkdtemp(prefix="fnn-ray-")
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        os.rmdir(folder)
        folder = tempfile.mkdtemp(prefix="fnn-ray-", dir="/tmp")
    return folder

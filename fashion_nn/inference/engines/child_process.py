"""The parent's side of the child process in which a stranger's model is opened and run.

The child starts with a fresh, small environment, in an empty folder of its own and in a session of its
own; what else it gives up stands in `confinement`. It answers over pipes, and nothing that it says is
trusted: lengths are bounded before they are read, values are checked by who asked. It ends with its
`Child`: on close, when that is collected, when this process exits, and (Linux) when this process is killed.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_nn.core.processes import exit_cause
from fashion_nn.inference.file import strict_json
from fashion_nn.inference.shared import wire
from fashion_nn.inference.shared.refusal import Refusal, ascii_line, quoted

_ENTRY = Path(__file__).parents[1] / "child" / "entry.py"
_HEADER_BYTES = 1 << 20
_PIECE = 1 << 20
# Settings of the user that change speed or where libraries are found, not what a model may do.
_KEPT = ("LD_LIBRARY_PATH", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "SYSTEMROOT")
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child process may use.

    memory: bytes of private memory; TensorFlow itself takes about 0.5 GiB, and 20 MiB more for each processor.
    open_seconds: until Python has started and the file's HDF5 is looked through.
    import_seconds: until TensorFlow and Keras are imported.
    build_seconds: until the model is built and tried.
    batch_seconds: for each batch of at most 1000 images.
    image_seconds: on average for each image, beyond the first `batch_seconds`.
    """

    memory: int = 3 << 30
    open_seconds: int = 60
    import_seconds: int = 120
    build_seconds: int = 60
    batch_seconds: int = 120
    image_seconds: float = 0.1


class Child:
    """One child process: requests go in with `tell`, answers come out with `hear`, in order.

    On Linux it also ends with the thread that made it.
    """

    def __init__(self, limits: Limits):
        self.folder = tempfile.mkdtemp(prefix="fashion-nn-")
        memory = limits.memory + (os.cpu_count() or 1) * (20 << 20)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-s", str(_ENTRY), str(memory), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=self.folder,
            env=_environment(self.folder),
            start_new_session=True,
        )
        # Its working folder is empty and gone: it can be left, but nothing can be made in it.
        os.rmdir(self.folder)
        self._end = weakref.finalize(self, _end, self.process, self.folder)
        for pipe in (self.process.stdin, self.process.stdout):
            os.set_blocking(pipe.fileno(), False)
        self.walls: tuple[str, ...] | None = None

    def tell(self, do: str, payload: bytes | memoryview = b"", *, seconds: int, **header: Any) -> None:
        """Send a request; the child reads it while it arrives.

        Raises:
            Refusal: the child has ended, or does not read.
        """
        deadline = time.monotonic() + seconds
        for part in (wire.packed({"do": do, "seconds": seconds, **header}, len(payload)), payload):
            view = memoryview(part)
            while view:
                self._wait(self.process.stdin, select.POLLOUT, deadline, seconds)
                try:
                    view = view[self.process.stdin.write(view[:_PIECE]) or 0 :]
                except BrokenPipeError:
                    raise Refusal(self._ended()) from None

    def hear(self, payload_bytes: int, *, seconds: int) -> tuple[dict[str, Any], bytes]:
        """The next answer: its header and at most `payload_bytes` of payload.

        Raises:
            Refusal: the model is refused or fails, the child has ended, or does not answer in time.
        """
        deadline = time.monotonic() + seconds
        if self.walls is None:
            self.walls = tuple(map(str, self._receive(0, deadline, seconds)[0].get("walls", ())))
        header, payload = self._receive(payload_bytes, deadline, seconds)
        if "refused" in header or "failed" in header:
            self.close()
            raise Refusal(_said(header))
        return header, payload

    def close(self) -> None:
        """End the process, whatever it is doing, and remove its folder."""
        self._end()

    def _receive(self, payload_bytes: int, deadline: float, seconds: int) -> tuple[dict[str, Any], bytes]:
        header_size, payload_size = wire.lengths(self._read(wire.LENGTHS_BYTES, deadline, seconds))
        if header_size > _HEADER_BYTES or payload_size > payload_bytes:
            self.close()
            raise Refusal("the model could not be run (its process answered out of turn)")
        header = strict_json.parse(self._read(header_size, deadline, seconds), "answer")
        if not isinstance(header, dict):
            raise Refusal(f"the model could not be run (its process answered {quoted(header)})")
        return header, self._read(payload_size, deadline, seconds)

    def _read(self, size: int, deadline: float, seconds: int) -> bytes:
        parts, left = [], size
        while left:
            self._wait(self.process.stdout, select.POLLIN, deadline, seconds)
            part = self.process.stdout.read(min(left, _PIECE))
            if part == b"":
                raise Refusal(self._ended())
            parts.append(part or b"")
            left -= len(parts[-1])
        return b"".join(parts)

    def _wait(self, pipe: Any, event: int, deadline: float, seconds: int) -> None:
        if self.process.returncode is not None or pipe.closed:
            raise Refusal("the model could not be run (its process has ended)")
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
            self.close()
            raise Refusal(f"the model could not be run (no answer within {seconds} s)")

    def _ended(self) -> str:
        """Why the process has ended; only called when its pipes are closed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        self.close()
        return f"the model could not be run ({_cause(self.process.returncode)})"


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**_ENVIRONMENT, **kept, "HOME": folder, "TMPDIR": folder, "KERAS_HOME": folder}


def _end(process: subprocess.Popen, folder: str) -> None:
    if process.returncode is None:
        # Not waited for yet, so the number still means this process and its session.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        pipe.close()
    shutil.rmtree(folder, ignore_errors=True)


def _cause(code: int) -> str:
    if code == -signal.SIGXCPU:
        return "it used more processor time than it is given"
    return exit_cause(code) + (", perhaps for want of memory" if code < 0 else "")


def _said(header: dict[str, Any]) -> str:
    """The child's own words: a refusal, or why the model fails. They may have been shaped by the file."""
    if isinstance(header.get("refused"), str):
        return ascii_line(header["refused"], 300)
    return f"the model could not be run ({ascii_line(str(header.get('failed')), 200)})"

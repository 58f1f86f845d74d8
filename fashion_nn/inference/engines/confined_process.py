"""The parent's side of the confined process: starts it, talks to it, and ends it.

The process starts with a fresh, small environment, in an empty folder and a session of its own;
what else it gives up is in `fashion_nn.inference.child.confinement`. It answers over pipes, and
nothing that it says is trusted: lengths are bounded before they are read, and whoever asked checks
the values. It ends with its `ConfinedProcess`: on `close`, when that is collected, when this
process exits, and (Linux) when this process is killed.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
import warnings
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from fashion_nn.core import scratch
from fashion_nn.core.environment import NO_TELEMETRY
from fashion_nn.core.processes import exit_cause
from fashion_nn.core.strict_json import Json
from fashion_nn.inference.engines import answers
from fashion_nn.inference.file import strict_json
from fashion_nn.inference.shared import messages
from fashion_nn.inference.shared.refusal import Refusal, quoted

_ENTRY = Path(__file__).parents[1] / "child" / "entry.py"
_HEADER_BYTES = 1 << 20
_PIECE = 1 << 20
# Settings of the user that change speed or where libraries are found, not what a model may do.
_KEPT = (
    "LD_LIBRARY_PATH",
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "SYSTEMROOT",
)
_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "KERAS_BACKEND": "tensorflow",
    "MALLOC_ARENA_MAX": "2",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    **NO_TELEMETRY,
}


class ConfinementWarning(UserWarning):
    """A confinement layer does not hold on this system."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a confined process may use.

    Attributes:
        memory: bytes of private memory. TensorFlow itself takes about 0.5 GiB, and 20 MiB more for
            each processor, which is added to this limit.
        open_seconds: until Python has started and has looked through the file's HDF5.
        import_seconds: until TensorFlow and Keras are imported.
        build_seconds: until the model is built and tried.
        batch_seconds: for each batch of at most 1000 images.
        image_seconds: on average for each image, after the first `batch_seconds`.
    """

    memory: int = 3 << 30
    open_seconds: int = 60
    import_seconds: int = 120
    build_seconds: int = 60
    batch_seconds: int = 120
    image_seconds: float = 0.1


class Answer(NamedTuple):
    """What the confined process answers to a request."""

    header: Mapping[str, Any]
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Deadline:
    """The time by which an answer has to come."""

    seconds: int
    end: float

    @classmethod
    def after(cls, seconds: int) -> "_Deadline":
        return cls(seconds, time.monotonic() + seconds)

    def milliseconds_left(self) -> float:
        return max(0, self.end - time.monotonic()) * 1000


class StartedProcess(Protocol):
    """What is used of `subprocess.Popen`."""

    pid: int
    returncode: Any
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def wait(self, timeout: float | None = None) -> int | None: ...

    def kill(self) -> None: ...


class ConfinedProcess:
    """One confined process: requests go in with `tell`, answers come out with `hear`, in order.

    On Linux it also ends with the thread that made it.

    Attributes:
        layers: names of the confinement layers that hold; None until the first answer.
    """

    def __init__(self, limits: Limits, started: StartedProcess | None = None):
        """Start a process, or talk to one that was `started` by `ForkServer`."""
        folder = None if started else str(scratch.make_folder("fashion-nn-"))
        self._process = started or _start(limits, str(folder))
        if folder:
            # Its working folder is empty and gone: it can be left, but nothing can be made in it.
            scratch.remove_folder(folder)
        self._end = weakref.finalize(self, _end, self._process, folder)
        assert self._process.stdin and self._process.stdout
        self._requests: IO[bytes] = self._process.stdin
        self._answers: IO[bytes] = self._process.stdout
        for pipe in (self._requests, self._answers):
            os.set_blocking(pipe.fileno(), False)
        self.layers: tuple[str, ...] | None = None

    def tell(
        self, do: str, payload: bytes | memoryview = b"", *, seconds: int, **header: Json
    ) -> None:
        """Send a request. The process reads it while it arrives.

        Args:
            do: what is asked for; see `fashion_nn.inference.child.worker`.
            payload: raw bytes.
            seconds: until the process has to have read it; also its limit of processor time.
            header: further values.

        Raises:
            Refusal: the process has ended, or does not read in time.
        """
        deadline = _Deadline.after(seconds)
        start = messages.packed({"do": do, "seconds": seconds, **header}, len(payload))
        for part in (start, payload):
            view = memoryview(part)
            while view:
                self._wait(self._requests, select.POLLOUT, deadline)
                try:
                    view = view[self._requests.write(view[:_PIECE]) or 0 :]
                except BrokenPipeError:
                    raise Refusal(self._ended()) from None

    def hear(self, payload_bytes: int, *, seconds: int) -> Answer:
        """The next answer, with at most `payload_bytes` of payload.

        Raises:
            Refusal: the model is refused or fails, or the process has ended or does not answer in
                time.
        """
        deadline = _Deadline.after(seconds)
        if self.layers is None:
            self.layers = answers.require_layers(self._receive(0, deadline).header.get("layers"))
            for name in answers.missing_layers(self.layers):
                _warn_of_missing(name)
        answer = self._receive(payload_bytes, deadline)
        if why := answers.reason(answer.header):
            self.close()
            raise Refusal(why)
        return answer

    def close(self) -> None:
        """End the process, whatever it is doing, and remove its folder."""
        self._end()

    def _receive(self, payload_bytes: int, deadline: _Deadline) -> Answer:
        sizes = messages.sizes(self._read(messages.SIZES_BYTES, deadline))
        if sizes.header > _HEADER_BYTES or sizes.payload > payload_bytes:
            self.close()
            raise Refusal("the model could not be run (its process answered out of turn)")
        header = strict_json.parse(self._read(sizes.header, deadline), "answer")
        if not isinstance(header, dict):
            raise Refusal(f"the model could not be run (its process answered {quoted(header)})")
        return Answer(header, self._read(sizes.payload, deadline))

    def _read(self, size: int, deadline: _Deadline) -> bytes:
        parts: list[bytes] = []
        left = size
        while left:
            self._wait(self._answers, select.POLLIN, deadline)
            part = self._answers.read(min(left, _PIECE))
            if part == b"":
                raise Refusal(self._ended())
            parts.append(part or b"")
            left -= len(parts[-1])
        return b"".join(parts)

    def _wait(self, pipe: IO[bytes], event: int, deadline: _Deadline) -> None:
        if self._process.returncode is not None or pipe.closed:
            raise Refusal("the model could not be run (its process has ended)")
        poll = select.poll()
        poll.register(pipe, event)
        if not poll.poll(deadline.milliseconds_left()):
            self.close()
            raise Refusal(f"the model could not be run (no answer within {deadline.seconds} s)")

    def _ended(self) -> str:
        """Why the process has ended; only called when its pipes are closed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self.close()
        return f"the model could not be run ({_cause(self._process.returncode)})"


def _start(limits: Limits, folder: str) -> StartedProcess:
    return subprocess.Popen(
        [sys.executable, "-P", "-s", str(_ENTRY), str(memory_of(limits)), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd=folder,
        env=environment(folder),
        start_new_session=True,
    )


def memory_of(limits: Limits) -> int:
    """Bytes of private memory of a process with these limits, on this machine."""
    return limits.memory + (os.cpu_count() or 1) * (20 << 20)


def environment(folder: str) -> dict[str, str]:
    """The environment of a confined process, in which libraries use `folder` for their files.

    Keras, which makes the folder KERAS_HOME when it is imported, gets one that cannot be made.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    nowhere = f"{os.devnull}/keras"
    return {**_ENVIRONMENT, **kept, "HOME": folder, "TMPDIR": folder, "KERAS_HOME": nowhere}


def _end(process: StartedProcess, folder: str | None) -> None:
    if process.returncode is None:
        # Not waited for yet, so the number still means this process and its session.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    if folder:
        scratch.remove_folder(folder)


def _cause(code: int) -> str:
    if code == -signal.SIGXCPU:
        return "it used more processor time than it is given"
    return exit_cause(code) + (", perhaps for want of memory" if code < 0 else "")


@cache
def _warn_of_missing(name: str) -> None:
    """Warn once in this process that a confinement layer does not hold."""
    warnings.warn(
        f"the confinement layer {name} does not hold here: {answers.LAYERS[name]}; see"
        " docs/safe-loading.md",
        ConfinementWarning,
        stacklevel=1,
    )

"""Confined processes that begin at once: each is forked from one that has imported TensorFlow.

That process (`fashion_nn.inference.child.forking`) sees no model file. A new process confines
itself before it sees one, as those that `ConfinedProcess` starts itself.
"""

import contextlib
import os
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fashion_nn.core import scratch
from fashion_nn.errors import InputError
from fashion_nn.inference.engines.confined_process import Limits, environment, memory_of

_PROGRAM = Path(__file__).parents[1] / "child" / "forking.py"
_NUMBER_BYTES = 8
_START_SECONDS = 180


@dataclass(slots=True)
class ForkedProcess:
    """A confined process of a `ForkServer`, for `ConfinedProcess` and `ConfinedPredictor`.

    It ends when its pipes are closed, or with the context of `ForkServer.started`.
    """

    pid: int
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int | None:
        """Does not wait: the process is no child of this one."""
        return self.returncode

    def kill(self) -> None:
        """Mark it as ended; the server ends it."""
        self.returncode = 1


class ForkServer:
    """The process that forks confined ones, one at a time.

    Args:
        limits: what each confined process may use.
    """

    def __init__(self, limits: Limits | None = None):
        self._memory = memory_of(limits or Limits())
        folder = str(scratch.make_folder("fashion-nn-"))
        ours, theirs = socket.socketpair()
        ours.settimeout(_START_SECONDS)
        self._socket = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", str(_PROGRAM), str(os.getpid()), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                cwd=folder,
                env=environment(folder),
                start_new_session=True,
            )
        # Its working folder is empty and gone, so none is left however this process ends.
        scratch.remove_folder(folder)
        self._end = weakref.finalize(self, _end, self._process, ours)

    @contextmanager
    def started(self) -> Iterator[ForkedProcess]:
        """Yield a new confined process, which has ended after.

        Raises:
            InputError: the server has ended, or does not answer.
        """
        requests, write = os.pipe()
        read, answers = os.pipe()
        try:
            number = self._memory.to_bytes(_NUMBER_BYTES, sys.byteorder)
            with self._failing():
                socket.send_fds(self._socket, [number], [requests, answers])
                pid = self._number()
        except BaseException:
            os.close(write)
            os.close(read)
            raise
        finally:
            os.close(requests)
            os.close(answers)
        with (
            open(write, "wb", buffering=0) as stdin,
            open(read, "rb", buffering=0) as stdout,
        ):
            yield ForkedProcess(pid, stdin, stdout)
        with self._failing():
            self._socket.send(bytes(_NUMBER_BYTES))
            self._number()

    def close(self) -> None:
        """End the server and the process that it has forked."""
        self._end()

    def _number(self) -> int:
        answer = self._socket.recv(_NUMBER_BYTES, socket.MSG_WAITALL)
        if len(answer) < _NUMBER_BYTES:
            raise ConnectionResetError
        return int.from_bytes(answer, sys.byteorder, signed=True)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, TimeoutError):
            self.close()
            raise InputError(
                "TensorFlow and Keras are not importable here, or the process that imports them"
                " ended: install them beside Python"
            ) from None


def _end(process: subprocess.Popen[bytes], connection: socket.socket) -> None:
    connection.close()
    with contextlib.suppress(ProcessLookupError):
        process.kill()  # what it has forked ends with it
    process.wait()

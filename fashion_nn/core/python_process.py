"""A further Python process of this package, and messages to and from it.

A message is any Python value, pickled as `multiprocessing.connection` does it: both ends run this
package, and nobody else can write to the pipes. The process that opens a stranger's model has a
protocol of its own, without pickle: see `fashion_nn.inference`.
"""

import contextlib
import os
import subprocess
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import IO, Any

from fashion_nn.core.processes import kill_session, python_command


class PythonProcess:
    """A process that runs `main()` of a module, which talks through `parent_connections`.

    It has a session of its own, so that Ctrl-C reaches only the process that started it.

    Args:
        module: a module of this package.
        arguments: what `main()` finds in `sys.argv[1:]`.
        environment: see `child_environment`.
        errors: file for what it prints; None: that is thrown away.
        folder: its working folder; None: that of this process.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str],
        errors: IO[bytes] | None = None,
        folder: str | None = None,
    ):
        self._process = subprocess.Popen(
            python_command(module, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if errors is None else errors,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = Connection(os.dup(self._process.stdin.fileno()), readable=False)
        self._answers = Connection(os.dup(self._process.stdout.fileno()), writable=False)
        self._process.stdin.close()
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            OSError: the process has ended.
        """
        self._requests.send(message)

    def poll(self, seconds: float) -> bool:
        """Whether there is a message, or the end of them, after waiting for at most `seconds`."""
        return self._answers.poll(seconds)

    def receive(self) -> Any:
        """The next message; blocks until there is one.

        Raises:
            EOFError: the process has ended.
        """
        try:
            return self._answers.recv()
        except OSError:
            raise EOFError from None

    def wait(self, seconds: float) -> bool:
        """Whether the process has ended, after waiting for at most `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.running

    def end_requests(self) -> None:
        """Tell the process that there is no further message."""
        self._requests.close()

    def close(self) -> int:
        """Kill the process if it runs, and return its exit code as `exit_cause` takes it."""
        if self.running:
            kill_session(self.pid)
        code = self._process.wait()
        self._requests.close()
        self._answers.close()
        return code


def parent_connections() -> tuple[Connection, Connection]:
    """In the process: the connections for messages of its parent, and for its own messages.

    From then on nothing that is printed is taken for a message: it goes to stderr.
    """
    requests = Connection(os.dup(0), writable=False)
    answers = Connection(os.dup(1), readable=False)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    return requests, answers

"""Program that forks confined processes: `python -P -s forking.py PARENT SOCKET`.

It imports TensorFlow once and sees no model file, and computes nothing. For each request it forks.
The new process confines itself as `entry` does, before it reads a byte, and then serves one model.
Importing TensorFlow takes seconds of processor time; a fork takes a hundredth of one.

A request on the socket is the number of bytes of memory, with two pipes: one for the requests of
the new process and one for its answers. The answer is the number of the new process. The request 0
ends that process, and is answered with how it ended. The program ends with its parent.
"""

import importlib.util
import os
import signal
import socket
import struct
import sys
from pathlib import Path
from types import ModuleType

_ENTRY = Path(__file__).with_name("entry.py")
NUMBER = struct.Struct("=q")
"""How each number is sent."""


def main() -> None:
    """Serve until the other end of the socket is closed."""
    entry = _entry()
    sys.modules.update(dict.fromkeys((*entry._NEVER, *entry._NOT_NEEDED)))  # type: ignore[arg-type]
    package = entry._PACKAGE
    entry._load(package.name, package / "__init__.py", [str(package)])
    from fashion_nn.core.processes import die_with_parent

    die_with_parent(int(sys.argv[1]))
    connection = socket.socket(fileno=int(sys.argv[2]))
    import keras  # noqa: F401

    from fashion_nn.inference.child import worker  # noqa: F401

    _serve(connection, entry)


def _entry() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_entry", _ENTRY)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _serve(connection: socket.socket, entry: ModuleType) -> None:
    pid = 0
    while True:
        message, pipes, _, _ = socket.recv_fds(connection, NUMBER.size, 2)
        if len(message) < NUMBER.size:
            return
        if pid:
            os.kill(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            pid = 0
            connection.send(NUMBER.pack(code))
            continue
        server = os.getpid()
        pid = os.fork()
        if not pid:
            _be_confined(connection, entry, pipes, NUMBER.unpack(message)[0], server)
        for pipe in pipes:
            os.close(pipe)
        connection.send(NUMBER.pack(pid))


def _be_confined(
    connection: socket.socket, entry: ModuleType, pipes: list[int], memory: int, server: int
) -> None:
    """In the new process: confine it, serve one model, and end."""
    code = 70
    try:
        os.setsid()
        os.chdir("/")
        connection.close()
        requests, answers = pipes
        layers = entry.confine(memory, server)
        from fashion_nn.inference.child import worker

        with (
            open(requests, "rb", buffering=0) as incoming,
            open(answers, "wb", buffering=0) as outgoing,
        ):
            worker.serve(incoming, outgoing, layers)
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()

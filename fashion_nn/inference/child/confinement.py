"""What the confined process gives up before it looks at a stranger's file.

Only the standard library is imported. Each layer is independent of the others: where the system
does not offer one, the others still hold, and the process reports which hold.

    limits          resource limits: memory, processor time, no file may grow, no core dump
                    (every POSIX system)
    parent          the process dies with its parent (Linux)
    network         a network namespace of its own, with nothing in it (Linux, where allowed)
    files           Landlock: only Python, its packages and the system's libraries can be read,
                    and nothing can be written but /dev/null (Linux 5.13)
    syscalls        seccomp: only the system calls that TensorFlow needs, and only on this process
                    itself (Linux on x86-64)
    some-syscalls   seccomp in its weaker form: no new processes or programs, no sockets, no access
                    to other processes, other calls are allowed (Linux on arm64)
"""

import sys
from collections.abc import Callable
from pathlib import Path

from fashion_nn.inference.child.landlock import restrict_files
from fashion_nn.inference.child.limits import limit_resources
from fashion_nn.inference.child.linux import drop_privileges, leave_network
from fashion_nn.inference.child.seccomp import filter_system_calls


def confine(memory: int, package: Path, die_with_parent: Callable[[], bool]) -> list[str]:
    """Confine this process in every layer that the system offers.

    Call it while the process has one thread: a thread that exists already would keep its freedom.

    Args:
        memory: bytes of private memory.
        package: folder of this package, which stays readable.
        die_with_parent: has the system end this process with its parent; returns whether it does.

    Returns:
        The names of the layers that hold.
    """
    limit_resources(memory)
    layers = ["limits"]
    if sys.platform != "linux":
        return layers
    if leave_network():
        layers.append("network")
    if die_with_parent():
        layers.append("parent")
    drop_privileges()
    if restrict_files(package):
        layers.append("files")
    if filtered := filter_system_calls():
        layers.append(filtered)
    return layers

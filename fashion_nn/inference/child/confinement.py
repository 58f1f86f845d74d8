"""What the confined process gives up before it looks at a stranger's file.

Only the standard library is imported. Each layer is independent of the others: where the system
does not offer one, the others still hold, and the process reports which hold.

    limits      resource limits: memory, processor time, no file may grow, no core dump
                (every POSIX system)
    parent      the process dies with its parent (Linux)
    network     a network namespace of its own, with nothing in it (Linux, where allowed)
    files       Landlock: only Python, its packages and the system's libraries can be read,
                and nothing can be written but /dev/null (Linux 5.13)
    syscalls    seccomp: no new processes or programs, no sockets, no access to other processes
                (Linux on x86-64 and arm64)
"""

import contextlib
import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

_GIB = 1 << 30


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
    _limit_resources(memory)
    layers = ["limits"]
    if sys.platform != "linux":
        return layers
    if _leave_network():
        layers.append("network")
    if die_with_parent():
        layers.append("parent")
    # Landlock and seccomp are open to an ordinary user only where this is set.
    _prctl(_SET_NO_NEW_PRIVS, 1)
    if _restrict_files(_readable(package)):
        layers.append("files")
    if _restrict_syscalls():
        layers.append("syscalls")
    return layers


# Resource limits


def limit_processor_time(seconds: int) -> None:
    """Allow `seconds` of processor time from now on; then the system ends this process
    (SIGXCPU).
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    _set_limit(resource.RLIMIT_CPU, spent + seconds + 1, hard=False)


def _limit_resources(memory: int) -> None:
    _set_limit(resource.RLIMIT_CORE, 0)
    _set_limit(resource.RLIMIT_FSIZE, 0)
    _set_limit(resource.RLIMIT_DATA, memory)
    # Address space also counts the program's own files and what is reserved but never touched.
    _set_limit(resource.RLIMIT_AS, memory + 16 * _GIB)
    _set_limit(resource.RLIMIT_NOFILE, 256)


def _set_limit(which: int, value: int, *, hard: bool = True) -> None:
    _, ceiling = resource.getrlimit(which)
    if ceiling != resource.RLIM_INFINITY:
        value = min(value, ceiling)
    # macOS refuses some of these.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(which, (value, value if hard else ceiling))


# System calls

_SET_SECCOMP = 22
_SET_NO_NEW_PRIVS = 38


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *arguments: object) -> int:
    return int(_libc().syscall(ctypes.c_long(number), *arguments))


def _prctl(option: int, *arguments: int | ctypes.c_void_p) -> bool:
    padded = [*arguments, *[0] * (4 - len(arguments))]
    values = [
        part if isinstance(part, ctypes.c_void_p) else ctypes.c_ulong(part) for part in padded
    ]
    return bool(_libc().prctl(ctypes.c_int(option), *values) == 0)


# Namespaces

_NEW_IPC = 0x08000000
_NEW_USER = 0x10000000
_NEW_NET = 0x40000000


def _leave_network() -> bool:
    flags = _NEW_USER | _NEW_NET | _NEW_IPC
    return bool(_libc().unshare(ctypes.c_int(flags)) == 0)


# Landlock: https://docs.kernel.org/userspace-api/landlock.html

_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_RIGHTS_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15}


def _restrict_files(readable: Iterable[Path]) -> bool:
    abi = _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if abi < 1:
        return False
    fields = [(1 << _RIGHTS_OF_ABI.get(abi, 16)) - 1]  # every right over files that it knows
    if abi >= 4:
        fields.append(0b11)  # TCP: bind, connect
    if abi >= 6:
        fields.append(0b11)  # abstract sockets, signals to other processes
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    size = ctypes.c_size_t(len(attributes))
    ruleset = _syscall(_CREATE_RULESET, attributes, size, ctypes.c_uint(0))
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(ruleset, path, _READ_FILE | (_READ_DIR if path.is_dir() else 0))
        _allow(ruleset, Path(os.devnull), _READ_FILE | _WRITE_FILE)
        return _syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rule = struct.pack("=Qi", rights, descriptor)
        _syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint(0))
    finally:
        os.close(descriptor)


_SYSTEM = (
    "/usr /lib /lib64 /lib32 /nix/store /etc/ld.so.cache /etc/localtime /dev/urandom /proc/self"
)
_MACHINE = "/proc/cpuinfo /proc/meminfo /proc/stat /sys/devices/system/cpu /sys/devices/system/node"


def _readable(package: Path) -> list[Path]:
    """Python, its packages, the system's libraries, and what TensorFlow asks about the machine."""
    own = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    installed = ("site-packages", "dist-packages")
    own |= {Path(entry) for entry in sys.path if Path(entry).name in installed}
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    own |= {Path(entry) for entry in libraries if entry}
    fixed = [Path(path) for path in f"{_SYSTEM} {_MACHINE}".split()]
    return [path for path in (*own, package, *fixed) if path != Path("/")]


# seccomp: the numbers are those of x86-64 and of arm64; -1 where an architecture has no such call.

_FORBIDDEN = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "setpriority": (141, 140),
}
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_CLONE_THREAD = 0x00010000
# The column of the tables above, and the number by which the kernel names the architecture.
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# Instructions of classic BPF, and what a filter may answer.
_LOAD = 0x20
_EQUAL = 0x15
_NOT_BELOW = 0x35
_ANY_BIT = 0x45
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_ERROR = 0x00050000
_KILL = 0x80000000
_EPERM = 1
_ENOSYS = 38


class _Step(NamedTuple):
    code: int
    if_true: int
    if_false: int
    value: int


def _restrict_syscalls() -> bool:
    known = _ARCHITECTURES.get(platform.machine())
    if known is None or sys.byteorder != "little" or struct.calcsize("P") != 8:
        return False
    program = _program(*known)
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    address = ctypes.addressof(buffer)
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), address))
    return _prctl(_SET_SECCOMP, 2, ctypes.cast(header, ctypes.c_void_p))


def _program(column: int, architecture: int) -> list[_Step]:
    """The filter; a step jumps over so many of the next steps as its comparison says."""
    steps = [
        _Step(_LOAD, 0, 0, 4),  # the architecture of the call
        _Step(_EQUAL, 1, 0, architecture),
        _Step(_RETURN, 0, 0, _KILL),
        _Step(_LOAD, 0, 0, 0),  # the number of the call
        _Step(_NOT_BELOW, 0, 1, 0x40000000),  # x32, a second set of numbers
        _Step(_RETURN, 0, 0, _KILL),
    ]
    for numbers in _FORBIDDEN.values():
        if numbers[column] >= 0:
            steps.append(_Step(_EQUAL, 0, 1, numbers[column]))
            steps.append(_Step(_RETURN, 0, 0, _ERROR | _EPERM))
    # A thread is made by clone with a flag that the filter sees; clone3 hides it behind a pointer.
    steps += [
        _Step(_EQUAL, 0, 1, _CLONE3[column]),
        _Step(_RETURN, 0, 0, _ERROR | _ENOSYS),
        _Step(_EQUAL, 0, 3, _CLONE[column]),
        _Step(_LOAD, 0, 0, 16),  # the first argument of the call
        _Step(_ANY_BIT, 1, 0, _CLONE_THREAD),
        _Step(_RETURN, 0, 0, _ERROR | _EPERM),
        _Step(_RETURN, 0, 0, _ALLOW),
    ]
    return steps

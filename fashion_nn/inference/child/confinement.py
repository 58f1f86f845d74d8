"""What the child process gives up before it looks at a stranger's file. Standard library only.

Each wall stands alone: where the system does not offer one, the others are kept, and what held is reported.

    limits      resource limits: memory, processor time, no file may grow, no core dump     every POSIX system
    parent      the child dies with its parent                                              Linux
    network     a network namespace of its own, with nothing in it                          Linux, where allowed
    files       Landlock: only Python's own folders can be read, nothing can be written     Linux 5.13
    syscalls    seccomp: no new processes or programs, no sockets, no looking into others   Linux on x86-64 and arm64
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

_SET_SECCOMP = 22
_SET_NO_NEW_PRIVS = 38
_NEW_USER, _NEW_IPC, _NEW_NET = 0x10000000, 0x08000000, 0x40000000
_GIB = 1 << 30


def confine(memory: int, package: Path, die_with_parent: Callable[[], bool]) -> list[str]:
    """Put up all walls that the system offers; return the names of those that stand.

    Args:
        memory: bytes of private memory.
        package: folder of this package, which stays readable.
        die_with_parent: has the system end this process with its parent, and tells whether it does.
    """
    _limit_resources(memory)
    held = ["limits"]
    if sys.platform != "linux":
        return held
    held += ["network"] * _leave_network()
    if die_with_parent():
        held.append("parent")
    _prctl(_SET_NO_NEW_PRIVS, 1)
    held += ["files"] * _landlock(_readable(package))
    held += ["syscalls"] * _seccomp()
    return held


def limit_processor_time(seconds: int) -> None:
    """Allow `seconds` of processor time from now on; then the system ends this process (SIGXCPU)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set_limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds + 1, hard=False)


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


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *arguments: object) -> int:
    return _libc().syscall(ctypes.c_long(number), *arguments)


def _prctl(option: int, *arguments: int | ctypes.c_void_p) -> bool:
    padded = [*arguments, *[0] * (4 - len(arguments))]
    values = [part if isinstance(part, ctypes.c_void_p) else ctypes.c_ulong(part) for part in padded]
    return _libc().prctl(ctypes.c_int(option), *values) == 0


def _leave_network() -> bool:
    flags = _NEW_USER | _NEW_NET | _NEW_IPC
    return _libc().unshare(ctypes.c_int(flags)) == 0


# Landlock: https://docs.kernel.org/userspace-api/landlock.html
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_RIGHTS_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15}


def _landlock(readable: Iterable[Path]) -> bool:
    abi = _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if abi < 1:
        return False
    files = (1 << _RIGHTS_OF_ABI.get(abi, 16)) - 1
    network = 0b11 if abi >= 4 else 0  # TCP: bind, connect
    scopes = 0b11 if abi >= 6 else 0  # abstract sockets, signals to others
    fields = [files, network, scopes][: 1 if abi < 4 else 2 if abi < 6 else 3]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = _syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))
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


def _readable(package: Path) -> list[Path]:
    """Where Python, its packages and the system's libraries are, and what TensorFlow asks about the machine."""
    own = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    own |= {Path(entry) for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")}
    own |= {Path(entry) for entry in os.environ.get("LD_LIBRARY_PATH", "").split(":") if entry}
    system = "/usr /lib /lib64 /lib32 /nix/store /etc/ld.so.cache /etc/localtime /dev/urandom /proc/self"
    machine = "/proc/cpuinfo /proc/meminfo /proc/stat /sys/devices/system/cpu /sys/devices/system/node"
    return [path for path in (*own, package, *map(Path, f"{system} {machine}".split())) if path != Path("/")]


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
_CLONE, _CLONE3 = (56, 220), (435, 435)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_CLONE_THREAD = 0x00010000
_EPERM, _ENOSYS = 1, 38

_LOAD, _EQUAL, _NOT_BELOW, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


def _seccomp() -> bool:
    known = _ARCHITECTURES.get(platform.machine())
    if known is None or sys.byteorder != "little" or struct.calcsize("P") != 8:
        return False
    program = _program(*known)
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(buffer)))
    return _prctl(_SET_SECCOMP, 2, ctypes.cast(header, ctypes.c_void_p))


def _program(column: int, architecture: int) -> list[tuple[int, int, int, int]]:
    """The filter, in classic BPF: (code, jump if true, jump if false, value)."""
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture of the call
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # its number
        (_NOT_BELOW, 0, 1, 0x40000000),  # x32, a second set of numbers
        (_RETURN, 0, 0, _KILL),
    ]
    for numbers in _FORBIDDEN.values():
        if numbers[column] >= 0:
            steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ERROR | _EPERM)]
    # Threads are made by clone with a flag that can be looked at; clone3 hides its flags behind a pointer.
    steps += [
        (_EQUAL, 0, 1, _CLONE3[column]),
        (_RETURN, 0, 0, _ERROR | _ENOSYS),
        (_EQUAL, 0, 3, _CLONE[column]),
        (_LOAD, 0, 0, 16),  # its first argument
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, _ERROR | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return steps

"""Calls of the Linux kernel that the standard library does not have. Confined process only."""

import ctypes
import struct

_NEW_IPC = 0x08000000
_NEW_USER = 0x10000000
_NEW_NET = 0x40000000
_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION = 0x20080522


def library() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def syscall(number: int, *arguments: object) -> int:
    """The result of a system call; -1 if it fails."""
    return int(library().syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, *arguments: int | ctypes.c_void_p) -> bool:
    """Whether the system does what `prctl` asks for."""
    padded = [*arguments, *[0] * (4 - len(arguments))]
    values = [
        part if isinstance(part, ctypes.c_void_p) else ctypes.c_ulong(part) for part in padded
    ]
    return bool(library().prctl(ctypes.c_int(option), *values) == 0)


def leave_network() -> bool:
    """Give this process a network namespace with nothing in it; whether the system allows it."""
    flags = _NEW_USER | _NEW_NET | _NEW_IPC
    return bool(library().unshare(ctypes.c_int(flags)) == 0)


def drop_privileges() -> None:
    """Give up every capability, those of root and of an own user namespace, for good.

    An ordinary user may then also use Landlock and seccomp.
    """
    prctl(_SET_NO_NEW_PRIVS, 1)
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    none_at_all = struct.pack("=6I", 0, 0, 0, 0, 0, 0)
    library().capset(header, none_at_all)

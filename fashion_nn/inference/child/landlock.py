"""Landlock: which files the confined process may still open.

Source: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

from fashion_nn.inference.child.linux import syscall

_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_WRITE_FILE = 1 << 1
_READ_FILE = 1 << 2
_READ_DIR = 1 << 3
_RIGHTS_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15}

_SYSTEM = (
    "/usr /lib /lib64 /lib32 /nix/store /etc/ld.so.cache /etc/localtime /dev/urandom /proc/self"
)
_MACHINE = "/proc/cpuinfo /proc/meminfo /proc/stat /sys/devices/system/cpu /sys/devices/system/node"


def restrict_files(package: Path) -> bool:
    """Let this process read only Python, its packages, this `package` and the system's libraries,
    and write only to /dev/null.

    Returns:
        Whether the system does so.
    """
    abi = syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    if abi < 1:
        return False
    fields = [(1 << _RIGHTS_OF_ABI.get(abi, 16)) - 1]  # every right over files that it knows
    if abi >= 4:
        fields.append(0b11)  # TCP: bind, connect
    if abi >= 6:
        fields.append(0b11)  # abstract sockets, signals to other processes
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    size = ctypes.c_size_t(len(attributes))
    ruleset = syscall(_CREATE_RULESET, attributes, size, ctypes.c_uint(0))
    if ruleset < 0:
        return False
    try:
        for path in _readable(package):
            _allow(ruleset, path, _READ_FILE | (_READ_DIR if path.is_dir() else 0))
        _allow(ruleset, Path(os.devnull), _READ_FILE | _WRITE_FILE)
        return syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rule = struct.pack("=Qi", rights, descriptor)
        syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint(0))
    finally:
        os.close(descriptor)


def _readable(package: Path) -> list[Path]:
    """Python, its packages, the system's libraries, and what TensorFlow asks about the machine."""
    own = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    installed = ("site-packages", "dist-packages")
    own |= {Path(entry) for entry in sys.path if Path(entry).name in installed}
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    own |= {Path(entry) for entry in libraries if entry}
    fixed = [Path(path) for path in f"{_SYSTEM} {_MACHINE}".split()]
    return [path for path in (*own, package, *fixed) if path != Path("/")]

"""seccomp: which system calls the confined process may still make.

A filter is a short program of classic BPF that the kernel runs before each call; what it says of a
call is data in `system_calls`. A call that is not allowed fails, and its caller goes on: nothing
ends this process.

Source: https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable
from typing import NamedTuple

from fashion_nn.inference.child.linux import prctl
from fashion_nn.inference.child.system_calls import (
    ALLOWED,
    DENIED,
    FIRST_OF_2019,
    OWN_PROCESS,
    RESTRICTED,
    Condition,
)

_SET_SECCOMP = 22
_MODE_FILTER = 2

# Instructions of classic BPF, and what a filter may answer.
_LOAD = 0x20
_EQUAL = 0x15
_NOT_BELOW = 0x35
_ANY_BIT = 0x45
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_ERROR = 0x00050000

# Where the kernel puts what a filter looks at.
_NUMBER = 0
_ARCHITECTURE = 4
_ARGUMENTS = 16

_X86_64 = 0xC000003E
_ARM64 = 0xC00000B7


class Step(NamedTuple):
    """An instruction. A comparison jumps over as many of the next instructions as it says."""

    code: int
    if_true: int
    if_false: int
    value: int


def filter_system_calls() -> str | None:
    """Let this process make only some system calls from now on.

    Returns:
        The name of the layer that holds, see `confinement`; None where there is none.
    """
    if sys.byteorder != "little" or struct.calcsize("P") != 8:
        return None
    match platform.machine():
        case "x86_64":
            return "syscalls" if _install(allowing()) else None
        case "aarch64":
            return "some-syscalls" if _install(denying()) else None
    return None


def allowing() -> list[Step]:
    """The filter of x86-64: only what is listed is allowed."""
    steps = _only_on(_X86_64)
    for number, *conditions in ALLOWED.values():
        steps += _call(number, conditions)
    return [
        *steps,
        # What a caller finds missing, it does in another way. The numbers of x32 are here too.
        Step(_NOT_BELOW, 0, 1, FIRST_OF_2019),
        _failing(errno.ENOSYS),
        _failing(errno.EPERM),
    ]


def denying() -> list[Step]:
    """The filter of arm64: only what is listed is denied."""
    steps = _only_on(_ARM64)
    for number in DENIED.values():
        error = errno.ENOSYS if number >= FIRST_OF_2019 else errno.EPERM
        steps += [Step(_EQUAL, 0, 1, number), _failing(error)]
    for number, *conditions in RESTRICTED.values():
        steps += _call(number, conditions)
    return [*steps, Step(_RETURN, 0, 0, _ALLOW)]


def _only_on(architecture: int) -> list[Step]:
    """Load the number of the call, if that is of this architecture."""
    return [
        Step(_LOAD, 0, 0, _ARCHITECTURE),
        Step(_EQUAL, 1, 0, architecture),
        _failing(errno.ENOSYS),
        Step(_LOAD, 0, 0, _NUMBER),
    ]


def _call(number: int, conditions: Iterable[Condition]) -> list[Step]:
    """Decide about the call `number`, and go on with any other."""
    decision = [step for condition in conditions for step in _require(condition)]
    decision.append(Step(_RETURN, 0, 0, _ALLOW))
    return [Step(_EQUAL, 0, len(decision), number), *decision]


def _require(condition: Condition) -> list[Step]:
    """Let the call fail unless `condition` holds."""
    values = [os.getpid() if each == OWN_PROCESS else each for each in condition.values]
    load = Step(_LOAD, 0, 0, _ARGUMENTS + 8 * condition.argument)
    failing = _failing(condition.error)
    match condition.test:
        case "any bit":
            return [load, Step(_ANY_BIT, 1, 0, *values), failing]
        case "no bit":
            return [load, Step(_ANY_BIT, 0, 1, *values), failing]
    compared = [Step(_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [load, *compared, failing]


def _failing(error: int) -> Step:
    return Step(_RETURN, 0, 0, _ERROR | error)


def _install(program: list[Step]) -> bool:
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    address = ctypes.addressof(buffer)
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), address))
    return prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.cast(header, ctypes.c_void_p))

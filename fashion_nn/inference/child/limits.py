"""Resource limits of the confined process: what POSIX systems enforce by themselves."""

import contextlib
import os
import resource

# The program's own files and what is reserved but never touched count in the address space too.
# Python, TensorFlow and h5py took 1.2 GiB in this way; the rest is for libraries of graphics cards.
# TensorFlow starts two threads for each core, with a stack of 8 MiB each.
_PROGRAMS = 4 << 30
_A_CORE = 32 << 20


def limit_resources(memory: int) -> None:
    """Limit memory and open files of this process; no file may grow, and no core is dumped.

    Args:
        memory: bytes of private memory.
    """
    _set_limit(resource.RLIMIT_CORE, 0)
    _set_limit(resource.RLIMIT_FSIZE, 0)
    _set_limit(resource.RLIMIT_DATA, memory)
    _set_limit(resource.RLIMIT_AS, memory + _PROGRAMS + (os.cpu_count() or 1) * _A_CORE)
    _set_limit(resource.RLIMIT_NOFILE, 256)


def limit_processor_time(seconds: int) -> None:
    """Allow `seconds` of processor time from now on; then the system ends this process
    (SIGXCPU).
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    _set_limit(resource.RLIMIT_CPU, spent + seconds + 1, hard=False)


def _set_limit(which: int, value: int, *, hard: bool = True) -> None:
    _, ceiling = resource.getrlimit(which)
    if ceiling != resource.RLIM_INFINITY:
        value = min(value, ceiling)
    # macOS refuses some of these.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(which, (value, value if hard else ceiling))

"""Which system calls the confined process may make, as data.

On x86-64 a call is allowed only if it is listed here. The list is the union of what was traced,
and of what the same libraries ask for on other machines. Traced were Python 3.11, 3.12 and 3.13,
every allowed layer, exceptions, a failed allocation and an abort; `tools/trace_confined.py` repeats
it for any model. Other machines ask for the matrix instructions of Intel (arch_prctl) and for
memory of several nodes (mbind), and older and newer C libraries make other calls for files and
locks. On arm64 nothing was traced, so there a call is denied only if it is listed.

Sources: the tables of the kernel, arch/x86/entry/syscalls/syscall_64.tbl and
include/uapi/asm-generic/unistd.h.
"""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Condition:
    """What one argument of a call has to be. Only its lower 32 bits are looked at.

    Attributes:
        argument: its number, from 0.
        test: "one of" the values, "any bit" of the value set, or "no bit" of the value set.
        values: to compare with. OWN_PROCESS stands for the number of this process.
        error: what the call fails with otherwise.
    """

    argument: int
    test: Literal["one of", "any bit", "no bit"]
    values: tuple[int, ...]
    error: int = errno.EPERM


OWN_PROCESS = -1

# Any other process. A call on another thread of this process fails too: the filter cannot tell.
_ITSELF = Condition(0, "one of", (0, OWN_PROCESS))
_OWN_SIGNALS = Condition(0, "one of", (OWN_PROCESS,))
# For the same reason, but callers go on if the system does not know the call.
_OWN_CORES = Condition(0, "one of", (0, OWN_PROCESS), errno.ENOSYS)

# O_WRONLY, O_RDWR, O_CREAT, O_TRUNC and O_TMPFILE.
_WRITING = 0x3 | 0x40 | 0x200 | 0x400000
# MAP_SHARED and MAP_GROWSDOWN: such memory does not count in the limit of private memory.
_UNCOUNTED = 0x1 | 0x100
# CLONE_THREAD, and all that a C library sets beside it to start a thread.
_THREAD = 0x10000
_NO_THREAD = 0xFFFFFFFF & ~0x7D0F00

ALLOWED: Mapping[str, tuple[int, *tuple[Condition, ...]]] = {
    # Files that are open, and reading others: Landlock says which.
    "read": (0,),
    "write": (1,),
    "close": (3,),
    "fstat": (5,),
    "lseek": (8,),
    "newfstatat": (262,),
    "openat": (257, Condition(2, "no bit", (_WRITING,), errno.EACCES)),
    "open": (2, Condition(1, "no bit", (_WRITING,), errno.EACCES)),
    "stat": (4,),
    "lstat": (6,),
    "statx": (332,),
    "access": (21,),
    "faccessat": (269,),
    "faccessat2": (439,),
    "readlink": (89,),
    "readlinkat": (267,),
    "getdents64": (217,),
    "getcwd": (79,),
    "statfs": (137,),
    "fstatfs": (138,),
    "fadvise64": (221,),
    "pread64": (17,),
    "readv": (19,),
    "writev": (20,),
    "dup": (32,),
    "dup2": (33,),
    "dup3": (292,),
    "close_range": (436,),
    # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC.
    "fcntl": (72, Condition(1, "one of", (0, 1, 2, 3, 4, 1030), errno.EINVAL)),
    # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, TCGETS2.
    "ioctl": (
        16,
        Condition(
            1,
            "one of",
            (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x802C542A),
            errno.ENOTTY,
        ),
    ),
    # Waiting for several of them.
    "pipe": (22,),
    "pipe2": (293,),
    "eventfd2": (290,),
    "epoll_create1": (291,),
    "epoll_ctl": (233,),
    "epoll_wait": (232,),
    "epoll_pwait": (281,),
    "epoll_pwait2": (441,),
    "poll": (7,),
    "ppoll": (271,),
    "select": (23,),
    "pselect6": (270,),
    # Private memory.
    "mmap": (9, Condition(3, "no bit", (_UNCOUNTED,))),
    "munmap": (11,),
    "mprotect": (10,),
    "mremap": (25,),
    "madvise": (28,),
    "brk": (12,),
    "mbind": (237,),
    "get_mempolicy": (239,),
    "set_mempolicy": (238,),
    # Threads of this process.
    "futex": (202,),
    "futex_waitv": (449,),
    "futex_wake": (454,),
    "futex_wait": (455,),
    "futex_requeue": (456,),
    "clone": (
        56,
        Condition(0, "any bit", (_THREAD,)),
        Condition(0, "no bit", (_NO_THREAD,)),
    ),
    "set_tid_address": (218,),
    "set_robust_list": (273,),
    "rseq": (334,),
    "membarrier": (324,),
    "gettid": (186,),
    "getcpu": (309,),
    "sched_yield": (24,),
    "sched_getaffinity": (204, _OWN_CORES),
    "sched_setaffinity": (203, _ITSELF),
    # TensorFlow asks for the scheduling of each of its threads, which the filter cannot tell apart.
    "sched_getparam": (143,),
    "sched_getscheduler": (145,),
    "sched_get_priority_max": (146,),
    "sched_get_priority_min": (147,),
    # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA.
    "prctl": (157, Condition(0, "one of", (15, 16, 0x53564D41), errno.EINVAL)),
    # ARCH_GET_XCOMP_SUPP, ARCH_GET_XCOMP_PERM, ARCH_REQ_XCOMP_PERM.
    "arch_prctl": (158, Condition(0, "one of", (0x1021, 0x1022, 0x1023), errno.EINVAL)),
    # Signals of this process, and its end.
    "rt_sigaction": (13,),
    "rt_sigprocmask": (14,),
    "rt_sigreturn": (15,),
    "rt_sigpending": (127,),
    "rt_sigtimedwait": (128,),
    "rt_sigsuspend": (130,),
    "sigaltstack": (131,),
    "kill": (62, _OWN_SIGNALS),
    "tgkill": (234, _OWN_SIGNALS),
    "exit": (60,),
    "exit_group": (231,),
    "restart_syscall": (219,),
    # What this process is, and the time.
    "getpid": (39,),
    "getppid": (110,),
    "getuid": (102,),
    "geteuid": (107,),
    "getgid": (104,),
    "getegid": (108,),
    "prlimit64": (302, _ITSELF),
    "getrlimit": (97,),
    "getrusage": (98,),
    "sysinfo": (99,),
    "uname": (63,),
    "times": (100,),
    "time": (201,),
    "gettimeofday": (96,),
    "clock_gettime": (228,),
    "clock_getres": (229,),
    "clock_nanosleep": (230,),
    "nanosleep": (35,),
    "getrandom": (318,),
}
"""The calls that are allowed on x86-64: their numbers, and the conditions under which."""

FIRST_OF_2019 = 424
"""Calls from this number on are newer than Linux 5.0. Callers expect that they may be missing."""

DENIED: Mapping[str, int] = {
    "setxattr": 5,
    "lsetxattr": 6,
    "fsetxattr": 7,
    "removexattr": 14,
    "lremovexattr": 15,
    "fremovexattr": 16,
    "inotify_init1": 26,
    "inotify_add_watch": 27,
    "ioprio_set": 30,
    "mount": 40,
    "pivot_root": 41,
    "truncate": 45,
    "ftruncate": 46,
    "chroot": 51,
    "fchmod": 52,
    "fchmodat": 53,
    "fchownat": 54,
    "fchown": 55,
    "vmsplice": 75,
    "utimensat": 88,
    "unshare": 97,
    "get_robust_list": 100,
    "ptrace": 117,
    "sched_setparam": 118,
    "sched_setscheduler": 119,
    "sched_setaffinity": 122,
    "kill": 129,
    "tkill": 130,
    "rt_sigqueueinfo": 138,
    "setpriority": 140,
    "setpgid": 154,
    "mq_open": 180,
    "msgget": 186,
    "semget": 190,
    "shmget": 194,
    "shmat": 196,
    "socket": 198,
    "socketpair": 199,
    "bind": 200,
    "connect": 203,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "execve": 221,
    "migrate_pages": 238,
    "move_pages": 239,
    "rt_tgsigqueueinfo": 240,
    "perf_event_open": 241,
    "fanotify_init": 262,
    "name_to_handle_at": 264,
    "open_by_handle_at": 265,
    "setns": 268,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "kcmp": 272,
    "sched_setattr": 274,
    "memfd_create": 279,
    "bpf": 280,
    "execveat": 281,
    "userfaultfd": 282,
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "open_tree": 428,
    "fsopen": 430,
    "pidfd_open": 434,
    "clone3": 435,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "memfd_secret": 447,
    "process_mrelease": 448,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
}
"""The calls that are denied on arm64, where all others are allowed."""

RESTRICTED: Mapping[str, tuple[int, *tuple[Condition, ...]]] = {
    "clone": (
        220,
        Condition(0, "any bit", (_THREAD,)),
        Condition(0, "no bit", (_NO_THREAD,)),
    ),
    "tgkill": (131, _OWN_SIGNALS),
    "prlimit64": (261, _ITSELF),
    "mmap": (222, Condition(3, "no bit", (_UNCOUNTED,))),
    "prctl": (167, Condition(0, "one of", (15, 16, 0x53564D41), errno.EINVAL)),
}
"""The calls that arm64 allows under a condition."""

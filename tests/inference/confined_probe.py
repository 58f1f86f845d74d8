"""What native code could still do in the confined process: confines itself as the process does,
and then tries each call. Prints the results as JSON.

    python confined_probe.py ENTRY.PY PARENT FOLDER PORT

FOLDER holds a file `secret`, PORT is open on this machine, PARENT is the process that asks.
"""

import ctypes
import errno
import importlib.util
import json
import mmap
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

PARENT = int(sys.argv[2])
SECRET = Path(sys.argv[3], "secret")
PORT = int(sys.argv[4])
GIB = 1 << 30
HERE = -100  # AT_FDCWD
SHARED = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
GROWSDOWN = 0x100
THREAD = 0x3D0F00
LIBC = ctypes.CDLL(None, use_errno=True)
BUFFER = ctypes.create_string_buffer(256)
PATH = os.fsencode(SECRET)
NEW = os.fsencode(f"{SECRET}.new")
LIMIT = (ctypes.c_uint64 * 2)(1 << 20, 1 << 20)


def call(number: int, *arguments: object) -> Callable[[], None]:
    """A system call of x86-64, tried when this is called."""

    def attempt() -> None:
        words = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
        if LIBC.syscall(ctypes.c_long(number), *words) == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    return attempt


def fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def start_thread() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def capabilities() -> None:
    lines = Path("/proc/self/status").read_text().splitlines()
    if any(int(line.split()[1], 16) for line in lines if line.startswith(("CapEff", "CapPrm"))):
        raise RuntimeError("holds capabilities")


# What any Linux has to refuse, as far as the layers of the same name hold.
ATTEMPTS: dict[str, dict[str, Callable[[], object]]] = {
    "limits": {
        "memory": lambda: bytearray(4 * GIB),
        "a larger file": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (GIB, GIB)),
        "more memory": lambda: resource.setrlimit(resource.RLIMIT_DATA, (8 * GIB, 8 * GIB)),
    },
    "files": {
        "read": SECRET.read_bytes,
        "list": lambda: os.listdir(SECRET.parent),
        "write": lambda: SECRET.write_bytes(b""),
        "create": Path(f"{SECRET}.new").touch,
        "make a folder": lambda: os.mkdir(f"{SECRET}.new"),
        "make a pipe": lambda: os.mkfifo(f"{SECRET}.new"),
        "remove": SECRET.unlink,
        "rename": lambda: SECRET.rename(f"{SECRET}.new"),
        "link": lambda: os.link(SECRET, f"{SECRET}.new"),
        "symlink": lambda: os.symlink("x", f"{SECRET}.new"),
        "read /etc/passwd": Path("/etc/passwd").read_bytes,
        "read /etc/passwd through /proc": Path("/proc/self/root/etc/passwd").read_bytes,
        "read the memory of the parent": Path(f"/proc/{PARENT}/mem").read_bytes,
        "read the environment of the parent": Path(f"/proc/{PARENT}/environ").read_bytes,
        "write to the output of the parent": lambda: Path(f"/proc/{PARENT}/fd/1").write_bytes(b""),
        "list processes": lambda: os.listdir("/proc"),
    },
    "network": {
        "connect": lambda: socket.create_connection(("127.0.0.1", PORT), timeout=5),
    },
}

# What the filter of x86-64 has to refuse whatever the other layers do.
SYSTEM_CALLS: dict[str, Callable[[], object]] = {
    "socket": lambda: socket.socket(socket.AF_UNIX),
    "socketpair": socket.socketpair,
    "fork": fork,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "clone without a thread": call(56, 17, None, None, None, None),
    "clone into namespaces": call(56, THREAD | 0x20000, None, None, None, None),
    "clone3": call(435, BUFFER, 88),
    "write to /dev/null": lambda: Path("/dev/null").write_bytes(b""),
    "openat2": call(437, HERE, PATH, BUFFER, 24),
    "creat": call(85, NEW, 0o600),
    "chmod": call(90, PATH, 0o777),
    "fchmodat": call(268, HERE, PATH, 0o777),
    "fchmodat2": call(452, HERE, PATH, 0o777, 0),
    "fchmod": call(91, 0, 0o777),
    "chown": call(92, PATH, 65534, 65534),
    "fchownat": call(260, HERE, PATH, 65534, 65534, 0),
    "utime": call(132, PATH, None),
    "utimensat": call(280, HERE, PATH, None, 0),
    "futimesat": call(261, HERE, PATH, None),
    "setxattr": call(188, PATH, b"user.note", b"note", 4, 0),
    "setxattrat": call(463, HERE, PATH, 0, b"user.note", BUFFER, 16),
    "getxattr": call(191, PATH, b"user.note", BUFFER, 16),
    "truncate": call(76, PATH, 0),
    "ftruncate": call(77, 0, 0),
    "chdir": lambda: os.chdir(SECRET.parent),
    "chroot": call(161, b"/"),
    "mknod": call(133, NEW, 0o20666, 259),
    "mount": call(165, b"none", b"/tmp", b"tmpfs", 0, None),
    "umount": call(166, b"/proc", 0),
    "fsopen": call(430, b"tmpfs", 0),
    "open_tree": call(428, HERE, b"/", 1),
    "inotify_init": call(253),
    "fanotify_init": call(300, 0, 0),
    "name_to_handle_at": call(303, HERE, PATH, BUFFER, BUFFER, 0),
    "signal to the parent": call(62, PARENT, 0),
    "signal to all": call(62, -1, 0),
    "signal to the group": call(62, 0, 0),
    "tkill of the parent": call(200, PARENT, 0),
    "tgkill of the parent": call(234, PARENT, PARENT, 0),
    "rt_sigqueueinfo": call(129, PARENT, 0, BUFFER),
    "rt_tgsigqueueinfo": call(297, PARENT, PARENT, 0, BUFFER),
    "pidfd_open": call(434, PARENT, 0),
    "signals by a file": call(72, 0, 8, PARENT),  # F_SETOWN
    "limits of the parent": call(302, PARENT, resource.RLIMIT_CORE, None, BUFFER),
    "new limits of the parent": call(302, PARENT, resource.RLIMIT_CPU, LIMIT, None),
    "cores of the parent": call(203, PARENT, 128, (ctypes.c_ulong * 16)(1)),
    "scheduler of the parent": call(144, PARENT, 5, (ctypes.c_int * 1)(0)),
    "sched_setattr": call(314, PARENT, BUFFER, 0),
    "own scheduler": call(144, 0, 3, (ctypes.c_int * 1)(0)),
    "priority of the parent": call(141, 0, PARENT, 19),
    "ioprio_set": call(251, 1, PARENT, 0),
    "process group of the parent": call(109, PARENT, PARENT),
    "setsid": call(112),
    "ptrace": call(101, 16, PARENT, None, None),
    "process_vm_readv": call(310, PARENT, BUFFER, 1, BUFFER, 1, 0),
    "process_vm_writev": call(311, PARENT, BUFFER, 1, BUFFER, 1, 0),
    "process_madvise": call(440, 0, BUFFER, 1, 4, 0),
    "kcmp": call(312, os.getpid(), PARENT, 0, 0, 0),
    "get_robust_list": call(274, PARENT, BUFFER, BUFFER),
    "move_pages": call(279, PARENT, 0, None, None, None, 0),
    "migrate_pages": call(256, PARENT, 64, BUFFER, BUFFER),
    "shared memory": lambda: mmap.mmap(-1, 4096, SHARED),
    "validated shared memory": call(9, None, 4096, 3, SHARED | 2, -1, 0),
    "uncounted memory": call(9, None, 4096, 3, PRIVATE | GROWSDOWN, -1, 0),
    "memfd_create": call(319, b"x", 0),
    "memfd_secret": call(447, 0),
    "shmget": call(29, 0, 4096, 0o1600),
    "shmat": call(30, 0, None, 0),
    "msgget": call(68, 0, 0o1600),
    "semget": call(64, 0, 1, 0o1600),
    "mq_open": call(240, b"/x", 0o102, 0o600, None),
    "io_uring_setup": call(425, 1, BUFFER),
    "bpf": call(321, 0, BUFFER, 0),
    "userfaultfd": call(323, 0),
    "perf_event_open": call(298, BUFFER, 0, -1, -1, 0),
    "add_key": call(248, b"user", b"a", b"b", 1, -3),
    "keyctl": call(250, 0, -3, 0),
    "unshare": call(272, 0x20000),
    "setns": call(308, 0, 0),
    "personality": call(135, 0xFFFFFFFF),
    "seccomp": call(317, 2, 0, None),
    "landlock_create_ruleset": call(444, None, 0, 1),
    "outliving the parent": call(157, 1, 0, 0, 0, 0),  # PR_SET_PDEATHSIG
    "larger pipes": call(72, 0, 1031, 1 << 20),
    "terminal input": call(16, 0, 0x5412, b"x"),
    "modify_ldt": call(154, 0, BUFFER, 16),
    "syslog": call(103, 3, BUFFER, 100),
    "clock_settime": call(227, 0, BUFFER),
    "sethostname": call(170, b"x", 1),
    "splice": call(275, 0, None, 1, None, 1, 0),
    "a call of the future": call(999),
    "a call of x32": call(0x40000000 | 39),
}

# What TensorFlow, Python and the C library need.
NEEDED: dict[str, Callable[[], object]] = {
    "start a thread": start_thread,
    "read the package": Path(sys.argv[1]).read_bytes,
    "stat any file": lambda: os.stat(SECRET),
    "private memory": lambda: mmap.mmap(-1, 1 << 20, PRIVATE).close(),
    "random numbers": lambda: os.urandom(8),
    "cores": lambda: os.sched_getaffinity(0),
    "own limits": lambda: resource.setrlimit(
        resource.RLIMIT_CPU, (1000, resource.getrlimit(resource.RLIMIT_CPU)[1])
    ),
    "own signals": lambda: os.kill(os.getpid(), 0),
    "matrix instructions": lambda: _supported(call(158, 0x1021, BUFFER)),
    "memory nodes": lambda: _supported(call(239, BUFFER, None, 0, None, 0)),
    "wait": lambda: signal.sigtimedwait([signal.SIGUSR1], 0),
    "no capabilities": capabilities,
}


def _supported(attempt: Callable[[], None]) -> None:
    """Pass if the processor or the kernel lacks what the call is about."""
    try:
        attempt()
    except OSError as error:
        if error.errno == errno.EPERM:
            raise


def result(attempt: Callable[[], object]) -> str:
    """The name of the error, or "done"."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except Exception as error:
        return type(error).__name__
    return "done"


def main() -> None:
    spec = importlib.util.spec_from_file_location("entry", sys.argv[1])
    assert spec is not None and spec.loader is not None
    entry = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(entry)
    layers = entry.confine(1 << 30, PARENT)
    tables = {**ATTEMPTS, "syscalls": SYSTEM_CALLS, "needed": NEEDED}
    found = {
        name: {what: result(attempt) for what, attempt in table.items()}
        for name, table in tables.items()
    }
    print(json.dumps({"layers": layers, "found": found}))


main()

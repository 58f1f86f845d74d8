"""What a process and all its descendants take: memory, disk, time; from the outside, through /proc
(Linux).
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Use:
    """Highest figures of a process tree.

    memory: bytes of resident memory, all processes together; shared pages count in each.
    disk: bytes of files in the temporary folders, working folder included.
    cpu: processor seconds, all processes together.
    seconds: on the clock.
    processes: alive at the same time.
    """

    memory: int = 0
    disk: int = 0
    cpu: float = 0.0
    seconds: float = 0.0
    processes: int = 0


def tree(root: int) -> dict[int, tuple[int, float]]:
    """Resident bytes and processor seconds of the process `root` and its descendants."""
    found, parents = {}, {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX":
                parents[int(entry)] = int(fields[1])
                found[int(entry)] = (
                    int(fields[21]) * _PAGE,
                    (int(fields[11]) + int(fields[12])) / _TICKS,
                )
    inside = {root}
    while more := {pid for pid, parent in parents.items() if parent in inside} - inside:
        inside |= more
    return {pid: found[pid] for pid in inside & set(found)}


def bytes_in(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder, onerror=lambda error: None):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                continue
    return total


def measured(command: list[Any], **how: Any) -> tuple[subprocess.CompletedProcess, Use]:
    """Run `command` with a temporary folder of its own; what it said, and what it took at most.

    A look every 5 ms: what lives for less can be missed, what is held is not.
    """
    use, started = Use(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        how["env"] = {**how.get("env", os.environ), "TMPDIR": folder}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
        )
        spent: dict[int, float] = {}
        while process.poll() is None:
            now = tree(process.pid)
            spent |= {pid: cpu for pid, (_, cpu) in now.items()}
            use.memory = max(use.memory, sum(memory for memory, _ in now.values()))
            use.processes = max(use.processes, len(now))
            use.disk = max(use.disk, bytes_in(Path(folder)))
            time.sleep(0.005)
        out, errors = process.communicate()
    use.cpu, use.seconds = sum(spent.values()), time.monotonic() - started
    return subprocess.CompletedProcess(command, process.returncode, out, errors), use


# Python itself tries a temporary folder with a file when it looks for one; named, it does not.
PREDICT = """
import os, sys, tempfile, numpy
tempfile.tempdir = os.environ.get("TMPDIR")
from fashion_nn import inference
from fashion_nn.errors import InputError
try:
    limits = inference.Limits(**eval(sys.argv[2]))
    with inference.open_model(sys.argv[1], limits=limits) as predictor:
        print("answers", predictor(numpy.zeros((1000, 28, 28), "u1")).shape)
except InputError as error:
    print("refused", error)
"""


def opened(path: Path, **limits: int) -> tuple[str, Use]:
    """Open the model in a process tree of its own and predict 1000 images; what came of it, what it
    took.
    """
    done, use = measured([sys.executable, "-P", "-c", PREDICT, path, repr(limits)], cwd=path.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().replace(f"{path}: ", ""), use


def record(use: Use) -> dict[str, float]:
    return asdict(use)

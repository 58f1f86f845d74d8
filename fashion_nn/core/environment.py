"""Where and when something ran: versions, hardware, commit and time."""

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from fashion_nn.core import reading
from fashion_nn.errors import InputError

NO_TELEMETRY = {"ORT_DISABLE_TELEMETRY": "1", "ORT_TELEMETRY_DISABLED": "1"}
"""Environment in which importing ONNX Runtime reports nothing to anybody.

Without it, files are left in the home and the temporary folder, and a name server is asked. Its own
`disable_telemetry_events` comes too late for that, because importing it is enough.
"""


def now() -> str:
    """The time in UTC, to the second, as ISO 8601 text."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def versions() -> Mapping[str, str | None]:
    """The installed versions of the packages that figures depend on; None for a missing one."""
    packages = ("tensorflow", "keras", "numpy", "scikit-learn", "fashion-nn")
    return {name: version(name) for name in packages}


def version(package: str) -> str | None:
    """The installed version of `package`; None where it is not installed."""
    from importlib import metadata  # takes long to import

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The name of the processor."""
    try:
        text = reading.read_text("/proc/cpuinfo", expected="expected the system's description")
        lines = text.splitlines()
    except InputError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        "unknown",
    )


def commit() -> str | None:
    """The checkout's commit, with `+` behind it when files were changed; None outside a
    checkout.
    """
    package = Path(__file__).parents[1]
    try:
        if Path(_git(package, "rev-parse", "--show-toplevel")) != package.parent:
            return None
        changed = _git(package, "status", "--porcelain", "--untracked-files=no")
        return _git(package, "rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, timeout=10, check=True
    )
    return done.stdout.strip()

"""Temporary files and folders, in the place that the system has for them (TMPDIR).

They are for libraries that write to a path, and for what a process prints. Only this user can read
them.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fashion_nn.core.reading import AnyPath
from fashion_nn.errors import InputError


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a new folder for temporary files that only this user can read; it is removed after.

    It is for libraries that write to a path: what they have written is read from there.

    Raises:
        InputError: there is no place for temporary files.
    """
    made = make_folder("fashion-nn-")
    try:
        yield made
    finally:
        remove_folder(made)


def make_folder(prefix: str, parent: AnyPath | None = None) -> Path:
    """Make a new folder for temporary files that only this user can read, and return its path.

    Args:
        prefix: the beginning of its name.
        parent: the folder that it is made in; None: that of the system.

    Raises:
        InputError: there is no place for temporary files.
    """
    try:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    except OSError as error:
        raise InputError(_no_place(error)) from None


def remove_folder(path: AnyPath) -> None:
    """Remove a folder of temporary files, as far as that is possible."""
    shutil.rmtree(path, ignore_errors=True)


def file() -> BinaryIO:
    """Open a new temporary file without a name, to write to and to read.

    Raises:
        InputError: there is no place for temporary files.
    """
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise InputError(_no_place(error)) from None


def _no_place(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"no place for temporary files ({reason}): name a folder with TMPDIR"

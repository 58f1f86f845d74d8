"""Write a file completely or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fashion_nn.errors import InputError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path`, atomically.

    A reader sees the old file or the new one, never a part: the temporary file is flushed to disk
    before it is renamed, and the folder after. On any failure, Ctrl-C included, the temporary file
    is removed and an older file under `path` stays as it was.

    Raises:
        InputError: the folder cannot be written, or the disk is full.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=target.suffix)
        os.close(handle)
    except OSError as error:
        raise InputError(_cannot_write(target, error)) from error
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        _flush_to_disk(temporary)
        os.replace(temporary, target)
        _flush_to_disk(target.parent)
    except OSError as error:
        raise InputError(_cannot_write(target, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: str | os.PathLike[str], content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path`, completely or not at all; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def _cannot_write(target: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{target}: cannot be written ({reason}), nothing was changed: make room or choose another place"


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    # The only way to read the mask is to set it; mkstemp made the file private, the target should not be.
    mask = os.umask(0)
    os.umask(mask)
    return mask

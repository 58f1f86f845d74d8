"""Read and write files, also in a folder that somebody else has made.

A file is written completely or not at all. Nothing is read or written through a symbolic link, or
to a device or a FIFO: a link could lead to any file of the user, and a FIFO could block for ever.
"""

import hashlib
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from fashion_nn.errors import InputError

FORMAT = 1
"""The number under the key `format` in every JSON that is written or printed; docs/public.md says
what it means.
"""


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
    # The name is known before the file is there, so that a signal at any moment leaves nothing.
    temporary = target.parent / f".{target.name}.{secrets.token_hex(4)}{target.suffix}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        _flush_to_disk(temporary)
        os.replace(temporary, target)
        _flush_to_disk(target.parent)
    except OSError as error:
        raise InputError(_cannot_write(target, error)) from error
    finally:
        with suppress(OSError):  # it is not there, or nothing can be written there
            temporary.unlink()


def write_atomic(path: str | os.PathLike[str], content: bytes | memoryview | str) -> None:
    """Write `content` (text as UTF-8) to `path`, completely or not at all; see `replacing`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def between_marks(path: Path, marks: tuple[str, str], table: str) -> str:
    """The text of `path` with `table`, whole lines, between the lines that the two marks are.

    Raises:
        InputError: the file cannot be read, or the marks are not there.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    start, end = (text.find(mark) for mark in marks)
    if not 0 <= start < end:
        raise InputError(
            f"{path}: has no place for the table: expected the lines {marks[0]} and {marks[1]}"
        )
    return text[: start + len(marks[0])] + f"\n{table}" + text[end:]


def read_small(path: str | os.PathLike[str], *, limit: int = 64 << 20) -> bytes:
    """The content of a plain file of at most `limit` bytes.

    Raises:
        OSError: it cannot be read.
        InputError: it is a link or no plain file, or it is too large.
    """
    with open(_open_plain(path, os.O_RDONLY), "rb") as file:
        return _read(file, path, limit)


def read_named(path: str | os.PathLike[str], *, limit: int) -> bytes:
    """The content of a regular file that the user has named, of at most `limit` bytes.

    The path may be a link, as it is the user's own. A FIFO or a device is refused at once.

    Raises:
        OSError: it cannot be read.
        InputError: it is no regular file, or it is too large.
    """
    with open_named(path) as file:
        return _read(file, path, limit)


def open_named(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file that the user has named, to read it; see `read_named`.

    Raises:
        OSError: it cannot be opened.
        InputError: it is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise InputError(f"{os.fspath(path)}: this is {kind}; expected the path of a file")
    return open(descriptor, "rb")


def _read(file: BinaryIO, path: str | os.PathLike[str], limit: int) -> bytes:
    # A reader takes the memory that it is asked for at once, so it is asked for no more than there
    # is.
    size = os.fstat(file.fileno()).st_size
    content = file.read(min(size, limit) + 1)
    if len(content) > limit:
        raise InputError(f"{path}: is larger than {_mebibytes(limit)}: expected a smaller file")
    return content


def append_line(path: str | os.PathLike[str], line: str) -> None:
    """Append `line` to a plain file, which is made where there is none.

    Raises:
        InputError: it is a link or no plain file, or it cannot be written.
    """
    try:
        with open(_open_plain(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "a") as file:
            file.write(f"{line}\n")
    except OSError as error:
        raise InputError(_cannot_write(Path(path), error)) from error


def open_lock(path: str | os.PathLike[str]) -> int:
    """A descriptor of a plain file to lock, which is made where there is none and whose content
    stays.

    Raises:
        OSError: it cannot be made.
        InputError: it is a link or no plain file.
    """
    return _open_plain(path, os.O_WRONLY | os.O_CREAT)


def require_plain(folder: str | os.PathLike[str]) -> None:
    """Refuse a folder in which something, at any depth, is neither a plain file nor a folder.

    `folder` itself may be a link, because the user has named it. A folder that is missing passes.

    Raises:
        InputError: it is, or there is too much in it; the message names the first that is found.
    """
    pending = [os.fspath(folder)]
    count = 0
    while pending:
        try:
            entries = os.scandir(pending.pop())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InputError(f"{folder}: cannot be read ({error.strerror})") from None
        with entries:
            for entry in entries:
                count += 1
                if count > _MOST_ENTRIES:
                    raise InputError(f"{folder}: holds more than {_MOST_ENTRIES:,} files: too many")
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif not entry.is_file(follow_symlinks=False):
                    raise InputError(_not_plain(entry.path))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` to `path` as indented JSON, completely or not at all."""
    write_atomic(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def sha256(path: Path) -> str:
    """The file's SHA-256, as hexadecimal text.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


_MOST_ENTRIES = 1_000_000


def _open_plain(path: str | os.PathLike[str], flags: int) -> int:
    try:
        # Without O_NONBLOCK, opening a FIFO would wait for its other end.
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError:
        if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
            raise InputError(_not_plain(path)) from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(_not_plain(path))
    return descriptor


def _mebibytes(size: int) -> str:
    return f"{size / (1 << 20):.3g} MiB"


def _not_plain(path: str | os.PathLike[str]) -> str:
    mode = os.lstat(path).st_mode
    kind = "a device, a FIFO or a socket"
    if stat.S_ISLNK(mode):
        kind = "a symbolic link"
    if stat.S_ISDIR(mode):
        kind = "a folder"
    return f"{os.fspath(path)}: is {kind}, expected a plain file: put one there, or remove it"


def _cannot_write(target: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    return (
        f"{target}: cannot be written ({reason}), nothing was changed: make room or choose another"
        " place"
    )


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _umask() -> int:
    # The only way to read the mask is to set it; the file was made private, the target should not
    # be.
    mask = os.umask(0)
    os.umask(mask)
    return mask

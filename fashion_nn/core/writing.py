"""Create, change and remove files and folders. No other module of the package does.

A file is written completely or not at all: to a temporary file in the same folder, which then takes
its place. Nothing is written through a symbolic link, and nothing but a plain file is replaced.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from fashion_nn.core import reading
from fashion_nn.core.reading import AnyPath
from fashion_nn.errors import InputError

FORMAT = 1
"""The number under the key `format` in every JSON that is written or printed; docs/public.md says
what it means.
"""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO would wait for its other end.
_EXISTING = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NAME_CHARACTERS = 50  # of the target's name in that of its temporary file
_MOST_LINKS = 40
_PIECE = 1 << 20


@contextmanager
def private() -> Iterator[None]:
    """What is written meanwhile can only be read by its owner: files 0600, folders 0700."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def replacing(path: AnyPath, *, within: AnyPath | None = None) -> Iterator[BinaryIO]:
    """Yield a file to write to; on success it takes the place of `path`, atomically.

    A reader sees the old file or the new one, never a part: the temporary file is flushed to disk
    before it is renamed, and the folder after. On any failure, Ctrl-C included, the temporary file
    is removed and an older file under `path` stays as it was. Where `path` is a link to a plain
    file, the new file takes the place of the link.

    Args:
        path: of the file; missing folders above it are made.
        within: a folder above `path`, below which no folder may be a link.

    Raises:
        InputError: the folder cannot be written, the disk is full, or `path` is no plain file.
    """
    target = Path(path)
    # The name is known before the file is there, so that a signal at any moment leaves nothing.
    temporary = f".{target.name[:_NAME_CHARACTERS]}.{secrets.token_hex(4)}"
    try:
        with _opened_folder(target.parent, within) as folder:
            _require_replaceable(target)
            try:
                with open(os.open(temporary, _NEW, 0o600, dir_fd=folder), "wb") as file:
                    _lock(file.fileno())  # it is no leftover while it is locked
                    yield file
                    file.flush()
                    os.fchmod(file.fileno(), 0o666 & ~_umask())
                    os.fsync(file.fileno())
                    os.replace(temporary, target.name, src_dir_fd=folder, dst_dir_fd=folder)
                    os.fsync(folder)
            finally:
                with suppress(OSError):  # it is not there, or nothing can be written there
                    os.unlink(temporary, dir_fd=folder)
    except OSError as error:
        raise InputError(_cannot_write(target, error)) from error


def write_atomic(
    path: AnyPath, content: bytes | memoryview | str, *, within: AnyPath | None = None
) -> None:
    """Write `content` (text as UTF-8) to `path`, completely or not at all; see `replacing`."""
    with replacing(path, within=within) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def write_json(path: AnyPath, content: Mapping[str, Any], *, within: AnyPath | None = None) -> None:
    """Write `content` to `path` as indented JSON, completely or not at all; see `replacing`."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    write_atomic(path, f"{text}\n", within=within)


def append_line(path: AnyPath, line: str) -> None:
    """Append `line` to a plain file, which is made where there is none.

    Raises:
        InputError: it is a link or no plain file, or it cannot be written.
    """
    try:
        with open(_open_plain(path, os.O_APPEND), "ab") as file:
            file.write(f"{line}\n".encode())
    except OSError as error:
        raise InputError(_cannot_write(path, error)) from error


@contextmanager
def locked(path: AnyPath, *, taken: str) -> Iterator[None]:
    """Hold the lock on a plain file, which is made where there is none and whose content stays.

    The lock ends with the process, whatever ends it.

    Args:
        path: of the file; missing folders above it are made.
        taken: the message if another process holds the lock.

    Raises:
        InputError: the lock is held, the file is no plain file, or it cannot be made.
    """
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = _open_plain(path, 0)
    except OSError as error:
        raise InputError(_cannot_write(path, error)) from None
    try:
        if not _lock(descriptor):
            raise InputError(taken)
        yield
    finally:
        os.close(descriptor)


def require_output(path: AnyPath) -> None:
    """Refuse a path at which no file can be written, before the work whose result it gets.

    Raises:
        InputError: it is a folder, a device, a FIFO or a socket, or a link to one; or it lies in a
            place that is no folder or not writable.
    """
    target = Path(path)
    if os.fspath(path) == "-":
        raise InputError("-: this is not written to standard output: name a file")
    _require_replaceable(target)
    _require_place(target)


def require_output_folder(path: AnyPath) -> None:
    """Refuse a path that cannot become a folder to write into, before the work.

    Raises:
        InputError: there is something else than a folder; or it lies in a place that is no folder
            or not writable.
    """
    target = Path(path)
    if os.path.isdir(target):
        if not os.access(target, os.W_OK):
            raise InputError(f"{path}: this folder is not writable: choose another")
        return
    if os.path.lexists(target):
        kind = reading.kind_of(os.lstat(target).st_mode)
        raise InputError(f"{path}: is {kind}, expected a folder: choose another")
    _require_place(target)


def make_folder(path: AnyPath, *, within: AnyPath | None = None) -> None:
    """Make the folder `path` and those above it, where they are missing.

    Args:
        path: of the folder.
        within: a folder above `path`, below which no folder may be a link.

    Raises:
        InputError: it cannot be made.
    """
    try:
        with _opened_folder(Path(path), within):
            pass
    except OSError as error:
        raise InputError(_cannot_write(path, error)) from None


@contextmanager
def replacing_folder(path: AnyPath, *, within: AnyPath | None = None) -> Iterator[Path]:
    """Yield a new folder beside `path`; on success it takes the place of `path`.

    After a failure `path` is as it was; what a kill leaves is removed the next time.

    Args:
        path: of the folder.
        within: a folder above `path`, below which no folder may be a link.

    Raises:
        InputError: it cannot be written.
    """
    target = Path(path)
    beside = target.with_name(f".{target.name}")
    remove_folder(beside)
    make_folder(beside, within=within)
    try:
        yield beside
        with _opened_folder(target.parent, within) as folder:
            remove_folder(target)
            os.rename(beside.name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        raise InputError(_cannot_write(target, error)) from error
    finally:
        remove_folder(beside)


def copy_folder(source: AnyPath, target: AnyPath, *, leave_out: Collection[str] = ()) -> None:
    """Copy the plain files of a folder, and of the folders in it.

    Args:
        source: the folder.
        target: the folder that gets the copies.
        leave_out: names of files that are not copied.

    Raises:
        InputError: something in `source` is neither a plain file nor a folder, or cannot be read;
            or `target` cannot be written.
    """
    reading.require_plain(source)
    for folder, _, names in os.walk(source):
        below = Path(target, os.path.relpath(folder, source))
        make_folder(below)
        for name in sorted({*names} - {*leave_out}):
            with (
                reading.opened(Path(folder, name), expected="expected a plain file") as original,
                replacing(below / name, within=target) as copy,
            ):
                shutil.copyfileobj(original, copy, _PIECE)


def remove_file(path: AnyPath) -> None:
    """Remove a file; one that is missing is fine.

    Raises:
        InputError: it cannot be removed.
    """
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(_cannot_write(path, error, "removed")) from None


def remove_folder(path: AnyPath) -> None:
    """Remove a folder and all that is in it; one that is missing is fine. No link is followed.

    Raises:
        InputError: it is a link, or it cannot be removed.
    """
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(_cannot_write(path, error, "removed")) from None


def remove_leftovers(folder: AnyPath, names: str) -> None:
    """Remove what killed processes left of writing files in `folder`.

    A temporary file that another process is writing stays: it is locked.

    Args:
        folder: only what lies directly in it is removed.
        names: a regular expression for the names of these files.
    """
    # Older versions repeated the suffix of the file.
    leftover = re.compile(rf"\.({names})\.[0-9a-f]{{8}}(\.[a-z]+)?")
    with suppress(OSError), _opened_folder(Path(folder), None) as directory:
        for name in filter(leftover.fullmatch, os.listdir(directory)):
            with suppress(OSError):
                descriptor = os.open(name, _EXISTING & ~os.O_CREAT, dir_fd=directory)
                try:
                    if stat.S_ISREG(os.fstat(descriptor).st_mode) and _lock(descriptor):
                        os.unlink(name, dir_fd=directory)
                finally:
                    os.close(descriptor)


@contextmanager
def _opened_folder(path: Path, within: AnyPath | None) -> Iterator[int]:
    """A descriptor of the folder `path`, which is made where it is missing.

    A folder that is swapped for a link after this does not mislead what uses the descriptor.
    """
    start = path if within is None else Path(within)
    start.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(start, _FOLDER)
    try:
        for part in path.relative_to(start).parts:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=descriptor)
            if stat.S_ISLNK(os.stat(part, dir_fd=descriptor, follow_symlinks=False).st_mode):
                raise InputError(f"{path}: {part} is a symbolic link, expected a folder: remove it")
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _open_plain(path: AnyPath, flags: int) -> int:
    """A descriptor of a plain file to change, which is made where there is none."""
    try:
        descriptor = os.open(path, _EXISTING | flags, 0o666)
    except OSError:
        if os.path.lexists(path) and not stat.S_ISREG(mode := os.lstat(path).st_mode):
            raise reading.NotRegularError(path, mode) from None
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise reading.NotRegularError(path, mode)
    return descriptor


def _require_replaceable(target: Path) -> None:
    """Refuse what is there and no plain file; a link to a plain file is one, too."""
    expected = "expected the name of a file: choose another"
    try:
        mode = os.stat(target).st_mode
    except (OSError, ValueError):
        return  # there is nothing, or a link to nothing; else writing says what is wrong
    if not stat.S_ISREG(mode):
        raise InputError(f"{target}: is {reading.kind_of(mode)}, {expected}")
    if _leads_to_stream(target):
        raise InputError(f"{target}: is a stream of this process, {expected}")


def _require_place(target: Path) -> None:
    """Refuse a target whose name is too long, or above which there is no writable folder."""
    try:
        with suppress(FileNotFoundError):
            os.lstat(target)
        folder = next(folder for folder in target.absolute().parents if os.path.lexists(folder))
        writable = folder.is_dir() and os.access(folder, os.W_OK)
    except (OSError, ValueError) as error:
        raise InputError(_cannot_write(target, error)) from None
    if not writable:
        raise InputError(
            f"{target}: cannot be written, {folder} is no folder or not writable: choose another"
            " place"
        )


def _leads_to_stream(target: Path) -> bool:
    """Whether `target` is a link into /proc, as /dev/stdout is."""
    path = os.path.abspath(target)
    for _ in range(_MOST_LINKS):
        try:
            path = os.path.join(os.path.dirname(path), os.readlink(path))
        except OSError:
            return False
        if os.path.normpath(path).startswith("/proc/"):
            return True
    return False


def _lock(descriptor: int) -> bool:
    """Lock a file for this process; False if another one has the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _cannot_write(path: AnyPath, error: OSError | ValueError, done: str = "written") -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return (
        f"{os.fspath(path)}: cannot be {done} ({reason}), nothing was changed: make room or choose"
        " another place"
    )


def _umask() -> int:
    # The only way to read the mask is to set it; the file was made private, the target should not
    # be.
    mask = os.umask(0)
    os.umask(mask)
    return mask

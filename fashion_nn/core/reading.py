"""Open files for reading. No other module of the package does.

Every file may be somebody else's. Only a regular file is opened: a FIFO could block for ever, and a
device may never end. What is read at once is bounded before memory is taken. A file in a run folder
or a search folder is not read through a symbolic link, which could lead to any file of the user. A
file that the user names may be a link.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from io import BufferedReader
from pathlib import Path

from fashion_nn.errors import InputError

AnyPath = str | os.PathLike[str]

SMALL = 64 << 20
"""The most bytes of a file that is read at once, unless the caller names another limit."""
_LEAST = 1 << 20
_MOST_ENTRIES = 1_000_000
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class NotRegularError(InputError):
    """A path leads to something else than a regular file.

    kind: what it is, in words.
    """

    def __init__(self, path: AnyPath, mode: int) -> None:
        self.kind = kind_of(mode)
        self.is_folder = stat.S_ISDIR(mode)
        super().__init__(
            f"{os.fspath(path)}: is {self.kind}, expected a plain file: put one there, or remove it"
        )


def kind_of(mode: int) -> str:
    """What a file with this `st_mode` is, in words."""
    kinds = {
        stat.S_IFREG: "a plain file",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def open_file(path: AnyPath, *, follow_links: bool = False) -> BufferedReader:
    """Open a regular file for reading bytes.

    Args:
        path: of the file.
        follow_links: whether `path` itself may be a symbolic link, because the user has named it.

    Raises:
        NotRegularError: it is a folder, a device, a FIFO, a socket or, without `follow_links`, a
            link.
        OSError: there is no such file, or it cannot be opened.
    """
    if "\0" in os.fsdecode(path):
        raise FileNotFoundError(errno.ENOENT, "there is a NUL byte in the path", os.fspath(path))
    _require_regular(path, os.stat(path, follow_symlinks=follow_links))
    # The path may lead elsewhere by now: the open file is what counts.
    descriptor = os.open(path, _FLAGS | (0 if follow_links else os.O_NOFOLLOW))
    file = open(descriptor, "rb")  # noqa: SIM115 (the caller closes it)
    try:
        _require_regular(path, os.fstat(descriptor))
    except NotRegularError:
        file.close()
        raise
    return file


@contextmanager
def opened(path: AnyPath, *, expected: str, follow_links: bool = False) -> Iterator[BufferedReader]:
    """`open_file` as a context, in which every failure to read is one line.

    Args:
        path: of the file.
        expected: the end of the message, such as "expected a prediction file".
        follow_links: as for `open_file`.

    Raises:
        InputError: the file cannot be opened or read.
    """
    try:
        with open_file(path, follow_links=follow_links) as file:
            yield file
    except NotRegularError as error:
        raise InputError(f"{os.fspath(path)}: is {error.kind}: {expected}") from None
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{os.fspath(path)}: cannot be read ({reason}): {expected}") from None


def read_bytes(
    path: AnyPath, *, expected: str, most: int = SMALL, follow_links: bool = False
) -> bytes:
    """The content of a regular file of at most `most` bytes; see `opened` for the rest.

    Raises:
        InputError: the file cannot be read, or it is larger.
    """
    with opened(path, expected=expected, follow_links=follow_links) as file:
        # A reader takes the memory that it is asked for at once, so it is asked for little more
        # than there is; files in /proc say that they are empty.
        size = max(os.fstat(file.fileno()).st_size, _LEAST)
        content = file.read(min(size, most) + 1)
    if len(content) > most:
        limit = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most:,} bytes"
        raise InputError(f"{os.fspath(path)}: is larger than {limit}: {expected}")
    return content


def read_listed(path: str, *, expected: str, most: int) -> bytes:
    """The content of one of many small files in a folder that `require_plain` has passed.

    It takes half the time of `read_bytes`, which looks at the path before it opens it.

    Raises:
        InputError: the file is no plain one any more, cannot be read, or is larger than `most`.
    """
    try:
        descriptor = os.open(path, _FLAGS | os.O_NOFOLLOW)
        try:
            status = os.fstat(descriptor)
            _require_regular(path, status)
            wanted = min(status.st_size, most) + 1
            content = os.read(descriptor, wanted)
            while 0 < len(content) < status.st_size and len(content) < wanted:
                more = os.read(descriptor, wanted - len(content))
                if not more:
                    break
                content += more
        finally:
            os.close(descriptor)
    except NotRegularError as error:
        raise InputError(f"{path}: is {error.kind}: {expected}") from None
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"{path}: cannot be read ({reason}): {expected}") from None
    if len(content) > most:
        raise InputError(f"{path}: is larger than {most:,} bytes: {expected}")
    return content


def read_text(
    path: AnyPath, *, expected: str, most: int = SMALL, follow_links: bool = False
) -> str:
    """The text of a regular file, in UTF-8 with or without a byte order mark; see `read_bytes`.

    Raises:
        InputError: the file cannot be read, is too large, or is not UTF-8.
    """
    content = read_bytes(path, expected=expected, most=most, follow_links=follow_links)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{os.fspath(path)}: not text in UTF-8: {expected}") from None


def sha256(path: AnyPath, *, follow_links: bool = False) -> str:
    """The SHA-256 of a regular file, as hexadecimal text.

    Raises:
        InputError: it cannot be read.
    """
    with opened(path, expected="expected a file", follow_links=follow_links) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def packaged(package: str, *names: str) -> bytes:
    """The content of a file that is part of the package.

    Args:
        package: the dotted name of the package that the file lies in.
        names: the folders below that, and the file.
    """
    return resources.files(package).joinpath(*names).read_bytes()


def between_marks(path: Path, marks: tuple[str, str], table: str) -> str:
    """The text of `path` with `table`, whole lines, between the lines that the two marks are.

    Raises:
        InputError: the file cannot be read, or the marks are not there.
    """
    expected = f"expected the lines {marks[0]} and {marks[1]}"
    text = read_text(path, expected=expected, follow_links=True)
    start, end = (text.find(mark) for mark in marks)
    if not 0 <= start < end:
        raise InputError(f"{path}: has no place for the table: {expected}")
    return text[: start + len(marks[0])] + f"\n{table}" + text[end:]


def require_plain(folder: AnyPath) -> None:
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
                    _require_regular(entry.path, os.lstat(entry.path))


def _require_regular(path: AnyPath, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(path, status.st_mode)

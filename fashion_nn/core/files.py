"""The files in a folder, in an archive, or a single one: all are read in the same way.

No name from an archive becomes a path, and no link in a folder is followed.
"""

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fashion_nn.core import tar_archive, zip_archive
from fashion_nn.core.gunzip import MAGIC, Gunzip, GunzipError
from fashion_nn.core.reading import opened, read_bytes, read_listed, require_plain
from fashion_nn.core.tar_archive import TarError
from fashion_nn.core.text import printable
from fashion_nn.core.zip_archive import Entry, ZipError
from fashion_nn.errors import InputError

_MOST_FILES = 1_000_000
_MOST_BYTES = 4 << 30
_EXPECTED = "expected a file or folder with images"
_TARS = (".tar", ".tar.gz", ".tgz")
_OTHER_TARS = (".tar.bz2", ".tar.xz", ".tar.zst", ".tbz2", ".txz")
_IGNORED = {"__MACOSX", "Thumbs.db", "desktop.ini"}


class Readable(Protocol):
    """What is open for reading."""

    def read(self, size: int, /) -> bytes: ...

    def tell(self) -> int: ...


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An open file.

    raw: at its start; `tell` counts up to `size`.
    size: number of bytes as they are stored.
    """

    raw: Readable
    size: int


class Files(ABC):
    """Files by name, such as `train/cat/1.png`; the name of a single file is its own.

    Names that begin with a dot, and what systems leave behind (`__MACOSX`, `Thumbs.db`), are left
    out.

    Attributes:
        path: of the folder, the archive or the file.
        names: of the files, sorted.
    """

    path: Path
    names: tuple[str, ...]

    @abstractmethod
    def read(self, name: str, *, most: int) -> bytes:
        """The content of a file of at most `most` bytes.

        Raises:
            InputError: it is larger, or damaged.
        """

    @abstractmethod
    def reader(self, name: str) -> AbstractContextManager[OpenFile]:
        """Open a file for reading in pieces.

        Raises:
            InputError: it cannot be opened.
        """

    def place(self, name: str) -> str:
        """The file for a message."""
        return f"{self.path}: {printable(name)}"


@dataclass(frozen=True, slots=True)
class FileIn:
    """One of `files`, to be passed around in place of a path."""

    files: Files
    name: str

    def __str__(self) -> str:
        return self.files.place(self.name)


class Single(Files):
    """One file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names = (path.name,)

    def read(self, name: str, *, most: int) -> bytes:
        return read_bytes(self.path, expected=_EXPECTED, most=most, follow_links=True)

    @contextmanager
    def reader(self, name: str) -> Iterator[OpenFile]:
        with opened(self.path, expected=_EXPECTED, follow_links=True) as raw:
            yield OpenFile(raw, os.fstat(raw.fileno()).st_size)

    def place(self, name: str) -> str:
        return printable(str(self.path))


class Folder(Files):
    """The files at any depth of a folder, which holds nothing but plain files and folders."""

    def __init__(self, path: Path) -> None:
        require_plain(path)
        self.path = path
        self._start = os.path.join(path, "")
        self.names = tuple(sorted(_names_below(path)))

    def read(self, name: str, *, most: int) -> bytes:
        return read_listed(f"{self._start}{name}", expected=_EXPECTED, most=most)

    @contextmanager
    def reader(self, name: str) -> Iterator[OpenFile]:
        with opened(f"{self._start}{name}", expected=_EXPECTED) as raw:
            yield OpenFile(raw, os.fstat(raw.fileno()).st_size)


class Archive(Files):
    """The members of a zip archive."""

    def __init__(self, path: Path) -> None:
        self.path = path
        content = read_bytes(path, expected=_EXPECTED, most=_MOST_BYTES, follow_links=True)
        self._view = memoryview(content)
        try:
            directory = zip_archive.read_directory(self._view, most=_MOST_FILES)
        except ZipError as error:
            raise InputError(f"{path}: {error}: {_EXPECTED}") from None
        if directory.total > _MOST_FILES:
            raise InputError(f"{path}: holds more than {_MOST_FILES:,} files: {_EXPECTED}")
        self._entries: dict[str, Entry] = {}
        for entry in directory.entries:
            name = entry.text
            if name.endswith("/") or not is_wanted(name):
                continue
            if name in self._entries:
                raise InputError(f"{path}: holds {printable(name)} twice: {_EXPECTED}")
            self._entries[name] = entry
        self.names = tuple(sorted(self._entries))

    def read(self, name: str, *, most: int) -> bytes:
        entry = self._entries[name]
        if entry.size > most:
            raise InputError(f"{self.place(name)}: is larger than {most:,} bytes: {_EXPECTED}")
        try:
            return bytes(zip_archive.unpacked(self._view, entry))
        except ZipError as error:
            raise InputError(f"{self.place(name)}: {error}: {_EXPECTED}") from None

    @contextmanager
    def reader(self, name: str) -> Iterator[OpenFile]:
        entry = self._entries[name]
        try:
            yield OpenFile(zip_archive.Member(self._view, entry), entry.packed)
        except ZipError as error:
            raise InputError(f"{self.place(name)}: {error}: {_EXPECTED}") from None


class Tarball(Files):
    """The files in a tar archive, packed with gzip or not; it is unpacked in memory alone."""

    def __init__(self, path: Path) -> None:
        self.path = path
        content = read_bytes(path, expected=_EXPECTED, most=_MOST_BYTES, follow_links=True)
        try:
            if content.startswith(MAGIC):
                content = Gunzip(io.BytesIO(content), len(content)).read(_MOST_BYTES + 1)
            if len(content) > _MOST_BYTES:
                raise TarError(f"unpacks to more than {_MOST_BYTES >> 30} GiB")
            self._view = memoryview(content)
            entries = tar_archive.read_entries(self._view, most=_MOST_FILES)
        except (GunzipError, TarError) as error:
            raise InputError(f"{path}: {error}: {_EXPECTED}") from None
        self._entries: dict[str, tar_archive.Entry] = {}
        for entry in entries:
            name = entry.name.removeprefix("./")
            if not is_wanted(name):
                continue
            if name in self._entries:
                raise InputError(f"{path}: holds {printable(name)} twice: {_EXPECTED}")
            self._entries[name] = entry
        self.names = tuple(sorted(self._entries))

    def read(self, name: str, *, most: int) -> bytes:
        entry = self._entries[name]
        if entry.size > most:
            raise InputError(f"{self.place(name)}: is larger than {most:,} bytes: {_EXPECTED}")
        return bytes(self._view[entry.start : entry.start + entry.size])

    @contextmanager
    def reader(self, name: str) -> Iterator[OpenFile]:
        content = self.read(name, most=_MOST_BYTES)
        yield OpenFile(io.BytesIO(content), len(content))


def is_wanted(name: str) -> bool:
    """Whether no part of the name is hidden, or left behind by a system."""
    parts = name.split("/")
    return not any(part.startswith(".") or part in _IGNORED for part in parts)


def _names_below(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if is_wanted(name)]
        below = os.path.relpath(place, folder).replace(os.sep, "/")
        start = "" if below == "." else f"{below}/"
        yield from (start + name for name in names if is_wanted(name))


def files_at(path: str | os.PathLike[str]) -> Files:
    """The files at a path that the user names: a folder, a zip or tar archive or any other file.

    Raises:
        InputError: it cannot be read, or the archive is damaged.
    """
    place = Path(path)
    if place.is_dir():
        return Folder(place)
    with opened(path, expected=_EXPECTED, follow_links=True) as file:
        start = file.read(4)
    name = place.name.lower()
    if start == b"PK\3\4" and name.endswith(".zip"):
        return Archive(place)
    if name.endswith(_TARS):
        return Tarball(place)
    if name.endswith(_OTHER_TARS):
        raise InputError(f"{path}: is packed in another way than .tar, .tar.gz, .tgz or .zip")
    return Single(place)

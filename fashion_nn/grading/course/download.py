"""The files of a download, a folder or a zip, listed without unpacking and without following links.

No name in it becomes a path of ours. A zip is read by `core.zip_archive`, with the bounds of a
`.keras`: each file in it has a largest size, and nothing is unpacked beyond that.
"""

import mmap
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fashion_nn.core import reading, zip_archive
from fashion_nn.core.zip_archive import Entry, ZipError
from fashion_nn.errors import InputError

MOST_BYTES = 256 << 20
"""The largest file that is read, as for a model file."""
MOST_FILES = 20_000
MOST_DEPTH = 8
_UTF8 = 0x800
_EXPECTED = "expected a folder or zip of hand-ins"


@dataclass(frozen=True, slots=True)
class Found:
    """One file of a download.

    parts: the names of the folders that it lies in, and its own.
    changed: when it was last changed; only the order of these numbers counts.
    read: gives its content; raises InputError if it is too large or damaged.
    why_not: why it is not opened; empty if it can be read.
    """

    parts: tuple[str, ...]
    changed: float
    read: Callable[[], bytes]
    why_not: str = ""

    @property
    def name(self) -> str:
        return self.parts[-1]


@contextmanager
def listed(source: Path) -> Iterator[list[Found]]:
    """Yield the files of the folder or zip `source`, which can be read meanwhile.

    Raises:
        InputError: it is neither, cannot be read, is damaged, or holds too many files.
    """
    if source.is_dir():
        yield _of_folder(source)
        return
    with (
        reading.opened(source, expected=_EXPECTED, follow_links=True) as file,
        _mapped(source, file.fileno()) as view,
    ):
        yield of_zip(view, str(source))


def of_zip(content: memoryview, name: str) -> list[Found]:
    """The files of a zip archive in memory; `name` is that of the archive, for messages.

    Raises:
        InputError: it is damaged, or holds too many files.
    """
    try:
        directory = zip_archive.read_directory(content, most=MOST_FILES)
    except ZipError as error:
        raise InputError(f"{name}: {error}: unpack it, and give the folder") from None
    if directory.total > MOST_FILES:
        raise InputError(
            f"{name}: holds {directory.total:,} files, at most {MOST_FILES:,} are read"
        )
    return [
        _of_entry(content, entry) for entry in directory.entries if not entry.name.endswith("/")
    ]


@contextmanager
def _mapped(source: Path, descriptor: int) -> Iterator[memoryview]:
    try:
        mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        raise InputError(f"{source}: is empty or cannot be read: {_EXPECTED}") from None
    view = memoryview(mapped)
    try:
        yield view
    finally:
        view.release()


def _of_entry(content: memoryview, entry: Entry) -> Found:
    raw = entry.name.encode("latin-1")
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("cp437")
    parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))

    def read() -> bytes:
        shown = parts[-1] if parts else name
        if entry.size > MOST_BYTES:
            raise InputError(f"{shown}: unpacks to {entry.size:,} bytes: more than are read")
        try:
            return bytes(zip_archive.unpacked(content, entry))
        except ZipError as error:
            raise InputError(f"{shown}: {error}") from None

    return Found(parts or ("",), entry.changed, read, "link: not followed" if entry.is_link else "")


def _of_folder(folder: Path) -> list[Found]:
    found: list[Found] = []
    pending: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    while pending:
        place, above = pending.pop()
        try:
            with os.scandir(place) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise InputError(f"{place}: cannot be read ({error.strerror}): {_EXPECTED}") from None
        for entry in inside:
            parts = (*above, entry.name)
            if entry.is_dir(follow_symlinks=False) and len(parts) < MOST_DEPTH:
                pending.append((Path(entry.path), parts))
            else:
                found.append(_of_path(entry, parts))
        if len(found) > MOST_FILES:
            raise InputError(f"{folder}: holds more than {MOST_FILES:,} files")
    return sorted(found, key=lambda file: file.parts)


def _of_path(entry: "os.DirEntry[str]", parts: tuple[str, ...]) -> Found:
    status = entry.stat(follow_symlinks=False)
    why_not = ""
    if stat.S_ISLNK(status.st_mode):
        why_not = "link: not followed"
    elif not stat.S_ISREG(status.st_mode):
        why_not = f"{reading.kind_of(status.st_mode).removeprefix('a ')}: not opened"
    path = entry.path

    def read() -> bytes:
        return reading.read_bytes(path, expected="expected a hand-in", most=MOST_BYTES)

    return Found(parts, status.st_mtime, read, why_not)

"""Read a tar archive that somebody else has made, without writing anything that is in it.

`tarfile` is not used: an attribute of a few megabytes keeps it busy for hours (CVE-2024-6232), and
it follows what an archive says of links and of sparse files. Here an archive holds plain files and
folders, and each file is a part of the bytes that are in memory.

Source: POSIX.1-2001 (pax) and the manual of GNU tar, for sizes in binary and long names.
"""

from collections.abc import Iterator
from typing import NamedTuple

_BLOCK = 512
_OLD_FILE = b"\0"
_FILES = (b"0", _OLD_FILE, b"7")
_FOLDER = b"5"
_LONG_NAME = b"L"
_LONG_LINK = b"K"
_ATTRIBUTES = b"x"
_COMMON_ATTRIBUTES = b"g"
_KINDS = {b"1": "a hard link", b"2": "a symbolic link", b"S": "a sparse file"}
_MOST_ATTRIBUTES = 1 << 20


class TarError(ValueError):
    """The archive is damaged, or holds what is not read; the message is one line."""


class Entry(NamedTuple):
    """A file in the archive: its name, and where its bytes are."""

    name: str
    start: int
    size: int


class _Header(NamedTuple):
    name: str
    size: int
    kind: bytes

    @property
    def is_folder(self) -> bool:
        """Whether it is one; an archive of before POSIX only ends its name with a slash."""
        return self.kind == _FOLDER or (self.kind == _OLD_FILE and self.name.endswith("/"))


def is_tar(content: bytes | memoryview) -> bool:
    """Whether a header with the mark of today's tar is at the beginning."""
    return bytes(content[257:262]) == b"ustar"


def read_entries(view: memoryview, *, most: int) -> list[Entry]:
    """The files in the archive `view`, in their order.

    Args:
        view: the whole archive, unpacked.
        most: maximum number of members.

    Raises:
        TarError: it is damaged or cut short, has more members, or one that is neither a plain file
            nor a folder.
    """
    found: list[Entry] = []
    place = 0
    known: dict[str, str] = {}
    for _ in range(most):
        block = bytes(view[place : place + _BLOCK])
        if not block:
            raise TarError("its tar archive is cut short")
        if not block.strip(b"\0"):
            return found
        header = _header(block)
        size = _whole(known["size"]) if "size" in known else header.size
        if header.is_folder:
            size = 0  # what is stated is the space that it may take (POSIX): no bytes follow
        place += _BLOCK
        if place + size > len(view):
            raise TarError("its tar archive is cut short")
        content = view[place : place + size]
        if header.kind in (_LONG_NAME, _ATTRIBUTES):
            known |= _told(header.kind, content)
        elif header.kind not in (_LONG_LINK, _COMMON_ATTRIBUTES):
            name = known.get("path", header.name)
            if not header.is_folder:
                _require_file(header.kind, name)
                found.append(Entry(name, place, size))
            known = {}
        place += -(-size // _BLOCK) * _BLOCK
    raise TarError(f"its tar archive has more than {most:,} members")


def _header(block: bytes) -> _Header:
    if len(block) < _BLOCK or not is_tar(block):
        raise TarError("its tar archive is damaged")
    blank = block[:148] + b" " * 8 + block[156:]
    if sum(blank) != _number(block[148:156]):
        raise TarError("its tar archive is damaged, a checksum is wrong")
    name = _text(block[:100])
    # GNU tar has other fields where the beginning of a long name is.
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return _Header(f"{prefix}/{name}" if prefix else name, _number(block[124:136]), block[156:157])


def _require_file(kind: bytes, name: str) -> None:
    if kind not in _FILES:
        what = _KINDS.get(kind, "a device or another special file")
        raise TarError(f"holds {what}, {ascii(name)[1:-1][:100]}")


def _told(kind: bytes, content: memoryview) -> dict[str, str]:
    """What a member says of the one behind it."""
    if len(content) > _MOST_ATTRIBUTES:
        raise TarError("its tar archive is damaged, a name is too long")
    if kind == _LONG_NAME:
        return {"path": _text(bytes(content))}
    told = dict(_attributes(bytes(content)))
    if any(key.startswith("GNU.sparse") for key in told):
        raise TarError("holds a sparse file")
    return {key: value for key, value in told.items() if key in ("path", "size")}


def _attributes(content: bytes) -> Iterator[tuple[str, str]]:
    """The attributes of pax: a line each, which begins with its own length."""
    place = 0
    while place < len(content):
        length, blank, _ = content[place : place + 8].partition(b" ")
        size = _whole(_text(length)) if blank else 0
        line = content[place : place + size]
        key, mark, value = line[len(length) + 1 : -1].partition(b"=")
        if not mark or line[-1:] != b"\n":
            raise TarError("its tar archive is damaged, an attribute cannot be read")
        yield _text(key), _text(value)
        place += size


def _number(field: bytes) -> int:
    """A number in octal digits, or in binary if the first bit is set."""
    if field[0] & 0x80:
        number = int.from_bytes(field[1:], "big")
        if field[0] != 0x80:
            raise TarError("its tar archive is damaged, a size is negative")
        return number
    digits = field.partition(b"\0")[0].strip(b" ")
    if digits.strip(b"01234567"):
        raise TarError("its tar archive is damaged, a number is none")
    return int(digits or b"0", 8)


def _whole(digits: str) -> int:
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
        raise TarError("its tar archive is damaged, a size is no number")
    return int(digits)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "backslashreplace")

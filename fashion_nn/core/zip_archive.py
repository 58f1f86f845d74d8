"""Read a zip archive that somebody else has made, without believing what it says of itself.

`zipfile` is not used: it builds a table of whatever the archive claims to hold before anyone can
look at it, and it searches for the archive in several places. Here only the central directory
counts, the header of each member has to agree with it, and nothing is unpacked beyond its bound.
"""

import stat
import struct
import zlib
from typing import NamedTuple

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_HEADER = struct.Struct("<4s5H3L2H")
_STORED = 0
_DEFLATED = 8
_ENCRYPTED = 0x1
_UTF_8 = 0x800
_READ_BYTES = 1 << 16
_MAX_RATIO = 100
_ALLOWANCE = 64 << 20


class ZipError(ValueError):
    """The archive is damaged, or packed in a way that is not read; the message is one line."""


class Entry(NamedTuple):
    """What the central directory says of one member.

    Attributes:
        name: decoded as Latin-1, so that every name can be compared; it may hold anything.
        size: of the unpacked member, in bytes.
        changed: when the file was last changed, as a number that grows with the time.
        is_link: whether it is a symbolic link.
    """

    name: str
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int
    after: int  # where the next entry begins
    changed: int = 0
    is_link: bool = False

    @property
    def text(self) -> str:
        """The name as text, in UTF-8 if the entry says so; for people and for comparing only."""
        if not self.flags & _UTF_8:
            return self.name
        return self.name.encode("latin-1").decode("utf-8", "backslashreplace")


class Directory(NamedTuple):
    """The central directory.

    Attributes:
        total: the number of members that the archive claims to have.
        entries: the first ones, in the order of the directory.
    """

    total: int
    entries: tuple[Entry, ...]


def read_directory(view: memoryview, *, most: int) -> Directory:
    """The central directory of the archive `view`, with at most `most` entries.

    Raises:
        ZipError: damaged, cut short, divided into parts, or in the ZIP64 form.
    """
    end = _end_record(view)
    _, disk, first_disk, here, total, size, offset, comment = _END.unpack_from(view, end)
    whole = end + _END.size + comment == len(view)
    if 0xFFFFFFFF in (size, offset) or total == 0xFFFF:
        if most <= 0xFFFF:
            raise ZipError("its zip archive is in the ZIP64 form, which no file of this size needs")
        end, here, total, size, offset = _large_end(view, end)
    # Other readers shift all places if the directory does not lie right before its end.
    whole = whole and offset + size == end
    if not whole or disk or first_disk or here != total:
        raise ZipError("its zip archive is damaged")
    entries = []
    for _ in range(min(total, most)):
        entry = _entry(view, offset, end)
        offset = entry.after
        entries.append(entry)
    if total == len(entries) and offset != end:
        raise ZipError("its zip archive is damaged")
    return Directory(total, tuple(entries))


def _large_end(view: memoryview, end: int) -> tuple[int, int, int, int, int]:
    """The record that an archive of more than 65,535 members has before its `end`.

    Returns:
        Where it is; the number of members here and in all; size and place of the directory.
    """
    start = end - _LOCATOR.size - _END_64.size
    if start < 0 or bytes(view[start : start + 4]) != b"PK\x06\x06":
        raise ZipError("its zip archive is damaged")
    locator = _LOCATOR.unpack_from(view, end - _LOCATOR.size)
    fields = _END_64.unpack_from(view, start)
    if locator[0] != b"PK\x06\x07" or locator[2] != start:
        raise ZipError("its zip archive is damaged")
    here, total, size, offset = fields[6:]
    return start, here, total, size, offset


class Member:
    """The content of a member, to be read in pieces.

    It may unpack to 64 MiB and a hundred times its packed size, and to no more than its entry says.
    """

    def __init__(self, view: memoryview, entry: Entry) -> None:
        self._data = _packed(view, entry)
        self._entry = entry
        self._place = 0
        self._given = 0
        self._checksum = 0
        self._stream = None
        if entry.method == _DEFLATED:
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        if entry.size > _ALLOWANCE + _MAX_RATIO * len(self._data):
            raise ZipError(f"it unpacks to more than {_MAX_RATIO} times its size")

    def tell(self) -> int:
        """The number of packed bytes that were read."""
        return self._place

    def read(self, size: int, /) -> bytes:
        """The next bytes, exactly `size` of them unless the content ends before.

        Raises:
            ZipError: damaged.
        """
        pieces = []
        while size and (piece := self._piece(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _piece(self, most: int) -> bytes:
        left = self._entry.size - self._given
        if not left:
            if self._checksum != self._entry.checksum:
                raise ZipError("damaged, its checksum is wrong")
            return b""
        piece = self._stored(min(most, left)) if self._stream is None else self._inflated(most)
        if not piece or len(piece) > left:
            raise ZipError("damaged, it has another size than its directory says")
        self._given += len(piece)
        self._checksum = zlib.crc32(piece, self._checksum)
        return piece

    def _stored(self, most: int) -> bytes:
        piece = bytes(self._data[self._place : self._place + most])
        self._place += len(piece)
        return piece

    def _inflated(self, most: int) -> bytes:
        assert self._stream is not None
        while True:
            packed = self._stream.unconsumed_tail
            if not packed:
                packed = bytes(self._data[self._place : self._place + _READ_BYTES])
                self._place += len(packed)
            try:
                piece = self._stream.decompress(packed, most)
            except zlib.error:
                raise ZipError("damaged, it cannot be unpacked") from None
            if piece or not packed or self._stream.eof:
                return piece


def unpacked(view: memoryview, entry: Entry) -> memoryview:
    """The content of a member, which must have the size and the checksum of its entry.

    A stored member is a part of `view`. The caller has checked `entry.size`.

    Raises:
        ZipError: encrypted, packed by another method than deflate, or damaged.
    """
    data = _packed(view, entry)
    if entry.method == _DEFLATED:
        # One byte more than announced shows a stream that goes on; it is never unpacked further.
        data = memoryview(_inflated(data, entry, entry.size + 1))
    if len(data) != entry.size or zlib.crc32(data) != entry.checksum:
        raise ZipError("damaged, its checksum is wrong")
    return data


def beginning(view: memoryview, entry: Entry, size: int) -> memoryview:
    """At most the first `size` bytes of a member; its checksum is not looked at.

    Raises:
        ZipError: encrypted, packed by another method than deflate, or damaged.
    """
    data = _packed(view, entry)
    if entry.method == _DEFLATED:
        data = memoryview(_inflated(data, entry, size))
    return data[:size]


def _end_record(view: memoryview) -> int:
    """Where the record is with which every zip archive ends, but for a comment of up to 64 KiB."""
    first = max(len(view) - (_END.size + 0xFFFF), 0)
    found = bytes(view[first:]).rfind(b"PK\x05\x06")
    if found < 0 or first + found + _END.size > len(view):
        raise ZipError("its zip archive has no end: damaged, or cut short")
    return first + found


def _entry(view: memoryview, start: int, end: int) -> Entry:
    if start + _ENTRY.size > end:
        raise ZipError("its zip archive is damaged")
    fields = _ENTRY.unpack_from(view, start)
    magic, flags, method = fields[0], fields[3], fields[4]
    checksum, packed, size = fields[7:10]
    length, extra, comment = fields[10:13]
    name_at = start + _ENTRY.size
    after = name_at + length + extra + comment
    if magic != b"PK\x01\x02" or after > end:
        raise ZipError("its zip archive is damaged")
    name = bytes(view[name_at : name_at + length]).decode("latin-1")
    return Entry(
        name,
        flags,
        method,
        checksum,
        packed,
        size,
        offset=fields[16],
        after=after,
        changed=fields[6] << 16 | fields[5],  # date, then time
        is_link=stat.S_ISLNK(fields[15] >> 16),
    )


def _packed(view: memoryview, entry: Entry) -> memoryview:
    """The bytes of a member as they lie in the archive."""
    encrypted = entry.flags & _ENCRYPTED
    if encrypted or entry.method not in (_STORED, _DEFLATED):
        how = f"method {entry.method}" + (", encrypted" if encrypted else "")
        raise ZipError(f"packed by {how}: expected plain deflate")
    name_at = entry.offset + _HEADER.size
    if name_at > len(view):
        raise ZipError("lies outside the file")
    magic, *_, length, extra = _HEADER.unpack_from(view, entry.offset)
    start = name_at + length + extra
    same = bytes(view[name_at : name_at + length]) == entry.name.encode("latin-1")
    if magic != b"PK\x03\x04" or not same or start + entry.packed > len(view):
        raise ZipError("its header is not the directory's")
    return view[start : start + entry.packed]


def _inflated(data: memoryview, entry: Entry, most: int) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return stream.decompress(data, min(most, entry.size + 1))
    except zlib.error:
        raise ZipError("damaged, it cannot be unpacked") from None

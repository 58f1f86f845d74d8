"""Read a zip archive that somebody else has made, without believing what it says of itself.

`zipfile` is not used: it builds a table of whatever the archive claims to hold before anyone can
look at it, and it searches for the archive in several places. Here only the central directory
counts, the header of each member has to agree with it, and nothing is unpacked beyond its bound.
"""

import struct
import zlib
from typing import NamedTuple

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_HEADER = struct.Struct("<4s5H3L2H")
_STORED = 0
_DEFLATED = 8
_ENCRYPTED = 0x1


class ZipError(ValueError):
    """The archive is damaged, or packed in a way that is not read; the message is one line."""


class Entry(NamedTuple):
    """What the central directory says of one member.

    Attributes:
        name: decoded as Latin-1, so that every name can be compared; it may hold anything.
        size: of the unpacked member, in bytes.
    """

    name: str
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int
    after: int  # where the next entry begins


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
    if 0xFFFFFFFF in (size, offset) or total == 0xFFFF:
        raise ZipError("its zip archive is in the ZIP64 form, which no file of this size needs")
    # Other readers shift all places if the directory does not lie right before its end.
    whole = end + _END.size + comment == len(view) and offset + size == end
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
    return Entry(name, flags, method, checksum, packed, size, offset=fields[16], after=after)


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

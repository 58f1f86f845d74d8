"""Reads the zip archive of a .keras file strictly: what Keras writes, and nothing beside it.

`zipfile` is not used: it builds a table of whatever the file claims to hold before anyone can look
at it, and it searches for the archive in several places. Here only the central directory counts,
and the header of each member has to agree with it.
"""

import struct
import zlib
from typing import NamedTuple

from fashion_nn.inference.file import strict_json
from fashion_nn.inference.shared.refusal import Refusal, quoted

MEMBERS = {
    "config.json": strict_json.MAX_BYTES,
    "metadata.json": 1 << 16,
    "model.weights.h5": 256 << 20,
}
"""The members of a .keras file, and the largest unpacked size of each, in bytes."""

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_HEADER = struct.Struct("<4s5H3L2H")
_STORED = 0
_DEFLATED = 8
_ENCRYPTED = 0x1


class _Entry(NamedTuple):
    """What the central directory says of one member."""

    name: str
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int
    after: int  # where the next entry begins


def members(content: bytes) -> dict[str, memoryview]:
    """The three members of the archive, unpacked; a stored one is a view of `content`.

    Raises:
        Refusal: damaged, encrypted, packed by another method than deflate, larger than its bound,
            or not exactly config.json, metadata.json and model.weights.h5.
    """
    view = memoryview(content)
    found: dict[str, memoryview] = {}
    for entry in _directory(view):
        found[entry.name] = _unpacked(view, entry)
    metadata = strict_json.parse(bytes(found["metadata.json"]), "metadata.json")
    if not isinstance(metadata, dict):
        raise Refusal(f"metadata.json: expected an object, got {quoted(metadata)}")
    return found


def _directory(view: memoryview) -> list[_Entry]:
    """The entries of the central directory: exactly `MEMBERS`, in any order."""
    end = _end_record(view)
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(view, end)
    if 0xFFFFFFFF in (size, offset) or count == 0xFFFF:
        raise Refusal("its zip archive is in the ZIP64 form, which no file of this size needs")
    whole = end + _END.size + comment == len(view) and offset + size <= end
    if not whole or disk or first_disk or here != count:
        raise Refusal("its zip archive is damaged")
    expected = f"expected exactly {', '.join(MEMBERS)}"
    entries: dict[str, _Entry] = {}
    for _ in range(min(count, len(MEMBERS) + 1)):
        entry = _entry(view, offset, end)
        offset = entry.after
        if entry.name not in MEMBERS:
            raise Refusal(f"holds {quoted(entry.name)}: {expected}")
        if entry.name in entries:
            raise Refusal(f"holds {entry.name} twice: {expected}")
        entries[entry.name] = entry
    missing = [name for name in MEMBERS if name not in entries]
    if missing:
        raise Refusal(f"has no {missing[0]}: {expected}")
    if count != len(MEMBERS):
        raise Refusal(f"holds {count} members: {expected}")
    return list(entries.values())


def _end_record(view: memoryview) -> int:
    """Where the record is with which every zip archive ends, but for a comment of up to 64 KiB."""
    first = max(len(view) - (_END.size + 0xFFFF), 0)
    found = bytes(view[first:]).rfind(b"PK\x05\x06")
    if found < 0 or first + found + _END.size > len(view):
        raise Refusal("its zip archive has no end: damaged, or cut short")
    return first + found


def _entry(view: memoryview, start: int, end: int) -> _Entry:
    if start + _ENTRY.size > end:
        raise Refusal("its zip archive is damaged")
    fields = _ENTRY.unpack_from(view, start)
    magic, flags, method = fields[0], fields[3], fields[4]
    checksum, packed, size = fields[7:10]
    length, extra, comment = fields[10:13]
    name_at = start + _ENTRY.size
    after = name_at + length + extra + comment
    if magic != b"PK\x01\x02" or after > end:
        raise Refusal("its zip archive is damaged")
    name = bytes(view[name_at : name_at + length]).decode("latin-1")
    return _Entry(name, flags, method, checksum, packed, size, offset=fields[16], after=after)


def _unpacked(view: memoryview, entry: _Entry) -> memoryview:
    name = entry.name
    encrypted = entry.flags & _ENCRYPTED
    if encrypted or entry.method not in (_STORED, _DEFLATED):
        how = f"method {entry.method}" + (", encrypted" if encrypted else "")
        raise Refusal(f"{name}: packed by {how}: expected plain deflate")
    if entry.size > MEMBERS[name]:
        raise Refusal(f"{name}: unpacks to {entry.size} bytes, at most {MEMBERS[name]} are read")
    name_at = entry.offset + _HEADER.size
    if name_at > len(view):
        raise Refusal(f"{name}: lies outside the file")
    magic, *_, length, extra = _HEADER.unpack_from(view, entry.offset)
    start = name_at + length + extra
    same = bytes(view[name_at : name_at + length]) == name.encode()
    if magic != b"PK\x03\x04" or not same or start + entry.packed > len(view):
        raise Refusal(f"{name}: its header is not the directory's")
    data = view[start : start + entry.packed]
    if entry.method == _DEFLATED:
        data = memoryview(_inflated(data, name, entry.size))
    if len(data) != entry.size or zlib.crc32(data) != entry.checksum:
        raise Refusal(f"{name}: damaged, its checksum is wrong")
    return data


def _inflated(data: memoryview, name: str, size: int) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        # One byte more than announced shows a stream that goes on; it is never unpacked further.
        return stream.decompress(data, size + 1)
    except zlib.error:
        raise Refusal(f"{name}: damaged, it cannot be unpacked") from None

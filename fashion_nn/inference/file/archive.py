"""The zip archive of a .keras file, read strictly: what Keras writes, and nothing beside it.

Written here rather than left to `zipfile`, which builds a table of whatever the file claims to hold
before one can look, and looks for the archive at several places. Only the central directory counts;
what an entry's own header says must agree with it.
"""

import struct
import zlib

from fashion_nn.inference.file import strict_json
from fashion_nn.inference.shared.refusal import Refusal, quoted

# Largest unpacked size of each member.
MEMBERS = {
    "config.json": strict_json.MAX_BYTES,
    "metadata.json": 1 << 16,
    "model.weights.h5": 256 << 20,
}

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_HEADER = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1


def members(content: bytes) -> dict[str, memoryview]:
    """The three members of the archive, unpacked; a stored one is a view of `content`.

    Raises:
        Refusal: damaged, encrypted, packed by another method than deflate, larger than its bound, or
            not exactly config.json, metadata.json and model.weights.h5.
    """
    view = memoryview(content)
    found: dict[str, memoryview] = {}
    for name, entry in _directory(view):
        found[name] = _unpacked(view, name, *entry)
    metadata = strict_json.parse(bytes(found["metadata.json"]), "metadata.json")
    if not isinstance(metadata, dict):
        raise Refusal(f"metadata.json: expected an object, got {quoted(metadata)}")
    return found


def _directory(view: memoryview) -> list[tuple[str, tuple[int, ...]]]:
    """Name and (flags, method, checksum, packed size, size, offset) of each entry."""
    at = bytes(view[-(_END.size + 0xFFFF) :]).rfind(b"PK\x05\x06")
    at += max(len(view) - (_END.size + 0xFFFF), 0) if at >= 0 else 0
    if at < 0 or at + _END.size > len(view):
        raise Refusal("its zip archive has no end: damaged, or cut short")
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(view, at)
    if 0xFFFFFFFF in (size, offset) or count == 0xFFFF:
        raise Refusal("its zip archive is in the ZIP64 form, which no file of this size needs")
    whole = at + _END.size + comment == len(view) and offset + size <= at
    if not whole or disk or first_disk or here != count:
        raise Refusal("its zip archive is damaged")
    expected = f"expected exactly {', '.join(MEMBERS)}"
    entries: dict[str, tuple[int, ...]] = {}
    for _ in range(min(count, len(MEMBERS) + 1)):
        name, entry, offset = _entry(view, offset, at)
        if name not in MEMBERS:
            raise Refusal(f"holds {quoted(name)}: {expected}")
        if name in entries:
            raise Refusal(f"holds {name} twice: {expected}")
        entries[name] = entry
    missing = [name for name in MEMBERS if name not in entries]
    if missing:
        raise Refusal(f"has no {missing[0]}: {expected}")
    if count != len(MEMBERS):
        raise Refusal(f"holds {count} members: {expected}")
    return list(entries.items())


def _entry(view: memoryview, at: int, end: int) -> tuple[str, tuple[int, ...], int]:
    if at + _ENTRY.size > end:
        raise Refusal("its zip archive is damaged")
    (
        magic,
        _,
        _,
        flags,
        method,
        _,
        _,
        checksum,
        packed,
        size,
        length,
        extra,
        comment,
        _,
        _,
        _,
        offset,
    ) = _ENTRY.unpack_from(view, at)
    after = at + _ENTRY.size + length + extra + comment
    if magic != b"PK\x01\x02" or after > end:
        raise Refusal("its zip archive is damaged")
    name = bytes(view[at + _ENTRY.size :][:length]).decode("latin-1")
    return name, (flags, method, checksum, packed, size, offset), after


def _unpacked(
    view: memoryview,
    name: str,
    flags: int,
    method: int,
    checksum: int,
    packed: int,
    size: int,
    offset: int,
) -> memoryview:
    if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
        raise Refusal(
            f"{name}: packed by method {method}{', encrypted' * (flags & _ENCRYPTED)}: expected plain deflate"
        )
    if size > MEMBERS[name]:
        raise Refusal(f"{name}: unpacks to {size} bytes, at most {MEMBERS[name]} are read")
    if offset + _HEADER.size > len(view):
        raise Refusal(f"{name}: lies outside the file")
    magic, *_, length, extra = _HEADER.unpack_from(view, offset)
    start = offset + _HEADER.size + length + extra
    same = bytes(view[offset + _HEADER.size :][:length]) == name.encode()
    if magic != b"PK\x03\x04" or not same or start + packed > len(view):
        raise Refusal(f"{name}: its header is not the directory's")
    data = view[start : start + packed]
    if method == _DEFLATED:
        data = memoryview(_inflated(data, name, size))
    if len(data) != size or zlib.crc32(data) != checksum:
        raise Refusal(f"{name}: damaged, its checksum is wrong")
    return data


def _inflated(data: memoryview, name: str, size: int) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        # One byte more than announced shows a stream that goes on; it is never unpacked further.
        return stream.decompress(data, size + 1)
    except zlib.error:
        raise Refusal(f"{name}: damaged, it cannot be unpacked") from None

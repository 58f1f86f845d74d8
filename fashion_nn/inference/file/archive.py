"""Reads the zip archive of a .keras file strictly: what Keras writes, and nothing beside it."""

from fashion_nn.core import zip_archive
from fashion_nn.core.zip_archive import Entry, ZipError
from fashion_nn.inference.file import strict_json
from fashion_nn.inference.shared.refusal import Refusal, quoted

MEMBERS = {
    "config.json": strict_json.MAX_BYTES,
    "metadata.json": 1 << 16,
    "model.weights.h5": 256 << 20,
}
"""The members of a .keras file, and the largest unpacked size of each, in bytes."""


def members(content: bytes) -> dict[str, memoryview]:
    """The three members of the archive, unpacked; a stored one is a view of `content`.

    Raises:
        Refusal: damaged, encrypted, packed by another method than deflate, larger than its bound,
            or not exactly config.json, metadata.json and model.weights.h5.
    """
    view = memoryview(content)
    found = {entry.name: unpacked(view, entry) for entry in _entries(view)}
    metadata = strict_json.parse(bytes(found["metadata.json"]), "metadata.json")
    if not isinstance(metadata, dict):
        raise Refusal(f"metadata.json: expected an object, got {quoted(metadata)}")
    return found


def _entries(view: memoryview) -> list[Entry]:
    """The entries of the central directory: exactly `MEMBERS`, in any order."""
    try:
        directory = zip_archive.read_directory(view, most=len(MEMBERS) + 1)
    except ZipError as error:
        raise Refusal(str(error)) from None
    expected = f"expected exactly {', '.join(MEMBERS)}"
    entries: dict[str, Entry] = {}
    for entry in directory.entries:
        if entry.name not in MEMBERS:
            raise Refusal(f"holds {quoted(entry.name)}: {expected}")
        if entry.name in entries:
            raise Refusal(f"holds {entry.name} twice: {expected}")
        entries[entry.name] = entry
    missing = [name for name in MEMBERS if name not in entries]
    if missing:
        raise Refusal(f"has no {missing[0]}: {expected}")
    if directory.total != len(MEMBERS):
        raise Refusal(f"holds {directory.total} members: {expected}")
    return list(entries.values())


def unpacked(view: memoryview, entry: Entry) -> memoryview:
    """The content of one of `MEMBERS`, within its bound.

    Raises:
        Refusal: larger than its bound, encrypted, packed otherwise, or damaged.
    """
    name = entry.name
    if entry.size > MEMBERS[name]:
        raise Refusal(f"{name}: unpacks to {entry.size} bytes, at most {MEMBERS[name]} are read")
    try:
        return zip_archive.unpacked(view, entry)
    except ZipError as error:
        raise Refusal(f"{name}: {error}") from None

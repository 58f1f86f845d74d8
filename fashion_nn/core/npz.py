"""Read the arrays of an .npz file that somebody else has made, within bounds.

`numpy.load` unpacks what a file claims to hold, and an .npz of a few megabytes can claim
gigabytes. Here the directory of the archive and the header of each array are read first, and
memory is taken only when their names, types and sizes are the expected ones.
"""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from fashion_nn.core import zip_archive
from fashion_nn.core.zip_archive import Entry, ZipError

OVERHEAD = 1 << 20
"""How many bytes a file may have beside its arrays."""

_MAGIC = b"\x93NUMPY\x01\x00"
_MAX_HEADER = 1024
_BEGINNING = len(_MAGIC) + 2 + _MAX_HEADER
_OBJECTS = b"'descr': '|O'"
_MAX_DIMENSIONS = 32
_MORE_MEMBERS = 100
# What NumPy writes for an array of plain numbers or texts, and nothing else. Python 2 wrote an L
# behind each length.
_HEADER = re.compile(
    rb"\{'descr': '([<>|])([biufU])([0-9]{1,6})', 'fortran_order': (True|False),"
    rb" 'shape': \(([0-9L, ]*)\), \} *\n"
)
_ITEM_SIZES = {"b": {1}, "i": {1, 2, 4, 8}, "u": {1, 2, 4, 8}, "f": {2, 4, 8}}
_LAST_CHARACTER = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


class NpzError(ValueError):
    """The file does not hold the expected arrays; the message says why, in one line."""


class _Array(NamedTuple):
    """An array that is described and not yet read. `start` is where its values begin."""

    entry: Entry
    start: int
    dtype: np.dtype
    shape: tuple[int, ...]
    in_columns: bool

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read(
    content: bytes,
    kinds: Mapping[str, str],
    *,
    limit: int,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> dict[str, np.ndarray]:
    """The arrays in an .npz file, in the machine's byte order; other members are not unpacked.

    It takes at most `limit` bytes for the arrays and as much again for the largest one.

    Args:
        content: the file.
        kinds: the names of the arrays, and for each the kinds of its type that are accepted, as
            `numpy.dtype.kind` has them, such as "iu" for integers; one of b, i, u, f and U.
        limit: the largest size of all these arrays together, in bytes.
        shapes: the shapes that arrays must have, by name.

    Raises:
        NpzError: damaged, an array is missing or twice there, has another kind or shape, or holds
            objects, or they are too large.
    """
    view = memoryview(content)
    try:
        found = _described(view, kinds)
        _require(found, kinds, limit, shapes or {})
        return {name: _values(view, array) for name, array in found.items()}
    except ZipError as error:
        raise NpzError(str(error)) from None


def describe(content: bytes) -> dict[str, tuple[np.dtype, tuple[int, ...]]]:
    """The type and the shape of each array in an .npz file; nothing else is unpacked.

    Raises:
        NpzError: damaged, twice the same name, more than 100 arrays, or one that is no plain array.
    """
    view = memoryview(content)
    found = {}
    try:
        directory = zip_archive.read_directory(view, most=_MORE_MEMBERS)
        if directory.total > _MORE_MEMBERS:
            raise NpzError(f"holds {directory.total} arrays, expected at most {_MORE_MEMBERS}")
        for entry in directory.entries:
            name = entry.name.removesuffix(".npy")
            if name in found:
                raise NpzError(f"holds {name} twice")
            array = _array(view, entry, name)
            found[name] = (array.dtype, array.shape)
    except ZipError as error:
        raise NpzError(str(error)) from None
    return found


def read_npy(content: bytes, name: str) -> np.ndarray:
    """The array in an .npy file, in the machine's byte order.

    Args:
        name: of the array, for messages.

    Raises:
        NpzError: damaged, or no plain array.
    """
    start, dtype, shape, in_columns = _header(content[:_BEGINNING], name)
    if start + math.prod(shape) * dtype.itemsize != len(content):
        raise NpzError(f"{name}: its header does not fit its size")
    return _shaped(memoryview(content)[start:], dtype, shape, in_columns, name)


def _described(view: memoryview, kinds: Mapping[str, str]) -> dict[str, _Array]:
    most = len(kinds) + _MORE_MEMBERS
    directory = zip_archive.read_directory(view, most=most)
    if directory.total > most:
        raise NpzError(f"holds {directory.total} arrays, expected {len(kinds)}")
    found: dict[str, _Array] = {}
    for entry in directory.entries:
        name = entry.name.removesuffix(".npy")
        if name in kinds:
            if name in found:
                raise NpzError(f"holds {name} twice")
            found[name] = _array(view, entry, name)
    missing = next((name for name in kinds if name not in found), None)
    if missing is not None:
        raise NpzError(f"{missing} is not in it")
    return found


def _array(view: memoryview, entry: Entry, name: str) -> _Array:
    begun = bytes(zip_archive.beginning(view, entry, _BEGINNING))
    array = _Array(entry, *_header(begun, name))
    if array.start + array.bytes != entry.size:
        raise NpzError(f"{name}: its header does not fit its size")
    return array


def _header(begun: bytes, name: str) -> tuple[int, np.dtype, tuple[int, ...], bool]:
    """Where the values of an array begin, their type, the shape, and whether columns come first.

    Args:
        begun: the first bytes of the array in the .npy format.
    """
    start = len(_MAGIC) + 2
    start += int.from_bytes(begun[len(_MAGIC) : start], "little")
    header = _HEADER.fullmatch(begun[len(_MAGIC) + 2 : start])
    if _OBJECTS in begun[:start]:
        raise NpzError(f"{name}: holds Python objects, which are a pickle and are never opened")
    if not begun.startswith(_MAGIC) or not header:
        raise NpzError(f"{name}: expected an array of numbers or texts, as numpy.save writes it")
    order, kind, size, in_columns, lengths = (group.decode() for group in header.groups())
    wanted = _ITEM_SIZES.get(kind)
    if int(size) == 0 or (wanted and int(size) not in wanted):
        raise NpzError(f"{name}: the type {kind}{size} is not known")
    shape = _shape(lengths, name)
    return start, np.dtype(f"{order}{kind}{size}"), shape, in_columns == "True"


def _shape(text: str, name: str) -> tuple[int, ...]:
    lengths = [part.strip().removesuffix("L") for part in text.split(",")]
    if lengths[-1] == "":  # (), and the comma behind a single length
        lengths.pop()
    whole = all(length.isdecimal() and len(length) < 19 for length in lengths)
    if not whole or len(lengths) > _MAX_DIMENSIONS:
        raise NpzError(f"{name}: its shape cannot be read")
    return tuple(map(int, lengths))


def _require(
    found: Mapping[str, _Array],
    kinds: Mapping[str, str],
    limit: int,
    shapes: Mapping[str, tuple[int, ...]],
) -> None:
    for name, array in found.items():
        if array.dtype.kind not in kinds[name]:
            raise NpzError(f"{name}: holds values of type {array.dtype}")
        wanted = shapes.get(name, array.shape)
        if array.shape != wanted:
            raise NpzError(f"{name}: has the shape {array.shape}, expected {wanted}")
    total = sum(array.bytes for array in found.values())
    if total > limit:
        raise NpzError(f"its arrays have {total:,} bytes, expected at most {limit:,}")


def _values(view: memoryview, array: _Array) -> np.ndarray:
    data = zip_archive.unpacked(view, array.entry)[array.start :]
    name = array.entry.name.removesuffix(".npy")
    return _shaped(data, array.dtype, array.shape, array.in_columns, name)


def _shaped(
    data: memoryview, dtype: np.dtype, shape: tuple[int, ...], in_columns: bool, name: str
) -> np.ndarray:
    values = np.frombuffer(data, dtype)
    if dtype.kind == "U":
        _require_characters(np.frombuffer(data, f"{dtype.str[0]}u4"), name)
    values = values.reshape(shape, order="F" if in_columns else "C")
    # A copy, because the values in the file are not aligned and cannot be changed.
    return values.astype(dtype.newbyteorder("="), order="K")


def _require_characters(codes: np.ndarray, name: str) -> None:
    surrogate = (codes >= _SURROGATES.start) & (codes < _SURROGATES.stop)
    if (codes > _LAST_CHARACTER).any() or surrogate.any():
        raise NpzError(f"{name}: its text is damaged")

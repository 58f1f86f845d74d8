"""Reads a stranger's HDF5 file. Confined process only: the HDF5 library has had memory errors.

The whole file is walked before any content is read. Allowed are groups and plain arrays of numbers
that are connected by hard links, each reached once. Refused, wherever it is, is what could name
another file, run a filter plugin, or unpack to more than a bound.
"""

import io
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import h5py
import numpy as np

from fashion_nn.inference.shared.refusal import Refusal, quoted

MAX_OBJECTS = 50_000
MAX_DEPTH = 40
MAX_ARRAY_BYTES = 512 << 20
MAX_CHUNK_BYTES = 64 << 20
MAX_NAMES = 20_000
MAX_TEXT_BYTES = 8 << 20
MAX_FAULTS = 20
"""Number of faults that are collected before a file is given up."""

_P = ParamSpec("_P")
_T = TypeVar("_T")
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}


@dataclass(frozen=True, slots=True)
class ArrayInfo:
    """What an HDF5 file says of one array.

    Attributes:
        path: with slashes.
        shape: may hold zeros; empty for a single number.
        dtype: a NumPy name; "bfloat16" for what Keras writes for it.
        size: number of bytes of its values, unpacked.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    size: int


class Store:
    """The arrays and the few texts of an HDF5 file, by path.

    Paths use slashes, also where the file has backslashes: Keras on Windows joined names with them.

    Args:
        content: of the file.
        faults: where to collect what is wrong with single objects, which are then left out; None
            raises the first.

    Raises:
        Refusal: from every method, if the file is damaged or holds what it should not.
    """

    def __init__(
        self, content: bytes | bytearray | memoryview, faults: list[Refusal] | None = None
    ):
        self._file: h5py.File = _guarded(lambda: h5py.File(io.BytesIO(content), "r"))
        self._faults = faults
        self._seen: set[int] = set()
        self._bytes = 0
        self._infos: list[ArrayInfo] = []
        self._kinds: dict[str, str] = {"": "group"}
        self._stored: dict[str, str] = {"": "/"}
        _guarded(self._walk, self._file, "", 0)

    def is_group(self, path: str) -> bool:
        """Whether there is a group at `path`."""
        slashed = _with_slashes(path)
        if slashed in self._kinds:
            return self._kinds[slashed] == "group"
        # The first part of a name with backslashes has no group of its own.
        return any(known.startswith(f"{slashed}/") for known in self._kinds)

    def members(self, path: str) -> list[str]:
        """The names in the group at `path`."""
        return _guarded(lambda: list(self._group(path)))

    def arrays(self) -> list[ArrayInfo]:
        """All arrays, in the order of the file."""
        return list(self._infos)

    def array(self, path: str) -> np.ndarray:
        """The array at `path`; fractions are finite and come as float32."""
        return _guarded(self._array, path)

    def text(self, name: str) -> bytes | None:
        """The text in the attribute `name` of the file itself; None if there is none."""
        return _guarded(self._text, name)

    def attributes(self) -> list[str]:
        """The names of the attributes of the file itself, at most `MAX_NAMES`."""
        return _guarded(lambda: list(itertools.islice(self._file.attrs, MAX_NAMES)))

    def names(self, path: str, attribute: str) -> list[str]:
        """The list of names in an attribute of the group at `path`.

        Keras splits a long list over the attributes `attribute0`, `attribute1`, and so on.
        """
        return _guarded(self._names, path, attribute)

    def _walk(self, group: h5py.Group, path: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Refusal(f"HDF5: groups nested deeper than {MAX_DEPTH}")
        if len(self._kinds) + len(group) > MAX_OBJECTS:
            raise Refusal(f"HDF5: more than {MAX_OBJECTS} objects")
        for name in group:
            below = _with_slashes(f"{path}/{name}" if path else name)
            try:
                child = self._child(group, name, below)
            except Refusal as refusal:
                self._collect(refusal)
                continue
            self._kinds[below] = "group" if isinstance(child, h5py.Group) else "array"
            self._stored[below] = child.name
            if isinstance(child, h5py.Group):
                self._walk(child, below, depth + 1)

    def _collect(self, refusal: Refusal) -> None:
        if self._faults is None or len(self._faults) >= MAX_FAULTS:
            raise refusal
        self._faults.append(refusal)

    def _child(self, group: h5py.Group, name: str, path: str) -> Any:
        """The object `name` of `group`, looked at."""
        if path in self._kinds:
            raise Refusal(f"HDF5: holds {quoted(path)} twice, once under a name with backslashes")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise Refusal(
                f"HDF5: {quoted(path)} is a link to elsewhere, expected an object of this file"
            )
        child = group[name]
        self._visit(child, path)
        return child

    def _visit(self, child: Any, path: str) -> None:
        # `h5o.get_info` would tell too, but it measures B-trees, which never ends in a crafted
        # file.
        address = h5py.h5g.get_objinfo(child.id).objno
        if address in self._seen:
            raise Refusal(f"HDF5: {quoted(path)} is linked to twice")
        self._seen.add(address)
        if isinstance(child, h5py.Dataset):
            size = _array_bytes(child, path)
            self._bytes += size
            if self._bytes > MAX_ARRAY_BYTES:
                raise Refusal(f"HDF5: its arrays hold more than {MAX_ARRAY_BYTES} bytes")
            dtype = "bfloat16" if child.dtype.kind == "V" else child.dtype.name
            self._infos.append(ArrayInfo(path, tuple(map(int, child.shape)), dtype, size))
        elif not isinstance(child, h5py.Group):
            raise Refusal(f"HDF5: {quoted(path)} is neither a group nor an array")

    def _group(self, path: str) -> h5py.Group:
        if not self.is_group(path):
            raise Refusal(f"HDF5: has no group {quoted(path)}")
        return self._file[self._stored[_with_slashes(path)]]

    def _array(self, path: str) -> np.ndarray:
        slashed = _with_slashes(path)
        if self._kinds.get(slashed) != "array":
            raise Refusal(f"HDF5: has no array {quoted(path)}")
        data = self._file[self._stored[slashed]]
        values = data[()] if data.shape == () else data[:]
        if data.dtype.kind == "V":
            values = _from_bfloat16(values)
        elif data.dtype.kind == "f":
            with np.errstate(over="ignore"):
                values = np.asarray(values, np.float32)
        values = np.asarray(values)
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise Refusal(
                f"weights: {quoted(path)} holds numbers that are not finite: the training diverged"
            )
        return values

    def _text(self, name: str) -> bytes | None:
        if name not in self._file.attrs:
            return None
        _require_small_attribute(self._file, name)
        value = self._file.attrs[name]
        content = value.encode() if isinstance(value, str) else value
        if not isinstance(content, bytes) or len(content) > MAX_TEXT_BYTES:
            raise Refusal(
                f"HDF5: the attribute {name} is no text of at most {MAX_TEXT_BYTES} bytes"
            )
        return bytes(content)  # h5py gives a subclass of bytes

    def _names(self, path: str, attribute: str) -> list[str]:
        group = self._group(path)
        found: list[str] = []
        for part in _parts(group, attribute):
            _require_small_attribute(group, part)
            found += [_decoded(name) for name in np.ravel(group.attrs[part])]
            if len(found) > MAX_NAMES:
                raise Refusal(f"HDF5: more than {MAX_NAMES} names in {attribute}")
        return found


def _parts(group: h5py.Group, attribute: str) -> Iterator[str]:
    """The attributes over which Keras has spread the list that it calls `attribute`."""
    if attribute in group.attrs:
        yield attribute
        return
    for number in itertools.count():
        if f"{attribute}{number}" not in group.attrs:
            return
        yield f"{attribute}{number}"


def _with_slashes(path: str) -> str:
    return path.replace("\\", "/")


def _guarded(function: Callable[_P, _T], *arguments: _P.args, **keywords: _P.kwargs) -> _T:
    """The result of `function`; whatever h5py raises means that the file is damaged."""
    try:
        return function(*arguments, **keywords)
    except (Refusal, MemoryError):
        raise
    except Exception as error:
        raise Refusal(f"HDF5: damaged ({type(error).__name__})") from None


def _array_bytes(data: h5py.Dataset, path: str) -> int:
    """Number of bytes that reading `data` gives, if it is a plain array of numbers."""
    settings = data.id.get_create_plist()
    if settings.get_layout() == h5py.h5d.VIRTUAL or settings.get_external_count():
        raise Refusal(f"HDF5: {quoted(path)} keeps its data in another file")
    filters = {settings.get_filter(i)[0] for i in range(settings.get_nfilters())}
    if filters - _FILTERS:
        raise Refusal(
            f"HDF5: {quoted(path)} is packed with the filter {min(filters - _FILTERS)}, expected"
            " gzip or none"
        )
    if data.shape is None or not _numeric(data):
        raise Refusal(f"HDF5: {quoted(path)} is no array of numbers")
    if settings.get_layout() == h5py.h5d.CHUNKED:
        chunk = int(np.prod(settings.get_chunk(), dtype=float)) * data.dtype.itemsize
        if chunk > MAX_CHUNK_BYTES:
            raise Refusal(
                f"HDF5: {quoted(path)} is packed in pieces of more than {MAX_CHUNK_BYTES} bytes"
            )
    return int(min(np.prod(data.shape, dtype=float) * data.dtype.itemsize, 1 << 62))


def _numeric(data: h5py.Dataset) -> bool:
    if data.dtype.kind == "V":  # how Keras writes bfloat16
        return data.dtype.itemsize == 2 and data.dtype.names is None and data.dtype.subdtype is None
    return data.dtype.kind in "fiu" and data.dtype.itemsize <= 8


def _from_bfloat16(values: np.ndarray) -> np.ndarray:
    # A bfloat16 is the upper half of a float32.
    bits = np.frombuffer(np.asarray(values).tobytes(), np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32).reshape(np.shape(values))


def _require_small_attribute(group: h5py.Group, name: str) -> None:
    attribute = h5py.h5a.open(group.id, name.encode())
    count = np.prod(attribute.shape, dtype=float)
    if count > MAX_NAMES or (count and attribute.get_storage_size() > MAX_TEXT_BYTES):
        raise Refusal(f"HDF5: the attribute {quoted(name)} is too large")


def _decoded(name: Any) -> str:
    if isinstance(name, bytes):
        name = name.decode("utf-8", "surrogateescape")
    if not isinstance(name, str) or len(name) > 1000:
        raise Refusal("HDF5: a name in its lists is no text of at most 1000 characters")
    return name

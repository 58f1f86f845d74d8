"""What the confined process says of an HDF5 file; see `fashion_nn.inference.child.listing`."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fashion_nn.inference.engines.confined_process import ConfinedProcess, Limits
from fashion_nn.inference.file import strict_json
from fashion_nn.inference.shared.refusal import Refusal

_NONSENSE = "the file could not be looked at (its process answered nonsense)"


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array as the file describes it; see `fashion_nn.inference.child.hdf5.ArrayInfo`."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    size: int

    @property
    def count(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class StoredArrays:
    """What is in an HDF5 file.

    Attributes:
        arrays: those that are listed.
        left_out: number of arrays that are not.
        faults: what is wrong with single objects; they are not listed.
        attributes: names of the texts of the file.
        layers: for which an .h5 file lists weights.
    """

    arrays: tuple[StoredArray, ...]
    left_out: int
    faults: tuple[str, ...]
    attributes: tuple[str, ...]
    layers: tuple[str, ...]


class LookedAtFile:
    """An HDF5 file in a confined process that looks at it. It does not import TensorFlow.

    Raises:
        Refusal: from every method, if the file is damaged or the process fails.
    """

    def __init__(self, process: ConfinedProcess, content: memoryview, seconds: int):
        self._process = process
        self._seconds = seconds
        process.tell("look", content, seconds=seconds)
        answer = process.hear(strict_json.MAX_BYTES, seconds=seconds)
        self.found = _stored_arrays(strict_json.parse(answer.payload, "answer"))

    def text(self, name: str) -> bytes | None:
        """The text in the attribute `name` of the file; None if there is none."""
        if name not in self.found.attributes:
            return None
        self._process.tell("text", name=name, seconds=self._seconds)
        answer = self._process.hear(strict_json.MAX_BYTES, seconds=self._seconds)
        return answer.payload if answer.header.get("there") else None

    def numbers(self, paths: Sequence[str]) -> list[list[float]]:
        """The values of the small arrays at `paths`, each as a flat list."""
        self._process.tell("numbers", paths=list(paths), seconds=self._seconds)
        answer = self._process.hear(strict_json.MAX_BYTES, seconds=self._seconds)
        values = strict_json.parse(answer.payload, "answer")
        _require(isinstance(values, list) and len(values) == len(paths))
        for of_array in values:
            _require(isinstance(of_array, list))
            _require(all(isinstance(value, float) for value in of_array))
        return values  # type: ignore[no-any-return]


@contextlib.contextmanager
def looking_at(content: memoryview, limits: Limits) -> Iterator[LookedAtFile]:
    """Open an HDF5 file in a confined process for the block.

    Raises:
        Refusal: the file is damaged, or the process fails.
    """
    process = ConfinedProcess(limits)
    try:
        yield LookedAtFile(process, content, limits.open_seconds)
    finally:
        process.close()


def _stored_arrays(found: Any) -> StoredArrays:
    _require(isinstance(found, dict) and isinstance(found.get("arrays"), list))
    left_out = found.get("left_out")
    _require(isinstance(left_out, int) and left_out >= 0)
    return StoredArrays(
        arrays=tuple(_array(entry) for entry in found["arrays"]),
        left_out=left_out,
        faults=_texts(found.get("faults")),
        attributes=_texts(found.get("attributes")),
        layers=_texts(found.get("layers")),
    )


def _array(entry: Any) -> StoredArray:
    _require(isinstance(entry, list) and len(entry) == 4)
    path, shape, dtype, size = entry
    _require(isinstance(path, str) and isinstance(dtype, str) and isinstance(shape, list))
    _require(all(isinstance(each, int) and each >= 0 for each in (*shape, size)))
    return StoredArray(path, tuple(shape), dtype, size)


def _texts(values: Any) -> tuple[str, ...]:
    _require(isinstance(values, list) and all(isinstance(value, str) for value in values))
    return tuple(values)


def _require(condition: bool) -> None:
    if not condition:
        raise Refusal(_NONSENSE)

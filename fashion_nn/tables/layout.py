"""From the header to the meaning of each column."""

import math
import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Self

import numpy as np

from fashion_nn.core.images import COLOURS, ImageShape, values_of
from fashion_nn.tables.stream import Stream, shown

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LABEL_NAMES = ("label", "class", "target")
_ID_NAMES = ("id", "imageid")  # compared without case and underscores
_PIXEL_NAME = re.compile(r"pixel([0-9]{1,7})", re.IGNORECASE)
_EXAMPLE = "expected a header such as label,pixel0,pixel1,..."


@dataclass(frozen=True, slots=True)
class Layout:
    """Indices of columns.

    Attributes:
        names: of all columns, in file order.
        pixels: int64 (p,), in the order of the pixels.
        label: None if there is no label column, or if it is ignored.
        id: None if there is no id column.
        apart: columns without pixels, an ignored label column among them.
    """

    names: list[str]
    pixels: np.ndarray
    label: int | None
    id: int | None
    apart: list[int]

    @property
    def size(self) -> int:
        return len(self.pixels)

    @classmethod
    def of_header(
        cls, stream: Stream, line: bytes, labels: Literal["required", "optional", "ignored"]
    ) -> Self:
        """Read the header.

        Raises:
            InputError: no header, a column that is unknown, twice there or missing, or no square
                number of pixels.
        """
        names = _names(stream, line)
        found: dict[str | int, int] = {}
        for index, name in enumerate(names):
            kind = _kind(name)
            if kind is None:
                raise stream.refuse(_unknown(name, index))
            if kind in found:
                pair = f"{shown(names[found[kind]])} and {shown(name)}"
                raise stream.refuse(
                    f"columns {pair} (numbers {found[kind] + 1} and {index + 1}) are duplicates;"
                    " expected one"
                )
            found[kind] = index
        label = found.pop("label", None)
        identity = found.pop("id", None)
        if labels == "required" and label is None:
            raise stream.refuse(
                f"there is no label column; expected one named {', '.join(_LABEL_NAMES)}"
            )
        numbers = _pixel_numbers(stream, {key for key in found if isinstance(key, int)})
        return cls(
            names=names,
            pixels=np.array([found[number] for number in numbers]),
            label=None if labels == "ignored" else label,
            id=identity,
            apart=[index for index in (label, identity) if index is not None],
        )


def _names(stream: Stream, line: bytes) -> list[str]:
    if b"\0" in line or line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise stream.refuse("line 1 is binary, UTF-16 or UTF-32; expected CSV text in UTF-8")
    try:
        text = line.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        raise stream.refuse(
            f"line 1 is not UTF-8 ({error.reason}); expected CSV text in UTF-8"
        ) from error
    names = [name.strip() for name in stream.cells(text, 0)]
    if names == [""]:
        raise stream.refuse(f"line 1 is blank; {_EXAMPLE}")
    if len(names) == 1 and (wrong := re.search(r"[;\t|]", names[0])):
        raise stream.refuse(f"the columns are divided by {wrong.group()!a}; expected commas")
    if all(NUMBER.fullmatch(name) for name in names):
        raise stream.refuse(
            f"the header is missing, line 1 is all numbers ({shown(','.join(names))}); {_EXAMPLE}"
        )
    return names


def _kind(name: str) -> str | int | None:
    """The meaning of a column: a pixel's number, "label", "id", or None for an unknown name."""
    if match := _PIXEL_NAME.fullmatch(name):
        return int(match.group(1))
    plain = name.lower()
    if plain in _LABEL_NAMES:
        return "label"
    return "id" if plain.replace("_", "") in _ID_NAMES else None


def _unknown(name: str, index: int) -> str:
    if not name or name.lower() in ("index", "unnamed: 0"):
        what = (
            f"column {index + 1} is named {shown(name)}"
            if name
            else f"column {index + 1} has an empty name"
        )
        return (
            f"{what}, as an index that pandas wrote; write the file with to_csv(..., index=False)"
        )
    return (
        f"column {index + 1}, {shown(name)}, is unknown; expected label, id and pixel0, pixel1, ..."
        " only"
    )


def _pixel_numbers(stream: Stream, numbers: set[int]) -> range:
    """The numbers of the pixels in order, starting with 0 or 1."""
    if not numbers:
        raise stream.refuse("there are no pixel columns; expected pixel0, pixel1, ...")
    wanted = range(0 if 0 in numbers else 1, max(numbers) + 1)
    missing = len(wanted) - len(numbers)
    if missing:
        first = islice((number for number in wanted if number not in numbers), 5)
        some = ", ".join(f"pixel{number}" for number in first)
        more = ", ..." if missing > 5 else ""
        raise stream.refuse(
            f"{missing} of {len(wanted)} pixel columns are missing: {some}{more}; expected all"
        )
    if values_of(square_image(len(wanted))) != len(wanted):
        span = f"pixel{wanted[0]} to pixel{wanted[-1]}"
        raise stream.refuse(
            f"there are {len(wanted)} pixel columns, {span}; expected a square number, such as 784,"
            " or three times one for images in colour"
        )
    return wanted


def square_image(columns: int) -> ImageShape:
    """The shape of a square image with this number of values, or of the next smaller one.

    >>> square_image(784), square_image(2352)
    ((28, 28), (28, 28, 3))
    """
    side = math.isqrt(columns // COLOURS)
    if side > 1 and side * side * COLOURS == columns:
        return side, side, COLOURS
    side = math.isqrt(columns)
    return side, side

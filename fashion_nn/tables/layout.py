"""From the header, or from the first rows where there is none, to the meaning of each column."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

import numpy as np

from fashion_nn.core.images import COLOURS, ImageShape, values_of
from fashion_nn.tables import columns
from fashion_nn.tables.columns import LABEL_NAMES, ColumnsError, Numbered
from fashion_nn.tables.options import FOUND_OUT, TableOptions
from fashion_nn.tables.stream import Stream, shown

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
Labels = Literal["required", "optional", "ignored"]
EXAMPLE = "expected a header such as label,pixel0,pixel1,..."


@dataclass(frozen=True, slots=True)
class Layout:
    """Indices of columns, and how their cells are written.

    Attributes:
        names: of all columns, in file order.
        pixels: int64 (p,), in the order of the pixels.
        label: None if there is no label column, or if it is ignored.
        id: None if there is no id column.
        apart: columns without pixels, an ignored label column among them.
        image_shape: of a row of pixels.
        delimiter: stands between two cells.
        words: columns of labels or ids whose cells are text.
        fractions: whether pixels are written as fractions from 0 to 1.
        said: what the table was taken for, in a few words.
    """

    names: list[str]
    pixels: np.ndarray
    label: int | None
    id: int | None
    apart: list[int]
    image_shape: ImageShape
    delimiter: str = ","
    words: frozenset[int] = field(default_factory=frozenset)
    fractions: bool = False
    said: str = ""

    @property
    def size(self) -> int:
        return len(self.pixels)

    @classmethod
    def of_header(
        cls,
        stream: Stream,
        line: bytes,
        labels: Labels,
        options: TableOptions = FOUND_OUT,
    ) -> Self:
        """Read the header.

        Raises:
            InputError: no header, a column that is unknown, twice there or missing, or no square
                number of pixels.
        """
        names = header_names(stream, line)
        label_column = options.label_column
        if labels == "ignored" and label_column not in names:
            label_column = None
        roles = _Roles.of_names(stream, names, label_column)
        if labels == "required" and roles.label is None:
            expected = f"expected one named {', '.join(LABEL_NAMES)}, or name it"
            raise stream.refuse(f"there is no label column; {expected} with --label-column")
        try:
            order, grid = columns.in_order(roles.pixels)
        except ColumnsError as error:
            raise stream.refuse(str(error)) from None
        span = f"{names[order[0]]} to {names[order[-1]]}"
        shape = grid or _shape(stream, len(order), f", {span}", options)
        return cls(
            names=names,
            pixels=np.array(order),
            label=None if labels == "ignored" else roles.label,
            id=roles.id,
            apart=roles.apart,
            image_shape=shape,
            said=f"with a header, {len(order)} pixels in {span}{roles.described(names)}",
        )

    @classmethod
    def of_columns(
        cls,
        stream: Stream,
        count: int,
        places: tuple[int | None, int | None],
        labels: Labels,
        options: TableOptions,
    ) -> Self:
        """The layout of a table of `count` columns without a header.

        Args:
            places: the indices of the label column and of the id column.

        Raises:
            InputError: the number of the other columns is no square number.
        """
        label, identity = places
        if labels == "required" and label is None:
            raise stream.refuse(
                f"there is no header and no label column, with {count} columns; expected one"
                " column more than pixels, first or last"
            )
        apart = sorted(index for index in places if index is not None)
        pixels = np.setdiff1d(np.arange(count), apart)
        where = "" if label is None else f", labels in the {'last' if label else 'first'}"
        ids = "" if identity is None else ", ids in the first"
        return cls(
            names=[f"column {index + 1}" for index in range(count)],
            pixels=pixels,
            label=None if labels == "ignored" else label,
            id=identity,
            apart=apart,
            image_shape=_shape(stream, len(pixels), "", options),
            said=f"without a header, {count} columns{where}{ids}",
        )


@dataclass(slots=True)
class _Roles:
    """What each column is, by its index. `unused`: columns that are left out."""

    pixels: list[tuple[Numbered, int]] = field(default_factory=list)
    label: int | None = None
    id: int | None = None
    unused: list[int] = field(default_factory=list)

    @property
    def apart(self) -> list[int]:
        known = [index for index in (self.label, self.id) if index is not None]
        return known + self.unused

    @classmethod
    def of_names(cls, stream: Stream, names: list[str], label_column: str | None) -> Self:
        roles = cls()
        chosen = _chosen(stream, names, label_column)
        seen: dict[object, int] = {}
        for index, name in enumerate(names):
            kind = columns.kind(name)
            if index == chosen:
                kind = "label"
            elif kind == "label" and label_column is not None:
                kind = "unused"
            if kind is None:
                raise stream.refuse(_unknown(name, index))
            if kind == "unused":
                roles.unused.append(index)
                continue
            key = kind if isinstance(kind, str) else kind.place
            if key in seen:
                pair = f"{shown(names[seen[key]])} and {shown(name)}"
                raise stream.refuse(
                    f"columns {pair} (numbers {seen[key] + 1} and {index + 1}) are duplicates;"
                    " expected one"
                )
            seen[key] = index
            roles._set(kind, index)
        return roles

    def _set(self, kind: Numbered | str, index: int) -> None:
        if isinstance(kind, Numbered):
            self.pixels.append((kind, index))
        elif kind == "label":
            self.label = index
        else:
            self.id = index

    def described(self, names: Sequence[str]) -> str:
        text = "" if self.label is None else f", labels in {shown(names[self.label])}"
        if self.id is not None:
            text += f", ids in {shown(names[self.id])}"
        if self.unused:
            left_out = ", ".join(shown(names[index]) for index in self.unused[:3])
            text += f", without the column {left_out}"
        return text


def header_names(stream: Stream, line: bytes) -> list[str]:
    """The names in the line of a header.

    Raises:
        InputError: it is no text in UTF-8, it is blank, or there are only numbers in it.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise stream.refuse(
            f"line 1 is not UTF-8 ({error.reason}); expected CSV text in UTF-8"
        ) from error
    names = [name.strip() for name in stream.cells(text, 0)]
    if names == [""]:
        raise stream.refuse(f"line 1 is blank; {EXAMPLE}")
    return names


def _chosen(stream: Stream, names: list[str], label_column: str | None) -> int | None:
    """The index of the column that `label_column` names."""
    if label_column is None or label_column == "none":
        return None
    if label_column in names:
        return names.index(label_column)
    ends = {"first": 0, "last": len(names) - 1}
    if label_column not in ends:
        few = ", ".join(shown(name) for name in names[:3])
        raise stream.refuse(
            f"there is no column {shown(label_column)} for --label-column; the first are {few}"
        )
    return ends[label_column]


def _unknown(name: str, index: int) -> str:
    return (
        f"column {index + 1}, {shown(name)}, is unknown; expected label, id and pixel0, pixel1, ..."
        " only; remove it, or name it with --label-column if it has the labels"
    )


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


def _shape(stream: Stream, count: int, span: str, options: TableOptions) -> ImageShape:
    if options.image_size is None:
        shape = square_image(count)
        if count and values_of(shape) == count:
            return shape
        raise stream.refuse(
            f"there are {count} pixel columns{span}; expected a square number, such as 784, or"
            " three times one for images in colour, or the size with --image-size HEIGHTxWIDTH"
        )
    height, width = options.image_size
    if height * width == count:
        return height, width
    if height * width * COLOURS == count:
        return height, width, COLOURS
    raise stream.refuse(
        f"there are {count} pixel columns{span}; --image-size {height}x{width} needs"
        f" {height * width}, or {COLOURS} times as many in colour"
    )

"""Find out how a table is written, from its first lines: delimiter, header, labels, fractions.

What the lines leave open is refused with the option that decides.
"""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fashion_nn.core.images import COLOURS, values_of
from fashion_nn.tables.layout import NUMBER, Labels, Layout, square_image
from fashion_nn.tables.options import TableOptions
from fashion_nn.tables.stream import Stream, shown

DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEPARATOR_LINE = re.compile(rb'"?sep=(.)"?\r?')
_MAX_LINES = 200
_MAX_CELLS = 400_000
# A column whose commonest value has this share of another one's is not like that one.
_MUCH_LESS = 0.6
_MOST_CLASSES = 200


def find_layout(stream: Stream, labels: Labels, options: TableOptions) -> Layout:
    """The layout of the table that `stream` is at the start of; its header is then read.

    Raises:
        InputError: the first lines are no table of images, or leave open what they are.
    """
    _require_text(stream)
    stream.delimiter = _delimiter(stream, options)
    lines = _lines(stream.head())
    if not lines or not lines[0].strip():
        raise stream.refuse("line 1 is blank; expected a header such as label,pixel0,pixel1,...")
    first = stream.cells(lines[0], 0)
    count = len(first)
    has_header = _has_header(stream, first, options)
    del first  # a line may have a million cells
    if has_header:
        layout = Layout.of_header(stream, stream.take_line(), labels, options)
        rows = _cells(stream, lines[1:], count)
    else:
        rows = _cells(stream, lines, count)
        places = _places(stream, rows, count, labels, options)
        layout = Layout.of_columns(stream, count, places, labels, options)
    return _with_cells(stream, layout, rows)


def _require_text(stream: Stream) -> None:
    start = stream.head()[:4096].partition(b"\n")[0]
    if b"\0" in start or start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise stream.refuse("line 1 is binary, UTF-16 or UTF-32; expected CSV text in UTF-8")


def _delimiter(stream: Stream, options: TableOptions) -> str:
    """The delimiter, and with it an Excel line such as `sep=;` is read over."""
    line = stream.head().partition(b"\n")[0]
    stated = _SEPARATOR_LINE.fullmatch(line)
    if stated:
        stream.take_line()
    if options.delimiter is not None:
        return options.delimiter
    if stated and stated[1].decode("latin-1") in DELIMITERS:
        return stated[1].decode("latin-1")
    lines = _lines(stream.head())[:3]
    counts = {each: [line.count(each) for line in lines] for each in DELIMITERS if each in lines[0]}
    if len(counts) > 1:
        counts = {each: found for each, found in counts.items() if len(set(found)) == 1}
    if len(counts) > 1:
        found = " and ".join(_NAMES[each] for each in counts)
        raise stream.refuse(
            f"the columns may be divided by {found}; say which with --delimiter", row=0
        )
    return next(iter(counts), ",")


def _lines(head: bytes) -> list[str]:
    """The first lines, whole ones only unless there is a single one."""
    text = head.decode("utf-8", "backslashreplace")
    lines = text.split("\n", _MAX_LINES)
    if len(lines) > 1:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def _cells(stream: Stream, lines: Sequence[str], count: int) -> list[list[str]]:
    """The cells of the lines that have `count` of them, as far as they are needed here."""
    most = max(1, _MAX_CELLS // max(count, 1))
    try:
        rows = list(csv.reader(lines[:most], delimiter=stream.delimiter))
    except csv.Error:
        return []
    return [[cell.strip(" ") for cell in row] for row in rows if len(row) == count]


def _has_header(stream: Stream, first: Sequence[str], options: TableOptions) -> bool:
    if options.header is not None:
        return options.header
    last = len(first) - 1
    if not all(
        NUMBER.fullmatch(cell.strip()) or (index == last > 0 and not cell.strip())
        for index, cell in enumerate(first)
    ):
        return True
    cells = [cell.strip() for cell in first]
    counts_up = cells in ([str(number + start) for number in range(len(cells))] for start in (0, 1))
    if not counts_up or len(cells) == 1:
        return False
    if len(cells) > 256:  # more than a pixel can be
        return True
    raise stream.refuse(
        f"line 1, {shown(','.join(cells))}, may be a header or an image; say which with --header or"
        " --no-header"
    )


def _places(
    stream: Stream,
    rows: Sequence[Sequence[str]],
    count: int,
    labels: Labels,
    options: TableOptions,
) -> tuple[int | None, int | None]:
    """The indices of the label column and of the id column of a table without a header."""
    chosen = {"first": 0, "last": count - 1, "none": None}
    has_none = labels == "ignored" and _is_image(count, options)
    if options.label_column is not None and not has_none:
        if options.label_column not in chosen:
            raise stream.refuse(
                f"there is no header, so no column {shown(options.label_column)}; give"
                " --label-column first, last or none"
            )
        return chosen[options.label_column], None
    if _is_image(count, options) or not _is_image(count - 1, options):
        return None, None
    several = stream.elsewhere()
    sampled = [*rows, *(row for text in several for row in _cells(stream, _lines(text), count))]
    if _counts_up([row[0] for row in rows]):
        return None, 0
    return _label_end(stream, sampled, count), None


def _is_image(count: int, options: TableOptions) -> bool:
    """Whether an image can have this number of values."""
    if options.image_size is None:
        return count > 0 and values_of(square_image(count)) == count
    area = math.prod(options.image_size)
    return count in (area, COLOURS * area)


def _counts_up(cells: Sequence[str]) -> bool:
    """Whether cells are 0, 1, 2, … or 1, 2, 3, …, as ids are."""
    counted = ([str(i + start) for i in range(len(cells))] for start in (0, 1))
    return len(cells) > 2 and list(cells) in counted


def _label_end(stream: Stream, rows: Sequence[Sequence[str]], count: int) -> int:
    """Whether the first or the last column has the labels.

    At a corner of images nearly all pixels have one value, or in photographs many, while labels
    have several that occur again.
    """
    shares = []
    for index in (0, count - 1):
        found, times = np.unique([row[index] for row in rows], return_counts=True)
        most = min(_MOST_CLASSES, max(len(rows) // 2, 2))
        shares.append(times.max() / times.sum() if 1 < len(found) <= most else 1.0)
    first, last = shares
    if first < _MUCH_LESS * last:
        return 0
    if last < _MUCH_LESS * first:
        return count - 1
    raise stream.refuse(
        f"there is no header, and the labels may be in the first or the last of {count} columns;"
        " say which with --label-column first or --label-column last"
    )


def _with_cells(stream: Stream, layout: Layout, rows: Sequence[Sequence[str]]) -> Layout:
    """`layout` with what the cells of the first rows show."""
    words = set()
    for index in (layout.label, layout.id):
        cells = [row[index] for row in rows if index is not None]
        if 2 * sum(bool(cell) and not NUMBER.fullmatch(cell) for cell in cells) > len(cells):
            words.add(index)
    fractions = _are_fractions([row[index] for row in rows for index in layout.pixels.tolist()])
    said = layout.said
    if stream.delimiter != ",":
        how = _NAMES.get(stream.delimiter, shown(stream.delimiter))
        said = f"divided by {how}, {said}"
    if fractions:
        said += ", pixels from 0 to 1 taken times 255"
    known = frozenset(index for index in words if index is not None)
    return replace(
        layout,
        delimiter=stream.delimiter,
        words=known,
        fractions=fractions,
        said=f"CSV {said}",
    )


def _are_fractions(cells: Sequence[str]) -> bool:
    """Whether pixels are written from 0 to 1, which at least one cell between shows."""
    between = False
    for cell in set(cells):
        if not NUMBER.fullmatch(cell) or len(cell) > 64:
            return False
        value = float(cell)
        if not 0 <= value <= 1:
            return False
        between = between or 0 < value < 1
    return between

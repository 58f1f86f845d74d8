"""What the names of columns mean: which are pixels, and which are the label, the id or neither."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

LABEL_NAMES = ("label", "class", "target", "labels", "category", "y")
# Compared without case, spaces and underscores.
_ID_NAMES = ("id", "imageid", "filename", "imagename", "file")
_UNUSED_NAMES = ("", "index", "unnamed:0", "usage")
_NUMBERED = re.compile(r"([a-z]{0,20})[ ._]?([0-9]{1,7})", re.IGNORECASE | re.ASCII)
_IN_GRID = re.compile(r"([0-9]{1,4})x([0-9]{1,4})", re.IGNORECASE | re.ASCII)
_PIXEL_PREFIXES = ("pixel", "pix", "px", "p", "x", "v", "f", "feature", "attr", "column", "")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A column of one pixel: the number in its name, or row and column."""

    prefix: str
    place: tuple[int, ...]


class ColumnsError(ValueError):
    """The columns make no images; the message says why, in one line."""


def kind(name: str) -> Numbered | str | None:
    """What a column is by its name: a pixel, "label", "id", "unused", or None for an unknown one.

    >>> kind("pixel_7"), kind("2x3"), kind("Label"), kind("Unnamed: 0"), kind("weight")
    (Numbered(prefix='pixel', place=(7,)), Numbered(prefix='x', place=(2, 3)), 'label', 'unused', \
None)
    """
    plain = name.lower().replace("_", "").replace(" ", "")
    if plain in LABEL_NAMES:
        return "label"
    if plain in _ID_NAMES:
        return "id"
    if plain in _UNUSED_NAMES:
        return "unused"
    if match := _IN_GRID.fullmatch(name):
        return Numbered("x", (int(match[1]), int(match[2])))
    match = _NUMBERED.fullmatch(name)
    if match and match[1].lower() in _PIXEL_PREFIXES:
        return Numbered(match[1].lower(), (int(match[2]),))
    return None


def in_order(found: Sequence[tuple[Numbered, int]]) -> tuple[list[int], tuple[int, int] | None]:
    """The indices of the columns of pixels in the order of the pixels, and the shape of an image.

    Args:
        found: each column of a pixel with its index in the file.

    Returns:
        The indices; height and width, if the names say rows and columns.

    Raises:
        ColumnsError: there are none, some are missing, or they are named in several ways.
    """
    if not found:
        raise ColumnsError("there are no pixel columns; expected pixel0, pixel1, ...")
    ways = {(each.prefix, len(each.place)) for each, _ in found}
    if len(ways) > 1:
        raise ColumnsError(
            f"the pixel columns are named in {len(ways)} ways; expected one, such as pixel0,"
            " pixel1, ..."
        )
    if len(found[0][0].place) == 2:
        return _in_rows(found)
    prefix = found[0][0].prefix
    numbers = {each.place[0]: index for each, index in found}
    wanted = range(0 if 0 in numbers else 1, max(numbers) + 1)
    missing = len(wanted) - len(numbers)
    if missing:
        first = islice((number for number in wanted if number not in numbers), 5)
        some = ", ".join(f"{prefix}{number}" for number in first)
        more = ", ..." if missing > 5 else ""
        raise ColumnsError(
            f"{missing} of {len(wanted)} pixel columns are missing: {some}{more}; expected all"
        )
    return [numbers[number] for number in wanted], None


def _in_rows(found: Sequence[tuple[Numbered, int]]) -> tuple[list[int], tuple[int, int]]:
    places = {(each.place[0], each.place[1]): index for each, index in found}
    rows = sorted({row for row, _ in places})
    columns = sorted({column for _, column in places})
    shape = (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)
    if len(places) != shape[0] * shape[1]:
        raise ColumnsError(
            f"there are {len(places)} pixel columns for {shape[0]} rows of {shape[1]} pixels;"
            " expected all"
        )
    return [places[place] for place in sorted(places)], shape

"""Read a prediction file of unknown origin as it is written, so that what is wrong can be named."""

import codecs
import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_nn.core import csv_rows
from fashion_nn.core.csv_rows import CsvError
from fashion_nn.core.reading import opened
from fashion_nn.datasets import LabelMap
from fashion_nn.errors import InputError

MAX_CLASSES = 10_000
"""Largest number of classes of any data set; labels are below it."""

CLASSES = LabelMap()
"""Labels are the classes 0..k-1 themselves."""

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,9}(?:\.0*)?\s*")
_BYTES_BASE = 1 << 20
_BYTES_A_ROW = 1 << 10
_CELLS_BASE = 200_000
_CELLS_A_ROW = 64


@dataclass(frozen=True, slots=True, eq=False)
class PredictionFile:
    """The cells of a prediction file, as they are written.

    header: None if there is none.
    rows: all other lines; they may have different numbers of cells.
    has_bom: whether the file begins with a byte order mark.
    sha256: of the bytes that were read, hexadecimal.
    """

    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    has_bom: bool
    sha256: str

    @property
    def columns(self) -> int:
        """Number of columns, by the first line."""
        return len(self.header or (self.rows[0] if self.rows else ()))

    @property
    def ids(self) -> tuple[str, ...] | None:
        """The first of two columns; None if there are not two."""
        return tuple(row[0] for row in self.rows) if self._is_wide(2) else None

    def labels(self, originals: LabelMap = CLASSES) -> np.ndarray | None:
        """The last of at most two columns as classes, int64 (n,), with `3.0` read as 3.

        None if there are more columns, or if a cell is no whole number, or none of `originals`, the
        labels of the data.
        """
        if not (self._is_wide(1) or self._is_wide(2)):
            return None
        cells = [row[-1] for row in self.rows]
        if not originals.is_identity:
            classes = originals.encode(np.array([cell.strip() for cell in cells], np.str_))
            return None if (classes < 0).any() else classes
        if not all(map(_WHOLE.fullmatch, cells)):
            return None
        return np.array([int(float(cell)) for cell in cells], np.int64)

    def words(self) -> np.ndarray | None:
        """The last of at most two columns as text (n,), if no cell of it is a number; else None."""
        if not (self._is_wide(1) or self._is_wide(2)):
            return None
        cells = [row[-1].strip() for row in self.rows]
        return None if any(map(is_number, cells)) or not all(cells) else np.array(cells, np.str_)

    def aligned_labels(
        self, ids: Sequence[str], originals: LabelMap = CLASSES
    ) -> np.ndarray | None:
        """The labels, int64 (n,), in the order of `ids` if the file has the same ids.

        If it has others, or none, they are in the order of its rows. None if they cannot be read,
        or are not as many as `ids`.
        """
        labels = self.labels(originals)
        own = self.ids
        if labels is None or len(labels) != len(ids):
            return None
        if own is None or own == tuple(ids) or set(own) != set(ids):
            return labels
        place = {name: row for row, name in enumerate(own)}
        return labels[[place[name] for name in ids]]

    def _is_wide(self, columns: int) -> bool:
        return bool(self.rows) and all(len(row) == columns for row in self.rows)


def read(path: str | os.PathLike[str], *, rows: int) -> PredictionFile:
    """Read the CSV at `path`. CRLF, quoted cells and blank lines at the end are accepted.

    The first line is the header if one of its cells is no number.

    Args:
        rows: expected number; a file of more than 1 MiB and 1 KiB a row is not read, nor one of
            more than 200,000 cells or lines and 64 a row.

    Raises:
        InputError: it is no regular file, cannot be read, is far too large, or is no CSV in UTF-8.
    """
    return parse(path, _content(path, rows), rows=rows)


def parse(name: str | os.PathLike[str], content: bytes, *, rows: int) -> PredictionFile:
    """As `read`, of a file whose bytes are in memory; `name` is for messages.

    Raises:
        InputError: it is no CSV in UTF-8, or has too many cells.
    """
    try:
        lines = csv_rows.parse(content, most=_CELLS_BASE + rows * _CELLS_A_ROW)
    except CsvError as error:
        raise InputError(
            f"{os.fspath(name)}: {error}: expected a prediction file of this test table"
        ) from None
    while lines and not any(lines[-1]):
        lines.pop()
    table = [tuple(line) for line in lines]
    header = table.pop(0) if table and not all(map(is_number, table[0])) else None
    digest = hashlib.sha256(content).hexdigest()
    return PredictionFile(header, tuple(table), content.startswith(codecs.BOM_UTF8), digest)


def is_number(cell: str) -> bool:
    """Whether `cell` is written as a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _content(path: str | os.PathLike[str], rows: int) -> bytes:
    limit = _BYTES_BASE + rows * _BYTES_A_ROW
    with opened(path, expected="expected a prediction file", follow_links=True) as content:
        found = content.read(limit + 1)
    if len(found) > limit:
        raise InputError(
            f"{path}: has more than {limit:,} bytes, too many for a prediction file of this test"
            " table"
        )
    return found

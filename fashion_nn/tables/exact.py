"""From lines to rows, cell by cell: the definition of what a table may hold, with every message."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from fashion_nn.tables.layout import NUMBER, Layout
from fashion_nn.tables.stream import Stream, shown

MAX_DIGITS = 18  # always fit int64
_MAX_INTEGER = 10**MAX_DIGITS - 1
_MAX_LENGTH = 64  # characters of a cell
_MAX_KNOWN = 10_000  # spellings that are remembered


class Piece(NamedTuple):
    """Successive rows: pixels uint8 (n, p), labels and ids int64 (n,) or None."""

    pixels: np.ndarray
    labels: np.ndarray | None
    ids: np.ndarray | None


class Exact:
    """Parser of whole lines that accepts or refuses each cell on its own."""

    def __init__(self, stream: Stream, layout: Layout) -> None:
        self._stream = stream
        self._layout = layout
        self._skipped = set(layout.apart) - {layout.label, layout.id}
        # Spellings of numbers that are valid in any column.
        self._known = {str(value): value for value in range(256)}

    def parse(self, text: bytes, first: int) -> Piece:
        """The rows of `text`; `first` is the number of its first row.

        Raises:
            InputError: the message names row, line and column of the first fault.
        """
        lines = text.decode("utf-8", "backslashreplace").split("\n")[:-1]
        numbers = np.array(
            [self._row(line, row) for row, line in enumerate(lines, first)], np.int64
        )
        label = self._layout.label
        identity = self._layout.id
        return Piece(
            numbers[:, self._layout.pixels].astype(np.uint8),
            None if label is None else numbers[:, label].copy(),
            None if identity is None else numbers[:, identity].copy(),
        )

    def _row(self, line: str, row: int) -> list[int]:
        """One number for each column; any number where the cell is ignored."""
        if not line.strip(" \r"):
            raise self._stream.refuse_blank(row)
        cells = self._stream.cells(line, row)
        expected = len(self._layout.names)
        if len(cells) != expected:
            problem = f"got {len(cells)} cells; expected {expected}, one a column of the header"
            raise self._stream.refuse(problem, row=row)
        try:
            return list(map(self._known.__getitem__, cells))
        except KeyError:
            return [
                self._known[cell] if cell in self._known else self._number(cell, row, column)
                for column, cell in enumerate(cells)
            ]

    def _number(self, cell: str, row: int, column: int) -> int:
        if column in self._skipped:
            return 0
        text = cell.strip(" ")
        is_apart = column in self._layout.apart
        largest = _MAX_INTEGER if is_apart else 255
        if len(text) <= _MAX_LENGTH and NUMBER.fullmatch(text):
            value = Decimal(text)
            if 0 <= value <= largest and value == value.to_integral_value():
                if value <= 255 and len(self._known) < _MAX_KNOWN:
                    self._known[cell] = int(value)
                return int(value)
        got = shown(cell) if text else "an empty cell"
        bounds = f"0 or above, of at most {MAX_DIGITS} digits" if is_apart else "0 to 255"
        raise self._stream.refuse(
            f"got {got}; expected a whole number, {bounds}",
            row=row,
            column=self._layout.names[column],
        )

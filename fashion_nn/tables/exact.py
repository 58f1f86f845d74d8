"""From lines to rows, cell by cell: the definition of what a table may hold, with every message."""

from decimal import Decimal
from typing import NamedTuple

import numpy as np

from fashion_nn.tables.layout import NUMBER, Layout
from fashion_nn.tables.stream import Stream, shown

MAX_DIGITS = 18  # always fit int64
_MAX_INTEGER = 10**MAX_DIGITS - 1
_MAX_LENGTH = 64  # characters of a cell
_EXACT = 1e-3  # how far 255 times a fraction may be from a whole number
_MAX_KNOWN = 10_000  # spellings that are remembered


class Piece(NamedTuple):
    """Successive rows.

    pixels: uint8 (n, p).
    labels, ids: int64 (n,), or text (n,) where the layout says so; None if there are none.
    rounded: whether a pixel that was written as a fraction of 255 is no whole number.
    """

    pixels: np.ndarray
    labels: np.ndarray | None
    ids: np.ndarray | None
    rounded: bool = False


class Exact:
    """Parser of whole lines that accepts or refuses each cell on its own."""

    def __init__(self, stream: Stream, layout: Layout) -> None:
        self._stream = stream
        self._layout = layout
        self._skipped = set(layout.apart) - {layout.label, layout.id}
        self._rounded = False
        # Spellings that mean the same number in each column in which they are looked up.
        self._known = {str(value): value for value in range(1 if layout.fractions else 256)}

    def parse(self, text: bytes, first: int) -> Piece:
        """The rows of `text`; `first` is the number of its first row.

        Raises:
            InputError: the message names row, line and column of the first fault.
        """
        lines = text.decode("utf-8", "backslashreplace").split("\n")[:-1]
        texts: dict[int, list[str]] = {column: [] for column in self._layout.words}
        numbers = np.array(
            [self._row(line, row, texts) for row, line in enumerate(lines, first)], np.int64
        )

        def cells(column: int | None) -> np.ndarray | None:
            if column is None:
                return None
            words = texts.get(column)
            return numbers[:, column].copy() if words is None else np.array(words, np.str_)

        return Piece(
            numbers[:, self._layout.pixels].astype(np.uint8),
            cells(self._layout.label),
            cells(self._layout.id),
            self._rounded,
        )

    def _row(self, line: str, row: int, texts: dict[int, list[str]]) -> list[int]:
        """One number for each column; any number where the cell is ignored or text."""
        if not line.strip(" \r"):
            raise self._stream.refuse_blank(row)
        cells = self._stream.cells(line, row)
        expected = len(self._layout.names)
        if len(cells) != expected:
            problem = f"got {len(cells)} cells; expected {expected}, as the first line has"
            raise self._stream.refuse(problem, row=row)
        for column, words in texts.items():
            words.append(self._text(cells[column], row, column))
            cells[column] = "0"
        if not self._layout.fractions:
            return self._numbers(cells, row)
        # In the other columns the same text means another number.
        others = {column: self._number(cells[column], row, column) for column in self._layout.apart}
        for column in others:
            cells[column] = "0"
        found = self._numbers(cells, row)
        for column, number in others.items():
            found[column] = number
        return found

    def _numbers(self, cells: list[str], row: int) -> list[int]:
        try:
            return list(map(self._known.__getitem__, cells))
        except KeyError:
            return [
                self._known[cell] if cell in self._known else self._number(cell, row, column)
                for column, cell in enumerate(cells)
            ]

    def _text(self, cell: str, row: int, column: int) -> str:
        found = plain_text(cell)
        if found is None:
            got = shown(cell) if cell.strip() else "an empty cell"
            raise self._stream.refuse(
                f"got {got}; expected printable text of at most {_MAX_LENGTH} characters",
                row=row,
                column=self._layout.names[column],
            )
        return found

    def _number(self, cell: str, row: int, column: int) -> int:
        if column in self._skipped:
            return 0
        text = cell.strip(" ")
        is_apart = column in self._layout.apart
        if len(text) <= _MAX_LENGTH and NUMBER.fullmatch(text):
            value = Decimal(text)
            if self._layout.fractions and not is_apart:
                if 0 <= value <= 1:
                    return self._fraction(cell, value)
            elif self._fits(value, column):
                may_be_anywhere = 0 <= value <= 255 and not self._layout.fractions
                if may_be_anywhere and len(self._known) < _MAX_KNOWN:
                    self._known[cell] = int(value)
                return int(value)
        got = shown(cell) if text else "an empty cell"
        raise self._stream.refuse(
            f"got {got}; expected {self._expected(column)}",
            row=row,
            column=self._layout.names[column],
        )

    def _fits(self, value: Decimal, column: int) -> bool:
        smallest = -_MAX_INTEGER if column == self._layout.label else 0
        largest = _MAX_INTEGER if column in self._layout.apart else 255
        return smallest <= value <= largest and value == value.to_integral_value()

    def _fraction(self, cell: str, value: Decimal) -> int:
        pixel = round(255 * float(value))
        self._rounded = self._rounded or abs(255 * float(value) - pixel) > _EXACT
        if len(self._known) < _MAX_KNOWN:
            self._known[cell] = pixel
        return pixel

    def _expected(self, column: int) -> str:
        if column in self._layout.apart:
            above = "" if column == self._layout.label else ", 0 or above"
            return f"a whole number{above}, of at most {MAX_DIGITS} digits"
        return "a number from 0 to 1" if self._layout.fractions else "a whole number, 0 to 255"


def plain_text(cell: str) -> str | None:
    """The text of a label or an id, without the single quotes that some programs write; None if it
    is empty or cannot be printed.
    """
    text = cell.strip(" ")
    if len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    is_plain = 0 < len(text) <= _MAX_LENGTH and text.isprintable()
    return text if is_plain else None

"""A CSV table whose cells can be replaced while all others pass byte for byte."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from fashion_nn.errors import InputError

_DELIMITERS = ",;\t"


@dataclass(slots=True)
class Cell:
    """One cell: its bytes in the file, with the quotes that it may have."""

    raw: str

    @property
    def text(self) -> str:
        """The cell without its quotes."""
        if len(self.raw) > 1 and self.raw[0] == self.raw[-1] == '"':
            return self.raw[1:-1].replace('""', '"')
        return self.raw


@dataclass(slots=True)
class Row:
    """The cells of one row, and the end of its line."""

    cells: list[Cell]
    end: str


class RawTable:
    """A table as somebody else has written it.

    Attributes:
        header: the texts of the first row.
        rows: the other rows.
    """

    def __init__(self, content: bytes, name: str) -> None:
        """Take a CSV apart; `name` is for messages.

        Raises:
            InputError: it has a quote that does not end, or no header.
        """
        self._bom = content[:3] if content.startswith(codecs.BOM_UTF8) else b""
        body = content[len(self._bom) :]
        try:
            text = body.decode()
            self._encoding = "utf-8"
        except UnicodeDecodeError:
            text = body.decode("latin-1")
            self._encoding = "latin-1"
        first = text.split("\n", 1)[0]
        self._delimiter = max(_DELIMITERS, key=first.count)
        rows = list(_rows(text, self._delimiter, name))
        if not rows:
            raise InputError(f"{name}: is empty: expected a table with a header")
        self._header = rows[0]
        self.rows = rows[1:]

    @property
    def header(self) -> list[str]:
        return [cell.text for cell in self._header.cells]

    def replace(self, row: Row, column: int, text: str) -> None:
        """Put `text` into a cell, with quotes where it needs them."""
        needs_quotes = any(letter in text for letter in (self._delimiter, '"', "\n", "\r"))
        quoted = '"' + text.replace('"', '""') + '"'
        row.cells[column].raw = quoted if needs_quotes else text

    def render(self) -> bytes:
        """The whole file. All that was not replaced is as it was."""
        lines = (
            self._delimiter.join(cell.raw for cell in row.cells) + row.end
            for row in (self._header, *self.rows)
        )
        return self._bom + "".join(lines).encode(self._encoding, errors="replace")


def _rows(text: str, delimiter: str, name: str) -> Iterator[Row]:
    place = 0
    while place < len(text):
        cells = []
        while True:
            start = place
            place = _end_of_cell(text, place, delimiter, name)
            cells.append(Cell(text[start:place]))
            if text[place : place + 1] != delimiter:
                break
            place += 1
        end = "\r\n" if text.startswith("\r\n", place) else text[place : place + 1]
        place += len(end)
        yield Row(cells, end)


def _end_of_cell(text: str, place: int, delimiter: str, name: str) -> int:
    """Where the delimiter or line end behind the cell at `place` is."""
    if text.startswith('"', place):
        place += 1
        while True:
            place = text.find('"', place)
            if place < 0:
                raise InputError(f"{name}: has a quote that does not end: expected a CSV")
            if not text.startswith('"', place + 1):
                break
            place += 2
    while place < len(text) and text[place] not in (delimiter, "\n", "\r"):
        place += 1
    return place

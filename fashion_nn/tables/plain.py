"""From lines to rows, as arrays of bytes: what `exact` gives for cells of bare digits, ten times faster."""

import threading

import numpy as np

from fashion_nn.tables.exact import MAX_DIGITS, Piece
from fashion_nn.tables.layout import Layout

_ZERO, _COMMA, _FEED, _TEN = (np.uint8(value) for value in (*b"0,\n", 10))
_NOT_ALONE = np.frombuffer(b'"\0\r', np.uint8)  # they matter to the line, or to the file, not to their cell only


class Plain:
    """Parser that declines (None) whatever is not bare digits; some spellings are made such before."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        first = int(layout.pixels[0])
        natural = np.array_equal(layout.pixels, np.arange(first, first + layout.size))
        self._order = slice(first, first + layout.size) if natural else layout.pixels
        self._work = threading.local()

    def parse(self, text: bytes, rows: int) -> Piece | None:
        """The rows of `text`, which has `rows` line feeds, one at its end; None if only `exact` can tell."""
        text = _simplified(text)
        data = np.frombuffer(text, np.uint8)
        ends, values, good = self._scan(data)
        columns = len(self._layout.names)
        # Each row has its cells if every `columns`-th separator is a line feed, and no other one is.
        if ends.size != rows * columns or not (data[ends[columns - 1 :: columns]] == _FEED).all():
            return None
        plain = bool(good.all())
        if not plain:
            faults = np.flatnonzero(~good)
            # Most texts that are not for this parser show it at once.
            if not all(self._are_apart(some, data, ends) for some in (faults[:100], faults[100:])):
                return None
        grid = values.take(ends).reshape(rows, columns)
        integers: list[np.ndarray | None] = []
        for column in (self._layout.label, self._layout.id):
            if column is None:
                integers.append(None)
            elif plain:
                integers.append(grid[:, column].astype(np.int64))
            elif (found := _integers(text, ends, column, columns)) is not None:
                integers.append(found)
            else:
                return None
        return Piece(grid[:, self._order], *integers)

    def _scan(self, text: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the separators are, the value before each, and which bytes are good.

        One pass an operation, in uint8 and in arrays that are used again: so that none waits for memory.
        Good is a digit, and a separator right after a digit; but not the fourth digit of a cell, nor the one that
        makes the number exceed 255.
        """
        digit, separator, number, three, good, value, most = self._rooms(text.size)
        np.subtract(text, _ZERO, out=number[3:])
        np.less(number[3:], _TEN, out=digit[3:].view(bool))
        number *= digit
        np.equal(text, _FEED, out=separator[3:].view(bool))
        np.equal(text, _COMMA, out=value[3:].view(bool))
        separator |= value
        np.bitwise_and(separator[3:], digit[2:-1], out=good[3:])
        good |= digit
        # three: this byte and the two before are digits; value: and the one before these.
        np.bitwise_and(digit[3:], digit[2:-1], out=three[3:])
        three[3:] &= digit[1:-2]
        np.bitwise_and(three[3:], digit[:-3], out=value[3:])
        good ^= value
        # tens: the number before this digit, of one or two digits; 26 stands for all above, of which value shows:
        # 10 * 25 + 6 to 10 * 26 + 9 come out as 0 to 13, less than tens.
        tens = three[3:]
        tens *= number[1:-2]
        tens *= _TEN
        tens += number[2:-1]
        np.minimum(tens, most[3:], out=tens)
        np.multiply(tens, _TEN, out=value[3:])
        value += number
        np.less_equal(tens, value[3:], out=tens.view(bool))
        good &= three
        # A cell's value stands at its last digit, one before its separator.
        return np.flatnonzero(separator[3:].view(bool)), value[2:-1], good[3:].view(bool)

    def _rooms(self, size: int) -> np.ndarray:
        """Arrays of `size` bytes after three that say: no digit. Each thread has its own."""
        rooms = getattr(self._work, "rooms", None)
        if rooms is None or rooms.shape[1] < size + 3:
            rooms = self._work.rooms = np.zeros((7, size + size // 8 + 3), np.uint8)
            rooms[6] = 26  # an array because NumPy's minimum with a number takes twenty times longer
        return rooms[:, : size + 3]

    def _are_apart(self, faults: np.ndarray, data: np.ndarray, ends: np.ndarray) -> bool:
        """Whether all faults lie in columns that hold no pixels, and none needs more than to be left alone."""
        columns = ends.searchsorted(faults) % len(self._layout.names)
        return bool(np.isin(columns, self._layout.apart).all()) and not np.isin(data[faults], _NOT_ALONE).any()


def _integers(text: bytes, ends: np.ndarray, column: int, columns: int) -> np.ndarray | None:
    """The integers of a column, int64; None unless each is 1 to 18 digits."""
    stops = ends[column::columns].tolist()
    starts = (np.concatenate([[-1], ends])[column:-1:columns] + 1).tolist()
    cells = [text[start:stop] for start, stop in zip(starts, stops, strict=True)]
    if not all(map(bytes.isdigit, cells)) or max(map(len, cells)) > MAX_DIGITS:
        return None
    return np.array(list(map(int, cells)), np.int64)


def _simplified(text: bytes) -> bytes:
    """Spell CRLF, `.0` and a space after the comma as `Plain` knows them, if the first line has them."""
    line = text[: text.index(b"\n") + 1]
    if b"\r" in line:
        text = text.replace(b"\r\n", b"\n")
    if b" " in line:
        text = text.replace(b", ", b",")
    if b"." in line:
        text = text.replace(b".0,", b",").replace(b".0\n", b"\n")
    return text

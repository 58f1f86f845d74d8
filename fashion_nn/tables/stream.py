"""From a file, plain or gzip, to lines and cells, within limits; and the form of every error."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader

import numpy as np

from fashion_nn.core.files import FileIn, OpenFile, Readable
from fashion_nn.core.gunzip import MAGIC, Begun, Gunzip, GunzipError, TooLarge
from fashion_nn.core.reading import NotRegularError, open_file
from fashion_nn.errors import InputError

TableSource = str | os.PathLike[str] | FileIn
"""A path, or a file in a folder or an archive."""

_READ_BYTES = 1 << 20
_PIECE_BYTES = 1 << 19  # so that the arrays of `plain` stay in the processor's cache
_MAX_LINE_BYTES = 4 << 20  # an image of 1024 x 1024
_MAX_SHOWN = 80
_BLANKS = b" \r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PLACES = 32
_PLACE_BYTES = 1 << 16


class Stream:
    """An open table file. `rows` is the number of data rows that were read from it."""

    def __init__(
        self, name: str, file: OpenFile, progress: Callable[[int, int], None] | None
    ) -> None:
        self.rows = 0
        self.delimiter = ","
        self.lines_taken = 0  # before the first row
        self._name = name
        self._raw = file.raw
        self._size = file.size
        self._start = b""
        self._packed = self._is_gzip()
        self._file: Readable | Gunzip = self._raw
        if self._packed:
            self._file = Gunzip(Begun(self._start, self._raw), self._size)
            self._start = b""
        self._begun = False
        self._rest = b""
        self._progress = progress

    @property
    def fraction(self) -> float:
        """The share of the file that is read, above 0 and up to 1."""
        return min(1.0, max(1, self._raw.tell()) / self._size)

    def refuse(
        self, problem: str, *, row: int | None = None, column: str | None = None
    ) -> InputError:
        """The error to raise.

        Args:
            problem: what is wrong, what is expected, how to mend it.
            row: number of the row; 0 is the header, the last line before the first row. No row
                has a line break, so its line follows from its number.
            column: name of the column.
        """
        place = shown_path(self._name)
        if row is not None:
            line = row + self.lines_taken
            place += f": data row {row} (line {line})" if row else f": line {line or 1}, the header"
        if column is not None:
            place += f", column {shown(column)}"
        return InputError(f"{place}: {problem}")

    def head(self) -> bytes:
        """The first bytes that are not taken yet, at least one line; they stay to be read."""
        while b"\n" not in self._rest[:-1] and (block := self._block()):
            self._rest += block
            if not self.lines_taken:
                self._rest = self._rest.removeprefix(_BYTE_ORDER_MARK)
            self._check_line_length()
        return self._rest

    def take_line(self) -> bytes:
        """The next line before the first row, without its line feed."""
        self.head()
        line, _, self._rest = self._rest.partition(b"\n")
        self.lines_taken += 1
        return line

    def elsewhere(self) -> list[bytes]:
        """Whole lines from places all over the file; none if only its start can be reached."""
        raw = self._raw
        if (
            self._packed
            or self._size < _PLACES * _PLACE_BYTES
            or not isinstance(raw, BufferedReader)
        ):
            return []
        here = raw.tell()
        texts = []
        for place in range(_PLACES):
            raw.seek(place * (self._size // _PLACES))
            texts.append(raw.read(_PLACE_BYTES).partition(b"\n")[2])
        raw.seek(here)
        return texts

    def pieces(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield the lines after the header in large pieces of text, each line with its line feed.

        With each piece come the number of its first row and the number of rows. Blank lines at the
        end of the file are dropped; those before a row are refused.
        """
        blank = False
        block = b"\n"
        while block != b"":
            block = self._block()
            text = self._rest + (block or b"\n" if self._rest else block)
            end = text.rfind(b"\n") + 1
            self._rest = text[end:]
            self._check_line_length()
            content = _end_of_content(text, end)
            if content and blank:
                raise self.refuse_blank(self.rows + 1)
            blank = content < end or (blank and not end)
            for piece in _divided(text, content):
                count = int(np.count_nonzero(np.frombuffer(piece, np.uint8) == ord("\n")))
                yield self.rows + 1, count, piece
                self.rows += count

    def cells(self, line: str, row: int) -> list[str]:
        """Split a line without its line feed; row 0 is the header."""
        line = line.removesuffix("\r")
        if "\r" in line:
            raise self.refuse(
                "a carriage return stands in the line; expected lines that end in LF or CRLF",
                row=row,
            )
        if "\0" in line:
            raise self.refuse(
                "a NUL byte stands in the line; expected CSV text, not binary data", row=row
            )
        if '"' not in line:
            return line.split(self.delimiter)
        try:
            return next(csv.reader([line], delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            raise self.refuse(
                f'the quotes are wrong ({error}); expected cells such as 12 or "12"', row=row
            ) from error

    def refuse_blank(self, row: int) -> InputError:
        return self.refuse(
            "the line is blank; blank lines may stand at the end of the file only", row=row
        )

    def _block(self) -> bytes:
        if self._progress is not None:
            self._progress(self._raw.tell() if self._begun else 0, self._size)
            self._begun = True
        try:
            start, self._start = self._start, b""
            return start + self._file.read(_READ_BYTES - len(start))
        except TooLarge as error:
            raise self.refuse(
                f"the gzip data is no image table, {error}; unpack the file with gunzip if you"
                " trust it"
            ) from error
        except GunzipError as error:
            raise self.refuse(
                f"the gzip data is truncated or corrupt {self._here()} ({error}); get the file"
                " again"
            ) from error
        except OSError as error:
            raise self.refuse(
                f"reading failed {self._here()} ({error}); get the file again"
            ) from error

    def _check_line_length(self) -> None:
        if len(self._rest) > _MAX_LINE_BYTES:
            limit = f"{_MAX_LINE_BYTES >> 20} MiB"
            raise self.refuse(
                f"a line {self._here()} is longer than {limit}; expected one image a line"
            )

    def _here(self) -> str:
        return f"after data row {self.rows}" if self.rows else "at the start"

    def _is_gzip(self) -> bool:
        """Whether the content is gzip; the name must say the same."""
        start = self._start = self._raw.read(4)
        named = self._name.lower().endswith(".gz")
        packed = start.startswith(MAGIC)
        if not start:
            raise self.refuse("the file is empty; expected a header and one row an image")
        if start == b"PK\3\4":
            raise self.refuse(
                "this is a zip archive or an Excel workbook; unpack it or save it as CSV"
            )
        if packed and not named:
            raise self.refuse(
                "the content is gzip; expected plain text under this name, rename it to .csv.gz"
            )
        if named and not packed:
            raise self.refuse(
                "the content is not gzip; expected gzip under this name, rename it to .csv"
            )
        return packed


@contextmanager
def opened(source: TableSource, progress: Callable[[int, int], None] | None) -> Iterator[Stream]:
    """Open a table file, or one in an archive; raises InputError when that cannot be done."""
    if isinstance(source, FileIn):
        with source.files.reader(source.name) as file:
            yield Stream(str(source), file, progress)
        return
    name = shown_path(os.fsdecode(source))
    try:
        raw = open_file(source, follow_links=True)
    except NotRegularError as error:
        kind = "a folder" if error.is_folder else "not a regular file"
        raise InputError(f"{name}: this is {kind}; expected the path of a CSV file") from None
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"{name}: cannot be opened ({reason}); expected the path of a CSV file"
        ) from error
    with raw:
        size = os.fstat(raw.fileno()).st_size
        yield Stream(os.fsdecode(source), OpenFile(raw, size), progress)


def shown(text: str) -> str:
    """Foreign text for a message: quoted, escaped to printable ASCII, at most 80 characters."""
    escaped = ascii(text[:_MAX_SHOWN])
    if len(text) <= _MAX_SHOWN and len(escaped) <= _MAX_SHOWN:
        return escaped
    return escaped[: _MAX_SHOWN - 3] + "..."


def shown_path(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def _end_of_content(text: bytes, end: int) -> int:
    """The end of the last line of `text[:end]` that is not blank."""
    if text[max(end - 2, 0) : max(end - 1, 0)].strip(_BLANKS):
        return end
    content = text[:end].rstrip(_BLANKS)
    last = text.index(b"\n", len(content)) + 1 if content else 0
    lone = b"\r" in text[last:end].replace(b"\r\n", b"\n")
    return end if lone else last  # a carriage return by itself is for `exact` to refuse


def _divided(text: bytes, end: int) -> Iterator[bytes]:
    """Whole lines of `text[:end]` in pieces of roughly `_PIECE_BYTES`."""
    size = end // max(1, round(end / _PIECE_BYTES))
    start = 0
    while start < end:
        stop = text.find(b"\n", start + size, end) + 1 or end
        yield text[start:stop]
        start = stop

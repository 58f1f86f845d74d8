"""Prediction files as students write them, as the CSV with commas that the checks read."""

import csv
import datetime
import io
from collections.abc import Iterable, Iterator

from fashion_nn.core import zip_archive
from fashion_nn.core.zip_archive import ZipError
from fashion_nn.errors import InputError

_MOST_UNPACKED = 64 << 20
_MOST_MEMBERS = 2000
_MOST_COLUMNS = 64
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def as_csv(name: str, content: bytes, *, rows: int) -> tuple[bytes, str]:
    """The content of a prediction file as CSV with commas, and what it was read as.

    Args:
        name: of the file; its suffix says whether it is an Excel file.
        content: of the file, from a stranger.
        rows: number of rows that are expected; a few more than twice as many are read.

    Returns:
        The CSV, and a note such as "read with semicolons"; empty if it is the content itself.

    Raises:
        InputError: it is no such file, or it is too large.
    """
    if name.lower().endswith(".xlsx") or content.startswith(b"PK\x03\x04"):
        return _rendered(_cells(name, content, 2 * rows + 1000)), "read from an Excel file"
    note = ""
    if content.startswith(_UTF16):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise InputError(f"{name}: is not text in UTF-16") from None
        note = "read as UTF-16"
    first = content.split(b"\n", 1)[0]
    for separator, word in ((b";", "semicolons"), (b"\t", "tabs")):
        if separator in first and b"," not in first:
            text = content.decode(errors="replace").replace("\0", "")
            table = csv.reader(io.StringIO(text, newline=""), delimiter=separator.decode())
            return _rendered(_bounded(name, table, 2 * rows + 1000)), f"read with {word}"
    return content, note


def _bounded(name: str, table: Iterable[list[str]], most: int) -> Iterator[list[str]]:
    try:
        for number, row in enumerate(table):
            if number > most or len(row) > _MOST_COLUMNS:
                raise InputError(f"{name}: has too many rows or columns for this test table")
            yield row
    except csv.Error as error:
        raise InputError(f"{name}: is not CSV ({error})") from None


def _rendered(table: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row for row in table if any(row))
    return text.getvalue().encode()


def _cells(name: str, content: bytes, most: int) -> Iterator[list[str]]:
    """The cells of the first sheet, as text."""
    _require_bounded(name, content)
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            f"{name}: reading Excel files needs openpyxl: pip install 'fashion-nn[xlsx]'"
        ) from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS)):
            if number > most:
                raise InputError(f"{name}: has too many rows for this test table")
            cells = [_as_text(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            yield cells
    except InputError:
        raise
    except Exception as error:  # whatever the library says of a damaged file
        raise InputError(f"{name}: is no Excel file ({type(error).__name__})") from None


def _require_bounded(name: str, content: bytes) -> None:
    try:
        directory = zip_archive.read_directory(memoryview(content), most=_MOST_MEMBERS)
    except ZipError as error:
        raise InputError(f"{name}: is no Excel file: {error}") from None
    size = sum(entry.size for entry in directory.entries)
    if directory.total > _MOST_MEMBERS or size > _MOST_UNPACKED:
        raise InputError(f"{name}: unpacks to more than is read of an Excel file")


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.isoformat()
    return str(cell)

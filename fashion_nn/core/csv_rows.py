"""Take a small CSV that somebody else has written apart, in bounded memory.

Tables of images have a reader of their own, `fashion_nn.tables`.
"""

import codecs
import csv
import io


class CsvError(ValueError):
    """The content is no CSV that is read; the message says what it is instead."""


def parse(content: bytes, *, most: int) -> list[list[str]]:
    """The cells of each line, as text. A blank line has none.

    Args:
        content: the file, in UTF-8 with or without a byte order mark.
        most: the largest number of cells and lines together; each takes some 60 bytes.

    Raises:
        CsvError: it is not text in UTF-8, has wrong quotes, or too many cells or lines.

    >>> parse(b"id,label\\n1,9\\n", most=10)
    [['id', 'label'], ['1', '9']]
    """
    if b"\0" in content:
        raise CsvError("holds NUL bytes, is not text in UTF-8")
    # Each cell ends with one of these, so this is known before any of them is taken apart.
    if sum(map(content.count, (b",", b"\n", b"\r"))) > most:
        raise CsvError(f"has more than {most:,} cells or lines")
    text = io.TextIOWrapper(
        io.BytesIO(content.removeprefix(codecs.BOM_UTF8)), encoding="utf-8", newline=""
    )
    try:
        return list(csv.reader(text, strict=True))
    except csv.Error as error:
        raise CsvError(f"is not CSV ({error})") from None
    except UnicodeDecodeError:
        raise CsvError("is not text in UTF-8") from None

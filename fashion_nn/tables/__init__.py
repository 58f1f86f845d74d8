"""The one strict reader of CSV image tables, for training and test files alike.

Every value in a `Table` is what the file has in the column of that name. How a file is written is
found out where that is unambiguous, and said (`Table.said`). Where other readers guess (a ragged
row, an empty cell, `1_0`, 783 pixels), this one refuses the file, with row, line and column.

    stream    file, plain or gzip  ->  pieces of whole lines, within limits
    dialect   first lines          ->  delimiter, header or none, how labels and pixels are written
    columns   their names          ->  pixels, label, id, or left out
    layout    all that             ->  which column holds what
    exact     lines, cell by cell  ->  rows: the definition of what is accepted, and every message
    plain     lines, as one array  ->  the same rows, ten times faster, or None: `exact` decides
    seen      ids                  ->  which one occurs a second time

A file is never believed to be as large as it says. Reading it takes at most twice the memory of its
pixels, 50 bytes a row and 200 MiB; reading it in `blocks` takes no more than 20 bytes a row, if it
has ids, and 200 MiB. A line has at most 4 MiB.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from fashion_nn.core.images import ImageShape
from fashion_nn.errors import InputError
from fashion_nn.tables.dialect import find_layout
from fashion_nn.tables.exact import Exact, Piece
from fashion_nn.tables.layout import Labels, Layout
from fashion_nn.tables.options import FOUND_OUT, TableOptions
from fashion_nn.tables.plain import Plain
from fashion_nn.tables.seen import Seen
from fashion_nn.tables.stream import Stream, TableSource, opened

_TABLE_BYTES = 16 << 20  # one table of `blocks`
_ROW_BYTES = 16  # its label and its id
_GUESS_BYTES = 64 << 20  # pixels that `read` allocates before it has seen half as many

_THREADS = 2

__all__ = ["Table", "TableOptions", "TableSource", "blocks", "has_labels", "read"]

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Images of one CSV table, in file order.

    Attributes:
        pixels: uint8 (n, p), ordered by the number in the column's name, not by place in the file.
        labels: int64 (n,), or text (n,) where they are words, or None.
        ids: int64 (n,) or text (n,), unique, or None.
        id_column: name of the id column as the file spells it, or None.
        image_shape: of the image that a row of `pixels` is, row by row; in colour, three successive
            values are one pixel.
        said: what the table was taken for, in one line.
    """

    pixels: np.ndarray
    labels: np.ndarray | None
    ids: np.ndarray | None
    id_column: str | None
    image_shape: ImageShape
    said: str = ""

    @property
    def images(self) -> np.ndarray:
        """`pixels` as images, uint8 (n, height, width) or (n, height, width, 3)."""
        return self.pixels.reshape(-1, *self.image_shape)


def read(
    path: TableSource,
    *,
    labels: Labels = "optional",
    options: TableOptions = FOUND_OUT,
    progress: Callable[[int, int], None] | None = None,
) -> Table:
    """Read a whole CSV table (`.csv`, `.csv.gz`) of images.

    A header names the pixels with numbers, `pixel0` to `pixelN-1` or `pixel1` to `pixelN`, or with
    row and column, `1x1` to `28x28`; at most one label column (`label`, `class`, `target`) and at
    most one id column (`id`, `ImageId`, `image_id`), in any order. The index column of pandas and a
    column `Usage` are left out. Without a header, all columns are pixels, or all but the first or
    the last, which has the labels.

    Args:
        path: of the file, or a file in an archive.
        labels: whether there must be a label column; "ignored" skips its cells.
        options: what the table itself leaves open.
        progress: called as progress(done, total) about once per MiB of text, in bytes of the file.

    Raises:
        InputError: the file is not such a table; the message names row, line and column.
    """
    return next(_tables(path, labels, options, progress, table_bytes=None))


def blocks(
    path: TableSource,
    *,
    labels: Labels = "optional",
    options: TableOptions = FOUND_OUT,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Table]:
    """Yield what `read` returns as successive tables of about 16 MiB of pixels, in bounded memory.

    An id that occurs in an earlier block is refused too. A fault is raised when its row is reached,
    so the caller must discard the results of earlier blocks then.
    """
    return _tables(path, labels, options, progress, table_bytes=_TABLE_BYTES)


def has_labels(path: TableSource, *, options: TableOptions = FOUND_OUT) -> bool:
    """Whether a table has a label column, by its first lines.

    Raises:
        InputError: they are not those of a table of images.
    """
    with opened(path, None) as stream:
        return find_layout(stream, "optional", options).label is not None


def _tables(
    path: TableSource,
    labels: Labels,
    options: TableOptions,
    progress: Callable[[int, int], None] | None,
    *,
    table_bytes: int | None,
) -> Iterator[Table]:
    with opened(path, progress) as stream:
        layout = find_layout(stream, labels, options)
        collected = _Collected(layout, table_bytes or _GUESS_BYTES)
        seen = Seen()
        for row, piece in _pieces(stream, layout):
            if piece.ids is not None:
                _check_unique(stream, layout, row, piece.ids, seen)
            collected.append(piece, stream.fraction)
            if table_bytes and collected.count * (layout.size + _ROW_BYTES) >= table_bytes:
                yield collected.table()
                collected = _Collected(layout, table_bytes)
        if not stream.rows:
            raise stream.refuse("there is a header but no data row; expected one row an image")
        if collected.count:
            yield collected.table()


def _pieces(stream: Stream, layout: Layout) -> Iterator[tuple[int, Piece]]:
    """Yield parsed pieces, each with the number of its first row.

    NumPy releases the interpreter's lock in each step of the plain parser, so two threads run at
    once.
    """
    plain = Plain(layout)
    exact = Exact(stream, layout)
    with ThreadPoolExecutor(_THREADS) as pool:
        submitted = (
            (row, text, pool.submit(plain.parse, text, count))
            for row, count, text in stream.pieces()
        )
        for row, text, parsed in _behind(submitted, 2 * _THREADS):
            yield row, parsed.result() or exact.parse(text, row)


def _behind(items: Iterator[_Item], count: int) -> Iterator[_Item]:
    """Yield `items` with `count` later ones already drawn; an error in drawing comes after them."""
    drawn: deque[_Item] = deque()
    try:
        for item in items:
            drawn.append(item)
            if len(drawn) > count:
                yield drawn.popleft()
    except InputError:
        yield from drawn
        raise
    yield from drawn


def _check_unique(stream: Stream, layout: Layout, row: int, ids: np.ndarray, seen: Seen) -> None:
    place = seen.add(ids if ids.dtype.kind == "i" else _digests(ids))
    if place is not None:
        column = None if layout.id is None else layout.names[layout.id]
        raise stream.refuse(
            f"{ids[place]} occurs a second time; expected unique ids",
            row=row + place,
            column=column,
        )


def _digests(texts: np.ndarray) -> np.ndarray:
    """A number for each text, int64 (n,), in which two texts practically never agree."""
    digests = b"".join(
        hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts.tolist()
    )
    return np.frombuffer(digests, np.int64)


class _Collected:
    """Rows in one array that grows in place, so that pixels are never in memory twice."""

    def __init__(self, layout: Layout, guess_bytes: int) -> None:
        self.count = 0
        self._rounded = False
        self._layout = layout
        self._guess_bytes = guess_bytes
        self._pixels = np.empty((0, layout.size), np.uint8)
        self._labels: list[np.ndarray] = []
        self._ids: list[np.ndarray] = []

    def append(self, piece: Piece, fraction: float) -> None:
        """Add `piece`; the `fraction` of the file that is read says how many rows will follow."""
        end = self.count + len(piece.pixels)
        if end > len(self._pixels):
            bound = 2 * end + self._guess_bytes // self._layout.size
            self._make_room(max(end, min(bound, int(1.01 * end / fraction))))
        self._pixels[self.count : end] = piece.pixels
        self.count = end
        self._rounded = self._rounded or piece.rounded
        if piece.labels is not None:
            self._labels.append(piece.labels)
        if piece.ids is not None:
            self._ids.append(piece.ids)

    def _make_room(self, rows: int) -> None:
        # Nothing else refers to the array yet, so it may move. realloc of a large array moves
        # pages, not bytes.
        self._pixels.resize((rows, self._layout.size), refcheck=False)

    def table(self) -> Table:
        self._make_room(self.count)
        return Table(
            pixels=self._pixels,
            labels=np.concatenate(self._labels) if self._labels else None,
            ids=np.concatenate(self._ids) if self._ids else None,
            id_column=None if self._layout.id is None else self._layout.names[self._layout.id],
            image_shape=self._layout.image_shape,
            said=self._layout.said + (" and rounded" if self._rounded else ""),
        )

"""Parquet files as Hugging Face writes data sets of images: a picture and a label in each row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.core import strict_json
from fashion_nn.core.files import Files
from fashion_nn.core.strict_json import JsonError
from fashion_nn.datasets.layouts.decoding import decode_contents, in_colour
from fashion_nn.datasets.layouts.parts import part_of
from fashion_nn.datasets.source import Part, Request, Source
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    import pyarrow
    from pyarrow.parquet import ParquetFile

_IMAGE_NAMES = ("image", "img", "picture")
_LABEL_NAMES = ("label", "labels", "fine_label", "class", "target")
_MOST_BYTES = 4 << 30
_ROWS_AT_ONCE = 1024


def fits(files: Files) -> bool:
    """Whether there is a Parquet file, by its suffix."""
    return any(name.lower().endswith(".parquet") for name in files.names)


def read(files: Files, request: Request) -> Source:
    """Read the Parquet files of each part.

    Raises:
        InputError: PyArrow is missing, or the files have no pictures and labels.
    """
    by_part: dict[str, list[str]] = {}
    for name in files.names:
        if name.lower().endswith(".parquet"):
            by_part.setdefault(part_of(name) or "train", []).append(name)
    if request.labels == "ignored":
        chosen = "test" if "test" in by_part else next(iter(by_part))
        by_part = {chosen: by_part[chosen]}
    said: dict[str, None] = {}
    names: tuple[str, ...] = ()
    parts = {}
    for part, of_part in by_part.items():
        parts[part], class_names = _part(files, of_part, request, said)
        names = names or class_names
    train = parts.pop("train", None) or parts.pop(next(iter(parts)))
    notes = "".join(f", {note}" for note in said)
    others = "".join(f", {part}" for part in parts)
    return Source(
        train, parts.get("valid"), parts.get("test"), f"Parquet with pictures{others}{notes}", names
    )


def _part(
    files: Files, names: Sequence[str], request: Request, said: dict[str, None]
) -> tuple[Part, tuple[str, ...]]:
    """The rows of several files, one behind the other, and the names of the classes."""
    images: list[np.ndarray] = []
    labels: list[Any] = []
    class_names: tuple[str, ...] = ()
    for name in names:
        place = files.place(name)
        with _opened(files, name) as table:
            image, label = _columns(table, request, place)
            class_names = class_names or _class_names(table, label)
            columns = [image] if label is None else [image, label]
            for contents, given in _batches(table, columns, place):
                decoded = decode_contents(contents, place, request.options.image_size)
                said.update(dict.fromkeys(decoded.said))
                images.append(decoded.images)
                labels += given
    if not images:
        raise InputError(f"{files.place(names[0])}: holds no rows, expected pictures")
    if len({block.shape[1:3] for block in images}) != 1:
        raise InputError(
            f"{files.place(names[0])}: the pictures have several sizes: scale them to one with"
            " --image-size HEIGHTxWIDTH"
        )
    if len({block.ndim for block in images}) != 1:
        images = [in_colour(block) for block in images]
    given_labels = np.array(labels) if labels else None
    if given_labels is not None and given_labels.dtype.kind not in "iuU":
        raise InputError(f"{files.place(names[0])}: labels are neither whole numbers nor words")
    return Part(np.concatenate(images), given_labels), class_names


@contextmanager
def _opened(files: Files, name: str) -> "Iterator[ParquetFile]":
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise InputError(
            f"{files.place(name)}: reading Parquet needs PyArrow: pip install 'fashion-nn[parquet]'"
        ) from None
    content = files.read(name, most=_MOST_BYTES)
    try:
        with ParquetFile(pyarrow.BufferReader(content)) as table:
            unpacked = sum(
                table.metadata.row_group(i).total_byte_size
                for i in range(table.metadata.num_row_groups)
            )
            if unpacked > _MOST_BYTES:
                raise InputError(
                    f"{files.place(name)}: unpacks to {unpacked:,} bytes, at most {_MOST_BYTES:,}"
                    " are read"
                )
            yield table
    except (pyarrow.ArrowException, OSError) as error:
        reason = ascii(str(error).splitlines()[0][:100])
        raise InputError(
            f"{files.place(name)}: is no Parquet file that can be read ({reason}): get it again"
        ) from None


def _columns(table: "ParquetFile", request: Request, place: str) -> tuple[str, str | None]:
    """The names of the columns with pictures and with labels."""
    names = table.schema_arrow.names
    image = next((name for name in _IMAGE_NAMES if name in names), None)
    wanted: Sequence[str] = _LABEL_NAMES
    if request.options.label_column is not None:
        wanted = (request.options.label_column,)
    label = next((name for name in wanted if name in names), None)
    if image is None or (label is None and request.labels == "required"):
        missing = "image" if image is None else "label"
        few = ", ".join(names[:6])
        raise InputError(
            f"{place}: has no column named {missing}, but {few!a}; --label-column names that"
            " of the labels"
        )
    return image, None if request.labels == "ignored" else label


def _class_names(table: "ParquetFile", label: str | None) -> tuple[str, ...]:
    """The names that Hugging Face stores with the schema."""
    stored = (table.schema_arrow.metadata or {}).get(b"huggingface")
    if stored is None or label is None:
        return ()
    try:
        features = strict_json.parse(stored)["info"]["features"]
        names = features[label]["names"]
        return tuple(str(name)[:100] for name in names)
    except (JsonError, KeyError, TypeError):
        return ()


def _batches(
    table: "ParquetFile", columns: Sequence[str], place: str
) -> Iterator[tuple[list[bytes], list[Any]]]:
    """Yield the pictures of some rows as bytes, and their labels."""
    for batch in table.iter_batches(_ROWS_AT_ONCE, columns=list(columns)):
        pictures = _bytes_of(batch.column(0), place)
        yield pictures, batch.column(1).to_pylist() if len(columns) == 2 else []


def _bytes_of(column: "pyarrow.Array", place: str) -> list[bytes]:
    cells: list[Any] = column.to_pylist()
    stored = [each.get("bytes") if isinstance(each, dict) else each for each in cells]
    found = [each for each in stored if isinstance(each, bytes)]
    if len(found) != len(cells):
        raise InputError(f"{place}: its pictures are not stored as bytes in it: embed them")
    return found

"""A file that has only labels: an array, a label a line, or names of files and their labels."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from fashion_nn.core import csv_rows, npz
from fashion_nn.core.csv_rows import CsvError
from fashion_nn.core.npz import NpzError
from fashion_nn.core.reading import read_bytes
from fashion_nn.datasets import idx
from fashion_nn.datasets.layouts.values import to_labels
from fashion_nn.errors import InputError
from fashion_nn.tables.columns import LABEL_NAMES

_EXPECTED = "expected a file with labels: .npy, idx1-ubyte, or a CSV with a label in each line"
_MOST_CELLS = 8_000_000
_FILE_COLUMNS = ("file_name", "filename", "file", "image", "id", "image_id", "path", "name")


def is_labels_file(path: str | os.PathLike[str]) -> bool:
    """Whether the name says that there are labels and no images in the file."""
    name = os.path.basename(path).lower()
    return "idx1-ubyte" in name or name.endswith(".npy")


def labels_of_file(path: str | os.PathLike[str], rows: int) -> np.ndarray:
    """The labels in a file, int64 (n,) or text (n,), one for each of `rows` images in their order.

    Raises:
        InputError: it holds others.
    """
    if "idx1-ubyte" in os.path.basename(path).lower():
        return to_labels(idx.read(Path(path), "labels")[0], rows, os.fspath(path))
    content = read_bytes(path, expected=_EXPECTED, most=1 << 30, follow_links=True)
    if os.fspath(path).lower().endswith(".npy"):
        try:
            return to_labels(npz.read_npy(content, "labels"), rows, os.fspath(path))
        except NpzError as error:
            raise InputError(f"{path}: {error}: {_EXPECTED}") from None
    lines = _lines(content, os.fspath(path))
    if len(lines) == rows + 1:
        lines = lines[1:]
    labels = np.array([line[-1].strip() for line in lines], np.str_)
    return to_labels(labels, rows, os.fspath(path))


def labels_by_name(content: bytes, place: str, label_column: str | None = None) -> dict[str, str]:
    """The label of each file that a CSV names, such as metadata.csv.

    Args:
        content: the CSV, with a header.
        place: of the CSV, for messages.
        label_column: the name of the column with the labels.

    Raises:
        InputError: it has no column with file names, or none with labels.
    """
    header, *lines = _lines(content, place) or [[]]
    names = [name.strip().lower() for name in header]
    files = next((names.index(name) for name in _FILE_COLUMNS if name in names), None)
    wanted = LABEL_NAMES if label_column is None else (label_column.lower(),)
    labels = next((names.index(name) for name in wanted if name in names), None)
    if files is None or labels is None:
        missing = "the names of files" if files is None else "labels"
        raise InputError(
            f"{place}: has no column with {missing}: expected file_name and label; --label-column"
            " names another one"
        )
    return dict(_pairs(lines, files, labels))


def _pairs(lines: Sequence[Sequence[str]], files: int, labels: int) -> list[tuple[str, str]]:
    rows = [line for line in lines if len(line) > max(files, labels)]
    return [(str(PurePosixPath(row[files].strip())), row[labels].strip()) for row in rows]


def _lines(content: bytes, place: str) -> list[list[str]]:
    try:
        return [line for line in csv_rows.parse(content, most=_MOST_CELLS) if line]
    except CsvError as error:
        raise InputError(f"{place}: {error}: {_EXPECTED}") from None

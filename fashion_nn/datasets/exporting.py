"""Write a data set as CSV tables, the form in which people pass it around."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fashion_nn.core.writing import replacing
from fashion_nn.datasets.catalogue import known
from fashion_nn.datasets.loading import load
from fashion_nn.datasets.splits import Split
from fashion_nn.errors import InputError

_ROWS_AT_A_TIME = 2000


def export(
    name_or_path: str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write `<name>_train.csv` and, if there are test rows, `<name>_test.csv` into `out_dir`.

    The header is label,pixel1..pixelN. All original training rows are written, in their order. The
    test rows have their labels. Both files appear together, when both are complete. A known data
    set may give its tables another name, see `DataSet.table_prefix`.

    Returns:
        The paths of the files.

    Raises:
        InputError: a file exists and `overwrite` is not set, or the folder cannot be written; or as
            for `load`.
    """
    splits = load(name_or_path, data_dir=data_dir, validation_fraction=0)
    record = known(splits.name)
    prefix = (record and record.table_prefix) or splits.name
    parts = {"train": splits.train, "test": splits.test}
    targets = {
        Path(out_dir, f"{prefix}_{part}.csv"): rows
        for part, rows in parts.items()
        if rows is not None
    }
    for target in targets:
        if target.exists() and not overwrite:
            raise InputError(
                f"{target} exists already; move it away, or ask for it to be overwritten"
            )
    with ExitStack() as stack:
        for target, rows in targets.items():
            stack.enter_context(replacing(target)).writelines(_encode(rows))
    return list(targets)


def _encode(rows: Split) -> Iterator[bytes]:
    """Yield the text of a table, many lines at a time.

    Each pixel is looked up as a cell of four bytes, padded with NUL; the padding is removed at the
    end.
    """
    flat = rows.images.reshape(len(rows), -1)
    names = ["label", *(f"pixel{number}" for number in range(1, flat.shape[1] + 1))]
    yield (",".join(names) + "\n").encode()
    inner = _cells(",")
    last = _cells("\n")
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        block = flat[start : start + _ROWS_AT_A_TIME]
        cells = inner[block]
        cells[:, -1] = last[block[:, -1]]
        numbers = rows.labels[start : start + _ROWS_AT_A_TIME]
        labels = np.array([f"{label}," for label in numbers], dtype="S20")
        lines = np.hstack([labels[:, None].view("S4"), cells])
        yield lines.tobytes().translate(None, b"\0")


def _cells(end: str) -> np.ndarray:
    """The 256 values of a pixel as text that ends in `end`, four bytes each."""
    return np.array([f"{value}{end}".encode() for value in range(256)], dtype="S4")

"""Write a data set as CSV tables, the form in which people pass it around."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fashion_nn.core.files import replacing
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
    """Write `<name>_train.csv` and, where there are test rows, `<name>_test.csv`; "fashion" for fashion_mnist.

    The header is label,pixel1..pixelN. All original training rows are written, in their order, and the labels of the
    test rows too. Both files appear together when both are complete.

    Returns: the files' paths.
    Raises:
        InputError: a file exists and `overwrite` is not set, the folder cannot be written; or as `load`.
    """
    splits = load(name_or_path, data_dir=data_dir, validation_fraction=0)
    prefix = "fashion" if splits.name == "fashion_mnist" else splits.name
    parts = {"train": splits.train, "test": splits.test}
    targets = {Path(out_dir, f"{prefix}_{part}.csv"): rows for part, rows in parts.items() if rows is not None}
    for target in targets:
        if target.exists() and not overwrite:
            raise InputError(f"{target} exists already; move it away, or ask for it to be overwritten")
    with ExitStack() as stack:
        for target, rows in targets.items():
            temporary = stack.enter_context(replacing(target))
            with temporary.open("wb") as file:
                file.writelines(_encode(rows))
    return list(targets)


def _encode(rows: Split) -> Iterator[bytes]:
    """The lines of a table, many at a time: each pixel is looked up as four bytes, and the padding is taken out."""
    flat = rows.images.reshape(len(rows), -1)
    yield ",".join(["label", *(f"pixel{number}" for number in range(1, flat.shape[1] + 1))]).encode() + b"\n"
    comma, newline = (
        np.frombuffer(b"".join(f"{value}{end}".encode().ljust(4, b"\0") for value in range(256)), dtype="S4")
        for end in ",\n"
    )
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        block = flat[start : start + _ROWS_AT_A_TIME]
        cells = comma[block]
        cells[:, -1] = newline[block[:, -1]]
        labels = np.array([f"{label}," for label in rows.labels[start : start + _ROWS_AT_A_TIME]], dtype="S20")
        lines = np.hstack([labels[:, None].view("S4"), cells])
        yield lines.tobytes().translate(None, b"\0")

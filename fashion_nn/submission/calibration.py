"""Labelled rows from a file, by which the scale of a model's pixels is found."""

import os
from typing import TYPE_CHECKING

from fashion_nn import tables
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.inference.scaling import LabelledRows


def read_calibration(
    path: str | os.PathLike[str], test: str | os.PathLike[str] | None = None
) -> "LabelledRows":
    """The rows of the labelled CSV `path`.

    Args:
        path: a table as `tables.read` describes it, with a label column.
        test: the table that will be predicted, if it is one; its own labels must not be used.

    Raises:
        InputError: the table is not usable, or it is the test table.
    """
    from fashion_nn.inference.scaling import LabelledRows

    if test and os.path.exists(path) and os.path.exists(test) and os.path.samefile(path, test):
        raise InputError(
            f"{path}: is the table that is predicted, whose labels are not looked at: give other"
            " labelled rows with --calibrate"
        )
    table = tables.read(path, labels="required")
    assert table.labels is not None  # as required above
    if table.labels.dtype.kind == "U":
        raise InputError(f"{path}: its labels are words, expected the numbers of the classes")
    return LabelledRows(table.images, table.labels, f"rows of {os.path.basename(path)}")

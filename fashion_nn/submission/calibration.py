"""Labelled rows from a file, by which the scale of a model's pixels is found."""

import os
from typing import TYPE_CHECKING

from fashion_nn.datasets import FOUND_OUT, LabelMap, ReadOptions
from fashion_nn.datasets.layouts import read_source
from fashion_nn.datasets.source import Request
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.inference.scaling import LabelledRows


def read_calibration(
    path: str | os.PathLike[str],
    test: str | os.PathLike[str] | None = None,
    *,
    labels: LabelMap | None = None,
    options: ReadOptions = FOUND_OUT,
) -> "LabelledRows":
    """The labelled rows of the file or folder `path`; its training rows, if it is divided.

    Args:
        path: in a layout that `datasets.load` reads.
        test: the images that will be predicted, if they are a file; their labels must not be used.
        labels: of the classes of the model, if they are known.
        options: what the files leave open.

    Raises:
        InputError: the file is not usable, or it is the one that is predicted; or its labels are
            words and the classes that they belong to are not known.
    """
    from fashion_nn.inference.scaling import LabelledRows

    if test and os.path.exists(path) and os.path.exists(test) and os.path.samefile(path, test):
        raise InputError(
            f"{path}: is the table that is predicted, whose labels are not looked at: give other"
            " labelled rows with --calibrate"
        )
    rows = read_source(path, Request(options, "required")).train
    given = rows.labels
    assert given is not None  # as required above
    if labels is not None and labels.originals:
        classes = labels.encode(given)
        if (classes < 0).any():
            strange = str(given[int((classes < 0).argmax())])[:100]
            raise InputError(f"{path}: has the label {strange!a}, which the model has no class for")
        given = classes
    if given.dtype.kind == "U":
        raise InputError(f"{path}: its labels are words, expected the numbers of the classes")
    return LabelledRows(rows.images, given, f"rows of {os.path.basename(path)}")

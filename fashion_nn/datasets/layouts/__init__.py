"""The layouts of data sets that are read: one record each, in the order in which they are tried.

A new layout is a module with two functions, and a record in `LAYOUTS`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from fashion_nn.core.files import Files, files_at
from fashion_nn.datasets.layouts import (
    arrays,
    cifar,
    idx_files,
    parquet,
    pickles,
    pictures,
    table_files,
)
from fashion_nn.datasets.source import Request, Source
from fashion_nn.errors import InputError


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout.

    name: in a few words.
    holds: the files that it consists of, for people.
    fits: whether files are of this layout, by their names and first bytes.
    read: reads them; raises InputError.
    """

    name: str
    holds: str
    fits: Callable[[Files], bool]
    read: Callable[[Files, Request], Source]


TABLES = Layout(
    "tables",
    "a CSV; or a folder or zip with train.csv, test.csv and sample_submission.csv",
    table_files.fits,
    table_files.read,
)

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "pickles",
        "a .pkl, .pt or .joblib, or the Python version of CIFAR: refused, with the file to use",
        pickles.fits,
        pickles.read,
    ),
    Layout(
        "CIFAR-10 in binary",
        "data_batch_1.bin to data_batch_5.bin and test_batch.bin",
        cifar.fits,
        cifar.read,
    ),
    Layout(
        "Parquet",
        "as Hugging Face writes it: image (or img) and label in each row; needs the extra parquet",
        parquet.fits,
        parquet.read,
    ),
    Layout(
        "NumPy arrays",
        "an .npz or .npy files with x_train, y_train, x_test and y_test, or train_images,"
        " train_labels, val_images and so on; or an .npy for each class",
        arrays.fits,
        arrays.read,
    ),
    Layout(
        "IDX files",
        "train-images-idx3-ubyte, train-labels-idx1-ubyte, and the t10k pair; packed as .gz or not,"
        " in a folder, a zip or a tar archive",
        idx_files.fits,
        idx_files.read,
    ),
    Layout(
        "pictures",
        "a folder for each class, in train, val and test or not, or metadata.csv; or a zip of it",
        pictures.fits,
        pictures.read,
    ),
    TABLES,
)


def read_source(path: str | os.PathLike[str], request: Request) -> Source:
    """Read the file or folder at `path`, in whatever layout it is.

    Raises:
        InputError: it is in none, or damaged, or leaves open what it is.
    """
    files = files_at(path)
    source = layout_of(files).read(files, request)
    if not request.options.transpose:
        return source
    parts = (source.train, source.valid, source.test)
    train, valid, test = (None if part is None else part.transposed() for part in parts)
    assert train is not None  # since source.train is there
    said = f"{source.said}, rows and columns exchanged"
    return replace(source, train=train, valid=valid, test=test, said=said)


def layout_of(files: Files) -> Layout:
    """The layout of files.

    Raises:
        InputError: they are in none.
    """
    for layout in LAYOUTS:
        if layout.fits(files):
            return layout
    known = ", ".join(layout.name for layout in LAYOUTS)
    raise InputError(f"{files.path}: holds no images in a layout that is read: {known}")

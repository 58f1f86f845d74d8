"""From the name of a data set, or the path of a file or folder, to checked and divided rows."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fashion_nn import tables
from fashion_nn.core.images import Images, described, shape_of
from fashion_nn.core.text import title
from fashion_nn.datasets.catalogue import DATASETS, by_fingerprint, known
from fashion_nn.datasets.recognition import recognise
from fashion_nn.datasets.sources import official, read_folder
from fashion_nn.datasets.splits import VALIDATION_FRACTION, Split, Splits, divide, fingerprint
from fashion_nn.errors import InputError

_MAX_CLASSES = 10_000


def load(
    name_or_path: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    test: str | os.PathLike[str] | None = None,
    validation_fraction: float = VALIDATION_FRACTION,
    progress: Callable[[int, int], None] | None = None,
) -> Splits:
    """Load a data set and divide its training rows by the one stored, stratified split.

    Args:
        name_or_path: a known data set (see `names()`), a labelled CSV table, or a folder of IDX
            files. A name is preferred to a file of that name; write ./digits for the file.
        data_dir: for a known data set, the folder to search first; see `fetch` for the others.
        test: for a CSV table, a second table with the test rows and their labels.
        validation_fraction: share of each class's training rows that becomes `valid`, at least 0
            and below 1.
        progress: called as progress(done, total) while a table is read or a data set is downloaded.

    Returns:
        Rows with labels 0..k-1. A table or folder has its own name, or that of a known data set if
        it holds the same training rows. It has the class names of the data set that it looks like,
        else "0".."k-1".

    Raises:
        InputError: the source is missing or damaged, or the labels are not 0..k-1 with every class
            present.

    Example:
        >>> splits = load("digits")
        >>> splits.train.images.shape, splits.valid.labels.shape
        ((1295, 28, 28), (143,))
    """
    path = Path(name_or_path)
    train, test_rows = _rows(name_or_path, data_dir, test, progress)
    classes = _count_classes(path, train.labels)
    if test_rows is not None:
        _check_test(path if test is None else Path(test), train, test_rows, classes)
    content = fingerprint(train.images, train.labels)
    record = by_fingerprint(content)
    return divide(
        train,
        test_rows,
        validation_fraction,
        name=record.name if record else stem(path),
        class_names=record.class_names if record else _class_names(train.images, classes),
        fingerprint=content,
    )


def _rows(
    name_or_path: str | os.PathLike[str],
    data_dir: str | os.PathLike[str] | None,
    test: str | os.PathLike[str] | None,
    progress: Callable[[int, int], None] | None,
) -> tuple[Split, Split | None]:
    """The training rows and the test rows, if there are some, from wherever they are."""
    record = known(name_or_path)
    path = Path(name_or_path)
    if test is not None and (record or path.is_dir()):
        raise InputError(
            f"test={str(test)!r} was given with {name_or_path}, which has test rows of its own;"
            " leave it out"
        )
    if record:
        rows = official(record, data_dir, progress)
        return rows.train, rows.test
    if path.is_dir():
        return read_folder(path)
    if path.is_file():
        train = _read_table(path, progress)
        return train, None if test is None else _read_table(Path(test), progress)
    raise InputError(
        f"{str(name_or_path)!r} is neither a file or folder nor a known data set"
        f" ({', '.join(DATASETS)}); give one of these names, a CSV table or a folder of IDX files"
    )


def stem(path: Path) -> str:
    """The name of a file or folder without .csv, .csv.gz or .gz; "." is the current directory.

    Characters that cannot be printed are replaced, because the name is stored with a run.
    """
    name = Path(os.path.abspath(path)).name  # links are not followed: the link's own name counts
    return title(name.removesuffix(".gz").removesuffix(".csv") or name)


def _read_table(path: Path, progress: Callable[[int, int], None] | None) -> Split:
    table = tables.read(path, labels="required", progress=progress)
    assert table.labels is not None  # as required above
    return Split(table.images, table.labels)


def _count_classes(path: Path, labels: np.ndarray) -> int:
    present = np.unique(labels)
    absent = np.setdiff1d(np.arange(min(int(present[-1]) + 1, len(labels) + 1)), present)
    if len(absent):
        raise InputError(
            f"{path}: no row has label {absent[0]}, but labels go up to {present[-1]}; "
            "number the classes 0, 1, 2, ... without a gap"
        )
    if len(present) < 2:
        raise InputError(f"{path}: every row has label 0, expected at least two classes")
    if len(present) > _MAX_CLASSES:
        raise InputError(
            f"{path}: has {len(present):,} classes, expected at most {_MAX_CLASSES:,}: is its label"
            " column an id?"
        )
    return len(present)


def _check_test(path: Path, train: Split, test: Split, classes: int) -> None:
    got, expected = shape_of(test.images), shape_of(train.images)
    if got != expected:
        raise InputError(
            f"{path}: test images are {described(got)}, training images {described(expected)}; they"
            " must be alike"
        )
    strange = np.setdiff1d(test.labels, np.arange(classes))
    if len(strange):
        raise InputError(
            f"{path}: test rows have label {strange[0]}, training rows only 0 to {classes - 1}; use"
            " one numbering"
        )


def _class_names(images: Images, classes: int) -> tuple[str, ...]:
    recognised = recognise(images).name
    if recognised and len(DATASETS[recognised].class_names) == classes:
        return DATASETS[recognised].class_names
    return tuple(map(str, range(classes)))

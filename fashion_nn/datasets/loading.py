"""From the name of a data set, or the path of a file or folder, to checked and divided rows."""

import os
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from fashion_nn.core.images import Images, described, shape_of
from fashion_nn.core.text import printable, title
from fashion_nn.datasets.catalogue import DATASETS, by_fingerprint, known
from fashion_nn.datasets.labels import LabelMap, original_names
from fashion_nn.datasets.layouts import read_source
from fashion_nn.datasets.recognition import recognise, transposed
from fashion_nn.datasets.source import FOUND_OUT, Origin, Part, ReadOptions, Request, Source
from fashion_nn.datasets.sources import official
from fashion_nn.datasets.splits import (
    SPLIT_SEED,
    VALIDATION_FRACTION,
    Split,
    Splits,
    fingerprint,
    hold_out,
)
from fashion_nn.errors import InputError


def load(
    name_or_path: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    test: str | os.PathLike[str] | None = None,
    validation_fraction: float = VALIDATION_FRACTION,
    options: ReadOptions = FOUND_OUT,
    progress: Callable[[int, int], None] | None = None,
    **how: Any,
) -> Splits:
    """Load a data set and divide its training rows by the one stored, stratified split.

    Args:
        name_or_path: a known data set (see `names()`), or a file or folder in one of the layouts of
            `layouts.LAYOUTS`. A name is preferred to a file of that name; write ./digits for the
            file.
        data_dir: for a known data set, the folder to search first; see `fetch` for the others.
        test: a second file with the test rows and their labels, if the first has none.
        validation_fraction: share of each class's training rows that becomes `valid`, at least 0
            and below 1. A source with validation rows of its own keeps these.
        options: what the files themselves leave open.
        progress: called as progress(done, total) while a file is read or a data set is downloaded.
        **how: single ones of these options, such as `image_size=(32, 32)` or `transpose=True`; see
            `ReadOptions`.

    Returns:
        Rows with labels 0..k-1; `labels` has those of the source. A source has the name of its
        file, or that of a known data set if it holds the same training rows. It has the class names
        of the data set that it looks like, else those of the source, else its labels.

    Raises:
        InputError: the source is missing or damaged, leaves open how it is to be read, or has a
            single class.

    Example:
        >>> splits = load("digits")
        >>> splits.train.images.shape, splits.valid.labels.shape
        ((1295, 28, 28), (143,))
    """
    options = _with(options, how)
    path = Path(name_or_path)
    source = _source(name_or_path, data_dir, test, Request(options, "required", progress))
    try:
        labels = LabelMap.of(_labels(_joined(source)))
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    train = _numbered(source.train, labels, path, source.train)
    valid = None if source.valid is None else _numbered(source.valid, labels, path, source.train)
    test_rows = None
    if source.test is not None:
        test_path = path if test is None else Path(test)
        test_rows = _numbered(source.test, labels, test_path, source.train)
    rows = (train, valid, test_rows)
    splits = _divided(name_or_path, source, labels, rows, validation_fraction)
    return replace(splits, origin=_origin(name_or_path, test, options))


def _with(options: ReadOptions, how: dict[str, Any]) -> ReadOptions:
    """`options` with single ones changed."""
    known = [field.name for field in fields(ReadOptions)]
    for name in how:
        if name not in known:
            raise InputError(f"load: unknown argument {name!a}: expected one of {', '.join(known)}")
    return replace(options, **how)


def _origin(
    name_or_path: str | os.PathLike[str],
    test: str | os.PathLike[str] | None,
    options: ReadOptions,
) -> Origin:
    """What was read, with absolute paths."""
    record = known(name_or_path)
    return Origin(
        dataset=record.name if record else os.path.abspath(name_or_path),
        test=None if test is None else os.path.abspath(test),
        options=replace(
            options,
            labels_from=options.labels_from and os.path.abspath(options.labels_from),
        ),
    )


def _source(
    name_or_path: str | os.PathLike[str],
    data_dir: str | os.PathLike[str] | None,
    test: str | os.PathLike[str] | None,
    request: Request,
) -> Source:
    """The rows as they are in the known data set, file or folder, and in that of the test rows."""
    record = known(name_or_path)
    path = Path(name_or_path)
    if record and test is None:
        rows = official(record, data_dir, request.progress)
        return Source(_as_part(rows.train), None, _as_part(rows.test))
    if not record and not path.is_file() and not path.is_dir():
        raise InputError(
            f"{str(name_or_path)!r} is neither a file or folder nor a known data set"
            f" ({', '.join(DATASETS)}); give one of these names, or a file or folder with images"
        )
    source = None if record else read_source(path, request)
    if test is None and source:
        return source
    if source is None or source.test is not None:
        raise InputError(
            f"test={str(test)!r} was given with {name_or_path}, which has test rows of its own;"
            " leave it out"
        )
    assert test is not None
    return replace(source, test=read_source(test, request).train)


def _as_part(rows: Split) -> Part:
    return Part(rows.images, rows.labels)


def _labels(part: Part) -> np.ndarray:
    assert part.labels is not None  # as the request requires
    return part.labels


def _joined(source: Source) -> Part:
    """The labels of training and validation rows together."""
    if source.valid is None:
        return source.train
    both = (_labels(source.train), _labels(source.valid))
    return replace(source.train, labels=np.concatenate(both))


def stem(path: Path) -> str:
    """The name of a file or folder without .csv, .csv.gz or .gz; "." is the current directory.

    Characters that cannot be printed are replaced, because the name is stored with a run.
    """
    name = Path(os.path.abspath(path)).name  # links are not followed: the link's own name counts
    without = name.removesuffix(".gz")
    for suffix in (".csv", ".tsv", ".zip", ".npz", ".npy", ".parquet"):
        without = without.removesuffix(suffix)
    return title(without or name)


def _numbered(part: Part, labels: LabelMap, path: Path, train: Part) -> Split:
    """The rows with the classes 0..k-1 for labels."""
    got = shape_of(part.images)
    expected = shape_of(train.images)
    if got != expected:
        raise InputError(
            f"{path}: test images are {described(got)}, training images {described(expected)}; they"
            " must be alike"
        )
    classes = labels.encode(_labels(part))
    if (classes < 0).any():
        strange = _labels(part)[int((classes < 0).argmax())]
        known_labels = f"{labels.originals[0]} to {labels.originals[-1]}"
        raise InputError(
            f"{path}: test rows have label {strange}, training rows only {known_labels}; use one"
            " numbering"
        )
    return Split(part.images, classes)


def _divided(
    name_or_path: str | os.PathLike[str],
    source: Source,
    labels: LabelMap,
    parts: tuple[Split, Split | None, Split | None],
    fraction: float,
) -> Splits:
    """Hold out the validation rows, unless the source has its own, and name what it is."""
    train, valid, test = parts
    if valid is None:
        content = fingerprint(train.images, train.labels)
        held = hold_out(train.labels, fraction)
        valid = train.take(held)
        train = train.take(~held) if held.any() else train
    else:
        held = np.arange(len(train) + len(valid)) >= len(train)
        fraction = len(valid) / len(held)
        images = np.concatenate([train.images, valid.images])
        content = fingerprint(images, np.concatenate([train.labels, valid.labels]))
    record = by_fingerprint(content)
    return Splits(
        name=record.name if record else stem(Path(name_or_path)),
        class_names=record.class_names if record else _class_names(train.images, labels, source),
        train=train,
        valid=valid,
        test=test,
        valid_indices=np.flatnonzero(held),
        split_seed=SPLIT_SEED,
        validation_fraction=float(fraction),
        fingerprint=content,
        labels=labels,
        said="" if known(name_or_path) else _said(name_or_path, source, labels),
        warnings=() if record else _warnings(name_or_path, train, labels),
    )


def _said(path: str | os.PathLike[str], source: Source, labels: LabelMap) -> str:
    images = source.train.images
    size = described(shape_of(images))
    rows = f"{len(images):,} images of {size} in {len(labels.originals)} classes"
    text = f"{printable(os.fspath(path))}: read as {source.said}: {rows}"
    found, times = np.unique(_labels(_joined(source)), return_counts=True)
    alone = found[times == 1].tolist()
    if alone:
        text += f"; class {printable(str(alone[0]))} has a single row, which is used for training"
    return text


def _warnings(path: str | os.PathLike[str], train: Split, labels: LabelMap) -> tuple[str, ...]:
    looks_like = transposed(train, labels)
    if looks_like is None:
        return ()
    return (
        f"{printable(os.fspath(path))}: the images are transposed: with rows and columns exchanged"
        f" they look like {DATASETS[looks_like].title}; --transpose exchanges them",
    )


def _class_names(images: Images, labels: LabelMap, source: Source) -> tuple[str, ...]:
    """The names of the classes: those of the source, of the data set that it looks like, or its
    labels.
    """
    if labels.is_identity and len(source.class_names) == len(labels.originals):
        return source.class_names
    recognised = recognise(images).name
    if recognised and labels.is_identity:
        names = DATASETS[recognised].class_names
        if len(names) == len(labels.originals):
            return names
    return original_names(labels)

"""Data as the functions of this package take them."""

import os
from dataclasses import fields

from fashion_nn import datasets
from fashion_nn.core.text import printable
from fashion_nn.datasets import Origin, ReadOptions, Splits
from fashion_nn.errors import InputError
from fashion_nn.runs import Run

Data = Splits | str | os.PathLike[str]
"""What `load` returns, or what it takes: a name, or the path of a file or folder."""
MEND = "give the file with --dataset (in Python: data=...)"


def loaded(data: Data, *, validation_fraction: float = datasets.VALIDATION_FRACTION) -> Splits:
    """`data`, loaded if they are named.

    Raises:
        InputError: see `datasets.load`.
    """
    if isinstance(data, Splits):
        return data
    return datasets.load(data, validation_fraction=validation_fraction)


def of_run(run: Run, data: Data | None) -> Splits:
    """`data`, or the data that the run was trained on, with the validation rows of the run.

    Raises:
        InputError: see `origin_of` and `require_same_rows`.
    """
    if isinstance(data, Splits):
        return data
    fraction = run.read_split().fraction
    if data is not None:
        return loaded(data, validation_fraction=fraction)
    origin = origin_of(run)
    splits = datasets.load(
        origin.dataset, test=origin.test, validation_fraction=fraction, options=origin.options
    )
    require_same_rows(run, splits)
    return splits


def origin_of(run: Run) -> Origin:
    """What the data of a run were read from.

    Raises:
        InputError: that is not stored, or a file is not there any more.
    """
    record = run.read_record()
    name = record.dataset.name
    stored = record.data
    if stored is None:
        if name in datasets.names():
            return Origin(name)
        raise InputError(f"{run.folder}: trained on {name}, which has no name here: {MEND}")
    how = {field.name: getattr(stored, field.name) for field in fields(ReadOptions)}
    origin = Origin(stored.dataset, stored.test, ReadOptions(**how))
    for path in origin.paths:
        if not os.path.exists(path):
            found = f"trained on {printable(path)}, which is not there"
            raise InputError(f"{run.folder}: {found}: {MEND}")
    return origin


def require_same_rows(run: Run, splits: Splits) -> None:
    """Refuse data that were read from where those of the run were, and are others now.

    Raises:
        InputError: they are others.
    """
    if splits.fingerprint != run.read_record().dataset.fingerprint:
        place = run.folder if splits.origin is None else printable(splits.origin.dataset)
        found = "does not hold the rows any more that this run was trained on"
        raise InputError(f"{run.folder}: {place} {found}: {MEND}")

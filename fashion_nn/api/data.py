"""Data as the functions of this package take them."""

import os

from fashion_nn import datasets
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.runs import Run

Data = Splits | str | os.PathLike[str]
"""What `load` returns, or what it takes: a name, or the path of a file or folder."""


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
        InputError: the run was trained on a file, which only `data` can name.
    """
    if isinstance(data, Splits):
        return data
    return loaded(data or _trained_on(run), validation_fraction=run.read_split().fraction)


def _trained_on(run: Run) -> str:
    """The name of the known data set that a run was trained on."""
    name = run.read_record().dataset.name
    if name not in datasets.names():
        mend = "give them as data=..."
        raise InputError(f"{run.folder}: trained on {name}, which has no name here: {mend}")
    return name

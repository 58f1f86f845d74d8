"""Training and validation rows divided into folds, each of which is held out once."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fashion_nn.datasets import SPLIT_SEED, Splits
from fashion_nn.errors import InputError


def divide(splits: Splits, folds: int) -> Iterator[Splits]:
    """Yield `folds` divisions of the training and validation rows; every class is spread over all of them.

    Which rows are held out depends on the labels and SPLIT_SEED alone. The test rows are left out.

    Raises:
        InputError: a class has fewer rows than there are folds.
    """
    rows = splits.original_train()
    require(rows.labels, folds)
    fold = np.empty(len(rows), np.int64)
    for label in np.unique(rows.labels):
        of_class = np.flatnonzero(rows.labels == label)
        # As in datasets.splits: sorted by raw PCG64 output, which NumPy keeps stable.
        keys = np.random.PCG64([SPLIT_SEED, int(label)]).random_raw(len(of_class))
        # Each class begins with another fold, else the first would get all rows that are over.
        fold[of_class[np.argsort(keys, kind="stable")]] = (np.arange(len(of_class)) + label) % folds
    for k in range(folds):
        held_out = fold == k
        yield replace(
            splits,
            train=rows.take(np.flatnonzero(~held_out)),
            valid=rows.take(np.flatnonzero(held_out)),
            test=None,
            valid_indices=np.flatnonzero(held_out),
            validation_fraction=1 / folds,
        )


def require(labels: np.ndarray, folds: int) -> None:
    """Refuse more folds than the smallest class has rows.

    Raises:
        InputError: there are, or fewer than two folds.
    """
    counts = np.bincount(labels)
    if not 2 <= folds <= counts.min():
        raise InputError(
            f"--folds {folds}: expected at least 2 and at most {counts.min()}, the rows of class {counts.argmin()}"
        )

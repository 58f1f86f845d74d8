"""Training and validation rows divided into folds, each of which is held out once."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fashion_nn.datasets import Splits, shuffled_by_class
from fashion_nn.errors import InputError


def divide(splits: Splits, folds: int) -> Iterator[Splits]:
    """Yield `folds` divisions of the training and validation rows, stratified by class.

    The labels and SPLIT_SEED alone decide which rows are held out. The test rows are left out.

    Raises:
        InputError: a class has fewer rows than there are folds.
    """
    rows = splits.original_train()
    require(rows.labels, folds)
    fold = np.empty(len(rows), np.int64)
    for label, shuffled in shuffled_by_class(rows.labels):
        # Each class begins with another fold, else the first fold would get the remainders of all
        # classes.
        fold[shuffled] = (np.arange(len(shuffled)) + label) % folds
    for number in range(folds):
        held_out = fold == number
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

    Args:
        labels: int64 (n,).

    Raises:
        InputError: there are more, or fewer than two folds.
    """
    counts = np.bincount(labels)
    if counts.min() < 2:
        raise InputError(
            f"--folds {folds}: class {counts.argmin()} has a single row, and each class needs at"
            " least two: add rows, or leave --folds out"
        )
    if not 2 <= folds <= counts.min():
        most = f"at most {counts.min()}, the rows of class {counts.argmin()}"
        raise InputError(f"--folds {folds}: expected at least 2 and {most}")

"""Write a data set of any layout as one safe file, which every command reads again."""

import os

import numpy as np

from fashion_nn.core.writing import replacing
from fashion_nn.datasets.splits import Split, Splits


def write_npz(splits: Splits, path: str | os.PathLike[str]) -> None:
    """Write all rows to an .npz file of plain arrays, completely or not at all.

    The arrays are x_train, y_train, x_test and y_test, as in Keras' mnist.npz. Labels are those of
    the source, int64 or text. Validation rows are written as x_valid and y_valid.

    Args:
        splits: loaded with `validation_fraction=0`, so that only a source's own validation rows are
            there.

    Raises:
        InputError: the file cannot be written.
    """
    parts: dict[str, Split | None] = {
        "train": splits.train,
        "valid": splits.valid if len(splits.valid) else None,
        "test": splits.test,
    }
    arrays: dict[str, np.ndarray] = {}
    originals = np.array(splits.original_labels)
    for name, rows in parts.items():
        if rows is not None:
            arrays[f"x_{name}"] = rows.images
            arrays[f"y_{name}"] = originals[rows.labels]
    if splits.class_names != tuple(map(str, splits.original_labels)):
        arrays["class_names"] = np.array(splits.class_names, np.str_)
    with replacing(path) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

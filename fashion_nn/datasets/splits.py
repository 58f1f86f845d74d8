"""Training, validation and test rows as values, and the one stratified way to divide rows."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fashion_nn.errors import InputError

SPLIT_SEED = 0
VALIDATION_FRACTION = 0.1


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of a data set: images uint8 (n, height, width), labels int64 (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> "Split":
        """The rows at these positions, in this order."""
        return Split(self.images[rows], self.labels[rows])


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set, divided; `valid_indices` (int64, ascending) are rows of the original training data.

    `fingerprint` is of all original training rows, so it does not depend on `validation_fraction`;
    `split_id` (12 hex digits) tells which of them are validation.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    valid: Split
    test: Split | None
    valid_indices: np.ndarray
    split_seed: int
    validation_fraction: float
    fingerprint: str

    @cached_property
    def split_id(self) -> str:
        return hashlib.sha256(self.valid_indices.astype("<i8").tobytes()).hexdigest()[:12]

    @property
    def image_shape(self) -> tuple[int, int]:
        return self.train.images.shape[1:]

    @property
    def classes(self) -> int:
        return len(self.class_names)

    def original_train(self) -> Split:
        """Training and validation rows together, in the order of the source."""
        rows = len(self.train) + len(self.valid)
        in_valid = np.zeros(rows, dtype=bool)
        in_valid[self.valid_indices] = True
        images = np.empty((rows, *self.image_shape), dtype=np.uint8)
        labels = np.empty(rows, dtype=np.int64)
        for mask, part in ((~in_valid, self.train), (in_valid, self.valid)):
            images[mask], labels[mask] = part.images, part.labels
        return Split(images, labels)


def fingerprint(images: np.ndarray, labels: np.ndarray) -> str:
    """sha256 (64 hex digits) of what the rows contain: shape, pixels and labels, whatever file they came in."""
    digest = hashlib.sha256(repr(tuple(int(size) for size in images.shape)).encode())
    digest.update(np.ascontiguousarray(images, dtype=np.uint8).data)
    digest.update(np.ascontiguousarray(labels, dtype="<i8").data)
    return digest.hexdigest()


def stratified_rows(labels: np.ndarray, fraction: float, seed: int = SPLIT_SEED) -> np.ndarray:
    """Rows (int64, ascending) that hold `fraction` of every class, chosen by `seed` alone.

    Each class is shuffled by itself and the first round(fraction * rows) of it are taken, at least one and never
    all; so a smaller fraction's rows are among a larger one's. The shuffle sorts by the raw output of PCG64,
    which NumPy keeps stable between versions; `Generator.permutation` comes without that promise.

    Raises:
        InputError: `fraction` is outside [0, 1), or a class has a single row.
    """
    if not 0 <= fraction < 1:
        raise InputError(f"validation fraction {fraction} is out of range: give at least 0 and less than 1")
    if fraction == 0:
        return np.empty(0, dtype=np.int64)
    chosen = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) < 2:
            raise InputError(
                f"class {label} has a single training row, a validation split needs two of each class: "
                "add rows or set the validation fraction to 0"
            )
        keys = np.random.PCG64([seed, int(label)]).random_raw(len(rows))
        count = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        chosen.append(rows[np.argsort(keys, kind="stable")[:count]])
    return np.sort(np.concatenate(chosen))


def divide(
    train: Split,
    test: Split | None,
    validation_fraction: float,
    *,
    name: str,
    class_names: tuple[str, ...],
    fingerprint: str,
) -> Splits:
    """Take the stored validation split out of the training rows."""
    rows = stratified_rows(train.labels, validation_fraction)
    keep = np.ones(len(train), dtype=bool)
    keep[rows] = False
    return Splits(
        name=name,
        class_names=class_names,
        train=train.take(keep) if len(rows) else train,
        valid=train.take(rows),
        test=test,
        valid_indices=rows,
        split_seed=SPLIT_SEED,
        validation_fraction=float(validation_fraction),
        fingerprint=fingerprint,
    )

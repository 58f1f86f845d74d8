"""Training, validation and test rows as values, and the one stratified way to divide rows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from fashion_nn.core.images import Images, ImageShape, described, shape_of
from fashion_nn.core.representation import html_table
from fashion_nn.datasets.labels import Label, LabelMap
from fashion_nn.datasets.source import Origin
from fashion_nn.errors import InputError

SPLIT_SEED = 0
VALIDATION_FRACTION = 0.1


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of a data set: `Images` and their labels, int64 (n,)."""

    images: Images
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> "Split":
        """The rows at these positions, in this order."""
        return Split(self.images[rows], self.labels[rows])

    def class_counts(self, classes: int) -> list[int]:
        """The number of rows of each of the classes 0..classes-1."""
        counts: list[int] = np.bincount(self.labels, minlength=classes).tolist()
        return counts


@dataclass(frozen=True, eq=False)
class OfficialRows:
    """Training and test rows of a known data set, and the file or folder that has them."""

    train: Split
    test: Split
    place: Path


@dataclass(frozen=True, eq=False)
class Splits:
    """A data set, divided into training, validation and test rows.

    Attributes:
        valid_indices: int64, ascending; the rows of the original training data that are validation.
        fingerprint: of all original training rows, so it does not depend on `validation_fraction`.
        labels: the label that each class has in the source.
        said: what the source was taken for, in one line; empty for a known data set.
        warnings: what looks wrong in the source, a line each.
        origin: what the rows were read from; None if they were made in Python.
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
    labels: LabelMap = field(default_factory=LabelMap)
    said: str = ""
    warnings: tuple[str, ...] = ()
    origin: Origin | None = None

    def __repr__(self) -> str:
        rows = ", ".join(f"{len(part):,} {name}" for name, part in self._parts().items())
        size = described(self.image_shape)
        return f"Splits({self.name}: {rows} rows; images of {size}; {self.classes} classes)"

    def _repr_html_(self) -> str:
        """A table of the rows of each class, for notebooks."""
        parts = self._parts()
        counts = [part.class_counts(self.classes) for part in parts.values()]
        rows: list[tuple[object, ...]] = list(zip(self.class_names, *counts, strict=True))
        rows.append(("all", *map(len, parts.values())))
        return html_table(repr(self), rows, ("class", *parts))

    def _parts(self) -> dict[str, Split]:
        """The parts that there are, by name."""
        parts = {"train": self.train, "valid": self.valid, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}

    @cached_property
    def split_id(self) -> str:
        """12 hex digits that identify the validation rows."""
        return hashlib.sha256(self.valid_indices.astype("<i8").tobytes()).hexdigest()[:12]

    @property
    def image_shape(self) -> ImageShape:
        """Height and width in pixels, and 3 behind them if the images have colours."""
        return shape_of(self.train.images)

    @property
    def classes(self) -> int:
        return len(self.class_names)

    @property
    def original_labels(self) -> tuple[Label, ...]:
        """The label that each class has in the source."""
        return self.labels.originals or tuple(range(self.classes))

    def original_train(self) -> Split:
        """Training and validation rows together, in the order of the source."""
        rows = len(self.train) + len(self.valid)
        in_valid = np.zeros(rows, dtype=bool)
        in_valid[self.valid_indices] = True
        images = np.empty((rows, *self.image_shape), dtype=np.uint8)
        labels = np.empty(rows, dtype=np.int64)
        for mask, part in ((~in_valid, self.train), (in_valid, self.valid)):
            images[mask] = part.images
            labels[mask] = part.labels
        return Split(images, labels)


def fingerprint(images: Images, labels: np.ndarray) -> str:
    """sha256 (64 hex digits) of shape, pixels and labels. It does not depend on the file format."""
    digest = hashlib.sha256(repr(tuple(int(size) for size in images.shape)).encode())
    digest.update(np.ascontiguousarray(images, dtype=np.uint8).data)
    digest.update(np.ascontiguousarray(labels, dtype="<i8").data)
    return digest.hexdigest()


def stratified_rows(labels: np.ndarray, fraction: float, seed: int = SPLIT_SEED) -> np.ndarray:
    """Positions (int64, ascending) of a share of the rows of every class.

    The first round(fraction * rows) of each shuffled class are taken, at least one and never all;
    none of a class with a single row.
    So the rows of a smaller fraction are among those of a larger one.

    Args:
        labels: int64 (n,).
        fraction: share of each class, at least 0 and below 1.
        seed: decides, with the labels, which rows are taken.

    Raises:
        InputError: `fraction` is out of range, or all classes have a single row.
    """
    if not 0 <= fraction < 1:
        raise InputError(
            f"validation fraction {fraction} is out of range: give at least 0 and less than 1"
        )
    if fraction == 0:
        return np.empty(0, dtype=np.int64)
    chosen = []
    for _label, rows in shuffled_by_class(labels, seed):
        count = min(max(round(fraction * len(rows)), 1), len(rows) - 1)
        chosen.append(rows[:count])
    if not any(map(len, chosen)):
        raise InputError(
            "each class has a single training row, a validation split needs two: add rows or set"
            " the validation fraction to 0"
        )
    return np.sort(np.concatenate(chosen))


def shuffled_by_class(
    labels: np.ndarray, seed: int = SPLIT_SEED
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each label, ascending, with the shuffled positions (int64) of its rows.

    Each class is shuffled on its own, by sorting raw output of PCG64. NumPy keeps that output
    stable between versions; `Generator.permutation` comes without that promise.
    """
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        keys = np.random.PCG64([seed, label]).random_raw(len(rows))
        yield label, rows[np.argsort(keys, kind="stable")]


def hold_out(labels: np.ndarray, fraction: float) -> np.ndarray:
    """The rows of the stored validation split, as a mask: bool (n,)."""
    held = np.zeros(len(labels), dtype=bool)
    held[stratified_rows(labels, fraction)] = True
    return held

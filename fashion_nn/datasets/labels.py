"""Labels as people have them, numbers with gaps or words, as the classes 0..k-1 and back."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from fashion_nn.core.csv_output import inert
from fashion_nn.core.text import quoted
from fashion_nn.errors import InputError

Label = int | str
MAX_CLASSES = 10_000


@dataclass(frozen=True, slots=True)
class LabelMap:
    """The label that each class has in the data set of a user.

    originals: whole numbers, or words, one for each class 0..k-1. Numbers ascend, and so do words
        that are numbers. Empty: the labels are the classes, as many as there are.

    Example:
        >>> labels = LabelMap.of(np.array(["10", "2", "2"]))
        >>> labels.originals, labels.encode(np.array(["2", "10"])).tolist()
        ((2, 10), [0, 1])
    """

    originals: tuple[Label, ...] = ()

    @classmethod
    def of(cls, labels: np.ndarray) -> Self:
        """The map of all labels that occur, int64 (n,) or text (n,).

        Raises:
            InputError: there is one class only, or there are more than 10,000; or a word would be
                a formula in a spreadsheet.
        """
        present: list[Label] = np.unique(_numbers(labels)).tolist()
        if len(present) < 2:
            raise InputError(f"every row has label {present[0]}, expected at least two classes")
        if len(present) > MAX_CLASSES:
            raise InputError(
                f"has {len(present):,} classes, expected at most {MAX_CLASSES:,}: is its label"
                " column an id?"
            )
        for label in present:
            if isinstance(label, str) and len(label) > 1 and inert(label) != label:
                raise InputError(f"label {quoted(label)} is a formula in a spreadsheet: rename it")
        return cls(tuple(present))

    @property
    def is_identity(self) -> bool:
        """Whether the labels are the classes 0..k-1 themselves."""
        return self.originals == tuple(range(len(self.originals)))

    def encode(self, labels: np.ndarray) -> np.ndarray:
        """The class of each label, int64 (n,); -1 where there is no such label."""
        given = _numbers(labels)
        if not self.originals:
            return given.astype(np.int64)
        known = np.array(self.originals)
        if (known.dtype.kind == "U") != (given.dtype.kind == "U"):
            given = given.astype(np.str_)
            known = known.astype(np.str_)
        order = np.argsort(known, kind="stable")
        places = np.minimum(known[order].searchsorted(given), len(known) - 1)
        found = order[places]
        return np.where(known[found] == given, found, -1).astype(np.int64)

    def decode(self, classes: np.ndarray) -> list[Label]:
        """The label of each class 0..k-1."""
        if self.is_identity:
            numbers: list[Label] = classes.tolist()
            return numbers
        return [self.originals[number] for number in classes.tolist()]


def original_names(labels: LabelMap) -> tuple[str, ...]:
    """The labels as names of classes."""
    return tuple(str(label)[:100] for label in labels.originals)


def _numbers(labels: np.ndarray) -> np.ndarray:
    """Words that are all whole numbers as int64; other labels as they are."""
    if labels.dtype.kind != "U":
        return labels
    words = np.unique(labels).tolist()
    if all(word.isascii() and word.isdecimal() and str(int(word[:18])) == word for word in words):
        return labels.astype(np.int64)
    return labels

"""What is known of one hand-in: all that the checks look at."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn import measures
from fashion_nn.datasets import LabelMap
from fashion_nn.errors import InputError
from fashion_nn.grading import predictions
from fashion_nn.grading.predictions import MAX_CLASSES, PredictionFile
from fashion_nn.grading.reference import Reference
from fashion_nn.submission import Layout

if TYPE_CHECKING:
    from fashion_nn.inference import Predictor

_DEFAULT_CLASSES = 10


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """m labelled rows on which the model was tried, and which the project's own models never train
    on.

    images: uint8 (m, height, width).
    truth: the true labels, int64 (m,).
    predicted: the model's labels, int64 (m,).
    """

    images: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)


@dataclass(frozen=True, slots=True)
class Score:
    """How many of n labels are right.

    interval: Wilson's 95 % interval of the accuracy.
    recall: of each class, the share that is right; None for a class that does not occur.
    """

    n: int
    correct: int
    interval: tuple[float, float]
    recall: tuple[float | None, ...]

    @classmethod
    def of(cls, labels: np.ndarray, truth: np.ndarray, classes: int) -> "Score":
        """The score of `labels` by the true ones, both int64 (n,)."""
        right = labels == truth
        correct = int(right.sum())
        recall: list[float | None] = []
        for label in range(classes):
            of_class = truth == label
            recall.append(round(float(right[of_class].mean()), 4) if of_class.any() else None)
        return cls(len(right), correct, measures.wilson(correct, len(right)), tuple(recall))

    @property
    def accuracy(self) -> float:
        return self.correct / self.n


class Evidence:
    """What is known of one hand-in. Each part is found when a check first asks for it.

    Attributes:
        file: the prediction file.
        reference: the test table that it predicts.
        model: the model that made the file, run by Keras; None if that is not at hand.
    """

    def __init__(
        self,
        file: str | os.PathLike[str],
        reference: Reference,
        *,
        model: "Predictor | None" = None,
        against: str | os.PathLike[str] | None = None,
        layout: Layout | None = None,
        content: bytes | None = None,
    ) -> None:
        """See `grading.grade`; `content` is that of the file, if it is in memory."""
        self.file = file
        self.reference = reference
        self.model = model
        self._against = against
        self._layout = layout
        self._content = content

    @cached_property
    def predictions(self) -> PredictionFile:
        """The file as it is written.

        Raises:
            InputError: it cannot be read.
        """
        if self._content is not None:
            return predictions.parse(self.file, self._content, rows=self.reference.rows)
        return predictions.read(self.file, rows=self.reference.rows)

    @cached_property
    def labels(self) -> np.ndarray | None:
        """The predicted labels in the order of the test rows, int64 (n,); None if unreadable."""
        return self.predictions.aligned_labels(self.reference.row_ids, self._originals)

    @property
    def _originals(self) -> LabelMap:
        """The label that each class has in the data."""
        return self._layout.labels if self._layout else self.reference.originals

    @property
    def truth(self) -> np.ndarray | None:
        """The true labels, int64 (n,); None if they are not known."""
        return self.reference.truth

    @property
    def probabilities(self) -> np.ndarray | None:
        """What the sentinel says of the test images, float32 (n, classes); None without one."""
        return self.reference.probabilities

    @cached_property
    def other_labels(self) -> np.ndarray | None:
        """The labels of the file to compare with, int64 (n,); None if there is no such file.

        Raises:
            InputError: that file has not a label for each test row.
        """
        if self._against is None:
            return None
        rows = self.reference.rows
        other = predictions.read(self._against, rows=rows)
        labels = other.aligned_labels(self.reference.row_ids, self._originals)
        if labels is None:
            raise InputError(
                f"{self._against}: holds no label for each of the {rows} test rows: nothing to"
                " compare with"
            )
        return labels

    @cached_property
    def classes(self) -> int:
        """The number of classes: the data set's, the model's, or else that of the labels.

        It is at most `MAX_CLASSES`: a label beyond is an error in the file, not a class.
        """
        if self.reference.origin.classes:
            return self.reference.origin.classes
        if self.model:
            return self.model.classes
        for labels in (self.truth, self.labels):
            if labels is not None:
                return min(max(int(labels.max()) + 1, 2), MAX_CLASSES)
        return _DEFAULT_CLASSES

    @cached_property
    def layout(self) -> Layout:
        """What the file must hold. Without a sample, a file of unknown origin may have any
        layout.
        """
        if self._layout:
            return self._layout
        sample = self.reference.sample
        return Layout(
            header=sample.header if sample else "any",
            ids=self.reference.file_ids,
            rows=self.reference.rows,
            classes=self.classes,
            labels=self._originals,
        )

    @cached_property
    def held_out(self) -> HeldOut | None:
        """Labelled rows, and the model's labels of them; None if it cannot be tried on any.

        Raises:
            InputError: the model cannot be run.
        """
        origin = self.reference.origin
        rows = origin.held_out
        if self.model is None or rows is None or origin.mismatch:
            return None
        if self.model.classes != origin.classes:
            return None
        predicted = self.model.answer(rows.images).labels
        return HeldOut(rows.images, rows.labels, predicted)

    @cached_property
    def score(self) -> Score | None:
        """How good the labels are; None if they or the true ones are not known."""
        if self.labels is None or self.truth is None:
            return None
        return Score.of(self.labels, self.truth, self.classes)

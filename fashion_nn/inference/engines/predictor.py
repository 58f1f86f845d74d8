"""The interface of all engines: a model file as a function from images to probabilities."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from fashion_nn.core.images import ImageShape, is_colour, shape_of, values_of
from fashion_nn.errors import InputError
from fashion_nn.inference.shared.feeding import Feeding, feeding
from fashion_nn.inference.shared.first_layers import FirstLayers
from fashion_nn.inference.shared.head import Head, head_of
from fashion_nn.inference.shared.network import Network
from fashion_nn.inference.shared.refusal import NotFinite, Refusal, explained, shown
from fashion_nn.inference.shared.scale import Scale, named

if TYPE_CHECKING:
    from fashion_nn.inference.scaling import Decision, LabelledRows


_FLAT = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a model says of n images.

    Attributes:
        labels: the class with the largest output, int64 (n,); of equal outputs the first.
        probabilities: float32 (n, classes); the largest of each row is that of its label.
        ties: number of images for which several classes share the largest output.
        flat: number of images whose outputs differ by less than 1 % of their size.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    ties: int
    flat: int


class Predictor(ABC):
    """A model, ready to predict. Use it in a `with` block, or let it be collected.

        with inference.open_model("model.keras") as predict:
            probabilities = predict(images)

    Attributes:
        path: of the file, as it was given.
        sha256: of the file, hexadecimal.
        network: its architecture, as plain data.
        feeding: how images are given to it.
        engine: what runs it, "keras" or "onnx".
        decision: how the scale was decided; None before, and where it was asked for.
    """

    path: str | os.PathLike[str]
    sha256: str
    network: Network
    feeding: Feeding
    engine: str
    decision: "Decision | None" = None
    _undecided: str | None = None
    _gives_probabilities: bool | None = None

    @property
    @abstractmethod
    def classes(self) -> int:
        """Number of outputs.

        Raises:
            InputError: the model cannot be built or run.
        """

    @abstractmethod
    def _outputs(self, images: np.ndarray, batch_size: int | None) -> np.ndarray:
        """What the model answers, float32 (n, classes)."""

    @property
    def is_trained(self) -> bool:
        """Whether the weights show a training, as far as the engine can tell.

        Raises:
            InputError: the model cannot be built or run.
        """
        return True

    @property
    def gives_probabilities(self) -> bool:
        """Whether the outputs are probabilities, not logits; found out by the first answer."""
        return self._gives_probabilities is not False

    @property
    def head(self) -> Head:
        """What one output means, if the model has a single one for two classes.

        Raises:
            InputError: the model cannot be built or run.
        """
        if self.classes != 2:
            return "classes"
        try:
            return head_of(self.network, 1)
        except Refusal:
            return "classes"

    def can_be_fed(self, scale: Scale) -> bool:
        """Whether the type of the input can hold the numbers of `scale`."""
        return "int" not in self.feeding.dtype or scale.fits_integers()

    def first_layers(self, images: np.ndarray, scale: Scale) -> FirstLayers | None:
        """What the first layers get for `images` on `scale`; None where that cannot be seen.

        Args:
            images: uint8 (n, h, w) or (n, h, w, 3); at most 64 of them are looked at.
            scale: one on which the model can be fed.

        Raises:
            InputError: the model cannot be built or run.
        """
        return None

    @abstractmethod
    def close(self) -> None:
        """Free what the model holds; it cannot predict any more."""

    def require(self, image_shape: ImageShape, classes: int | None = None) -> None:
        """Refuse images of another size than the model's, or in colour if it takes grey ones, or
        another number of classes than it has. A model for colour takes grey images too.

        Args:
            image_shape: of the images.
            classes: expected number of classes; None accepts any.

        Raises:
            InputError: naming what the model has and what was expected.
        """
        layout = self.feeding.layout
        size = layout.image_shape
        if size is not None and size != image_shape[:2]:
            raise InputError(
                f"{shown(self.path)}: takes images of {size[0]} x {size[1]} pixels, "
                f"got {image_shape[0]} x {image_shape[1]}: choose the model or the table that fits"
            )
        if is_colour(image_shape) and not layout.takes_colour:
            raise InputError(
                f"{shown(self.path)}: takes grey images, got images in colour: choose a model that"
                " takes colour, or make the images grey"
            )
        if classes is not None and classes != self.classes:
            raise InputError(
                f"{shown(self.path)}: tells {self.classes} classes apart, expected {classes}: "
                "choose the model or the data set that fits"
            )

    def _require_no_image(self, image_shape: ImageShape) -> None:
        """Refuse a model that answers with an image: its largest pixel is no class."""
        height, width = image_shape[:2]
        if self.classes in (height * width, values_of(image_shape)):
            raise InputError(
                f"{shown(self.path)}: has {self.classes} outputs, as many as an image of {height} x"
                f" {width} has pixels: it answers with an image, as an autoencoder does, and not"
                " with a class; expected one output for each class"
            )

    def outputs(self, images: np.ndarray, *, batch_size: int | None = None) -> np.ndarray:
        """The model's own outputs, float32 (n, classes), in the order of the images.

        Args:
            images: uint8 (n, h, w) or (n, h, w, 3).
            batch_size: images at a time; None leaves it to the engine.

        Raises:
            InputError: the size does not fit, the model fails, its outputs are not finite, or they
                are as many as the pixels of an image.
        """
        self.require(shape_of(images))
        self._require_no_image(shape_of(images))
        self.decide(images)
        outputs = self._outputs(images, batch_size)
        if not np.isfinite(outputs).all():
            why = "its outputs are not finite numbers: damaged, or its training diverged"
            raise NotFinite(f"{shown(self.path)}: {why}")
        return outputs

    def answer(self, images: np.ndarray, *, batch_size: int | None = None) -> Answer:
        """Labels and probabilities in the order of the images; see `outputs`.

        Labels come from the outputs themselves. The first call decides what the outputs are: those
        that are no probabilities are taken for logits.
        """
        outputs = self.outputs(images, batch_size=batch_size)
        if self._gives_probabilities is None and len(outputs):
            sums_to_one = abs(outputs.sum(axis=1) - 1) < 1e-2
            self._gives_probabilities = bool((outputs >= 0).all() and sums_to_one.all())
        labels = outputs.argmax(axis=1)
        largest = outputs == outputs.max(axis=1, keepdims=True)
        ties = int((largest.sum(axis=1) > 1).sum())
        flat = _count_flat(outputs)
        if self._gives_probabilities is False:
            return Answer(labels, _softmax(outputs, labels), ties, flat)
        return Answer(labels, outputs, ties, flat)

    @contextmanager
    def fed(self, scale: Scale) -> Iterator[Self]:
        """Feed images to the model on another scale, in a `with` block.

        Raises:
            InputError: the model cannot be fed on it.
        """
        before = (self.feeding, self._undecided)
        with explained(self.path):
            self._begin(scale)
        try:
            yield self
        finally:
            self.feeding, self._undecided = before

    def _begin(self, scale: str | Scale) -> None:
        """Feed images on `scale`; a name that depends on the images waits for the first of them.

        Raises:
            Refusal: the model does not take images, or not on this scale.
        """
        found = named(scale) if isinstance(scale, str) else scale
        self.feeding = feeding(self.network, found)
        self._undecided = scale if isinstance(scale, str) and found is None else None

    def decide(self, images: np.ndarray, rows: "LabelledRows | None" = None) -> None:
        """Find the scale of the pixels, unless one was asked for or has been found before.

        `outputs` does so with its first images. Decide earlier if there is more evidence.

        Args:
            images: uint8 (n, h, w) or (n, h, w, 3), of those that will be predicted; some hundred
                are enough.
            rows: see `fashion_nn.inference.scaling.decide`.

        Raises:
            InputError: the size does not fit, or the model fails.
        """
        if self._undecided is None or not len(images):
            return
        from fashion_nn.inference import scaling

        self.require(shape_of(images))
        found = named(self._undecided, scaling.figures(images))
        if found is not None:
            with explained(self.path):
                self._begin(found)
            return
        self.decision = scaling.decide(self, images, rows)
        self.feeding = replace(self.feeding, scale=self.decision.scale, why=self.decision.evidence)
        self._undecided = None

    def __call__(self, images: np.ndarray, *, batch_size: int | None = None) -> np.ndarray:
        """Probabilities, float32 (n, classes), of uint8 images, see `outputs` and `answer`."""
        return self.answer(images, batch_size=batch_size).probabilities

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _count_flat(outputs: np.ndarray) -> int:
    """Number of rows of `outputs`, (n, classes), in which all are nearly equal."""
    if not len(outputs):
        return 0
    highest = outputs.max(axis=1).astype(np.float64)
    lowest = outputs.min(axis=1).astype(np.float64)
    size = np.maximum(np.abs(highest), np.abs(lowest))
    return int((highest - lowest <= _FLAT * size).sum())


def _softmax(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    wide = logits.astype(np.float64)  # the difference of two float32 may be too large for one
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    # Logits that differ by very little get equal probabilities; the label keeps the largest.
    rows = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    largest = probabilities[rows].max(axis=1)
    probabilities[rows, labels[rows]] = np.nextafter(largest, np.float32(2))
    return probabilities

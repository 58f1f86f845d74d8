"""A model file as a function: images in, probabilities out. The file may be anyone's."""

import contextlib
import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.inference import architecture, model_file, strict_json
from fashion_nn.inference.building import MAX_PARAMETERS
from fashion_nn.inference.feeding import Scale, feeding
from fashion_nn.inference.network import Network
from fashion_nn.inference.refusal import Refusal, input_error, shown
from fashion_nn.inference.sandbox import Child, Limits

BATCH = 1000
MAX_CLASSES = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """Name, class and weights, float32 in Keras' order, of one layer."""

    name: str
    class_name: str
    values: tuple[np.ndarray, ...]


def check(path: str | os.PathLike[str]) -> None:
    """Refuse what can be seen to be no usable model without opening its HDF5: in a tenth of a second.

    For a .keras that is everything but its weights; for an .h5 its size and first bytes.

    Raises:
        InputError: see `open_model`.
    """
    file = model_file.read(path)
    if file.config is not None:
        with _explained(path):
            feeding(_network(file.config), "auto")


def open_model(
    path: str | os.PathLike[str], *, scale: Scale = "auto", wait: bool = True, limits: Limits | None = None
) -> "Predictor":
    """Open the model in `path` (.keras, .h5) for prediction, in a process of its own.

    Args:
        scale: "0-1" divides pixels by 255, "0-255" does not; "auto" decides by the model: raw when it
            takes integers or begins with Rescaling or Normalization, else divided, as report 003 did.
        wait: false returns while TensorFlow is still being imported and the model built; what then turns
            out to be wrong is raised by the first use.
        limits: what the process may use.

    Raises:
        InputError: the file is no usable image classifier; the line says why.
    """
    predictor = Predictor(path, scale, limits or Limits())
    if wait:
        predictor.classes  # noqa: B018
    return predictor


class Predictor:
    """A model that runs in a child process. Use it in a `with` block, or let it be collected.

    Attributes:
        feeding: how images are given to it.
        network: its architecture, as plain data.
        sha256: of the file.
    """

    def __init__(self, path: str | os.PathLike[str], scale: Scale, limits: Limits):
        self.path, self._limits = path, limits
        self._child: Child | None = None
        self._opened = False
        self._classes = self._batch = 0
        self._gives_probabilities: bool | None = None
        self._seconds = float(limits.batch_seconds)
        file = model_file.read(path)
        self.sha256 = file.sha256
        with self._explained():
            if file.config is not None:
                self._understand(file.config, scale)
            self._child, seconds = Child(limits), limits.open_seconds
            self._child.tell("open", file.weights, kind=file.kind, seconds=seconds)
            if file.config is None:
                self._understand(self._child.hear(strict_json.MAX_BYTES, seconds=seconds)[1], scale)
                self._opened = True
            self._child.tell("start", seconds=limits.import_seconds)
            self._child.tell("build", json.dumps(self.network.to_json()).encode(), seconds=limits.build_seconds)

    def _understand(self, config: bytes, scale: Scale) -> None:
        self.network = _network(config)
        self.feeding = feeding(self.network, scale)

    @property
    def classes(self) -> int:
        """Number of outputs.

        Raises:
            InputError: the model cannot be built or run.
        """
        if not self._classes:
            with self._explained() as child:
                if not self._opened:
                    child.hear(0, seconds=self._limits.open_seconds)
                child.hear(0, seconds=self._limits.import_seconds)
                header, _ = child.hear(0, seconds=self._limits.build_seconds)
                self._batch = _counted(header.get("batch"), BATCH)
                self._classes = _counted(header.get("classes"), MAX_CLASSES)
        return self._classes

    @property
    def walls(self) -> tuple[str, ...]:
        """Which of the walls in `confinement` stand around the model.

        Raises:
            InputError: the model cannot be built or run.
        """
        self.classes  # noqa: B018
        return self._child.walls if self._child and self._child.walls else ()

    def require(self, image_shape: tuple[int, int], classes: int | None = None) -> None:
        """Refuse images of another size than the model's, or another number of classes than it has.

        Raises:
            InputError: with both.
        """
        expected = self.feeding.image_shape
        if expected is not None and expected != image_shape:
            raise InputError(
                f"{shown(self.path)}: takes images of {expected[0]} x {expected[1]} pixels, "
                f"got {image_shape[0]} x {image_shape[1]}: choose the model or the table that fits"
            )
        if classes is not None and classes != self.classes:
            raise InputError(f"{shown(self.path)}: tells {self.classes} classes apart, expected {classes}")

    def __call__(self, images: np.ndarray, *, batch_size: int = BATCH) -> np.ndarray:
        """Probabilities, float32 (n, classes), of uint8 images (n, h, w), in their order.

        Outputs that are no probabilities are taken for logits, decided once by the first call.

        Raises:
            InputError: the size does not fit, the model fails, or its outputs are not finite.
        """
        self.require(images.shape[1:])
        answer = np.empty((len(images), self.classes), np.float32)
        step = min(batch_size, self._batch)
        with self._explained() as child:
            for start in range(0, len(images), step):
                answer[start : start + step] = self._predicted(child, images[start : start + step])
        if self._gives_probabilities is None and len(answer):
            self._gives_probabilities = bool((answer >= 0).all() and (abs(answer.sum(1) - 1) < 1e-2).all())
        return _softmax(answer) if self._gives_probabilities is False else answer

    def _predicted(self, child: Child, images: np.ndarray) -> np.ndarray:
        self._seconds += self._limits.image_seconds * len(images)
        seconds, start = max(1, math.ceil(min(self._seconds, self._limits.batch_seconds))), time.monotonic()
        pixels = memoryview(np.ascontiguousarray(images, np.uint8)).cast("B")
        how = {name: getattr(self.feeding, name) for name in self.feeding.__slots__}
        child.tell("predict", pixels, shape=images.shape, feeding=how, seconds=seconds)
        _, content = child.hear(expected := len(images) * self.classes * 4, seconds=seconds)
        self._seconds -= time.monotonic() - start
        if len(content) != expected:
            raise Refusal(f"the model could not be run ({len(content)} bytes of answers, expected {expected})")
        answer = np.frombuffer(content, "=f4").reshape(len(images), self.classes)
        if not np.isfinite(answer).all():
            raise Refusal("its outputs are not finite numbers: damaged, or its training diverged")
        return answer

    def weights(self) -> list[LayerWeights]:
        """The weights of each layer that has some, in the order of the network.

        Raises:
            InputError: the model cannot be built or run.
        """
        leaves = list(self.network.leaves())
        with self._explained() as child:
            self.classes  # noqa: B018
            child.tell("weights", seconds=self._limits.batch_seconds)
            header, content = child.hear(4 * MAX_PARAMETERS, seconds=self._limits.batch_seconds)
            shapes = header.get("shapes")
            if not isinstance(shapes, list) or len(shapes) != len(leaves):
                raise Refusal("the model could not be run (its process lists other layers)")
            values = iter(_arrays([shape for shapes_of_one in shapes for shape in shapes_of_one], content))
            found = [
                LayerWeights(leaf.stored, leaf.class_name, tuple(next(values) for _ in shapes_of_one))
                for leaf, shapes_of_one in zip(leaves, shapes, strict=True)
            ]
        return [layer for layer in found if layer.values]

    def close(self) -> None:
        """End the process."""
        if self._child:
            self._child.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[Any]:
        """Tell of a refusal with the path; whatever goes wrong, the process does not go on."""
        try:
            with _explained(self.path):
                yield self._child
        except BaseException:
            self.close()
            raise


@contextlib.contextmanager
def _explained(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise input_error(path, refusal) from None


def _network(config: bytes) -> Network:
    return architecture.read(strict_json.parse(config, "config"))


def _counted(value: Any, most: int) -> int:
    if not isinstance(value, int) or not 1 <= value <= most:
        raise Refusal("the model could not be run (its process answered nonsense)")
    return value


def _arrays(shapes: list[Any], content: bytes) -> list[np.ndarray]:
    """The float32 arrays of `shapes` that lie one behind the other in `content`."""
    arrays, at = [], 0
    for shape in shapes:
        size = math.prod(_counted(part, MAX_PARAMETERS) for part in shape)
        arrays.append(np.frombuffer(content[at : at + 4 * size], "=f4").reshape(shape))
        at += 4 * size
    if at != len(content):
        raise Refusal("the model could not be run (its process gave other weights)")
    return arrays


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)

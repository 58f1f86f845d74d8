"""Keras in a confined process of its own: the engine that runs any model file that passes the allow-list."""

import contextlib
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.engines.child_process import Child, Limits
from fashion_nn.inference.engines.predictor import Predictor, require_finite
from fashion_nn.inference.file import strict_json
from fashion_nn.inference.file.model_file import ModelFile
from fashion_nn.inference.shared.feeding import Scale, feeding
from fashion_nn.inference.shared.keras_model import MAX_PARAMETERS
from fashion_nn.inference.shared.refusal import Refusal, explained

BATCH = 1000
MAX_CLASSES = 10_000
MAX_MULTIPLY_ADDS = 10**15


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """Name, class and weights, float32 in Keras' order, of one layer."""

    name: str
    class_name: str
    values: tuple[np.ndarray, ...]


class ConfinedPredictor(Predictor):
    """A model that Keras runs in a child process, which imports TensorFlow while its maker goes on.

    What turns out to be wrong with the model then is raised by the first use.
    """

    engine = "keras"

    def __init__(self, file: ModelFile, scale: Scale, limits: Limits):
        self.path, self.sha256, self._limits = file.path, file.sha256, limits
        self._child: Child | None = None
        self._opened = False
        self._classes = self._batch = 0
        self._multiply_adds: int | None = None
        self._seconds = float(limits.batch_seconds)
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
        self.network = model_config.read(strict_json.parse(config, "config"))
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
                if header.get("multiply_adds"):
                    self._multiply_adds = _counted(header["multiply_adds"], MAX_MULTIPLY_ADDS)
                self._classes = _counted(header.get("classes"), MAX_CLASSES)
        return self._classes

    @property
    def multiply_adds(self) -> int | None:
        """Products of a weight and a number that are added up for one image; None where that is unknown.

        Raises:
            InputError: the model cannot be built or run.
        """
        self.classes  # noqa: B018
        return self._multiply_adds

    @property
    def walls(self) -> tuple[str, ...]:
        """Which of the walls in `confinement` stand around the model.

        Raises:
            InputError: the model cannot be built or run.
        """
        self.classes  # noqa: B018
        return self._child.walls if self._child and self._child.walls else ()

    def _outputs(self, images: np.ndarray, batch_size: int | None) -> np.ndarray:
        answer = np.empty((len(images), self.classes), np.float32)
        step = min(batch_size or BATCH, self._batch)
        with self._explained() as child:
            for start in range(0, len(images), step):
                answer[start : start + step] = self._predicted(child, images[start : start + step])
        return answer

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
        require_finite(answer)
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

    @contextlib.contextmanager
    def _explained(self) -> Iterator[Any]:
        """Tell of a refusal with the path; whatever goes wrong, the process does not go on."""
        try:
            with explained(self.path):
                yield self._child
        except BaseException:
            self.close()
            raise


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

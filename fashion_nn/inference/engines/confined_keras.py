"""Keras in the confined process, as a predictor: runs any model file that passes the allow-list.

This is the parent's side. It reads the config, sends file and network to the confined process, and
checks everything that comes back.
"""

import contextlib
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fashion_nn.core.images import shape_of
from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.engines.answers import (
    MAX_MULTIPLY_ADDS,
    arrays,
    missing_layers,
    require_count,
    require_first_layers,
    require_list,
    require_output_shapes,
    require_shape,
    require_shapes,
    require_truth,
)
from fashion_nn.inference.engines.confined_process import ConfinedProcess, Limits, StartedProcess
from fashion_nn.inference.engines.predictor import Predictor
from fashion_nn.inference.file import strict_json
from fashion_nn.inference.file.model_file import ModelFile
from fashion_nn.inference.shared.feeding import feeding
from fashion_nn.inference.shared.first_layers import ROWS, FirstLayers
from fashion_nn.inference.shared.keras_model import MAX_PARAMETERS
from fashion_nn.inference.shared.network import Layer
from fashion_nn.inference.shared.refusal import Refusal, explained
from fashion_nn.inference.shared.scale import Scale
from fashion_nn.inference.shared.traced import CHANNELS, MAX_CALLS, MOST, SIDE

BATCH = 1000
MAX_CLASSES = 10_000
MAX_OUTPUT = 1 << 24
_TRACE_BYTES = 4 * MAX_CALLS * max(MOST, CHANNELS * SIDE**2)


@dataclass(frozen=True, slots=True, eq=False)
class LayerWeights:
    """The weights of one layer.

    Attributes:
        name: of the layer, as in the file.
        class_name: of the layer.
        values: float32 arrays, in the order in which Keras stores them.
    """

    name: str
    class_name: str
    values: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TracedOutput:
    """What one call of a layer gives for one image.

    Attributes:
        layer: the layer of the network.
        shape: of the whole output, without the number of images.
        parameters: number of parameters of the layer.
        values: float32, at most 16 channels of 64 x 64 of its numbers, or its first 8192; None
            where the output equals that of the call before.
    """

    layer: Layer
    shape: tuple[int, ...]
    parameters: int
    values: np.ndarray | None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the confined process reports of the model that it has built."""

    classes: int
    batch: int
    parameters: int
    multiply_adds: int | None
    is_trained: bool


class ConfinedPredictor(Predictor):
    """A model that Keras runs in a confined process.

    The process imports TensorFlow while the caller goes on. What then turns out to be wrong with
    the model is raised by the first use.
    """

    engine = "keras"

    def __init__(
        self,
        file: ModelFile,
        scale: str | Scale,
        limits: Limits,
        started: StartedProcess | None = None,
    ):
        """See `inference.open_model`; `started` is a process of a `ForkServer`."""
        self._started = started
        self.path = file.path
        self.sha256 = file.sha256
        self._limits = limits
        self._process: ConfinedProcess | None = None
        self._opened = False
        self._facts: _Facts | None = None
        self._seconds = float(limits.batch_seconds)
        with self._closing_on_failure():
            self._start(file, scale)

    def _start(self, file: ModelFile, scale: str | Scale) -> None:
        """Send all that the process needs; wait only where the config is inside the HDF5 file."""
        limits = self._limits
        if file.config is not None:
            self._read_config(file.config, scale)
        self._process = process = ConfinedProcess(limits, self._started)
        process.tell("open", file.weights, kind=file.kind, seconds=limits.open_seconds)
        if file.config is None:
            answer = process.hear(strict_json.MAX_BYTES, seconds=limits.open_seconds)
            self._read_config(answer.payload, scale)
            self._opened = True
        network = json.dumps(self.network.to_json()).encode()
        process.tell("start", seconds=limits.import_seconds)
        process.tell("build", network, seconds=limits.build_seconds)

    def _read_config(self, config: bytes, scale: str | Scale) -> None:
        self.network = model_config.read(strict_json.parse(config, "config"))
        self._begin(scale)

    @property
    def classes(self) -> int:
        """Number of outputs.

        Raises:
            InputError: the model cannot be built or run.
        """
        return self._built().classes

    @property
    def multiply_adds(self) -> int | None:
        """Number of multiplications with a weight for one image; None where it is unknown.

        Raises:
            InputError: the model cannot be built or run.
        """
        return self._built().multiply_adds

    @property
    def is_trained(self) -> bool:
        """See `Predictor.is_trained`."""
        return self._built().is_trained

    @property
    def parameters(self) -> int:
        """Number of numbers in all weights.

        Raises:
            InputError: the model cannot be built or run.
        """
        return self._built().parameters

    @property
    def confinement(self) -> tuple[str, ...]:
        """Names of the confinement layers that hold; see `fashion_nn.inference.child.confinement`.

        Raises:
            InputError: the model cannot be built or run.
        """
        self._built()
        return (self._process and self._process.layers) or ()

    @property
    def missing_confinement(self) -> tuple[str, ...]:
        """Names of the confinement layers that this system does not offer.

        Raises:
            InputError: the model cannot be built or run.
        """
        return tuple(missing_layers(self.confinement))

    def _built(self) -> _Facts:
        """Wait until the process has built the model; what it reports."""
        if self._facts is None:
            with self._closing_on_failure():
                process = self._running()
                if not self._opened:
                    process.hear(0, seconds=self._limits.open_seconds)
                process.hear(0, seconds=self._limits.import_seconds)
                header = process.hear(0, seconds=self._limits.build_seconds).header
                multiply_adds = header.get("multiply_adds")
                if multiply_adds is not None:
                    multiply_adds = require_count(multiply_adds, MAX_MULTIPLY_ADDS, 0)
                self._facts = _Facts(
                    classes=require_count(header.get("classes"), MAX_CLASSES),
                    batch=require_count(header.get("batch"), BATCH),
                    parameters=require_count(header.get("parameters"), MAX_PARAMETERS, 0),
                    multiply_adds=multiply_adds or None,
                    is_trained=header.get("trained") is not False,
                )
        return self._facts

    def _outputs(self, images: np.ndarray, batch_size: int | None) -> np.ndarray:
        facts = self._built()
        outputs = np.empty((len(images), facts.classes), np.float32)
        step = min(batch_size or BATCH, facts.batch)
        with self._closing_on_failure():
            process = self._running()
            for start in range(0, len(images), step):
                batch = images[start : start + step]
                outputs[start : start + step] = self._predict(process, batch, facts.classes)
        return outputs

    @contextlib.contextmanager
    def _timed(self, images: int = 0) -> Iterator[int]:
        """Yield how many seconds a request for `images` may take, of the time that all share."""
        self._seconds += self._limits.image_seconds * images
        start = time.monotonic()
        yield max(1, math.ceil(min(self._seconds, self._limits.batch_seconds)))
        self._seconds -= time.monotonic() - start

    def _predict(self, process: ConfinedProcess, images: np.ndarray, classes: int) -> np.ndarray:
        pixels = np.ascontiguousarray(images, np.uint8).data.cast("B")
        how = self.feeding.to_json()
        expected = len(images) * classes * 4
        with self._timed(len(images)) as seconds:
            process.tell("predict", pixels, seconds=seconds, shape=images.shape, feeding=how)
            content = process.hear(expected, seconds=seconds).payload
        if len(content) != expected:
            raise Refusal(
                f"the model could not be run ({len(content)} bytes of answers, expected {expected})"
            )
        outputs = np.frombuffer(content, "=f4").reshape(len(images), classes)
        return outputs

    def first_layers(self, images: np.ndarray, scale: Scale) -> FirstLayers | None:
        """See `Predictor.first_layers`. A black and a white image are shown beside `images`."""
        rows = min(ROWS, max(1, self._built().batch - 2), len(images))
        step = len(images) // rows
        chosen = images[: rows * step : step]
        extremes = np.zeros((2, *images.shape[1:]), np.uint8)
        extremes[1] = 255
        shown = np.concatenate([chosen, extremes])
        with self._closing_on_failure(), self._timed(len(shown)) as seconds:
            process = self._running()
            process.tell(
                "layers",
                shown.data.cast("B"),
                seconds=seconds,
                shape=shown.shape,
                feeding=feeding(self.network, scale).to_json(),
                counted=len(chosen),
            )
            found = process.hear(0, seconds=seconds).header.get("first")
            return None if found is None else require_first_layers(found)

    def weights(self) -> list[LayerWeights]:
        """The weights of each layer that has some, in the order of the network.

        Raises:
            InputError: the model cannot be built or run.
        """
        self._built()
        leaves = list(self.network.leaves())
        with self._closing_on_failure(), self._timed() as seconds:
            process = self._running()
            process.tell("weights", seconds=seconds)
            header, content = process.hear(4 * MAX_PARAMETERS, seconds=seconds)
            shapes = require_shapes(header.get("shapes"), len(leaves))
            values = iter(arrays([shape for of_layer in shapes for shape in of_layer], content))
            if not np.isfinite(np.frombuffer(content, "=f4")).all():
                raise Refusal("the model could not be run (its weights are not finite)")
        found = [
            LayerWeights(leaf.stored, leaf.class_name, tuple(next(values) for _ in of_layer))
            for leaf, of_layer in zip(leaves, shapes, strict=True)
        ]
        return [layer for layer in found if layer.values]

    def trace(self, image: np.ndarray) -> list[TracedOutput]:
        """What each layer gives when the model answers for `image`, uint8 (h, w) or (h, w, 3).

        The answer is in the order of the calls; the first hundred of them are reported.

        Raises:
            InputError: the size does not fit, or the model cannot be built or run.
        """
        self.require(shape_of(image[None]))
        self._built()
        leaves = list(self.network.leaves())
        pixels = np.ascontiguousarray(image, np.uint8).data.cast("B")
        how = self.feeding.to_json()
        with self._closing_on_failure(), self._timed(1) as seconds:
            process = self._running()
            process.tell("trace", pixels, seconds=seconds, shape=image.shape, feeding=how)
            header, content = process.hear(_TRACE_BYTES, seconds=seconds)
            calls = require_list(header.get("calls"), MAX_CALLS)
            same = [require_truth(call.get("same")) for call in calls]
            new = [call for call, equal in zip(calls, same, strict=True) if not equal]
            values = iter(arrays([require_shape(call.get("sent"), MOST) for call in new], content))
            return [
                TracedOutput(
                    leaves[require_count(call.get("leaf"), len(leaves) - 1, 0)],
                    require_shape(call.get("shape"), MAX_OUTPUT),
                    require_count(call.get("parameters"), MAX_PARAMETERS, 0),
                    None if equal else next(values),
                )
                for call, equal in zip(calls, same, strict=True)
            ]

    def output_shapes(self) -> list[tuple[int | None, ...] | None]:
        """What each leaf of the network gives, without the batch; None for an operation.

        Raises:
            InputError: the model cannot be built or run.
        """
        self._built()
        seconds = self._limits.build_seconds
        with self._closing_on_failure():
            process = self._running()
            process.tell("shapes", seconds=seconds)
            shapes = process.hear(0, seconds=seconds).header.get("shapes")
            return require_output_shapes(shapes, len(list(self.network.leaves())))

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.close()

    def _running(self) -> ConfinedProcess:
        assert self._process is not None, "made by __init__"
        return self._process

    @contextlib.contextmanager
    def _closing_on_failure(self) -> Iterator[None]:
        """Name the file in a refusal; whatever goes wrong in the block, end the process."""
        try:
            with explained(self.path):
                yield
        except BaseException:
            self.close()
            raise

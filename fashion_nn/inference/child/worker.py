"""The child process: it opens the file's HDF5, builds the model and predicts. Nobody imports it but `entry`.

Requests, in this order:
    open      an HDF5 file                  -> for .h5 the architecture as it stands in the file
    start     nothing; imports Keras
    build     a network that was allowed    -> number of classes, size of a batch, multiply-adds
    predict   images, how to feed them      -> float32 (n, classes), raw
    weights                                 -> names and shapes; all values, raw
"""

import io
import json
import math
import os
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from fashion_nn.inference.child import weights
from fashion_nn.inference.child.confinement import limit_processor_time
from fashion_nn.inference.child.hdf5 import Store
from fashion_nn.inference.shared import keras_model, network, wire
from fashion_nn.inference.shared.feeding import Feeding
from fashion_nn.inference.shared.refusal import Refusal

# Numbers in the largest tensor of a batch: 256 MiB in float32, of which a few are alive at a time.
_BATCH_NUMBERS = 1 << 26
_MAX_BATCH = 1000
# Processor time to look through a file's HDF5: a thousand times what an ordinary one takes.
_LOOK_SECONDS = 15
_DEFAULT_SIDE = 28
MAX_CLASSES = 10_000

Answer = tuple[dict[str, Any], bytes]


def serve(requests: io.RawIOBase, answers: io.RawIOBase, held: list[str]) -> None:
    """Answer requests until the parent closes its end."""
    model = _Model()
    handlers: dict[str, Callable[..., Answer]] = {
        "open": model.open,
        "start": _import_keras,
        "build": model.build,
        "predict": model.predict,
        "weights": model.weights,
    }
    _write(answers, {"walls": held}, b"")
    while (lengths := _read(requests, wire.LENGTHS_BYTES)) is not None:
        header_bytes, payload_bytes = wire.lengths(lengths)
        header = json.loads(_read(requests, header_bytes))
        payload = _read(requests, payload_bytes)
        seconds = header.pop("seconds") * (os.cpu_count() or 1)
        limit_processor_time(min(seconds, _LOOK_SECONDS) if header["do"] == "open" else seconds)
        try:
            answer = handlers[header.pop("do")](payload, **header)
        except Refusal as refusal:
            answer = {"refused": str(refusal)}, b""
        except BaseException as error:
            answer = {"failed": keras_model.reason(error)}, b""
        _write(answers, *answer)


def _read(stream: io.RawIOBase, size: int) -> bytearray | None:
    content = bytearray(size)
    view, done = memoryview(content), 0
    while done < size:
        count = stream.readinto(view[done:])
        if not count:
            return None
        done += count
    return content


def _write(stream: io.RawIOBase, header: dict[str, Any], payload: bytes) -> None:
    for part in (wire.packed(header, len(payload)), payload):
        view = memoryview(part)
        while view:
            view = view[stream.write(view) :]


class _Model:
    """The one model of this process, on its way from bytes to answers."""

    def open(self, content: bytearray, kind: str) -> Answer:
        self.kind = kind
        self.store = Store(content)
        if kind == "keras":
            return {}, b""
        config = self.store.text("model_config")
        if config is None:
            raise Refusal("holds weights but no architecture: save the whole model with model.save")
        return {}, config

    def build(self, content: bytearray) -> Answer:
        wanted = network.from_json(json.loads(content))
        limits = keras_model.Limits()
        with limits():
            self.built = keras_model.Built(wanted)
            weights.copy(self.store, self.built, self.kind)
            self.store = None
            classes = self._try(wanted.input_layer.arguments)
        self.batch = max(1, min(_MAX_BATCH, _BATCH_NUMBERS // limits.largest_output))
        return {"classes": classes, "batch": self.batch, "multiply_adds": self.built.multiply_adds()}, b""

    def _try(self, given: dict[str, Any]) -> int:
        """Run one empty image through the model; its number of outputs."""
        model = self.built.model
        shape = tuple(model.output_shape)
        if len(shape) != 2 or not shape[1] or shape[1] < 2:
            raise Refusal(f"its output has the shape {shape}, expected (None, number of classes)")
        image = np.zeros([1, *(size or _DEFAULT_SIDE for size in given["shape"])], given["dtype"])
        answer = np.asarray(model(image, training=False), np.float32)
        if shape[1] > MAX_CLASSES:
            raise Refusal(f"tells {shape[1]} classes apart, at most {MAX_CLASSES} are expected")
        if answer.shape != (1, shape[1]):
            raise Refusal(f"gives an answer of the shape {answer.shape}, expected (1, {shape[1]})")
        if not np.isfinite(answer).all():
            raise Refusal("its outputs for an empty image are not finite numbers: damaged, or its training diverged")
        return int(shape[1])

    def predict(self, content: bytearray, shape: list[int], feeding: dict[str, Any]) -> Answer:
        images = np.frombuffer(content, np.uint8).reshape(shape)
        how = Feeding(**feeding)
        array, step = how.array(images), self.batch
        if how.image_shape is None:  # tried with another size than these images have
            step = max(1, step * _DEFAULT_SIDE**2 // math.prod(shape[1:]))
        parts = [self.built.model.predict_on_batch(array[i : i + step]) for i in range(0, len(array), step)]
        return {}, np.concatenate([np.asarray(part, np.float32) for part in parts]).tobytes()

    def weights(self, _content: bytearray) -> Answer:
        values = [
            [np.asarray(weight, np.float32) for weight in self.built.weights(layer)]
            for layer in self.built.network.leaves()
        ]
        shapes = [[value.shape for value in of_layer] for of_layer in values]
        return {"shapes": shapes}, b"".join(value.tobytes() for of_layer in values for value in of_layer)


def _import_keras(_content: bytearray) -> Answer:
    # TensorFlow asks on import where temporary files would go; nothing can be written there.
    tempfile.tempdir = os.environ["TMPDIR"]
    try:
        import keras
    except ImportError as error:
        raise Refusal(
            f"TensorFlow and Keras are not importable here ({error.name}): install them beside Python"
        ) from None
    if keras.backend.backend() != "tensorflow":
        raise Refusal("Keras runs on another backend than TensorFlow here")
    return {}, b""

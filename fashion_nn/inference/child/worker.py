"""Serves the requests of the parent process: opens the file's HDF5, builds the model and predicts.

Only `entry` imports it. The requests come in this order:

    open      an HDF5 file                       -> for an .h5 file, its config in JSON
    start     nothing; imports Keras             -> nothing
    build     a network from the allow-list      -> number of classes and of weights, batch size,
                                                    multiply-adds
    predict   images, and how to feed them       -> outputs, float32 (n, classes), raw
    layers    images, and how to feed them       -> figures of what the first layers get
    weights   nothing                            -> shapes; all weights, float32, raw
    shapes    nothing                            -> the shape of what each layer gives
    trace     one image, and how to feed it      -> what each layer gives for it, cut down

Instead of `open`, these look at a file without building it; none of them imports Keras:

    look      an HDF5 file                       -> its arrays, faults and attributes, JSON
    text      the name of an attribute           -> its text
    numbers   paths of arrays                    -> their values as numbers, JSON

After `start`, these write a model into a new file, in a process that has opened none:

    assemble  networks from the allow-list       -> nothing
    fill      all weights, float32, raw          -> nothing
    mix       weights of the networks' answers   -> number of weights of the one model of them
    save      the format, "keras" or "onnx"      -> the file

Every answer is a message (`fashion_nn.inference.shared.messages`). A header with `refused` or
`failed` says in one line why there is no other answer.
"""

import io
import json
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict

import numpy as np

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.inference.child import tracing, weights
from fashion_nn.inference.child.first_layers import Look, has_stored, is_trained
from fashion_nn.inference.child.hdf5 import Store
from fashion_nn.inference.child.limits import limit_processor_time
from fashion_nn.inference.child.listing import ListedFile
from fashion_nn.inference.child.reply import Reply
from fashion_nn.inference.child.size_guard import SizeGuard, reason
from fashion_nn.inference.child.writing import WrittenModel
from fashion_nn.inference.shared import head, messages, network
from fashion_nn.inference.shared.feeding import Feeding
from fashion_nn.inference.shared.keras_model import BuiltModel
from fashion_nn.inference.shared.messages import Kind
from fashion_nn.inference.shared.network import InputSpec
from fashion_nn.inference.shared.refusal import Refusal

# Numbers in the largest tensor of a batch: 256 MiB in float32, of which a few exist at a time.
_BATCH_NUMBERS = 1 << 26
_MAX_BATCH = 1000
# Processor time to look through a file's HDF5: a thousand times what an ordinary file takes.
_LOOK_SECONDS = 15
_LOOKS = {"open", "look", "text", "numbers"}
# The side of the image that a model is tried with where it takes any size.
_DEFAULT_SIDE = 28
# An image beside which another is put, and how far the answers may differ by rounding.
_OTHER_PIXELS = np.arange(97) % 7
_TOLERANCE = 0.02
MAX_CLASSES = 10_000


def serve(requests: io.RawIOBase, answers: io.RawIOBase, layers: list[str]) -> None:
    """Answer requests until the parent closes its end.

    Args:
        requests: the messages of the parent.
        answers: where the answers go. The first message names the confinement layers that hold.
        layers: see `fashion_nn.inference.child.confinement.confine`.
    """
    model = ServedModel()
    listed = ListedFile()
    written = WrittenModel()
    handlers: dict[str, Callable[..., Reply]] = {
        "open": model.open,
        "start": _import_keras,
        "build": model.build,
        "predict": model.predict,
        "layers": model.first_layers,
        "weights": model.weights,
        "shapes": model.shapes,
        "trace": model.trace,
        "look": listed.look,
        "text": listed.text,
        "numbers": listed.numbers,
        "assemble": written.assemble,
        "fill": written.fill,
        "mix": written.mix,
        "save": written.save,
    }
    _write(answers, Reply({"layers": layers}))
    while (start := _read(requests, messages.SIZES_BYTES)) is not None:
        sizes = messages.sizes(start)
        header = _read(requests, sizes.header)
        payload = _read(requests, sizes.payload)
        if header is None or payload is None:
            return
        request = json.loads(header)
        handler = request.pop("do")
        _allow_processor_time(handler, request.pop("seconds"))
        _write(answers, _answer(handlers[handler], payload, request))


def _allow_processor_time(request: str, seconds: int) -> None:
    seconds *= os.cpu_count() or 1
    limit_processor_time(min(seconds, _LOOK_SECONDS) if request in _LOOKS else seconds)


def _answer(handler: Callable[..., Reply], payload: bytearray, request: JsonObject) -> Reply:
    try:
        return handler(payload, **request)
    except Refusal as refusal:
        return Reply({"refused": str(refusal)})
    except BaseException as error:
        return Reply({"failed": reason(error)})


def _read(stream: io.RawIOBase, size: int) -> bytearray | None:
    content = bytearray(size)
    view = memoryview(content)
    while view:
        count = stream.readinto(view)
        if not count:
            return None
        view = view[count:]
    return content


def _write(stream: io.RawIOBase, reply: Reply) -> None:
    for part in (messages.packed(reply.header, len(reply.payload)), reply.payload):
        view = memoryview(part)
        while view:
            view = view[stream.write(view) or 0 :]


class ServedModel:
    """The one model of this process. Call `open`, `build`, and then what is wanted of it."""

    kind: Kind
    head: head.Head
    built: BuiltModel
    batch: int

    def open(self, content: bytearray, kind: Kind) -> Reply:
        """Look through an HDF5 file; the reply holds the config of an .h5 file."""
        self.kind = kind
        self.store: Store | None = Store(content)
        if kind == "keras":
            return Reply()
        config = self.store.text("model_config")
        if config is None:
            raise Refusal("holds weights but no architecture: save the whole model with model.save")
        return Reply(payload=config)

    def build(self, content: bytearray) -> Reply:
        """Build the network in `content`, give it the weights of the file, and try it once."""
        wanted = network.from_json(json.loads(content))
        guard = SizeGuard()
        with guard.watching():
            self.built = BuiltModel(wanted, guard.count_output)
            assert self.store is not None and wanted.input is not None
            weights.copy(self.store, self.built, self.kind)
            self.store = None
            classes = self._try(wanted.input)
        self.batch = max(1, min(_MAX_BATCH, _BATCH_NUMBERS // guard.largest_output))
        multiply_adds = self.built.multiply_adds()
        facts = {
            "classes": classes,
            "batch": self.batch,
            "parameters": self.built.model.count_params(),
            "multiply_adds": multiply_adds,
            "trained": is_trained(self.built),
        }
        return Reply(facts)

    def _try(self, given: InputSpec) -> int:
        """Run one empty image through the model; its number of outputs."""
        shape = tuple(self.built.model.output_shape)
        outputs = head.flattened(shape)
        if outputs is None:
            raise Refusal(f"its output has the shape {shape}, expected (None, number of classes)")
        self.head = head.head_of(self.built.network, outputs)
        if outputs > MAX_CLASSES:
            raise Refusal(f"tells {outputs} classes apart, at most {MAX_CLASSES} are expected")
        images = np.zeros([2, *(size or _DEFAULT_SIDE for size in given.shape)], given.dtype)
        images[1] = np.resize(_OTHER_PIXELS, images.shape[1:])
        alone = self._answer(images[:1])
        if not np.isfinite(alone).all():  # as where every pixel is masked
            images = images[::-1]
            alone = self._answer(images[:1])
        if alone.size != outputs:
            raise Refusal(f"gives an answer of the shape {alone.shape}, expected (1, {outputs})")
        if not np.isfinite(alone).all():
            raise Refusal(
                "its outputs for an empty image are not finite numbers: damaged, or its training"
                " diverged"
            )
        if not any(self.built.network.in_training()):
            self._require_independent(images[::-1], alone)
        return max(2, outputs)

    def _answer(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(self.built.model(images, training=False), np.float32)

    def _require_independent(self, images: np.ndarray, alone: np.ndarray) -> None:
        """Refuse a model that answers otherwise when another image stands beside an image.

        Args:
            images: two, of which the second is the one that `alone` is the answer to.
            alone: what the model answers to it.
        """
        together = self._answer(images)
        size = max(float(np.abs(alone).max()), 1e-6)
        if together.size != 2 * alone.size or not np.allclose(
            together.reshape(2, -1)[1], alone.ravel(), rtol=0, atol=_TOLERANCE * size
        ):
            raise Refusal(
                "answers an image by what other images are beside it: expected operations along the"
                " axes of each image, not along the first axis"
            )

    def predict(self, content: bytearray, shape: list[int], feeding: JsonObject) -> Reply:
        """Outputs for images of `shape`, uint8, fed as `feeding` says; see `Feeding`."""
        images = np.frombuffer(content, np.uint8).reshape(shape)
        how = Feeding.from_json(feeding)
        array = how.array(images)
        step = self.batch
        if how.layout.image_shape is None:  # tried with another size than these images have
            step = max(1, step * _DEFAULT_SIDE**2 // math.prod(shape[1:]))
        predict = self.built.model.predict_on_batch
        parts = [predict(array[start : start + step]) for start in range(0, len(array), step)]
        outputs = np.concatenate([np.asarray(part, np.float32) for part in parts])
        outputs = head.two_classes(outputs.reshape(len(images), -1), self.head)
        return Reply(payload=outputs.tobytes())

    def first_layers(
        self, content: bytearray, shape: list[int], feeding: JsonObject, counted: int
    ) -> Reply:
        """What the first layers get for images of `shape`, of which `counted` are no extremes."""
        images = np.frombuffer(content, np.uint8).reshape(shape)
        model = self.built.model
        stored = any(has_stored(layer) for layer in self.built.leaves())
        found = Look(counted, stored).run(model, Feeding.from_json(feeding).array(images))
        return Reply({"first": asdict(found) if found else None})

    def weights(self, _content: bytearray) -> Reply:
        """The weights of all leaves of the network, in its order."""
        values = [
            [np.asarray(weight, np.float32) for weight in self.built.weights(layer)]
            for layer in self.built.network.leaves()
        ]
        shapes = [[value.shape for value in of_layer] for of_layer in values]
        raw = [value.tobytes() for of_layer in values for value in of_layer]
        return Reply({"shapes": shapes}, b"".join(raw))

    def shapes(self, _content: bytearray) -> Reply:
        """The output shapes of all leaves of the network, in its order; see `BuiltModel`."""
        leaves = self.built.network.leaves()
        return Reply({"shapes": [self.built.output_shape(layer) for layer in leaves]})

    def trace(self, content: bytearray, shape: list[int], feeding: JsonObject) -> Reply:
        """What each layer gives for one image of `shape`, uint8; see `tracing.trace`."""
        image = np.frombuffer(content, np.uint8).reshape([1, *shape])
        return tracing.trace(self.built, Feeding.from_json(feeding).array(image))


def _import_keras(_content: bytearray) -> Reply:
    # TensorFlow asks on import where temporary files would go; nothing can be written there.
    tempfile.tempdir = os.environ["TMPDIR"]
    try:
        import keras
    except ImportError as error:
        raise Refusal(
            f"TensorFlow and Keras are not importable here ({error.name}): install them beside"
            " Python"
        ) from None
    if keras.backend.backend() != "tensorflow":
        raise Refusal("Keras runs on another backend than TensorFlow here")
    return Reply()

"""Writes a model into a new file, from networks and plain numbers. Confined process only.

The process that does this has never seen a file of a stranger: it gets what the parent process has
checked. The file exists in memory only, because nothing can be written here.
"""

import io
import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.inference.child import raw_pixels
from fashion_nn.inference.child.reply import Reply
from fashion_nn.inference.child.size_guard import SizeGuard, reason
from fashion_nn.inference.shared import network
from fashion_nn.inference.shared.feeding import Feeding
from fashion_nn.inference.shared.keras_model import BuiltModel
from fashion_nn.inference.shared.messages import WrittenFormat
from fashion_nn.inference.shared.network import Layer
from fashion_nn.inference.shared.refusal import Refusal, quoted
from fashion_nn.zoo.mixture import mixture

if TYPE_CHECKING:
    import keras

_DEFAULT_SIDE = 28


class WrittenModel:
    """The one model of this process. Call `assemble`, `fill`, for several networks `mix`, and then
    `save`.
    """

    parts: list[BuiltModel]
    model: "keras.Model"
    mixed = False

    def assemble(self, content: bytearray) -> Reply:
        """Build the networks in `content`, within the limits that hold for every model."""
        guard = SizeGuard()
        with guard.watching():
            self.parts = [BuiltModel(network.from_json(each)) for each in json.loads(content)]
        self.model = self.parts[0].model
        return Reply()

    def fill(self, content: bytearray, shapes: list[list[list[int]]]) -> Reply:
        """Give the layers that have weights the numbers in `content`, float32, in their order.

        Args:
            content: all arrays, one behind the other.
            shapes: of the arrays of each layer.
        """
        numbers = np.frombuffer(content, "=f4")
        start = 0
        for (part, layer), of_layer in zip(self._leaves(), shapes, strict=True):
            for target, shape in zip(part.weights(layer), of_layer, strict=True):
                if tuple(target.shape) != tuple(shape):
                    raise Refusal(f"layer {quoted(layer.stored)}: its weights have another shape")
                size = math.prod(shape)
                target.assign(numbers[start : start + size].reshape(shape))
                start += size
            part.finish(layer)
        return Reply()

    def _leaves(self) -> Iterator[tuple[BuiltModel, Layer]]:
        for part in self.parts:
            yield from ((part, leaf) for leaf in part.network.leaves() if part.weights(leaf))

    def mix(
        self,
        _content: bytearray,
        shares: list[float],
        feedings: list[dict[str, Any]],
        probabilities: list[bool],
        shape: list[int],
        mirror: bool,
    ) -> Reply:
        """Make one model of raw pixels, which averages the probabilities of the networks.

        Args:
            shares: weights of the networks' probabilities.
            feedings: how pixels are given to each; see `Feeding`.
            probabilities: whether the outputs of each are probabilities already.
            shape: of an image.
            mirror: see `mixture`.
        """
        image_shape: Any = tuple(shape)
        guard = SizeGuard()
        with guard.watching():
            members = [
                raw_pixels.model(part.model, Feeding.from_json(how), image_shape, softmax=not done)
                for part, how, done in zip(self.parts, feedings, probabilities, strict=True)
            ]
            self.model = mixture(members, shares, image_shape, mirror=mirror, name="ensemble")
        self.mixed = True
        return Reply({"parameters": self.model.count_params()})

    def save(self, _content: bytearray, format: WrittenFormat) -> Reply:
        """The file."""
        if format == "onnx":
            return Reply(payload=self._onnx())
        self._require_plain()
        return Reply(payload=self._h5() if format == "h5" else self._keras())

    def _require_plain(self) -> None:
        """Refuse a model whose layers Keras could not make again from their description alone."""
        import keras

        config = keras.saving.serialize_keras_object(self.model)
        try:
            keras.saving.deserialize_keras_object(config, safe_mode=True)
        except Exception as error:
            mend = "an ensemble cannot hold its layers" if self.mixed else "export it as onnx"
            raise Refusal(
                f"{mend}: Keras could not load what would be written ({reason(error)})"
            ) from None

    def _h5(self) -> bytes:
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            legacy_h5_format.save_model_to_hdf5(self.model, file, include_optimizer=False)
        return content.getvalue()

    def _keras(self) -> bytes:
        from keras.src.saving import saving_lib

        # Keras makes a temporary folder for files that a layer brings with it; no layer here has
        # any.
        saving_lib.DiskIOStore = _NoFiles
        content = io.BytesIO()
        saving_lib.save_model(self.model, content)
        return content.getvalue()

    def _onnx(self) -> bytes:
        """The model as one ONNX graph that takes what the model takes."""
        import onnx
        import tensorflow
        import tf2onnx
        from keras.src.export.tf2onnx_lib import patch_tf2onnx

        model = self.model
        (given,) = model.inputs
        # Keras converts only what has been called; an open size gets that of an ordinary image.
        model(np.zeros([size or _DEFAULT_SIDE for size in (1, *given.shape[1:])], given.dtype))
        self._make_constants_of_statistics()
        signature = [tensorflow.TensorSpec(given.shape, given.dtype, name=given.name)]

        @tensorflow.autograph.experimental.do_not_convert
        def forward(images: Any) -> Any:
            return model(images, training=False)

        patch_tf2onnx()
        function = tensorflow.function(forward, input_signature=signature)
        written, _ = tf2onnx.convert.from_function(function, signature)
        onnx.checker.check_model(written)
        return written.SerializeToString()  # type: ignore[no-any-return]

    def _make_constants_of_statistics(self) -> None:
        """Turn the mean and the variance of each Normalization layer into plain numbers.

        It keeps them as tensors, which would become inputs of the graph.
        """
        import keras

        for part in self.model._flatten_layers():
            if isinstance(part, keras.layers.Normalization):
                part.mean = np.asarray(part.mean)
                part.variance = np.asarray(part.variance)


class _NoFiles:
    """In place of Keras' store of the files that layers bring with them."""

    def __init__(self, *_: object, **__: object):
        pass

    def make(self, path: str) -> str:
        return path

    def close(self) -> None:
        pass

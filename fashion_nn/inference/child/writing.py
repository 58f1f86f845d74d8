"""Writes a model into a new file, from a network and plain numbers. Confined process only.

The process that does this has never seen a file of a stranger: it gets what the parent process has
checked. The file exists in memory only, because nothing can be written here.
"""

import io
import json
import math
from typing import Any

import numpy as np

from fashion_nn.inference.child.reply import Reply
from fashion_nn.inference.child.size_guard import SizeGuard, reason
from fashion_nn.inference.shared import network
from fashion_nn.inference.shared.keras_model import BuiltModel
from fashion_nn.inference.shared.messages import WrittenFormat
from fashion_nn.inference.shared.refusal import Refusal, quoted

_DEFAULT_SIDE = 28


class WrittenModel:
    """The one model of this process. Call `assemble`, `fill` and then `save`."""

    built: BuiltModel

    def assemble(self, content: bytearray) -> Reply:
        """Build the network in `content`, within the limits that hold for every model."""
        guard = SizeGuard()
        with guard.watching():
            self.built = BuiltModel(network.from_json(json.loads(content)))
        return Reply()

    def fill(self, content: bytearray, shapes: list[list[list[int]]]) -> Reply:
        """Give the layers that have weights the numbers in `content`, float32, in their order.

        Args:
            content: all arrays, one behind the other.
            shapes: of the arrays of each layer.
        """
        numbers = np.frombuffer(content, "=f4")
        start = 0
        leaves = [leaf for leaf in self.built.network.leaves() if self.built.weights(leaf)]
        for layer, of_layer in zip(leaves, shapes, strict=True):
            for target, shape in zip(self.built.weights(layer), of_layer, strict=True):
                if tuple(target.shape) != tuple(shape):
                    raise Refusal(f"layer {quoted(layer.stored)}: its weights have another shape")
                size = math.prod(shape)
                target.assign(numbers[start : start + size].reshape(shape))
                start += size
            self.built.finish(layer)
        return Reply()

    def save(self, _content: bytearray, format: WrittenFormat) -> Reply:
        """The file."""
        if format == "onnx":
            return Reply(payload=self._onnx())
        self._require_plain()
        return Reply(payload=self._h5() if format == "h5" else self._keras())

    def _require_plain(self) -> None:
        """Refuse a model whose layers Keras could not make again from their description alone."""
        import keras

        config = keras.saving.serialize_keras_object(self.built.model)
        try:
            keras.saving.deserialize_keras_object(config, safe_mode=True)
        except Exception as error:
            raise Refusal(
                f"export it as onnx: Keras could not load what would be written ({reason(error)})"
            ) from None

    def _h5(self) -> bytes:
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        content = io.BytesIO()
        with h5py.File(content, "w") as file:
            legacy_h5_format.save_model_to_hdf5(self.built.model, file, include_optimizer=False)
        return content.getvalue()

    def _keras(self) -> bytes:
        from keras.src.saving import saving_lib

        # Keras makes a temporary folder for files that a layer brings with it; no layer here has
        # any.
        saving_lib.DiskIOStore = _NoFiles
        content = io.BytesIO()
        saving_lib.save_model(self.built.model, content)
        return content.getvalue()

    def _onnx(self) -> bytes:
        """The model as one ONNX graph that takes what the model takes."""
        import onnx
        import tensorflow
        import tf2onnx
        from keras.src.export.tf2onnx_lib import patch_tf2onnx

        model = self.built.model
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

        for part in self.built.model._flatten_layers():
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

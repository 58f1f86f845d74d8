"""Stops a model that grows too large while Keras builds it or applies it. Confined process only.

Each layer of a model may be within the bounds of the allow-list, and the model may still want more
memory than a machine has. This guard refuses it at the first weight or output beyond a bound,
before the memory is taken, and names the layer.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from fashion_nn.inference.shared.keras_model import MAX_PARAMETERS
from fashion_nn.inference.shared.refusal import Refusal, ascii_line, quoted

MAX_OUTPUT = 1 << 24
"""Numbers in one layer's output, for one image."""


class SizeGuard:
    """Counts weights and outputs of the layers that are built and called while it watches.

    Attributes:
        parameters: number of weights so far.
        largest_output: numbers in the largest output of a layer, for one image.
    """

    def __init__(self) -> None:
        self.parameters = 0
        self.largest_output = 1
        self._first: Refusal | None = None

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch every Keras layer that is built or called in the block.

        Raises:
            Refusal: naming the layer that has too many weights or too large an output.
        """
        import keras

        layer_class = keras.layers.Layer
        call = layer_class.__call__
        add_weight = layer_class.add_weight

        def watched_call(layer: Any, *arguments: Any, **keywords: Any) -> Any:
            try:
                result = call(layer, *arguments, **keywords)
            except Exception as error:
                why = reason(error)
                self._refuse(f"layer {quoted(layer.name)}: cannot be applied here ({why})")
            for tensor in keras.tree.flatten(result):
                self._count_output(layer.name, tuple(tensor.shape)[1:])
            return result

        def watched_weight(layer: Any, shape: Any = None, *arguments: Any, **keywords: Any) -> Any:
            self._count_weight(layer.name, shape)
            return add_weight(layer, shape, *arguments, **keywords)

        layer_class.__call__ = watched_call
        layer_class.add_weight = watched_weight
        try:
            yield
        except Exception:
            # Keras wraps what a layer raises in its own words, once for each network around it.
            if self._first:
                raise self._first from None
            raise
        finally:
            layer_class.__call__ = call
            layer_class.add_weight = add_weight

    def _refuse(self, text: str) -> NoReturn:
        self._first = self._first or Refusal(text)
        raise self._first

    def _count_output(self, name: str, shape: tuple[int | None, ...]) -> None:
        size = math.prod(part or 1 for part in shape)
        self.largest_output = max(self.largest_output, size)
        if size > MAX_OUTPUT:
            self._refuse(
                f"layer {quoted(name)}: its output has {size} values for one image, at most"
                f" {MAX_OUTPUT} fit"
            )

    def _count_weight(self, name: str, shape: Any) -> None:
        dimensions = (shape,) if isinstance(shape, int) else tuple(shape or ())
        self.parameters += math.prod(dimensions)
        if self.parameters > MAX_PARAMETERS:
            self._refuse(
                f"layer {quoted(name)}: more than {MAX_PARAMETERS} weights in the model so far"
            )


def reason(error: BaseException) -> str:
    """What went wrong inside Keras or TensorFlow, in one line."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "it needs more memory than it is given"
    return f"{type(error).__name__}: {ascii_line(str(error), 160)}"

"""Stops a model that grows too large while Keras builds it or applies it. Confined process only.

Each layer of a model may be within the bounds of the allow-list, and the model may still want more
memory than a machine has. This guard refuses it at the first weight or output beyond a bound,
before the memory is taken, and names the layer.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any, NoReturn, TypeAlias

from fashion_nn.inference.shared.keras_model import MAX_PARAMETERS
from fashion_nn.inference.shared.refusal import Refusal, ascii_line, quoted

Shape: TypeAlias = tuple[int | None, ...]

MAX_OUTPUT = 1 << 24
"""Numbers in one layer's output, or in the scores of an attention, for one image."""
MAX_STEPS = 1 << 13
"""Steps of all recurrent layers together, for one image; a step takes a millisecond at first."""
MAX_CALLS = 20_000
"""Calls of layers while a model is built: TimeDistributed calls a layer once for each step."""

_RECURRENT = (
    *("LSTM", "GRU", "SimpleRNN", "RNN"),
    *("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
)


class SizeGuard:
    """Counts weights and outputs of the layers that are built and called while it watches.

    Attributes:
        parameters: number of weights so far.
        largest_output: numbers in the largest output of a layer, for one image.
    """

    def __init__(self) -> None:
        self.parameters = 0
        self.largest_output = 1
        self._steps = 0
        self._calls = 0
        self._copies = 1
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
            copies = self._copies
            try:
                self._count_call(layer, [_shape(part) for part in arguments])
                result = call(layer, *arguments, **keywords)
            except Exception as error:
                why = reason(error)
                self._refuse(f"layer {quoted(layer.name)}: cannot be applied here ({why})")
            finally:
                self._copies = copies
            for tensor in keras.tree.flatten(result):
                self.count_output(layer.name, tuple(tensor.shape)[1:])
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

    def _count_call(self, layer: Any, inputs: list[Shape]) -> None:
        """Count what a layer does inside, before it does it.

        Args:
            layer: that is called.
            inputs: shapes of what it is called on, with the batch first.
        """
        kind = type(layer).__name__
        first = inputs[0] if inputs else ()
        steps = _product(first[1:2])
        # Each layer is called on a tensor of an open batch once, when the model is built.
        building = bool(first) and first[0] is None
        self._calls += building * self._copies
        if kind in _RECURRENT:
            self._steps += building * steps * self._copies
            width = getattr(layer, "units", None) or getattr(layer, "filters", None) or 1
            self.count_output(layer.name, (steps, width))
        elif kind in ("MultiHeadAttention", "GroupedQueryAttention"):
            heads = getattr(layer, "num_heads", None) or layer.num_query_heads
            self._count_scores(layer.name, inputs, heads)
        elif kind == "Attention":
            concatenated = layer.score_mode == "concat"
            self._count_scores(layer.name, inputs, first[-1] if concatenated else 1)
        elif kind == "AdditiveAttention":
            self._count_scores(layer.name, inputs, first[-1])
        elif kind == "Bidirectional" and building:
            self._count_call(layer.forward_layer, inputs)
            self._count_call(layer.backward_layer, inputs)
        elif kind == "TimeDistributed":
            self._copies *= steps
            if building:
                self._count_wrapped(layer.layer, (None, *first[2:]))
        self._require_calls(layer.name)

    def _count_wrapped(self, layer: Any, shape: Shape) -> None:
        """Count what a wrapped layer does, or each layer of a wrapped network.

        The layers of a network that is not built yet are counted when it is.
        """
        if hasattr(layer, "layers") and not layer.built:
            return
        if hasattr(layer, "layers"):
            for inner in layer.layers:
                self._count_wrapped(inner, _shape(inner.input))
        else:
            copies = self._copies
            self._count_call(layer, [shape])
            self._copies = copies

    def _count_scores(self, name: str, inputs: list[Shape], times: int | None) -> None:
        """Count the scores of an attention: `times` each query and key."""
        queries = _product(inputs[0][1:-1])
        keys = _product(inputs[1][1:-1]) if len(inputs) > 1 else queries
        self.count_output(name, (times, queries, keys))

    def _require_calls(self, name: str) -> None:
        if self._steps > MAX_STEPS:
            self._refuse(
                f"layer {quoted(name)}: its recurrent layers go through more than {MAX_STEPS} steps"
                " for one image"
            )
        if self._calls > MAX_CALLS:
            self._refuse(
                f"layer {quoted(name)}: its layers are called more than {MAX_CALLS} times for one"
                " image"
            )

    def count_output(self, name: str, shape: Shape) -> None:
        """Count numbers of `shape`, without the batch, that the layer `name` gives or needs.

        Raises:
            Refusal: they are more than `MAX_OUTPUT`.
        """
        size = _product(shape) * self._copies
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


def _shape(value: Any) -> Shape:
    """The shape of a tensor, or of the first of several."""
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return tuple(getattr(value, "shape", ()))


def _product(shape: Shape) -> int:
    return math.prod(size or 1 for size in shape)


def reason(error: BaseException) -> str:
    """What went wrong inside Keras or TensorFlow, in one line."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "it needs more memory than it is given"
    return f"{type(error).__name__}: {ascii_line(str(error), 160)}"

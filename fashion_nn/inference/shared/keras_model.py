"""From a `Network` to a Keras model. Only called where a crash or a full memory would do no harm, or after that."""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from fashion_nn.inference.shared.network import Call, Layer, Network, Tensor
from fashion_nn.inference.shared.refusal import Refusal, ascii_line, quoted

if TYPE_CHECKING:
    import keras

MAX_PARAMETERS = 100_000_000
MAX_OUTPUT = 1 << 24
"""Numbers in one layer's output, for one image."""


class Built:
    """A Keras model made from `network`, with the Keras layer of each of its leaves, by identity."""

    def __init__(self, network: Network):
        self.network = network
        self._layers: dict[int, Any] = {}
        self._ends: dict[int, list[tuple[Any, Any]]] = {}
        self.model: keras.Model = self._network(network)
        unbuilt = next((layer.name for layer in self.model.layers if not layer.built), None)
        if not self.model.built or unbuilt:
            raise Refusal(f"cannot be built: the shape of {quoted(unbuilt or self.model.name)} stays unknown")

    def weights(self, layer: Layer) -> list["keras.Variable"]:
        """Weights of a leaf in the order in which Keras stores them; empty where it has none."""
        return list(self._layers[id(layer)].weights) if layer.role == "layer" else []

    def finish(self, layer: Layer) -> None:
        """Let a leaf that works with values made of its weights (Normalization) make them."""
        finalize = getattr(self._layers.get(id(layer)), "finalize_state", None)
        if finalize:
            finalize()

    def _shapes(self, layer: Layer) -> list[tuple[Any, Any]]:
        made = self._layers[id(layer)]
        return self._ends.get(id(layer)) or [(made.input.shape, made.output.shape)]

    def multiply_adds(self) -> int | None:
        """Products of a weight and a number that are added up for one image; None where its size is open.

        Counted are the kernels of dense and convolutional layers, at each place where they are applied.
        """
        try:
            return self._multiply_adds(self.network)
        except TypeError:  # an unknown size
            return None

    def _multiply_adds(self, network: Network) -> int:
        total = 0
        for layer in network.layers:
            if layer.network:
                calls = 1 if network.sequential else len(layer.calls)
                total += calls * self._multiply_adds(layer.network)
            elif layer.role == "layer" and (kernels := [w for w in self.weights(layer) if w.name.endswith("kernel")]):
                weights = sum(math.prod(kernel.shape) for kernel in kernels)
                first = getattr(self._layers[id(layer)], "data_format", None) == "channels_first"
                for before, after in self._shapes(layer):
                    places = before if layer.class_name.endswith("Transpose") else after
                    total += weights * math.prod(places[2:] if first else places[1:-1])
        return total

    def _network(self, network: Network) -> "keras.Model":
        import keras

        if not network.sequential:
            return self._graph(network)
        return keras.Sequential([self._made(layer) for layer in network.layers], name=network.name)

    def _made(self, layer: Layer) -> Any:
        import keras

        if layer.role == "input":
            shape, dtype = layer.arguments["shape"], layer.arguments["dtype"]
            return keras.Input(tuple(shape), dtype=dtype, name=layer.name)
        if layer.network:
            made = self._network(layer.network)
        else:
            config = {**layer.arguments, "name": layer.name}
            node = {"module": "keras.layers", "class_name": layer.class_name, "config": config, "registered_name": None}
            made = keras.saving.deserialize_keras_object(node, safe_mode=True)
            self._layers[id(layer)] = made
        if not layer.trainable:
            made.trainable = False
        return made

    def _graph(self, network: Network) -> "keras.Model":
        import keras

        by_name = {layer.name: layer for layer in network.layers}
        tensors: dict[tuple[str, int], list[Any]] = {}
        made: dict[str, Callable[..., Any]] = {}
        for layer in network.layers:
            if layer.role == "input":
                tensors[layer.name, 0] = [self._made(layer)]
            elif layer.role == "operation":
                keywords = dict(layer.arguments)
                made[layer.name] = functools.partial(getattr(keras.ops, keywords.pop("function")), **keywords)
            else:
                made[layer.name] = self._made(layer)
        for name, number in network.order:
            result = _called(made[name], by_name[name], by_name[name].calls[number], tensors)
            tensors[name, number] = list(result) if isinstance(result, list | tuple) else [result]
            before = by_name[name].calls[number].inputs[0]
            if isinstance(before, Tensor):
                ends = (tensors[before.layer, before.call][before.output].shape, tensors[name, number][0].shape)
                self._ends.setdefault(id(by_name[name]), []).append(ends)
        inputs, outputs = ([tensors[end.layer, end.call][end.output] for end in ends]
                           for ends in (network.inputs, network.outputs))  # fmt: skip
        return keras.Model(*(ends if len(ends) > 1 else ends[0] for ends in (inputs, outputs)), name=network.name)


def _called(made: Callable[..., Any], layer: Layer, call: Call, tensors: dict[tuple[str, int], list[Any]]) -> Any:
    values = [tensors[x.layer, x.call][x.output] if isinstance(x, Tensor) else x for x in call.inputs]
    if layer.role == "operation":
        return made(*values)
    keywords = {} if call.training is None else {"training": call.training}
    as_list = call.as_list if layer.network is None else len(values) > 1
    return made(values if as_list else values[0], **keywords)


class Limits:
    """Stops a model that grows too large while it is built or run; tells how large its outputs became."""

    def __init__(self) -> None:
        self.parameters = 0
        self.largest_output = 1
        self._first: Refusal | None = None

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Watch every layer that is built or called meanwhile.

        Raises:
            Refusal: naming the layer that has too many weights or too large an output.
        """
        import keras

        call, add_weight = keras.layers.Layer.__call__, keras.layers.Layer.add_weight

        def watched_call(layer: Any, *arguments: Any, **keywords: Any) -> Any:
            try:
                result = call(layer, *arguments, **keywords)
            except Exception as error:
                self._refuse(f"layer {quoted(layer.name)}: cannot be applied here ({reason(error)})")
            for tensor in keras.tree.flatten(result):
                self._count_output(layer.name, tuple(tensor.shape)[1:])
            return result

        def watched_add_weight(layer: Any, shape: Any = None, *arguments: Any, **keywords: Any) -> Any:
            self._count_weight(layer.name, shape)
            return add_weight(layer, shape, *arguments, **keywords)

        keras.layers.Layer.__call__, keras.layers.Layer.add_weight = watched_call, watched_add_weight
        try:
            yield
        except Exception:
            # Keras wraps what comes out of a layer in its own words, once for each network around it.
            if self._first:
                raise self._first from None
            raise
        finally:
            keras.layers.Layer.__call__, keras.layers.Layer.add_weight = call, add_weight

    def _refuse(self, text: str) -> NoReturn:
        self._first = self._first or Refusal(text)
        raise self._first

    def _count_output(self, name: str, shape: tuple[int | None, ...]) -> None:
        size = math.prod(part or 1 for part in shape)
        self.largest_output = max(self.largest_output, size)
        if size > MAX_OUTPUT:
            self._refuse(f"layer {quoted(name)}: its output has {size} values for one image, at most {MAX_OUTPUT} fit")

    def _count_weight(self, name: str, shape: Any) -> None:
        dimensions = (shape,) if isinstance(shape, int) else tuple(shape or ())
        self.parameters += math.prod(dimensions)
        if self.parameters > MAX_PARAMETERS:
            self._refuse(f"layer {quoted(name)}: more than {MAX_PARAMETERS} weights in the model so far")


def reason(error: BaseException) -> str:
    """What went wrong inside Keras or TensorFlow, in one line."""
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "it needs more memory than it is given"
    return f"{type(error).__name__}: {ascii_line(str(error), 160)}"

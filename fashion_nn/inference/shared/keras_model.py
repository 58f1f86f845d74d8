"""From a `Network` to a Keras model, with its layers in reach.

The confined process builds every model first, under its limits. The parent process builds one only
after that, from the same network and plain numbers (`fashion_nn.inference.rebuild`).
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fashion_nn.inference.shared.network import Call, Layer, Network, Tensor
from fashion_nn.inference.shared.refusal import Refusal, quoted

if TYPE_CHECKING:
    import keras

MAX_PARAMETERS = 100_000_000
"""Numbers in all weights of a model."""

Shape: TypeAlias = tuple[int | None, ...]
_Tensors: TypeAlias = dict[tuple[str, int], list["keras.KerasTensor"]]
"""The outputs of each call, by the name of the layer and the number of the call."""


@dataclass(frozen=True, slots=True)
class _Application:
    """The shapes that go in and out where a layer is applied, with the batch first."""

    before: Shape
    after: Shape


class BuiltModel:
    """A Keras model made from `network`.

    Attributes:
        network: what it was made from.
        model: the Keras model, uncompiled. Its weights have their initial values.

    Raises:
        Refusal: the shape of a layer stays unknown. Keras raises errors of many other types.
    """

    def __init__(self, network: Network):
        self.network = network
        # By the identity of the Layer: names are unique in their own network only.
        self._layers: dict[int, keras.layers.Layer] = {}
        self._applications: dict[int, list[_Application]] = {}
        self.model = self._built(network)
        unbuilt = next((layer.name for layer in self.model.layers if not layer.built), None)
        if not self.model.built or unbuilt:
            name = quoted(unbuilt or self.model.name)
            raise Refusal(f"cannot be built: the shape of {name} stays unknown")

    def weights(self, layer: Layer) -> list["keras.Variable"]:
        """Weights of a leaf in the order in which Keras stores them; empty where it has none."""
        return list(self._layers[id(layer)].weights) if layer.role == "layer" else []

    def finish(self, layer: Layer) -> None:
        """Let a leaf compute what it derives from its weights, as Normalization does.

        Call it once the leaf's weights have their values.
        """
        finalize = getattr(self._layers.get(id(layer)), "finalize_state", None)
        if finalize:
            finalize()

    def output_shape(self, layer: Layer) -> Shape | None:
        """What a leaf gives where it is first applied, without the batch; None for an operation."""
        if layer.input:
            return layer.input.shape
        if layer.role != "layer":
            return None
        return tuple(self._applied(layer)[0].after[1:])

    def multiply_adds(self) -> int | None:
        """Number of multiplications with a weight for one image; None where a size is open.

        A layer that is applied several times counts each time; see `layer_multiply_adds`.
        """
        try:
            return self._multiply_adds(self.network)
        except TypeError:
            return None

    def _multiply_adds(self, network: Network) -> int:
        total = 0
        for layer in network.layers:
            if layer.network:
                calls = 1 if network.sequential else len(layer.calls)
                total += calls * self._multiply_adds(layer.network)
            elif layer.role == "layer":
                made = self._layers[id(layer)]
                for place in self._applied(layer):
                    total += layer_multiply_adds(made, place.before, place.after)
        return total

    def _applied(self, layer: Layer) -> list[_Application]:
        if id(layer) in self._applications:
            return self._applications[id(layer)]
        made = self._layers[id(layer)]
        return [_Application(made.input.shape, made.output.shape)]

    def _built(self, network: Network) -> "keras.Model":
        import keras

        if not network.sequential:
            return self._functional(network)
        return keras.Sequential([self._made(layer) for layer in network.layers], name=network.name)

    def _functional(self, network: Network) -> "keras.Model":
        import keras

        tensors: _Tensors = {}
        made: dict[str, Callable[..., Any]] = {}
        for layer in network.layers:
            if layer.role == "input":
                tensors[layer.name, 0] = [self._made(layer)]
            else:
                made[layer.name] = self._made(layer)
        by_name = {layer.name: layer for layer in network.layers}
        for name, number in network.order:
            layer = by_name[name]
            call = layer.calls[number]
            result = _apply(made[name], layer, call, tensors)
            tensors[name, number] = list(result) if isinstance(result, list | tuple) else [result]
            first = call.inputs[0]
            if isinstance(first, Tensor):
                shapes = _Application(_find(first, tensors).shape, tensors[name, number][0].shape)
                self._applications.setdefault(id(layer), []).append(shapes)
        inputs = _one_or_list(network.inputs, tensors)
        return keras.Model(inputs, _one_or_list(network.outputs, tensors), name=network.name)

    def _made(self, layer: Layer) -> Any:
        """The Keras input, operation, network or layer that `layer` describes."""
        import keras

        if layer.input:
            return keras.Input(layer.input.shape, dtype=layer.input.dtype, name=layer.name)
        if layer.function:
            return functools.partial(getattr(keras.ops, layer.function), **layer.arguments)
        if layer.network:
            made = self._built(layer.network)
        else:
            node = {
                "module": "keras.layers",
                "class_name": layer.class_name,
                "config": {**layer.arguments, "name": layer.name},
                "registered_name": None,
            }
            made = keras.saving.deserialize_keras_object(node, safe_mode=True)
            self._layers[id(layer)] = made
        if not layer.trainable:
            made.trainable = False
        return made


def _apply(made: Callable[..., Any], layer: Layer, call: Call, tensors: _Tensors) -> Any:
    values = [_find(each, tensors) if isinstance(each, Tensor) else each for each in call.inputs]
    if layer.role == "operation":
        return made(*values)
    keywords = {} if call.training is None else {"training": call.training}
    as_list = call.as_list if layer.network is None else len(values) > 1
    return made(values if as_list else values[0], **keywords)


def _find(tensor: Tensor, tensors: _Tensors) -> "keras.KerasTensor":
    return tensors[tensor.layer, tensor.call][tensor.output]


def _one_or_list(ends: tuple[Tensor, ...], tensors: _Tensors) -> Any:
    found = [_find(end, tensors) for end in ends]
    return found if len(found) > 1 else found[0]


def layer_multiply_adds(layer: "keras.layers.Layer", before: Shape, after: Shape) -> int:
    """Number of multiplications with a weight where `layer` is applied to one image.

    Counted are the kernels of dense and convolutional layers, once for each position at which a
    kernel is applied; biases and normalisation are not.

    Args:
        layer: a built layer.
        before: the shape that goes in, with the batch first.
        after: the shape that comes out, with the batch first.

    Raises:
        TypeError: a size that matters is None.
    """
    kernels = [weight for weight in layer.weights if weight.name.endswith("kernel")]
    if not kernels:
        return 0
    # A transposed convolution applies its kernel at each position of its input.
    shape = before if type(layer).__name__.endswith("Transpose") else after
    channels_first = getattr(layer, "data_format", None) == "channels_first"
    positions = shape[2:] if channels_first else shape[1:-1]
    return sum(math.prod(kernel.shape) for kernel in kernels) * math.prod(positions)  # type: ignore[arg-type]

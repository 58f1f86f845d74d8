"""From a `Network` to a Keras model, with its layers in reach.

Only a confined process builds a model, under its limits.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fashion_nn.inference.shared import operations
from fashion_nn.inference.shared.multiply_adds import Shape, layer_multiply_adds
from fashion_nn.inference.shared.network import (
    Call,
    Constant,
    Keyword,
    Layer,
    Network,
    Operand,
    Tensor,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

if TYPE_CHECKING:
    import keras

_OnTensor: TypeAlias = Callable[[str, tuple[int | None, ...]], None]

MAX_PARAMETERS = 100_000_000
"""Numbers in all weights of a model."""

_Tensors: TypeAlias = dict[tuple[str, int], list["keras.KerasTensor"]]
"""The outputs of each call, by the name of the layer and the number of the call."""


@dataclass(frozen=True, slots=True)
class _Application:
    """The shapes that go in and out where a layer is applied, with the batch first."""

    before: Shape
    after: Shape


class BuiltModel:
    """A Keras model made from `network`.

    Args:
        network: what the allow-list let through.
        watch: called with the name and the shape, without the batch, of what an operation gives.

    Attributes:
        network: what it was made from.
        model: the Keras model, uncompiled. Its weights have their initial values.

    Raises:
        Refusal: the shape of a layer stays unknown. Keras raises errors of many other types.
    """

    def __init__(self, network: Network, watch: _OnTensor | None = None):
        self.network = network
        self._watch = watch
        # By the identity of the Layer: names are unique in their own network only.
        self._layers: dict[int, keras.layers.Layer] = {}
        self._applications: dict[int, list[_Application]] = {}
        self.model = self._built(network)
        unbuilt = next((layer.name for layer in self.model.layers if not layer.built), None)
        if not self.model.built or unbuilt:
            name = quoted(unbuilt or self.model.name)
            raise Refusal(f"cannot be built: the shape of {name} stays unknown")

    def leaves(self) -> Iterator["keras.layers.Layer"]:
        """The Keras layers that were made, those of nested networks too."""
        yield from self._layers.values()

    def weights(self, layer: Layer) -> list["keras.Variable"]:
        """Weights of a leaf in the order in which Keras stores them; empty where it has none."""
        return list(self._layers[id(layer)].weights) if layer.role == "layer" else []

    def made(self, layer: Layer) -> "keras.layers.Layer":
        """The Keras layer of a leaf."""
        return self._layers[id(layer)]

    def keras_layer(self, layer: Layer) -> "keras.layers.Layer | None":
        """The Keras layer that was made of a leaf; None for an input or an operation."""
        return self._layers.get(id(layer))

    def finish(self, layer: Layer) -> None:
        """Let a leaf compute what it derives from its weights, as Normalization does.

        Call it once the leaf's weights have their values.
        """
        if layer.wrapped:
            for inner in layer.wrapped.leaves():
                self.finish(inner)
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
            if layer.function and self._watch:
                for tensor in tensors[name, number]:
                    self._watch(layer.stored, tuple(tensor.shape)[1:])
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
            return functools.partial(operations.named(layer.function), **layer.arguments)
        if layer.network:
            made = self._built(layer.network)
        else:
            with keras.saving.custom_object_scope(_ACTIVATIONS):
                made = self._layer(layer)
            self._layers[id(layer)] = made
        if not layer.trainable:
            made.trainable = False
        return made

    def _layer(self, layer: Layer) -> "keras.layers.Layer":
        import keras

        if layer.wrapped:
            wrapper = getattr(keras.layers, layer.class_name)
            return wrapper(self._made(layer.wrapped), **layer.arguments, name=layer.name)
        arguments = _with_functions(layer.arguments)
        node = {
            "module": "keras.layers",
            "class_name": layer.class_name,
            "config": {**arguments, "name": layer.name},
            "registered_name": None,
        }
        return keras.saving.deserialize_keras_object(node, safe_mode=True)


def _hard_sigmoid_of_keras_2(x: "keras.KerasTensor") -> "keras.KerasTensor":
    """Keras 2 has a slope of 0.2 where Keras 3 has 1/6."""
    import keras

    return keras.ops.clip(0.2 * x + 0.5, 0, 1)


_ACTIVATIONS = {"hard_sigmoid_of_keras_2": _hard_sigmoid_of_keras_2}
"""Activations that this Keras does not have, by the names that the allow-list gives them."""


def _with_functions(value: Any) -> Any:
    """`value` with each name of `_ACTIVATIONS` in the notation that Keras looks up by itself."""
    if isinstance(value, dict):
        return {name: _with_functions(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_functions(part) for part in value]
    if not isinstance(value, str) or value not in _ACTIVATIONS:
        return value
    return {
        "module": "builtins",
        "class_name": "function",
        "config": value,
        "registered_name": "function",
    }


def _apply(made: Callable[..., Any], layer: Layer, call: Call, tensors: _Tensors) -> Any:
    keywords = {name: _value(value, tensors) for name, value in call.keywords.items()}
    values = [_value(value, tensors) for value in call.inputs]
    if layer.role == "operation":
        values = _of_one_type(values)
        return made(values) if call.as_list else made(*values)
    if call.training is not None:
        keywords["training"] = call.training
    if layer.network:
        return made(values if len(values) > 1 else values[0], **keywords)
    return made(values, **keywords) if call.as_list else made(*values, **keywords)


def _value(value: Keyword | Operand, tensors: _Tensors) -> Any:
    """What a call is given in place of `value`."""
    if isinstance(value, Tensor):
        return _find(value, tensors)
    if isinstance(value, tuple):
        return [_find(each, tensors) for each in value]
    if isinstance(value, Constant) and value.dtype:
        import keras

        return keras.ops.convert_to_tensor(value.values, value.dtype)
    return value.values if isinstance(value, Constant) else value


def _of_one_type(values: list[Any]) -> list[Any]:
    """`values`, with the lists of numbers among them in the type of the tensors."""
    import keras

    types = [value.dtype for value in values if hasattr(value, "dtype")]
    return [
        keras.ops.convert_to_tensor(value, types[0]) if isinstance(value, list) else value
        for value in values
    ]


def _find(tensor: Tensor, tensors: _Tensors) -> "keras.KerasTensor":
    found = tensors[tensor.layer, tensor.call]
    if tensor.output >= len(found):
        raise Refusal(
            f"the layer {quoted(tensor.layer)} has {len(found)} outputs, one more is used"
        )
    return found[tensor.output]


def _one_or_list(ends: tuple[Tensor, ...], tensors: _Tensors) -> Any:
    found = [_find(end, tensors) for end in ends]
    return found if len(found) > 1 else found[0]

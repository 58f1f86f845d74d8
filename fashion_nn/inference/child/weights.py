"""Copies the weights of a file into a built model: by the names of layers, with each shape checked.

A .keras file keeps the weights of each layer in a group named after the class of the layer and its
number among the layers of that class. An .h5 file lists them for each layer of the outermost model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.inference.child.hdf5 import Store
from fashion_nn.inference.shared.keras_model import BuiltModel
from fashion_nn.inference.shared.messages import Kind
from fashion_nn.inference.shared.network import Layer, Network, snake_case
from fashion_nn.inference.shared.refusal import Refusal, quoted

if TYPE_CHECKING:
    import keras

_STATES = ("StateVar", "seed_generator_state")
# Keras 2.12 named the groups so, and counted each layer with weights twice.
_KERAS_2_12 = "_layer_checkpoint_dependencies"
# Attributes of Keras layers that have weights of their own: recurrent layers, then attention.
_PARTS = (
    *("cell", "forward_layer", "backward_layer"),
    *("query_dense", "key_dense", "value_dense", "gate_dense", "output_dense"),
)


@dataclass(frozen=True, slots=True)
class _Target:
    """A weight of the built model, and the leaf of the network that it belongs to."""

    leaf: Layer
    weight: "keras.Variable"

    def assign(self, value: np.ndarray) -> None:
        expected = tuple(self.weight.shape)
        if expected != value.shape:
            raise Refusal(
                f"layer {quoted(self.leaf.stored)}: its weights have the shape {value.shape},"
                f" expected {expected}"
            )
        self.weight.assign(value)

    @property
    def key(self) -> tuple[str, str]:
        """Layer and weight, comparable with `_key` of a name in a file."""
        return self.leaf.stored, _short(self.weight.name)


def copy(store: Store, built: BuiltModel, kind: Kind) -> None:
    """Give every weight of the model the value that it has in the file.

    Raises:
        Refusal: naming the layer whose weights are missing, too many, or of another shape.
    """
    if kind == "h5":
        _copy_h5(store, built)
        return
    folder = _KERAS_2_12 if store.is_group(_KERAS_2_12) else "layers"
    for layer, path in _groups(built, built.network, folder, folder):
        _copy_group(store, built, layer, path, folder)


# .keras


def _groups(
    built: BuiltModel, network: Network, path: str, folder: str
) -> Iterator[tuple[Layer, str]]:
    """Each leaf of `network` with the path of the group that holds its weights."""
    used: dict[str, int] = {}
    for layer in network.layers:
        if layer.role == "operation":
            continue
        made = built.made(layer) if layer.role == "layer" else None
        name = snake_case(type(made).__name__ if made else layer.class_name)
        number = used.get(name, 0)
        below = f"{path}/{name}_{number}" if number else f"{path}/{name}"
        has_weights = any(built.weights(leaf) for leaf in layer.leaves())
        used[name] = number + (2 if folder == _KERAS_2_12 and has_weights else 1)
        if layer.network:
            yield from _groups(built, layer.network, f"{below}/{folder}", folder)
        else:
            yield layer, below


def _copy_group(
    store: Store, built: BuiltModel, layer: Layer, path: str, folder: str = "layers"
) -> None:
    """Copy the weights of a leaf, and of the layer or network that it wraps."""
    if layer.role != "layer":
        return
    if layer.wrapped is None:
        _copy_object(store, built.made(layer), layer, path)
    else:
        own = _stored_by_wrapper(built.made(layer))
        _copy_variables(store, own, layer, path)
        if layer.wrapped.network:
            below = f"{path}/layer/{folder}"
            for inner, group in _groups(built, layer.wrapped.network, below, folder):
                _copy_group(store, built, inner, group, folder)
        else:
            _copy_group(store, built, layer.wrapped, f"{path}/layer", folder)
    built.finish(layer)


def _copy_object(store: Store, made: Any, layer: Layer, path: str) -> None:
    """Copy the weights of a Keras object, and of the objects that it consists of."""
    inner: set[int] = set()
    for name, part in _parts(made):
        inner |= {id(weight) for weight in part.weights}
        # Keras 3.4 and before have written the name with an underscore before it.
        hidden = f"{path}/_{name}"
        _copy_object(store, part, layer, hidden if store.is_group(hidden) else f"{path}/{name}")
    own = [weight for weight in made.weights if id(weight) not in inner]
    _copy_variables(store, own, layer, path)


def _parts(made: Any) -> Iterator[tuple[str, Any]]:
    """The objects with weights that a Keras layer consists of, and their names in a file."""
    used: dict[str, int] = {}
    for cell in getattr(made, "cells", ()):
        name = snake_case(type(cell).__name__)
        number = used.get(name, 0)
        used[name] = number + 1
        yield f"cells/{name}_{number}" if number else f"cells/{name}", cell
    for name in _PARTS:
        part = getattr(made, name, None) or getattr(made, f"_{name}", None)
        if part is not None and hasattr(part, "weights"):
            yield name, part


def _stored_by_wrapper(made: Any) -> "list[keras.Variable]":
    """The weights that a wrapper stores besides those of the layer that it wraps."""
    return [made.kernel, made.vector_u] if hasattr(made, "vector_u") else []


def _copy_variables(
    store: Store, variables: "Sequence[keras.Variable]", layer: Layer, path: str
) -> None:
    if not variables:
        return
    group = f"{path}/vars"
    names = store.members(group) if store.is_group(group) else []
    _require_count(layer, len(names), len(variables))
    for number, weight in enumerate(variables):
        _Target(layer, weight).assign(store.array(f"{group}/{number}"))


# .h5


def _copy_h5(store: Store, built: BuiltModel) -> None:
    root = "model_weights" if store.is_group("model_weights") else ""
    listed = {
        name: _weight_names(store, _join(root, name)) for name in store.names(root, "layer_names")
    }
    stored = {name: names for name, names in listed.items() if names}
    targets = {layer.stored: _targets(built, layer) for layer in built.network.layers}
    wanted = [layer for layer in built.network.layers if targets[layer.stored]]
    groups = [layer.stored for layer in wanted]
    if not set(groups) <= set(stored):  # a config without names: only the order is left
        groups = list(stored)
        if len(groups) != len(wanted):
            raise Refusal(f"the file holds weights of {len(groups)} layers, expected {len(wanted)}")
    for layer, group in zip(wanted, groups, strict=True):
        of_layer = targets[layer.stored]
        names = stored[group]
        _require_count(layer, len(names), len(of_layer))
        for target, name in zip(of_layer, _in_order(names, of_layer), strict=True):
            target.assign(store.array(f"{_join(root, group)}/{name}"))
        for leaf in layer.leaves():
            built.finish(leaf)


def _join(root: str, name: str) -> str:
    return f"{root}/{name}" if root else name


def _weight_names(store: Store, group: str) -> list[str]:
    """Names of the weights in `group`, without the random states that Keras 2 wrote among them."""
    names = store.names(group, "weight_names")
    return [name for name in names if not _key(name)[1].startswith(_STATES)]


def _targets(built: BuiltModel, layer: Layer) -> list[_Target]:
    """The weights of an outer layer in the order of an .h5 file: those that train, then the
    rest.
    """
    trained: list[_Target] = []
    rest: list[_Target] = []
    for leaf, trainable in _trainability(layer):
        for weight in _own_weights(built, leaf):
            trains = trainable and weight.trainable
            (trained if trains else rest).append(_Target(leaf, weight))
    return trained + rest


def _own_weights(built: BuiltModel, leaf: Layer) -> "Sequence[keras.Variable]":
    """The weights of a leaf, without those of what it wraps."""
    weights = built.weights(leaf)
    if leaf.wrapped is None:
        return weights
    inner = {id(weight) for each in leaf.wrapped.leaves() for weight in built.weights(each)}
    return [weight for weight in weights if id(weight) not in inner]


def _trainability(layer: Layer, outer: bool = True) -> Iterator[tuple[Layer, bool]]:
    """Each leaf in `layer`, and whether it and all networks around it are trainable."""
    trainable = outer and layer.trainable
    if layer.network is None:
        if layer.wrapped:
            yield from _trainability(layer.wrapped, trainable)
        yield layer, trainable
        return
    for inner in layer.network.layers:
        yield from _trainability(inner, trainable)


def _in_order(names: list[str], targets: list[_Target]) -> list[str]:
    """`names` in the order of `targets` if layer and weight are clear from them, else as listed."""
    by_key = {_key(name): name for name in names}
    wanted = [target.key for target in targets]
    unique = len(by_key) == len(names) and len(set(wanted)) == len(wanted)
    if unique and set(by_key) == set(wanted):
        return [by_key[key] for key in wanted]
    return names


def _key(name: str) -> tuple[str, str]:
    """Layer and weight that a name such as `block/conv/kernel:0` refers to.

    >>> _key("block/conv/kernel:0")
    ('conv', 'kernel')
    """
    layer, _, weight = name.rpartition("/")
    return layer.rpartition("/")[2], _short(weight.partition(":")[0])


def _short(weight: str) -> str:
    return weight.removeprefix("depthwise_")  # Keras 2 left it out


def _require_count(layer: Layer, found: int, expected: int) -> None:
    if found != expected:
        raise Refusal(
            f"layer {quoted(layer.stored)}: the file holds {found} of its weights, expected"
            f" {expected}"
        )

"""Copies the weights of a file into a built model: by the names of layers, with each shape checked.

A .keras file keeps the weights of each layer in a group named after the class of the layer and its
number among the layers of that class. An .h5 file lists them for each layer of the outermost model.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
_NEVER_TRAINED = {"moving_mean", "moving_variance", "mean", "variance", "count"}


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
        _copy_group(store, built, layer, path)


# .keras


def _groups(
    built: BuiltModel, network: Network, path: str, folder: str
) -> Iterator[tuple[Layer, str]]:
    """Each leaf of `network` with the path of the group that holds its weights."""
    used: dict[str, int] = {}
    for layer in network.layers:
        if layer.role == "operation":
            continue
        name = snake_case(layer.class_name)
        number = used.get(name, 0)
        below = f"{path}/{name}_{number}" if number else f"{path}/{name}"
        has_weights = any(built.weights(leaf) for leaf in _leaves(layer))
        used[name] = number + (2 if folder == _KERAS_2_12 and has_weights else 1)
        if layer.network:
            yield from _groups(built, layer.network, f"{below}/{folder}", folder)
        else:
            yield layer, below


def _copy_group(store: Store, built: BuiltModel, layer: Layer, path: str) -> None:
    weights = built.weights(layer)
    if not weights:
        return
    group = f"{path}/vars"
    names = store.members(group) if store.is_group(group) else []
    _require_count(layer, len(names), len(weights))
    for number, weight in enumerate(weights):
        _Target(layer, weight).assign(store.array(f"{group}/{number}"))
    built.finish(layer)


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
        for leaf in _leaves(layer):
            built.finish(leaf)


def _leaves(layer: Layer) -> Iterator[Layer]:
    if layer.network:
        yield from layer.network.leaves()
    else:
        yield layer


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
        for weight in built.weights(leaf):
            trains = trainable and weight.name not in _NEVER_TRAINED
            (trained if trains else rest).append(_Target(leaf, weight))
    return trained + rest


def _trainability(layer: Layer, outer: bool = True) -> Iterator[tuple[Layer, bool]]:
    """Each leaf in `layer`, and whether it and all networks around it are trainable."""
    trainable = outer and layer.trainable
    if layer.network is None:
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

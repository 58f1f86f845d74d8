"""Copy the weights of a file into a built model: by the names of layers, each shape checked."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.inference.child.hdf5 import Store
from fashion_nn.inference.file.model_file import Kind
from fashion_nn.inference.shared.keras_model import Built
from fashion_nn.inference.shared.naming import snake_case
from fashion_nn.inference.shared.network import Layer, Network
from fashion_nn.inference.shared.refusal import Refusal, quoted

if TYPE_CHECKING:
    import keras

Target = tuple[Layer, "keras.Variable"]
_STATES = ("StateVar", "seed_generator_state")
# Keras 2.12 called the groups so, and went through a list in which each layer with weights stands twice.
_EARLY = "_layer_checkpoint_dependencies"
_NEVER_TRAINED = {"moving_mean", "moving_variance", "mean", "variance", "count"}


def copy(store: Store, built: Built, kind: Kind) -> None:
    """Give every weight of the model the value it has in the file.

    Raises:
        Refusal: naming the layer whose weights are missing, too many, or of another shape.
    """
    if kind == "keras":
        folder = _EARLY if store.is_group(_EARLY) else "layers"
        for layer, path in _groups(built, built.network, folder, folder):
            _copy_group(store, built, layer, path)
    else:
        _copy_legacy(store, built)


def _groups(built: Built, network: Network, path: str, folder: str) -> Iterator[tuple[Layer, str]]:
    """Each leaf of a .keras file with the group its weights are in, named after classes and their order."""
    used: dict[str, int] = {}
    for layer in network.layers:
        if layer.role == "operation":
            continue
        name = snake_case(layer.class_name)
        number = used.get(name, 0)
        below = f"{path}/{name}_{number}" if number else f"{path}/{name}"
        leaves = layer.network.leaves() if layer.network else (layer,)
        counts_twice = folder == _EARLY and any(built.weights(leaf) for leaf in leaves)
        used[name] = number + 1 + counts_twice
        if layer.network:
            yield from _groups(built, layer.network, f"{below}/{folder}", folder)
        else:
            yield layer, below


def _copy_group(store: Store, built: Built, layer: Layer, path: str) -> None:
    targets = built.weights(layer)
    if not targets:
        return
    found = f"{path}/vars"
    names = store.members(found) if store.is_group(found) else []
    _require_count(layer, len(names), len(targets))
    for number, target in enumerate(targets):
        _assign(layer, target, store.array(f"{found}/{number}"))
    built.finish(layer)


def _copy_legacy(store: Store, built: Built) -> None:
    """An .h5: one group for each layer of the outer model, which lists its weights, nested ones included."""
    root = "model_weights" if store.is_group("model_weights") else ""
    held = {name: _stored_weights(store, _join(root, name)) for name in store.names(root, "layer_names")}
    held = {name: names for name, names in held.items() if names}
    wanted = [(layer, targets) for layer in built.network.layers if (targets := _targets(built, layer))]
    groups = [layer.stored for layer, _ in wanted]
    if not set(groups) <= set(held):  # a config without names: the order is what is left
        groups = list(held)
        if len(groups) != len(wanted):
            raise Refusal(f"the file holds weights of {len(groups)} layers, expected {len(wanted)}")
    for (layer, targets), group in zip(wanted, groups, strict=True):
        _require_count(layer, len(held[group]), len(targets))
        for (leaf, target), name in zip(targets, _in_order(held[group], targets), strict=True):
            _assign(leaf, target, store.array(f"{_join(root, group)}/{name}"))
        for leaf in layer.network.leaves() if layer.network else (layer,):
            built.finish(leaf)


def _join(root: str, name: str) -> str:
    return f"{root}/{name}" if root else name


def _stored_weights(store: Store, group: str) -> list[str]:
    """Names of the weights in `group`, without the random states that Keras 2 has written among them."""
    return [name for name in store.names(group, "weight_names") if not _tail(name)[1].startswith(_STATES)]


def _targets(built: Built, layer: Layer) -> list[Target]:
    """The weights of an outer layer in the order in which an .h5 lists them: what trains, then the rest."""
    leaves = [(layer, layer.trainable)] if not layer.network else _trainability(layer.network, layer.trainable)
    pairs = [(leaf, weight, trains and weight.name not in _NEVER_TRAINED)
             for leaf, trains in leaves for weight in built.weights(leaf)]  # fmt: skip
    return [(leaf, weight) for wanted in (True, False) for leaf, weight, trains in pairs if trains is wanted]


def _trainability(network: Network, trainable: bool) -> Iterator[tuple[Layer, bool]]:
    for layer in network.layers:
        if layer.network:
            yield from _trainability(layer.network, trainable and layer.trainable)
        else:
            yield layer, trainable and layer.trainable


def _in_order(names: list[str], targets: list[Target]) -> list[str]:
    """`names` by the layer and weight they name where that is clear, else as they are listed."""
    by_tail = {_tail(name): name for name in names}
    wanted = [(leaf.stored, _short(weight.name)) for leaf, weight in targets]
    clear = len(by_tail) == len(names) and len(set(wanted)) == len(wanted) and set(by_tail) == set(wanted)
    return [by_tail[tail] for tail in wanted] if clear else names


def _tail(name: str) -> tuple[str, str]:
    """Layer and weight that a name such as `block/conv/kernel:0` speaks of."""
    layer, _, weight = name.rpartition("/")
    return layer.rpartition("/")[2], _short(weight.partition(":")[0])


def _short(weight: str) -> str:
    return weight.removeprefix("depthwise_")  # Keras 2 called the kernel of a DepthwiseConv2D so


def _require_count(layer: Layer, found: int, expected: int) -> None:
    if found != expected:
        raise Refusal(f"layer {quoted(layer.stored)}: the file holds {found} of its weights, expected {expected}")


def _assign(layer: Layer, target: "keras.Variable", value: np.ndarray) -> None:
    if tuple(target.shape) != value.shape:
        raise Refusal(
            f"layer {quoted(layer.stored)}: its weights have the shape {value.shape}, expected {tuple(target.shape)}"
        )
    target.assign(value)

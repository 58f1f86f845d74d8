"""Which arrays of the HDF5 file belong to which layer, by the names that Keras gives to groups."""

from collections.abc import Sequence

from fashion_nn.inference.inspection.architecture import FoundLayer
from fashion_nn.inference.inspection.shapes import LayerPath
from fashion_nn.inference.inspection.stored_arrays import StoredArray
from fashion_nn.inference.shared.messages import Kind
from fashion_nn.inference.shared.network import snake_case

_KERAS_2_12 = "_layer_checkpoint_dependencies"
_OPTIMIZER = ("optimizer/", "optimizer_weights/", "_optimizer/")
# The state of a random generator is kept beside the weights, and is none.
_STATES = ("seed_generator", "StateVar")


class WeightsByLayer:
    """The arrays of a file, each given to a layer, to the optimizer, or to neither.

    Args:
        arrays: of the HDF5 file.
        layers: of the model, in the order of its config.
        kind: of the model file.
        listed: for "h5", the layers for which the file lists weights, in its order.

    Attributes:
        of_layers: arrays of each layer. A layer whose arrays cannot be told from those of others
            is missing.
        optimizer: arrays with its state.
        others: what belongs neither to a layer nor to the optimizer.
        total: number of weights of all layers.
    """

    def __init__(
        self,
        arrays: Sequence[StoredArray],
        layers: Sequence[FoundLayer],
        kind: Kind,
    ):
        self.optimizer = [array for array in arrays if array.path.startswith(_OPTIMIZER)]
        left = [array for array in arrays if not array.path.startswith(_OPTIMIZER)]
        if kind == "keras":
            groups = _groups_of_keras(left, layers)
            self.of_layers = {path: _below(left, group) for path, group in groups.items()}
            claimed = [array for found in self.of_layers.values() for array in found]
        else:
            root = "model_weights/" if _below(left, "model_weights") else ""
            claimed = [array for array in left if array.path.startswith(root)]
            self.of_layers = _by_name(claimed, root, layers)
        weights = {array.path: array.count for array in claimed if not _is_state(array.path)}
        self.total = sum(weights.values())
        kept = {array.path for array in claimed}
        self.others = [array for array in left if array.path not in kept]

    def parameters(self, path: LayerPath) -> int | None:
        """Number of weights of the layer at `path`; None where its arrays cannot be told."""
        if path not in self.of_layers:
            return None
        return sum(array.count for array in self.of_layers[path] if not _is_state(array.path))


def _is_state(path: str) -> bool:
    return any(part.startswith(_STATES) for part in path.split("/"))


def _below(arrays: Sequence[StoredArray], group: str) -> list[StoredArray]:
    return [array for array in arrays if array.path.startswith(f"{group}/")]


def _groups_of_keras(
    arrays: Sequence[StoredArray], layers: Sequence[FoundLayer]
) -> dict[LayerPath, str]:
    """The group of each layer: the name of its class, with a number from the second on."""
    folder = "layers"
    if any(array.path.startswith(f"{_KERAS_2_12}/") for array in arrays):
        folder = _KERAS_2_12
    groups: dict[LayerPath, str] = {}
    used: dict[tuple[LayerPath, str], int] = {}
    for layer in layers:
        around = layer.path[:-1]
        if layer.is_operation:
            continue
        inside = f"{groups[around]}/{folder}" if around else folder
        name = snake_case(layer.class_name)
        number = used.get((around, name), 0)
        group = f"{inside}/{name}_{number}" if number else f"{inside}/{name}"
        # Keras 2.12 counted each layer with weights twice.
        twice = folder == _KERAS_2_12 and bool(_below(arrays, group))
        used[around, name] = number + (2 if twice else 1)
        groups[layer.path] = group
    return groups


def _by_name(
    arrays: Sequence[StoredArray], root: str, layers: Sequence[FoundLayer]
) -> dict[LayerPath, list[StoredArray]]:
    """The arrays of each layer of an .h5 file, which keeps them in a group with its name.

    Nothing is found where the config has no names: only the order of the groups is left then.
    """
    outer = [layer for layer in layers if len(layer.path) == 1]
    found = {layer.path: _below(arrays, f"{root}{layer.path[0]}") for layer in outer}
    if sum(map(len, found.values())) != len(arrays):
        return {}
    _share_out(found, layers)
    return found


def _share_out(of_layers: dict[LayerPath, list[StoredArray]], layers: Sequence[FoundLayer]) -> None:
    """Give the arrays of each outer network to its layers, by the names that stand in the paths.

    A network stays whole where its names do not tell.
    """
    for network in layers:
        if len(network.path) > 1 or not network.is_network:
            continue
        inner = [layer for layer in layers if layer.path[0] == network.path[0]][1:]
        leaves = [layer for layer in inner if not layer.is_network]
        arrays = of_layers[network.path]
        by_name: dict[str, list[StoredArray]] = {}
        for array in arrays:
            by_name.setdefault(array.path.split("/")[-2], []).append(array)
        names = [layer.path[-1] for layer in leaves]
        if set(by_name) <= set(names) and len(set(names)) == len(names):
            of_layers |= {layer.path: by_name.get(layer.path[-1], []) for layer in leaves}

"""A network as plain data: what is left of a model file's architecture when it has passed the allow-list.

It holds names, numbers and references, and nothing that Keras would look up by itself. It travels to the
child process as JSON.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Role = Literal["layer", "input", "operation", "network"]


@dataclass(frozen=True, slots=True)
class Tensor:
    """The output number `output` of the `call`-th call of the layer named `layer`."""

    layer: str
    call: int
    output: int


@dataclass(frozen=True, slots=True)
class Call:
    """A layer applied to tensors (an operation to numbers too); as a list when it merges several."""

    inputs: tuple[Tensor | float, ...]
    as_list: bool
    training: bool | None


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    name: unique in its network, letters that TensorFlow takes in a name.
    stored: the name it has in the file, under which an .h5 keeps its weights.
    class_name: as in the file; a .keras keeps its weights under a name made of it.
    arguments: those of a layer's constructor; of an input {"shape", "dtype"}; of an operation {"function"}
        and what it is told beside its tensors.
    network: of a nested network.
    """

    name: str
    stored: str
    role: Role
    class_name: str
    arguments: Mapping[str, Any]
    trainable: bool
    calls: tuple[Call, ...]
    network: "Network | None"


@dataclass(frozen=True, slots=True)
class Network:
    """Layers in the file's order: a chain when `sequential`, else a graph given by their calls.

    order: the calls of a graph, (layer name, number), such that each comes after those it needs.
    """

    name: str
    sequential: bool
    layers: tuple[Layer, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    order: tuple[tuple[str, int], ...]

    def leaves(self) -> Iterator[Layer]:
        """All layers, those of nested networks in their place."""
        for layer in self.layers:
            if layer.network:
                yield from layer.network.leaves()
            else:
                yield layer

    @property
    def input_layer(self) -> Layer:
        """The one input of a whole model."""
        return next(layer for layer in self.layers if layer.role == "input")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(content: Mapping[str, Any]) -> Network:
    """The inverse of `Network.to_json`, after a way through JSON."""
    return Network(
        content["name"],
        content["sequential"],
        tuple(map(_layer, content["layers"])),
        tuple(Tensor(**tensor) for tensor in content["inputs"]),
        tuple(Tensor(**tensor) for tensor in content["outputs"]),
        tuple((name, number) for name, number in content["order"]),
    )


def _layer(content: Mapping[str, Any]) -> Layer:
    nested = content["network"]
    calls = tuple(
        Call(
            tuple(Tensor(**x) if isinstance(x, dict) else x for x in call["inputs"]), call["as_list"], call["training"]
        )
        for call in content["calls"]
    )
    return Layer(**{**content, "calls": calls, "network": nested and from_json(nested)})

"""The wires of a Functional model: which layer is called on which tensors, in every notation Keras has used."""

import graphlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fashion_nn.inference.allowlist import rules
from fashion_nn.inference.shared.network import Call, Layer, Network, Role, Tensor
from fashion_nn.inference.shared.refusal import Refusal, quoted

_KEYWORDS = {"training": rules.maybe(rules.flag), "mask": rules.only(None)}


@dataclass(slots=True)
class Draft:
    """A layer while it is read. Its calls still name layers and count calls as the file does."""

    name: str
    stored: str
    class_name: str
    calls: list[Call]
    role: Role = "layer"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    trainable: bool = True
    network: Network | None = None
    shape: list[int | None] | None = None

    def layer(self, calls: Iterable[Call]) -> Layer:
        return Layer(
            self.name,
            self.stored,
            self.role,
            self.class_name,
            self.arguments,
            self.trainable,
            tuple(calls),
            self.network,
        )

    @property
    def outputs(self) -> int:
        return len(self.network.outputs) if self.network and not self.network.sequential else 1


def references(nodes: Any) -> list[Call]:
    """The calls that `nodes`, a layer's `inbound_nodes`, lists.

    Raises:
        Refusal: another form, or an argument that is neither a tensor, a number nor `training`.
    """
    if nodes is None:
        return []
    if not isinstance(nodes, list):
        raise Refusal(f"inbound_nodes: expected a list, got {quoted(nodes)}")
    return [_keras_3(node) if isinstance(node, dict) else _keras_2(node) for node in nodes]


def _keras_3(node: dict[str, Any]) -> Call:
    arguments, keywords = rules.plain_list(node.get("args")), node.get("kwargs") or {}
    if not isinstance(arguments, list) or not isinstance(keywords, dict):
        raise Refusal("inbound_nodes: expected args and kwargs")
    if not arguments and "inputs" in keywords:
        arguments, keywords = [keywords["inputs"]], {key: keywords[key] for key in keywords if key != "inputs"}
    first = rules.plain_list(arguments[0]) if len(arguments) == 1 else None
    as_list = isinstance(first, list)
    inputs = first if as_list else [leaf for part in arguments for leaf in _flat(part)]
    return Call(tuple(map(_operand, inputs)), as_list, _training(keywords))


def _flat(value: Any) -> list[Any]:
    # A dictionary of tensors is flattened by its sorted keys, as Keras does.
    if isinstance(value, dict) and "class_name" not in value:
        return [value[key] for key in sorted(value)]
    return [value]


def _operand(value: Any) -> Tensor | float:
    if not isinstance(value, dict):
        return rules.number()(value)
    config = value.get("config")
    if value.get("class_name") != "__keras_tensor__" or not isinstance(config, dict):
        raise Refusal(f"inbound_nodes: expected a tensor, got a {quoted(value.get('class_name'))}")
    return _tensor(config.get("keras_history"))


def _tensor(history: Any) -> Tensor:
    history = rules.plain_list(history)
    if not isinstance(history, list) or len(history) < 3 or not isinstance(history[0], str):
        raise Refusal(f"expected a layer's name and two numbers, got {quoted(history)}")
    return Tensor(history[0], *(rules.whole(0, 1 << 20)(part) for part in history[1:3]))


def _keras_2(node: Any) -> Call:
    entries = [node] if isinstance(node, list) and node and isinstance(node[0], str) else node
    if not isinstance(entries, list) or not entries:
        raise Refusal(f"inbound_nodes: expected tensors, got {quoted(node)}")
    tensors, trainings = [], set()
    for entry in entries:
        tensors.append(_tensor(entry))
        keywords = entry[3] if len(entry) > 3 else {}
        if not isinstance(keywords, dict) or len(entry) > 4:
            raise Refusal(f"inbound_nodes: expected keywords, got {quoted(keywords)}")
        trainings.add(_training(keywords))
    if len(trainings) > 1:
        raise Refusal("inbound_nodes: training is given twice")
    return Call(tuple(tensors), len(tensors) > 1, trainings.pop())


def _training(keywords: dict[str, Any]) -> bool | None:
    return rules.checked(keywords, _KEYWORDS).get("training")


def connect(title: str, drafts: Sequence[Draft], config: Mapping[str, Any]) -> Network:
    """The Functional model whose layers are `drafts`.

    Raises:
        Refusal: a wire leads nowhere or in a circle, an input is missing, a layer is called wrongly.
    """
    by_name = {draft.stored: draft for draft in drafts}
    ends = {key: [_tensor(leaf) for leaf in _leaves(config.get(key), key)] for key in ("input_layers", "output_layers")}
    used = {
        tensor
        for call in (*(call for draft in drafts for call in draft.calls), Call((*ends["output_layers"],), True, None))
        for tensor in call.inputs
        if isinstance(tensor, Tensor)
    }
    wires = _Wires(by_name, used)
    layers = []
    for draft in drafts:
        try:
            layers.append(draft.layer(wires.call(draft, call) for call in _calls(draft)))
        except Refusal as refusal:
            raise Refusal(f"layer {quoted(draft.stored)} ({quoted(draft.class_name)}): {refusal}") from None
    inputs = tuple(map(wires.tensor, ends["input_layers"]))
    if sorted(tensor.layer for tensor in inputs) != sorted(layer.name for layer in layers if layer.role == "input"):
        raise Refusal("input_layers does not list each InputLayer once")
    outputs = tuple(map(wires.tensor, ends["output_layers"]))
    return Network(title, False, tuple(layers), inputs, outputs, _order(layers))


def _calls(draft: Draft) -> list[Call]:
    if (draft.role == "input") == bool(draft.calls):
        raise Refusal("is called, though it is an input" if draft.calls else "is never called")
    return draft.calls


def _leaves(value: Any, key: str) -> list[Any]:
    value = rules.plain_list(value)
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [value]
    if isinstance(value, dict):
        value = [value[name] for name in sorted(value)]
    if not isinstance(value, list) or not value:
        raise Refusal(f"{key}: expected tensors, got {quoted(value)}")
    return [leaf for part in value for leaf in _leaves(part, key)]


class _Wires:
    """Turns the file's references into ours: our names, calls counted from 0."""

    def __init__(self, by_name: Mapping[str, Draft], used: set[Tensor]):
        self.by_name = by_name
        numbers: dict[str, set[int]] = {}
        for tensor in used:
            numbers.setdefault(tensor.layer, set()).add(tensor.call)
        # Keras 2 counts the calls of a nested model from 1: it was called once when it was made.
        nested = {name for name, draft in by_name.items() if draft.network}
        self.first = {name: int(min(found) == 1 and name in nested) for name, found in numbers.items()}

    def tensor(self, tensor: Tensor) -> Tensor:
        source = self.by_name.get(tensor.layer)
        if source is None:
            raise Refusal(f"refers to a layer {quoted(tensor.layer)}, which is not there")
        number = tensor.call - self.first.get(tensor.layer, 0)
        if not 0 <= number < max(len(source.calls), source.role == "input") or tensor.output >= source.outputs:
            raise Refusal(f"refers to an output of {quoted(tensor.layer)} that it does not have")
        return Tensor(source.name, number, tensor.output)

    def call(self, draft: Draft, call: Call) -> Call:
        inputs = tuple(self.tensor(part) if isinstance(part, Tensor) else part for part in call.inputs)
        if draft.role != "operation":
            if not all(isinstance(part, Tensor) for part in inputs):
                raise Refusal("is called on a number, expected tensors")
            expected = len(inputs) if call.as_list else 1
            if draft.network and not draft.network.sequential:
                expected = len(draft.network.inputs)
            if len(inputs) != expected or not inputs:
                raise Refusal(f"is called on {len(inputs)} arguments, expected {expected}")
        return Call(inputs, call.as_list, call.training)


def _order(layers: Iterable[Layer]) -> tuple[tuple[str, int], ...]:
    needs: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for layer in layers:
        for number, call in enumerate(layer.calls):
            needs[layer.name, number] = [(part.layer, part.call) for part in call.inputs if isinstance(part, Tensor)]
    try:
        return tuple(node for node in graphlib.TopologicalSorter(needs).static_order() if node in needs)
    except graphlib.CycleError:
        raise Refusal("its layers are connected in a circle") from None

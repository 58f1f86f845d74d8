"""The calls of a Functional model: which layer is applied to which tensors.

Each generation of Keras has its own notation for them; what comes out is one.
"""

import graphlib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from fashion_nn.inference.allowlist import rules
from fashion_nn.inference.shared.network import (
    Call,
    InputSpec,
    Json,
    Layer,
    Network,
    Role,
    Tensor,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

_KEYWORDS = {"training": rules.maybe(rules.flag), "mask": rules.only(None)}


@dataclass(slots=True)
class Draft:
    """A layer while it is read; see `Layer` for the attributes.

    Attributes:
        calls: they still name layers and count calls as the file does.
        shape: of the input without the batch, if the layer states it.
    """

    name: str
    stored: str
    class_name: str
    calls: list[Call]
    role: Role = "layer"
    arguments: Mapping[str, Json] = field(default_factory=dict)
    trainable: bool = True
    input: InputSpec | None = None
    function: str | None = None
    network: Network | None = None
    shape: tuple[int | None, ...] | None = None

    def layer(self, calls: Iterable[Call]) -> Layer:
        """The finished layer, with `calls` in place of those of the file."""
        return Layer(
            name=self.name,
            stored=self.stored,
            role=self.role,
            class_name=self.class_name,
            arguments=self.arguments,
            trainable=self.trainable,
            calls=tuple(calls),
            input=self.input,
            function=self.function,
            network=self.network,
        )

    @property
    def outputs(self) -> int:
        """Number of tensors that a call returns."""
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


def _keras_3(node: Mapping[str, Any]) -> Call:
    arguments = rules.plain_list(node.get("args"))
    keywords = node.get("kwargs") or {}
    if not isinstance(arguments, list) or not isinstance(keywords, dict):
        raise Refusal("inbound_nodes: expected args and kwargs")
    if not arguments and "inputs" in keywords:
        arguments = [keywords["inputs"]]
        keywords = {key: value for key, value in keywords.items() if key != "inputs"}
    first = rules.plain_list(arguments[0]) if len(arguments) == 1 else None
    inputs = (
        first if isinstance(first, list) else [leaf for part in arguments for leaf in _flat(part)]
    )
    operands = tuple(_operand(each) for each in inputs)
    return Call(operands, isinstance(first, list), _training(keywords))


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
        found = quoted(value.get("class_name"))
        raise Refusal(f"inbound_nodes: expected a tensor, got a {found}")
    return _tensor(config.get("keras_history"))


def _tensor(history: Any) -> Tensor:
    history = rules.plain_list(history)
    if not isinstance(history, list) or len(history) < 3 or not isinstance(history[0], str):
        raise Refusal(f"expected a layer's name and two numbers, got {quoted(history)}")
    count = rules.whole(0, 1 << 20)
    return Tensor(layer=history[0], call=count(history[1]), output=count(history[2]))


def _keras_2(node: Any) -> Call:
    entries = [node] if isinstance(node, list) and node and isinstance(node[0], str) else node
    if not isinstance(entries, list) or not entries:
        raise Refusal(f"inbound_nodes: expected tensors, got {quoted(node)}")
    tensors: list[Tensor] = []
    trainings: set[bool | None] = set()
    for entry in entries:
        tensors.append(_tensor(entry))
        keywords = entry[3] if len(entry) > 3 else {}
        if not isinstance(keywords, dict) or len(entry) > 4:
            raise Refusal(f"inbound_nodes: expected keywords, got {quoted(keywords)}")
        trainings.add(_training(keywords))
    if len(trainings) > 1:
        raise Refusal("inbound_nodes: training is given twice")
    return Call(tuple(tensors), len(tensors) > 1, trainings.pop())


def _training(keywords: Mapping[str, Any]) -> bool | None:
    return rules.checked(keywords, _KEYWORDS).get("training")


def connect(name: str, drafts: Sequence[Draft], config: Mapping[str, Any]) -> Network:
    """The Functional model whose layers are `drafts`.

    Args:
        name: of the model.
        drafts: its layers, in the order of the file.
        config: of the model; what it takes and returns is read from it.

    Raises:
        Refusal: a reference leads nowhere or in a circle, an input is missing, or a layer is called
            in a way that it cannot be.
    """
    starts = [_tensor(leaf) for leaf in leaves(config.get("input_layers"), "input_layers")]
    ends = [_tensor(leaf) for leaf in leaves(config.get("output_layers"), "output_layers")]
    used = [part for draft in drafts for call in draft.calls for part in call.inputs]
    references = _References(drafts, {part for part in used if isinstance(part, Tensor)} | {*ends})
    layers: list[Layer] = []
    for draft in drafts:
        try:
            calls = [references.call(draft, call) for call in _calls(draft)]
        except Refusal as refusal:
            where = f"layer {quoted(draft.stored)} ({quoted(draft.class_name)})"
            raise Refusal(f"{where}: {refusal}") from None
        layers.append(draft.layer(calls))
    inputs = tuple(references.tensor(start) for start in starts)
    listed = sorted(tensor.layer for tensor in inputs)
    if listed != sorted(layer.name for layer in layers if layer.role == "input"):
        raise Refusal("input_layers does not list each InputLayer once")
    outputs = tuple(references.tensor(end) for end in ends)
    return Network(name, False, tuple(layers), inputs, outputs, _order(layers))


def _calls(draft: Draft) -> list[Call]:
    if draft.role == "input" and draft.calls:
        raise Refusal("is called, though it is an input")
    if draft.role != "input" and not draft.calls:
        raise Refusal("is never called")
    return draft.calls


def leaves(value: Any, key: str) -> list[Any]:
    """The references to tensors in `value`, the field `key` of a network, still unchecked.

    Raises:
        Refusal: it lists none.
    """
    value = rules.plain_list(value)
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [value]
    if isinstance(value, dict):
        value = [value[name] for name in sorted(value)]
    if not isinstance(value, list) or not value:
        raise Refusal(f"{key}: expected tensors, got {quoted(value)}")
    return [leaf for part in value for leaf in leaves(part, key)]


class _References:
    """Turns the references of the file into ours: our names, and calls counted from 0."""

    def __init__(self, drafts: Sequence[Draft], used: Set[Tensor]):
        self._by_name = {draft.stored: draft for draft in drafts}
        numbers: dict[str, set[int]] = {}
        for tensor in used:
            numbers.setdefault(tensor.layer, set()).add(tensor.call)
        # Keras 2 counts the calls of a nested model from 1: it was called once when it was made.
        self._counted_from_1 = {
            draft.stored
            for draft in drafts
            if draft.network and min(numbers.get(draft.stored, {0})) == 1
        }

    def tensor(self, tensor: Tensor) -> Tensor:
        source = self._by_name.get(tensor.layer)
        if source is None:
            raise Refusal(f"refers to a layer {quoted(tensor.layer)}, which is not there")
        number = tensor.call - (tensor.layer in self._counted_from_1)
        calls = 1 if source.role == "input" else len(source.calls)
        if not 0 <= number < calls or tensor.output >= source.outputs:
            raise Refusal(f"refers to an output of {quoted(tensor.layer)} that it does not have")
        return Tensor(source.name, number, tensor.output)

    def call(self, draft: Draft, call: Call) -> Call:
        inputs = tuple(
            self.tensor(part) if isinstance(part, Tensor) else part for part in call.inputs
        )
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
    """All calls, as layer name and number, such that each comes after those it needs."""
    needs: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for layer in layers:
        for number, call in enumerate(layer.calls):
            tensors = [part for part in call.inputs if isinstance(part, Tensor)]
            needs[layer.name, number] = [(tensor.layer, tensor.call) for tensor in tensors]
    try:
        order = graphlib.TopologicalSorter(needs).static_order()
        return tuple(call for call in order if call in needs)
    except graphlib.CycleError:
        raise Refusal("its layers are connected in a circle") from None

"""The calls of a Functional model: which layer is applied to which tensors.

Each generation of Keras has its own notation for them; what comes out is one.
"""

import graphlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from fashion_nn.inference.allowlist import rules, tensorflow
from fashion_nn.inference.allowlist.layers import WITH_STATES
from fashion_nn.inference.allowlist.operations import MAX_PARTS, dtype
from fashion_nn.inference.shared.network import (
    Call,
    Constant,
    InputSpec,
    Json,
    Keyword,
    Layer,
    Network,
    Operand,
    Role,
    Tensor,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

# Arguments of a call that are a tensor, or numbers in its place.
_TENSORS = (
    *("query", "key", "value"),
    *("mask", "attention_mask", "query_mask", "key_mask", "value_mask"),
)
_FLAGS = ("use_causal_mask", "return_attention_scores")
_TRAINING = rules.maybe(rules.flag)
_MAX_STATES = 64
_ATTENTION = ("MultiHeadAttention", "GroupQueryAttention")


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
    wrapped: Layer | None = None
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
            wrapped=self.wrapped,
        )

    @property
    def outputs(self) -> int:
        """The largest number of tensors that a call may return."""
        if self.network and not self.network.sequential:
            return len(self.network.outputs)
        if self.function in ("split", "unstack"):
            return MAX_PARTS
        return _MAX_STATES if self.class_name in (*WITH_STATES, *_ATTENTION) else 1


def references(nodes: Any) -> list[Call]:
    """The calls that `nodes`, a layer's `inbound_nodes`, lists.

    Raises:
        Refusal: another form, or an argument that is neither a tensor, a number, a mask nor a flag
            that is known.
    """
    return [_keras_3(node) if isinstance(node, dict) else _keras_2(node) for node in _listed(nodes)]


def _listed(nodes: Any) -> list[Any]:
    if nodes is None:
        return []
    if not isinstance(nodes, list):
        raise Refusal(f"inbound_nodes: expected a list, got {quoted(nodes)}")
    return nodes


def tensorflow_call(nodes: Any, called: tensorflow.Function) -> tuple[Call, dict[str, Json]]:
    """The one call of a TFOpLambda, and what it gives besides tensors and numbers.

    Raises:
        Refusal: another form, or an argument that `called` does not take.
    """
    nodes = _listed(nodes)
    if len(nodes) != 1:
        raise Refusal(f"is called {len(nodes)} times, expected once")
    entries, keywords = _entries(nodes[0])
    operands = [_keras_2_operand(entry) for entry in entries]
    others = dict(keywords)
    for name in called.operands:
        value = others.pop(name, None)
        if value is None:
            raise Refusal(f"the argument {name} is missing")
        operands.append(_keras_2_operand(value))
    if not called.many and len(operands) != 1 + len(called.operands):
        raise Refusal(f"is called on {len(operands)} operands")
    return Call(tuple(operands), called.many, None), tensorflow.arguments(called, others)


def _keras_3(node: Mapping[str, Any]) -> Call:
    arguments = rules.plain_list(node.get("args"))
    keywords = node.get("kwargs") or {}
    if not isinstance(arguments, list) or not isinstance(keywords, dict):
        raise Refusal("inbound_nodes: expected args and kwargs")
    if not arguments:
        for name in ("inputs", "sequences", "query", "x"):
            if name in keywords:
                arguments = [keywords[name]]
                keywords = {key: value for key, value in keywords.items() if key != name}
                break
    while arguments and arguments[-1] is None:
        arguments = arguments[:-1]
    first = rules.plain_list(arguments[0]) if len(arguments) == 1 else None
    if isinstance(first, list):
        return _call([_operand(each) for each in first], True, keywords, _operand)
    inputs = [leaf for part in arguments for leaf in _flat(part)]
    return _call([_operand(each) for each in inputs], False, keywords, _operand)


def _call(
    operands: Sequence[Operand],
    as_list: bool,
    keywords: Mapping[str, Any],
    read: Callable[[Any], Operand],
) -> Call:
    """A call from its operands and the keywords that the file gives."""

    def states(value: Any) -> tuple[Tensor, ...]:
        found = [read(each) for each in rules.listed(_as_it_is, *range(1, _MAX_STATES))(value)]
        if not all(isinstance(state, Tensor) for state in found):
            raise Refusal("expected tensors")
        return tuple(state for state in found if isinstance(state, Tensor))

    known: dict[str, rules.Rule] = dict.fromkeys(_TENSORS, read)
    known |= dict.fromkeys(_FLAGS, rules.flag)
    known |= {"training": _TRAINING, "initial_state": states}
    given = {name: value for name, value in keywords.items() if value is not None}
    clean = rules.checked(given, known)
    training = clean.pop("training", None)
    return Call(tuple(operands), as_list, training, clean)


def _as_it_is(value: Any) -> Any:
    return value


def _flat(value: Any) -> list[Any]:
    # A dictionary of tensors is flattened by its sorted keys, as Keras does.
    if isinstance(value, dict) and "class_name" not in value:
        return [value[key] for key in sorted(value)]
    return [value]


def _operand(value: Any) -> Operand:
    if not isinstance(value, dict):
        return _number_or_numbers(value)
    name, config = value.get("class_name"), value.get("config")
    if name in ("__numpy__", "__tensor__") and isinstance(config, dict):
        kind = config.get("dtype")
        return Constant(rules.numbers(value), None if kind is None else dtype(kind))
    if name != "__keras_tensor__" or not isinstance(config, dict):
        raise Refusal(f"inbound_nodes: expected a tensor, got a {quoted(name)}")
    return _tensor(config.get("keras_history"))


def _number_or_numbers(value: Any) -> Operand:
    found = rules.plain_list(value)
    if isinstance(found, list):
        return Constant(rules.numbers(found), None)
    if isinstance(found, bool):
        return found
    return rules.number(-1e30, 1e30)(found)


def _tensor(history: Any) -> Tensor:
    history = rules.plain_list(history)
    if not isinstance(history, list) or len(history) < 3 or not isinstance(history[0], str):
        raise Refusal(f"expected a layer's name and two numbers, got {quoted(history)}")
    count = rules.whole(0, 1 << 20)
    return Tensor(layer=history[0], call=count(history[1]), output=count(history[2]))


def _keras_2(node: Any) -> Call:
    entries, keywords = _entries(node)
    tensors = [_tensor(entry) for entry in entries]
    return _call(tensors, len(tensors) > 1, keywords, _keras_2_operand)


def _entries(node: Any) -> tuple[list[Any], Mapping[str, Any]]:
    """The references in a call as Keras 2 writes it, and its keywords."""
    entries = [node] if isinstance(node, list) and node and isinstance(node[0], str) else node
    if not isinstance(entries, list) or not entries:
        raise Refusal(f"inbound_nodes: expected tensors, got {quoted(node)}")
    found: list[Mapping[str, Any]] = []
    for entry in entries:
        if not isinstance(entry, list):
            raise Refusal(f"inbound_nodes: expected a tensor, got {quoted(entry)}")
        keywords = entry[3] if len(entry) > 3 else {}
        if not isinstance(keywords, dict) or len(entry) > 4:
            raise Refusal(f"inbound_nodes: expected keywords, got {quoted(keywords)}")
        found.append(keywords)
    if any(keywords != found[0] for keywords in found):
        raise Refusal("inbound_nodes: the keywords are given twice")
    return entries, found[0]


def _keras_2_operand(value: Any) -> Operand:
    """A reference to a tensor, or a number in its place, or a list of numbers."""
    if isinstance(value, list) and len(value) >= 3 and value[0] == "_CONSTANT_VALUE":
        return _number_or_numbers(value[2])
    if isinstance(value, list) and value and isinstance(value[0], str):
        return _tensor(value)
    return _number_or_numbers(value)


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
    used = {tensor for draft in drafts for call in draft.calls for tensor in call.tensors()}
    references = _References(drafts, used | {*ends})
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
        inputs = tuple(self._value(part) for part in call.inputs)
        keywords: dict[str, Keyword] = {
            name: tuple(map(self.tensor, value)) if isinstance(value, tuple) else self._value(value)
            for name, value in call.keywords.items()
        }
        if draft.role == "operation":
            if not any(isinstance(part, Tensor) for part in inputs):
                raise Refusal("is called on numbers only, expected a tensor")
            return Call(inputs, call.as_list, None)
        tensors = tuple(part for part in inputs if isinstance(part, Tensor))
        if len(tensors) != len(inputs):
            raise Refusal("is called on a number, expected tensors")
        if draft.class_name in WITH_STATES and len(tensors) > 1:
            # Keras 2 puts the initial state behind the input.
            return Call(
                tensors[:1], False, call.training, {**keywords, "initial_state": tensors[1:]}
            )
        allowed = _allowed_inputs(draft, call)
        if len(tensors) not in allowed:
            expected = " or ".join(map(str, allowed))
            raise Refusal(f"is called on {len(tensors)} arguments, expected {expected}")
        return Call(tensors, call.as_list, call.training, keywords)

    def _value(self, part: Any) -> Any:
        return self.tensor(part) if isinstance(part, Tensor) else part


def _allowed_inputs(draft: Draft, call: Call) -> tuple[int, ...]:
    """With how many tensors the layer can be called."""
    if draft.network and not draft.network.sequential:
        return (len(draft.network.inputs),)
    if draft.class_name in _ATTENTION:
        return (1, 2, 3)
    return (max(1, len(call.inputs)),) if call.as_list else (1,)


def _order(layers: Iterable[Layer]) -> tuple[tuple[str, int], ...]:
    """All calls, as layer name and number, such that each comes after those it needs."""
    needs: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for layer in layers:
        for number, call in enumerate(layer.calls):
            tensors = call.tensors()
            needs[layer.name, number] = [(tensor.layer, tensor.call) for tensor in tensors]
    try:
        order = graphlib.TopologicalSorter(needs).static_order()
        return tuple(call for call in order if call in needs)
    except graphlib.CycleError:
        raise Refusal("its layers are connected in a circle") from None

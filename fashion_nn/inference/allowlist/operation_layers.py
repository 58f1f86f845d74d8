"""Reads the layers of a file that are operations on tensors, in the notation of each Keras."""

from collections.abc import Mapping, Sequence
from typing import Any

from fashion_nn.inference.allowlist import operations, rules, tensorflow
from fashion_nn.inference.allowlist.calls import Draft, tensorflow_call
from fashion_nn.inference.allowlist.layers import LAYERS
from fashion_nn.inference.shared.network import Call, clean_name
from fashion_nn.inference.shared.refusal import Refusal, quoted

_OPERATION_MODULES = ("keras.src.ops.", "keras.ops")


def is_operation(class_name: str, entry: Mapping[str, Any], calls: Sequence[Call]) -> bool:
    """Whether a layer of the file is an operation, and no layer of the same name."""
    module = entry.get("module")
    if class_name not in operations.OPERATIONS:
        return False
    if isinstance(module, str):
        return module.startswith(_OPERATION_MODULES)
    # An .h5 names no modules. A layer such as Add gets one list there, an operation its operands.
    if class_name not in LAYERS:
        return True
    if class_name == "Reshape":
        return "newshape" in (entry.get("config") or {})
    return any(not call.as_list and len(call.inputs) > 1 for call in calls)


def complete_operation(draft: Draft, arguments: Mapping[str, Any]) -> None:
    """Give `draft`, an operation of Keras 3, its function and its arguments.

    Raises:
        Refusal: naming an argument that is not allowed, or another number of operands.
    """
    operation = operations.OPERATIONS[draft.class_name]
    draft.function = operation.function
    for call in draft.calls:
        if call.keywords:
            raise Refusal(f"the argument {quoted(next(iter(call.keywords)))} is not known")
        if call.as_list != (operation.operands is None):
            raise Refusal("expected a list of tensors" if not call.as_list else "expected no list")
        if operation.operands not in (None, len(call.inputs)):
            raise Refusal(f"expected {operation.operands} operands")
    known = {"name": rules.dropped(lambda name: name), **operation.arguments}
    draft.arguments = rules.checked(arguments, known)
    for needed in operation.required:
        if needed not in draft.arguments:
            raise Refusal(f"the argument {needed} is missing")


def key_of_getitem(entry: Mapping[str, Any], class_name: str) -> Mapping[str, Any]:
    """What stands in the brackets of `x[...]`, which Keras 3 keeps in the call."""
    if class_name != "GetItem":
        return {}
    nodes = entry.get("inbound_nodes")
    if not isinstance(nodes, list) or len(nodes) != 1 or not isinstance(nodes[0], dict):
        raise Refusal("is not called once")
    arguments = rules.plain_list(nodes[0].get("args"))
    if not isinstance(arguments, list) or len(arguments) != 2:
        raise Refusal("expected a tensor and an index")
    return {"key": [None] if arguments[1] is None else arguments[1]}


def nodes_of(entry: Mapping[str, Any], class_name: str) -> Any:
    """The calls of a layer as the file has them, without what is no operand."""
    nodes = entry.get("inbound_nodes")
    if class_name != "GetItem" or not isinstance(nodes, list):
        return nodes
    return [
        {**node, "args": (rules.plain_list(node.get("args")) or [])[:1]}
        if isinstance(node, dict) and isinstance(rules.plain_list(node.get("args")), list)
        else node
        for node in nodes
    ]


def tensorflow_operation(entry: Mapping[str, Any], class_name: str, stored: str) -> Draft:
    """The operation that a TFOpLambda or SlicingOpLambda of Keras 2 names.

    Raises:
        Refusal: a function or an argument that is not allowed.
    """
    config = rules.node(entry)[1]
    known = {
        "name": rules.dropped(lambda name: name),
        "trainable": rules.dropped(rules.flag),
        "dtype": rules.dropped(rules.policy),
        "function": rules.dropped(lambda name: name),
    }
    rules.checked(config, known)
    function = tensorflow.function(config)
    call, arguments = tensorflow_call(entry.get("inbound_nodes"), function)
    draft = Draft(clean_name(stored), stored, class_name, [call])
    draft.role = "operation"
    draft.function = function.function
    draft.arguments = arguments
    return draft

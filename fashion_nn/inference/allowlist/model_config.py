"""From the architecture in a model file to a `Network`: the walk along the allow-list.

Reads what Keras 2.0 to 3.15 have written, in .keras and .h5, and configs with only the keys that have no
default. Nothing of the file is taken over as it stands: each part is checked and written anew. What does
not matter for predicting (how the model was compiled, built and seeded) is left behind.
"""

from typing import Any

from fashion_nn.inference.allowlist import allowed, rules
from fashion_nn.inference.allowlist.calls import Draft, connect, references
from fashion_nn.inference.shared.naming import clean_name, snake_case
from fashion_nn.inference.shared.network import Layer, Network
from fashion_nn.inference.shared.refusal import Refusal, quoted

MAX_LAYERS = 2000
MAX_CALLS = 5000
MAX_NESTING = 8

_NETWORKS = ("Sequential", "Functional", "Model")
_KNOWN = {*_NETWORKS, "InputLayer", *allowed.LAYERS, *allowed.OPERATIONS}
_OPERATION_MODULES = ("keras.src.ops.", "keras.ops")
_LAYER_KEYS = {"class_name", "config", "name", "module", "registered_name", "inbound_nodes"}
_LEFT_BEHIND = {"build_config", "compile_config", "shared_object_id"}
_NETWORK_KEYS = {"name", "layers", "trainable", "dtype", "build_input_shape", "input_layers", "output_layers"}
_SHAPE_KEYS = ("batch_shape", "batch_input_shape", "build_input_shape", "shape", "input_shape", "input_dim")


def read(document: Any) -> Network:
    """The whole model that `document`, parsed JSON, describes: one input, one output.

    Raises:
        Refusal: naming the layer and the argument that is not allowed, or what is missing.
    """
    if not isinstance(document, dict) or not isinstance(document.get("class_name"), str):
        raise Refusal("its config describes no model: expected an object with a class name")
    name = document["class_name"]
    if name not in _NETWORKS:
        raise Refusal(f"its model is a {quoted(name)}, expected Sequential or Functional: only Keras' own can be read")
    return _Reader().network(document, top=True)


class _Reader:
    def __init__(self) -> None:
        self.layers = 0
        self.nesting = 0

    def network(self, entry: dict[str, Any], *, top: bool = False) -> Network:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise Refusal(f"networks nested deeper than {MAX_NESTING}")
        name, config = _network_config(entry)
        _require_keys(config, _NETWORK_KEYS)
        listed = config.get("layers")
        if not isinstance(listed, list) or not listed:
            raise Refusal(f"the layers are {quoted(listed)}, expected a list of at least one")
        drafts = [self._draft(layer, position) for position, layer in enumerate(listed)]
        if twice := _repeated([draft.name for draft in drafts]):
            raise Refusal(f"two layers are called {quoted(twice)}")
        title = clean_name(_name(config.get("name"), default=snake_case(name)))
        chain = name == "Sequential"
        network = _chain(title, drafts, entry, config, top) if chain else connect(title, drafts, config)
        if top:
            _require_one_image(network)
        self.nesting -= 1
        return network

    def _draft(self, entry: Any, position: int) -> Draft:
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise Refusal(f"more than {MAX_LAYERS} layers")
        if not isinstance(entry, dict) or not isinstance(entry.get("class_name"), str):
            raise Refusal(f"layer {position} is {quoted(entry)}, expected an object with a class name")
        class_name, config = allowed.ALIASES.get(entry["class_name"], entry["class_name"]), entry.get("config")
        inner = config.get("name") if isinstance(config, dict) else None
        default = f"{snake_case(class_name)[:100]}_{position}"
        try:
            stored = _name(inner if entry.get("name") is None else entry["name"], default=default)
            if inner is not None and inner != stored:
                raise Refusal(f"has a second name, {quoted(inner)}")
        except Refusal as refusal:
            raise Refusal(f"layer {position} ({quoted(class_name)}): {refusal}") from None
        try:
            _require_keys(entry, _LAYER_KEYS, _LEFT_BEHIND)
            return self._checked(entry, class_name, config, stored)
        except Refusal as refusal:
            raise Refusal(f"layer {quoted(stored)} ({quoted(class_name)}): {refusal}") from None

    def _checked(self, entry: dict[str, Any], class_name: str, config: Any, stored: str) -> Draft:
        if class_name not in _KNOWN:
            raise Refusal("is not on the list of allowed layers")
        draft = Draft(clean_name(stored), stored, class_name, references(entry.get("inbound_nodes")))
        module = entry.get("module")
        if class_name in _NETWORKS:
            draft.role, draft.network = "network", self.network(entry)
            draft.trainable = _network_config(entry)[1].get("trainable") is not False
            return draft
        rules.node(entry)
        arguments = config or {}
        if class_name == "InputLayer":
            draft.role, draft.arguments = "input", _input_arguments(arguments)
        elif class_name in allowed.OPERATIONS and _is_operation(class_name, module, draft):
            function, operands = allowed.OPERATIONS[class_name]
            if any(len(call.inputs) != operands for call in draft.calls):
                raise Refusal(f"expected {operands} operands")
            known = {"name": rules.dropped(lambda name: name), "axis": rules.only(-1)}
            known |= {"dtype": allowed.precision} if class_name == "Cast" else {}
            draft.role, draft.arguments = "operation", {"function": function, **rules.checked(arguments, known)}
            if class_name == "Cast" and "dtype" not in draft.arguments:
                raise Refusal("the argument dtype is missing")
        elif class_name not in allowed.LAYERS:  # an operation by its name alone
            raise Refusal("is not on the list of allowed layers")
        else:
            draft.arguments = _layer_arguments(class_name, arguments)
            draft.trainable = arguments.get("trainable") is not False
            draft.shape = _first_shape(arguments)
        return draft


def _network_config(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(entry.get("config"), list):  # a Sequential before Keras 2.2.3
        entry = {**entry, "config": {"layers": entry["config"]}}
    name, config = rules.node(entry)
    return name, dict(config)


def _require_keys(found: dict[str, Any], known: set[str], ignored: set[str] = frozenset()) -> None:
    for key, value in found.items():
        if key not in known and key not in ignored and value is not None:
            raise Refusal(f"the field {quoted(key)} is not known")


def _name(value: Any, default: str) -> str:
    if value is None:
        return default
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise Refusal(f"the name {quoted(value)} is no text of 1 to 200 characters")
    return value


def _repeated(names: list[str]) -> str | None:
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)


def _is_operation(class_name: str, module: Any, draft: Draft) -> bool:
    # An .h5 names no modules; there a layer such as Add gets one list, an operation its operands.
    if isinstance(module, str):
        return module.startswith(_OPERATION_MODULES)
    return class_name not in allowed.LAYERS or any(not call.as_list and len(call.inputs) > 1 for call in draft.calls)


_COMMON = {
    "name": rules.dropped(lambda name: name),  # looked at before
    "trainable": rules.dropped(rules.flag),
    "dtype": rules.policy,
    "autocast": rules.dropped(rules.flag),
    "input_dtype": rules.dropped(lambda dtype: dtype),
    "input_length": rules.dropped(rules.maybe(rules.whole(1, 4096))),
    **{key: rules.dropped(rules.maybe(lambda shape: _without_batch(shape))) for key in _SHAPE_KEYS[:2]},
    "input_shape": rules.dropped(allowed.input_shape),
    "input_dim": rules.dropped(rules.maybe(rules.whole(1, 1 << 16))),
}


def _layer_arguments(class_name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    # `batch_shape` and the like come first: a layer's own rule of the same name wins.
    clean = rules.checked(arguments, {**_COMMON, **allowed.LAYERS[class_name]})
    for old, new in allowed.RENAMED.get(class_name, {}).items():
        if old in clean:
            clean.setdefault(new, clean.pop(old))
            clean.pop(old, None)
    for needed in allowed.REQUIRED.get(class_name, ()):
        if needed not in clean:
            raise Refusal(f"the argument {needed} is missing")
    return clean


def _input_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    shape = _first_shape(arguments)
    if shape is None:
        raise Refusal("the argument batch_shape is missing")
    only_off = rules.dropped(rules.maybe(rules.only(False)))
    known = {**_COMMON, "shape": rules.dropped(lambda shape: shape), "dtype": _input_type}
    known |= {"sparse": only_off, "ragged": only_off, "optional": only_off}
    return {"shape": shape, "dtype": "float32", **rules.checked(arguments, known)}


def _input_type(value: Any) -> Any:
    if value is None:
        return rules.DROPPED
    return rules.policy(value) if isinstance(value, dict) else rules.one_of(*allowed.INPUT_TYPES)(value)


def _first_shape(arguments: dict[str, Any]) -> list[int | None] | None:
    """The input shape, without the batch, that a first layer carries in one of its notations."""
    for key in _SHAPE_KEYS:
        value = rules.plain_list(arguments.get(key))
        if value is None:
            continue
        try:
            if key == "input_dim":
                return [rules.whole(1, 1 << 16)(value)]
            return allowed.input_shape(value) if key in ("shape", "input_shape") else _without_batch(value)
        except Refusal as refusal:
            raise Refusal(f"{key}: {refusal}") from None
    return None


def _without_batch(shape: Any) -> list[int | None]:
    shape = rules.plain_list(shape)
    if not isinstance(shape, list) or len(shape) < 2:
        raise Refusal(f"expected a list of the batch and at least one dimension, got {quoted(shape)}")
    rules.maybe(rules.whole(1, 1 << 16))(shape[0])
    return allowed.input_shape(shape[1:])


def _chain(title: str, drafts: list[Draft], entry: dict[str, Any], config: dict[str, Any], top: bool) -> Network:
    """A Sequential. A whole model must say what it takes; a nested one may leave it to its place."""
    if any(draft.role == "input" for draft in drafts[1:]):
        raise Refusal("an InputLayer stands behind other layers")
    if any(draft.role == "operation" for draft in drafts):
        raise Refusal("an operation stands in a Sequential")
    layers = [draft.layer(()) for draft in drafts]
    if layers[0].role != "input":
        shape, dtype = _shape_of_first(drafts[0], entry, config), "float32"
        nested = drafts[0].network
        if shape is None and nested and any(layer.role == "input" for layer in nested.layers):
            shape, dtype = (nested.input_layer.arguments[key] for key in ("shape", "dtype"))
        if shape is not None:
            layers.insert(0, _input(shape, dtype, {layer.name for layer in layers}))
        elif top:
            raise Refusal("says nowhere what shape its input has: build the model before it is saved")
    return Network(title, True, tuple(layers), (), (), ())


def _shape_of_first(first: Draft, entry: dict[str, Any], config: dict[str, Any]) -> list[int | None] | None:
    if first.shape is not None:
        return first.shape
    build = entry.get("build_config")
    built_for = build.get("input_shape") if isinstance(build, dict) else None
    return _first_shape({"build_input_shape": config.get("build_input_shape") or built_for})


def _input(shape: list[int | None], dtype: str, taken: set[str]) -> Layer:
    name = next(name for name in (f"input{'_' * n}" for n in range(len(taken) + 1)) if name not in taken)
    return Layer(name, name, "input", "InputLayer", {"shape": shape, "dtype": dtype}, True, (), None)


def _require_one_image(network: Network) -> None:
    inputs = [layer for layer in network.layers if layer.role == "input"]
    if len(inputs) != 1:
        raise Refusal(f"has {len(inputs)} inputs, expected one image")
    if not network.sequential and len(network.outputs) != 1:
        raise Refusal(f"has {len(network.outputs)} outputs, expected one with a value for each class")
    if cost(network) > MAX_CALLS:
        raise Refusal(f"calls its layers more than {MAX_CALLS} times")


def cost(network: Network) -> int:
    """How many layers run when the network is called once; a nested one counts each time it is called."""
    return sum(
        (1 if network.sequential else len(layer.calls)) * (cost(layer.network) if layer.network else 1)
        for layer in network.layers
    )

"""Reads the config of a model file, Keras' description of the architecture, into a `Network`.

It accepts what Keras 2.0 to 3.15 have written, in .keras and .h5, and configs with only the keys
that have no default. Nothing of the file is taken over as it is: each part is checked by the
allow-list and written anew. What does not matter for predicting (how the model was compiled, built
and seeded) is left out.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, TypeGuard

from fashion_nn.inference.allowlist import operations, rules, tensorflow
from fashion_nn.inference.allowlist.arguments import first_shape, input_spec, layer_arguments
from fashion_nn.inference.allowlist.calls import Draft, connect, leaves, references
from fashion_nn.inference.allowlist.layers import ALIASES, LAYERS, WRAPPERS
from fashion_nn.inference.allowlist.layers.refused import why_refused
from fashion_nn.inference.allowlist.operation_layers import (
    complete_operation,
    is_operation,
    key_of_getitem,
    nodes_of,
    tensorflow_operation,
)
from fashion_nn.inference.allowlist.reasons import LayersRefused, Reason, shown
from fashion_nn.inference.shared.network import (
    InputSpec,
    Layer,
    Network,
    clean_name,
    snake_case,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

MAX_LAYERS = 2000
MAX_CALLS = 5000
MAX_NESTING = 8
MAX_REASONS = 100

_NETWORKS = ("Sequential", "Functional", "Model")
_KNOWN = {
    *(*_NETWORKS, "InputLayer"),
    *(*LAYERS, *operations.OPERATIONS, *tensorflow.CLASSES),
}
_LAYER_KEYS = {"class_name", "config", "name", "module", "registered_name", "inbound_nodes"}
_LEFT_OUT = {"build_config", "compile_config", "shared_object_id"}
_NETWORK_KEYS = {
    "name",
    "layers",
    "trainable",
    "dtype",
    "build_input_shape",
    "input_layers",
    "output_layers",
}


def read(document: Any) -> Network:
    """The whole model that `document` describes: one input, one output.

    Args:
        document: parsed JSON, of any content.

    Raises:
        Refusal: naming the layer and the argument that is not allowed, or what is missing. It is
            the first of several; `reasons` lists all.
    """
    if not _has_class_name(document):
        raise Refusal("its config describes no model: expected an object with a class name")
    name = document["class_name"]
    if name not in _NETWORKS:
        raise Refusal(
            f"its model is a {quoted(name)}, expected Sequential or Functional: only Keras' own can"
            " be read"
        )
    keras_2 = _is_of_keras_2(document)
    network = _Reader(keras_2=keras_2).network(document, top=True)
    _require_one_image(network)
    if keras_2:
        _require_same_masks(network)
    return network


def reasons(document: Any) -> list[Reason]:
    """Everything for which `read` refuses `document`; empty where `read` accepts it.

    Of one layer only the first fault is listed. How the layers are connected is judged only where
    each of them is allowed.

    Args:
        document: parsed JSON, of any content.
    """
    try:
        read(document)
    except LayersRefused as refused:
        found = list(refused.reasons)
    except Refusal as refusal:
        return [Reason(None, None, str(refusal))]
    else:
        return []
    for key, expected in (("input_layers", "one image"), ("output_layers", "one")):
        count = _listed_tensors(document, key)
        if count > 1:
            kind = key.removesuffix("_layers")
            found.append(Reason(None, None, f"has {count} {kind}s, expected {expected}"))
    return found


def _listed_tensors(document: Mapping[str, Any], key: str) -> int:
    config = document.get("config")
    try:
        return len(leaves(config.get(key), key)) if isinstance(config, dict) else 0
    except Refusal:
        return 0


class _Reader:
    """Reads networks and counts their layers and how deep they are nested."""

    def __init__(self, *, keras_2: bool) -> None:
        self.keras_2 = keras_2
        self.layers = 0
        self.nesting = 0

    def network(self, entry: Mapping[str, Any], *, top: bool = False) -> Network:
        self.nesting += 1
        try:
            return self._network(entry, top=top)
        finally:
            self.nesting -= 1

    def _network(self, entry: Mapping[str, Any], *, top: bool) -> Network:
        if self.nesting > MAX_NESTING:
            raise Refusal(f"networks nested deeper than {MAX_NESTING}")
        class_name, config = _network_config(entry)
        _require_keys(config, _NETWORK_KEYS)
        listed = config.get("layers")
        if not isinstance(listed, list) or not listed:
            raise Refusal(f"the layers are {quoted(listed)}, expected a list of at least one")
        drafts = self._drafts(listed)
        if twice := _repeated(draft.name for draft in drafts):
            raise Refusal(f"two layers are called {quoted(twice)}")
        name = clean_name(_name(config.get("name"), default=snake_case(class_name)))
        if class_name == "Sequential":
            return _chain(name, drafts, _built_for(entry, config), top=top)
        return connect(name, drafts, config)

    def _drafts(self, listed: Sequence[Any]) -> list[Draft]:
        """The layers of a network, each by itself."""
        drafts: list[Draft] = []
        reasons: list[Reason] = []
        for position, entry in enumerate(listed):
            try:
                drafts.append(self._draft(entry, position))
            except LayersRefused as refused:
                reasons += refused.reasons
                if len(reasons) >= MAX_REASONS:
                    break
        if reasons:
            raise LayersRefused(reasons)
        return drafts

    def _draft(self, entry: Any, position: int) -> Draft:
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise LayersRefused([Reason(None, None, f"more than {MAX_LAYERS} layers")])
        if not _has_class_name(entry):
            what = f"layer {position} is {quoted(entry)}, expected an object with a class name"
            raise LayersRefused([Reason(None, None, what)])
        class_name = ALIASES.get(entry["class_name"], entry["class_name"])
        try:
            stored = _stored_name(entry, default=f"{snake_case(class_name)[:100]}_{position}")
        except Refusal as refusal:
            what = f"layer {position} ({quoted(class_name)}): {refusal}"
            raise LayersRefused([Reason(None, class_name, what)]) from None
        try:
            _require_keys(entry, _LAYER_KEYS, _LEFT_OUT)
            return self._checked(entry, class_name, stored)
        except LayersRefused as refused:
            raise refused.inside(shown(stored, class_name)) from None
        except Refusal as refusal:
            raise LayersRefused([Reason(stored, class_name, str(refusal))]) from None

    def _checked(self, entry: Mapping[str, Any], class_name: str, stored: str) -> Draft:
        if class_name not in _KNOWN:
            raise Refusal(why_refused(class_name))
        if class_name in tensorflow.CLASSES:
            return tensorflow_operation(entry, class_name, stored)
        calls = references(nodes_of(entry, class_name))
        draft = Draft(clean_name(stored), stored, class_name, calls)
        if class_name in _NETWORKS:
            draft.role = "network"
            draft.network = self.network(entry)
            draft.trainable = _network_config(entry)[1].get("trainable") is not False
            return draft
        rules.node(entry)
        arguments = entry.get("config") or {}
        if class_name == "InputLayer":
            draft.role = "input"
            draft.input = input_spec(arguments)
        elif is_operation(class_name, entry, calls):
            draft.role = "operation"
            complete_operation(draft, {**arguments, **key_of_getitem(entry, class_name)})
        elif class_name in LAYERS:
            if class_name in WRAPPERS:
                draft.wrapped = self._wrapped(arguments.get("layer"))
                arguments = {name: part for name, part in arguments.items() if name != "layer"}
            draft.arguments = layer_arguments(class_name, arguments, keras_2=self.keras_2)
            draft.trainable = arguments.get("trainable") is not False
            draft.shape = first_shape(arguments)
        else:  # an operation by its name alone
            raise Refusal(why_refused(class_name))
        return draft

    def _wrapped(self, entry: Any) -> Layer:
        """The layer or network that a wrapper applies."""
        self.nesting += 1
        try:
            if self.nesting > MAX_NESTING:
                raise Refusal(f"layers nested deeper than {MAX_NESTING}")
            draft = self._draft(entry, 0)
        finally:
            self.nesting -= 1
        if draft.role not in ("layer", "network"):
            raise Refusal(f"wraps a {quoted(draft.class_name)}, expected a layer")
        inside = draft.network
        if inside and not inside.sequential and (len(inside.inputs), len(inside.outputs)) != (1, 1):
            raise Refusal("wraps a model of several inputs or outputs, expected one of each")
        return draft.layer(())


def _has_class_name(entry: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(entry, dict) and isinstance(entry.get("class_name"), str)


def _network_config(entry: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Class name and config of a network."""
    if isinstance(entry.get("config"), list):  # a Sequential before Keras 2.2.3
        entry = {**entry, "config": {"layers": entry["config"]}}
    return rules.node(entry)


def _require_keys(
    found: Mapping[str, Any], known: Set[str], ignored: Set[str] = frozenset()
) -> None:
    for key, value in found.items():
        if key not in known and key not in ignored and value is not None:
            raise Refusal(f"the field {quoted(key)} is not known")


def _stored_name(entry: Mapping[str, Any], default: str) -> str:
    """The name of a layer, which may be given twice."""
    config = entry.get("config")
    inner = config.get("name") if isinstance(config, dict) else None
    name = _name(inner if entry.get("name") is None else entry["name"], default)
    if inner is not None and inner != name:
        raise Refusal(f"has a second name, {quoted(inner)}")
    return name


def _name(value: Any, default: str) -> str:
    if value is None:
        return default
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise Refusal(f"the name {quoted(value)} is no text of 1 to 200 characters")
    return value


def _repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _is_of_keras_2(document: Mapping[str, Any]) -> bool:
    """Whether Keras 2 wrote the config: only Keras 3 gives an InputLayer a `batch_shape`."""
    config = document.get("config")
    listed = config.get("layers") if isinstance(config, dict) else config
    for entry in listed if isinstance(listed, list) else []:
        if not _has_class_name(entry) or not isinstance(entry.get("config"), dict):
            continue
        if entry["class_name"] == "InputLayer":
            return all(entry["config"].get(key) is None for key in ("batch_shape", "shape"))
    return True


# Sequential


def _chain(name: str, drafts: Sequence[Draft], built_for: Any, *, top: bool) -> Network:
    """A Sequential. A whole model has to say what it takes; a nested one may leave it open."""
    if any(draft.role == "input" for draft in drafts[1:]):
        raise Refusal("an InputLayer stands behind other layers")
    if any(draft.role == "operation" for draft in drafts):
        raise Refusal("an operation stands in a Sequential")
    layers = [draft.layer(()) for draft in drafts]
    if layers[0].role != "input":
        given = _input_of_first(drafts[0], built_for)
        if given is not None:
            layers.insert(0, _input_layer(given, {layer.name for layer in layers}))
        elif top:
            raise Refusal(
                "says nowhere what shape its input has: build the model before it is saved"
            )
    return Network(name, True, tuple(layers))


def _built_for(entry: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
    """The shape that a Sequential without an input layer was built for, unchecked."""
    build = entry.get("build_config")
    stated = build.get("input_shape") if isinstance(build, dict) else None
    return config.get("build_input_shape") or stated


def _input_of_first(first: Draft, built_for: Any) -> InputSpec | None:
    shape = first.shape
    if shape is None:
        shape = first_shape({"build_input_shape": built_for})
    if shape is not None:
        return InputSpec(shape, "float32")
    return first.network.input if first.network else None


def _input_layer(given: InputSpec, taken: Set[str]) -> Layer:
    name = "input"
    while name in taken:
        name += "_"
    return Layer(name, name, "input", "InputLayer", {}, True, (), given)


# The whole model


def _require_one_image(network: Network) -> None:
    inputs = [layer for layer in network.layers if layer.role == "input"]
    if len(inputs) != 1:
        raise Refusal(f"has {len(inputs)} inputs, expected one image")
    if not network.sequential and len(network.outputs) != 1:
        raise Refusal(
            f"has {len(network.outputs)} outputs, expected one with a value for each class"
        )
    if cost(network) > MAX_CALLS:
        raise Refusal(f"calls its layers more than {MAX_CALLS} times")


def _require_same_masks(network: Network) -> None:
    """Refuse attention with heads over masked steps.

    Keras 3 forgets the mask of what it attends to, so that later layers have none; before Keras
    2.10, such attention knew no masks; and a config does not say of which Keras 2 it is.
    """
    leaves = list(network.leaves())
    masks = any(leaf.class_name == "Masking" or leaf.arguments.get("mask_zero") for leaf in leaves)
    attention = next((leaf for leaf in leaves if leaf.class_name == "MultiHeadAttention"), None)
    if masks and attention:
        raise Refusal(
            f"{shown(attention.stored, attention.class_name)}: attends to steps of a mask, which"
            " Keras 3 does not pass on as Keras 2, which saved the model, did: train it in Keras 3"
        )


def cost(network: Network) -> int:
    """Number of layers that run when the network is called once.

    A layer that is called several times counts each time.
    """
    return sum(
        (1 if network.sequential else len(layer.calls))
        * (cost(layer.network) if layer.network else 1)
        for layer in network.layers
    )

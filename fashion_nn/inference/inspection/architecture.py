"""What the config of a model file says, read for showing it: also of a model that is refused.

Nothing here judges. The values are parsed JSON of any content, and whatever does not have the form
that Keras writes is passed over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fashion_nn.inference.inspection.result import Code, Compiled
from fashion_nn.inference.inspection.shapes import LayerPath
from fashion_nn.inference.shared.network import snake_case

MAX_LAYERS = 2000
_MAX_DEPTH = 8
_MAX_FOUND = 100
_OWN_MODULES = {"keras", "tf_keras", "builtins"}
_OPERATION_MODULES = ("keras.src.ops.", "keras.ops")
_CODE_CLASSES = {"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """A layer as the config lists it.

    Attributes:
        path: its name, after the names of the networks around it.
        class_name: as in the file.
        entry: what the config says of it.
        is_network: whether layers are listed inside it.
    """

    path: LayerPath
    class_name: str
    entry: Mapping[str, Any]
    is_network: bool

    @property
    def is_operation(self) -> bool:
        """Whether it is arithmetic on a tensor, which has no weights and no group for them."""
        module = self.entry.get("module")
        return isinstance(module, str) and module.startswith(_OPERATION_MODULES)

    @property
    def custom(self) -> str | None:
        """Its full name if it is not of a class of Keras."""
        module, registered = self.entry.get("module"), self.entry.get("registered_name")
        if registered not in (None, self.class_name):
            return str(registered)
        if module is not None and str(module).partition(".")[0] not in _OWN_MODULES:
            return f"{module}.{self.class_name}"
        return None

    @property
    def runs_code(self) -> bool:
        """Whether the layer is of a class that runs code, or has code or a function with it."""
        return self.class_name in _CODE_CLASSES or next(self.code(), None) is not None

    def code(self) -> Iterator[Code]:
        """The code and the functions in its arguments. Nothing is decoded."""
        config = self.entry.get("config")
        if self.class_name in ("function", "__lambda__"):
            yield from _code_in(self.entry, self.path[-1])
        if isinstance(config, dict):
            own = {key: value for key, value in config.items() if key != "layers"}
            yield from _code_in(own, self.path[-1])
        function = config.get("function") if isinstance(config, dict) else None
        # Keras 2 kept the code of a Lambda as a list: code, defaults, closure.
        if isinstance(function, list) and function and isinstance(function[0], str):
            yield Code(self.path[-1], "stored", "", _decoded_size(function[0]))
        elif isinstance(function, str) and self.class_name == "Lambda":
            yield Code(self.path[-1], "named", function, 0)


def layers_of(document: Any) -> Iterator[FoundLayer]:
    """The layers of a config, in its order; those of a nested network follow it."""
    yield from _layers(document, (), 0)


def _layers(entry: Any, around: LayerPath, depth: int) -> Iterator[FoundLayer]:
    if depth > _MAX_DEPTH:
        return
    for position, layer in enumerate(_listed(entry) or ()):
        if not isinstance(layer, dict):
            continue
        class_name = layer.get("class_name")
        class_name = class_name if isinstance(class_name, str) else "?"
        path = (*around, _name(layer, f"{snake_case(class_name[:100])}_{position}"))
        yield FoundLayer(path, class_name, layer, _listed(layer) is not None)
        yield from _layers(layer, path, depth + 1)


def _listed(entry: Any) -> list[Any] | None:
    """The layers inside an entry; None where it lists none."""
    config = entry.get("config") if isinstance(entry, dict) else None
    listed = config.get("layers") if isinstance(config, dict) else config
    return listed if isinstance(listed, list) else None


def _name(layer: Mapping[str, Any], default: str) -> str:
    config = layer.get("config")
    inner = config.get("name") if isinstance(config, dict) else None
    name = inner if layer.get("name") is None else layer["name"]
    return name if isinstance(name, str) else default


def _code_in(value: Any, layer: str) -> Iterator[Code]:
    """The code and the functions that stand anywhere in `value`."""
    pending = [value]
    found = 0
    while pending and found < _MAX_FOUND:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
            continue
        if not isinstance(node, dict):
            continue
        config = node.get("config")
        if node.get("class_name") == "__lambda__":
            code = config.get("code") if isinstance(config, dict) else None
            yield Code(layer, "stored", "", _decoded_size(code))
            found += 1
        elif node.get("class_name") == "function":
            yield Code(layer, "named", f"{node.get('module')}.{config}", 0)
            found += 1
        else:
            pending += node.values()


def _decoded_size(text: Any) -> int:
    """Number of bytes that a text in Base64 stands for; it is not decoded."""
    return len(text) * 3 // 4 if isinstance(text, str) else 0


def compiled_of(value: Any) -> Compiled | None:
    """What a compile config says, in the notation of either generation of Keras."""
    if not isinstance(value, dict):
        return None
    optimizer = value.get("optimizer") or value.get("optimizer_config")
    loss = value.get("loss")
    if optimizer is None and loss is None:
        return None
    return Compiled(_class_of(optimizer), _class_of(loss))


def _class_of(value: Any) -> str | None:
    if isinstance(value, dict):
        is_function = value.get("class_name") == "function"
        value = value.get("config" if is_function else "class_name")
    return value if isinstance(value, str) else None

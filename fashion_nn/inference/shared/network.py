"""A network as plain data: what is left of a model file's config after the allow-list.

It holds names, numbers and references, and nothing that Keras would look up by itself. The parent
process makes it (`fashion_nn.inference.allowlist`) and sends it to the confined process as JSON.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from fashion_nn.core.strict_json import Json, JsonObject

Role = Literal["layer", "input", "operation", "network"]

# Parts of the names of layers that answer otherwise while a model is trained.
_TRAINING_WORDS = ("BatchNormalization", "Dropout", "Gaussian", "Random", "Spectral")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Tensor:
    """Output number `output` of call number `call` of the layer named `layer`, counted from 0."""

    layer: str
    call: int
    output: int


@dataclass(frozen=True, slots=True)
class Constant:
    """Numbers that a file holds as an operand.

    Attributes:
        values: a number, or nested lists of numbers.
        dtype: a NumPy name; None for the type of the tensor that they are combined with.
    """

    values: Json
    dtype: str | None


Operand: TypeAlias = Tensor | Constant | float
Keyword: TypeAlias = Tensor | Constant | bool | tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One application of a layer.

    Attributes:
        inputs: the tensors that the layer is applied to; an operation also takes numbers.
        as_list: whether the layer gets them as one list, as a layer that merges tensors does.
        training: the argument `training` of the call, None where it is not given.
        keywords: the other arguments of the call by their names, such as masks.
    """

    inputs: tuple[Operand, ...]
    as_list: bool
    training: bool | None
    keywords: Mapping[str, Keyword] = field(default_factory=dict)

    def tensors(self) -> Iterator[Tensor]:
        """Everything that the call needs."""
        for value in (*self.inputs, *self.keywords.values()):
            if isinstance(value, Tensor):
                yield value
            elif isinstance(value, tuple):
                yield from value


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What an input layer takes.

    Attributes:
        shape: sizes without the batch, None where any size fits.
        dtype: a NumPy name such as "float32", or "bfloat16".
    """

    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a network.

    Attributes:
        name: unique in its network, and a name that TensorFlow accepts.
        stored: its name in the file. An .h5 file keeps the layer's weights under it.
        role: which of the attributes below has a value.
        class_name: as in the file. A .keras file keeps weights under a name derived from it.
        arguments: keyword arguments of the layer's constructor, or of the operation.
        trainable: false for a layer that was frozen.
        calls: its applications, in a network that is not sequential.
        input: of an input layer.
        function: name in `fashion_nn.inference.shared.operations`, of an operation.
        network: of a nested network.
        wrapped: the layer or network that a layer such as TimeDistributed applies.
    """

    name: str
    stored: str
    role: Role
    class_name: str
    arguments: Mapping[str, Json]
    trainable: bool
    calls: tuple[Call, ...]
    input: InputSpec | None = None
    function: str | None = None
    network: "Network | None" = None
    wrapped: "Layer | None" = None

    def leaves(self) -> Iterator["Layer"]:
        """The layer itself, or the layers of the network that it is."""
        if self.network:
            yield from self.network.leaves()
        else:
            yield self


@dataclass(frozen=True, slots=True)
class Network:
    """Layers in the order of the file.

    Attributes:
        sequential: each layer is applied to the output of the one before. Otherwise the calls of
            the layers say what is applied to what.
        inputs: of a network that is not sequential; so are the next two.
        outputs: tensors that the network returns.
        order: all calls as (layer name, number of the call); each comes after those it needs.
    """

    name: str
    sequential: bool
    layers: tuple[Layer, ...]
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    order: tuple[tuple[str, int], ...] = ()

    def leaves(self) -> Iterator[Layer]:
        """All layers, with the layers of a nested network in its place."""
        for layer in self.layers:
            yield from layer.leaves()

    def in_training(self, inherited: bool = False) -> Iterator[Layer]:
        """The layers that are called as in training and that then answer otherwise.

        They answer by chance or by the other images of a batch.

        Args:
            inherited: whether the network itself is called as in training.
        """
        for layer in self.layers:
            given = [call.training for call in layer.calls] or [None]
            called = any(inherited if each is None else each for each in given)
            if layer.network:
                yield from layer.network.in_training(called)
            elif called and _depends_on_training(layer):
                yield layer

    @property
    def input(self) -> InputSpec | None:
        """The first input, None for a nested network that leaves its input open."""
        return next((layer.input for layer in self.layers if layer.input), None)

    def to_json(self) -> JsonObject:
        """A value that `json.dumps` takes; see `from_json`."""
        return asdict(self)


def _depends_on_training(layer: Layer) -> bool:
    if layer.network:
        return any(map(_depends_on_training, layer.leaves()))
    if layer.wrapped and _depends_on_training(layer.wrapped):
        return True
    drops = any(layer.arguments.get(name) for name in ("dropout", "recurrent_dropout"))
    return drops or any(word in layer.class_name for word in _TRAINING_WORDS)


def from_json(content: Mapping[str, Any]) -> Network:
    """The inverse of `Network.to_json`, for a value that has gone through JSON."""
    return Network(
        name=content["name"],
        sequential=content["sequential"],
        layers=tuple(_layer(layer) for layer in content["layers"]),
        inputs=tuple(Tensor(**tensor) for tensor in content["inputs"]),
        outputs=tuple(Tensor(**tensor) for tensor in content["outputs"]),
        order=tuple((name, number) for name, number in content["order"]),
    )


def _layer(content: Mapping[str, Any]) -> Layer:
    spec = content["input"]
    nested = content["network"]
    wrapped = content["wrapped"]
    return Layer(
        name=content["name"],
        stored=content["stored"],
        role=content["role"],
        class_name=content["class_name"],
        arguments=content["arguments"],
        trainable=content["trainable"],
        calls=tuple(_call(call) for call in content["calls"]),
        input=InputSpec(tuple(spec["shape"]), spec["dtype"]) if spec else None,
        function=content["function"],
        network=from_json(nested) if nested else None,
        wrapped=_layer(wrapped) if wrapped else None,
    )


def _call(content: Mapping[str, Any]) -> Call:
    inputs = tuple(_value(each) for each in content["inputs"])
    keywords = {name: _value(value) for name, value in content["keywords"].items()}
    return Call(inputs, content["as_list"], content["training"], keywords)


def _value(content: Any) -> Any:
    """An operand or keyword of a call."""
    if isinstance(content, list):
        return tuple(_value(each) for each in content)
    if isinstance(content, dict):
        return Tensor(**content) if "layer" in content else Constant(**content)
    return content


def clean_name(name: str) -> str:
    """`name` if TensorFlow accepts it, else its letters and a checksum that keeps it unique.

    >>> clean_name("conv/1")
    'conv_1_ec87904e'
    """
    if _PLAIN_NAME.fullmatch(name):
        return name
    letters = re.sub(r"[^A-Za-z0-9_.-]", "_", name).lstrip("_.-")
    return f"{letters or 'layer'}_{zlib.crc32(name.encode('utf-8', 'surrogatepass')):08x}"


def snake_case(name: str) -> str:
    """The name of a class as Keras writes it in a .keras file.

    >>> snake_case("Conv2D"), snake_case("PReLU")
    ('conv2d', 'p_re_lu')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()

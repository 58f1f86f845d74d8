"""A model as data for the program that runs it inside a page, `templates/run-engine.mjs`.

The description comes from what the allow-list let through and from the plain numbers that the
confined process gives; nothing is built here.
"""

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from fashion_nn import inference
from fashion_nn.core.images import ImageShape
from fashion_nn.inference import Layer, LayerWeights

_UNCHANGED = (
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "SpatialDropout1D",
    "SpatialDropout2D",
)
"""Layers that pass their input on when a model predicts; those that augment images do so too."""
_KINDS = (
    *("Activation", "Add", "Average", "AveragePooling2D", "BatchNormalization", "Concatenate"),
    *("Conv2D", "Cropping2D", "Dense", "DepthwiseConv2D", "ELU", "Flatten"),
    *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D"),
    *("GlobalMaxPooling2D", "GroupNormalization", "LayerNormalization", "LeakyReLU"),
    *("MaxPooling2D", "Maximum", "Minimum", "Multiply", "Normalization", "PReLU", "Permute"),
    *("ReLU", "Rescaling", "Reshape", "SeparableConv2D", "Softmax", "Subtract"),
    *("UnitNormalization", "UpSampling2D", "ZeroPadding2D"),
)
"""Layers that the engine computes."""
_ACTIVATIONS = (
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "sigmoid", "hard_sigmoid"),
    *("silu", "swish", "hard_silu", "hard_swish", "mish", "tanh", "softplus", "softsign"),
    *("exponential", "softmax"),
)
_LAST_AXIS = (
    *("BatchNormalization", "GroupNormalization", "LayerNormalization", "Normalization"),
    *("Softmax", "UnitNormalization"),
)


class Unknown(Exception):
    """The engine cannot run this network; the text names the layer."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Where an array of weights lies among all numbers, and its shape."""

    start: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One application of a layer.

    Attributes:
        name: of the layer.
        kind: its class; "Identity" for one that changes nothing when predicting.
        inputs: numbers of values: 0 is the image, and step i gives value i + 1.
        options: the arguments of the layer.
        weights: its arrays, in the order of Keras.
    """

    name: str
    kind: str
    inputs: tuple[int, ...]
    options: Mapping[str, object]
    weights: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """A network and how images are given to it; see `templates/run-engine.mjs`.

    Attributes:
        image_shape: of the images, (h, w) or (h, w, 3).
        factor: what a pixel is multiplied by.
        offset: what is added then.
        arrangement: of the pixels; see `fashion_nn.inference.shared.layout`.
        steps: each after those whose values it takes.
        output: number of the value that the network returns.
        head: what the outputs mean; see `fashion_nn.inference.shared.head`.
        softmax: whether the outputs are logits.
    """

    image_shape: ImageShape
    factor: float
    offset: float
    arrangement: str
    steps: tuple[Step, ...]
    output: int
    head: str
    softmax: bool

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(slots=True)
class _Steps:
    """The steps of a network and of those nested in it, one after the other."""

    stored: Mapping[int, Sequence[Numbers]]
    steps: list[Step] = field(default_factory=list)

    def apply(self, layer: Layer, inputs: Sequence[int]) -> int:
        """Add the steps of `layer` for these values; the number of the value that it gives."""
        if layer.network:
            return self.run(layer.network, inputs)
        kind = _kind(layer)
        options = {} if kind == "Identity" else _options(layer)
        weights = tuple(self.stored.get(id(layer), ()))
        self.steps.append(Step(layer.name, kind, tuple(inputs), options, weights))
        return len(self.steps)

    def run(self, network: inference.Network, inputs: Sequence[int]) -> int:
        """Add the steps of `network`; the number of the value that it returns."""
        if network.sequential:
            (value,) = inputs
            for layer in network.layers:
                if layer.role != "input":
                    value = self.apply(layer, [value])
            return value
        values = {
            (tensor.layer, tensor.call): number
            for tensor, number in zip(network.inputs, inputs, strict=True)
        }
        named = {layer.name: layer for layer in network.layers}
        for name, number in network.order:
            layer = named[name]
            if layer.role == "input":
                continue
            given = [values[place] for place in _places(layer, number)]
            values[name, number] = self.apply(layer, given)
        output = network.outputs[0]
        return values[output.layer, output.call]


def describe(
    predictor: inference.ConfinedPredictor, image_shape: ImageShape
) -> tuple[Description, np.ndarray]:
    """The network of `predictor` for the engine, and all its weights, float32 (n,).

    Args:
        predictor: it has answered before, so that the scale and the meaning of its outputs are
            known.
        image_shape: of the images.

    Raises:
        Unknown: it has a layer that the engine does not run.
        InputError: the model cannot be built or run.
    """
    for layer in predictor.network.leaves():
        _require_known(layer)
    stored, numbers = _numbers(list(predictor.network.leaves()), predictor.weights())
    steps = _Steps(stored)
    output = steps.run(predictor.network, [0])
    scale = predictor.feeding.scale
    description = Description(
        image_shape=image_shape,
        factor=scale.factor,
        offset=scale.offset,
        arrangement=predictor.feeding.layout.arrangement,
        steps=tuple(steps.steps),
        output=output,
        head=predictor.head,
        softmax=not predictor.gives_probabilities,
    )
    return description, numbers


def encode(numbers: np.ndarray) -> str:
    """Float32 numbers as base64 of their bytes."""
    return base64.b64encode(numbers.astype("<f4").tobytes()).decode()


def _kind(layer: Layer) -> str:
    changes_nothing = layer.class_name in _UNCHANGED or layer.class_name.startswith("Random")
    return "Identity" if changes_nothing else layer.class_name


def _require_known(layer: Layer) -> None:
    """Refuse a layer that the engine would not compute as Keras does.

    Raises:
        Unknown: naming it.
    """
    if layer.role == "input":
        return
    kind = _kind(layer)
    arguments = layer.arguments
    if layer.role != "layer" or layer.wrapped or (kind not in _KINDS and kind != "Identity"):
        raise Unknown(f"{layer.name} ({layer.class_name})")
    for call in layer.calls:
        if call.keywords or not all(isinstance(each, inference.Tensor) for each in call.inputs):
            raise Unknown(f"{layer.name} ({kind}, which takes more than tensors)")
    activation = arguments.get("activation")
    if activation is not None and activation not in _ACTIVATIONS:
        raise Unknown(f"{layer.name} ({kind} with the activation {_named(activation)})")
    if arguments.get("data_format") == "channels_first":
        raise Unknown(f"{layer.name} ({kind} with channels first)")
    if kind in _LAST_AXIS and arguments.get("axis", -1) not in (-1, [-1], 3, [3]):
        raise Unknown(f"{layer.name} ({kind} along another axis than the last)")
    if kind == "UpSampling2D" and arguments.get("interpolation", "nearest") != "nearest":
        raise Unknown(f"{layer.name} ({kind} with interpolation)")


def _named(activation: object) -> str:
    return activation if isinstance(activation, str) else "of its own"


_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "BatchNormalization": {"epsilon": 1e-3},
    "LayerNormalization": {"epsilon": 1e-3},
    "GroupNormalization": {"epsilon": 1e-3, "groups": 32},
    "LeakyReLU": {"negative_slope": 0.3},
    "ELU": {"alpha": 1.0},
    "Rescaling": {"offset": 0.0},
    "MaxPooling2D": {"pool_size": 2},
    "UpSampling2D": {"size": 2},
    "ZeroPadding2D": {"padding": 1},
}
_LEFT_OUT = ("dtype", "_initializer", "_regularizer", "_constraint", "data_format")


def _options(layer: Layer) -> dict[str, object]:
    """The arguments that decide what the layer computes."""
    given = {
        name: value
        for name, value in layer.arguments.items()
        if value is not None and not name.endswith(_LEFT_OUT)
    }
    return {**_DEFAULTS.get(layer.class_name, {}), **given}


def _places(layer: Layer, call: int) -> Iterator[tuple[str, int]]:
    for tensor in layer.calls[call].tensors():
        yield tensor.layer, tensor.call


def _numbers(
    leaves: Sequence[Layer], weights: Sequence[LayerWeights]
) -> tuple[dict[int, list[Numbers]], np.ndarray]:
    """Where the weights of each leaf lie, by the identity of the leaf, and all numbers."""
    places: dict[int, list[Numbers]] = {}
    parts: list[np.ndarray] = []
    start = 0
    rest = list(weights)
    for leaf in leaves:
        if not rest or (rest[0].name, rest[0].class_name) != (leaf.stored, leaf.class_name):
            continue
        own = places.setdefault(id(leaf), [])
        for values in rest.pop(0).values:
            own.append(Numbers(start, values.shape))
            parts.append(values.ravel())
            start += math.prod(values.shape)
    return places, np.concatenate(parts) if parts else np.zeros(0, np.float32)

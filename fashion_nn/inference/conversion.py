"""A model file written anew, or several as one: what the allow-list lets through, in the notation
of today's Keras.

Two kinds of confined processes take part. The first opens a file and hands out its weights as
numbers, as for every prediction. The second gets the checked networks and these numbers, builds the
model, and writes it. It has never seen a file, so a defect that a file uses in the first process
does not shape what the second writes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from fashion_nn.core.image_shape import ImageShape
from fashion_nn.core.strict_json import Json
from fashion_nn.inference.engines.answers import require_count
from fashion_nn.inference.engines.confined_keras import ConfinedPredictor, LayerWeights
from fashion_nn.inference.engines.confined_process import ConfinedProcess, Limits
from fashion_nn.inference.file import archive
from fashion_nn.inference.shared.feeding import Feeding
from fashion_nn.inference.shared.keras_model import MAX_PARAMETERS
from fashion_nn.inference.shared.messages import WrittenFormat
from fashion_nn.inference.shared.network import InputSpec, Layer, Network
from fashion_nn.inference.shared.refusal import Refusal, explained
from fashion_nn.saving import packed

MAX_WRITTEN_BYTES = 512 << 20
"""The largest file that is written."""
_SAVE_SECONDS = 300


def written_anew(
    predictor: ConfinedPredictor, format: WrittenFormat, limits: Limits | None = None
) -> bytes:
    """The model of `predictor` as the content of a new file, in single precision.

    A .keras file has no optimizer and no compile config. Equal models give equal bytes.

    Args:
        predictor: the opened file.
        format: "keras", "h5" for Keras' older format, or "onnx" for an ONNX graph.
        limits: what the process that writes may use; None for the usual limits.

    Raises:
        InputError: the model cannot be opened, or not be written in this format.
    """
    weights = predictor.weights()
    network = in_single_precision(predictor.network)
    with (
        explained(predictor.path),
        _assembled([network], weights, limits or Limits()) as process,
    ):
        return _saved(process, format)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A model that becomes a part of another one.

    Attributes:
        network: what the allow-list let through.
        weights: its numbers.
        feeding: how it takes pixels.
        gives_probabilities: whether its outputs are probabilities; they are logits if not.
    """

    network: Network
    weights: Sequence[LayerWeights]
    feeding: Feeding
    gives_probabilities: bool

    @classmethod
    def of(cls, predictor: ConfinedPredictor) -> Self:
        """The model of `predictor`, which has answered before.

        Raises:
            InputError: the model cannot be run.
        """
        return cls(
            predictor.network,
            predictor.weights(),
            predictor.feeding,
            predictor.gives_probabilities,
        )


@dataclass(frozen=True, slots=True)
class Mixed:
    """Several models as one.

    Attributes:
        content: of the .keras file.
        parameters: number of parameters.
    """

    content: bytes
    parameters: int


def mixed(
    parts: Sequence[Part],
    weights: Sequence[float],
    image_shape: ImageShape,
    *,
    mirror: bool,
    limits: Limits | None = None,
) -> Mixed:
    """One model, from uint8 images to the weighted mean of the probabilities of `parts`.

    Args:
        parts: models with as many outputs each.
        weights: of their probabilities, with sum 1.
        image_shape: of the images.
        mirror: whether each part's probabilities are averaged with those of the mirrored image.
        limits: what the process that writes may use; None for the usual limits.

    Raises:
        Refusal: the model cannot be built or written; equal parts give equal bytes if it can.
    """
    limits = limits or Limits()
    numbers = [layer for part in parts for layer in part.weights]
    with _assembled([part.network for part in parts], numbers, limits) as process:
        process.tell(
            "mix",
            seconds=limits.build_seconds,
            shares=list(weights),
            feedings=[part.feeding.to_json() for part in parts],
            probabilities=[part.gives_probabilities for part in parts],
            shape=list(image_shape),
            mirror=mirror,
        )
        header = process.hear(0, seconds=limits.build_seconds).header
        parameters = require_count(header.get("parameters"), len(parts) * MAX_PARAMETERS, 0)
        return Mixed(_saved(process, "keras"), parameters)


@contextmanager
def _assembled(
    networks: Sequence[Network], weights: Sequence[LayerWeights], limits: Limits
) -> Iterator[ConfinedProcess]:
    """Yield a new confined process that has built `networks` with their weights."""
    shapes = [[list(value.shape) for value in layer.values] for layer in weights]
    numbers = b"".join(
        np.ascontiguousarray(value, "=f4").tobytes() for layer in weights for value in layer.values
    )
    process = ConfinedProcess(limits)
    try:
        process.tell("start", seconds=limits.import_seconds)
        process.tell(
            "assemble",
            json.dumps([network.to_json() for network in networks]).encode(),
            seconds=limits.build_seconds,
        )
        process.hear(0, seconds=limits.import_seconds)
        process.hear(0, seconds=limits.build_seconds)
        process.tell("fill", numbers, seconds=limits.batch_seconds, shapes=shapes)
        process.hear(0, seconds=limits.batch_seconds)
        yield process
    finally:
        process.close()


def _saved(process: ConfinedProcess, format: WrittenFormat) -> bytes:
    process.tell("save", seconds=_SAVE_SECONDS, format=format)
    content = process.hear(MAX_WRITTEN_BYTES, seconds=_SAVE_SECONDS).payload
    if not content:
        raise Refusal("the model could not be written (its process answered nothing)")
    if format != "keras":
        return content
    return packed({name: bytes(part) for name, part in archive.members(content).items()})


def in_single_precision(network: Network) -> Network:
    """`network` with all layers in float32. An input of integers stays one."""
    return replace(network, layers=tuple(_in_single_precision(layer) for layer in network.layers))


def _in_single_precision(layer: Layer) -> Layer:
    given = layer.input
    if given and "int" not in given.dtype:
        given = InputSpec(given.shape, "float32")
    arguments = _without_dtype(layer.arguments)
    if layer.role == "operation" and "dtype" in layer.arguments:
        arguments["dtype"] = "float32"
    nested = layer.network and in_single_precision(layer.network)
    # A layer that applies another one holds it in a field.
    held = {field.name: getattr(layer, field.name) for field in fields(layer)}
    inner: dict[str, Any] = {
        name: _in_single_precision(value)
        for name, value in held.items()
        if isinstance(value, Layer)
    }
    return replace(layer, input=given, arguments=arguments, network=nested, **inner)


def _without_dtype(arguments: Mapping[str, Json]) -> dict[str, Json]:
    return {name: _stripped(value) for name, value in arguments.items() if name != "dtype"}


def _stripped(value: Any) -> Json:
    if isinstance(value, Mapping):
        return _without_dtype(value)
    return [_stripped(each) for each in value] if isinstance(value, list) else value


def computes_in_half_precision(network: Network) -> bool:
    """Whether a layer of `network` rounds to 16 bits, so that its answers have few digits."""
    # The types and policies float16, bfloat16, mixed_float16 and mixed_bfloat16.
    return 'float16"' in json.dumps(network.to_json())

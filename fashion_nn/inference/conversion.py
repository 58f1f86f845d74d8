"""A model file written anew: what the allow-list lets through, in the notation of today's Keras.

Two confined processes take part. The first opens the file and hands out its weights as numbers, as
for every prediction. The second gets the checked network and these numbers, builds the model, and
writes it. It has never seen the file, so a defect that the file uses in the first process does not
shape what the second writes.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from fashion_nn.inference.engines.confined_keras import ConfinedPredictor, LayerWeights
from fashion_nn.inference.engines.confined_process import ConfinedProcess, Limits
from fashion_nn.inference.file import archive
from fashion_nn.inference.shared.messages import WrittenFormat
from fashion_nn.inference.shared.network import InputSpec, Json, Layer, Network
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
    with explained(predictor.path):
        content = _written(network, weights, format, limits or Limits())
        if format != "keras":
            return content
        return packed({name: bytes(part) for name, part in archive.members(content).items()})


def _written(
    network: Network, weights: list[LayerWeights], format: WrittenFormat, limits: Limits
) -> bytes:
    shapes = [[list(value.shape) for value in layer.values] for layer in weights]
    numbers = b"".join(
        np.ascontiguousarray(value, "=f4").tobytes() for layer in weights for value in layer.values
    )
    process = ConfinedProcess(limits)
    try:
        process.tell("start", seconds=limits.import_seconds)
        process.tell(
            "assemble", json.dumps(network.to_json()).encode(), seconds=limits.build_seconds
        )
        process.hear(0, seconds=limits.import_seconds)
        process.hear(0, seconds=limits.build_seconds)
        process.tell("fill", numbers, seconds=limits.batch_seconds, shapes=shapes)
        process.hear(0, seconds=limits.batch_seconds)
        process.tell("save", seconds=_SAVE_SECONDS, format=format)
        content = process.hear(MAX_WRITTEN_BYTES, seconds=_SAVE_SECONDS).payload
    finally:
        process.close()
    if not content:
        raise Refusal("the model could not be written (its process answered nothing)")
    return content


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

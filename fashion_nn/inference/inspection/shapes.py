"""The shape of what each layer gives, computed from its arguments alone.

Only layers whose arithmetic is short are known here. A layer that is not known, and everything
behind it, has no shape: Keras decides it when the model is built.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fashion_nn.inference.shared.network import Call, Layer, Network, Tensor

Shape: TypeAlias = tuple[int | None, ...]
"""Sizes without the batch, None where any size fits."""
LayerPath: TypeAlias = tuple[str, ...]
"""The name of a layer in the file, after the names of the networks around it."""
_Rule: TypeAlias = Callable[[Mapping[str, Any], Shape], Shape | None]


@dataclass(frozen=True, slots=True)
class OutputShapes:
    """What is known of the shapes in a network.

    Attributes:
        layers: what each layer gives where it is first applied.
        model: what the whole model gives; None where it is not known.
    """

    layers: Mapping[LayerPath, Shape]
    model: Shape | None


def output_shapes(network: Network) -> OutputShapes:
    """The shapes in `network`, a whole model, as far as they are known."""
    found: dict[LayerPath, Shape] = {}
    given = [layer.input.shape for layer in network.layers if layer.input]
    shapes = _apply(network, list(given), (), found)
    return OutputShapes(found, shapes[0] if len(shapes) == 1 else None)


def leaf_paths(network: Network, around: LayerPath = ()) -> list[LayerPath]:
    """The path of each leaf of `network`, in the order of `Network.leaves`."""
    paths: list[LayerPath] = []
    for layer in network.layers:
        path = (*around, layer.stored)
        paths += leaf_paths(layer.network, path) if layer.network else [path]
    return paths


def _apply(
    network: Network,
    given: Sequence[Shape | None],
    around: LayerPath,
    found: dict[LayerPath, Shape],
) -> list[Shape | None]:
    """The shapes that `network` gives for inputs of the shapes `given`."""
    if network.sequential:
        return [_chain(network, given[0] if given else None, around, found)]
    tensors: dict[tuple[str, int, int], Shape | None] = {}
    by_name = {layer.name: layer for layer in network.layers}
    for tensor, shape in zip(network.inputs, given, strict=False):
        tensors[tensor.layer, tensor.call, tensor.output] = shape
        _note(found, (*around, by_name[tensor.layer].stored), shape)
    for name, number in network.order:
        layer = by_name[name]
        call = layer.calls[number]
        inputs = [
            tensors.get((each.layer, each.call, each.output))
            for each in call.inputs
            if isinstance(each, Tensor)
        ]
        for output, shape in enumerate(_of_call(layer, call, inputs, around, found)):
            tensors[name, number, output] = shape
    return [tensors.get((end.layer, end.call, end.output)) for end in network.outputs]


def _chain(
    network: Network, shape: Shape | None, around: LayerPath, found: dict[LayerPath, Shape]
) -> Shape | None:
    for layer in network.layers:
        if layer.input:
            shape = shape or layer.input.shape
            _note(found, (*around, layer.stored), shape)
        else:
            (shape,) = _of_layer(layer, [shape], around, found)
    return shape


def _of_call(
    layer: Layer,
    call: Call,
    inputs: Sequence[Shape | None],
    around: LayerPath,
    found: dict[LayerPath, Shape],
) -> list[Shape | None]:
    if layer.role != "operation":
        return _of_layer(layer, inputs, around, found)
    # Arithmetic on tensors of one shape, or with numbers, keeps it.
    same = len(set(inputs)) == 1 and layer.class_name in _ELEMENTWISE_OPERATIONS
    shape = inputs[0] if same else None
    _note(found, (*around, layer.stored), shape)
    return [shape]


def _of_layer(
    layer: Layer,
    inputs: Sequence[Shape | None],
    around: LayerPath,
    found: dict[LayerPath, Shape],
) -> list[Shape | None]:
    if layer.network:
        shapes = _apply(layer.network, inputs, (*around, layer.stored), found)
        _note(found, (*around, layer.stored), shapes[0] if shapes else None)
        return shapes
    known = [shape for shape in inputs if shape is not None]
    shape = None
    if known and len(known) == len(inputs):
        shape = _shape(layer, known)
    _note(found, (*around, layer.stored), shape)
    return [shape]


def _note(found: dict[LayerPath, Shape], path: LayerPath, shape: Shape | None) -> None:
    if shape is not None:
        found.setdefault(path, shape)


def _shape(layer: Layer, inputs: Sequence[Shape]) -> Shape | None:
    name, arguments = layer.class_name, layer.arguments
    if name in _MERGING:
        return inputs[0] if len(set(inputs)) == 1 else None
    if name == "Concatenate":
        return _concatenated(arguments, inputs)
    if name in _SAME or (name.startswith("Random") and name != "RandomCrop"):
        return inputs[0]
    rule = _RULES.get(name)
    if rule is None or arguments.get("data_format") == "channels_first":
        return None
    try:
        return rule(arguments, inputs[0])
    except (
        KeyError,
        ValueError,
        IndexError,
        ZeroDivisionError,
    ):  # it does not fit: Keras refuses it too
        return None


_ELEMENTWISE_OPERATIONS = {
    *("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Maximum", "Minimum", "Negative"),
    *("Relu", "Sigmoid", "Tanh", "Softmax", "Cast"),
}
_MERGING = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"}
_SAME = {
    *("BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization"),
    *("UnitNormalization", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout"),
    *("GaussianDropout", "GaussianNoise", "ActivityRegularization", "Identity", "Activation"),
    *("ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Rescaling", "Normalization", "Masking"),
    *("AutoContrast", "Equalization", "Solarization", "RandAugment"),
}


def _concatenated(arguments: Mapping[str, Any], inputs: Sequence[Shape]) -> Shape | None:
    axis = arguments.get("axis", -1)
    place = axis - 1 if axis > 0 else axis
    rank = len(inputs[0])
    if any(len(shape) != rank for shape in inputs) or not -rank <= place < rank or axis == 0:
        return None
    sizes = [shape[place] for shape in inputs]
    result = list(inputs[0])
    result[place] = None if None in sizes else sum(size for size in sizes if size)
    return tuple(result)


def _dense(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    return (*shape[:-1], arguments["units"])


def _flat(_arguments: Mapping[str, Any], shape: Shape) -> Shape:
    return (_product(shape),)


def _product(shape: Shape) -> int | None:
    return None if None in shape else math.prod(size for size in shape if size is not None)


def _reshaped(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    target: Shape = tuple(arguments["target_shape"])
    if -1 not in target:
        return target
    total = _product(shape)
    left = None if total is None else total // abs(_product(target) or 1)
    return tuple(left if size == -1 else size for size in target)


def _permuted(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    return tuple(shape[place - 1] for place in arguments["dims"])


def _repeated(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    return (arguments["n"], *shape)


def _sizes(value: Any, rank: int) -> list[int]:
    return [value] * rank if isinstance(value, int) else list(value) * (rank // len(value))


def _window(size: int | None, kernel: int, stride: int, padding: str) -> int | None:
    """The size of an axis after a window has moved over it."""
    if size is None:
        return None
    left = size if padding in ("same", "causal") else size - kernel + 1
    if left < 1:
        raise ValueError("the window is larger than the image")
    return -(-left // stride)


def _convolution(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    rank = len(shape) - 1
    kernels = _sizes(arguments["kernel_size"], rank)
    strides = _sizes(arguments.get("strides", 1), rank)
    dilations = _sizes(arguments.get("dilation_rate", 1), rank)
    padding = arguments.get("padding", "valid")
    spatial = [
        _window(size, (kernel - 1) * dilation + 1, stride, padding)
        for size, kernel, stride, dilation in zip(
            shape[:-1], kernels, strides, dilations, strict=True
        )
    ]
    return (*spatial, _channels(arguments, shape[-1]))


def _channels(arguments: Mapping[str, Any], before: int | None) -> int | None:
    filters = arguments.get("filters")
    if isinstance(filters, int):
        return filters
    return None if before is None else before * int(arguments.get("depth_multiplier", 1))


def _pooled(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    rank = len(shape) - 1
    pools = _sizes(arguments.get("pool_size", 2), rank)
    strides = _sizes(arguments.get("strides") or pools, rank)
    padding = arguments.get("padding", "valid")
    spatial = [
        _window(size, pool, stride, padding)
        for size, pool, stride in zip(shape[:-1], pools, strides, strict=True)
    ]
    return (*spatial, shape[-1])


def _global(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    kept = [1] * (len(shape) - 1) if arguments.get("keepdims") else []
    return (*kept, shape[-1])


def _margins(value: Any, rank: int) -> list[int]:
    """The sum of both margins of each axis; `value` as Keras writes padding and cropping."""
    if isinstance(value, int):
        return [2 * value] * rank
    if rank == 1:
        return [sum(value) if len(value) == 2 else 2 * value[0]]
    return [2 * each if isinstance(each, int) else sum(each) for each in value]


def _padded(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    margins = _margins(arguments.get("padding", 1), len(shape) - 1)
    return _widened(shape, margins)


def _cropped(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    margins = _margins(arguments["cropping"], len(shape) - 1)
    return _widened(shape, [-margin for margin in margins])


def _widened(shape: Shape, by: Sequence[int]) -> Shape:
    spatial = [
        None if size is None else size + each for size, each in zip(shape[:-1], by, strict=True)
    ]
    if any(size is not None and size < 1 for size in spatial):
        raise ValueError("nothing is left of the image")
    return (*spatial, shape[-1])


def _enlarged(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    factors = _sizes(arguments.get("size", 2), len(shape) - 1)
    spatial = [
        None if size is None else size * factor
        for size, factor in zip(shape[:-1], factors, strict=True)
    ]
    return (*spatial, shape[-1])


def _resized(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    return (arguments["height"], arguments["width"], shape[-1])


_RULES: Mapping[str, _Rule] = {
    "Dense": _dense,
    "Flatten": _flat,
    "Reshape": _reshaped,
    "Permute": _permuted,
    "RepeatVector": _repeated,
    **dict.fromkeys(("Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D"), _convolution),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _convolution),
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D"), _pooled),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D"), _pooled),
    **dict.fromkeys(("GlobalMaxPooling1D", "GlobalMaxPooling2D"), _global),
    **dict.fromkeys(("GlobalAveragePooling1D", "GlobalAveragePooling2D"), _global),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D"), _padded),
    **dict.fromkeys(("Cropping1D", "Cropping2D"), _cropped),
    **dict.fromkeys(("UpSampling1D", "UpSampling2D"), _enlarged),
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), _resized),
}

COMPUTED = frozenset({*_SAME, *_MERGING, "Concatenate", *_RULES})
"""Classes of the layers whose output shape is computed here, beside those of augmentation."""

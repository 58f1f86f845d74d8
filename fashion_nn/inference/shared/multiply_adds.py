"""How many multiplications a layer makes for one image."""

import math
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import keras

Shape: TypeAlias = tuple[int | None, ...]

_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")
_CONVOLUTIONAL_RECURRENT = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_ATTENTION = ("MultiHeadAttention", "GroupedQueryAttention")


def layer_multiply_adds(layer: "keras.layers.Layer", before: Shape, after: Shape) -> int:
    """Number of multiplications where `layer` is applied to one image.

    Counted are the kernels of dense, convolutional and recurrent layers, once for each position or
    step at which a kernel is applied, and the scores of attention. Biases and normalisation are
    not.

    Args:
        layer: a built layer.
        before: the shape that goes in, with the batch first; of several tensors, of the first.
        after: the shape that comes out, with the batch first.

    Raises:
        TypeError: a size that matters is None.
    """
    name = type(layer).__name__
    if name == "TimeDistributed":
        inner = _wrapped(layer.layer, (before[0], *before[2:]), (after[0], *after[2:]))
        return _product(before[1:2]) * inner
    if name == "SpectralNormalization":
        return layer_multiply_adds(layer.layer, before, after)
    kernels = sum(math.prod(w.shape) for w in layer.weights if w.name.endswith("kernel"))
    if name in _RECURRENT:
        return kernels * _product(before[1:2])
    if name in _CONVOLUTIONAL_RECURRENT:
        return kernels * _product(before[1:2]) * _positions(layer, (before[0], *before[2:]))
    if name in _ATTENTION:
        steps = _product(before[1:-1])
        return kernels * steps + 2 * steps * steps * _width_of_heads(layer)
    if name in ("Attention", "AdditiveAttention"):
        return 2 * _product(before[1:-1]) * _product(before[1:])
    if not kernels:
        return 0
    if name == "EinsumDense":
        return _einsum(layer, after)
    # A transposed convolution applies its kernel at each position of its input.
    return kernels * _positions(layer, before if name.endswith("Transpose") else after)


def _wrapped(layer: Any, before: Shape, after: Shape) -> int:
    """Of a layer, or of a network with all its layers."""
    if not hasattr(layer, "layers"):
        return layer_multiply_adds(layer, before, after)
    return sum(_wrapped(each, _shape(each.input), _shape(each.output)) for each in layer.layers)


def _shape(tensor: Any) -> Shape:
    """The shape of a tensor, of several that of the first."""
    return tuple(tensor[0].shape if isinstance(tensor, list) else tensor.shape)


def _positions(layer: "keras.layers.Layer", shape: Shape) -> int:
    """The number of places in an image of `shape`."""
    channels_first = getattr(layer, "data_format", None) == "channels_first"
    return _product(shape[2:] if channels_first else shape[1:-1])


def _width_of_heads(layer: Any) -> int:
    heads: int = getattr(layer, "num_heads", None) or layer.num_query_heads
    width: int = getattr(layer, "key_dim", None) or layer.head_dim
    return heads * width


def _einsum(layer: Any, after: Shape) -> int:
    operands, result = layer.equation.split("->")
    kernel = operands.split(",")[1]
    summed = [
        size
        for letter, size in zip(kernel, layer.kernel.shape, strict=True)
        if letter not in result
    ]
    return _product(after[1:]) * math.prod(summed)


def _product(sizes: Shape) -> int:
    return math.prod(sizes)  # type: ignore[arg-type]

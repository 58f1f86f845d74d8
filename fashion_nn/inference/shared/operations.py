"""The operations on tensors, as functions.

The allow-list writes their names into a `Network`; those that are not defined here are those of
`keras.ops`.
"""

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras import KerasTensor


def named(name: str) -> Callable[..., Any]:
    """The function `name`, such as "add", "image.resize" or "getitem"."""
    import keras

    if name in _OWN:
        return _OWN[name]
    return functools.reduce(getattr, name.split("."), keras.ops)


def getitem(x: "KerasTensor", key: Sequence[Any]) -> "KerasTensor":
    """`x[key]`; see `fashion_nn.inference.allowlist.operations.index`."""
    return x[tuple(_index(part) for part in key)]


def _index(part: Any) -> Any:
    if isinstance(part, list | tuple):
        return slice(*part)
    return {"new": None, "...": Ellipsis}[part] if isinstance(part, str) else part


def add_all(tensors: "Sequence[KerasTensor]") -> "KerasTensor":
    """The sum of several tensors of one shape."""
    import keras

    return functools.reduce(keras.ops.add, tensors)


def matrix_product(
    a: "KerasTensor", b: "KerasTensor", transpose_a: bool = False, transpose_b: bool = False
) -> "KerasTensor":
    """`tf.matmul`: the product of the last two axes."""
    import keras

    if transpose_a:
        a = keras.ops.swapaxes(a, -1, -2)
    if transpose_b:
        b = keras.ops.swapaxes(b, -1, -2)
    return keras.ops.matmul(a, b)


def unit_length(x: "KerasTensor", axis: Any = None, epsilon: float = 1e-12) -> "KerasTensor":
    """`tf.math.l2_normalize`: `x` divided by the root of its sum of squares along `axis`."""
    import keras

    squares = keras.ops.sum(keras.ops.square(x), axis=axis, keepdims=True)
    return x * keras.ops.rsqrt(keras.ops.maximum(squares, epsilon))


def standardised_image(x: "KerasTensor") -> "KerasTensor":
    """`tf.image.per_image_standardization`: mean 0 and deviation 1 over the last three axes."""
    import keras

    x = keras.ops.cast(x, "float32")
    mean = keras.ops.mean(x, axis=(-3, -2, -1), keepdims=True)
    deviation = keras.ops.std(x, axis=(-3, -2, -1), keepdims=True)
    count = 1.0
    for size in x.shape[-3:]:
        count *= size
    return (x - mean) / keras.ops.maximum(deviation, count**-0.5)


def image_of_type(x: "KerasTensor", dtype: str) -> "KerasTensor":
    """`tf.image.convert_image_dtype` to a type of fractions: whole numbers become 0 to 1."""
    import keras
    import numpy as np

    given = keras.backend.standardize_dtype(x.dtype)
    if "int" in dtype:
        raise ValueError(f"images of type {dtype}: expected a type of fractions")
    x = keras.ops.cast(x, dtype)
    return x / np.iinfo(given).max if "int" in given else x


def _identity(x: "KerasTensor") -> "KerasTensor":
    return x


def _grayscale_to_rgb(x: "KerasTensor") -> "KerasTensor":
    import keras

    return keras.ops.repeat(x, 3, axis=-1)


def _flip_left_right(x: "KerasTensor") -> "KerasTensor":
    import keras

    return keras.ops.flip(x, axis=-2)


def _flip_up_down(x: "KerasTensor") -> "KerasTensor":
    import keras

    return keras.ops.flip(x, axis=-3)


_OWN: dict[str, Callable[..., Any]] = {
    "add_all": add_all,
    "flip_left_right": _flip_left_right,
    "flip_up_down": _flip_up_down,
    "getitem": getitem,
    "grayscale_to_rgb": _grayscale_to_rgb,
    "identity": _identity,
    "image_of_type": image_of_type,
    "matrix_product": matrix_product,
    "standardised_image": standardised_image,
    "unit_length": unit_length,
}

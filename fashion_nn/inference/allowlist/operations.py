"""Arithmetic on tensors as Keras 3 stores it, and the types and shapes of inputs.

`inputs / 255` leaves an operation such as `Divide` in the file. `OPERATIONS` has those that a file
may name, with the rules of their arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fashion_nn.inference.allowlist import rules
from fashion_nn.inference.allowlist.rules import (
    Rule,
    axes,
    axis,
    dimensions,
    either,
    flag,
    listed,
    maybe,
    number,
    one_of,
    only,
    sizes,
    unless,
    whole,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

_FLOATS = ("float16", "float32", "float64", "bfloat16")
_WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
dtype = one_of(*_FLOATS, *_WHOLE, "bool")
"""What a Cast may lead to."""

INPUT_TYPES = (*_FLOATS, *_WHOLE)
input_shape = dimensions(4096, 1 << 22)
MAX_PARTS = 256


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that a file may name.

    Attributes:
        function: name in `fashion_nn.inference.shared.operations`.
        operands: how many tensors or numbers it takes; None for one list of tensors.
        arguments: the rules of its other arguments.
        required: arguments that have no default.
    """

    function: str
    operands: int | None = 1
    arguments: Mapping[str, Rule] = field(default_factory=dict)
    required: tuple[str, ...] = ()


def new_shape(value: Any) -> list[int]:
    """The target of a reshape with the batch first, where null or -1 is the size that is left."""
    shape = rules.plain_list(value)
    if isinstance(shape, list):
        shape = [-1 if size is None else size for size in shape]
    return rules.target_shape(shape)


def index(value: Any) -> list[Any]:
    """What stands in the brackets of `x[...]`: numbers, slices, ... and None.

    The clean value is a list: numbers as they are, a slice as a list of three, "..." and "new".
    """
    value = rules.plain_list(value)
    parts = value if isinstance(value, list) else [value]
    if not 1 <= len(parts) <= 9:
        raise Refusal(f"expected 1 to 9 indices, got {quoted(value)}")
    return [_one_index(part) for part in parts]


_bound = maybe(whole(-(1 << 24), 1 << 24))


def _one_index(value: Any) -> Any:
    if value is None:
        return "new"
    if value == "...":
        return "..."
    if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
        return "..."
    if isinstance(value, dict):
        ends = value.get("config") if value.get("class_name") == "__slice__" else value
        if not isinstance(ends, dict) or not set(ends) <= {"start", "stop", "step"}:
            raise Refusal(f"expected a number or a slice, got {quoted(value)}")
        return [_bound(ends.get(name)) for name in ("start", "stop", "step")]
    return whole(-(1 << 24), 1 << 24)(value)


def parts(value: Any) -> Any:
    """Into how many parts a tensor is split, or where."""
    return either(whole(1, MAX_PARTS), listed(whole(0, 1 << 24), *range(1, MAX_PARTS)))(value)


def margins(value: Any) -> list[list[int]]:
    """How far each axis is padded: a pair of numbers for each."""
    return listed(listed(whole(0, 4096), 2), *range(1, 9))(value)


_AXIS: dict[str, Rule] = {"axis": axis}
_REDUCED: dict[str, Rule] = {"axis": maybe(axes), "keepdims": flag, "initial": only(None)}
_FORMAT: dict[str, Rule] = {"data_format": maybe(one_of("channels_last", "channels_first"))}
_PLACE: dict[str, Rule] = {"dtype": unless(None, dtype)}

_UNARY = {
    **dict.fromkeys(("Absolute", "Abs", "Fabs"), "absolute"),
    **{name: name.lower() for name in ("Negative", "Square", "Sqrt", "Rsqrt", "Reciprocal")},
    **{name: name.lower() for name in ("Exp", "Exp2", "Expm1", "Log", "Log2", "Log10", "Log1p")},
    **{name: name.lower() for name in ("Sin", "Cos", "Tan", "Sinh", "Cosh", "Tanh", "Arctan")},
    **{name: name.lower() for name in ("Floor", "Ceil", "Trunc", "Sign", "Erf", "Isfinite")},
    **{name: name.lower() for name in ("Relu", "Relu6", "Sigmoid", "Softplus", "Softsign")},
    **{name: name.lower() for name in ("Silu", "Selu", "Sparsemax")},
    **{"LogSigmoid": "log_sigmoid", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu"},
    **{"HardTanh": "hard_tanh", "TanhShrink": "tanh_shrink", "SparsePlus": "sparse_plus"},
    **{"SparseSigmoid": "sparse_sigmoid", "LogicalNot": "logical_not"},
    **dict.fromkeys(("Copy", "StopGradient"), "identity"),
}
_BINARY = {
    **{name: name.lower() for name in ("Add", "Subtract", "Multiply", "Divide", "Power", "Mod")},
    **{name: name.lower() for name in ("Maximum", "Minimum", "Matmul", "Equal", "Greater", "Less")},
    **{"TrueDivide": "true_divide", "FloorDivide": "floor_divide", "DivideNoNan": "divide_no_nan"},
    **{"NotEqual": "not_equal", "GreaterEqual": "greater_equal", "LessEqual": "less_equal"},
    **{"LogicalAnd": "logical_and", "LogicalOr": "logical_or", "LogicalXor": "logical_xor"},
}
_REDUCTIONS = {
    **{name: name.lower() for name in ("Mean", "Max", "Min", "Sum", "Prod", "Std", "Var")},
    **{name: name.lower() for name in ("Any", "All", "Amax", "Amin", "Argmax", "Argmin")},
    "Logsumexp": "logsumexp",
}

OPERATIONS: dict[str, Operation] = {
    **{name: Operation(function) for name, function in _UNARY.items()},
    **{name: Operation(function, 2) for name, function in _BINARY.items()},
    **{name: Operation(function, 1, _REDUCED) for name, function in _REDUCTIONS.items()},
    "Where": Operation("where", 3),
    "Concatenate": Operation("concatenate", None, _AXIS),
    "Stack": Operation("stack", None, _AXIS),
    # Activations
    "LeakyRelu": Operation("leaky_relu", 1, {"negative_slope": number()}),
    "Elu": Operation("elu", 1, {"alpha": number()}),
    "Celu": Operation("celu", 1, {"alpha": number()}),
    "Gelu": Operation("gelu", 1, {"approximate": flag}),
    "Glu": Operation("glu", 1, _AXIS),
    "Softmax": Operation("softmax", 1, {"axis": axes}),
    "LogSoftmax": Operation("log_softmax", 1, {"axis": axes}),
    "Squareplus": Operation("squareplus", 1, {"b": number()}),
    "SoftShrink": Operation("soft_shrink", 1, {"threshold": number()}),
    "HardShrink": Operation("hard_shrink", 1, {"threshold": number()}),
    "Threshold": Operation(
        "threshold",
        1,
        {"threshold": number(), "default_value": number()},
        ("threshold", "default_value"),
    ),
    # Numbers
    "Clip": Operation("clip", 1, {"x_min": number(), "x_max": number()}, ("x_min", "x_max")),
    "Round": Operation("round", 1, {"decimals": whole(-20, 20)}),
    "Normalize": Operation(
        "normalize", 1, {"axis": axes, "order": number(0, 100), "epsilon": maybe(number(0, 1e3))}
    ),
    "Cast": Operation("cast", 1, {"dtype": dtype}, ("dtype",)),
    "ConvertToTensor": Operation(
        "identity",
        1,
        {"dtype": only(None), "sparse": only(None, False), "ragged": only(None, False)},
    ),
    "ZerosLike": Operation("zeros_like", 1, _PLACE),
    "OnesLike": Operation("ones_like", 1, _PLACE),
    # Shapes
    "ExpandDims": Operation("expand_dims", 1, {"axis": axes}, ("axis",)),
    "Squeeze": Operation("squeeze", 1, {"axis": maybe(axes)}),
    "Reshape": Operation("reshape", 1, {"newshape": new_shape}, ("newshape",)),
    "Transpose": Operation("transpose", 1, {"axes": maybe(axes)}),
    "Swapaxes": Operation("swapaxes", 1, {"axis1": axis, "axis2": axis}, ("axis1", "axis2")),
    "Moveaxis": Operation(
        "moveaxis", 1, {"source": axes, "destination": axes}, ("source", "destination")
    ),
    "Flip": Operation("flip", 1, {"axis": maybe(axes)}),
    "Roll": Operation("roll", 1, {"shift": whole(-4096, 4096), "axis": maybe(axis)}, ("shift",)),
    "Rot90": Operation("rot90", 1, {"k": whole(-4, 4), "axes": listed(axis, 2)}),
    "Repeat": Operation(
        "repeat", 1, {"repeats": whole(1, 4096), "axis": axis}, ("repeats", "axis")
    ),
    "Tile": Operation(
        "tile",
        1,
        {"repeats": either(whole(1, 4096), listed(whole(1, 4096), *range(1, 9)))},
        ("repeats",),
    ),
    "Pad": Operation(
        "pad",
        1,
        {"pad_width": margins, "mode": one_of("constant", "reflect", "symmetric")},
        ("pad_width",),
    ),
    "Split": Operation(
        "split", 1, {"indices_or_sections": parts, "axis": axis}, ("indices_or_sections",)
    ),
    "Unstack": Operation("unstack", 1, {"num": maybe(whole(1, MAX_PARTS)), "axis": axis}),
    "GetItem": Operation("getitem", 1, {"key": index}, ("key",)),
    # Images
    "Resize": Operation(
        "image.resize",
        1,
        {
            "size": sizes(2, 1, 1024),
            "interpolation": one_of("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
            "antialias": flag,
            "crop_to_aspect_ratio": flag,
            "pad_to_aspect_ratio": flag,
            "fill_mode": one_of("constant"),
            "fill_value": number(),
            **_FORMAT,
        },
        ("size",),
    ),
    "RGBToGrayscale": Operation("image.rgb_to_grayscale", 1, _FORMAT),
    **{
        f"{kind}Pool": Operation(
            f"{kind.lower()}_pool",
            1,
            {
                "pool_size": either(whole(1, 1024), listed(whole(1, 1024), 1, 2, 3)),
                "strides": maybe(either(whole(1, 1024), listed(whole(1, 1024), 1, 2, 3))),
                "padding": one_of("valid", "same"),
                **_FORMAT,
            },
            ("pool_size",),
        )
        for kind in ("Max", "Average")
    },
}
"""By the name of the class in Keras 3."""

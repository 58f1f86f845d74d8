"""Arithmetic on tensors as Keras 2 stores it: by names of functions of TensorFlow.

The names are in layers TFOpLambda and SlicingOpLambda. Each is looked up in the table below, which
says what it is among our operations, and never in TensorFlow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from fashion_nn.core.strict_json import Json
from fashion_nn.inference.allowlist import operations, rules
from fashion_nn.inference.allowlist.rules import (
    Rule,
    axes,
    axis,
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

CLASSES = ("TFOpLambda", "SlicingOpLambda")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of TensorFlow that a file may name.

    Attributes:
        function: name in `fashion_nn.inference.shared.operations`.
        operands: names of the arguments behind the first that are tensors or numbers.
        many: whether the first argument is a list of tensors.
        arguments: our name and rule of its other arguments, by the name in TensorFlow.
        fixed: arguments that TensorFlow has by default and ours has not.
    """

    function: str
    operands: tuple[str, ...] = ()
    many: bool = False
    arguments: Mapping[str, tuple[str, Rule]] = field(default_factory=dict)
    fixed: Mapping[str, Json] = field(default_factory=dict)


def _sizes_of_parts(value: Any) -> Any:
    """TensorFlow gives the size of each part, ours the places between them."""
    found = either(
        whole(1, operations.MAX_PARTS), listed(whole(0, 1 << 24), *range(2, operations.MAX_PARTS))
    )(value)
    return list(accumulate(found))[:-1] if isinstance(found, list) else found


def _type(value: Any) -> Any:
    # Keras 2.4 wrote the number that TensorFlow has for float32.
    return "float32" if value == 1 and not isinstance(value, bool) else operations.dtype(value)


def _constant_mode(value: Any) -> str:
    return one_of("constant", "reflect", "symmetric")(value)


_AXIS: dict[str, tuple[str, Rule]] = {"axis": ("axis", axis)}
_REDUCED: dict[str, tuple[str, Rule]] = {
    "axis": ("axis", maybe(axes)),
    "keepdims": ("keepdims", lambda value: rules.DROPPED if value is None else flag(value)),
}
_UNARY = {
    "math.negative": "negative",
    "math.abs": "absolute",
    "math.square": "square",
    "math.sqrt": "sqrt",
    "math.rsqrt": "rsqrt",
    "math.reciprocal": "reciprocal",
    "math.exp": "exp",
    "math.expm1": "expm1",
    "math.log": "log",
    "math.log1p": "log1p",
    "math.sin": "sin",
    "math.cos": "cos",
    "math.tanh": "tanh",
    "math.sigmoid": "sigmoid",
    "math.softplus": "softplus",
    "math.erf": "erf",
    "math.floor": "floor",
    "math.ceil": "ceil",
    "math.sign": "sign",
    "math.round": "round",
    "math.logical_not": "logical_not",
    "nn.relu": "relu",
    "nn.relu6": "relu6",
    "nn.selu": "selu",
    "nn.elu": "elu",
    "nn.softsign": "softsign",
    "nn.swish": "silu",
    "identity": "identity",
    "stop_gradient": "identity",
    "convert_to_tensor": "identity",
    "zeros_like": "zeros_like",
    "ones_like": "ones_like",
    "image.grayscale_to_rgb": "grayscale_to_rgb",
    "image.rgb_to_grayscale": "image.rgb_to_grayscale",
    "image.per_image_standardization": "standardised_image",
    "image.flip_left_right": "flip_left_right",
    "image.flip_up_down": "flip_up_down",
}
_BINARY = {
    "math.add": "add",
    "__operators__.add": "add",
    "math.subtract": "subtract",
    "math.multiply": "multiply",
    "math.divide": "divide",
    "math.truediv": "true_divide",
    "math.divide_no_nan": "divide_no_nan",
    "math.floordiv": "floor_divide",
    "math.floormod": "mod",
    "math.pow": "power",
    "math.maximum": "maximum",
    "math.minimum": "minimum",
    "math.greater": "greater",
    "math.greater_equal": "greater_equal",
    "math.less": "less",
    "math.less_equal": "less_equal",
    "math.equal": "equal",
    "math.not_equal": "not_equal",
    "__operators__.eq": "equal",
    "__operators__.ne": "not_equal",
    "math.logical_and": "logical_and",
    "math.logical_or": "logical_or",
}
_REDUCTIONS = {
    "mean": "mean",
    "sum": "sum",
    "max": "max",
    "min": "min",
    "prod": "prod",
    "std": "std",
    "variance": "var",
    "any": "any",
    "all": "all",
    "logsumexp": "logsumexp",
}
_SQUEEZED = Function("squeeze", arguments={"axis": ("axis", maybe(axes))})
_TRANSPOSED = Function(
    "transpose", arguments={"perm": ("axes", maybe(axes)), "conjugate": ("", only(False))}
)
_PADDED = Function(
    "pad",
    arguments={
        "paddings": ("pad_width", operations.margins),
        "mode": ("mode", _constant_mode),
        "constant_values": ("", only(0, 0.0)),
    },
)
_WHERE = Function("where", ("x", "y"))

FUNCTIONS: dict[str, Function] = {
    **{name: Function(function) for name, function in _UNARY.items()},
    **{name: Function(function, ("y",)) for name, function in _BINARY.items()},
    **{
        f"math.reduce_{name}": Function(function, arguments=_REDUCED)
        for name, function in _REDUCTIONS.items()
    },
    "math.argmax": Function("argmax", arguments=_AXIS, fixed={"axis": 0}),
    "where": _WHERE,
    "compat.v1.where": _WHERE,
    "add_n": Function("add_all", many=True),
    "math.add_n": Function("add_all", many=True),
    "concat": Function("concatenate", many=True, arguments=_AXIS),
    "stack": Function("stack", many=True, arguments=_AXIS),
    "linalg.matmul": Function(
        "matrix_product",
        ("b",),
        arguments={
            "transpose_a": ("transpose_a", flag),
            "transpose_b": ("transpose_b", flag),
            **{name: ("", only(False)) for name in ("adjoint_a", "adjoint_b")},
            **{name: ("", only(False)) for name in ("a_is_sparse", "b_is_sparse")},
        },
    ),
    # Activations
    "nn.leaky_relu": Function(
        "leaky_relu",
        arguments={"alpha": ("negative_slope", number())},
        fixed={"negative_slope": 0.2},
    ),
    "nn.gelu": Function(
        "gelu", arguments={"approximate": ("approximate", flag)}, fixed={"approximate": False}
    ),
    "nn.silu": Function("silu", arguments={"beta": ("", only(1.0, 1))}),
    "nn.softmax": Function(
        "softmax", arguments={"axis": ("axis", unless(None, axis))}, fixed={"axis": -1}
    ),
    "nn.log_softmax": Function(
        "log_softmax", arguments={"axis": ("axis", unless(None, axis))}, fixed={"axis": -1}
    ),
    # Numbers
    "clip_by_value": Function(
        "clip",
        arguments={"clip_value_min": ("x_min", number()), "clip_value_max": ("x_max", number())},
    ),
    "math.l2_normalize": Function(
        "unit_length",
        arguments={"axis": ("axis", maybe(axes)), "epsilon": ("epsilon", number(0, 1e3))},
    ),
    "cast": Function("cast", arguments={"dtype": ("dtype", _type)}),
    "image.convert_image_dtype": Function(
        "image_of_type", arguments={"dtype": ("dtype", _type), "saturate": ("", only(False))}
    ),
    # Shapes
    "expand_dims": Function("expand_dims", arguments=_AXIS),
    "squeeze": _SQUEEZED,
    "compat.v1.squeeze": _SQUEEZED,
    "reshape": Function("reshape", arguments={"shape": ("newshape", operations.new_shape)}),
    "transpose": _TRANSPOSED,
    "compat.v1.transpose": _TRANSPOSED,
    "reverse": Function("flip", arguments={"axis": ("axis", axes)}),
    "repeat": Function(
        "repeat", arguments={"repeats": ("repeats", whole(1, 4096)), "axis": ("axis", axis)}
    ),
    "tile": Function(
        "tile", arguments={"multiples": ("repeats", listed(whole(1, 4096), *range(1, 9)))}
    ),
    "pad": _PADDED,
    "compat.v1.pad": _PADDED,
    "split": Function(
        "split",
        arguments={
            "num_or_size_splits": ("indices_or_sections", _sizes_of_parts),
            "axis": ("axis", axis),
        },
    ),
    "unstack": Function(
        "unstack",
        arguments={"num": ("num", maybe(whole(1, operations.MAX_PARTS))), "axis": ("axis", axis)},
    ),
    "__operators__.getitem": Function(
        "getitem", arguments={"slice_spec": ("key", operations.index)}
    ),
    "image.resize": Function(
        "image.resize",
        arguments={
            "size": ("size", sizes(2, 1, 1024)),
            "method": (
                "interpolation",
                one_of("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
            ),
            "antialias": ("antialias", flag),
            "preserve_aspect_ratio": ("", only(False)),
        },
    ),
}
"""By the name that a file gives, which is that of `tf` without its first part."""


def function(config: Mapping[str, Any]) -> Function:
    """The function that the arguments of a TFOpLambda or SlicingOpLambda name.

    Raises:
        Refusal: it is none of `FUNCTIONS`.
    """
    name = config.get("function")
    if not isinstance(name, str):
        raise Refusal(f"function: expected a name, got {quoted(name)}")
    if name not in FUNCTIONS:
        raise Refusal(
            f"the function {quoted('tf.' + name)} of TensorFlow is not on the list of allowed"
            " operations: replace it by a layer of Keras and save the model again"
        )
    return FUNCTIONS[name]


def arguments(called: Function, given: Mapping[str, Any]) -> dict[str, Json]:
    """Our arguments for what a call gives to `called` besides its operands.

    Raises:
        Refusal: naming an argument that is not allowed.
    """
    known = {name: rule for name, (_, rule) in called.arguments.items()}
    known["name"] = rules.dropped(lambda name: name)
    clean = rules.checked(given, known)
    return {**called.fixed, **{called.arguments[name][0]: clean[name] for name in clean}}

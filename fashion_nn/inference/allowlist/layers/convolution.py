"""Dense and convolutional layers, and pooling."""

import re
from collections.abc import Mapping
from typing import Any

from fashion_nn.inference.allowlist.layers.activations import activation
from fashion_nn.inference.allowlist.layers.common import (
    FORMAT,
    padding,
    unused_weight,
    weight,
    width,
)
from fashion_nn.inference.allowlist.objects import regularizer
from fashion_nn.inference.allowlist.rules import (
    Rule,
    either,
    flag,
    listed,
    maybe,
    one_of,
    only,
    sizes,
    unless,
    whole,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

_RANKS = (1, 2, 3)
_PLAIN: dict[str, Rule] = {
    "activation": activation,
    "activity_regularizer": regularizer,
    "lora_rank": only(None),
    "lora_alpha": only(None),
    "quantization_config": only(None),
    **weight("kernel", "bias"),
}
_DENSE: dict[str, Rule] = {**_PLAIN, "use_bias": flag}
_EQUATION = re.compile(r"[.a-zA-Z]{1,12},[a-zA-Z]{1,8}->[.a-zA-Z]{1,12}")


def _equation(value: Any) -> str:
    if not isinstance(value, str) or not _EQUATION.fullmatch(value):
        raise Refusal(f"{quoted(value)} is no equation of two operands such as 'abc,cd->abd'")
    return value


def _axes_of_bias(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-zA-Z]{1,8}", value):
        raise Refusal(f"expected letters of the equation, got {quoted(value)}")
    return value


def _convolution(rank: int) -> dict[str, Rule]:
    return {
        **_DENSE,
        **FORMAT,
        "kernel_size": sizes(rank, 1, 512),
        "strides": sizes(rank, 1, 512),
        "dilation_rate": sizes(rank, 1, 512),
        "padding": one_of("valid", "same", "causal") if rank == 1 else padding,
    }


def _grouped(rank: int) -> dict[str, Rule]:
    return {**_convolution(rank), "filters": width, "groups": width}


def _transposed(rank: int) -> dict[str, Rule]:
    return {
        **_convolution(rank),
        "filters": width,
        "groups": only(1),
        "output_padding": unless(None, sizes(rank, 0, 512)),
    }


def _depthwise(rank: int) -> dict[str, Rule]:
    return {
        **_convolution(rank),
        **weight("depthwise"),
        **unused_weight("kernel"),
        "depth_multiplier": width,
        "groups": only(1),
    }


def _separable(rank: int) -> dict[str, Rule]:
    return {**_depthwise(rank), **weight("depthwise", "pointwise"), "filters": width}


def _pool(rank: int) -> dict[str, Rule]:
    size = sizes(rank, 1, 1024)
    return {"pool_size": size, "strides": maybe(size), "padding": padding, **FORMAT}


_GLOBAL: dict[str, Rule] = {"keepdims": flag, **FORMAT}
_size = whole(1, 1 << 16)

LAYERS: dict[str, Mapping[str, Rule]] = {
    "Dense": {"units": width, **_DENSE},
    "EinsumDense": {
        **_PLAIN,
        "equation": _equation,
        "output_shape": either(maybe(_size), listed(maybe(_size), *range(1, 9))),
        "bias_axes": maybe(_axes_of_bias),
        "gptq_unpacked_column_size": only(None),
    },
    **{f"Conv{rank}D": _grouped(rank) for rank in _RANKS},
    **{f"Conv{rank}DTranspose": _transposed(rank) for rank in _RANKS},
    **{f"DepthwiseConv{rank}D": _depthwise(rank) for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _separable(rank) for rank in (1, 2)},
    **{f"{kind}Pooling{rank}D": _pool(rank) for kind in ("Max", "Average") for rank in _RANKS},
    **{f"Global{kind}Pooling{rank}D": _GLOBAL for kind in ("Max", "Average") for rank in _RANKS},
    **{
        f"Adaptive{kind}Pooling{rank}D": {"output_size": sizes(rank, 1, 1024), **FORMAT}
        for kind in ("Average", "Max")
        for rank in _RANKS
    },
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "Dense": ("units",),
    "EinsumDense": ("equation", "output_shape"),
    **{
        f"{kind}{rank}D{transpose}": ("filters", "kernel_size")
        for kind, ranks, transpose in (
            ("Conv", _RANKS, ""),
            ("Conv", _RANKS, "Transpose"),
            ("SeparableConv", (1, 2), ""),
        )
        for rank in ranks
    },
    **{f"DepthwiseConv{rank}D": ("kernel_size",) for rank in (1, 2)},
    **{f"AveragePooling{rank}D": ("pool_size",) for rank in _RANKS},
    **{
        f"Adaptive{kind}Pooling{rank}D": ("output_size",)
        for kind in ("Average", "Max")
        for rank in _RANKS
    },
}
ALIASES = {
    **{f"Convolution{rank}D": f"Conv{rank}D" for rank in _RANKS},
    **{f"Convolution{rank}DTranspose": f"Conv{rank}DTranspose" for rank in _RANKS},
    **{f"SeparableConvolution{rank}D": f"SeparableConv{rank}D" for rank in (1, 2)},
    **{f"MaxPool{rank}D": f"MaxPooling{rank}D" for rank in _RANKS},
    **{f"AvgPool{rank}D": f"AveragePooling{rank}D" for rank in _RANKS},
    **{f"GlobalMaxPool{rank}D": f"GlobalMaxPooling{rank}D" for rank in _RANKS},
    **{f"GlobalAvgPool{rank}D": f"GlobalAveragePooling{rank}D" for rank in _RANKS},
}

"""Attention."""

from collections.abc import Mapping

from fashion_nn.inference.allowlist.layers.common import rate, weight
from fashion_nn.inference.allowlist.objects import regularizer
from fashion_nn.inference.allowlist.rules import (
    Rule,
    axes,
    dropped,
    either,
    flag,
    listed,
    maybe,
    one_of,
    only,
    seed,
    unless,
    whole,
)

MAX_HEADS = 128
MAX_HEAD_WIDTH = 1 << 12

_heads = whole(1, MAX_HEADS)
_width = whole(1, MAX_HEAD_WIDTH)
_COMMON: dict[str, Rule] = {
    "dropout": rate,
    "use_bias": flag,
    "sliding_window": unless(None, whole(1, 1 << 16)),
    "use_gate": unless(False, flag),
    "flash_attention": dropped(maybe(flag)),
    "activity_regularizer": regularizer,
    "seed": seed,
    **weight("kernel", "bias"),
}
# The shapes of what it is called on, which Keras 2 wrote among the arguments.
_SHAPES = {f"{name}_shape": dropped(lambda shape: shape) for name in ("query", "key", "value")}

LAYERS: dict[str, Mapping[str, Rule]] = {
    "MultiHeadAttention": {
        **_COMMON,
        **_SHAPES,
        "softmax_robust_masking": dropped(flag),
        "num_heads": _heads,
        "key_dim": _width,
        "value_dim": maybe(_width),
        "output_shape": maybe(either(_width, listed(_width, *range(1, 5)))),
        "attention_axes": maybe(axes),
    },
    "GroupQueryAttention": {
        **_COMMON,
        "head_dim": _width,
        "num_query_heads": _heads,
        "num_key_value_heads": _heads,
    },
    "Attention": {
        "use_scale": flag,
        "score_mode": one_of("dot", "concat"),
        "dropout": rate,
        "seed": seed,
        "causal": only(False),
    },
    "AdditiveAttention": {
        "use_scale": flag,
        "dropout": rate,
        "seed": seed,
        "causal": only(False),
    },
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "MultiHeadAttention": ("num_heads", "key_dim"),
    "GroupQueryAttention": ("head_dim", "num_query_heads", "num_key_value_heads"),
}
ALIASES = {"GroupedQueryAttention": "GroupQueryAttention"}

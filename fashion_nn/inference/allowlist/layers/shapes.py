"""Layers that merge tensors or change their shape."""

from collections.abc import Mapping

from fashion_nn.inference.allowlist.layers.common import FORMAT, width
from fashion_nn.inference.allowlist.objects import constraint, initializer, regularizer
from fashion_nn.inference.allowlist.rules import (
    Rule,
    axis,
    either,
    flag,
    listed,
    margins,
    number,
    one_of,
    only,
    sizes,
    target_shape,
    whole,
)

INTERPOLATION = one_of(
    "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic"
)

LAYERS: dict[str, Mapping[str, Rule]] = {
    **{name: {} for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": {"axis": axis},
    "Dot": {"axes": either(axis, listed(axis, 2)), "normalize": flag},
    "Identity": {},
    "Flatten": FORMAT,
    "Reshape": {"target_shape": target_shape},
    "Permute": {"dims": listed(whole(1, 8), *range(1, 9))},
    "RepeatVector": {"n": whole(1, 1024)},
    "Masking": {"mask_value": number()},
    "Embedding": {
        "input_dim": width,
        "output_dim": width,
        "embeddings_initializer": initializer,
        "embeddings_regularizer": regularizer,
        "embeddings_constraint": constraint,
        "activity_regularizer": regularizer,
        "mask_zero": flag,
        "lora_rank": only(None),
        "lora_alpha": only(None),
        "quantization_config": only(None),
    },
    "ZeroPadding1D": {"padding": margins(1, 512), **FORMAT},
    "ZeroPadding2D": {"padding": margins(2, 512), **FORMAT},
    "ZeroPadding3D": {"padding": margins(3, 512), **FORMAT},
    "Cropping1D": {"cropping": margins(1, 4096)},
    "Cropping2D": {"cropping": margins(2, 4096), **FORMAT},
    "Cropping3D": {"cropping": margins(3, 4096), **FORMAT},
    "UpSampling1D": {"size": whole(1, 64)},
    "UpSampling2D": {"size": sizes(2, 1, 64), "interpolation": INTERPOLATION, **FORMAT},
    "UpSampling3D": {"size": sizes(3, 1, 64), **FORMAT},
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "Dot": ("axes",),
    "Reshape": ("target_shape",),
    "Permute": ("dims",),
    "RepeatVector": ("n",),
    "Embedding": ("input_dim", "output_dim"),
}

"""The allow-list as data: every layer, argument and activation that a file may name.

What is not here is refused. The entry of a layer gives a rule for each argument that any Keras from
2.0 to 3.15 has written for it. The bounds are far above what image classifiers use, and small
enough that one argument alone cannot exhaust a machine. What several arguments do together is
measured in the confined process (`fashion_nn.inference.child.size_guard`).
"""

from typing import Any

from fashion_nn.inference.allowlist.objects import constraint, initializer, regularizer
from fashion_nn.inference.allowlist.rules import (
    Rule,
    axes,
    axis,
    checked,
    dropped,
    either,
    factor,
    flag,
    listed,
    margins,
    maybe,
    node,
    number,
    numbers,
    one_axis,
    one_of,
    only,
    policy,
    seed,
    sizes,
    target_shape,
    unless,
    whole,
)
from fashion_nn.inference.shared.refusal import Refusal, quoted

ACTIVATIONS = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
)

_width = whole(1, 1 << 16)
_rate = number(0, 1)
_positive = number(0, 1e6)


def activation(value: Any) -> Any:
    """An activation by its name, or a layer that is one, as in `Dense(10,
    activation=LeakyReLU(0.2))`.
    """
    if value is None or isinstance(value, str):
        return "linear" if value is None else one_of(*ACTIVATIONS)(value)
    name, config = node(value)
    if name not in _AS_ARGUMENT:
        raise Refusal(f"{quoted(name)} is not an allowed activation")
    clean = checked(
        config,
        {"name": dropped(_any_text), "trainable": dropped(flag), "dtype": policy, **LAYERS[name]},
    )
    return {"module": "keras.layers", "class_name": name, "config": clean, "registered_name": None}


def _any_text(value: Any) -> None:
    if not isinstance(value, str):
        raise Refusal(f"expected a text, got {quoted(value)}")


_AS_ARGUMENT = ("ELU", "LeakyReLU", "ReLU", "Softmax")


def _weight(*names: str) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for name in names:
        rules |= {
            f"{name}_initializer": initializer,
            f"{name}_regularizer": regularizer,
            f"{name}_constraint": constraint,
        }
    return rules


def _unused_weight(name: str) -> dict[str, Rule]:
    """Arguments that Keras 2 inherited from its convolution, for a weight that the layer does not
    have.
    """
    return {argument: dropped(rule) for argument, rule in _weight(name).items()}


_FORMAT = {"data_format": maybe(one_of("channels_last", "channels_first"))}
_DENSE = {
    "activation": activation,
    "use_bias": flag,
    "activity_regularizer": regularizer,
    "lora_rank": only(None),
    "quantization_config": only(None),
    **_weight("kernel", "bias"),
}
_PADDING = one_of("valid", "same")


def _convolution(rank: int) -> dict[str, Rule]:
    return {
        **_DENSE,
        **_FORMAT,
        "kernel_size": sizes(rank, 1, 512),
        "strides": sizes(rank, 1, 512),
        "dilation_rate": sizes(rank, 1, 512),
        "padding": one_of("valid", "same", "causal") if rank == 1 else _PADDING,
    }


def _grouped(rank: int) -> dict[str, Rule]:
    return {**_convolution(rank), "filters": _width, "groups": _width}


def _transposed(rank: int) -> dict[str, Rule]:
    return {
        **_convolution(rank),
        "filters": _width,
        "groups": only(1),
        "output_padding": unless(None, sizes(rank, 0, 512)),
    }


def _depthwise(rank: int) -> dict[str, Rule]:
    return {
        **_convolution(rank),
        **_weight("depthwise"),
        **_unused_weight("kernel"),
        "depth_multiplier": _width,
        "groups": only(1),
    }


def _separable(rank: int) -> dict[str, Rule]:
    return {**_depthwise(rank), **_weight("depthwise", "pointwise"), "filters": _width}


def _pool(rank: int) -> dict[str, Rule]:
    size = sizes(rank, 1, 1024)
    return {"pool_size": size, "strides": maybe(size), "padding": _PADDING, **_FORMAT}


_NORMALIZED = {
    "axis": axes,
    "epsilon": number(0, 1e3),
    "center": flag,
    "scale": flag,
    **_weight("gamma", "beta"),
}
_RENORM = {
    "renorm": only(False),
    "renorm_clipping": only(None),
    "renorm_momentum": dropped(number()),
}
_GLOBAL = {"keepdims": flag, **_FORMAT}
_DROPOUT = {"rate": _rate, "seed": seed}
_SPATIAL = {**_DROPOUT, "noise_shape": only(None)}

_RANDOM = {"seed": seed, **_FORMAT, "rng_type": dropped(_any_text)}
_RANGE = {"value_range": listed(number(), 2)}
_FILL = {
    "fill_mode": one_of("constant", "reflect", "wrap", "nearest"),
    "fill_value": number(),
    "interpolation": one_of("bilinear", "nearest"),
}


def _upper(value: Any) -> Any:
    """The upper end of a range: Keras writes -x to x for RandomShear, and does not take it back."""
    clean = factor(value)
    return clean[1] if isinstance(clean, list) else clean


_COLOUR = {"factor": factor, **_RANGE, **_RANDOM}
_INTERPOLATION = one_of(
    "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic"
)
_AREA = {"height": whole(1, 1024), "width": whole(1, 1024), **_FORMAT}

LAYERS: dict[str, dict[str, Rule]] = {
    "Dense": {"units": _width, **_DENSE},
    "Conv1D": _grouped(1),
    "Conv2D": _grouped(2),
    "Conv1DTranspose": _transposed(1),
    "Conv2DTranspose": _transposed(2),
    "DepthwiseConv1D": _depthwise(1),
    "DepthwiseConv2D": _depthwise(2),
    "SeparableConv1D": _separable(1),
    "SeparableConv2D": _separable(2),
    # Pooling
    "MaxPooling1D": _pool(1),
    "MaxPooling2D": _pool(2),
    "AveragePooling1D": _pool(1),
    "AveragePooling2D": _pool(2),
    "GlobalMaxPooling1D": _GLOBAL,
    "GlobalMaxPooling2D": _GLOBAL,
    "GlobalAveragePooling1D": _GLOBAL,
    "GlobalAveragePooling2D": _GLOBAL,
    "AdaptiveAveragePooling2D": {"output_size": sizes(2, 1, 1024), **_FORMAT},
    "AdaptiveMaxPooling2D": {"output_size": sizes(2, 1, 1024), **_FORMAT},
    # Normalisation
    "BatchNormalization": {
        **_NORMALIZED,
        "axis": one_axis,
        **_RENORM,
        "momentum": number(0, 1),
        "moving_mean_initializer": initializer,
        "moving_variance_initializer": initializer,
        "synchronized": dropped(flag),
        "fused": dropped(maybe(flag)),
        "virtual_batch_size": only(None),
        "adjustment": only(None),
        "mode": only(0),
    },
    "LayerNormalization": {**_NORMALIZED, "rms_scaling": unless(False, flag)},
    "GroupNormalization": {**_NORMALIZED, "groups": whole(-1, 1 << 16)},
    "RMSNormalization": {"axis": axes, "epsilon": number(0, 1e3)},
    "UnitNormalization": {"axis": axes},
    # Regularisation: nothing happens when predicting
    "Dropout": {**_DROPOUT, "noise_shape": maybe(listed(maybe(whole(1, 1 << 16)), *range(1, 6)))},
    "SpatialDropout1D": _SPATIAL,
    "SpatialDropout2D": {**_SPATIAL, **_FORMAT},
    "AlphaDropout": _SPATIAL,
    "GaussianDropout": _DROPOUT,
    "GaussianNoise": {"stddev": _positive, "seed": seed},
    "ActivityRegularization": {"l1": _positive, "l2": _positive},
    # Merging
    **{name: {} for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": {"axis": axis},
    "Dot": {"axes": either(axis, listed(axis, 2)), "normalize": flag},
    # Shapes
    "Identity": {},
    "Flatten": _FORMAT,
    "Reshape": {"target_shape": target_shape},
    "Permute": {"dims": listed(whole(1, 8), *range(1, 9))},
    "RepeatVector": {"n": whole(1, 1024)},
    "ZeroPadding1D": {"padding": margins(1, 512), **_FORMAT},
    "ZeroPadding2D": {"padding": margins(2, 512), **_FORMAT},
    "Cropping1D": {"cropping": margins(1, 4096)},
    "Cropping2D": {"cropping": margins(2, 4096), **_FORMAT},
    "UpSampling1D": {"size": whole(1, 64)},
    "UpSampling2D": {"size": sizes(2, 1, 64), "interpolation": _INTERPOLATION, **_FORMAT},
    # Activations
    "Activation": {"activation": activation},
    "ReLU": {"max_value": maybe(number()), "negative_slope": number(), "threshold": number()},
    "LeakyReLU": {"negative_slope": number(), "alpha": number()},
    "PReLU": {**_weight("alpha"), "shared_axes": maybe(axes)},
    "ELU": {"alpha": number()},
    "Softmax": {"axis": axes},
    # Preprocessing
    "Rescaling": {"scale": numbers, "offset": numbers},
    "Normalization": {
        "axis": maybe(axes),
        "mean": maybe(numbers),
        "variance": maybe(numbers),
        "invert": flag,
    },
    "Resizing": {
        **_AREA,
        **_FILL,
        "interpolation": _INTERPOLATION,
        "crop_to_aspect_ratio": flag,
        "pad_to_aspect_ratio": flag,
        "antialias": flag,
    },
    "CenterCrop": _AREA,
    # Augmentation: nothing happens when predicting
    "RandomFlip": {"mode": one_of("horizontal", "vertical", "horizontal_and_vertical"), **_RANDOM},
    "RandomRotation": {
        "factor": factor,
        **_FILL,
        **_RANDOM,
        "value_range": dropped(listed(number(), 2)),
    },
    "RandomTranslation": {"height_factor": factor, "width_factor": factor, **_FILL, **_RANDOM},
    "RandomZoom": {"height_factor": factor, "width_factor": maybe(factor), **_FILL, **_RANDOM},
    "RandomShear": {"x_factor": _upper, "y_factor": _upper, **_FILL, **_RANDOM},
    "RandomPerspective": {"factor": factor, "scale": factor, **_FILL, **_RANDOM},
    "RandomCrop": {**_AREA, **_RANDOM},
    "RandomContrast": _COLOUR,
    "RandomBrightness": _COLOUR,
    "RandomSharpness": _COLOUR,
    "RandomInvert": _COLOUR,
    "RandomGrayscale": {"factor": factor, **_RANDOM},
    "RandomErasing": {**_COLOUR, "scale": factor, "fill_value": maybe(number())},
    "RandomGaussianBlur": {**_COLOUR, "kernel_size": sizes(2, 1, 64), "sigma": factor},
    "RandomElasticTransform": {**_COLOUR, **_FILL, "scale": factor},
    "RandomHue": _COLOUR,
    "RandomSaturation": _COLOUR,
    "RandomColorDegeneration": _COLOUR,
    "RandomPosterization": _COLOUR,
    "RandomColorJitter": {
        **{
            f"{part}_factor": maybe(factor)
            for part in ("brightness", "contrast", "saturation", "hue")
        },
        **_RANGE,
        **_RANDOM,
    },
    "RandAugment": {**_COLOUR, "num_ops": whole(1, 16), "interpolation": _INTERPOLATION},
    # Filters that act when predicting too
    "AutoContrast": {**_RANGE, **_FORMAT},
    "Equalization": {**_RANGE, "bins": whole(1, 1024), **_FORMAT},
    "Solarization": {"addition_factor": factor, "threshold_factor": factor, **_RANGE, **_RANDOM},
}

REQUIRED = {
    "Dense": ("units",),
    **dict.fromkeys(
        ("Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose"), ("filters", "kernel_size")
    ),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), ("filters", "kernel_size")),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), ("kernel_size",)),
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "AlphaDropout"), ("rate",)),
    "GaussianDropout": ("rate",),
    "GaussianNoise": ("stddev",),
    "Dot": ("axes",),
    "Reshape": ("target_shape",),
    "Permute": ("dims",),
    "RepeatVector": ("n",),
    "Activation": ("activation",),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D"), ("pool_size",)),
    **dict.fromkeys(("AdaptiveAveragePooling2D", "AdaptiveMaxPooling2D"), ("output_size",)),
    "Rescaling": ("scale",),
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), ("height", "width")),
}
"""Arguments that have no default."""

ALIASES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
}
"""Names that early versions of tf.keras gave to a class, and its name here."""

RENAMED = {"LeakyReLU": {"alpha": "negative_slope"}}
"""Names that Keras 2 gave to an argument, by the class of the layer, and its name here."""

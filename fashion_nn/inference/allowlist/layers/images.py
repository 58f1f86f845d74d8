"""Preprocessing of images, and augmentation."""

from collections.abc import Mapping
from typing import Any

from fashion_nn.inference.allowlist.layers.common import FORMAT, any_text
from fashion_nn.inference.allowlist.layers.shapes import INTERPOLATION
from fashion_nn.inference.allowlist.rules import (
    Rule,
    axes,
    dropped,
    either,
    factor,
    flag,
    listed,
    maybe,
    number,
    numbers,
    one_of,
    seed,
    sizes,
    whole,
)

_RANDOM = {"seed": seed, **FORMAT, "rng_type": dropped(any_text)}
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
_AREA = {"height": whole(1, 1024), "width": whole(1, 1024), **FORMAT}

LAYERS: dict[str, Mapping[str, Rule]] = {
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
        "interpolation": INTERPOLATION,
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
    "RandAugment": {**_COLOUR, "num_ops": whole(1, 16), "interpolation": INTERPOLATION},
    "AugMix": {
        **_COLOUR,
        "num_chains": whole(1, 16),
        "chain_depth": either(whole(1, 16), listed(whole(1, 16), 2)),
        "alpha": number(0, 1e6),
        "all_ops": flag,
        "interpolation": one_of("bilinear", "nearest"),
    },
    "MixUp": {"alpha": number(0, 1e6), **_RANDOM},
    "CutMix": {"factor": factor, **_RANDOM},
    # Filters that act when predicting too
    "ContrastLimitedAdaptiveHistogramEqualization": {
        **_RANGE,
        "clip_limit": number(0, 1e6),
        "tile_grid_size": listed(whole(1, 64), 2),
        **FORMAT,
    },
    "AutoContrast": {**_RANGE, **FORMAT},
    "Equalization": {**_RANGE, "bins": whole(1, 1024), **FORMAT},
    "Solarization": {"addition_factor": factor, "threshold_factor": factor, **_RANGE, **_RANDOM},
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "Rescaling": ("scale",),
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), ("height", "width")),
}

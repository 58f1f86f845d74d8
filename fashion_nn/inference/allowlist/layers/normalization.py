"""Normalisation, and regularisation, which does nothing when predicting."""

from collections.abc import Mapping

from fashion_nn.inference.allowlist.layers.common import FORMAT, positive, rate, weight
from fashion_nn.inference.allowlist.objects import initializer
from fashion_nn.inference.allowlist.rules import (
    Rule,
    axes,
    dropped,
    flag,
    listed,
    maybe,
    number,
    one_axis,
    only,
    seed,
    unless,
    whole,
)

_NORMALIZED: dict[str, Rule] = {
    "axis": axes,
    "epsilon": number(0, 1e3),
    "center": flag,
    "scale": flag,
    **weight("gamma", "beta"),
}
_RENORM: dict[str, Rule] = {
    "renorm": only(False),
    "renorm_clipping": only(None),
    "renorm_momentum": dropped(number()),
}
_DROPOUT: dict[str, Rule] = {"rate": rate, "seed": seed}
_SPATIAL: dict[str, Rule] = {**_DROPOUT, "noise_shape": only(None)}

LAYERS: dict[str, Mapping[str, Rule]] = {
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
    "SpectralNormalization": {"power_iterations": whole(1, 100)},
    "Dropout": {**_DROPOUT, "noise_shape": maybe(listed(maybe(whole(1, 1 << 16)), *range(1, 6)))},
    "SpatialDropout1D": _SPATIAL,
    "SpatialDropout2D": {**_SPATIAL, **FORMAT},
    "SpatialDropout3D": {**_SPATIAL, **FORMAT},
    "AlphaDropout": _SPATIAL,
    "GaussianDropout": _DROPOUT,
    "GaussianNoise": {"stddev": positive, "seed": seed},
    "ActivityRegularization": {"l1": positive, "l2": positive},
}
REQUIRED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "Dropout",
            "SpatialDropout1D",
            "SpatialDropout2D",
            "SpatialDropout3D",
            "AlphaDropout",
            "GaussianDropout",
        ),
        ("rate",),
    ),
    "GaussianNoise": ("stddev",),
}
ALIASES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
}
"""Names that tf.keras has given to a class, and its name here."""

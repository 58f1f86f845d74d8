"""The initializers, regularizers and constraints that a file may name for a weight, and their
arguments.
"""

from fashion_nn.inference.allowlist.rules import (
    Rule,
    axes,
    dropped,
    family,
    maybe,
    number,
    one_of,
    policy,
    seed,
)

_rate = number(0, 1)
_positive = number(0, 1e6)
_axes_of_scaling = dropped(maybe(axes))

_SEEDED = {"seed": seed, "dtype": dropped(policy)}
_SCALED = {**_SEEDED, "input_axes": _axes_of_scaling, "output_axes": _axes_of_scaling}
# The name of such an initializer stands for three settings, which Keras 2 wrote too.
_IMPLIED = {name: dropped(lambda value: value) for name in ("scale", "mode", "distribution")}
_PLAIN = {"dtype": dropped(policy)}

INITIALIZERS: dict[str, dict[str, Rule]] = {
    "Zeros": _PLAIN,
    "Ones": _PLAIN,
    "Constant": {"value": number(), **_PLAIN},
    "Identity": {"gain": number(), **_PLAIN},
    "RandomNormal": {"mean": number(), "stddev": _positive, **_SEEDED},
    "TruncatedNormal": {"mean": number(), "stddev": _positive, **_SEEDED},
    "RandomUniform": {"minval": number(), "maxval": number(), **_SEEDED},
    "Orthogonal": {"gain": number(), **_SEEDED},
    "VarianceScaling": {
        "scale": _positive,
        "mode": one_of("fan_in", "fan_out", "fan_avg"),
        "distribution": one_of("normal", "truncated_normal", "untruncated_normal", "uniform"),
        **_SCALED,
    },
    **{
        name: {**_SCALED, **_IMPLIED}
        for name in (
            "GlorotUniform",
            "GlorotNormal",
            "HeUniform",
            "HeNormal",
            "LecunUniform",
            "LecunNormal",
        )
    },
}
_INITIALIZER_NAMES = {
    "Zeros": ("zeros", "zero"),
    "Ones": ("ones", "one"),
    "Constant": ("constant",),
    "Identity": ("identity", "IdentityInitializer"),
    "RandomNormal": ("random_normal", "normal", "RandomNormalV2"),
    "TruncatedNormal": ("truncated_normal", "TruncatedNormalV2"),
    "RandomUniform": ("random_uniform", "uniform", "RandomUniformV2"),
    "Orthogonal": ("orthogonal", "OrthogonalInitializer"),
    "VarianceScaling": ("variance_scaling", "VarianceScalingV2"),
    "GlorotUniform": ("glorot_uniform", "GlorotUniformV2"),
    "GlorotNormal": ("glorot_normal", "GlorotNormalV2"),
    "HeUniform": ("he_uniform", "HeUniformV2"),
    "HeNormal": ("he_normal", "HeNormalV2"),
    "LecunUniform": ("lecun_uniform", "LecunUniformV2"),
    "LecunNormal": ("lecun_normal", "LecunNormalV2"),
}
REGULARIZERS: dict[str, dict[str, Rule]] = {
    "L1": {"l1": _positive},
    "L2": {"l2": _positive},
    "L1L2": {"l1": _positive, "l2": _positive},
    "OrthogonalRegularizer": {"factor": _positive, "mode": one_of("rows", "columns")},
}
CONSTRAINTS: dict[str, dict[str, Rule]] = {
    "MaxNorm": {"max_value": number(), "axis": axes},
    "MinMaxNorm": {"min_value": number(), "max_value": number(), "rate": _rate, "axis": axes},
    "NonNeg": {},
    "UnitNorm": {"axis": axes},
}

_INITIALIZER_ALIASES = {
    other: name for name, others in _INITIALIZER_NAMES.items() for other in others
}

initializer = family("initializer", INITIALIZERS, _INITIALIZER_ALIASES)
regularizer = family("regularizer", REGULARIZERS, {"l1": "L1", "l2": "L2", "l1_l2": "L1L2"})
constraint = family(
    "constraint",
    CONSTRAINTS,
    {
        "max_norm": "MaxNorm",
        "min_max_norm": "MinMaxNorm",
        "non_neg": "NonNeg",
        "unit_norm": "UnitNorm",
    },
)

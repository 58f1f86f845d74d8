"""The allow-list as data: every layer, argument and activation that a file may name.

What is not here is refused; `refused` says why of the layers that people ask for. The entry of a
layer gives a rule for each argument that any Keras from 2.0 to 3.15 has written for it. The bounds
are far above what image classifiers use, and small enough that one argument alone cannot exhaust a
machine. What several arguments do together is measured in the confined process
(`fashion_nn.inference.child.size_guard`).
"""

from collections.abc import Mapping

from fashion_nn.inference.allowlist.layers import (
    activations,
    attention,
    convolution,
    images,
    normalization,
    recurrent,
    shapes,
)
from fashion_nn.inference.allowlist.layers.activations import ACTIVATIONS
from fashion_nn.inference.allowlist.layers.recurrent import WITH_STATES
from fashion_nn.inference.allowlist.rules import Rule

__all__ = [
    "ACTIVATIONS",
    "ALIASES",
    "DEFAULTS",
    "FAMILIES",
    "LAYERS",
    "RENAMED",
    "REQUIRED",
    "WITH_STATES",
    "WRAPPERS",
]

FAMILIES: dict[str, Mapping[str, Mapping[str, Rule]]] = {
    "dense, convolution and pooling": convolution.LAYERS,
    "recurrent": recurrent.LAYERS,
    "attention": attention.LAYERS,
    "normalisation and regularisation": normalization.LAYERS,
    "merging and shapes": shapes.LAYERS,
    "activations": activations.LAYERS,
    "preprocessing and augmentation": images.LAYERS,
}
LAYERS: dict[str, Mapping[str, Rule]] = {
    name: rules for family in FAMILIES.values() for name, rules in family.items()
}
REQUIRED: dict[str, tuple[str, ...]] = {
    **convolution.REQUIRED,
    **recurrent.REQUIRED,
    **attention.REQUIRED,
    **normalization.REQUIRED,
    **shapes.REQUIRED,
    **activations.REQUIRED,
    **images.REQUIRED,
}
"""Arguments that have no default."""

ALIASES = {**convolution.ALIASES, **attention.ALIASES, **normalization.ALIASES}
"""Other names of a class, and its name here."""

RENAMED: dict[str, dict[str, str]] = {**activations.RENAMED}
"""Names that Keras 2 gave to an argument, by the class of the layer, and its name here."""

DEFAULTS: dict[str, dict[str, float]] = {"Rescaling": {"offset": 0.0}}
"""Arguments that Keras expects in a config although they have a default."""

WRAPPERS = ("SpectralNormalization", "TimeDistributed")
"""Layers around one other layer or network, the argument `layer`."""

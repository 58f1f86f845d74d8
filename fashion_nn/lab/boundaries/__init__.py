"""What small networks make of points in the plane: report 002 part 1, and report 003's question 2.

found = fit(moons(), Plan(hidden=(5,), activation="relu"))
found.accuracy(), bends(boundary(found)), linear_regions(found)
"""

from fashion_nn.lab.boundaries.data import DATASETS, Points, iris, load, moons
from fashion_nn.lab.boundaries.figures import (
    FIGURES,
    deep_plan,
    figure,
    neurons,
    scatter_and_boundary,
    side_by_side,
    softening,
)
from fashion_nn.lab.boundaries.measures import (
    Bends,
    as_table,
    bends,
    boundary,
    describe,
    distinct_gradients,
    hardened,
    heading,
    linear_regions,
)
from fashion_nn.lab.boundaries.network import ACTIVATIONS, Fit, Plan, agreement, fit, fit_in_keras

__all__ = [
    "ACTIVATIONS",
    "DATASETS",
    "FIGURES",
    "Bends",
    "Fit",
    "Plan",
    "Points",
    "agreement",
    "as_table",
    "bends",
    "boundary",
    "deep_plan",
    "describe",
    "distinct_gradients",
    "figure",
    "fit",
    "fit_in_keras",
    "hardened",
    "heading",
    "iris",
    "linear_regions",
    "load",
    "moons",
    "neurons",
    "scatter_and_boundary",
    "side_by_side",
    "softening",
]

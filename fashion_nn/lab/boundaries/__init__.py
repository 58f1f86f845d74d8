"""Decision boundaries of small networks in the plane: report 002 part 1, and question 2 of report
003.

found = fit(moons(), Plan(hidden=(5,), activation="relu"))
found.accuracy(), bends(boundary(found)), linear_regions(found)
describe(found).to_json()
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
    Description,
    as_table,
    bends,
    boundary,
    describe,
    distinct_gradients,
    hardened,
    heading,
    linear_regions,
)
from fashion_nn.lab.boundaries.training import (
    ACTIVATIONS,
    Agreement,
    Fit,
    Plan,
    agreement,
    fit,
    fit_in_keras,
)

__all__ = [
    "ACTIVATIONS",
    "DATASETS",
    "FIGURES",
    "Agreement",
    "Bends",
    "Description",
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

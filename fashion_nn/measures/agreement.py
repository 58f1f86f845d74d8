"""Whether two models, or one model in two formats, answer the same."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two models' answers to the same images.

    labels_equal: number of images for which both predict the same class.
    max_abs_difference: largest difference of a probability.
    """

    images: int
    labels_equal: int
    max_abs_difference: float


def agreement(probabilities: np.ndarray, expected: np.ndarray) -> Agreement:
    """Compare the `probabilities` of one model with those `expected` of another, each float (n,
    k).
    """
    equal = probabilities.argmax(axis=1) == expected.argmax(axis=1)
    return Agreement(
        images=len(expected),
        labels_equal=int(equal.sum()),
        max_abs_difference=float(np.abs(probabilities - expected).max()),
    )

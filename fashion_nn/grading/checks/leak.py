"""Do test rows stand among the training rows? Then a good score says less than it seems to."""

import math

import numpy as np

from fashion_nn.datasets.duplicates import nearest
from fashion_nn.grading.check import Check, not_applicable

NEAR = 0.03
_SHARE_ALLOWED = 0.01


class Twins:
    """Counts test rows with an equal or nearly equal image among the training images, block by block."""

    def __init__(self, train_images: np.ndarray) -> None:
        self._train = train_images
        self._limit = math.floor(NEAR**2 * math.prod(train_images.shape[1:]) * 255**2)
        self.rows = self.exact = self.near = 0

    def add(self, images: np.ndarray) -> None:
        """Count the next rows, uint8 (n, height, width); images of another size have no twin."""
        self.rows += len(images)
        if images.shape[1:] == self._train.shape[1:]:
            squared = nearest(images, self._train, limit=self._limit)[1]
            self.exact += int((squared == 0).sum())
            self.near += int((squared <= self._limit).sum())


def check_leak(twins: Twins | None) -> Check:
    """A warning when more than 1 % of the test rows have a twin among the training rows."""
    if twins is None:
        return not_applicable("leak", "no training data given")
    share = twins.near / twins.rows
    value = f"{twins.near:,} of {twins.rows:,} test rows have a twin in the training data, {twins.exact:,} an equal one"
    figures = {"rows": twins.rows, "exact": twins.exact, "near": twins.near}
    expected = f"at most {_SHARE_ALLOWED:.0%} within a root mean square difference of {NEAR}"
    return Check("leak", "WARN" if share > _SHARE_ALLOWED else "PASS", value, expected, figures)

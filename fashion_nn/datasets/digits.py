"""The digits that come with scikit-learn: divided into training and test rows, and scaled up."""

from pathlib import Path

import numpy as np

from fashion_nn.core.images import Images
from fashion_nn.datasets.splits import OfficialRows, Split, stratified_rows

_TEST_FRACTION = 0.2
_TEST_SEED = 1


def digits() -> OfficialRows:
    """scikit-learn's digits at 28 x 28 pixels; a fixed seed makes a fifth of each class test
    rows.
    """
    import sklearn.datasets

    bunch = sklearn.datasets.load_digits()
    rows = Split(upscale_digits(bunch.images), bunch.target.astype(np.int64))
    in_test = np.zeros(len(rows), dtype=bool)
    in_test[stratified_rows(rows.labels, _TEST_FRACTION, _TEST_SEED)] = True
    place = Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz"
    return OfficialRows(rows.take(~in_test), rows.take(in_test), place)


def upscale_digits(images: np.ndarray) -> Images:
    """Scale digits (n, 8, 8) with values 0..16 to uint8 (n, 28, 28) with values 0..255.

    The scaling is bilinear: pixel centres aligned as image libraries do, edges repeated, rounded
    half up. Output pixel i lies at (4i - 5) / 14 input pixels, so all weights are fourteenths. They
    are computed in integers, so the result is the same on every machine.
    """
    weights = np.zeros((28, 8), dtype=np.int64)
    for pixel in range(28):
        before, remainder = divmod(4 * pixel - 5, 14)
        weights[pixel, max(before, 0)] += 14 - remainder
        weights[pixel, min(before + 1, 7)] += remainder
    scaled = weights @ images.astype(np.int64) @ weights.T * 255
    unit = 14 * 14 * 16
    return ((scaled + unit // 2) // unit).astype(np.uint8)

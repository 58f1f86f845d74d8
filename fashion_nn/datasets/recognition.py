"""Recognise by a few simple figures of each image which known data set the images come from.

Each record of the catalogue has the range of each figure over nearly all training images: from the
lowest 0.2 % quantile of a class to the highest 99.8 % one, widened by 3 % of that width on either
side. `measure_ranges` computes them, and a test on the real data computes them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fashion_nn.core.images import Images
from fashion_nn.datasets import weak_classifier
from fashion_nn.datasets.catalogue import DATASETS
from fashion_nn.datasets.labels import LabelMap
from fashion_nn.datasets.splits import Split

_TAIL = 0.002
_MARGIN = 0.03
_SHARE_NEEDED = 0.9
_MAX_IMAGES = 1000
_DIGITS = 10
_CLEARLY_RIGHT = 0.6
_CLEARLY_MORE = 0.2


@dataclass(frozen=True)
class Recognition:
    """What images look like.

    Attributes:
        name: of the data set, or None.
        score: share of the images that fit the data set that fits best.
    """

    name: str | None
    score: float


def recognise(images: Images) -> Recognition:
    """Which known data set raw images look like. Images in colour look like none.

    An image fits a data set if each of its figures (`figures`) lies in the range of that data set.
    The answer is the data set that most images fit, if at least 90 % of them do. Fifty images are
    enough, of one class or of all; at most 1,000 are checked, evenly spread. Other shapes, noise,
    blank, inverted and binarised images are not recognised. What goes unnoticed: Fashion-MNIST or
    digits upside down, Fashion-MNIST transposed, a few wrong images among many.
    """
    if len(images) == 0 or images.shape[1:] != (28, 28):
        return Recognition(None, 0.0)
    step = -(-len(images) // _MAX_IMAGES)
    values = figures(images[::step])
    scores = {name: _share_within(values, record.ranges) for name, record in DATASETS.items()}
    name = max(scores, key=scores.__getitem__)
    return Recognition(name if scores[name] >= _SHARE_NEEDED else None, scores[name])


def transposed(rows: Split, labels: LabelMap) -> str | None:
    """The known data set that labelled images look like once rows and columns are exchanged.

    The labels 0 to 9 of the images are compared with those that a classifier of the known data set
    gives to them as they are, and exchanged. At most 1,000 images are looked at, evenly spread.

    Returns:
        The name, if the classifier is right far more often for the exchanged images; else None.
    """
    digits = [index for index, label in enumerate(labels.originals) if label in range(_DIGITS)]
    if rows.images.shape[1:] != (28, 28) or len(digits) != _DIGITS or digits[0] != 0:
        return None
    known = np.flatnonzero(rows.labels < _DIGITS)
    chosen = rows.take(known[:: -(-len(known) // _MAX_IMAGES)])
    for name in DATASETS:
        classifier = weak_classifier.shipped(name)
        if classifier is None:
            continue
        as_they_are, exchanged = (
            float((classifier.probabilities(images).argmax(axis=1) == chosen.labels).mean())
            for images in (chosen.images, chosen.images.transpose(0, 2, 1))
        )
        if exchanged > _CLEARLY_RIGHT and exchanged - as_they_are > _CLEARLY_MORE:
            return name
    return None


def _share_within(
    values: dict[str, np.ndarray], ranges: Mapping[str, tuple[float, float]]
) -> float:
    within = [(low <= values[key]) & (values[key] <= high) for key, (low, high) in ranges.items()]
    return float(np.all(within, axis=0).mean())


def figures(images: Images) -> dict[str, np.ndarray]:
    """The figures of each image: float (n,) each, on a scale of 0 to 1 or in pixels.

    zeros          share of pixels that are 0
    bright         share of pixels that are at least 250
    mean           mean value
    step           largest difference of neighbours
    roughness      sum of differences of neighbours in a row, divided by the sum of all pixels
    extent         pixels from the first to the last that is not 0, the larger of down and across
    row, column    centre of mass, relative to the middle
    height, width  root mean square distance of the mass from the middle
    """
    values = images.astype(np.float32) / 255
    light = values.sum(axis=(1, 2)) + 1e-6
    across = np.abs(np.diff(values, axis=2))
    down = np.abs(np.diff(values, axis=1))
    rows, columns = (values.sum(axis=axis) / light[:, None] for axis in (2, 1))
    y, x = (np.arange(size) - (size - 1) / 2 for size in images.shape[1:])
    return {
        "zeros": (images == 0).mean(axis=(1, 2)),
        "bright": (images >= 250).mean(axis=(1, 2)),
        "mean": values.mean(axis=(1, 2)),
        "step": np.maximum(across.max(axis=(1, 2)), down.max(axis=(1, 2))),
        "roughness": across.sum(axis=(1, 2)) / light,
        "extent": np.maximum(_extent(rows), _extent(columns)),
        "row": rows @ y,
        "column": columns @ x,
        "height": np.sqrt(rows @ y**2),
        "width": np.sqrt(columns @ x**2),
    }


def _extent(profile: np.ndarray) -> np.ndarray:
    lit = profile > 0
    first = lit.argmax(axis=1)
    last = lit.shape[1] - lit[:, ::-1].argmax(axis=1)
    return np.where(lit.any(axis=1), last - first, 0)


def measure_ranges(images: Images, labels: np.ndarray) -> dict[str, tuple[float, float]]:
    """Compute `ranges` of a data set's record from its training rows."""
    ranges = {}
    classes = np.unique(labels)
    for key, column in figures(images).items():
        tails = [np.quantile(column[labels == label], (_TAIL, 1 - _TAIL)) for label in classes]
        low = min(tail[0] for tail in tails)
        high = max(tail[1] for tail in tails)
        margin = _MARGIN * (high - low)
        ranges[key] = (round(float(low - margin), 3), round(float(high + margin), 3))
    return ranges

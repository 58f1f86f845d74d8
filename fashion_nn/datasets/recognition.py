"""Tell by a few simple figures of each image which known data set the images come from."""

from dataclasses import dataclass

import numpy as np

# For each data set and figure, the range of nearly all training images: from the lowest 0.2 % quantile of a class to
# the highest 99.8 % one, and 3 % of that width more on either side. `measure_ranges` computes them; a test on the
# real data does so again.
RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "fashion_mnist": {
        "zeros": (0.081, 0.911),
        "bright": (-0.004, 0.172),
        "mean": (0.016, 0.703),
        "step": (0.552, 1.013),
        "roughness": (0.032, 1.026),
        "extent": (26.97, 28.03),
        "row": (-5.91, 8.128),
        "column": (-2.218, 6.336),
        "height": (1.266, 9.757),
        "width": (1.479, 9.498),
    },
    "mnist": {
        "zeros": (0.611, 0.956),
        "bright": (-0.005, 0.272),
        "mean": (0.023, 0.316),
        "step": (0.816, 1.005),
        "roughness": (0.162, 1.423),
        "extent": (20.0, 20.0),
        "row": (-0.029, 1.029),
        "column": (-0.029, 1.029),
        "height": (2.602, 7.219),
        "width": (0.483, 6.773),
    },
    "digits": {
        "zeros": (0.149, 0.549),
        "bright": (-0.004, 0.148),
        "mean": (0.215, 0.422),
        "step": (0.217, 0.288),
        "roughness": (0.156, 0.329),
        "extent": (28.0, 28.0),
        "row": (-4.172, 4.152),
        "column": (-3.4, 4.044),
        "height": (6.214, 9.671),
        "width": (2.291, 6.407),
    },
}

_TAIL = 0.002
_MARGIN = 0.03
_SHARE_NEEDED = 0.9
_MAX_IMAGES = 1000


@dataclass(frozen=True)
class Recognition:
    """`name` of the data set that the images look like, or None; `score`, the share of images that fit it best."""

    name: str | None
    score: float


def recognise(images: np.ndarray) -> Recognition:
    """Which known data set raw images, uint8 (n, height, width), look like.

    An image fits a data set when each of its figures (`figures`) lies in the range of that data set. The data set
    that most images fit is the answer, if at least 90 % of them do. Fifty images are enough, of one class or of all;
    at most 1,000 are looked at, evenly spread. None for other shapes, noise, blank, inverted and binarised images.
    What it cannot see: Fashion-MNIST or digits upside down, Fashion-MNIST transposed, a few wrong images among many.
    """
    if len(images) == 0 or images.shape[1:] != (28, 28):
        return Recognition(None, 0.0)
    step = -(-len(images) // _MAX_IMAGES)
    values = figures(images[::step])
    scores = {name: _share_within(values, ranges) for name, ranges in RANGES.items()}
    name = max(scores, key=scores.__getitem__)
    return Recognition(name if scores[name] >= _SHARE_NEEDED else None, scores[name])


def _share_within(values: dict[str, np.ndarray], ranges: dict[str, tuple[float, float]]) -> float:
    within = [(low <= values[key]) & (values[key] <= high) for key, (low, high) in ranges.items()]
    return float(np.all(within, axis=0).mean())


def figures(images: np.ndarray) -> dict[str, np.ndarray]:
    """The figures of each image, uint8 (n, height, width): float (n,) each, on a scale of 0 to 1 or in pixels.

    zeros, bright: share of pixels that are 0, or at least 250; mean: mean value; step: largest difference of
    neighbours; roughness: sum of differences of neighbours in a row over the light; extent: pixels from the first
    to the last that is not 0, down or across, whichever is more; row and column: centre of the light, from the
    middle; height and width: root mean square distance of the light from the middle.
    """
    values = images.astype(np.float32) / 255
    light = values.sum(axis=(1, 2)) + 1e-6
    across, down = np.abs(np.diff(values, axis=2)), np.abs(np.diff(values, axis=1))
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
    first, last = lit.argmax(axis=1), lit.shape[1] - lit[:, ::-1].argmax(axis=1)
    return np.where(lit.any(axis=1), last - first, 0)


def measure_ranges(images: np.ndarray, labels: np.ndarray) -> dict[str, tuple[float, float]]:
    """Compute one data set's entry of `RANGES` from its training rows."""
    ranges = {}
    for key, column in figures(images).items():
        tails = np.array([np.quantile(column[labels == label], (_TAIL, 1 - _TAIL)) for label in np.unique(labels)])
        low, high = tails[:, 0].min(), tails[:, 1].max()
        margin = _MARGIN * (high - low)
        ranges[key] = (round(float(low - margin), 3), round(float(high + margin), 3))
    return ranges

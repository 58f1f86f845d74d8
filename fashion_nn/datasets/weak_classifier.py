"""A weak, calibrated classifier in NumPy: image features and a linear softmax.

The sentinel of the grading is one, and the scale of a model's pixels is found with one where the
data set is not at hand. Those for Fashion-MNIST and MNIST come with the package.

It shares neither features nor framework with the networks that it judges, and takes about half a
second for 10,000 images of 28 x 28 pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fashion_nn.core import npz
from fashion_nn.core.images import grey
from fashion_nn.core.reading import packaged

_DIRECTIONS = 8
_EDGE_CELLS = 7
_PICTURE_CELLS = 14
_BLOCK = 1000
_STEPS = 60
_PENALTY = 300.0
_CALIBRATION_FRACTION = 0.1
_FLOOR = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class WeakClassifier:
    """A softmax over the d `features` of images of one size, for k classes.

    image_shape: (height, width). Of images in colour, only the brightness is looked at.
    weights: float32 (d, k).
    bias: float32 (k,).
    """

    image_shape: tuple[int, int]
    weights: np.ndarray
    bias: np.ndarray

    @property
    def classes(self) -> int:
        return len(self.bias)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probabilities of the classes, float32 (n, k), none below 1e-6.

        Args:
            images: uint8 (n, height, width) or (n, height, width, 3).
        """
        answer = np.empty((len(images), self.classes), np.float32)
        for start in range(0, len(images), _BLOCK):
            found = features(images[start : start + _BLOCK])
            answer[start : start + _BLOCK] = softmax(found @ self.weights + self.bias)
        return np.maximum(answer, np.float32(_FLOOR))


_SHIPPED: Mapping[str, str] = {
    "fashion_mnist": "sentinel_fashion_mnist.npz",
    "mnist": "weak_classifier_mnist.npz",
}


def shipped(name: str) -> WeakClassifier | None:
    """The classifier for the known data set `name` that comes with the package, or None."""
    if name not in _SHIPPED:
        return None
    content = packaged("fashion_nn.datasets", _SHIPPED[name])
    stored = npz.read(content, {"weights": "f", "bias": "f", "image_shape": "i"}, limit=1 << 20)
    height, width = stored["image_shape"].tolist()
    return WeakClassifier((height, width), stored["weights"], stored["bias"])


def features(images: np.ndarray) -> np.ndarray:
    """Features of images, float32 (n, d), all between 0 and about 1.

    These are the image itself in 14 x 14 overlapping cells, and the part of the brightness gradient
    in each of eight directions: its average over 7 x 7 overlapping cells, square root.

    Args:
        images: uint8 (n, height, width) or (n, height, width, 3), of which the brightness is taken.

    Source: N. Dalal and B. Triggs, Histograms of oriented gradients for human detection, 2005.
    """
    images = grey(images)
    n, height, width = images.shape
    values = images.astype(np.float32) / 255
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)))
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    columns = []
    rows = _cells(height, _EDGE_CELLS)
    cols = _cells(width, _EDGE_CELLS)
    for angle in np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS):
        gradient = across * np.float32(np.cos(angle)) + down * np.float32(np.sin(angle))
        part = np.maximum(gradient, 0)
        columns.append(np.sqrt(rows.T @ (part @ cols)).reshape(n, -1))
    small = _cells(height, _PICTURE_CELLS).T @ (values @ _cells(width, _PICTURE_CELLS))
    return np.concatenate([*columns, small.reshape(n, -1)], axis=1)


def fit(images: np.ndarray, labels: np.ndarray, classes: int) -> WeakClassifier:
    """Fit a classifier; the same rows give the same one.

    Every tenth row of each class is held out, to choose the temperature that calibrates it.

    Args:
        images: uint8 (n, height, width) or (n, height, width, 3).
        labels: int64 (n,), 0..classes-1.
        classes: their number, k.
    """
    held = np.zeros(len(labels), bool)
    for label in range(classes):
        held[np.flatnonzero(labels == label)[:: round(1 / _CALIBRATION_FRACTION)]] = True
    starts = range(0, len(images), _BLOCK)
    table = np.concatenate([features(images[i : i + _BLOCK]) for i in starts])
    if (~held).sum() < classes or len(np.unique(labels[~held])) < classes:
        held[:] = False
    raw = _fit_softmax(table[~held], labels[~held], classes, images.shape[1:3])
    if not held.any():
        return raw
    temperature = _temperature(table[held] @ raw.weights + raw.bias, labels[held])
    beta = np.float32(1 / temperature)
    return WeakClassifier(raw.image_shape, raw.weights * beta, raw.bias * beta)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (n, k) of logits (n, k)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _fit_softmax(
    table: np.ndarray, labels: np.ndarray, classes: int, image_shape: tuple[int, int]
) -> WeakClassifier:
    """Fit to features, float32 (n, d), and labels, by L-BFGS with an L2 penalty."""
    from scipy.optimize import minimize

    middle = table.mean(axis=0)
    spread = table.std(axis=0) + 1e-2
    table = (table - middle) / spread
    n, size = table.shape
    wanted = np.eye(classes, dtype=np.float32)[labels]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(size + 1, classes)
        found = softmax(table @ weights[:-1].astype(np.float32) + weights[-1].astype(np.float32))
        penalty = _PENALTY / 2 * float((weights[:-1] ** 2).sum())
        of_truth = found[np.arange(n), labels]
        errors = found - wanted
        slope = np.concatenate([table.T @ errors, errors.sum(axis=0)[None]]).astype(np.float64)
        slope[:-1] += _PENALTY * weights[:-1]
        value = float(-np.log(of_truth + 1e-30).sum(dtype=np.float64))
        return (value + penalty) / n, slope.ravel() / n

    start = np.zeros((size + 1) * classes)
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    found = fitted.x.reshape(size + 1, classes)
    weights = found[:-1] / spread[:, None]
    bias = found[-1] - middle @ weights
    return WeakClassifier(
        (int(image_shape[0]), int(image_shape[1])),
        weights.astype(np.float32),
        bias.astype(np.float32),
    )


def _temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The divisor of the logits, 1 to 4, that gives the labels the highest probability.

    It is never below 1: a sharper softmax has the better mean, but finds odd labels of correct
    files too improbable.
    """
    tried = np.geomspace(1, 4, 61)
    rows = np.arange(len(labels))
    losses = [-np.log(softmax(logits / t)[rows, labels] + 1e-12).mean() for t in tried]
    return float(tried[int(np.argmin(losses))])


def _cells(size: int, cells: int) -> np.ndarray:
    """The weights of `size` pixels in each of `cells` overlapping, triangular windows.

    Returns: float32 (size, cells); each window sums to 1.
    """
    cells = min(size, cells)
    place = (np.arange(size) + 0.5) * cells / size - 0.5
    window = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(cells)))
    return (window / window.sum(axis=0)).astype(np.float32)

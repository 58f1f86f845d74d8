"""Points in the plane with classes: make-moons and two columns of iris."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fashion_nn.errors import InputError

Floats = NDArray[np.float64]

DATASETS = ("moons", "iris")
_MARGIN = 0.5
"""Space in a picture beyond the outermost points."""
IRIS_FEATURES = ("sepal length", "sepal width", "petal length", "petal width")


class Extent(NamedTuple):
    """The part of the plane that a picture shows."""

    left: float
    right: float
    bottom: float
    top: float

    def axes(self, count: int) -> tuple[Floats, Floats]:
        """`count` places along each side: x (count,) and y (count,)."""
        return np.linspace(self.left, self.right, count), np.linspace(self.bottom, self.top, count)

    def grid(self, count: int) -> Floats:
        """All points with these places, (count², 2), row by row from the bottom."""
        across, up = np.meshgrid(*self.axes(count))
        return np.stack([across.ravel(), up.ravel()], axis=1)


@dataclass(frozen=True, eq=False)
class Points:
    """Points float64 (n, 2), their classes int64 (n,) of 0..k-1, and names for classes and axes."""

    name: str
    x: Floats
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    axes: tuple[str, str]

    @property
    def classes(self) -> int:
        return len(self.class_names)

    def extent(self) -> Extent:
        """A picture that shows all points."""
        left, bottom = (float(low) - _MARGIN for low in self.x.min(axis=0))
        right, top = (float(high) + _MARGIN for high in self.x.max(axis=0))
        return Extent(left, right, bottom, top)


def moons(count: int = 200, *, seed: int = 0) -> Points:
    """Two interleaved half circles.

    Source: report 002 part 1.1: scikit-learn's make_moons(200, noise=0.20) after
    numpy.random.seed(0).
    """
    from sklearn.datasets import make_moons

    x, labels = make_moons(count, noise=0.2, random_state=seed)
    return Points("moons", x, labels.astype(np.int64), ("0", "1"), ("$x_1$", "$x_2$"))


def iris(columns: tuple[int, ...] = (0, 1), *, standardise: bool = True) -> Points:
    """The 150 flowers of iris, three classes, by two of the four measures.

    They are standardised, because with the raw centimetres, which are all positive, most of the
    networks stay at chance. Report 002 says neither which columns it took nor how. Most examples
    take the first two, the sepals'.

    Raises:
        InputError: not two different columns of 0..3.
    """
    if len(columns) != 2 or len(set(columns)) != 2 or not set(columns) <= set(range(4)):
        raise InputError(
            f"columns {columns} of iris: expected two different ones of 0 to 3, such as 0,1"
        )
    from sklearn.datasets import load_iris

    found = load_iris()
    x = found.data[:, columns].astype(np.float64)
    if standardise:
        x = (x - x.mean(axis=0)) / x.std(axis=0)
    unit = "sd" if standardise else "cm"
    first, second = (f"{IRIS_FEATURES[column]} ({unit})" for column in columns)
    names = tuple(str(name) for name in found.target_names)
    return Points("iris", x, found.target.astype(np.int64), names, (first, second))


def load(name: str, *, columns: tuple[int, ...] = (0, 1)) -> Points:
    """The report's `moons`, or `iris` by these columns.

    Raises:
        InputError: another name.
    """
    if name not in DATASETS:
        raise InputError(f"dataset {name!r}: expected one of {', '.join(DATASETS)}")
    return moons() if name == "moons" else iris(columns)

"""The scale on which a model takes pixels: a straight line from a pixel to a number."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fashion_nn.errors import InputError

PIXELS = 256
"""Number of values that a pixel can have."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Mean and standard deviation of all pixels of a data set, on a scale of 0 to 1."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, images: np.ndarray) -> "Figures":
        """The figures of `images`, uint8 (n, h, w)."""
        counts = np.bincount(images.ravel(), minlength=PIXELS)
        values = np.arange(PIXELS) / 255
        mean = float(np.average(values, weights=counts))
        return cls(mean, float(np.average((values - mean) ** 2, weights=counts)) ** 0.5)


@dataclass(frozen=True, slots=True)
class Scale:
    """For a pixel p of 0 to 255, a model gets `factor * p + offset`.

    Attributes:
        name: as `--scale` takes it.
        factor: negative if light pixels get the small numbers.
        offset: what a pixel of 0 becomes.
    """

    name: str
    factor: float
    offset: float

    def values(self, dtype: str) -> np.ndarray:
        """What the pixels 0, 1, ... 255 become, (256,), rounded once to `dtype`."""
        return (self.factor * np.arange(PIXELS) + self.offset).astype(dtype)

    def fits_integers(self) -> bool:
        """Whether every pixel becomes an integer of 0 to 255."""
        ends = (self.offset, self.factor * 255 + self.offset)
        return abs(self.factor) == 1 and set(ends) == {0.0, 255.0}

    def inverted(self) -> "Scale":
        """The scale on which the pixel p becomes what 255 - p becomes on this one."""
        return Scale(f"inverted-{self.name}", *self._line_of_inverted_pixels())

    def __str__(self) -> str:
        if self.factor < 0:
            return f"inverted {Scale(self.name, *self._line_of_inverted_pixels())}"
        plain = self.name.removeprefix("inverted-")
        subtracted = -self.offset / self.factor
        standardised = f"pixels less {subtracted:.4g}, divided by {1 / self.factor:.4g}"
        return _DESCRIBED.get(plain, standardised)

    def _line_of_inverted_pixels(self) -> tuple[float, float]:
        """Factor and offset for 255 - p in place of p."""
        return -self.factor, 255 * self.factor + self.offset


_DESCRIBED: Mapping[str, str] = {
    "0-1": "pixels divided by 255",
    "0-255": "pixels as 0..255",
    "-1-1": "pixels divided by 127.5, minus 1",
}
ZERO_TO_ONE = Scale("0-1", 1 / 255, 0.0)
ZERO_TO_255 = Scale("0-255", 1.0, 0.0)
MINUS_ONE_TO_ONE = Scale("-1-1", 1 / 127.5, -1.0)
_PLAIN = ("0-1", "0-255", "-1-1", "standardised")
SCALES = ("auto", *_PLAIN, "inverted", *(f"inverted-{name}" for name in _PLAIN))
"""What `--scale` takes; "inverted" is short for "inverted-0-1"."""


def standardised(figures: Figures) -> tuple[Scale, Scale]:
    """The scale on which the pixels of a data set with these figures have mean 0, deviation 1.

    The second is the same for inverted pixels, whose mean is another.
    """
    deviation = max(figures.deviation, 1 / 255)  # blank images have none
    factor = 1 / (255 * deviation)
    offset = -figures.mean / deviation
    of_inverted = Scale("inverted-standardised", -factor, -offset)
    return Scale("standardised", factor, offset), of_inverted


def candidates(figures: Figures) -> tuple[Scale, ...]:
    """All scales that have a name, the usual ones first.

    Args:
        figures: of the data set that the images belong to, for the standardised scale.
    """
    by_range = (ZERO_TO_ONE, ZERO_TO_255, MINUS_ONE_TO_ONE)
    by_figures, of_inverted = standardised(figures)
    inverted = (scale.inverted() for scale in by_range)
    return (*by_range, by_figures, *inverted, of_inverted)


def named(name: str, figures: Figures | None = None) -> Scale | None:
    """The scale of this name; None for "auto", and for a standardised one without `figures`.

    Raises:
        InputError: there is no such name.
    """
    if name not in SCALES:
        raise InputError(f"scale {name!r}: expected one of {', '.join(SCALES)}")
    name = "inverted-0-1" if name == "inverted" else name
    known = {scale.name: scale for scale in candidates(figures or Figures(0.0, 1.0))}
    if "standardised" in name and figures is None:
        return None
    return known.get(name)

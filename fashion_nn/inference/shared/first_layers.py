"""What the first layers of a model get for images that are fed to it on some scale."""

from dataclasses import dataclass

ROWS = 64
"""Number of images that are looked at."""


@dataclass(frozen=True, slots=True)
class FirstLayers:
    """Figures of a model's first layers, for some images.

    Attributes:
        lowest: of the numbers that the first layer with a kernel gets, for images of any content.
        highest: as `lowest`.
        mean: of these numbers, for the images.
        deviation: standard deviation of these numbers, for the images.
        misfit: how far mean and variance of what the first normalisation layer gets are from those
            that it has stored, 0 if they are the same; None where the model has no such layer.
        normalisation: class of that layer.
    """

    lowest: float
    highest: float
    mean: float
    deviation: float
    misfit: float | None
    normalisation: str | None

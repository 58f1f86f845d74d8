"""The picture of a learning rate range test."""

from typing import TYPE_CHECKING

from fashion_nn.pages.palette import BLUE, VERMILION
from fashion_nn.pages.png import PathLike, png_figure

if TYPE_CHECKING:
    from fashion_nn.training.lr_range import RangeTest


def draw(found: "RangeTest", path: PathLike, *, title: str) -> None:
    """Draw the loss over the learning rate into the PNG `path`, with a line at the recommended
    rate.
    """
    with png_figure(path, 6, 4, formulas=False) as figure:
        axes = figure.subplots()
        axes.set_title(title)
        axes.plot(found.rates, found.losses, color=BLUE)
        axes.set_xscale("log")
        axes.set_xlabel("learning rate")
        axes.set_ylabel("training loss (nats per image), moving average")
        label = f"recommended: {found.recommended:g}"
        axes.axvline(found.recommended, color=VERMILION, linestyle="--", label=label)
        axes.legend(frameon=False)

"""The paper that the lab draws on: one size, one style, complete PNG files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from fashion_nn.core.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PathLike = str | os.PathLike[str]

DOTS_PER_INCH = 150

# Okabe and Ito: told apart by colour-blind readers and, by their lightness, on a grey printer.
INK, BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE = (
    "#444444",
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#E69F00",
    "#56B4E9",
    "#CC79A7",
)


@contextmanager
def page(
    path: PathLike, width: float, height: float, *, layout: Literal["constrained"] | None = "constrained"
) -> Iterator["Figure"]:
    """A figure of this size in inches, written to `path` when the block ends without an error.

    Drawn with matplotlib's own defaults whatever the user's are; the same values give the same bytes.
    """
    from matplotlib import style
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with style.context("default"):
        engine = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08) if layout == "constrained" else None
        figure = Figure(figsize=(width, height), layout=engine)
        yield figure
        with replacing(path) as temporary:
            figure.savefig(temporary, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})

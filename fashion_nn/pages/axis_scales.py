"""Scales and ticks of the axes in the figures: epochs, losses and percentages."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def format_epochs(axes: "Axes") -> None:
    """Format axes whose x is the epoch."""
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def use_plain_ticks(axes: "Axes") -> None:
    """Write ticks as 0.05, not as a power: a logarithmic scale may span less than a decade."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def stretch_towards_hundred(axes: "Axes") -> None:
    """Scale percentages by their distance to 100, in which good ones differ."""
    low, high = axes.dataLim.intervaly
    axes.set_yscale(
        "function",
        functions=(
            lambda y: -np.log10(np.maximum(100.05 - y, 1e-3)),
            lambda y: 100.05 - 10 ** -np.asarray(y),
        ),
    )
    marks = [0, 50, 80, 90, 95, 98, 99, 99.5, 99.8, 100]
    below = max((mark for mark in marks if mark < low), default=0)
    above = min((mark for mark in marks if mark > high), default=100)
    axes.set_ylim(below, above)
    shown = [mark for mark in marks if below <= mark <= above]
    axes.set_yticks(shown, [f"{mark:g}" for mark in shown])
    axes.minorticks_off()

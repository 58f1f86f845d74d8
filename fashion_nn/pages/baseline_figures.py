"""Pictures of the baselines: what principal components cost and bring, and clusters beside
classes.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_nn.pages.palette import BLUE, VERMILION
from fashion_nn.pages.png import PathLike, png_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DRAWN = 5000


def cost_benefit(
    accuracies: Mapping[int, Sequence[float]],
    seconds: Mapping[int, Sequence[float]],
    path: PathLike,
    *,
    title: str,
) -> None:
    """Accuracy and fit time by number of components: a dot for each fold, a line through the means.

    Args:
        accuracies: number of components → accuracy on each fold that was held out.
        seconds: number of components → time to fit each fold.
        path: the PNG file to write.
        title: shown above the picture.

    Source: report 003, figure 13.
    """
    sizes = list(accuracies)
    with png_figure(path, 9, 4, formulas=False) as figure:
        figure.suptitle(title)
        left, right = figure.subplots(1, 2)
        for axes, values, scale, colour, label in (
            (left, accuracies, 100, BLUE, "accuracy on the held-out fold (%)"),
            (right, seconds, 1, VERMILION, "seconds to fit a fold"),
        ):
            folds = scale * np.array([values[size] for size in sizes])
            axes.plot(sizes, folds.mean(axis=1), color=colour)
            axes.plot(sizes, folds, ".", color=colour, alpha=0.6)
            axes.set_xscale("log")
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.minorticks_off()
            axes.set_xlabel("principal components")
            axes.set_ylabel(label)
            axes.grid(alpha=0.3)
        right.set_ylim(bottom=0)


def clusters(
    points: ArrayLike,
    members: ArrayLike,
    centres: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str],
    path: PathLike,
    *,
    title: str,
) -> None:
    """Points on two principal components twice: coloured by cluster, with the centres, and by
    class.

    Args:
        points: float (n, 2). Of n > 5,000 points only about 5,000 are drawn, evenly spaced.
        members: cluster of each point, int (n,).
        centres: float (k, 2).
        labels: class of each point, int (n,).
        class_names: their names.
        path: the PNG file to write.
        title: shown above the picture.

    Source: report 003, figure 12.
    """
    places = np.asarray(points)
    middle = np.asarray(centres)
    step = max(len(places) // _DRAWN, 1)
    shown = places[::step]
    with png_figure(path, 11, 5.4, formulas=False) as figure:
        figure.suptitle(title)
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        # Clusters in other colours than classes: cluster 3 is not class 3.
        _scatter(
            left,
            shown,
            np.asarray(members)[::step],
            [f"cluster {i}" for i in range(len(middle))],
            "turbo",
        )
        distinct = "tab10" if len(class_names) <= 10 else "turbo"
        _scatter(right, shown, np.asarray(labels)[::step], class_names, distinct)
        left.set_ylabel("second principal component")
        left.set_title("clusters of k-means, with their centres")
        left.scatter(*middle.T, s=60, color="black", marker="x")
        right.set_title("classes")
        right.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, markerscale=4)


def _scatter(
    axes: "Axes",
    points: NDArray[np.floating],
    groups: NDArray[np.integer],
    names: Sequence[str],
    colormap: str,
) -> None:
    """The points, each in the colour of its group."""
    from matplotlib import colormaps

    colours = colormaps[colormap].resampled(len(names))
    for i, name in enumerate(names):
        own = points[groups == i]
        axes.scatter(own[:, 0], own[:, 1], s=3, color=colours(i), linewidths=0, label=name)
    axes.set_xlabel("first principal component")

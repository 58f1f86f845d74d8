"""Print figures of decision boundaries: whole networks side by side, and each neuron."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab.boundaries import data, measures
from fashion_nn.lab.boundaries.data import Points
from fashion_nn.lab.boundaries.training import Fit, Plan, fit
from fashion_nn.pages.palette import BLUE, GREEN, INK, VERMILION
from fashion_nn.pages.png import PathLike, png_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (BLUE, VERMILION, GREEN)
_MARKERS = ("o", "s", "^")

_FILL = 240
"""Squares of a filled picture along each side."""

Train = Callable[[Points, Plan], Fit]


@dataclass(frozen=True)
class Planned:
    """A network that a figure shows: where its points come from, and what to train."""

    points: Callable[[], Points]
    plan: Plan


@dataclass(frozen=True)
class ReportFigure:
    """A figure of a report: the networks in it by label, and how it is drawn."""

    networks: Mapping[str, Planned]
    draw: Callable[[Mapping[str, Fit], PathLike], None]


def side_by_side(fits: Mapping[str, Fit], path: PathLike, *, title: str, columns: int = 3) -> None:
    """One panel a network: the regions of its classes, the line between them, the training points.

    The colour is stronger where the network is surer. The keys of `fits` are the titles of the
    panels.
    """
    columns = min(columns, len(fits))
    lines = -(-len(fits) // columns)
    with png_figure(path, 0.4 + 3.6 * columns, 0.7 + 3.3 * lines) as figure:
        figure.suptitle(title)
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        explained: set[str] = set()
        for axes, (name, one) in zip(grid, fits.items(), strict=False):
            _regions(axes, one)
            _points(axes, one.points)
            if one.points.name not in explained:
                _legend(axes)
                explained.add(one.points.name)
            axes.set_title(
                f"{name}\naccuracy {one.accuracy():.3f}, loss {one.loss():.3f}",
                fontsize=9,
                loc="left",
            )
        for axes in grid[len(fits) :]:
            axes.axis("off")


def neurons(one: Fit, path: PathLike, *, title: str) -> None:
    """One panel for each unit of the first hidden layer, and one for the whole network.

    A unit divides the plane along the line where its net is 0, whatever its activation. The last
    panel shows these lines, dashed, under the boundary of the network.

    Source: report 003, sample question 2.
    """
    units = one.plan.hidden[0]
    columns = min(4, units + 1)
    lines = -(-(units + 1) // columns)
    with png_figure(path, 0.4 + 3.3 * columns, 0.7 + 3.2 * lines) as figure:
        figure.suptitle(title)
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        for unit in range(units):
            _unit(grid[unit], one, unit)
            grid[unit].set_title(f"output of hidden unit {unit + 1}", fontsize=9, loc="left")
        _legend(grid[0])
        _regions(grid[units], one)
        for unit in range(units):
            _unit_line(grid[units], one, unit, linewidth=0.8, linestyle="--")
        _points(grid[units], one.points)
        grid[units].set_title(
            f"network, accuracy {one.accuracy():.3f}\n(dashed: its units)", fontsize=9, loc="left"
        )
        for axes in grid[units + 1 :]:
            axes.axis("off")


def softening(one: Fit, path: PathLike, *, title: str) -> None:
    """The boundary of a network beside that of the same network with steps in place of its
    activations.

    With steps the boundary follows the lines of the units; the slopes of the activations round its
    corners.

    Source: report 003, sample question 2.
    """
    hard = measures.hardened(one)
    with png_figure(path, 7.8, 4.1) as figure:
        figure.suptitle(title)
        panels = figure.subplots(1, 2)
        for axes, shown, name in zip(
            panels, (hard, one), ("steps", one.plan.activation), strict=True
        ):
            _regions(axes, shown)
            for unit in range(one.plan.hidden[0]):
                _unit_line(axes, one, unit, linewidth=0.8, linestyle="--")
            _points(axes, one.points)
            sharpest = measures.bends(measures.boundary(shown)).sharpest
            axes.set_title(
                f"{name}: sharpest bend {sharpest:.0f}° (dashed: the units)", fontsize=9, loc="left"
            )
        _legend(panels[0])


def scatter_and_boundary(one: Fit, path: PathLike, *, title: str) -> None:
    """The points alone, and with the boundary. Source: report 002, figure 1."""
    with png_figure(path, 7.8, 4.0) as figure:
        figure.suptitle(title)
        left, right = figure.subplots(1, 2, sharex=True, sharey=True)
        _frame(left, one.points)
        _points(left, one.points)
        _legend(left)
        left.set_title(f"(a) the data, {len(one.points.x)} points", fontsize=9, loc="left")
        _regions(right, one)
        _points(right, one.points)
        right.set_title(
            f"(b) {_describe(one.plan)}\naccuracy {one.accuracy():.3f}", fontsize=9, loc="left"
        )


def figure(name: str, path: PathLike, *, train: Train = fit) -> dict[str, Fit]:
    """Draw a figure of the reports again; returns the networks in it.

    Args:
        name: report-002/1 to report-002/4, report-003/16 or report-003/17.
        train: how networks are trained, for progress.
    Raises:
        InputError: another name.
    """
    if name not in FIGURES:
        raise InputError(f"figure {name!r}: expected one of {', '.join(FIGURES)}")
    shown = FIGURES[name]
    fits = {label: train(one.points(), one.plan) for label, one in shown.networks.items()}
    shown.draw(fits, path)
    return fits


def deep_plan(activation: str, layers: int) -> Plan:
    """The networks of report 002's figure 4: five units in each hidden layer.

    The report states neither widths nor learning rate nor passes. The rate here is a tenth of that
    of the shallow networks, because at 0.01 of a summed gradient the units of deep ReLU networks
    die.
    """
    return Plan(hidden=(5,) * (layers - 2), activation=activation, learning_rate=0.001)


def _describe(plan: Plan) -> str:
    units = "-".join(map(str, plan.hidden))
    return f"{plan.activation}, {units} hidden units, {plan.passes:,} passes"


def _legend(axes: "Axes") -> None:
    axes.legend(
        fontsize=7,
        title="class",
        title_fontsize=7,
        loc="upper right",
        framealpha=0.85,
        handletextpad=0.1,
    )


def _frame(axes: "Axes", points: Points) -> None:
    left, right, bottom, top = points.extent()
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_xlabel(points.axes[0], fontsize=8, labelpad=1)
    axes.set_ylabel(points.axes[1], fontsize=8, labelpad=1)
    axes.tick_params(labelsize=7)


def _points(axes: "Axes", points: Points) -> None:
    for label, name in enumerate(points.class_names):
        rows = points.labels == label
        x1, x2 = points.x[rows].T
        axes.scatter(
            x1,
            x2,
            c=_COLOURS[label % 3],
            marker=_MARKERS[label % 3],
            s=15,
            edgecolors="white",
            linewidths=0.5,
            label=name,
        )


def _regions(axes: "Axes", one: Fit) -> None:
    """The colour of each class, stronger where the network is surer."""
    from matplotlib.colors import to_rgb

    extent = one.points.extent()
    chances = one.probabilities(extent.grid(_FILL))
    sure = (chances.max(axis=1) - 1 / one.points.classes) / (1 - 1 / one.points.classes)
    colours = np.array([to_rgb(_COLOURS[label % 3]) for label in range(one.points.classes)])[
        chances.argmax(axis=1)
    ]
    strength = (0.08 + 0.3 * sure)[:, None]
    shown = (1 - strength) + strength * colours
    axes.imshow(
        shown.reshape(_FILL, _FILL, 3),
        origin="lower",
        extent=extent,
        aspect="auto",
        interpolation="bilinear",
    )
    for line in measures.boundary(one):
        axes.plot(*line.T, color="black", linewidth=1.3)
    _frame(axes, one.points)


def _unit(axes: "Axes", one: Fit, unit: int) -> None:
    extent = one.points.extent()
    outputs = one.layers(extent.grid(_FILL))[1][:, unit].reshape(_FILL, _FILL)
    shown = axes.imshow(
        outputs, origin="lower", extent=extent, aspect="auto", cmap="Greys", alpha=0.45
    )
    _unit_line(axes, one, unit, linewidth=1.6)
    _points(axes, one.points)
    _frame(axes, one.points)
    axes.figure.colorbar(shown, ax=axes, shrink=0.85, pad=0.02).ax.tick_params(labelsize=7)


def _unit_line(axes: "Axes", one: Fit, unit: int, **style: Any) -> None:
    for line in measures.level_lines(lambda x: one.nets(x, 1)[:, unit], one.points.extent()):
        axes.plot(*line.T, color=INK, **style)


def _titled(title: str) -> Callable[[Mapping[str, Fit], PathLike], None]:
    """Networks side by side under this title."""
    return lambda fits, path: side_by_side(fits, path, title=title)


def _single(draw: Callable[..., None], title: str) -> Callable[[Mapping[str, Fit], PathLike], None]:
    """The only network of a figure under this title."""
    return lambda fits, path: draw(fits[""], path, title=title)


_ACTIVATIONS = {
    f"({letter}) {name}": Planned(data.moons, Plan(activation=name))
    for letter, name in zip("abc", ("relu", "sigmoid", "tanh"), strict=True)
}
_WIDTHS = {
    f"({letter}) {units} hidden units": Planned(data.moons, Plan(hidden=(units,)))
    for letter, units in zip("abc", (3, 5, 10), strict=True)
}
_DEPTHS = {
    f"({letter}) {layers}-layer {activation} on {source.__name__}": Planned(
        source, deep_plan(activation, layers)
    )
    for letter, source, activation, layers in (
        ("a", data.moons, "tanh", 3),
        ("b", data.moons, "relu", 4),
        ("c", data.moons, "sigmoid", 5),
        ("d", data.iris, "tanh", 3),
        ("e", data.iris, "relu", 4),
        ("f", data.iris, "sigmoid", 5),
    )
}
_TANH = {"": Planned(data.moons, Plan())}
_SIGMOID = {"": Planned(data.moons, Plan(activation="sigmoid"))}

FIGURES: Mapping[str, ReportFigure] = {
    "report-002/1": ReportFigure(
        _TANH, _single(scatter_and_boundary, "Make-moons and the boundary of a tanh network")
    ),
    "report-002/2": ReportFigure(_ACTIVATIONS, _titled("Three hidden units, three activations")),
    "report-002/3": ReportFigure(_WIDTHS, _titled("Tanh, more and more hidden units")),
    "report-002/4": ReportFigure(_DEPTHS, _titled("Deeper networks, five units a hidden layer")),
    "report-003/16": ReportFigure(
        _SIGMOID, _single(neurons, "What each sigmoid neuron divides, and the network")
    ),
    "report-003/17": ReportFigure(
        _SIGMOID, _single(softening, "A combination of neurons, with steps and with sigmoids")
    ),
}

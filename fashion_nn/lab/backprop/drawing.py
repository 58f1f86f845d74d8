"""Draw a network with its weights, and write the figures of the reports.

The figures of activation functions are in `curves`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.curves import activations, sigmoid_and_softmax
from fashion_nn.lab.backprop.exercise import Exercise, load
from fashion_nn.lab.backprop.tracing import trace
from fashion_nn.pages.palette import BLUE, GREEN, INK, VERMILION
from fashion_nn.pages.png import PathLike, png_figure, svg_element

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_UNITS = 12
"""Maximum number of units of a layer in a drawing."""

MOST_LABELS = 12
"""Maximum number of weights of a layer that are written beside their lines."""

# In inches.
_RADIUS = 0.24
_LAYER_GAP = 2.4
_UNIT_GAP = 1.15

Point = tuple[float, float]


@dataclass(frozen=True)
class Diagram:
    """What a drawing of a network shows. Labels are matplotlib text, with `$…$` for formulas.

    Attributes:
        units: the label of each unit, layer by layer, inputs first.
        connections: the label of each connection, a matrix outputs × inputs for each layer of
            weights.
        biases: the label of the bias of each unit above the inputs; empty where the units have no
            bias.
        weights: the numbers of the connections. Lines are wide for large ones, and negative ones
            have another colour.
        captions: the text below each layer.
        text: size of the text, in shares of the usual one.
    """

    title: str
    units: Sequence[Sequence[str]]
    connections: Sequence[Sequence[Sequence[str]]]
    biases: Sequence[Sequence[str]] = field(default=())
    weights: Sequence[Sequence[Sequence[float]]] | None = None
    captions: Sequence[str] = field(default=())
    text: float = 1.0


@dataclass(frozen=True)
class _Connection:
    """One line of a drawing: its ends, its label, and its weight where that is known."""

    start: Point
    end: Point
    label: str
    weight: float | None
    source: int
    """Number of the unit that it leaves."""


def diagram(exercise: Exercise, path: PathLike, *, title: str = "") -> None:
    """Draw the network of an exercise with its weights and biases, before the step.

    Raises:
        InputError: a layer is too large for a drawing.
    """
    draw(_diagram_of(exercise, title), path)


def svg(exercise: Exercise) -> str:
    """The same picture as an SVG element without references, for a page.

    Raises:
        InputError: see `diagram`.
    """
    picture = replace(_diagram_of(exercise, ""), text=1.4)
    return svg_element(*_size(picture), lambda figure: _paint(figure, picture))


def _diagram_of(exercise: Exercise, title: str) -> Diagram:
    if max(exercise.layers) > MOST_UNITS:
        raise InputError(
            f"layers {list(exercise.layers)}: a drawing has at most {MOST_UNITS} units in a layer"
        )
    hidden = [[f"$h_{{{n}}}$" for n in range(1, size + 1)] for size in exercise.layers[1:-1]]
    if len(hidden) > 1:
        hidden = [
            [f"$h^{{[{k}]}}_{{{n + 1}}}$" for n in range(len(row))]
            for k, row in enumerate(hidden, start=1)
        ]
    units = [
        [f"$x_{{{n}}}$" for n in range(1, exercise.layers[0] + 1)],
        *hidden,
        [
            f"$y_{{{n}}}$" if exercise.layers[-1] > 1 else "$y$"
            for n in range(1, exercise.layers[-1] + 1)
        ],
    ]
    captions = ["inputs"]
    connections = []
    for name, matrix in zip(exercise.activations, exercise.weight_matrices, strict=True):
        alike = matrix.size > 1 and (matrix == matrix[0, 0]).all()
        written = matrix.size <= MOST_LABELS and not alike
        connections.append([[_short(w) if written else "" for w in row] for row in matrix])
        captions.append(f"{name}\nall weights {_short(matrix[0, 0])}" if alike else name)
    biases = [[_short(b) for b in vector] for vector in exercise.bias_vectors]
    weights = [matrix.tolist() for matrix in exercise.weight_matrices]
    return Diagram(title, units, connections, biases, weights, captions)


def _short(value: float) -> str:
    return f"{value + 0.0:.3g}".replace("-", "\N{MINUS SIGN}")


def draw(picture: Diagram, path: PathLike) -> None:
    """Draw a network, inputs on the left."""
    with png_figure(path, *_size(picture), layout=None) as figure:
        _paint(figure, picture)


def _size(picture: Diagram) -> tuple[float, float]:
    """Width and height in inches."""
    above = 0.4 if picture.title else 0.0
    below = 0.5 if picture.captions else 0.0
    width = _LAYER_GAP * (len(picture.units) - 1) + 1.6
    return width, _UNIT_GAP * (max(map(len, picture.units)) - 1) + 1.35 + above + below


def _paint(figure: "Figure", picture: Diagram) -> None:
    width, height = _size(picture)
    places = _places(picture)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.set_axis_off()
    place = (width / 2, height - 0.28)
    # A title may be the name of a file, which is no formula.
    axes.text(*place, picture.title, fontsize=11, ha="center", va="center", parse_math=False)
    matrices = picture.weights or ()
    largest = max((abs(w) for matrix in matrices for row in matrix for w in row), default=1.0)
    for connection in _connections(picture, places):
        _connect(axes, connection, largest, picture.text)
    for layer, units in enumerate(picture.units):
        for unit, place in enumerate(places[layer]):
            bias = picture.biases[layer - 1][unit] if layer and picture.biases else None
            _unit(axes, place, units[unit], bias, is_input=not layer, text=picture.text)
        if picture.captions:
            x = places[layer][0][0]
            caption = picture.captions[layer]
            size = 9 * picture.text
            axes.text(x, 0.32, caption, fontsize=size, color=INK, ha="center", va="center")


def _places(picture: Diagram) -> list[list[Point]]:
    """The middle of each unit."""
    above = 0.4 if picture.title else 0.0
    below = 0.5 if picture.captions else 0.0
    middle = (_size(picture)[1] + below - above + 0.4) / 2 - 0.3
    return [
        [
            (0.8 + _LAYER_GAP * layer, middle + _UNIT_GAP * ((len(units) - 1) / 2 - n))
            for n in range(len(units))
        ]
        for layer, units in enumerate(picture.units)
    ]


def _connections(picture: Diagram, places: Sequence[Sequence[Point]]) -> Iterator[_Connection]:
    for layer, (sources, targets) in enumerate(pairwise(places)):
        for target, end in enumerate(targets):
            for source, start in enumerate(sources):
                weight = picture.weights[layer][target][source] if picture.weights else None
                label = picture.connections[layer][target][source]
                yield _Connection(start, end, label, weight, source)


def _unit(
    axes: "Axes", place: Point, label: str, bias: str | None, *, is_input: bool, text: float
) -> None:
    """A circle, and above it the arrow of its bias, if it has one."""
    from matplotlib.patches import Circle

    x, y = place
    face = "white" if is_input else "#EAF2F8"
    axes.add_patch(Circle(place, _RADIUS, facecolor=face, edgecolor=INK, lw=1.2, zorder=3))
    axes.text(x, y, label, ha="center", va="center", fontsize=11 * text, zorder=4)
    if bias is not None:
        top = y + _RADIUS
        arrow = {"arrowstyle": "-|>", "color": GREEN, "shrinkA": 0, "shrinkB": 0, "lw": 0.9}
        axes.annotate(
            bias,
            (x, top),
            (x, top + 0.24),
            ha="center",
            fontsize=9 * text,
            color=GREEN,
            arrowprops=arrow,
        )


def _connect(axes: "Axes", connection: _Connection, largest: float, text: float) -> None:
    weight = connection.weight
    colour = INK
    width = 1.1
    if weight is not None:
        colour = VERMILION if weight < 0 else BLUE
        width = 0.5 + 2.0 * abs(weight) / (largest or 1)
    start = np.array(connection.start)
    end = np.array(connection.end)
    radius = (end - start) / np.linalg.norm(end - start) * _RADIUS
    style = {
        "arrowstyle": "-|>,head_width=0.18,head_length=0.32",
        "color": colour,
        "lw": width,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", end - radius, start + radius, arrowprops=style, zorder=1)
    if connection.label:
        # Staggered by source, so that labels of lines that cross do not meet.
        x, y = start + (end - start) * (0.30 + 0.12 * (connection.source % 2))
        box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"}
        label = connection.label
        axes.text(
            x,
            y,
            label,
            ha="center",
            va="center",
            fontsize=9 * text,
            color=colour,
            bbox=box,
            zorder=2,
        )


def _neural_network(path: PathLike) -> None:
    labels = [
        [[f"$w_{{{unit}{source}}}$" for source in (1, 2)] for unit in of] for of in ((1, 2), (3,))
    ]
    units = (("$x_1$", "$x_2$"), ("$h_1$", "$h_2$"), ("$y$",))
    draw(
        Diagram("A network of linear units", units, labels, (("$b_1$", "$b_2$"), ("$b_3$",))), path
    )


def _collapsed_network(path: PathLike) -> None:
    draw(
        Diagram(
            "The one unit it is equal to",
            (("$x_1$", "$x_2$"), ("$y$",)),
            [[["$w_1'$", "$w_2'$"]]],
            [["$b'$"]],
        ),
        path,
    )


def _logistic_regression(path: PathLike) -> None:
    weights = ((("$w_1$", "$w_3$"), ("$w_2$", "$w_4$")), (("$w_5$", "$w_6$"),))
    units = (("$X_1$", "$X_2$"), ("$z_1$", "$z_2$"), (r"$\hat{y}$",))
    title = "Units L, L and S are a binary logistic regression"
    captions = ("inputs", "L: linear", "S: sigmoid")
    draw(Diagram(title, units, weights, captions=captions), path)


def _question(names: Sequence[str], title: str, layers: int) -> Callable[[PathLike], None]:
    """The plot of a question, with the nets of question 4 up to a layer."""

    def write(path: PathLike) -> None:
        nets = trace(load("report-001/sigmoid")).nets[:layers]
        points = sorted(float(z) for layer in nets for z in layer.flat)
        activations(names, path, title=title, points=points)

    return write


FIGURES: dict[str, Callable[[PathLike], None]] = {
    "report-001-figure-1": _neural_network,
    "report-001-figure-2": _collapsed_network,
    "report-001-question-5": _question(
        ("sigmoid",), "Sigmoid and its derivative, at the nets of question 4", 2
    ),
    "report-001-question-6": _question(
        ("tanh", "sigmoid"), "Tanh beside sigmoid, at the nets of the hidden units", 1
    ),
    "report-001-question-7": _question(
        ("relu", "sigmoid", "tanh"), "ReLU beside sigmoid and tanh", 1
    ),
    "report-003-figure-15": _logistic_regression,
    "report-004-sigmoid-softmax": sigmoid_and_softmax,
}
"""Figures of reports 001, 003 and 004: a file name without its ending, and what writes it."""


def write_figures(folder: Path) -> list[Path]:
    """Write all of `FIGURES` into a folder, which is made if it is not there."""
    paths = [folder / f"{name}.png" for name in FIGURES]
    for path, write in zip(paths, FIGURES.values(), strict=True):
        write(path)
    return paths

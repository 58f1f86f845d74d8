"""Draw activation functions with their derivatives, and sigmoid beside softmax."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab import layers
from fashion_nn.lab.backprop.activations import ACTIVATIONS, Array, softmax
from fashion_nn.pages.palette import BLUE, GREEN, ORANGE, VERMILION
from fashion_nn.pages.png import PathLike, png_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (VERMILION, BLUE, GREEN, ORANGE)
_LINES = ("-", "--", "-.", ":")


def activations(
    names: Sequence[str],
    path: PathLike,
    *,
    title: str,
    points: Sequence[float] = (),
    reach: float = 8.0,
) -> None:
    """Activations on the left and their derivatives on the right, as functions of the net.

    Args:
        names: which; the first is drawn last and marked.
        path: the PNG file to write.
        title: above the picture.
        points: nets at which the derivative of the first is marked and written out.
        reach: nets from -reach to reach.

    Raises:
        InputError: an unknown activation, or softmax, which is no function of one net.
    """
    curves = [_curve(name) for name in names]
    z = np.linspace(-reach, reach, 1601)
    with png_figure(path, 9, 3.8) as figure:
        figure.suptitle(title)
        left, right = figure.subplots(1, 2)
        for curve, colour, line in reversed(list(zip(curves, _COLOURS, _LINES, strict=False))):
            left.plot(z, curve.apply(z), line, color=colour, label=curve.name)
            right.plot(*_with_gaps(z, curve), line, color=colour)
        for point in points:
            _mark(right, point, float(curves[0].slope(np.array(point))), far=point > reach / 2)
        outputs = [curve.apply(z) for curve in curves]
        slopes = [curve.slope(z) for curve in curves]
        left.set(xlabel="net z", ylabel="output f(z)", ylim=_limits(outputs))
        right.set(xlabel="net z", ylabel="derivative f'(z)", ylim=_limits(slopes))
        for axes in (left, right):
            _plain(axes)
            axes.set_xticks(np.linspace(-reach, reach, 9))
        if len(names) > 1:
            _legend_below(figure, left)


def _legend_below(figure: "Figure", axes: "Axes") -> None:
    """The names of the lines below the picture, in the order in which they were given."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles[::-1],
        labels[::-1],
        loc="outside lower center",
        ncols=len(labels),
        frameon=False,
    )


@dataclass(frozen=True)
class _Curve:
    """An activation that is a function of one net, and its derivative."""

    name: str
    apply: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def _curve(name: str) -> _Curve:
    curves = {f.name: _Curve(f.name, f.apply, f.slope) for f in ACTIVATIONS.values() if f.slope}
    if name not in curves:
        raise InputError(f"activation {name!r}: expected one of {', '.join(curves)}")
    return curves[name]


def _mark(axes: "Axes", point: float, value: float, *, far: bool) -> None:
    """A dot with its value; a far one has its text above it, where there is room."""
    written = np.format_float_positional(value, precision=2, fractional=False, trim="-")
    axes.plot(point, value, "o", color=_COLOURS[0], markersize=5)
    offset = (-8, 8) if far else (6, 6)
    axes.annotate(
        f"f'({point:.4g}) = {written}",
        (point, value),
        offset,
        textcoords="offset points",
        fontsize=8,
    )


def _with_gaps(z: Array, curve: _Curve) -> tuple[Array, Array]:
    """Places and derivatives, without a line where the derivative jumps."""
    slopes = curve.slope(z)
    if curve.name not in {"relu", "leaky-relu"}:
        return z, slopes
    where = int(np.argmax(z > 0))
    return np.insert(z, where, 0.0), np.insert(slopes, where, np.nan)


def _limits(curves: Sequence[Array]) -> tuple[float, float]:
    """All of the curves, except the part of a ReLU that is far above the others."""
    low = min(curve.min() for curve in curves)
    high = max(curve.max() for curve in curves)
    high = min(high, 2.2) if len(curves) > 1 else high
    margin = 0.08 * (high - low)
    return low - margin, high + margin


def sigmoid_and_softmax(path: PathLike) -> None:
    """Sigmoid and softmax of one net while the other nets are 0, and what the outputs of a layer
    sum to.

    Source: report 004, exercise 3.
    """
    z = np.linspace(-8, 8, 801)
    with png_figure(path, 9, 3.8) as figure:
        figure.suptitle("Sigmoid and softmax: the same curve for two units, not the same function")
        left, right = figure.subplots(1, 2)
        left.plot(
            z, layers.sigmoid(z), "-", color=VERMILION, linewidth=4, alpha=0.45, label="sigmoid"
        )
        for units, colour, line in ((2, BLUE, "--"), (3, GREEN, "-."), (10, ORANGE, ":")):
            nets = np.vstack([z, np.zeros((units - 1, len(z)))])
            left.plot(z, softmax(nets)[0], line, color=colour, label=f"softmax, {units} units")
        left.set(xlabel="net z of one unit, the others 0", ylabel="its output", ylim=(-0.05, 1.05))
        nets = np.vstack([z, np.zeros((2, len(z)))])
        right.plot(
            z, layers.sigmoid(nets).sum(axis=0), "-", color=VERMILION, label="three sigmoid units"
        )
        right.plot(z, softmax(nets).sum(axis=0), "--", color=BLUE, label="three softmax units")
        right.set(
            xlabel="net z of one unit, the others 0", ylabel="sum of the outputs", ylim=(0, 2.15)
        )
        for axes in (left, right):
            _plain(axes)
            axes.legend(frameon=False, fontsize=9)


def _plain(axes: "Axes") -> None:
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)

"""The Playground's screen as a print figure: network, neurons, boundary, loss."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.lab.playground.training import Fit
from fashion_nn.pages.palette import INK
from fashion_nn.pages.png import PathLike, png_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EXTENT = 6.0
_COLOURS = ("#f59322", "#e8eaeb", "#0877bd")
"""The page's own, from negative over neutral to positive."""

_LABELS = {
    "x1": "$x_1$",
    "x2": "$x_2$",
    "x1^2": "$x_1^2$",
    "x2^2": "$x_2^2$",
    "x1x2": "$x_1x_2$",
    "sin_x1": r"$\sin x_1$",
    "sin_x2": r"$\sin x_2$",
}


def draw(fits: Mapping[str, Fit], path: PathLike) -> None:
    """Draw one training as the whole screen, and several as a gallery."""
    if len(fits) == 1:
        picture(next(iter(fits.values())), path)
    else:
        table = next(iter(fits)).partition("/")[0].replace("-", " ")
        gallery(
            list(fits.values()),
            path,
            title=f"Playground runs of report 003, {table} (○ training, ◇ test points)",
        )


def picture(fit: Fit, path: PathLike) -> None:
    """Draw a training: links as wide as their weights, each neuron's output over the plane,
    boundary, losses.

    The colours are the page's: orange for -1, blue for 1, and nothing beyond. The square at a
    neuron is its bias.
    """
    tallest = max(fit.settings.shape)
    height = max(6.8, 1.2 + 0.5 * tallest)
    network_width = 1.6 + 1.55 * len(fit.settings.shape[:-1])
    width = network_width + 5.0
    with png_figure(path, width, height, layout=None) as figure:
        figure.suptitle(_title(fit), x=0.35 / width, ha="left", y=1 - 0.22 / height, fontsize=11)
        side = 3.6
        left = width - side - 0.55
        main = _inches(figure, left, height - side - 0.75, side, side)
        outputs = fit.layers(_grid(200))
        _draw_network(figure, fit, network_width, height, (left, height - side / 2 - 0.75))
        _draw_boundary(main, fit, outputs[-1][:, 0])
        main.yaxis.tick_right()
        main.set_title("output; ○ training, ◇ test points, — boundary", fontsize=9, color=INK)
        _draw_losses(_inches(figure, left, 0.55, side, min(height - side - 1.95, 3)), fit)


def gallery(fits: Sequence[Fit], path: PathLike, *, title: str, columns: int = 4) -> None:
    """Draw the boundaries of several trainings side by side, each with its network, epochs and
    losses.

    Source: report 003, figures 1 to 3.
    """
    lines = -(-len(fits) // columns)
    columns = min(columns, len(fits))
    with png_figure(path, 0.3 + 3.1 * columns, 0.55 + 3.5 * lines) as figure:
        figure.suptitle(title)
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, fit in zip(grid, fits, strict=False):
            _draw_boundary(axes, fit, fit.layers(_grid(200))[-1][:, 0])
            chosen = fit.settings
            shape = "-".join(map(str, chosen.shape))
            heading = (
                f"{chosen.dataset}, {chosen.activation} {shape}{_penalty(fit)}, {fit.epochs} epochs"
            )
            names = [_LABELS[name] for name in chosen.features]
            inputs = ", ".join(names) if len(names) < len(_LABELS) else "all features"
            losses = f"training loss {fit.train_loss:.3f}, test loss {fit.test_loss:.3f}"
            axes.set_title(f"{heading}\n{inputs}\n{losses}", fontsize=8, loc="left")
        for axes in grid[len(fits) :]:
            axes.axis("off")


def _penalty(fit: Fit) -> str:
    chosen = fit.settings
    return (
        ""
        if chosen.regularization == "none"
        else f", {chosen.regularization} {chosen.regularization_rate:g}"
    )


def _title(fit: Fit) -> str:
    chosen = fit.settings
    noise = f", noise {chosen.noise_percent:g} %" if chosen.noise_percent else ""
    return (
        f"{chosen.dataset}{noise}, {chosen.activation}, learning rate {chosen.learning_rate:g}, "
        f"batch {chosen.batch_size}{_penalty(fit)}, {fit.epochs} epochs"
    )


def _grid(count: int) -> np.ndarray:
    steps = np.linspace(-_EXTENT, _EXTENT, count)
    x, y = np.meshgrid(steps, steps)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _inches(figure: "Figure", left: float, bottom: float, width: float, height: float) -> "Axes":
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / high, width / wide, height / high))


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("playground", list(_COLOURS))


def _shade(value: float) -> Any:
    return _colours()((float(np.clip(value, -1, 1)) + 1) / 2)


def _draw_network(
    figure: "Figure", fit: Fit, width: float, height: float, output: tuple[float, float]
) -> None:
    """Columns of neurons, and the links between them; the output's links end at the boundary's left
    side.
    """
    wide, high = figure.get_size_inches()
    board = figure.add_axes((0, 0, 1, 1), zorder=-1)
    board.set(xlim=(0, wide), ylim=(0, high))
    board.axis("off")
    shape = fit.settings.shape
    pitch = min(0.95, (height - 1.2) / max(shape))
    size = 0.74 * pitch
    columns = np.linspace(1.15, width - 0.6, len(shape) - 1)
    places = [
        [(x, (height - 0.75) / 2 + pitch * ((units - 1) / 2 - row)) for row in range(units)]
        for x, units in zip(columns, shape[:-1], strict=True)
    ]
    outputs = fit.layers(_grid(60))
    _draw_links(board, fit, [*places, [(output[0], output[1])]], size)
    for layer, column in enumerate(places):
        title = "features" if layer == 0 else f"hidden {layer}"
        board.text(column[0][0], height - 0.68, title, ha="center", fontsize=9, color=INK)
        for unit, (x, y) in enumerate(column):
            axes = _inches(figure, x - size / 2, y - size / 2, size, size)
            _draw_map(axes, outputs[layer][:, unit])
            if layer == 0:
                name = _LABELS[fit.settings.features[unit]]
                board.text(x - size / 2 - 0.08, y, name, ha="right", va="center", fontsize=10)
            else:
                _draw_bias(board, x - size / 2, y - size / 2, fit.biases[layer - 1][unit])


def _draw_links(
    board: "Axes", fit: Fit, places: list[list[tuple[float, float]]], size: float
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for layer, weights in enumerate(fit.weights):
        last = layer == len(fit.weights) - 1
        for (before, after), weight in np.ndenumerate(weights):
            if weight == 0:
                continue
            (x0, y0), (x1, y1) = places[layer][before], places[layer + 1][after]
            x0 += size / 2
            x1 -= 0.05 if last else size / 2
            middle = (x0 + x1) / 2
            curve = Path([(x0, y0), (middle, y0), (middle, y1), (x1, y1)], [1, 4, 4, 4])
            line = 0.4 + 4.5 * min(abs(weight) / 5, 1)
            board.add_patch(
                PathPatch(curve, fill=False, edgecolor=_shade(weight), linewidth=line, alpha=0.85)
            )


def _draw_bias(board: "Axes", x: float, y: float, bias: float) -> None:
    from matplotlib.patches import Rectangle

    board.add_patch(
        Rectangle(
            (x - 0.11, y - 0.02), 0.09, 0.09, facecolor=_shade(bias), edgecolor=INK, linewidth=0.4
        )
    )


def _draw_map(axes: "Axes", values: np.ndarray, alpha: float = 1.0) -> None:
    side = int(np.sqrt(len(values)))
    extent = (-_EXTENT, _EXTENT, -_EXTENT, _EXTENT)
    shown = values.reshape(side, side)
    axes.imshow(shown, origin="lower", extent=extent, cmap=_colours(), vmin=-1, vmax=1, alpha=alpha)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color=INK, linewidth=0.6)


def _draw_boundary(axes: "Axes", fit: Fit, output: np.ndarray) -> None:
    _draw_map(axes, output, alpha=0.6)
    side = int(np.sqrt(len(output)))
    steps = np.linspace(-_EXTENT, _EXTENT, side)
    if output.min() < 0 < output.max():
        axes.contour(
            steps, steps, output.reshape(side, side), levels=[0], colors="black", linewidths=1
        )
    shades = _colours()((np.clip(fit.start.targets, -1, 1) + 1) / 2)
    cut = fit.start.train_points
    x1, x2 = fit.start.points.T
    axes.scatter(
        x1[cut:],
        x2[cut:],
        c=shades[cut:],
        s=9,
        marker="D",
        edgecolors=INK,
        linewidths=0.5,
        label="test",
        alpha=0.9,
    )
    axes.scatter(
        x1[:cut],
        x2[:cut],
        c=shades[:cut],
        s=14,
        edgecolors="white",
        linewidths=0.6,
        label="training",
    )
    axes.set(
        xlim=(-_EXTENT, _EXTENT), ylim=(-_EXTENT, _EXTENT), xticks=[-5, 0, 5], yticks=[-5, 0, 5]
    )
    axes.tick_params(labelsize=8)


def _draw_losses(axes: "Axes", fit: Fit) -> None:
    epochs = np.arange(fit.epochs + 1)
    for column, name, colour, line in ((0, "training", "#888888", "--"), (1, "test", "black", "-")):
        label = f"{name} loss {fit.losses[-1, column]:.3f}"
        axes.plot(epochs, fit.losses[:, column], line, color=colour, linewidth=1.2, label=label)
    axes.set(xlabel="epoch", xlim=(0, fit.epochs), ylim=(0, None))
    axes.yaxis.tick_right()
    axes.tick_params(labelsize=8)
    axes.xaxis.label.set_fontsize(9)
    axes.grid(alpha=0.3)
    axes.spines[["top", "left"]].set_visible(False)
    axes.legend(
        frameon=False,
        fontsize=9,
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=2,
        borderaxespad=0.1,
    )

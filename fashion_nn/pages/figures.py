"""The figures of a data set and of a run as PNG files, for print.

The same values give the same bytes with the same version of matplotlib. Each file is complete or
absent. What Python may draw too returns its Axes, an array of objects where there are several.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fashion_nn import measures
from fashion_nn.core.images import ImageShape, channels_of, values_of
from fashion_nn.pages import axis_scales
from fashion_nn.pages.palette import BLUE, GREEN, INK, ORANGE, PURPLE, VERMILION
from fashion_nn.pages.png import PathLike, png_figure, shown_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colour, line and marker of each configuration in a comparison.
_STYLES = (
    (BLUE, "-", "o"),
    (VERMILION, "--", "s"),
    (GREEN, "-.", "^"),
    (PURPLE, ":", "D"),
    (ORANGE, "-", "v"),
    (INK, "--", "x"),
)

History = Sequence[Mapping[str, float]]


def curves(
    history: History, path: PathLike | None, *, title: str, best_epoch: int | None = None
) -> NDArray[np.object_]:
    """Draw accuracy and loss by epoch, for training and validation, with a mark at the best epoch.

    Args:
        history: one row per epoch, with `epoch`, `accuracy` (0..1) and `loss` (nats per image), and
            with `val_accuracy` and `val_loss` if there is a validation split. Other keys are
            ignored.
        path: the PNG file to write; None leaves the figure to pyplot.
        title: shown above the figure.
        best_epoch: the epoch to mark [default: the first with the highest validation accuracy].

    Raises:
        ValueError: the history has no epochs.

    Source: report 003, figures 6, 9 and 10.
    """
    if not history:
        raise ValueError("a history without epochs")
    epochs = _column(history, "epoch")
    accuracy = _column(history, "val_accuracy")
    if best_epoch is None and np.isfinite(accuracy).any():
        best_epoch = int(epochs[np.nanargmax(accuracy)])
    with _figure(path, 9, 4) as figure:
        figure.suptitle(title)
        grid: NDArray[np.object_] = figure.subplots(1, 2)
        left, right = grid
        _curve(left, history, "accuracy", 100, best_epoch)
        left.set_ylabel("accuracy (%)")
        _curve(right, history, "loss", 1, best_epoch)
        right.set_ylabel("loss (nats per image)")
        legend = left.get_legend_handles_labels()
        figure.legend(*legend, loc="outside lower center", ncols=3, frameon=False)
    return grid


_PANELS = (
    ("valid_loss", "(a) validation loss", "nats per image"),
    ("loss", "(b) training loss, with dropout", "nats per image"),
    ("valid_accuracy", "(c) validation accuracy", "%"),
)


def comparison(histories: Mapping[str, Sequence[History]], path: PathLike, *, title: str) -> None:
    """Draw the losses and the validation accuracy of several configurations by epoch, one line per
    run.

    Losses have a logarithmic scale. Accuracies have a logarithmic scale of their distance to 100 %,
    because good ones differ in nothing else.

    Args:
        histories: the runs of each configuration, at most six configurations. A run has one row per
            epoch: `epoch`, `loss` and `valid_loss` (nats per image), `valid_accuracy` (0..1).
        path: the PNG file to write.
        title: shown above the figure.

    Source: report 002, figure 5.
    """
    with _figure(path, 11, 4.4 + 0.25 * (len(histories) > 3)) as figure:
        figure.suptitle(title)
        grid = figure.subplots(1, 3)
        for axes, (column, heading, unit) in zip(grid, _PANELS, strict=True):
            for (name, runs), style in zip(histories.items(), _STYLES, strict=False):
                _draw_runs(axes, runs, column, style, name)
            axes.set_title(heading, fontsize=10, loc="left")
            axes.set_ylabel(unit)
            axis_scales.format_epochs(axes)
        for axes in grid[:2]:
            axes.set_yscale("log")
            axis_scales.use_plain_ticks(axes)
        axis_scales.stretch_towards_hundred(grid[2])
        legend = grid[0].get_legend_handles_labels()
        figure.legend(*legend, loc="outside lower center", ncols=2, frameon=False)


def _draw_runs(
    axes: "Axes", runs: Sequence[History], column: str, style: tuple[str, str, str], name: str
) -> None:
    """Draw one line per run; only the first has a label, so that the legend has one entry."""
    colour, line, marker = style
    scale = 100 if column.endswith("accuracy") else 1
    for number, rows in enumerate(runs):
        label = None if number else name
        values = scale * _column(rows, column)
        axes.plot(
            _column(rows, "epoch"),
            values,
            line,
            color=colour,
            marker=marker,
            markersize=4,
            label=label,
        )


def confusion(
    matrix: ArrayLike, class_names: Sequence[str], path: PathLike | None, *, title: str
) -> "Axes":
    """Draw a confusion matrix: counts as text, shares of the true class as colours.

    A cell without images is empty.

    Args:
        matrix: counts, int (k, k); a row is a true class, a column a predicted one.
        class_names: the k names.
        path: the PNG file to write; None leaves the figure to pyplot.
        title: shown above the figure.

    Raises:
        ValueError: the numbers of classes differ.
    """
    matrix = np.asarray(matrix)
    classes = len(class_names)
    if matrix.shape != (classes, classes):
        raise ValueError(f"a confusion matrix of shape {matrix.shape} for {classes} class names")
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    cell, size = (0.5, 8) if classes <= 20 else (0.32, 5.5)
    side = max(3.0, cell * classes)
    with _figure(path, side + 2.4, side + 1.6) as figure:
        axes = figure.subplots()
        # The colour scale is a square root: a linear one would show a few per cent as white.
        picture = axes.imshow(shares, cmap="Blues", norm=_square_root())
        for row, column in zip(*np.nonzero(matrix), strict=True):
            ink = "white" if shares[row, column] > 0.4 else "black"
            count = axes.text(column, row, matrix[row, column], ha="center", va="center", color=ink)
            count.set(fontsize=size, in_layout=False)
        axes.set_xticks(range(classes), [_short(name, 20) for name in class_names], rotation=90)
        axes.set_yticks(range(classes), [_short(name, 20) for name in class_names])
        axes.tick_params(length=0, labelsize=max(size, 7))
        axes.set(title=title, xlabel="predicted class", ylabel="true class")
        bar = figure.colorbar(picture, ax=axes, shrink=0.6, label="share of the true class (%)")
        bar.set_ticks(
            [0, 0.01, 0.05, 0.1, 0.2, 0.5, 1], labels=["0", "1", "5", "10", "20", "50", "100"]
        )
        bar.outline.set_visible(False)
    return axes


def mistakes(
    images: ArrayLike,
    labels: ArrayLike,
    probabilities: ArrayLike,
    class_names: Sequence[str],
    path: PathLike | None,
    *,
    title: str = "",
    count: int = 25,
) -> NDArray[np.object_]:
    """Draw the worst mistakes: those with the lowest probability of the true class, row by row.

    Above each image are its true class and the predicted one, each with its probability.

    Args:
        images: uint8 (n, height, width) or (n, height, width, 3).
        labels: true classes 0..k-1, int (n,).
        probabilities: of the classes, 0..1, (n, k).
        class_names: the k names.
        path: the PNG file to write; None leaves the figure to pyplot.
        title: shown above the number of mistakes.
        count: maximum number of mistakes to show.
    """
    images = np.asarray(images)
    labels = np.asarray(labels)
    probabilities = np.asarray(probabilities)
    rows = measures.worst_mistakes(labels, probabilities, count)
    wrong = int((probabilities.argmax(axis=1) != labels).sum())
    finding = _count_mistakes(wrong, len(labels), len(rows))
    width, height = _grid_size(len(rows), 5, 1.75, 1.95)
    with _figure(path, width, height + 0.25 * bool(title)) as figure:
        figure.suptitle(f"{title}\n{finding}" if title else finding)
        grid = _grid(figure, len(rows), 5)
        for axes, row in zip(grid, rows, strict=True):
            _show_image(axes, images[row], cmap="gray", vmin=0, vmax=255)
            heading = _true_and_taken(probabilities[row], labels[row], class_names)
            axes.set_title(heading, fontsize=6.5, loc="left", linespacing=1.3)
    return np.array(grid, dtype=object)


def _true_and_taken(
    probabilities: NDArray[np.floating], label: int, class_names: Sequence[str]
) -> str:
    """The true class of an image and the predicted one, a line each."""
    taken = int(probabilities.argmax())
    true_line = f"is {_short(class_names[label], 14)}, {_per_cent(probabilities[label])}"
    taken_line = f"taken for {_short(class_names[taken], 14)}, {_per_cent(probabilities[taken])}"
    return f"{true_line}\n{taken_line}"


def _count_mistakes(wrong: int, images: int, shown: int) -> str:
    if not wrong:
        return f"no mistakes: all {images:,} predictions are right"
    text = f"{wrong:,} of {images:,} predictions are wrong"
    return text if wrong == shown else f"{text}; the {shown} worst"


def first_layer_weights(
    kernel: ArrayLike, image_shape: ImageShape, path: PathLike, *, units: int = 20
) -> None:
    """Draw the weights of each unit of the first dense layer as an image.

    A pixel is bright where the weight is large, and dark where it is small. All images share
    one scale. For images in colour, a pixel is the mean weight of its three colours.

    Args:
        kernel: weights, (values of an image, units of the layer).
        image_shape: of the images.
        path: the PNG file to write.
        units: maximum number of units to show; the first ones are shown.

    Raises:
        ValueError: the kernel is not that of a dense layer on images of this shape.

    Source: report 003, figure 7 (20 units, colour map hot, no smoothing).
    """
    kernel = np.asarray(kernel, dtype=np.float64)
    if kernel.ndim != 2 or len(kernel) != values_of(image_shape):
        raise ValueError(f"a kernel of shape {kernel.shape} for images of {image_shape}")
    rows, columns = image_shape[:2]
    shown = kernel.T[:units].reshape(-1, rows, columns, channels_of(image_shape)).mean(axis=3)
    width, height = _grid_size(len(shown), 5, 1.5, 1.7)
    with _figure(path, width + 1, height) as figure:
        figure.suptitle(
            f"Weights of the first dense layer, {len(shown)} of {kernel.shape[1]} units"
        )
        grid = _grid(figure, len(shown), 5)
        for number, (axes, weights) in enumerate(zip(grid, shown, strict=True), start=1):
            picture = _show_image(axes, weights, cmap="hot", vmin=shown.min(), vmax=shown.max())
            axes.set_title(f"unit {number}", fontsize=7)
        figure.colorbar(picture, ax=grid, shrink=0.8, label="weight")


def sample_grid(
    images: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str],
    path: PathLike | None,
    *,
    title: str,
    per_class: int = 10,
) -> NDArray[np.object_]:
    """Draw the first images of each class, one row per class.

    Args:
        images: uint8 (n, height, width) or (n, height, width, 3).
        labels: classes 0..k-1, int (n,).
        class_names: the k names.
        path: the PNG file to write; None leaves the figure to pyplot.
        title: shown above the figure.
        per_class: images in a row; a class with fewer images leaves the rest of its row empty.
    """
    images = np.asarray(images)
    labels = np.asarray(labels)
    classes = len(class_names)
    with _figure(path, 1.6 + 0.6 * per_class, 0.7 + 0.6 * classes) as figure:
        figure.suptitle(title)
        grid: NDArray[np.object_] = figure.subplots(classes, per_class, squeeze=False)
        for number, (name, row) in enumerate(zip(class_names, grid, strict=True)):
            of_class = images[np.flatnonzero(labels == number)[:per_class]]
            for column, axes in enumerate(row):
                if column < len(of_class):
                    _show_image(axes, of_class[column], cmap="gray", vmin=0, vmax=255)
                else:
                    axes.set(xticks=[], yticks=[], frame_on=False)
            row[0].set_ylabel(_short(name, 20), rotation=0, ha="right", va="center", fontsize=9)
    return grid


def _figure(path: PathLike | None, width: float, height: float) -> AbstractContextManager["Figure"]:
    """A figure in which a dollar sign, for example in the name of a class, does not begin a
    formula.
    """
    if path is None:
        return shown_figure(width, height)
    return png_figure(path, width, height, formulas=False)


def _column(history: History, key: str) -> NDArray[np.float64]:
    values = (row.get(key) for row in history)
    return np.array([np.nan if value is None else float(value) for value in values])


def _curve(axes: "Axes", history: History, key: str, scale: float, best_epoch: int | None) -> None:
    epochs = _column(history, "epoch")
    marker = "o" if len(epochs) <= 30 else None
    for column, label, colour, line in (
        (key, "train", BLUE, "--"),
        (f"val_{key}", "validation", VERMILION, "-"),
    ):
        values = scale * _column(history, column)
        if np.isfinite(values).any():
            axes.plot(epochs, values, line, color=colour, marker=marker, markersize=3, label=label)
    if best_epoch is not None:
        axes.axvline(
            best_epoch, color=INK, linestyle=":", linewidth=1, label=f"best epoch: {best_epoch}"
        )
    axis_scales.format_epochs(axes)
    if len(epochs) == 1:
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)


def _grid_size(cells: int, columns: int, width: float, height: float) -> tuple[float, float]:
    rows = -(-cells // columns)
    return columns * width, 0.6 + rows * height


def _grid(figure: "Figure", cells: int, columns: int) -> list["Axes"]:
    rows = -(-cells // columns)
    return [figure.add_subplot(rows, columns, number + 1) for number in range(cells)]


def _show_image(axes: "Axes", image: ArrayLike, **colours: Any) -> Any:
    axes.set(xticks=[], yticks=[], frame_on=False)
    return axes.imshow(image, interpolation="nearest", **colours)


def _square_root() -> Any:
    from matplotlib.colors import PowerNorm

    return PowerNorm(0.5, vmin=0, vmax=1)


def _short(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1] + "…"


def _per_cent(share: float) -> str:
    if share < 0.01:
        return "below 1 %"
    return "above 99 %" if share > 0.99 else f"{100 * share:.0f} %"

"""Print figures of the losses and of the trainings by them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.errors import InputError
from fashion_nn.lab import layers
from fashion_nn.lab.losses.functions import BINARY, LOSSES
from fashion_nn.lab.losses.studies import StudyResult
from fashion_nn.pages.palette import BLUE, GREEN, INK, VERMILION
from fashion_nn.pages.png import PathLike, png_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (BLUE, VERMILION, GREEN)
_LINES = ("-", "--", "-.")
_UNITS = {
    "train_loss": "training loss",
    "train_error": "training error (%)",
    "valid_loss": "validation loss",
    "valid_error": "validation error (%)",
}


def loss_functions(path: PathLike) -> None:
    """The three binary losses for target 1, and their slopes. Source: report 000, figure 2."""
    z = np.linspace(-5, 5, 501)
    t = np.ones_like(z)
    with png_figure(path, 9, 4) as figure:
        figure.suptitle("Activation and loss as functions of z, target t = 1")
        left, right = figure.subplots(1, 2)
        for name, colour, line in zip(BINARY, _COLOURS, _LINES, strict=True):
            loss = LOSSES[name]
            left.plot(z, loss.value(z, t), line, color=colour, label=loss.title)
            right.plot(z, loss.slope(z, t), line, color=colour)
        left.set(ylabel="loss", ylim=(0, None))
        right.set(ylabel="slope dL/dz")
        for axes in (left, right):
            _dress(axes, "z")
            axes.set_xlim(-5, 5)
        figure.legend(loc="outside lower center", ncols=3, frameon=False)


def curves(found: StudyResult, path: PathLike, measure: str = "train_loss") -> None:
    """One panel for each network: a line for each training, and their mean.

    Each panel has its own scale, as in the report.
    """
    with png_figure(path, 0.5 + 3.5 * len(found.curves), 3.7) as figure:
        figure.suptitle(f"{found.title}: {_UNITS[measure].removesuffix(' (%)')}, {found.task}")
        panels = figure.subplots(1, len(found.curves), squeeze=False)[0]
        for axes, (label, runs), letter, colour in zip(
            panels, found.curves.items(), "abc", _COLOURS, strict=False
        ):
            scale = 100 if measure.endswith("error") else 1
            values = scale * np.array([getattr(run, measure) for run in runs])
            epochs = runs[0].epoch
            axes.plot(epochs, values.T, color=colour, linewidth=0.8, alpha=0.7)
            axes.plot(
                epochs,
                values.mean(axis=0),
                color="black",
                linewidth=1.6,
                label=f"mean of {len(runs)} runs",
            )
            axes.set_title(f"({letter}) {_title(label)}", fontsize=9, loc="left")
            axes.set_ylim(0, None)
            _dress(axes, "epoch")
        panels[0].set_ylabel(_UNITS[measure])
        panels[0].legend(frameon=False, fontsize=8)


def saturation(found: StudyResult, path: PathLike) -> None:
    """How fast the slopes of logistic and softsign vanish, and what that does to a training. Report
    000, part 2.3.
    """
    z = np.linspace(0, 15, 301)
    with png_figure(path, 11, 3.9) as figure:
        figure.suptitle(f"{found.title}, {found.task}")
        left, middle, right = figure.subplots(1, 3)
        slopes = {
            "softsign": layers.softsign_derivative(z),
            "logistic": layers.sigmoid_derivative(z),
        }
        for (name, values), colour, line in zip(slopes.items(), _COLOURS, _LINES, strict=False):
            left.semilogy(z, values, line, color=colour, label=name)
        left.set(ylabel="slope of the activation", xlim=(0, 15))
        left.set_title("(a) slopes", fontsize=9, loc="left")
        left.legend(frameon=False)
        _dress(left, "|z|")
        panels = (
            (middle, "freed", "(b) saturated at the start and freed (%)"),
            (right, "train_error", "(c) training error (%)"),
        )
        for axes, measure, title in panels:
            _mean_and_range(axes, found, measure)
            axes.set_title(title, fontsize=9, loc="left")
            axes.set_ylim(0, None)


def squared_error(found: StudyResult, path: PathLike) -> None:
    """Training and validation error of a classifier by cross-entropy and by squared error. Report
    003, why not MSE.
    """
    with png_figure(path, 9, 4) as figure:
        figure.suptitle(f"{found.title}, {found.task}: mean and range of {_runs(found)} runs")
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, measure in ((left, "train_error"), (right, "valid_error")):
            _mean_and_range(axes, found, measure)
            axes.set_ylim(0, None)
            axes.set_title(_UNITS[measure], fontsize=9, loc="left")
        figure.legend(
            *left.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False
        )


def figure(name: str, path: PathLike, run: Callable[[str], StudyResult]) -> StudyResult | None:
    """Draw a figure of the reports again.

    Args:
        name: a key of `FIGURES`.
        run: runs a study by its name; figure 2 needs none, and nothing is returned for it.
    Raises:
        InputError: another name.
    """
    if name not in FIGURES:
        raise InputError(f"figure {name!r}: expected one of {', '.join(FIGURES)}")
    study, draw = FIGURES[name]
    if not study:
        loss_functions(path)
        return None
    found = run(study)
    draw(found, path)
    return found


FIGURES: Mapping[str, tuple[str, Callable[[StudyResult, PathLike], None]]] = {
    "report-000/2": ("", lambda _, path: loss_functions(path)),
    "report-000/3": ("bad-initialisation", lambda found, path: curves(found, path, "train_loss")),
    "report-000/4": ("flipped-labels", lambda found, path: curves(found, path, "train_error")),
    "report-000/5": ("flipped-labels", lambda found, path: curves(found, path, "valid_loss")),
    "report-000/2.3": ("saturation", saturation),
    "report-003/why-not-mse": ("squared-error", squared_error),
}
PICTURES: Mapping[str, Callable[[StudyResult, PathLike], None]] = {
    "bad-initialisation": curves,
    "flipped-labels": lambda found, path: curves(found, path, "train_error"),
    "saturation": saturation,
    "squared-error": squared_error,
}
"""How a study is drawn when no figure is named."""


def _title(label: str) -> str:
    return LOSSES[label].title if label in LOSSES else label


def _runs(found: StudyResult) -> int:
    return len(next(iter(found.curves.values())))


def _mean_and_range(axes: "Axes", found: StudyResult, measure: str) -> None:
    for (label, runs), colour, line in zip(found.curves.items(), _COLOURS, _LINES, strict=False):
        values = 100 * np.array([getattr(run, measure) for run in runs])
        axes.plot(runs[0].epoch, values.mean(axis=0), line, color=colour, label=_title(label))
        axes.fill_between(
            runs[0].epoch,
            values.min(axis=0),
            values.max(axis=0),
            color=colour,
            alpha=0.2,
            linewidth=0,
        )
    _dress(axes, "epoch")


def _dress(axes: "Axes", below: str) -> None:
    axes.set_xlabel(below)
    axes.grid(alpha=0.3)
    axes.tick_params(labelsize=8, colors=INK)
    axes.spines[["top", "right"]].set_visible(False)

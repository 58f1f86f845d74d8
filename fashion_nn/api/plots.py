"""Figures of data, trainings and predictions, as Axes of matplotlib that a notebook shows."""

from typing import TYPE_CHECKING

from fashion_nn.api.data import Data, loaded
from fashion_nn.api.models import run_of

if TYPE_CHECKING:
    import os

    import numpy as np
    from matplotlib.axes import Axes

    from fashion_nn.evaluation import Evaluation
    from fashion_nn.runs import Run


def plot_samples(data: Data, *, per_class: int = 10) -> "np.ndarray":
    """Draw the first training images of each class, one row per class.

    Args:
        data: as `load` returns them, or the name of a data set.
        per_class: number of images in a row.

    Returns:
        The Axes, object (classes, per_class).
    """
    from fashion_nn.pages import figures

    splits = loaded(data)
    rows = splits.train
    return figures.sample_grid(
        rows.images, rows.labels, splits.class_names, None, title=splits.name, per_class=per_class
    )


def plot_curves(run: "Run | str | os.PathLike[str]") -> "np.ndarray":
    """Draw accuracy and loss by epoch, for training and validation.

    Args:
        run: a run or its folder.

    Returns:
        The two Axes, object (2,): accuracy and loss.

    Raises:
        InputError: the run has no epochs, as that of a baseline, or cannot be read.
    """
    from fashion_nn.errors import InputError
    from fashion_nn.pages import figures

    opened = run_of(run)
    history = opened.read_history()
    if not history:
        raise InputError(f"{opened.folder}: has no epochs: expected a run that was trained")
    return figures.curves(history, None, title=opened.name)


def plot_confusion(evaluation: "Evaluation") -> "Axes":
    """Draw the confusion matrix of an evaluation: counts as text, shares of the true class as
    colours.

    Args:
        evaluation: what `evaluate` returned.
    """
    from fashion_nn.pages import figures

    names = evaluation.data.class_names
    scores = evaluation.scores
    return figures.confusion(scores.confusion, names, None, title=evaluation.title)


def plot_mistakes(evaluation: "Evaluation", *, count: int = 25) -> "np.ndarray":
    """Draw the worst mistakes: those with the lowest probability of the true class.

    Args:
        evaluation: what `evaluate` returned.
        count: maximum number of mistakes.

    Returns:
        The Axes, object (k,), k <= count.
    """
    from fashion_nn.pages import figures

    test = evaluation.test
    return figures.mistakes(
        test.images,
        test.labels,
        evaluation.probabilities,
        evaluation.data.class_names,
        None,
        title=evaluation.title,
        count=count,
    )

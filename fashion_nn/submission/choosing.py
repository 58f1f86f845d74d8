"""Choose the best of the saved runs for a table of test images."""

import os
from collections.abc import Callable
from pathlib import Path

from fashion_nn import datasets, runs
from fashion_nn.core.images import ImageShape, described
from fashion_nn.datasets import LabelMap
from fashion_nn.errors import InputError
from fashion_nn.runs import Run


def best_run(
    root: str | os.PathLike[str],
    dataset: str,
    image_shape: ImageShape,
    *,
    note: Callable[[str], None] | None = None,
) -> Run:
    """The run in `root` with the highest accuracy on the stored validation split of `dataset`.

    Of equal runs the one with the lower log loss is taken. A run that held out other rows trained
    on some of the stored ones, so it is no candidate.

    Args:
        note: called with a line about each run that is skipped because it is damaged, or has no
            model.

    Raises:
        InputError: there is no such run.
    """
    candidates = []
    for run in runs.find(root, note=note or (lambda line: None)):
        valid = run.read_metrics().valid
        if valid and _fits(run, dataset, image_shape):
            candidates.append((valid.accuracy, -valid.log_loss, run))
    if not candidates:
        raise InputError(
            f"{root}: no complete run on {dataset} with {described(image_shape)} "
            "that held out the stored validation split: train one, or give --model"
        )
    return max(candidates, key=lambda candidate: candidate[:2])[2]


def trained_for(
    root: str | os.PathLike[str],
    images: str,
    *,
    note: Callable[[str], None] | None = None,
) -> Run | None:
    """The run in `root` that was trained last to predict these test images; None without one.

    Args:
        images: their fingerprint (`ImageTable.fingerprint`).
        note: see `best_run`.
    """
    found = [
        run
        for run in runs.find(root, note=note or (lambda line: None))
        if run.read_record().predicts == images and run.read_metrics().valid
    ]
    return max(found, key=_started, default=None)


def trained_on(model: str | os.PathLike[str]) -> str | None:
    """The known data set that the run folder around `model` says it was trained on, or None."""
    try:
        name = Run(Path(model).parent).read_record().dataset.name
    except InputError:
        return None
    return name if name in datasets.names() else None


def labels_of(model: str | os.PathLike[str]) -> LabelMap:
    """The labels that the run folder around `model` says the classes have in its data; the classes
    themselves where there is no such folder.
    """
    try:
        labels = Run(Path(model).parent).read_record().dataset.labels
    except InputError:
        return LabelMap()
    return LabelMap(labels or ())


def _started(run: Run) -> str:
    """When the training of `run` was started last, as text that sorts by time."""
    return max((each.started or "" for each in run.read_record().sessions), default="")


def _fits(run: Run, dataset: str, image_shape: ImageShape) -> bool:
    """Whether the run was trained on such images, without the stored validation split."""
    if not run.split.exists():
        return False
    trained = run.read_record().dataset
    split = run.read_split()
    return (
        trained.name == dataset
        and trained.image_shape == image_shape
        and split.seed == datasets.SPLIT_SEED
        and split.fraction == datasets.VALIDATION_FRACTION
    )

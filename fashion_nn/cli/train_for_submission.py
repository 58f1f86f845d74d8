"""What submit does with --train: train a model within a time, and say what to expect of it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import console, datasets
from fashion_nn.cli.common import accuracy, load_splits
from fashion_nn.core.images import described
from fashion_nn.core.text import duration
from fashion_nn.errors import InputError
from fashion_nn.runs import Run

if TYPE_CHECKING:
    from fashion_nn.submission import ImageTable, Prospect, Stage
    from fashion_nn.tables import TableSource
    from fashion_nn.training import Pace

_STARTS = 2  # of TensorFlow after the training, on a machine that has become slower
_WRITING = 2.0


def train_within(
    train: Path,
    test: "TableSource",
    models: Path,
    options: datasets.ReadOptions,
    stop_at: float | None,
) -> Run:
    """Train a model on the images of `train` to predict those of `test`.

    Args:
        train: a file or folder with labelled images.
        test: the images to predict.
        models: gets a folder with the runs.
        options: how the files are read.
        stop_at: value of `time.monotonic()` at which the prediction file has to be written.

    Raises:
        InputError: a file cannot be used, or the images of the two do not fit each other.
    """
    from fashion_nn import submission

    # A broken test table is refused here, before the training.
    table = submission.ImageTable(test, options)
    images = table.count()
    splits = load_splits(train, options=options)
    _require_same_shape(splits, table, train)
    found = _prospect(splits, images, stop_at)
    name = f"submit-{train.name.split('.')[0]}-{splits.fingerprint[:8]}"
    folder = submission.free_folder(models / name)
    with console.training_bars() as bars:
        start = submission.trainer(splits, folder, found, _progress(bars))
        runs = submission.follow(found, start, note=console.note)
    best = submission.best_of(runs)
    best.write_record(best.read_record().model_copy(update={"predicts": table.fingerprint}))
    _print_result(best, len(runs))
    return best


def _require_same_shape(splits: datasets.Splits, table: "ImageTable", train: Path) -> None:
    if splits.image_shape != table.image_shape:
        found = f"images are {described(table.image_shape)}"
        others = f"those of {train} {described(splits.image_shape)}"
        raise InputError(f"{table.path}: {found}, {others}: not the same data")


def _prospect(splits: datasets.Splits, images: int, stop_at: float | None) -> "Prospect":
    """Measure the speed, and print the plan."""
    from fashion_nn import submission

    began = time.monotonic()
    console.load_tensorflow()
    after = _STARTS * (time.monotonic() - began) + _WRITING
    limit = None if stop_at is None else submission.Limit(stop_at, after)
    found = submission.prospect(splits, images, limit)
    for stage in found.plan.stages:
        epochs = ""
        if stage.epochs:
            epochs = f"{stage.epochs} epochs of {found.costs[stage.name].epoch:.1f} s, "
        console.note(f"{stage.name}: {epochs}together about {duration(stage.seconds)}")
    for note in found.plan.notes:
        console.note(note)
    if found.limit:
        left = duration(max(found.limit.ends - found.limit.clock(), 0))
        needed = f"{duration(found.limit.after)} of them to predict {images:,} images"
        console.note(f"{left} are left, {needed}, {duration(found.limit.reserve)} in reserve")
    return found


def _progress(
    bars: Callable[[str, int], console.TrainingBar],
) -> "Callable[[Stage, Pace | None], console.TrainingBar]":
    """Starts the bar of a stage, which shows the number of epochs and the time that is left."""

    def start(stage: "Stage", pace: "Pace | None") -> console.TrainingBar:
        bar = bars(stage.name, stage.epochs)
        if pace:
            pace.told = bar.resize
        return bar

    return start


def _print_result(run: Run, compared: int) -> None:
    """Print what the model is, and what accuracy it is expected to have."""
    record = run.read_record()
    trained = f", {record.best_epoch} epochs" if record.best_epoch else ""
    print(f"{run.model}: {record.recipe.name}{trained}")
    mirroring = record.mirroring
    if mirroring:
        print(f"mirrored images {'used' if mirroring.used else 'not used'}: {mirroring.why}")
    valid = run.read_metrics().of_valid()
    measured = accuracy(valid.accuracy, valid.interval, valid.n)
    print(f"expected {measured}: measured on validation rows, on which this model was not trained")
    if compared > 1:
        print(f"it is the best of {compared} models on these rows, so it may be a little less")
    if record.stopped_because == "budget":
        print("the machine became too slow: the training was stopped before its schedule had ended")

"""From a table of test images to a complete prediction file."""

import csv
import io
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fashion_nn import datasets, inference, recipes, runs, tables
from fashion_nn.core.files import write_atomic
from fashion_nn.errors import InputError
from fashion_nn.runs import Run

if TYPE_CHECKING:
    from fashion_nn.training import Outcome, Progress

Format = Literal["kaggle", "plain"]
FORMATS: tuple[Format, ...] = ("kaggle", "plain")
KAGGLE_HEADER = ("ImageId", "Label")
TRAINED = ("mlp", "sprint")


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model says of a table: labels int64 (n,), in the table's order; its ids, when it has some.

    engine: what ran the model, "keras" or "onnx".
    ties: number of rows for which several classes share the model's largest output; they get the first of these.
    """

    labels: np.ndarray
    ids: np.ndarray | None
    classes: int
    feeding: inference.Feeding
    engine: str
    ties: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A competition's sample file: its two column names, and its ids as they are written there."""

    header: tuple[str, str]
    ids: tuple[str, ...]


def predict(
    model: str | os.PathLike[str],
    test: str | os.PathLike[str],
    *,
    scale: inference.Scale = "auto",
    engine: inference.Engine = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Predictions:
    """Predict the class of each row of the CSV `test`, block by block; a label column is not looked at.

    Raises:
        InputError: the table or the model file is not usable, or they do not fit each other.
    """
    labels = []
    ids = []
    ties = 0
    # Where Keras runs the model, its process imports TensorFlow while the first rows are read.
    with inference.open_fast(model, scale=scale, engine=engine) as predictor:
        for block in tables.blocks(test, labels="ignored", progress=progress):
            images = block.pixels.reshape(-1, *block.image_shape)
            answer = predictor.answer(images)
            labels.append(answer.labels)
            ties += answer.ties
            ids.append(block.ids)
        classes, feeding, used = predictor.classes, predictor.feeding, predictor.engine
    given = [part for part in ids if part is not None]
    known = np.concatenate(given) if given else None
    return Predictions(np.concatenate(labels).astype(np.int64), known, classes, feeding, used, ties)


def read_sample(path: str | os.PathLike[str]) -> Sample:
    """The sample file at `path`: two columns, ids first, a header.

    Raises:
        InputError: it cannot be read or has another form.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file, strict=True) if row]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): expected a competition's sample file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is not a CSV in UTF-8 ({error}): expected a competition's sample file") from None
    wrong = next((i for i, row in enumerate(rows, start=1) if len(row) != 2), None)
    if len(rows) < 2 or wrong:
        raise InputError(
            f"{path}: row {wrong or 1} is not `id,label`: expected two columns, a header and at least one row"
        )
    header, *body = rows
    ids = tuple(row[0] for row in body)
    if len(set(ids)) != len(ids):
        raise InputError(f"{path}: has ids that occur more than once: expected each once")
    return Sample((header[0], header[1]), ids)


def render(predictions: Predictions, *, format: Format = "kaggle", sample: Sample | None = None) -> str:
    """The prediction file's text.

    kaggle  `ImageId,Label`, ids from the table's id column, or from 1
    plain   one label a line
    sample  header and ids of the sample, in its order; ids of the table, when it has some, say which
            row is which, else the order does

    Raises:
        InputError: the sample's ids are not those of the table.
    """
    labels = predictions.labels.tolist()
    if sample:
        return _csv(sample.header, sample.ids, _in_sample_order(labels, predictions.ids, sample))
    if format == "plain":
        return "".join(f"{label}\n" for label in labels)
    return _csv(KAGGLE_HEADER, _ids(predictions), labels)


def write(
    predictions: Predictions,
    out: str | os.PathLike[str],
    *,
    format: Format = "kaggle",
    sample: Sample | None = None,
) -> None:
    """Write the prediction file to `out`, completely or not at all; an older file is replaced."""
    write_atomic(out, render(predictions, format=format, sample=sample))


def expectation(predictions: Predictions, *, format: Format = "kaggle", sample: Sample | None = None) -> dict[str, Any]:
    """What a correct prediction file holds, as the arguments of `grading.check_file`."""
    rows, classes = len(predictions.labels), predictions.classes
    if sample:
        return {"header": sample.header, "ids": sample.ids, "rows": rows, "classes": classes}
    if format == "plain":
        return {"header": None, "ids": None, "rows": rows, "classes": classes}
    return {"header": KAGGLE_HEADER, "ids": _ids(predictions), "rows": rows, "classes": classes}


def require_output(out: str | os.PathLike[str], *inputs: str | os.PathLike[str] | None) -> None:
    """Refuse an output that is one of the inputs, a folder, or in a place where nothing can be written.

    Raises:
        InputError: it is.
    """
    target = Path(out)
    if target.is_dir():
        raise InputError(f"{out}: is a folder: --out takes the name of a file")
    folder = next(folder for folder in target.absolute().parents if folder.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise InputError(f"{out}: cannot be written, {folder} is no folder or not writable: choose another place")
    for given in inputs:
        if given is not None and target.exists() and Path(given).exists() and target.samefile(given):
            raise InputError(f"{out}: is an input: writing would destroy it; choose another --out")


def best_run(root: str | os.PathLike[str], dataset: str, image_shape: tuple[int, int]) -> Run:
    """The run in `root` with the highest accuracy on the stored validation split of `dataset`.

    Runs that held out other rows trained on some of the stored ones, so they are no candidates.

    Raises:
        InputError: there is none.
    """
    candidates = []
    for run in runs.find(root):
        record, split = run.read_record(), run.read_split()
        stored = split["seed"] == datasets.SPLIT_SEED and split["fraction"] == datasets.VALIDATION_FRACTION
        fits = record["dataset"]["name"] == dataset and tuple(record["dataset"]["image_shape"]) == image_shape
        if stored and fits:
            valid = run.read_metrics()["valid"]
            candidates.append((valid["accuracy"], -valid["log_loss"], run))
    if not candidates:
        raise InputError(
            f"{root}: no complete run on {dataset} with {image_shape[0]} x {image_shape[1]} pixels that held out "
            "the stored validation split: train one, or give --model"
        )
    return max(candidates, key=lambda candidate: candidate[:2])[2]


def trained_on(model: str | os.PathLike[str]) -> str | None:
    """The known data set that the run folder around `model` says it was trained on; None where nothing says so."""
    try:
        name = Run(Path(model).parent).read_record()["dataset"]["name"]
    except (InputError, KeyError, TypeError):
        return None
    return name if name in datasets.names() else None


def shape_of(test: str | os.PathLike[str]) -> tuple[int, int]:
    """(height, width) of the images in the CSV `test`, read from its first rows.

    Raises:
        InputError: the table is not usable.
    """
    return next(tables.blocks(test, labels="ignored")).image_shape


def kind_of(test: str | os.PathLike[str]) -> tuple[str, tuple[int, int]]:
    """Which known data set the images of the CSV `test` look like, and their (height, width).

    Raises:
        InputError: like none.
    """
    block = next(tables.blocks(test, labels="ignored"))
    found = datasets.recognise(block.pixels.reshape(-1, *block.image_shape))
    if found.name is None:
        raise InputError(f"{test}: its images look like no known data set: name it with --dataset, or give --model")
    return found.name, block.image_shape


@dataclass(frozen=True, slots=True)
class Plan:
    """What training from scratch will cost: seconds an epoch and epochs at most, a recipe each."""

    seconds_per_epoch: dict[str, float]
    epochs: dict[str, int]

    @property
    def seconds(self) -> float:
        return sum(self.seconds_per_epoch[name] * self.epochs[name] for name in self.epochs)


def plan(splits: datasets.Splits, names: Sequence[str] = TRAINED) -> Plan:
    """Time a few steps of each recipe in `names` on `splits`."""
    from fashion_nn import training

    chosen = [recipes.get(name) for name in names]
    return Plan(
        {recipe.name: training.estimate(recipe, splits) for recipe in chosen},
        {recipe.name: recipe.epochs for recipe in chosen},
    )


def train_best(
    splits: datasets.Splits,
    folder: str | os.PathLike[str],
    *,
    names: Sequence[str] = TRAINED,
    deadline: float | None = None,
    progress: Callable[[str, int], "Progress"] | None = None,
) -> "Outcome":
    """Train the recipes in `names` from scratch, a run each in `folder`, and return the best on validation.

    What an earlier call left in `folder` is continued. Of the time until `deadline` (a value of
    `time.monotonic()`), each recipe gets an equal share of what is left but the last, which gets the rest.
    """
    from fashion_nn import training

    outcomes = []
    for i, recipe in enumerate(map(recipes.get, names)):
        share = None
        if deadline is not None:
            left = max(deadline - time.monotonic(), 0)
            share = time.monotonic() + left / (len(names) - i)
        outcomes.append(
            training.run(
                recipe,
                splits,
                Path(folder) / recipe.name,
                resume=True,
                deadline=share,
                progress=progress(recipe.name, recipe.epochs) if progress else None,
            )
        )
    return max(outcomes, key=lambda outcome: outcome.metrics["valid"]["accuracy"])


def _ids(predictions: Predictions) -> Sequence[int]:
    if predictions.ids is None:
        return range(1, len(predictions.labels) + 1)
    return predictions.ids.tolist()


def _csv(header: tuple[str, str], ids: Sequence[int | str], labels: Sequence[int]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(ids, labels, strict=True))
    return text.getvalue()


def _in_sample_order(labels: list[int], ids: np.ndarray | None, sample: Sample) -> list[int]:
    if len(sample.ids) != len(labels):
        raise InputError(f"the sample has {len(sample.ids)} ids, the test table {len(labels)} rows: not the same data")
    if ids is None:
        return labels
    by_id = dict(zip(map(str, ids.tolist()), labels, strict=True))
    missing = next((name for name in sample.ids if name not in by_id), None)
    if missing is not None:
        raise InputError(f"the sample's id {missing!r} is not in the test table: not the same data")
    return [by_id[name] for name in sample.ids]

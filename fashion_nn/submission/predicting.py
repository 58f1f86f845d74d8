"""Predict the class of each image of a test table."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn import datasets, measures
from fashion_nn.core.images import shape_of
from fashion_nn.datasets import LabelMap
from fashion_nn.errors import InputError
from fashion_nn.submission.image_table import ImageTable
from fashion_nn.tables import Table

if TYPE_CHECKING:
    from fashion_nn import inference
    from fashion_nn.inference.scaling import Decision, LabelledRows

# Number of classes of a model that answers a question with yes or no.
_OF_TWO = 2


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model predicts for a table.

    labels: the class of each row, int64 (n,), in the table's order.
    ids: of the rows, int64 (n,) or text (n,); None if the table has no ids.
    classes: number of classes of the model.
    feeding: how images were given to the model.
    engine: what ran the model, "keras" or "onnx".
    ties: number of rows for which several classes share the model's largest output; they get the
        first of these classes.
    flat: number of rows for which all of the model's outputs are nearly equal.
    in_training: layers that the file calls with training=True, such as "drop (Dropout)". Predicting
        switches that off.
    decision: how the scale of the pixels was found; None if it was asked for.
    look_like: the known data set that the images look like, where it has another number of classes.
    originals: the label of each class in the data that the model was made for; these are written.
    """

    labels: np.ndarray
    ids: np.ndarray | None
    classes: int
    feeding: "inference.Feeding"
    engine: str
    ties: int = 0
    flat: int = 0
    in_training: tuple[str, ...] = ()
    decision: "Decision | None" = None
    look_like: str | None = None
    originals: LabelMap = field(default_factory=LabelMap)


def predict(
    model: str | os.PathLike[str],
    test: str | os.PathLike[str],
    *,
    scale: "str | inference.Scale" = "auto",
    engine: "inference.Engine" = "auto",
    classes: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Predictions:
    """Predict the class of each row of the CSV `test`; a label column is not looked at.

    Args:
        model: a saved model, .keras or .h5.
        scale, engine: as for `inference.open_fast`.
        classes: as for `predict_blocks`.
        progress: called as progress(done_bytes, total_bytes) while the table is read.

    Raises:
        InputError: the table or the model file is not usable, or they do not fit each other.
    """
    from fashion_nn import inference

    # If Keras runs the model, its process imports TensorFlow while the first rows are read.
    with inference.open_fast(model, scale=scale, engine=engine) as predictor:
        return predict_blocks(predictor, ImageTable(test).blocks(progress), classes=classes)


def predict_blocks(
    predictor: "inference.Predictor",
    blocks: Iterable[Table],
    *,
    classes: int | None = None,
    rows: "LabelledRows | None" = None,
    originals: LabelMap | None = None,
) -> Predictions:
    """Predict the class of each row of successive blocks of a table.

    Args:
        classes: number of classes of the images, which the model must tell apart. None: that of the
            known data set that the first images look like, or two, because two classes are often
            made of such images; any number if they look like none.
        rows: labelled rows by which the scale of the pixels is found; see `inference.scaling`.
        originals: the label of each class in the data that the model was made for.

    Raises:
        InputError: the table or the model is not usable, or they do not fit each other.
    """
    labels: list[np.ndarray] = []
    ids = []
    ties = 0
    flat = 0
    look_like = None
    for block in blocks:
        if not labels:
            look_like = _require_classes(predictor, block.images, classes)
            predictor.decide(block.images, rows)
        answer = predictor.answer(block.images)
        labels.append(answer.labels)
        ties += answer.ties
        flat += answer.flat
        if block.ids is not None:
            ids.append(block.ids)
    return Predictions(
        np.concatenate(labels).astype(np.int64),
        np.concatenate(ids) if ids else None,
        predictor.classes,
        predictor.feeding,
        predictor.engine,
        ties,
        flat,
        tuple(_names_in_training(predictor)),
        predictor.decision,
        look_like,
        originals or LabelMap(),
    )


def warnings(predictions: Predictions) -> list[str]:
    """What whoever hands in `predictions` should know: a sentence each, none if all looks well."""
    n = len(predictions.labels)
    found = measures.oddities(predictions.labels, predictions.classes)
    scale = predictions.decision.warning() if predictions.decision else None
    if found:
        found[0] += ": is the model trained, and does it get pixels on the scale of its training?"
    if scale:
        found.insert(0, scale)
    if predictions.look_like:
        known = datasets.DATASETS[predictions.look_like]
        found.append(
            f"the model tells two classes apart, but the images look like {known.title}, which has"
            f" {known.classes}: the labels are 0 and 1"
        )
    if predictions.ties:
        found.append(
            f"for {predictions.ties:,} of {n:,} rows several classes share the largest output: the"
            " first of them is written"
        )
    if predictions.flat > n / 2:
        found.append(
            f"for {predictions.flat:,} of {n:,} rows the outputs of all classes are nearly equal:"
            " their labels mean little"
        )
    if predictions.in_training:
        found.append(
            f"the model calls {', '.join(predictions.in_training)} with training=True: predicting"
            " switches that off, as predict() of Keras 3 does, while Keras 2 leaves it on"
        )
    return found


def _names_in_training(predictor: "inference.Predictor") -> Iterator[str]:
    from fashion_nn.inference.shared.refusal import ascii_line

    for layer in predictor.network.in_training():
        yield f"{ascii_line(layer.stored, 60)} ({layer.class_name})"


def _require_classes(
    predictor: "inference.Predictor", images: datasets.Images, classes: int | None
) -> str | None:
    """Refuse a model that tells another number of classes apart than there are.

    Returns:
        The known data set that the images look like, if the model tells two classes apart instead.
    """
    if classes is not None:
        predictor.require(shape_of(images), classes)
        return None
    name = datasets.recognise(images).name
    if name is None:
        return None
    known = datasets.DATASETS[name]
    predictor.require(shape_of(images))
    if predictor.classes == known.classes:
        return None
    if predictor.classes != _OF_TWO:
        raise InputError(
            f"{predictor.path}: tells {predictor.classes} classes apart, but the images look like"
            f" {known.title}, which has {known.classes}: choose a model of these classes, or name"
            " the data of the images with --dataset"
        )
    return name

"""A bare model file as a run, measured on a data set: a file of a stranger, or of another program.

The file is opened as every model file is, and the scale of its pixels is found by validation rows.
The run has the same network between layers that scale and arrange the pixels and make
probabilities of its outputs, so it takes raw pixels like any other run:

    pixels ──▶ scale ──▶ arrange ──▶ the network of the file ──▶ softmax (of logits)
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn import inference, measures
from fashion_nn.core.images import ImageShape, is_colour
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.inference.scaling import LabelledRows
from fashion_nn.runs import Metrics, RecipeRecord, Run, StoredScores
from fashion_nn.saving import keras_file

if TYPE_CHECKING:
    import keras

SUFFIXES = (".keras", ".h5", ".hdf5")
"""The names of model files end with one of these."""
TOLERANCE = 1e-3
"""Largest difference between the probabilities of the file and those of its run."""


def is_file(path: Path) -> bool:
    """Whether `path` is that of a model file, not of a run folder."""
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def wrapped(
    file: Path,
    splits: Splits,
    folder: Path,
    *,
    scale: str = "auto",
    rows: LabelledRows | None = None,
) -> tuple[Run, inference.Feeding]:
    """Write the model in `file` as a complete run into the new folder `folder`.

    Args:
        file: .keras or .h5.
        splits: the data that it is for.
        folder: the name of the run is that of the folder.
        scale: of the pixels; see `inference.open_model`.
        rows: labelled rows by which the scale is found; None: the validation rows.

    Returns:
        The run, and how pixels are given to the model of the file.

    Raises:
        InputError: the file is no usable image classifier, or not for such data.
    """
    valid = splits.valid
    if not len(valid):
        raise InputError(f"{splits.name}: has no validation rows, which a model file needs")
    with inference.open_model(file, scale=scale) as predictor:
        predictor.require(splits.image_shape, splits.classes)
        given = rows or LabelledRows(valid.images, valid.labels, "validation rows")
        predictor.decide(valid.images, given)
        expected = predictor(valid.images)
        outputs = predictor.outputs(valid.images)
        is_probability = bool(np.allclose(expected, outputs, atol=TOLERANCE))
        network = inference.rebuild(predictor)
        model = _model(network, predictor.feeding, splits.image_shape, softmax=not is_probability)
        run = Run(folder)
        run.write_complete(
            splits,
            keras_file(model),
            recipe=_recipe(file, predictor),
            parameters=model.count_params(),
            seconds=[],
            metrics=Metrics(valid=StoredScores.of(measures.score(valid.labels, expected))),
        )
        _require_same_answers(file, run, splits, expected)
        return run, predictor.feeding


def _recipe(file: Path, predictor: inference.Predictor) -> RecipeRecord:
    scale = predictor.feeding.scale
    options = {
        "sha256": predictor.sha256,
        "scale": scale.name,
        "factor": scale.factor,
        "offset": scale.offset,
    }
    return RecipeRecord(name="file", model=file.name, kind="file", options=options)


def _model(
    network: "keras.Model", feeding: inference.Feeding, shape: ImageShape, *, softmax: bool
) -> "keras.Model":
    """`network` as a model of raw pixels, uint8 (n, h, w) or (n, h, w, 3)."""
    import keras
    from keras import layers

    network.name = "network"
    scale = feeding.scale
    pixels = keras.Input(shape, dtype="uint8", name="pixels")
    values = pixels
    if "int" not in feeding.dtype:
        values = layers.Rescaling(scale.factor, scale.offset, name="scale")(pixels)
    answers = network(_arranged(values, feeding, shape))
    if softmax:
        answers = layers.Softmax(name="probabilities")(answers)
    return keras.Model(pixels, answers, name="file")


def _arranged(
    values: "keras.KerasTensor", feeding: inference.Feeding, shape: ImageShape
) -> "keras.KerasTensor":
    """The pixels of an image in the arrangement that the network takes; see `Layout.arranged`."""
    from keras import layers

    layout = feeding.layout
    if layout.takes_colour and not is_colour(shape):
        column = layers.Reshape((*shape, 1), name="channel")(values)
        values = layers.Concatenate(name="colours")([column, column, column])
    if layout.arrangement == "colour-first":
        return layers.Permute((3, 1, 2), name="channels_first")(values)
    example = layout.arranged(np.zeros((1, *shape), np.uint8))
    if tuple(example.shape[1:]) == tuple(values.shape[1:]):
        return values
    return layers.Reshape(example.shape[1:], name="arrange")(values)


def _require_same_answers(file: Path, run: Run, splits: Splits, expected: np.ndarray) -> None:
    with inference.open_model(run.model) as predictor:
        difference = float(np.abs(predictor(splits.valid.images) - expected).max())
    if difference > TOLERANCE:
        raise InputError(
            f"{file}: as a model of raw pixels it would answer otherwise (by {difference:.1e}):"
            " predict with it by submit instead"
        )

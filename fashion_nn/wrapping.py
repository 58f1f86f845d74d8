"""A bare model file as a run, measured on a data set: a file of a stranger, or of another program.

The file is opened as every model file is, and the scale of its pixels is found by validation rows.
The run has a copy of the file, and its record says on which scale the model is fed.
"""

import hashlib
from pathlib import Path

from fashion_nn import inference, measures
from fashion_nn.core import reading
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.inference.scaling import LabelledRows
from fashion_nn.runs import FileOptions, Metrics, RecipeRecord, Run, StoredScores

SUFFIXES = (".keras", ".h5", ".hdf5")
"""The names of model files end with one of these."""


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
        The run, and how pixels are given to its model.

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
        scores = measures.score(valid.labels, predictor(valid.images))
        run = Run(folder, suffix=file.suffix.lower())
        run.write_complete(
            splits,
            _content(file, predictor.sha256),
            recipe=_recipe(file, predictor),
            parameters=predictor.parameters,
            seconds=[],
            metrics=Metrics(valid=StoredScores.of(scores)),
        )
        return run, predictor.feeding


def _content(file: Path, sha256: str) -> bytes:
    """The bytes of the file that was opened."""
    content = reading.read_bytes(file, expected="expected a model", most=inference.MAX_BYTES)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InputError(f"{file}: was changed while it was read: try again")
    return content


def _recipe(file: Path, predictor: inference.Predictor) -> RecipeRecord:
    scale = predictor.feeding.scale
    options = FileOptions(
        sha256=predictor.sha256,
        scale=scale.name,
        factor=scale.factor,
        offset=scale.offset,
    )
    return RecipeRecord(name="file", model=file.name, kind="file", options=options)

"""Open a model, of one's own or of others, and predict images."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import runs
from fashion_nn.errors import InputError
from fashion_nn.runs import Run
from fashion_nn.zoo import OwnBuilder, own

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras
    import numpy as np

    from fashion_nn.core.images import Images
    from fashion_nn.datasets import Splits
    from fashion_nn.inference import ConfinedPredictor

Model = Run | str | os.PathLike[str]
"""A run, the path of a run folder, or the path of a model file."""


def open_model(model: Model, *, scale: str = "auto") -> "ConfinedPredictor":
    """Open a model for prediction, in a confined process of its own.

    Args:
        model: a run, its folder, or a .keras or .h5 file, which may come from a stranger.
        scale: what the model takes for pixels of 0 to 255; see `fashion_nn.inference.SCALES`.
            "auto" finds out from the model and the first images.

    Returns:
        A function from images, uint8 (n, h, w) or (n, h, w, 3), to probabilities, float32
        (n, classes). Close it, or use it in a `with` block.

    Raises:
        InputError: the file is no usable image classifier; the line says why.

    Example:
        with fnn.open_model("model.h5") as predict:
            probabilities = predict(images)
    """
    from fashion_nn import inference

    return inference.open_model(model_file(model), scale=scale)


def predict(run: Model, images: "Images", *, scale: str = "auto") -> "np.ndarray":
    """The probabilities of the classes, float32 (n, classes), for each of `images`.

    Args:
        run: a run, its folder, or a .keras or .h5 file.
        images: raw pixels, uint8 (n, h, w) or (n, h, w, 3).
        scale: as for `open_model`.

    Raises:
        InputError: the images are no such array, or of another size than those of the model; or
            the file is no usable image classifier.

    Example:
        labels = fnn.predict(run, digits.test.images).argmax(axis=1)
    """

    import numpy as np

    from fashion_nn.core.images import shape_of

    images = np.asarray(images)
    shape_of(images)
    with open_model(run, scale=scale) as predictor:
        return predictor(images)


def model_file(model: Model) -> Path:
    """The model file of a run, of a run folder, or the file that is given.

    Raises:
        InputError: there is no such folder or file, or the run has layers of the user's own code.
    """
    path = model.model if isinstance(model, Run) else Path(model)
    if path.is_dir():
        path = runs.open_run(path).model
    runs.require_keras_only(path)
    if not path.exists():
        expected = "expected a run, its folder, or a .keras or .h5 file"
        raise InputError(f"{path}: no such file or folder: {expected}")
    return path


def run_of(run: Run | str | os.PathLike[str]) -> Run:
    """The run, or the run in a folder.

    Raises:
        InputError: there is none.
    """
    return run if isinstance(run, Run) else runs.open_run(Path(run))


def with_scale(builder: OwnBuilder, scale: str | None, splits: "Splits") -> OwnBuilder:
    """`builder` with the scale of its numbers; a standardised one has mean and deviation of the
    training rows.

    Raises:
        InputError: there is no such scale.
    """
    if scale in (None, "0-255"):
        return builder
    from fashion_nn.inference.shared.scale import SCALES, Figures, named

    known = [name for name in SCALES if name != "auto"]
    if scale not in known:
        raise InputError(f"--scale {scale!a}: expected one of {', '.join(known)}")
    found = named(scale, Figures.of(splits.train.images))
    assert found is not None
    return replace(builder, scale=own.InputScale(found.name, found.factor, found.offset))


def builder_of(function: "OwnBuilder | Callable[..., keras.Model] | None") -> "OwnBuilder | None":
    """The builder of a function of the user's own; None without one.

    Raises:
        InputError: the function does not take `image_shape` and `classes`.
    """
    if function is None or isinstance(function, OwnBuilder):
        return function
    return own.of_function(function)

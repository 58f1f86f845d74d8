"""A run's model in another file format, with the proof that it predicts the same."""

import logging
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fashion_nn import inference
from fashion_nn.errors import InputError
from fashion_nn.files import replacing
from fashion_nn.runs import Run, sha256

Format = Literal["h5", "keras"]
FORMATS: tuple[Format, ...] = ("h5", "keras")
TOLERANCE = 1e-5
"""Largest difference between two probabilities that still counts as the same answer."""


def require_target(run: Run, target: Path, format: Format) -> None:
    """Refuse a target that is the run's own model, or whose suffix is not the format's.

    Raises:
        InputError: it is.
    """
    run.read_metrics()
    if target.suffix != f".{format}":
        raise InputError(f"{target}: expected a name that ends in .{format}")
    if (target.exists() and target.samefile(run.model)) or target == run.model:
        raise InputError(f"{target}: is the run's own model: name another file with --out")


def export(run: Run, format: Format, images: np.ndarray, target: Path) -> dict[str, Any]:
    """Write the run's model to `target` as `format` and compare both files on `images`, uint8 (n, h, w).

    Returns what is also recorded in metrics.json under exports: file name, sha256, number of images,
    largest absolute difference of a probability, and how many labels agree.

    Raises:
        InputError: the training is not complete, or the copy does not predict the same; it is then
            not kept.
    """
    require_target(run, target, format)
    metrics = run.read_metrics()
    # Keras advises against .h5 on every save; whoever asks for .h5 knows.
    logging.getLogger("absl").setLevel(logging.ERROR)
    with replacing(target) as temporary:
        with inference.open_model(run.model) as original:
            expected = original(images)
            inference.rebuild(original).save(temporary)
        with inference.open_model(temporary) as copy:
            parity = _parity(expected, copy(images))
        if parity["max_abs_difference"] > TOLERANCE:
            raise InputError(f"{target}: not written, it would predict otherwise: {parity['max_abs_difference']:.1e}")
    record = {"file": target.name, "sha256": sha256(target), **parity}
    del metrics["model_sha256"]
    run.write_metrics(metrics | {"exports": metrics.get("exports", {}) | {format: record}})
    return record


def _parity(original: np.ndarray, copy: np.ndarray) -> dict[str, Any]:
    return {
        "images": len(original),
        "max_abs_difference": float(np.abs(original - copy).max()),
        "labels_equal": int((original.argmax(axis=1) == copy.argmax(axis=1)).sum()),
    }

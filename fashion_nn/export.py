"""A run's model in another file format, with the proof that it predicts the same."""

import hashlib
import importlib.util
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from fashion_nn import inference
from fashion_nn.core import reading, writing
from fashion_nn.errors import InputError
from fashion_nn.measures import agreement
from fashion_nn.runs import ExportRecord, Run

if TYPE_CHECKING:
    import keras

Format = Literal["h5", "keras", "onnx"]
FORMATS: tuple[Format, ...] = ("h5", "keras", "onnx")
ONNX_PACKAGES = ("onnx", "onnxruntime", "tf2onnx")
TOLERANCE = 1e-5
"""Largest difference between two probabilities that still counts as the same answer."""
_MOST_BYTES = 2 << 30


def require_target(run: Run, target: Path, format: Format) -> None:
    """Refuse a target that is the run's own model or of another suffix, and a format whose packages
    are missing.

    Raises:
        InputError: it is.
    """
    run.read_metrics()
    writing.require_output(target)
    if target.suffix != f".{format}":
        raise InputError(f"{target}: expected a name that ends in .{format}")
    if (target.exists() and target.samefile(run.model)) or target == run.model:
        raise InputError(f"{target}: is the run's own model: name another file with --out")
    missing = (
        [name for name in ONNX_PACKAGES if not importlib.util.find_spec(name)]
        if format == "onnx"
        else []
    )
    if missing:
        raise InputError(
            f"--format onnx needs {', '.join(missing)}: pip install 'fashion-nn[onnx]'"
        )


def export(
    run: Run, format: Format, images: np.ndarray, target: Path, *, ship: bool = False
) -> ExportRecord:
    """Write the run's model to `target` as `format` and compare both files on `images`, uint8 (n,
    h, w).

    Returns what is also recorded in metrics.json under exports: file name, sha256, number of
    images, largest absolute difference of a probability, and how many labels agree. An .onnx is
    recorded as made here too, so that `inference` may run it; with `ship`, as part of the package.

    Raises:
        InputError: the training is not complete, or the copy does not predict the same; it is then
            not kept.
    """
    require_target(run, target, format)
    metrics = run.read_metrics()
    with writing.scratch_folder() as folder:
        temporary = folder / f"model.{format}"
        with inference.open_model(run.model) as original:
            expected = original(images)
            model = inference.rebuild(original)
        if format == "onnx":
            _write_onnx(model, temporary)
            copy = inference.open_onnx(run.model, temporary)
        else:
            # Keras advises against .h5 on every save; whoever asks for .h5 knows.
            logging.getLogger("absl").setLevel(logging.ERROR)
            model.save(temporary)
            copy = inference.open_model(temporary)
        with copy:
            found = agreement(copy(images), expected)
        if found.max_abs_difference > TOLERANCE:
            raise InputError(
                f"{target}: not written, it would predict otherwise: {found.max_abs_difference:.1e}"
            )
        content = reading.read_bytes(temporary, expected="expected a model", most=_MOST_BYTES)
        writing.write_atomic(target, content)
        checksum = hashlib.sha256(content).hexdigest()
        record = ExportRecord(
            file=target.name,
            sha256=checksum,
            images=found.images,
            max_abs_difference=found.max_abs_difference,
            labels_equal=found.labels_equal,
        )
    if format == "onnx":
        inference.trust_onnx(original.sha256, checksum, ship=ship)
    exports = {**metrics.exports, format: record}
    run.write_metrics(metrics.model_copy(update={"exports": exports}))
    return record


def _write_onnx(model: "keras.Model", path: Path) -> None:
    """Write `model` as an ONNX graph that takes what the model takes and refers to no other
    file.
    """
    import keras
    import onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    (given,) = model.inputs
    # Keras exports only what has been called; unknown sizes are those of the smallest image that
    # may fit.
    model(keras.ops.zeros([size or 28 for size in (1, *given.shape[1:])], given.dtype))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # Keras asks NumPy for names that it may give again
        model.export(path, format="onnx", verbose=False)
    content = reading.read_bytes(path, expected="expected a model", most=_MOST_BYTES)
    stored = onnx.load_model_from_string(content)
    if any(
        tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in stored.graph.initializer
    ):
        raise InputError(f"{path}: not written: too large for one file")
    onnx.checker.check_model(stored)

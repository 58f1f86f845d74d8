"""A model in another file format, with the proof that it predicts the same.

`export` is for the model of a run, `export_file` for any model file, also of a stranger. Keras and
ONNX files are written by a confined process from checked layers and plain numbers (see
`fashion_nn.inference.conversion`).
"""

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from fashion_nn import datasets, inference
from fashion_nn.core import scratch, writing
from fashion_nn.core.images import COLOURS, ImageShape, is_colour
from fashion_nn.errors import InputError
from fashion_nn.measures import Agreement, agreement
from fashion_nn.runs import ExportRecord, Run

Format = Literal["h5", "keras", "onnx"]
FORMATS: tuple[Format, ...] = ("h5", "keras", "onnx")
ONNX_PACKAGES = ("onnx", "onnxruntime", "tf2onnx")
TOLERANCE = 1e-5
"""Largest difference between two probabilities that still counts as the same answer."""
HALF_TOLERANCE = 1e-2
"""The same for a file that computes in half precision. What is written computes in single."""

_SUFFIXES = (".keras", ".h5", ".hdf5")
_RANDOM_IMAGES = 64
_DIGITS = 256
_SIDE = 28


@dataclass(frozen=True, slots=True)
class FileExport:
    """What came of the export of a file.

    Attributes:
        parity: how both files agree, by their outputs.
        takes: the arrays that the exported model takes, in words.
    """

    parity: Agreement
    takes: str


def is_file(path: Path) -> bool:
    """Whether `path` is meant as a model file and not as a run folder."""
    return path.suffix.lower() in _SUFFIXES or path.is_file()


def require_target(run: Run, target: Path, format: Format) -> None:
    """Refuse a target that is the run's own model or of another suffix, and a format whose packages
    are missing.

    Raises:
        InputError: it is.
    """
    run.read_metrics()
    writing.require_output(target)
    _require_name(target, format)
    if _is_same(target, run.model):
        raise InputError(f"{target}: is the run's own model: name another file with --out")


def file_target(path: Path, format: Format, out: Path | None) -> Path:
    """Where a model file is exported to: `out`, or the name of the file with another suffix.

    Raises:
        InputError: it would replace the file itself, or without `out` any file; or the suffix is
            another one, or packages are missing.
    """
    target = out or path.with_suffix(f".{format}")
    writing.require_output(target)
    _require_name(target, format)
    if _is_same(target, path):
        raise InputError(f"{target}: is the file that is exported: name another one with --out")
    if out is None and os.path.lexists(target):
        raise InputError(f"{target}: is there already: name a file with --out to replace it")
    return target


def _require_name(target: Path, format: Format) -> None:
    if target.suffix != f".{format}":
        raise InputError(f"{target}: expected a name that ends in .{format}")
    missing = [name for name in ONNX_PACKAGES if not importlib.util.find_spec(name)]
    if format == "onnx" and missing:
        raise InputError(
            f"--format onnx needs {', '.join(missing)}: pip install 'fashion-nn[onnx]'"
        )


def _is_same(target: Path, model: Path) -> bool:
    there = target.exists() and model.exists()
    return target == model or (there and target.samefile(model))


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
    with inference.open_model(run.model) as original:
        expected = original(images)
        content = inference.written_anew(original, format)
        with _opened(content, format, original) as copy:
            found = agreement(copy(images), expected)
    _require_parity(target, found, TOLERANCE)
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


def export_file(path: Path, format: Format, target: Path) -> FileExport:
    """Write the model file at `path`, which may come from a stranger, to `target` as `format`.

    What is written has the layers and weights of the file in single precision, and no optimizer.
    Both files must answer alike to handwritten digits and to random pixels. An .onnx file is not
    recorded as made here, so it is never run in place of the file.

    Raises:
        InputError: the file is no usable image classifier, or the copy does not answer the same; it
            is then not kept.
    """
    with inference.open_model(path) as original:
        half = inference.computes_in_half_precision(original.network)
        layout = original.feeding.layout
        height, width = layout.image_shape or (_SIDE, _SIDE)
        in_colour = layout.takes_colour
        images = _test_images((height, width, COLOURS) if in_colour else (height, width))
        # The same scale for both: what the images are of does not matter for the comparison.
        with original.fed(original.feeding.scale):
            expected = original.outputs(images)
        content = inference.written_anew(original, format)
        with _opened(content, format, original) as copy:
            answers = copy.outputs(images)
    # Outputs that are no probabilities may be large: the tolerance is relative to them.
    size = max(1.0, float(np.abs(expected).max()))
    found = agreement(answers / size, expected / size)
    _require_parity(target, found, HALF_TOLERANCE if half else TOLERANCE)
    writing.write_atomic(target, content)
    return FileExport(found, _takes(original))


def _takes(original: inference.ConfinedPredictor) -> str:
    """The arrays that a model takes when it is written anew, in words."""
    given = original.network.input
    assert given is not None, "checked when the file was opened"
    sizes = ", ".join("any" if size is None else str(size) for size in given.shape)
    dtype = given.dtype if "int" in given.dtype else "float32"
    scale, why = original.feeding.scale, original.feeding.why
    return f"{dtype} (n, {sizes}), {scale}, unless the images say otherwise ({why})"


@contextmanager
def _opened(
    content: bytes, format: Format, original: inference.ConfinedPredictor
) -> Iterator[inference.Predictor]:
    """Open the file with this content for the block, fed as `original` is."""
    if format == "onnx":
        with inference.open_onnx(original, content) as copy:
            yield copy
        return
    with scratch.folder() as folder:
        path = folder / f"model.{format}"
        writing.write_atomic(path, content)
        with inference.open_model(path, scale=original.feeding.scale) as copy:
            yield copy


def _require_parity(target: Path, found: Agreement, tolerance: float) -> None:
    if not found.max_abs_difference <= tolerance:
        raise InputError(
            f"{target}: not written, it would predict otherwise: {found.max_abs_difference:.1e}"
        )


def _test_images(shape: ImageShape) -> datasets.Images:
    """Handwritten digits and random pixels as images of this shape; in colour, grey digits."""
    digits = datasets.load("digits").train.images[:_DIGITS]
    rows, columns = (np.arange(size) * _SIDE // size for size in shape[:2])
    scaled = digits[:, rows][:, :, columns]
    if is_colour(shape):
        scaled = np.repeat(scaled[..., None], COLOURS, axis=-1)
    random = np.random.default_rng(0).integers(0, 256, (_RANDOM_IMAGES, *shape), np.uint8)
    return np.concatenate([scaled, random])

"""The one door: from the path of a model file to a `Predictor`. Runs in the parent process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from fashion_nn.errors import InputError
from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.engines import onnx_runtime
from fashion_nn.inference.engines.confined_keras import ConfinedPredictor
from fashion_nn.inference.engines.confined_process import Limits
from fashion_nn.inference.engines.predictor import Predictor
from fashion_nn.inference.file import model_file, strict_json
from fashion_nn.inference.file.model_file import ModelFile
from fashion_nn.inference.shared.feeding import feeding
from fashion_nn.inference.shared.refusal import explained, shown
from fashion_nn.inference.shared.scale import Scale

if TYPE_CHECKING:
    from fashion_nn.runs import Run

Engine = Literal["auto", "keras", "onnx"]
ENGINES: tuple[Engine, ...] = ("auto", "keras", "onnx")


def check(path: str | os.PathLike[str]) -> None:
    """Refuse a file that is no usable model, as far as that shows without opening its HDF5.

    It takes a tenth of a second. Of a .keras file everything but the weights is checked, of an .h5
    file its size and its first bytes.

    Raises:
        InputError: see `open_model`.
    """
    file = model_file.read(path)
    if file.config is not None:
        with explained(path):
            feeding(model_config.read(strict_json.parse(file.config, "config")), None)


def open_model(
    path: str | os.PathLike[str],
    *,
    scale: str | Scale = "auto",
    wait: bool = True,
    limits: Limits | None = None,
) -> ConfinedPredictor:
    """Open the model in `path` for prediction by Keras, in a confined process of its own.

        with inference.open_model("model.keras") as predict:
            probabilities = predict(images)

    Args:
        path: of a .keras or .h5 file. It may come from a stranger.
        scale: one of `SCALES`, or a `Scale` of one's own. "0-1" divides pixels by 255, "0-255"
            does not. "auto" decides by the first images that are predicted; see
            `fashion_nn.inference.scaling`.
        wait: false returns while TensorFlow is still being imported and the model built. What then
            turns out to be wrong is raised by the first use.
        limits: what the process may use; None for the usual limits.

    Raises:
        InputError: the file is no usable image classifier; the line says why.
    """
    predictor = ConfinedPredictor(model_file.read(path), scale, limits or Limits())
    if wait:
        predictor.classes  # noqa: B018
    return predictor


def open_run(run: "Run", *, scale: str | Scale = "auto", wait: bool = True) -> ConfinedPredictor:
    """Open the model of a run.

    Args:
        run: a complete run. Where it stands for a model file, its record has the scale of the
            pixels, which is then taken for "auto".
        scale: as for `open_model`.
        wait: as for `open_model`.

    Raises:
        InputError: the file is no usable image classifier; the line says why.
    """
    from fashion_nn.runs import FileOptions

    options = run.read_record().recipe.options
    if scale == "auto" and isinstance(options, FileOptions) and options.factor:
        scale = Scale(options.scale, options.factor, options.offset)
    return open_model(run.model, scale=scale, wait=wait)


def open_fast(
    path: str | os.PathLike[str], *, engine: Engine = "auto", scale: str | Scale = "auto"
) -> Predictor:
    """Open the model in `path` with the engine that answers first.

    Args:
        path: of a .keras or .h5 file. It may come from a stranger.
        engine: "auto" takes ONNX Runtime if it is installed and a trusted .onnx file lies beside
            the .keras file; otherwise Keras, which is still starting on return. "onnx" and "keras"
            take this engine or none.
        scale: as for `open_model`.

    Raises:
        InputError: the file is no usable image classifier, or this engine cannot run it.
    """
    file = model_file.read(path)
    if engine != "keras":
        try:
            return _open_onnx(file, scale)
        except InputError:
            if engine == "onnx":
                raise
    return ConfinedPredictor(file, scale, Limits())


@contextmanager
def run_by_keras(predictor: Predictor) -> Iterator[Predictor]:
    """Yield `predictor` itself if Keras runs it, else the same model run by Keras.

    It is made from the bytes that `predictor` was made from: the file is not read again.

    Raises:
        InputError: the model cannot be opened.
    """
    if not isinstance(predictor, onnx_runtime.OnnxPredictor):
        yield predictor
        return
    with ConfinedPredictor(predictor.file, predictor.feeding.scale, Limits()) as opened:
        opened.decision = predictor.decision
        yield opened


def _open_onnx(file: ModelFile, scale: str | Scale) -> Predictor:
    if not onnx_runtime.installed():
        raise InputError(
            "engine onnx needs ONNX Runtime: pip install 'fashion-nn[onnx]', or choose engine auto"
        )
    content = onnx_runtime.trusted(file)
    if content is None:
        raise InputError(
            f"{shown(file.path)}: no .onnx beside it that was made from it here: "
            "`fashion-nn export RUN --format onnx` makes one, or choose engine auto"
        )
    return onnx_runtime.OnnxPredictor(file, content, scale)


def open_onnx(original: Predictor, onnx: bytes) -> Predictor:
    """Open an .onnx file in place of the file that `original` has opened, fed the same way.

    Args:
        original: the opened file.
        onnx: the content of the .onnx file. The caller must have made it: it is run in this
            process, without any check.

    Raises:
        InputError: ONNX Runtime cannot run it.
    """
    file = model_file.read(original.path)
    scale = original.feeding.scale
    return onnx_runtime.OnnxPredictor(file, onnx, scale, original.network)

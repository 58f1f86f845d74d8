"""fashion-nn export: the model of a run, or a model file, in another format."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console, runs
from fashion_nn.cli.common import load_data_of, load_from
from fashion_nn.cli.options import DataDir, DatasetOfRun, examples, one_of, output_file
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.export import Format
    from fashion_nn.measures import Agreement
    from fashion_nn.runs import ExportRecord

EXAMPLES = examples(
    "fashion-nn export models/mlp --format onnx",
    "fashion-nn export old-model.h5 --format keras --out model.keras",
)

Model = Annotated[
    Path,
    typer.Argument(
        metavar="RUN|FILE", help="Run folder, or a .keras or .h5 file, also of a stranger."
    ),
]
FormatName = Annotated[
    str, typer.Option("--format", help="Format of the file that is written: h5, keras or onnx.")
]
Out = Annotated[
    Path | None,
    output_file(
        "--out",
        "File to write [default: model.FORMAT in the run folder, or FILE with another suffix, if"
        " there is none yet].",
    ),
]
# For the models that the project publishes.
Ship = Annotated[bool, typer.Option("--ship", hidden=True)]
_IMAGES = 1000


def export(
    model: Model,
    format: FormatName,
    out: Out = None,
    dataset: DatasetOfRun = None,
    data_dir: DataDir = None,
    ship: Ship = False,
) -> None:
    """Write a model in another format, and compare both.

    A run folder records how far the predictions differ on validation images. A model file is
    written anew in the notation of today's Keras, in single precision and without optimizer, and
    compared on handwritten digits and random pixels.
    """
    from fashion_nn import export as exporting

    chosen = one_of(format, exporting.FORMATS, "--format")
    if exporting.is_file(model):
        if dataset or data_dir or ship:
            raise InputError("--dataset and --data-dir are for run folders: leave them out")
        _export_file(model, chosen, out)
    else:
        _export_run(model, chosen, out, dataset, data_dir, ship)


def _export_file(path: Path, format: "Format", out: Path | None) -> None:
    from fashion_nn import export as exporting
    from fashion_nn import inference

    target = exporting.file_target(path, format, out)
    inference.check(path)
    done = exporting.export_file(path, format, target)
    _note_parity(done.parity, "an output")
    console.note(f"takes {done.takes}")
    print(target)


def _export_run(
    folder: Path,
    format: "Format",
    out: Path | None,
    dataset: str | None,
    data_dir: Path | None,
    ship: bool,
) -> None:
    from fashion_nn import export as exporting

    run = runs.open_run(folder)
    runs.require_keras_only(run.model)
    target = out or run.export(format)
    exporting.require_target(run, target, format)
    splits = load_data_of(run, dataset, load_from(data_dir))
    images = splits.valid.images[:_IMAGES]
    _note_parity(exporting.export(run, format, images, target, ship=ship), "a probability")
    print(target)


def _note_parity(found: "Agreement | ExportRecord", of: str) -> None:
    console.note(
        f"{found.labels_equal} of {found.images} labels equal, "
        f"largest difference of {of} {found.max_abs_difference:.1e}"
    )

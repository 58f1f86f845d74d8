"""fashion-nn export: a run's model in another format."""

from pathlib import Path
from typing import Annotated

import typer

from fashion_nn import console, runs
from fashion_nn.cli.common import load_splits, source_of
from fashion_nn.cli.options import DataDir, DatasetOfRun, Folder, examples, one_of, output_file

EXAMPLES = examples(
    "fashion-nn export models/mlp --format onnx",
    "fashion-nn export models/mlp --format h5 --out mlp.h5",
)

Format = Annotated[str, typer.Option("--format", help="Format of the file: h5, keras or onnx.")]
Out = Annotated[
    Path | None,
    output_file("--out", "File to write [default: model.FORMAT in the run folder]."),
]
# For the models that the project publishes.
Ship = Annotated[bool, typer.Option("--ship", hidden=True)]
_IMAGES = 1000


def export(
    folder: Folder,
    format: Format,
    out: Out = None,
    dataset: DatasetOfRun = None,
    data_dir: DataDir = None,
    ship: Ship = False,
) -> None:
    """Write a run's model in another format.

    The run folder records how far the predictions of both files differ on validation images.
    """
    from fashion_nn import export as exporting

    chosen = one_of(format, exporting.FORMATS, "--format")
    run = runs.open_run(folder)
    target = out or run.export(chosen)
    exporting.require_target(run, target, chosen)
    splits = load_splits(source_of(run, dataset), data_dir=data_dir)
    console.load_tensorflow()
    images = splits.valid.images[:_IMAGES]
    parity = exporting.export(run, chosen, images, target, ship=ship)
    console.note(
        f"{parity.labels_equal} of {parity.images} labels equal, "
        f"largest difference of a probability {parity.max_abs_difference:.1e}"
    )
    print(target)

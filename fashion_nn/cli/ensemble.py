"""fashion-nn ensemble: several runs as one model."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from fashion_nn import console, runs
from fashion_nn.api.results import as_run
from fashion_nn.cli.common import accuracy, loader, model_loader
from fashion_nn.cli.options import MODELS, DataDir, DatasetOfRun, examples, output_folder, takes
from fashion_nn.cli.reading import Reading
from fashion_nn.errors import InputError
from fashion_nn.runs import EnsembleOptions, Run
from fashion_nn.wrapping import is_file

EXAMPLES = examples(
    "fashion-nn ensemble models/mlp models/cnn-v2",
    "fashion-nn ensemble models/mlp models/cnn-v2 --no-flip --out models/both",
)

Folders = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN...",
        help="Run folders of one data set and one split, and .keras or .h5 files, which need"
        " --dataset.",
    ),
]
Out = Annotated[
    Path | None,
    output_folder("--out", "Run folder to write [default: models/ensemble-DATASET]."),
]
Flip = Annotated[
    bool | None,
    typer.Option(
        "--flip/--no-flip",
        help="Average with the mirrored image [default: if that lowers the validation loss].",
    ),
]


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of the command."""

    folders: Folders
    out: Out = None
    flip: Flip = None
    dataset: DatasetOfRun = None
    data_dir: DataDir = None


@takes(Request)
def ensemble(request: Request) -> None:
    """Combine several runs and model files into one model.

    The model averages their probabilities with weights that are chosen on the validation rows.
    """
    files = [path for path in request.folders if is_file(path)]
    named = [path for path in request.folders if path not in files]
    opened = runs.open_complete(named, note=console.note) if named else []
    from fashion_nn import ensemble as ensembling

    if opened:
        ensembling.require_alike(opened)
    if request.out:
        runs.require_free(request.out, resumable=False)
    load = model_loader(
        loader(request.dataset, request.data_dir, None, request.options()), request.dataset
    )
    splits = load((*files, *named)[0])
    folder = request.out or MODELS / f"ensemble-{splits.name}"
    runs.require_free(folder, resumable=False)
    from fashion_nn import pages

    with ExitStack() as stack:
        given: list[Run | Path] = [*opened, *files]
        members = [stack.enter_context(as_run(model, splits)).run for model in given]
        progress = stack.enter_context(console.work_bar("predicting the validation rows"))
        run = ensembling.combine(members, splits, folder, flip=request.flip, progress=progress)
    pages.write_card(run)
    _print_ensemble(run)


def _print_ensemble(run: Run) -> None:
    """Print the members with their weights, and the accuracy on the rows that chose the weights."""
    options = run.read_record().recipe.options
    measured = run.read_metrics()
    losses = measured.weights_chosen_on
    if not isinstance(options, EnsembleOptions) or losses is None:
        expected = "expected a run that `fashion-nn ensemble` wrote"
        raise InputError(f"{run.folder}: no ensemble: {expected}")
    members = options.members
    rows = [(each.run, f"{each.weight:.4f}", f"{each.valid_accuracy:.4f}") for each in members]
    console.table(("member", "weight", "validation accuracy"), rows)
    used = "averaged" if options.mirror else "not used"
    plain = f"{losses.log_loss_plain:.4f} without"
    print(f"mirror images {used}: log loss {plain}, {losses.log_loss_mirrored:.4f} with")
    valid = measured.of_valid()
    print(f"{run.folder}: validation {accuracy(valid.accuracy, valid.interval, valid.n)}")
    print("these rows chose the weights: `fashion-nn evaluate` measures on others")

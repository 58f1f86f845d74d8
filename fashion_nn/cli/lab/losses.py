"""fashion-nn lab losses: losses and their slopes, and what training with them does."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console
from fashion_nn.cli.common import announce_download, numbers, render_json
from fashion_nn.cli.options import KNOWN, AsJson, DataDir, Picture, examples, takes
from fashion_nn.core.numbers import decimal
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.lab.losses import StudyOptions, StudyResult

EXAMPLES = examples(
    "fashion-nn lab losses --z 0,1",
    "fashion-nn lab losses saturation --dataset digits --images 100 --runs 2",
)

Study = Annotated[
    str,
    typer.Argument(help="values, bad-initialisation, flipped-labels, saturation or squared-error."),
]
Scores = Annotated[str, typer.Option("--z", help="With values: scores, separated by commas.")]
Target = Annotated[
    str,
    typer.Option("--target", help="With values: 0 or 1, one for all scores or one for each."),
]
Dataset = Annotated[str, typer.Option("--dataset", help=f"Data set: {KNOWN}.")]
Images = Annotated[
    int,
    typer.Option(
        "--images",
        min=1,
        max=1_000_000,
        help="Number of training images, and of validation images.",
    ),
]
Runs = Annotated[
    int | None,
    typer.Option(
        "--runs",
        min=1,
        max=1000,
        help="Number of seeds of each network [default: as in the report].",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        min=1,
        max=1_000_000,
        help="Number of epochs [default: 300; squared-error: 100].",
    ),
]
Figure = Annotated[
    str | None,
    typer.Option(
        "--figure",
        help="Draw a figure: report-000/2 to /5, report-000/2.3 or report-003/why-not-mse.",
    ),
]


@dataclass(frozen=True)
class Request:
    """The parameters of the command."""

    study: Study = "values"
    z: Scores = "-4,-2,-1,0,1,2,4"
    target: Target = "1"
    dataset: Dataset = "mnist"
    images: Images = 1000
    runs: Runs = None
    epochs: Epochs = None
    figure: Figure = None
    picture: Picture = None
    data_dir: DataDir = None
    as_json: AsJson = False


@takes(Request)
def losses(request: Request) -> None:
    """Compare losses and their slopes, or trainings with them.

    A study trains with several seeds.
    """
    from fashion_nn.lab.losses import StudyOptions

    options = StudyOptions(
        dataset=request.dataset,
        images=request.images,
        valid_images=request.images,
        runs=request.runs,
        epochs=request.epochs,
        data_dir=request.data_dir,
    )
    found = _studied(request.study, request.figure, options, request.picture)
    if found is None:
        _print_values(request.z, request.target, request.as_json)
    else:
        _print_study(found, request.as_json)


def _studied(
    study: str,
    figure: str | None,
    options: "StudyOptions",
    picture: Path | None,
) -> "StudyResult | None":
    """The result of a study, whose picture is drawn; None where only values are asked for."""
    from fashion_nn.lab import losses as lab

    def run(name: str) -> "StudyResult":
        announce_download(options.dataset, options.data_dir)
        with console.work_bar(name) as progress:
            return lab.run_study(name, options, progress=progress)

    if figure:
        if not picture:
            raise InputError(f"--figure {figure} needs --picture FILE to draw into")
        return lab.figure(figure, picture, run)
    if study == "values":
        if picture:
            lab.loss_functions(picture)
        return None
    found = run(study)
    if picture:
        lab.PICTURES[study](found, picture)
    return found


def _print_study(found: "StudyResult", as_json: bool) -> None:
    from fashion_nn.lab import losses as lab

    if as_json:
        print(render_json(found.to_json()))
    else:
        console.table(*lab.as_table(found))


def _print_values(z: str, target: str, as_json: bool) -> None:
    from fashion_nn.lab import losses as lab

    values = lab.values(numbers("--z", z, decimal), numbers("--target", target, decimal))
    if as_json:
        print(render_json([asdict(one) for one in values]))
    else:
        console.table(*lab.values_table(values))

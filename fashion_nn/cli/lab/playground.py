"""fashion-nn lab playground: a training of TensorFlow Playground, without the browser."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console
from fashion_nn.cli.common import print_json
from fashion_nn.cli.options import AsJson, Picture, examples, output_file, takes
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.lab.playground import Row

EXAMPLES = examples(
    "fashion-nn lab playground --row table-1/spiral --seeds 4",
    "fashion-nn lab playground --page playground.html",
)

Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="circle, xor, gauss, spiral, reg-plane or reg-gauss [default: circle].",
    ),
]
Features = Annotated[
    str | None,
    typer.Option(
        "--features",
        help="Some of x1,x2,x1^2,x2^2,x1x2,sin_x1,sin_x2, or all [default: x1,x2].",
    ),
]
Hidden = Annotated[
    str | None,
    typer.Option("--hidden", help="Number of units of each hidden layer, or none [default: 4,2]."),
]
Activation = Annotated[
    str | None,
    typer.Option("--activation", help="relu, tanh, sigmoid or linear [default: tanh]."),
]
LearningRate = Annotated[
    float | None,
    typer.Option("--learning-rate", min=0, max=1000, help="Learning rate [default: 0.03]."),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size", min=1, max=1200, help="Number of points in a batch [default: 10]."
    ),
]
Split = Annotated[
    float | None,
    typer.Option(
        "--split", min=0, max=1, help="Fraction of the points to train on [default: 0.5]."
    ),
]
Regularization = Annotated[
    str | None,
    typer.Option("--regularization", help="none, L1 or L2 [default: none]."),
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", min=0, max=1_000_000, help="Regularization rate [default: 0]."),
]
Noise = Annotated[
    float | None,
    typer.Option("--noise", min=0, max=100, help="Noise in per cent, as on the page [default: 0]."),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        min=1,
        max=1_000_000,
        help="Number of epochs [default: 100, or that of the row].",
    ),
]
Seed = Annotated[
    str | None,
    typer.Option(
        "--seed",
        help="Seed of the data and the initial weights, as in the page's address [default: 0].",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="Take the settings from this Playground address. Other options override them.",
    ),
]
RowName = Annotated[
    str | None,
    typer.Option(
        "--row",
        help="Take the settings from a table of report 003, such as table-1, or from a row of it, "
        "such as table-1/spiral.",
    ),
]
Seeds = Annotated[
    int,
    typer.Option(
        "--seeds",
        min=1,
        max=1000,
        help="Number of seeds, 0, 1 and so on: prints the mean and the standard deviation.",
    ),
]
Keras = Annotated[
    Path | None,
    output_file("--keras", "Write the same network as a Keras script."),
]
Page = Annotated[
    Path | None,
    output_file("--page", "Write the Playground as one HTML page that trains in the browser."),
]


@dataclass(frozen=True)
class Request:
    """The parameters of the command."""

    dataset: Dataset = None
    features: Features = None
    hidden: Hidden = None
    activation: Activation = None
    learning_rate: LearningRate = None
    batch_size: BatchSize = None
    split: Split = None
    regularization: Regularization = None
    rate: Rate = None
    noise: Noise = None
    epochs: Epochs = None
    seed: Seed = None
    url: Url = None
    row: RowName = None
    seeds: Seeds = 1
    picture: Picture = None
    keras: Keras = None
    page: Page = None
    as_json: AsJson = False


@takes(Request)
def playground(request: Request) -> None:
    """Train a network as TensorFlow Playground does.

    Prints the losses. With the same seed the training is that of the page, update by update.
    """
    if request.url and request.row:
        raise InputError("--url and --row both give settings: leave one out")
    seeds = request.seeds
    if seeds > 1 and request.seed is not None:
        raise InputError(f"--seeds {seeds}: expected --seed only without it")
    planned = _plan(request)
    if request.keras:
        _write_script(planned, request.keras)
    if request.page:
        _write_page(planned, seeds, request.page)
    _train(planned, seeds, request.picture, request.as_json)


def _plan(request: Request) -> dict[str, "Row"]:
    """What to train, by name."""
    from fashion_nn.lab import playground as lab

    base = lab.Settings()
    if request.url:
        address = lab.read_address(request.url)
        base = address.settings
        for note in address.notes:
            console.note(note)
    planned = lab.rows(request.row) if request.row else {"": lab.Row(base, 100, "")}
    given = _given(request)
    return {
        name: lab.Row(
            lab.changed(one.settings, **given),
            one.epochs if request.epochs is None else request.epochs,
            one.system,
        )
        for name, one in planned.items()
    }


def _given(request: Request) -> dict[str, object]:
    """The settings by their names in `Settings`; None for those that were not given."""
    from fashion_nn.lab import playground as lab

    features = request.features
    hidden = request.hidden
    return {
        "dataset": request.dataset,
        "features": None if features is None else lab.parse_features(features),
        "hidden": None if hidden is None else lab.parse_hidden(hidden),
        "activation": request.activation,
        "learning_rate": request.learning_rate,
        "batch_size": request.batch_size,
        "split": request.split,
        "regularization": request.regularization,
        "regularization_rate": request.rate,
        "noise_percent": request.noise,
        "seed": request.seed,
    }


def _write_script(planned: Mapping[str, "Row"], path: Path) -> None:
    from fashion_nn.core.writing import write_atomic
    from fashion_nn.lab import playground as lab

    if len(planned) > 1:
        first = next(iter(planned))
        raise InputError(f"--keras writes one network: name one row, such as {first}")
    (one,) = planned.values()
    write_atomic(path, lab.keras_script(one.settings, one.epochs))


def _write_page(planned: Mapping[str, "Row"], seeds: int, path: Path) -> None:
    from fashion_nn import ledger
    from fashion_nn.core.writing import write_atomic
    from fashion_nn.lab import playground as lab

    first = next(iter(planned.values()))
    entries = ledger.judge([claim for claim in ledger.load() if claim.system in lab.SYSTEMS])
    claims = [
        lab.RowClaim(
            entry.claim.system,
            entry.claim.id,
            entry.claim.claim,
            entry.finding.verdict.value,
            "; ".join(filter(None, (str(entry.finding.slip or ""), entry.finding.why))),
        )
        for entry in entries
    ]
    write_atomic(path, lab.page(first, seeds, claims))


def _train(planned: Mapping[str, "Row"], seeds: int, picture: Path | None, as_json: bool) -> None:
    from fashion_nn.lab import playground as lab

    of_seeds = range(seeds) if seeds > 1 else None
    with console.work_bar("training") as progress:
        runs = lab.train_rows(planned, seeds=of_seeds, progress=progress)
    if picture:
        lab.draw({name: each[0] for name, each in runs.items()}, picture)
    found = {name: lab.summarise(fits) if seeds > 1 else fits[0] for name, fits in runs.items()}
    if as_json:
        print_json({name: one.to_json() for name, one in found.items()})
    else:
        console.table(*lab.as_table(found))

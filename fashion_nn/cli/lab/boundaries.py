"""fashion-nn lab boundaries: the decision boundary of a small network in the plane."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console
from fashion_nn.cli.common import numbers, print_json
from fashion_nn.cli.options import AsJson, Picture, examples, takes
from fashion_nn.core.numbers import whole
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.lab.boundaries import Fit, Plan

EXAMPLES = examples(
    "fashion-nn lab boundaries --hidden 5,5 --picture boundary.png",
    "fashion-nn lab boundaries --figure report-002/1 --picture figure.png",
)

Dataset = Annotated[str, typer.Option("--dataset", help="Points: moons or iris.")]
Hidden = Annotated[
    str,
    typer.Option("--hidden", help="Number of units of each hidden layer, such as 3 or 5,5."),
]
Activation = Annotated[
    str,
    typer.Option("--activation", help="Activation function: tanh, sigmoid or relu."),
]
Passes = Annotated[
    int,
    typer.Option(
        "--passes", min=1, max=10_000_000, help="Number of gradient steps, each on all points."
    ),
]
LearningRate = Annotated[
    float,
    typer.Option("--learning-rate", min=0, max=1000, help="Learning rate of the summed gradient."),
]
Penalty = Annotated[
    float,
    typer.Option(
        "--l2", min=0, max=1_000_000, help="Weight of half the sum of the squared weights."
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of the initial weights.")
]
Columns = Annotated[
    str,
    typer.Option("--columns", help="Columns of iris, two of 0 to 3."),
]
Neurons = Annotated[bool, typer.Option("--neurons", help="Draw one panel for each neuron.")]
Figure = Annotated[
    str | None,
    typer.Option(
        "--figure",
        help="Draw a figure of a report: report-002/1 to /4, report-003/16 or /17.",
    ),
]
Keras = Annotated[
    bool,
    typer.Option("--keras", help="Train the same network in Keras too, and print the difference."),
]


@dataclass(frozen=True)
class Request:
    """The parameters of the command."""

    dataset: Dataset = "moons"
    hidden: Hidden = "3"
    activation: Activation = "tanh"
    passes: Passes = 20_000
    learning_rate: LearningRate = 0.01
    l2: Penalty = 0.01
    seed: Seed = 0
    columns: Columns = "0,1"
    neurons: Neurons = False
    figure: Figure = None
    keras: Keras = False
    picture: Picture = None
    as_json: AsJson = False


@takes(Request)
def boundaries(request: Request) -> None:
    """Train a small network on points in the plane.

    Draws and measures its decision boundary.
    """
    from fashion_nn.lab import boundaries as lab

    if request.figure:
        fits = _draw_figure(request.figure, request.picture)
    else:
        plan = lab.Plan(
            hidden=numbers("--hidden", request.hidden, whole),
            activation=request.activation,
            passes=request.passes,
            learning_rate=request.learning_rate,
            l2=request.l2,
            seed=request.seed,
        )
        fits = {"": _fit(request.dataset, request.columns, plan)}
        if request.picture:
            _draw(fits[""], request.picture, request.neurons)
    _print_fits(fits, request.keras, request.as_json)


def _draw_figure(figure: str, picture: Path | None) -> dict[str, "Fit"]:
    from fashion_nn.lab import boundaries as lab

    if not picture:
        raise InputError(f"--figure {figure} needs --picture FILE to draw into")
    with console.work_bar("training") as progress:
        return lab.figure(
            figure,
            picture,
            train=lambda points, plan: lab.fit(points, plan, progress=progress),
        )


def _fit(dataset: str, columns: str, plan: "Plan") -> "Fit":
    from fashion_nn.lab import boundaries as lab

    points = lab.load(dataset, columns=numbers("--columns", columns, whole))
    with console.work_bar("training") as progress:
        return lab.fit(points, plan, progress=progress)


def _draw(fit: "Fit", picture: Path, neurons: bool) -> None:
    from fashion_nn.lab import boundaries as lab

    title = lab.heading(fit)
    if neurons:
        lab.neurons(fit, picture, title=title)
    else:
        lab.side_by_side({"": fit}, picture, title=title)


def _print_fits(fits: dict[str, "Fit"], keras: bool, as_json: bool) -> None:
    from fashion_nn.lab import boundaries as lab

    if keras:
        console.load_tensorflow()
    found = {name: lab.describe(one, in_keras=keras) for name, one in fits.items()}
    if as_json:
        print_json({name: one.to_json() for name, one in found.items()})
    else:
        console.table(*lab.as_table(found))

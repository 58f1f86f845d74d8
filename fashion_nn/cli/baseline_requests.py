"""The parameters of the commands of `fashion-nn baseline`: what all take, and what each adds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from fashion_nn.cli.options import DataDir, Dataset, TestCsv, output_file, output_folder
from fashion_nn.cli.reading import Reading

MOST_COMPONENTS = 100_000
"""Largest number of components."""

Out = Annotated[
    Path | None,
    output_folder("--out", "Run folder [default: models/NAME-DATASET]."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", min=1, max=1024, help="Number of processes [default: one for each core]."
    ),
]
Folds = Annotated[
    int, typer.Option("--folds", min=2, max=1000, help="Number of cross-validation folds.")
]
AsListed = Annotated[
    bool,
    typer.Option(
        "--as-listed",
        help="Also repeat the procedure of report 003 (slow): components fitted on "
        "all rows, solver liblinear.",
    ),
]
Iterations = Annotated[
    int,
    typer.Option(
        "--max-iterations", min=1, max=1_000_000, help="Maximum number of iterations of the solver."
    ),
]
Json = Annotated[
    Path | None,
    output_file("--json", "JSON that the figures are added to, beside other baselines."),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of the random numbers.")
]
Components = Annotated[
    str | None,
    typer.Option("--components", help="Numbers of components [default: 2,5,10,25,50,100]."),
]
Keep = Annotated[
    int | None,
    typer.Option(
        "--keep",
        min=1,
        max=MOST_COMPONENTS,
        help="Number of components of the saved model [default: the most accurate].",
    ),
]
OpenTest = Annotated[bool, typer.Option("--open-test", help="Measure on the test rows too.")]
Landmarks = Annotated[
    int | None,
    typer.Option(
        "--landmarks",
        min=2,
        max=100_000,
        help="Number of training images that the kernel compares with.",
    ),
]


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of every baseline."""

    dataset: Dataset = "fashion_mnist"
    out: Out = None
    json: Json = None
    data_dir: DataDir = None
    test: TestCsv = None


@dataclass(frozen=True)
class CrossValidated(Request):
    """The parameters of logistic regression on all pixels."""

    folds: Folds = 5
    as_listed: AsListed = False
    max_iterations: Iterations = 1000
    jobs: Jobs = None


@dataclass(frozen=True)
class ByComponents(CrossValidated):
    """The parameters of logistic regression on principal components."""

    components: Components = None
    keep: Keep = None


@dataclass(frozen=True)
class Clustered(Request):
    """The parameters of k-means."""

    seed: Seed = 0


@dataclass(frozen=True)
class Neighbours(Request):
    """The parameters of the nearest neighbour."""

    open_test: OpenTest = False


@dataclass(frozen=True)
class Edges(Request):
    """The parameters of logistic regression on edges."""

    landmarks: Landmarks = None
    seed: Seed = 0

"""fashion-nn lr-range: find a learning rate by a range test."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console, recipes, zoo
from fashion_nn.api.models import with_scale
from fashion_nn.api.training import recipe_of_file
from fashion_nn.cli import own_code
from fashion_nn.cli.common import load_splits, render_json
from fashion_nn.cli.options import AsJson, DataDir, Dataset, examples, output_file, takes
from fashion_nn.cli.reading import Reading
from fashion_nn.recipes import Recipe
from fashion_nn.zoo import OwnBuilder

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits
    from fashion_nn.training.lr_range import RangeTest

EXAMPLES = examples(
    "fashion-nn lr-range mlp --dataset digits --picture rates.png",
    "fashion-nn lr-range my_net.py:build --dataset digits",
)
_SHOWN = 10

Name = Annotated[
    str,
    typer.Argument(
        help=f"Recipe: {', '.join(recipes.RECIPES)}; or a function of your own, as {own_code.OWN}."
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting of the recipe. Repeatable; see `train --settings`.",
    ),
]
Low = Annotated[
    float,
    typer.Option("--low", min=1e-12, max=1e3, help="Learning rate of the first step."),
]
High = Annotated[
    float,
    typer.Option("--high", min=1e-12, max=1e3, help="Learning rate of the last step."),
]
Steps = Annotated[
    int, typer.Option("--steps", min=10, max=100_000, help="Maximum number of training steps.")
]
Picture = Annotated[
    Path | None, output_file("--picture", "Draw the loss over the learning rate into this PNG.")
]


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of the command."""

    name: Name
    dataset: Dataset = "fashion_mnist"
    changes: Changes = None
    low: Low = 1e-6
    high: High = 1.0
    steps: Steps = 200
    picture: Picture = None
    scale: own_code.Scale = None
    as_json: AsJson = False
    data_dir: DataDir = None


@takes(Request)
def lr_range(request: Request) -> None:
    """Find a learning rate by a short training at growing rates.

    The recommendation is the rate at which the loss falls fastest. No run is stored.
    """
    own = own_code.named(request.name, request.scale)
    base = recipe_of_file(own) if own else recipes.get(request.name)
    recipe = recipes.override(base, request.changes or [])
    if own is None:
        zoo.require_options(recipe.model, recipe.options)
    splits = load_splits(
        request.dataset,
        data_dir=request.data_dir,
        validation_fraction=recipe.validation_fraction,
        options=request.options(),
    )
    if own:
        own = with_scale(own, request.scale, splits)
    found = _measure(request, recipe, own, splits)
    if request.picture:
        from fashion_nn.pages import lr_range as figure

        figure.draw(found, request.picture, title=f"{recipe.name} on {splits.name}")
    _print(request, found)


def _measure(
    request: Request, recipe: Recipe, own: OwnBuilder | None, splits: "Splits"
) -> "RangeTest":
    console.load_tensorflow()
    from fashion_nn import training
    from fashion_nn.training.lr_range import range_test

    work = training.OwnRecipe(recipe, own) if own else recipe
    with console.work_bar("steps") as progress:
        return range_test(
            work,
            splits,
            low=request.low,
            high=request.high,
            steps=request.steps,
            progress=progress,
        )


def _print(request: Request, found: "RangeTest") -> None:
    if request.as_json:
        print(render_json(asdict(found)))
        return
    every = max(len(found.rates) // _SHOWN, 1)
    pairs = zip(found.rates[::every], found.losses[::every], strict=True)
    console.table(
        ("learning rate", "loss"), [(f"{rate:.2g}", f"{loss:.4f}") for rate, loss in pairs]
    )
    print(f"lowest loss at {found.lowest:.2g}; recommended: learning_rate={found.recommended:g}")
    words = f"{request.name} --dataset {request.dataset}"
    print(f"  fashion-nn train {words} --set learning_rate={found.recommended:g}")
    if found.lowest == found.rates[-1]:
        console.note("the loss still fell at the last rate: give a higher one with --high")
    if request.picture:
        print(f"picture: {request.picture}")

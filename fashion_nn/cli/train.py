"""fashion-nn train: train a model by a recipe."""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from fashion_nn import console, datasets, recipes, runs, zoo
from fashion_nn.api import training
from fashion_nn.api.models import with_scale
from fashion_nn.api.training import Work
from fashion_nn.cli import own_code
from fashion_nn.cli.common import (
    accuracy,
    deadline,
    load_splits,
    note_how_to_resume,
)
from fashion_nn.cli.compare import print_over_seeds
from fashion_nn.cli.options import (
    DATA_SETS,
    MODELS,
    DataDir,
    TestCsv,
    examples,
    output_folder,
    stem,
    takes,
)
from fashion_nn.cli.reading import Reading
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import Run
from fashion_nn.zoo import OwnBuilder

EXAMPLES = examples(
    "fashion-nn train cnn-v2 --dataset digits --set epochs=20 --budget 30m",
    "fashion-nn train my_net.py:build --dataset digits --set options.units=512",
)
DEFAULT_DATASET = "fashion_mnist"

Name = Annotated[
    str | None,
    typer.Argument(
        help=f"Recipe: {', '.join(recipes.RECIPES)}; or a function of your own that builds a model,"
        f" as {own_code.OWN}."
    ),
]
RecipeFile = Annotated[
    Path | None,
    typer.Option("--recipe", help="JSON with a recipe instead of a name, such as best.json."),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help=f"Data set: {DATA_SETS} [default: that of --recipe, else {DEFAULT_DATASET}].",
    ),
]
Out = Annotated[
    Path | None,
    output_folder("--out", "Run folder [default: models/NAME-DATASET-seedN]."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Resume the training in the run folder.")]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="Stop each training after this time, such as 90s, 30m or 2h, and save the best model "
        "so far.",
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting of the recipe. Repeatable; see --settings.",
    ),
]
Seeds = Annotated[
    int,
    typer.Option(
        "--seeds",
        min=1,
        max=1000,
        help="Number of runs, with the recipe's seed and those after it, each in a folder of its "
        "own; with --out in that folder.",
    ),
]
ListSettings = Annotated[
    bool,
    typer.Option("--settings", help="List the keys of --set with their defaults, and exit."),
]


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of the command."""

    name: Name = None
    file: RecipeFile = None
    dataset: Dataset = None
    out: Out = None
    resume: Resume = False
    budget: Budget = None
    changes: Changes = None
    seeds: Seeds = 1
    scale: own_code.Scale = None
    list_settings: ListSettings = False
    data_dir: DataDir = None
    test: TestCsv = None


@takes(Request)
def train(request: Request) -> None:
    """Train a model from a recipe, or one of your own.

    The run folder gets the model that is best on the validation rows, its card and pictures.
    """
    if request.list_settings:
        _print_settings()
        return
    own = own_code.named(request.name, request.scale)
    recipe, searched_on = _recipe(request, own)
    dataset = request.dataset or _searched_on(request.file, searched_on) or DEFAULT_DATASET
    recipes_by_folder = _folders(request, recipe, dataset)
    for folder in recipes_by_folder:
        runs.require_free(folder, resume=request.resume)
    deadline(request.budget)  # a wrong one is refused before the data is read
    splits = load_splits(
        dataset,
        data_dir=request.data_dir,
        test=request.test,
        validation_fraction=recipe.validation_fraction,
        options=request.options(),
    )
    if own:
        own = with_scale(own, request.scale, splits)
    rows = f"{len(splits.train):,} rows to train, {len(splits.valid):,} to validate"
    console.note(f"{recipe.name} on {splits.name}: {rows}")
    for folder, seeded in recipes_by_folder.items():
        _train_one(request, Work(seeded, splits, folder, own))
    if len(recipes_by_folder) > 1:
        print_over_seeds([Run(folder) for folder in recipes_by_folder])


def _train_one(request: Request, work: Work) -> None:
    """Train, and print what came of it."""
    run = _train(work, request.resume, deadline(request.budget))
    print_run(run)
    if work.builder:
        own_code.note_on_loading(run, request.name)
    if run.read_record().stopped_because == "budget":
        console.note("there are epochs left: the same command with --resume trains them")


def _folders(request: Request, recipe: Recipe, dataset: str) -> dict[Path, Recipe]:
    """The run folder of each seed, and its recipe."""
    seeds = range(recipe.seed, recipe.seed + request.seeds)
    seeded = [recipe.model_copy(update={"seed": seed}) for seed in seeds]
    if request.out is None:
        stems = f"{recipe.name}-{stem(dataset)}"
        return {MODELS / f"{stems}-seed{each.seed}": each for each in seeded}
    if request.seeds == 1:
        return {request.out: recipe}
    return {request.out / f"seed{each.seed}": each for each in seeded}


def _print_settings() -> None:
    for setting in recipes.settings():
        head = f"{setting.key} ({setting.type}; default {setting.default})"
        print(textwrap.fill(head, 80, subsequent_indent="  "))
        print(textwrap.indent(textwrap.fill(setting.meaning, 76), "    "))
    print("options.NAME (true or false, number or text)")
    print("    Option of the model's builder.")


def _recipe(request: Request, own: OwnBuilder | None) -> tuple[Recipe, str | None]:
    """The recipe, and the data set that its search was on."""
    searched_on = None
    file = request.file
    if file is not None and (own is not None or request.name is None):
        found = runs.read_recipe(file)
        searched_on = found.dataset
        base = recipes.from_json(found.recipe)
        own_code.require_named(base, file, own, found.code_sha256)
    elif request.name is not None and file is None:
        base = training.recipe_of_file(own) if own else recipes.get(request.name)
    else:
        raise InputError("name a recipe, or give one with --recipe FILE")
    recipe = recipes.override(base, request.changes or [])
    if own:
        own.require_options(recipe.options)
    else:
        zoo.require_options(recipe.model, recipe.options)
    return recipe, searched_on


def _searched_on(file: Path | None, name: str | None) -> str | None:
    """The data set that a recipe's file names. A path in it, which may be anybody's, is refused."""
    if name is not None and name not in datasets.names():
        mend = "give the file that you mean with --dataset"
        raise InputError(f"{file}: was searched on {name[:100]!a}, which has no name here: {mend}")
    return name


def _train(work: Work, resume: bool, stop_at: float | None) -> Run:
    try:
        return training.carry_out(work, resume=resume, deadline=stop_at)
    except KeyboardInterrupt:
        has_model = Run(work.folder).model.exists()
        saved = "has the best model so far" if has_model else "has no model yet"
        note_how_to_resume(f"{work.folder} {saved}")
        raise typer.Exit(130) from None


def print_run(run: Run) -> None:
    """Print how a training ended and what its folder holds."""
    record = run.read_record()
    line = f"best epoch {record.best_epoch}, stopped by {record.stopped_because}"
    valid = run.read_metrics().valid
    if valid:
        line += f"; validation {accuracy(valid.accuracy, valid.interval, valid.n)}"
    print(line)
    mirroring = record.mirroring
    if mirroring:
        print(f"mirrored images {'used' if mirroring.used else 'not used'}: {mirroring.why}")
    names = sorted(path.name for path in run.folder.iterdir() if path.suffix != ".npz")
    print(f"{run.folder}: {', '.join(names)}")

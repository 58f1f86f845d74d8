"""fashion-nn tune: search for the best settings of a model and its training."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console, datasets, recipes, runs, zoo
from fashion_nn.api import searching
from fashion_nn.api.models import with_scale
from fashion_nn.api.training import recipe_of_file, short_name
from fashion_nn.cli import own_code
from fashion_nn.cli.common import load_splits, note_how_to_resume
from fashion_nn.cli.options import (
    MODELS,
    DataDir,
    Dataset,
    examples,
    in_seconds,
    one_of,
    output_folder,
    stem,
    takes,
)
from fashion_nn.cli.reading import Reading
from fashion_nn.errors import InputError
from fashion_nn.measures import maximised
from fashion_nn.recipes import MAX_EPOCHS
from fashion_nn.runs import Search, TrialRecord
from fashion_nn.tuning import assembly
from fashion_nn.tuning.assembly import ENGINES, EPOCHS, TRIALS, Place, Wanted
from fashion_nn.tuning.oracle import ALGORITHMS
from fashion_nn.tuning.plan import SearchLimits
from fashion_nn.tuning.trial import DataSource

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

EXAMPLES = examples(
    "fashion-nn tune mlp --dataset digits --trials 5 --epochs 3",
    "fashion-nn tune mlp --algorithm hyperband --budget 30m --workers 2",
)
_SHOWN_TRIALS = 5

Name = Annotated[
    str,
    typer.Argument(
        help=f"Model ({', '.join(zoo.names())}) or recipe that the search starts from; or a"
        f" function of your own that builds a model, as {own_code.OWN}."
    ),
]
Algorithm = Annotated[
    str,
    typer.Option("--algorithm", help=f"Search algorithm: {', '.join(ALGORITHMS)}."),
]
Trials = Annotated[
    int | None,
    typer.Option(
        "--trials",
        min=1,
        max=1_000_000,
        help=f"Total number of trials [default: {TRIALS}; hyperband: a sweep; "
        "grid: all points; --budget: no limit].",
    ),
]
Budget = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="Time limit, such as 90s, 30m or 2h, retraining included. Trials still running then "
        "are stopped and can be resumed.",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        min=1,
        max=MAX_EPOCHS,
        help=f"Number of epochs of a whole trial [default: that of the recipe, at most {EPOCHS}].",
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(
        "--folds",
        min=2,
        max=1000,
        help="Number of cross-validation folds, instead of the stored validation split.",
    ),
]
Fixed = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Fix a setting, which is then not searched. Repeatable; see `train --settings`.",
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="KEY", help="Search only this setting. Repeatable."),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        min=0,
        max=2**31 - 2,
        help="Seed of the search; the seed of each trial is derived from it.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=1024,
        help="Number of trials at the same time, which share the cores of a machine [default: 1; "
        "ray: one for each processor].",
    ),
]
TrialLimit = Annotated[
    str | None,
    typer.Option("--trial-limit", help="Time limit of a trial, such as 90s, 30m or 2h."),
]
MedianRule = Annotated[
    bool,
    typer.Option(
        "--median-rule/--no-median-rule",
        help="Stop trials that are worse than the median of earlier trials.",
    ),
]
Retrain = Annotated[
    bool,
    typer.Option(
        "--retrain/--no-retrain",
        help="Train the best settings once more, with another seed.",
    ),
]
Out = Annotated[
    Path | None,
    output_folder("--out", "Search folder [default: models/tune-NAME-ALGORITHM-DATASET]."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Resume the search in the folder.")]
EngineName = Annotated[
    str,
    typer.Option("--engine", help=f"Where trials run: {' or '.join(ENGINES)}."),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="With --engine ray: address of the cluster [default: start one on this machine].",
    ),
]


@dataclass(frozen=True)
class Request(Reading):
    """The parameters of the command."""

    name: Name
    algorithm: Algorithm = "random"
    trials: Trials = None
    budget: Budget = None
    epochs: Epochs = None
    folds: Folds = None
    dataset: Dataset = "fashion_mnist"
    settings: Fixed = None
    scale: own_code.Scale = None
    only: Only = None
    seed: Seed = 0
    workers: Workers = None
    trial_limit: TrialLimit = None
    median_rule: MedianRule = True
    retrain: Retrain = True
    out: Out = None
    resume: Resume = False
    engine: EngineName = "local"
    address: Address = None
    data_dir: DataDir = None

    @property
    def folder(self) -> Path:
        """The search folder."""
        name = f"tune-{short_name(self.name)}-{self.algorithm}-{stem(self.dataset)}"
        return self.out or MODELS / name


@takes(Request)
def tune(request: Request) -> None:
    """Search for the best settings of a model.

    The search folder gets a record of each trial, the best model, and its recipe in best.json.
    """
    _require_sense(request)
    limits = SearchLimits(
        trials=request.trials,
        seconds=in_seconds(request.budget, "--budget"),
        trial_seconds=in_seconds(request.trial_limit, "--trial-limit"),
        retrain=request.retrain,
    )
    wanted = _wanted(request)
    wanted.require()
    runs.require_free_for_search(request.folder, resume=request.resume)
    splits = load_splits(
        request.dataset,
        data_dir=request.data_dir,
        validation_fraction=wanted.recipe.validation_fraction,
        options=request.options(),
    )
    splits = assembly.rows_for(wanted, splits)
    if wanted.own:
        wanted = replace(wanted, own=with_scale(wanted.own, request.scale, splits))
    found = _run(request, wanted, limits, splits)
    _print_search(request, found)
    print(found.page)


def _require_sense(request: Request) -> None:
    one_of(request.algorithm, ALGORITHMS, "--algorithm")
    assembly.require_engine(request.engine, request.address)


def _wanted(request: Request) -> Wanted:
    """What is searched, by the recipe that the command line names and changes."""
    builder = own_code.named(request.name, request.scale)
    base = recipe_of_file(builder) if builder else assembly.named_recipe(request.name)
    fixed = [setting.partition("=")[0].strip() for setting in request.settings or ()]
    for key in ("seed", "epochs"):
        if key in fixed:
            raise InputError(f"--set {key}: a search takes it from --{key}")
    epochs = assembly.epochs_of(base, request.epochs)
    recipe = recipes.override(base, [*(request.settings or ()), f"epochs={epochs}"])
    return Wanted(
        name=request.name,
        recipe=recipe.renamed(f"{short_name(request.name)}-tuned"),
        own=builder,
        fixed=fixed,
        only=request.only or (),
        algorithm=request.algorithm,
        folds=request.folds,
        seed=request.seed,
        median_rule=request.median_rule,
    )


def _run(request: Request, wanted: Wanted, limits: SearchLimits, splits: "Splits") -> Search:
    source = DataSource(
        source=request.dataset,
        fingerprint=splits.fingerprint,
        data_dir=str(request.data_dir) if request.data_dir else None,
        validation_fraction=splits.validation_fraction,
        options=request.options(),
    )
    place = Place(
        folder=request.folder,
        workers=request.workers,
        engine=request.engine,
        address=request.address,
        resume=request.resume,
    )
    try:
        return searching.carry_out(wanted, splits, source, limits, place)
    except KeyboardInterrupt:
        note_how_to_resume(f"{request.folder} has every trial")
        raise typer.Exit(130) from None


def _print_search(request: Request, search: Search) -> None:
    """Print the best trials, the retraining, and the best settings as Python."""
    best = search.read_best()
    objective = search.read_record().identity.objective
    trials = search.read_trials()
    _print_best_trials(trials, objective)
    counts = Counter(trial.status for trial in trials)
    shown = ", ".join(f"{count} {status}" for status, count in counts.items())
    print(f"\n{len(trials)} {'trial' if len(trials) == 1 else 'trials'}: {shown}")
    print(f"best: trial {best.trial}, {objective} {best.score:.4f}")
    again = best.retrained
    if again and again.score is not None:
        seed = again.seed
        print(f"the same settings with a fresh seed, {seed}: {objective} {again.score:.4f}")
    elif again:
        print(f"the same settings with a fresh seed: {again.status}: {again.message}")
    print(f"\n{recipes.as_python(recipes.from_json(best.recipe.to_json()))}\n")
    code = f"{request.name} " if own_code.is_own(request.name) else ""
    is_known = request.dataset.replace("-", "_") in datasets.names()
    data = "" if is_known else f" --dataset {request.dataset}"
    print(f"{search.folder}: train it with `fashion-nn train {code}--recipe {search.best}{data}`")


def _print_best_trials(trials: Sequence[TrialRecord], objective: str) -> None:
    scored = [trial for trial in trials if trial.score is not None]
    # With a negative sign rather than in reverse, equal trials keep their order.
    sign = -1 if maximised(objective) else 1
    scored.sort(key=lambda trial: sign * trial.known_score)
    rows = [
        (
            trial.id,
            f"{trial.known_score:.4f}",
            trial.status,
            trial.epochs_run,
            f"{trial.seconds or 0.0:.1f}",
            _values(trial),
        )
        for trial in scored[:_SHOWN_TRIALS]
    ]
    console.table(("trial", objective, "status", "epochs", "s", "values"), rows)


def _values(trial: TrialRecord) -> str:
    pairs = trial.values.items()
    return " ".join(f"{name.removeprefix('options.')}={value}" for name, value in pairs)

"""fashion-nn tune: search for settings of a model and its training."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import recipes, runs, zoo
from fashion_nn.cli.options import DATA_SETS, MODELS, DataDir, in_seconds, load_splits, option, require_one_of
from fashion_nn.errors import InputError
from fashion_nn.recipes import RECIPES, Recipe
from fashion_nn.tuning.oracle import ALGORITHMS

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits
    from fashion_nn.tuning.engines import Engine

ENGINES = ("local", "ray")
EPOCHS = 20
TRIALS = 20


def tune(
    name: Annotated[
        str, typer.Argument(help=f"A model, {', '.join(zoo.names())}, or a recipe, whose settings are the base.")
    ],
    algorithm: option(str, "--algorithm", f"{', '.join(ALGORITHMS)}.") = "random",
    trials: option(
        int | None, "--trials", f"So many in all [default: {TRIALS}, or until --budget; hyperband: one sweep].", min=1
    ) = None,
    budget: option(
        str | None, "--budget", "Stop after 90s, 30m or 2h, say, retraining included; what runs then can be resumed."
    ) = None,
    epochs: option(
        int | None, "--epochs", f"Of a whole trial [default: the recipe's, at most {EPOCHS}].", min=1
    ) = None,
    folds: option(int | None, "--folds", "Score by so many folds, not by the stored validation split.", min=2) = None,
    dataset: option(str, "--dataset", f"{DATA_SETS}.") = "fashion_mnist",
    settings: option(
        list[str] | None, "--set", "Fix one setting, which leaves the space; may be repeated.", metavar="KEY=VALUE"
    ) = None,
    only: option(list[str] | None, "--only", "Search for this setting only; may be repeated.", metavar="KEY") = None,
    seed: option(int, "--seed", "Of the search; that of each trial comes from it.", min=0, max=2**31 - 2) = 0,
    workers: option(
        int | None, "--workers", "Trials at once; here they share the cores [default: 1; ray: one a processor].", min=1
    ) = None,
    trial_limit: option(str | None, "--trial-limit", "End a trial that takes longer than 90s, 30m or 2h, say.") = None,
    median_rule: option(
        bool, "--median-rule/--no-median-rule", "End trials that are worse than the median of those before."
    ) = True,
    retrain: option(bool, "--retrain/--no-retrain", "Train the best settings once more, with a fresh seed.") = True,
    out: option(Path | None, "--out", "Search folder [default: models/tune-NAME-ALGORITHM-DATASET].") = None,
    resume: option(bool, "--resume", "Go on with the search in the folder.") = False,
    engine: option(str, "--engine", f"{' or '.join(ENGINES)}: where trials run.") = "local",
    address: option(str | None, "--address", "With --engine ray: the cluster's address [default: one here].") = None,
    data_dir: DataDir = None,
) -> None:
    """Search for settings; leaves a record of each trial, the best model, and its recipe in best.json."""
    require_one_of(algorithm, ALGORITHMS, "--algorithm")
    require_one_of(engine, ENGINES, "--engine")
    if address and engine != "ray":
        raise InputError("--address is that of a Ray cluster: it needs --engine ray")
    if engine == "ray":
        from fashion_nn.tuning.engines import ray_engine

        ray_engine.require_ray()
    budget_seconds = in_seconds(budget, "--budget") if budget else None
    trial_seconds = in_seconds(trial_limit, "--trial-limit") if trial_limit else None
    base, fixed = _base(name, settings or [], epochs)
    zoo.require_options(base.model, base.options)
    folder = out or MODELS / f"tune-{name}-{algorithm}-{Path(dataset).name.split('.')[0]}"
    runs.require_free_for_search(folder, resume=resume)
    from fashion_nn import console
    from fashion_nn.tuning import folds as folding
    from fashion_nn.tuning import oracle
    from fashion_nn.tuning import space as spaces

    space = spaces.space(base, fixed=fixed, only=only or (), grid=algorithm == "grid")
    splits = load_splits(dataset, data_dir=data_dir, validation_fraction=base.validation_fraction)
    splits = replace(splits, test=None)  # a search chooses, and the test rows are for what is chosen
    if folds:
        folding.require(splits.original_train().labels, folds)
    zoo.require_shape(base.model, splits.image_shape)
    console.load_tensorflow()
    from fashion_nn.tuning import search
    from fashion_nn.tuning.trial import DataSource

    if trials is None and algorithm == "hyperband":
        trials = oracle.sweep(base.epochs)
    elif trials is None and budget is None:
        trials = TRIALS
    if algorithm == "grid":
        size = spaces.grid_size(space)
        console.note(f"the grid has {size:,} points")
        trials = min(trials or size, size)
    console.note(
        f"{name} on {splits.name}: {algorithm} search, parameters: {len(space)}; "
        f"{len(splits.train):,} rows to train, {len(splits.valid):,} to validate"
    )
    source = DataSource(
        source=dataset,
        fingerprint=splits.fingerprint,
        data_dir=str(data_dir) if data_dir else None,
        validation_fraction=splits.validation_fraction,
    )
    plan = search.SearchPlan(
        algorithm=algorithm,
        space=space,
        recipe=base,
        source=source,
        folds=folds,
        seed=seed,
        median_rule=median_rule,
    )
    limits = search.SearchLimits(trials=trials, seconds=budget_seconds, trial_seconds=trial_seconds, retrain=retrain)
    try:
        with console.SearchBar() as progress:
            found = search.run(
                plan,
                splits,
                folder,
                _engine(engine, folder, workers, address, splits),
                limits=limits,
                resume=resume,
                progress=progress,
            )
    except KeyboardInterrupt:
        words = [word for word in sys.argv[1:] if word != "--resume"]
        console.note(f"stopped; {folder} keeps every trial; go on with")
        console.note(f"  fashion-nn {shlex.join(words)} --resume")
        raise typer.Exit(130) from None
    from fashion_nn import pages

    page = pages.write_search_page(folder)
    if not found.best.exists():
        raise InputError(f"{folder}: no trial was completed: give it more time with --budget and --resume")
    recipe = recipes.from_json(found.read_best().recipe)
    console.searched(found, found.read_trials(), recipes.as_python(recipe))
    print(page)


def _base(name: str, settings: list[str], epochs: int | None) -> tuple[Recipe, list[str]]:
    """The recipe around which is searched, and the settings that keep its values."""
    if name not in RECIPES and name not in zoo.names():
        known = dict.fromkeys((*zoo.names(), *RECIPES))
        raise InputError(f"{name!r} is neither a model nor a recipe: expected one of {', '.join(known)}")
    base = RECIPES.get(name) or next(recipe for recipe in RECIPES.values() if recipe.model == name)
    fixed = [setting.partition("=")[0].strip() for setting in settings]
    for key, mend in (("seed", "--seed"), ("epochs", "--epochs")):
        if key in fixed:
            raise InputError(f"--set {key}: of a search it is given with {mend}")
    base = recipes.override(base, [*settings, f"epochs={epochs or min(base.epochs, EPOCHS)}"])
    if not base.checkpoint_monitor.startswith("val_"):
        raise InputError(
            f"checkpoint_monitor={base.checkpoint_monitor}: a search chooses on validation: set it to val_accuracy or "
            "val_loss"
        )
    return base.renamed(f"{name}-tuned"), fixed


def _engine(
    engine: str, folder: Path, workers: int | None, address: str | None, splits: "Splits"
) -> "Callable[[], Engine]":
    """What starts the engine, once the folder is known to be ours."""
    if engine == "ray":
        from fashion_nn.tuning.engines.ray_engine import RayEngine

        return lambda: RayEngine(folder, address, workers, splits)
    from fashion_nn.tuning.engines.local import LocalEngine

    return lambda: LocalEngine(folder, workers or 1, splits)

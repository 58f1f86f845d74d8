"""From what a user asks of a search to its plan, its number of trials, and the search itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import zoo
from fashion_nn.errors import InputError
from fashion_nn.recipes import RECIPES, Recipe
from fashion_nn.runs import Parameter, Search
from fashion_nn.tuning import oracle, space
from fashion_nn.tuning.plan import SearchLimits, SearchPlan
from fashion_nn.tuning.trial import DataSource
from fashion_nn.zoo import OwnBuilder

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits
    from fashion_nn.tuning.engines import Engine
    from fashion_nn.tuning.search import Progress

ENGINES = ("local", "ray")
EPOCHS = 20
TRIALS = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a user wants to be searched.

    name: of the model or recipe, as the user gave it.
    recipe: settings of a trial outside the space; its epochs are those of a whole trial.
    own: builds the model in place of the zoo; it must be in a file.
    fixed: settings that keep the values of `recipe`.
    only: if not empty, all other settings keep their values too.
    algorithm, folds, seed, median_rule: see `SearchPlan`.
    """

    name: str
    recipe: Recipe
    own: OwnBuilder | None = None
    fixed: Sequence[str] = ()
    only: Sequence[str] = ()
    algorithm: str = "random"
    folds: int | None = None
    seed: int = 0
    median_rule: bool = True

    def space(self) -> list[Parameter]:
        """The parameters that are searched.

        Raises:
            InputError: there are none, or `only` names others.
        """
        grid = self.algorithm == "grid"
        return space.space(self.recipe, fixed=self.fixed, only=self.only, grid=grid, own=self.own)

    def require(self) -> None:
        """Refuse what can be known to be wrong before the data are read.

        Raises:
            InputError: the recipe does not choose on validation, has options that its model does
                not take, or nothing is left to search for.
        """
        monitor = self.recipe.checkpoint_monitor
        if not monitor.startswith("val_"):
            raise InputError(
                f"checkpoint_monitor={monitor}: a search chooses on validation: "
                "set it to val_accuracy or val_loss"
            )
        if self.own is None:
            zoo.require_options(self.recipe.model, self.recipe.options)
        self.space()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a search is stored, and where its trials run.

    workers: number of trials at the same time; None: one, or with Ray one for each processor.
    engine: one of `ENGINES`.
    address: of a Ray cluster; None: one of this machine alone.
    resume: resume the search in the folder; start it if there is none.
    """

    folder: Path
    workers: int | None = None
    engine: str = "local"
    address: str | None = None
    resume: bool = False


def require_engine(engine: str, address: str | None) -> None:
    """Refuse an engine that is not there, and the address of a cluster without Ray.

    Raises:
        InputError: it is not there.
    """
    if engine not in ENGINES:
        raise InputError(f"--engine {engine!r}: expected one of {', '.join(ENGINES)}")
    if address and engine != "ray":
        raise InputError("--address is that of a Ray cluster: it needs --engine ray")
    if engine == "ray":
        from fashion_nn.tuning.engines import ray_engine

        ray_engine.require_ray()


def named_recipe(name: str) -> Recipe:
    """The recipe of this name, or the first of the model of this name.

    Raises:
        InputError: there is neither.
    """
    if name not in RECIPES and name not in zoo.names():
        known = ", ".join(dict.fromkeys((*zoo.names(), *RECIPES)))
        raise InputError(f"{name!r} is neither a model nor a recipe: expected one of {known}")
    return RECIPES.get(name) or next(each for each in RECIPES.values() if each.model == name)


def epochs_of(base: Recipe, epochs: int | None) -> int:
    """The number of epochs of a whole trial: `epochs`, or that of the recipe, at most `EPOCHS`."""
    return min(base.epochs, EPOCHS) if epochs is None else epochs


def rows_for(wanted: Wanted, splits: "Splits") -> "Splits":
    """The data without the test rows: they are for what a search has chosen.

    Raises:
        InputError: a class has too few rows for the folds, or the model takes no such images.
    """
    from fashion_nn.tuning import folds

    if wanted.folds:
        folds.require(splits.original_train().labels, wanted.folds)
    if wanted.own is None:
        zoo.require_shape(wanted.recipe.model, splits.image_shape)
    return replace(splits, test=None)


def plan(wanted: Wanted, splits: "Splits", source: DataSource) -> SearchPlan:
    """The plan; the user's own builder is tried once on the rows.

    Raises:
        InputError: the user's own model cannot be built, or does not keep its contract.
    """
    if wanted.own:
        from fashion_nn.training import own_recipe

        wanted = replace(wanted, recipe=own_recipe.prepared(wanted.recipe, wanted.own, splits))
    return SearchPlan(
        algorithm=wanted.algorithm,
        space=wanted.space(),
        recipe=wanted.recipe,
        source=source,
        folds=wanted.folds,
        seed=wanted.seed,
        median_rule=wanted.median_rule,
        own=wanted.own,
    )


def number_of_trials(plan: SearchPlan, limits: SearchLimits) -> int | None:
    """The maximum number of trials; None: until the time is over."""
    if plan.algorithm == "grid":
        size = space.grid_size(plan.space)
        return min(limits.trials or size, size)
    if limits.trials is not None:
        return limits.trials
    if plan.algorithm == "hyperband":
        return oracle.sweep(plan.recipe.epochs)
    return TRIALS if limits.seconds is None else None


def run(
    plan: SearchPlan,
    splits: "Splits",
    limits: SearchLimits,
    place: Place,
    progress: "Progress" = lambda standing, ended: None,
) -> Search:
    """Search, and leave everything in the folder; see `search.run`.

    Args:
        limits: without a number of trials, it is that of `number_of_trials`.
    """
    from fashion_nn.tuning import search

    return search.run(
        plan,
        splits,
        place.folder,
        _engine(place, splits),
        limits=replace(limits, trials=number_of_trials(plan, limits)),
        resume=place.resume,
        progress=progress,
    )


def _engine(place: Place, splits: "Splits") -> "Callable[[], Engine]":
    """What starts the engine, once the folder is known to be ours."""
    folder = place.folder
    workers = place.workers
    if place.engine == "ray":
        from fashion_nn.tuning.engines.ray_engine import RayEngine

        return lambda: RayEngine(folder, place.address, workers, splits)
    from fashion_nn.tuning.engines.local import LocalEngine

    return lambda: LocalEngine(folder, workers or 1, splits)

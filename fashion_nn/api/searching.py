"""Searching for settings from Python: `tune`, and what it shares with the command."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn import console, runs
from fashion_nn.api.data import Data, loaded
from fashion_nn.api.models import with_scale
from fashion_nn.api.training import for_data, recipe_of_file, short_name
from fashion_nn.core.text import title
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.recipes.recipe import dotted
from fashion_nn.runs import Search
from fashion_nn.tuning import assembly, space
from fashion_nn.tuning.assembly import Place, Wanted
from fashion_nn.tuning.oracle import ALGORITHMS
from fashion_nn.tuning.plan import SearchLimits
from fashion_nn.tuning.trial import DataSource
from fashion_nn.zoo import OwnBuilder, own

if TYPE_CHECKING:
    import keras

_MOST_TRIALS = 1_000_000
_MOST_WORKERS = 1024
_MOST_FOLDS = 1000
_LARGEST_SEED = 2**31 - 2


def tune(
    model: "str | Recipe | Callable[..., keras.Model]",
    data: Data,
    *,
    out: str | os.PathLike[str] | None = None,
    trials: int | None = None,
    algorithm: str = "random",
    budget: float | None = None,
    epochs: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    resume: bool = False,
    only: Sequence[str] = (),
    folds: int | None = None,
    scale: str | None = None,
    engine: str = "local",
    address: str | None = None,
    **settings: Any,
) -> Search:
    """Search for the best settings of a model, and leave a search folder.

    A line is printed for each trial that has ended. Ctrl-C stops; `resume=True` then continues.
    The best settings are trained once more, with another seed.

    Args:
        model: the name of a model or recipe; a recipe; or a function of your own that builds a
            model, named as "my_net.py:build" or imported from such a file. Other processes load
            it, so a function that was defined in a notebook is refused.
        data: what `load` returns, or what it takes. The test rows are not used.
        out: the search folder [default: models/tune-NAME-ALGORITHM-DATA].
        trials: total number of trials [default: 20; hyperband: a sweep; grid: all points; with
            a budget: no limit].
        algorithm: random, bayesian, hyperband or grid.
        budget: time limit in seconds, retraining included.
        epochs: number of epochs of a whole trial [default: that of the recipe, at most 20].
        seed: of the search; the seed of each trial is derived from it.
        workers: number of trials at the same time, which share the cores of a machine [default: 1;
            ray: one for each processor].
        resume: continue the search in the folder, or start it if there is none.
        only: search these settings alone, named as `--set` does, such as "options.units".
        folds: number of cross-validation folds, instead of the stored validation split.
        scale: numbers that a model of your own takes, such as "0-1" or "standardised" [default:
            pixels of 0 to 255].
        engine: where trials run, "local" or "ray".
        address: of a Ray cluster [default: one of this machine is started].
        **settings: keep these values and are not searched; see `recipe`.

    Returns:
        The search. `read_best()` has the best settings, and the folder `best_run` is a run.

    Raises:
        InputError: a name or setting is unknown, the folder is taken, or the first trials fail.

    Example:
        search = fnn.tune("mlp", fnn.load("digits"), trials=5, epochs=3, batch_size=128)
        fnn.evaluate(search.best_run)
    """
    _require_known(algorithm)
    _require_positive(budget)
    assembly.require_engine(engine, address)
    _require_whole("trials", trials, 1, _MOST_TRIALS)
    _require_whole("workers", workers, 1, _MOST_WORKERS)
    _require_whole("folds", folds, 2, _MOST_FOLDS)
    _require_whole("seed", seed, 0, _LARGEST_SEED)
    base, builder = _base(model)
    if scale is not None and builder is None:
        raise InputError(f"scale={scale!r} is for a model of your own: leave it out")
    name = builder.name if builder else base.name
    changed = for_data(
        base, builder, data, {**settings, "epochs": assembly.epochs_of(base, epochs)}
    )
    wanted = Wanted(
        name=name,
        recipe=changed.renamed(f"{short_name(name)}-tuned"),
        own=builder,
        fixed=list(dotted(settings)),
        only=only,
        algorithm=algorithm,
        folds=folds,
        seed=seed,
    )
    wanted.require()
    splits = loaded(data, validation_fraction=changed.validation_fraction)
    folder = _folder(out, wanted, splits)
    runs.require_free_for_search(folder, resume=resume)
    if builder:
        wanted = replace(wanted, own=with_scale(builder, scale, splits))
    limits = SearchLimits(trials=trials, seconds=budget)
    place = Place(folder=folder, workers=workers, engine=engine, address=address, resume=resume)
    rows = assembly.rows_for(wanted, splits)
    return carry_out(wanted, rows, _source(splits), limits, place)


def _source(splits: Splits) -> DataSource:
    """Where processes that do not get the rows load them from."""
    origin = splits.origin
    return DataSource(
        source=origin.dataset if origin else splits.name,
        fingerprint=splits.fingerprint,
        validation_fraction=splits.validation_fraction,
        options=origin.options if origin else None,
    )


def carry_out(
    wanted: Wanted, splits: Splits, source: DataSource, limits: SearchLimits, place: Place
) -> Search:
    """Search, with a line for each trial on stderr, and write the page of the search.

    Args:
        splits: training and validation rows, as `assembly.rows_for` gives them.

    Raises:
        InputError: see `search.run`; or no trial was completed.
        KeyboardInterrupt: Ctrl-C was pressed; the folder can be resumed.
    """
    console.load_tensorflow()
    from fashion_nn import pages

    plan = assembly.plan(wanted, splits, source)
    if plan.algorithm == "grid":
        console.note(f"the grid has {space.grid_size(plan.space):,} points")
    console.note(
        f"{wanted.name} on {splits.name}: {plan.algorithm} search, "
        f"parameters: {len(plan.space)}; "
        f"{len(splits.train):,} rows to train, {len(splits.valid):,} to validate"
    )
    with console.SearchBar() as progress:
        found = assembly.run(plan, splits, limits, place, progress)
    pages.write_search_page(place.folder)
    if not found.best.exists():
        mend = "give it more time with --budget and --resume"
        raise InputError(f"{place.folder}: no trial was completed: {mend}")
    return found


def _base(
    model: "str | Recipe | Callable[..., keras.Model]",
) -> tuple[Recipe, OwnBuilder | None]:
    """The recipe that the search starts from, and the user's own builder."""
    if isinstance(model, Recipe):
        return model, None
    if isinstance(model, str) and not own.named_on_command_line(model):
        return assembly.named_recipe(model), None
    console.load_tensorflow()
    builder = own.from_command_line(model) if isinstance(model, str) else _from_file(model)
    return recipe_of_file(builder), builder


def _from_file(function: "Callable[..., keras.Model]") -> OwnBuilder:
    """The builder as other processes will load it from its file.

    Raises:
        InputError: they cannot.
    """
    import keras

    mend = "write a function to a file of its own, such as my_net.py, and give 'my_net.py:build'"
    if isinstance(function, keras.Model) or not callable(function):
        got = type(function).__name__
        raise InputError(f"got a {got}, and a search builds its models: {mend}")
    builder = own.of_function(function)
    name = getattr(function, "__name__", "")
    at_top = getattr(function, "__qualname__", None) == name
    if builder.path is None or not at_top or function.__module__ == "__main__":
        raise InputError(f"{builder.name}: other processes cannot load this function: {mend}")
    return own.load(builder.path, name)


def _folder(out: str | os.PathLike[str] | None, wanted: Wanted, splits: Splits) -> Path:
    if out is not None:
        return Path(out)
    name = short_name(wanted.name)
    return runs.MODELS / f"tune-{name}-{wanted.algorithm}-{title(splits.name)}"


def _require_known(algorithm: str) -> None:
    if algorithm not in ALGORITHMS:
        raise InputError(f"algorithm={algorithm!r}: expected one of {', '.join(ALGORITHMS)}")


def _require_positive(budget: float | None) -> None:
    if budget is not None and not budget > 0:
        raise InputError(f"budget={budget!r}: expected a number of seconds above 0")


def _require_whole(name: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not (isinstance(value, int) and low <= value <= high):
        raise InputError(f"{name}={value!r}: expected a whole number from {low} to {high:,}")

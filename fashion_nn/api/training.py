"""Recipes, and training by them."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn import console, recipes, runs, zoo
from fashion_nn.api.data import Data, loaded
from fashion_nn.api.models import with_scale
from fashion_nn.core.text import title
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import Run
from fashion_nn.zoo import OwnBuilder, own

if TYPE_CHECKING:
    import keras

    from fashion_nn.datasets import Splits


def recipe(name: str | Recipe, **settings: Any) -> Recipe:
    """A recipe, with single settings changed.

    Args:
        name: of a recipe, such as "mlp"; or a recipe.
        **settings: as `--set` takes them: fields of the recipe, such as `epochs=20`. Those of the
            augmentation and of the model are dictionaries: `augment={"flip": True}`,
            `options={"dropout_1": 0.3}`.

    Raises:
        InputError: there is no such recipe or setting, a value is out of range, or it has no effect
            beside the others.

    Example:
        >>> recipe("mlp", epochs=5, augment={"flip": True}).epochs
        5
    """
    base = name if isinstance(name, Recipe) else recipes.get(name)
    changed = recipes.with_settings(base, settings)
    zoo.require_options(changed.model, changed.options)
    return changed


def train(
    model: "str | Recipe | Callable[..., keras.Model] | keras.Model | OwnBuilder",
    data: Data,
    *,
    out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    callbacks: "Sequence[keras.callbacks.Callback]" = (),
    resume: bool = False,
    seconds: float | None = None,
    scale: str | None = None,
    **settings: Any,
) -> Run:
    """Train a model, choose its best epoch on the validation rows, and leave a run folder.

    Progress is printed: a line for each epoch. Ctrl-C stops after the running step; `resume=True`
    then continues.

    Args:
        model: the name of a recipe; a recipe; a function `build(*, image_shape, classes,
            **options)` that returns a model of raw pixels and probabilities; or a built
            `keras.Model`, of whose weights a copy is trained. A model that is compiled keeps its
            optimizer and loss.
        data: what `load` returns, or what it takes.
        out: the run folder [default: models/NAME-DATA-seedN].
        epochs: maximum number of epochs [default: that of the recipe].
        callbacks: of Keras. They see one training whose epochs are numbered through. A callback
            that keeps a state is resumed exactly if it has `get_state()` and `set_state(state)`,
            with a state that JSON can hold; of others a warning says so.
        resume: continue the training in the folder, or start it if there is none.
        seconds: stop after this time, and keep the best model so far.
        scale: numbers that a model of your own takes, such as "0-1" or "standardised" [default:
            pixels of 0 to 255]. The saved model converts pixels itself.
        **settings: of the recipe; see `recipe`.

    Returns:
        The run. `predict`, `evaluate` and `report` take it.

    Raises:
        InputError: a name or setting is unknown, the folder is taken, or the training diverges.

    Example:
        run = fnn.train("mlp", fnn.load("digits"), epochs=20, learning_rate=0.05)
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    if epochs is not None:
        settings["epochs"] = epochs
    base, builder = _base(model)
    if scale is not None and builder is None:
        raise InputError(f"scale={scale!r} is for a model of your own: leave it out")
    chosen = for_data(base, builder, data, settings)
    splits = loaded(data, validation_fraction=chosen.validation_fraction)
    if builder:
        builder = with_scale(builder, scale, splits)
    work = Work(chosen, splits, _folder(out, chosen, splits), builder)
    return carry_out(work, resume=resume, deadline=deadline, callbacks=callbacks)


@dataclass(frozen=True, eq=False)
class Work:
    """A training: by which recipe, on which rows, where its run goes, and what builds its model if
    that is not in the zoo.
    """

    recipe: Recipe
    splits: "Splits"
    folder: Path
    builder: OwnBuilder | None = None


def carry_out(
    work: Work,
    *,
    resume: bool = False,
    deadline: float | None = None,
    callbacks: "Sequence[keras.callbacks.Callback]" = (),
) -> Run:
    """Train, with a line for each epoch on stderr, and draw what a run folder shows.

    Args:
        deadline: see `training.run`.

    Raises:
        InputError: see `train`.
        KeyboardInterrupt: Ctrl-C was pressed; the folder can be resumed.
    """
    runs.require_free(work.folder, resume=resume)
    console.load_tensorflow()
    from fashion_nn import pages, training

    with console.TrainingBar(work.recipe.name, work.recipe.epochs) as progress:
        outcome = training.run(
            training.OwnRecipe(work.recipe, work.builder) if work.builder else work.recipe,
            work.splits,
            work.folder,
            resume=resume,
            deadline=deadline,
            callbacks=callbacks,
            progress=progress,
        )
    pages.describe_training(outcome.run, work.splits)
    return outcome.run


def _base(
    model: "str | Recipe | Callable[..., keras.Model] | keras.Model | OwnBuilder",
) -> tuple[Recipe, OwnBuilder | None]:
    """The recipe that the settings change, and what builds its model if it is not in the zoo."""
    if isinstance(model, str | Recipe):
        return recipe(model), None
    if isinstance(model, OwnBuilder):
        builder = model
    else:
        console.load_tensorflow()
        import keras

        is_built = isinstance(model, keras.Model)
        builder = own.of_model(model) if is_built else own.of_function(model)
    return recipes.for_own_code(_name(builder), builder.name), builder


def short_name(text: str) -> str:
    """The name of a model for folders: of a file its own, and of another function than build."""
    if not own.named_on_command_line(text):
        return text
    file, _, function = text.rpartition(".py")
    stem = title(Path(file).name.replace(" ", "-"))
    function = function.removeprefix(":")
    return stem if function in ("", own.FUNCTION) else f"{stem}-{function}"


def recipe_of_file(builder: OwnBuilder) -> Recipe:
    """The recipe that settings change, for a builder in a file.

    Raises:
        InputError: the file has a name that cannot be part of the name of a folder.
    """
    try:
        return recipes.for_own_code(short_name(builder.name), builder.name)
    except ValueError:
        raise InputError(
            f"{builder.name}: its name becomes that of the run: use letters, digits and . _ + -"
        ) from None


def _name(builder: OwnBuilder) -> str:
    """The name of the recipe of a builder: that of its function or model."""
    return title(builder.name.rpartition(":")[2].replace("_", "-")).strip("<>") or "own"


def for_data(
    base: Recipe, builder: OwnBuilder | None, data: Data, settings: Mapping[str, object]
) -> Recipe:
    """The recipe; loaded data say which share of the rows is held out."""
    chosen = recipes.with_settings(base, settings)
    if builder:
        builder.require_options(chosen.options)
    else:
        zoo.require_options(chosen.model, chosen.options)
    share = getattr(data, "validation_fraction", None)
    if share is None or share == chosen.validation_fraction:
        return chosen
    if "validation_fraction" in settings:
        raise InputError(
            f"validation_fraction={chosen.validation_fraction}: the data were loaded with {share}:"
            " give it to load instead"
        )
    return recipes.with_settings(chosen, {"validation_fraction": share})


def _folder(out: str | os.PathLike[str] | None, chosen: Recipe, splits: "Splits") -> Path:
    if out is not None:
        return Path(out)
    return runs.MODELS / f"{chosen.name}-{title(splits.name)}-seed{chosen.seed}"

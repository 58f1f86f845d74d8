"""A recipe whose model is the user's own code."""

from dataclasses import dataclass

from fashion_nn import recipes
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import CodeRecord
from fashion_nn.zoo import OwnBuilder, adapting, own

_TRIED = 16
_PIXELS = "0-255"


@dataclass(frozen=True, eq=False)
class OwnRecipe:
    """A recipe, and the function that builds its model.

        builder = zoo.own.of_function(build)
        recipe = recipes.for_own_code("my-net", builder.name)
        training.run(OwnRecipe(recipe, builder), splits, folder)

    `zoo.own.from_command_line`, `of_function` and `of_model` make the builder of a file, of a
    function and of a built or compiled model.
    """

    recipe: Recipe
    builder: OwnBuilder


def parts(work: Recipe | OwnRecipe) -> tuple[Recipe, OwnBuilder | None]:
    """The recipe, and the builder if the model is the user's own.

    Raises:
        InputError: the recipe names code that nobody has passed.
    """
    if isinstance(work, OwnRecipe):
        return work.recipe, work.builder
    if work.names_code:
        raise InputError(names_code(work))
    return work, None


def names_code(recipe: Recipe) -> str:
    """The message that code is not run because a recipe names it."""
    name = ascii(recipe.model)[1:-1][:100]
    return (
        f"the recipe names code, {name}, and code is run only if the command line names it:"
        " fashion-nn train my_net.py:build"
    )


def prepared(recipe: Recipe, builder: OwnBuilder, splits: Splits) -> Recipe:
    """The recipe as it will be trained, after the model was built once and has answered.

    Raises:
        InputError: the model cannot be built or does not keep its contract, or a setting has no
            effect because the model is compiled.
    """
    model = adapting.build(
        builder,
        image_shape=splits.image_shape,
        classes=splits.classes,
        options=recipe.options,
    )
    with builder.explained():
        model.get_config()  # a class that cannot be saved is refused before the training
    adapting.require_probabilities(builder, model, splits.train.images[:_TRIED])
    return recipes.with_compiled(recipe, compiled=bool(model.compiled))


def require_same_code(there: CodeRecord | None, builder: OwnBuilder | None) -> None:
    """Refuse code that is not the code of a run.

    Raises:
        InputError: the source or the scale is another one.
    """
    if there is None or builder is None:
        return
    if there.sha256 != builder.sha256:
        raise InputError(own.changed(builder.name, there.sha256, builder.sha256))
    now = builder.scale.name if builder.scale else _PIXELS
    then = there.scale.name if there.scale else _PIXELS
    if now != then:
        raise InputError(
            f"--scale {now}: this was begun with --scale {ascii(then)[1:-1][:100]}: give the same,"
            " or choose another --out"
        )

"""The recipe of a model of the user's own, and what a compiled model replaces of it."""

from fashion_nn.errors import InputError
from fashion_nn.recipes.effective import without_effect
from fashion_nn.recipes.recipe import Recipe

_COMPILED = "compiled"


def for_own_code(name: str, model: str) -> Recipe:
    """A recipe that suits most networks for small images: Adam, and at most 30 epochs.

    Args:
        name: of the recipe.
        model: name of the builder, such as `my_net.py:build`.
    """
    return Recipe(
        name=name,
        model=model,
        batch_size=128,
        epochs=30,
        patience=8,
        optimizer="adam",
        learning_rate=0.001,
    )


def with_compiled(recipe: Recipe, *, compiled: bool) -> Recipe:
    """`recipe` for a model that is compiled or not: the settings that a compilation replaces have
    their defaults.

    Raises:
        InputError: such a setting was changed, or the recipe needs a compiled model and there is
            none.
    """
    if not compiled:
        if recipe.optimizer == _COMPILED:
            raise InputError(
                f"optimizer=compiled: {recipe.model} returns a model that is not compiled: compile"
                " it, or set another optimizer"
            )
        return recipe
    if recipe.optimizer == _COMPILED:
        return recipe
    usual = for_own_code(recipe.name, recipe.model).to_json()
    values = recipe.to_json()
    replaced = ["optimizer", *without_effect({**values, "optimizer": _COMPILED})]
    changed = [f"{name}={values[name]}" for name in replaced if values[name] != usual[name]]
    if changed:
        raise InputError(
            f"{', '.join(changed)} has no effect: {recipe.model} returns a compiled model, whose"
            " own optimizer and loss are used: leave it out, or do not compile the model"
        )
    defaults = {name: Recipe.model_fields[name].default for name in replaced}
    return recipe.model_copy(update={**defaults, "optimizer": _COMPILED})

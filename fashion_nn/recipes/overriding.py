"""Single settings of a recipe changed by text, as `--set key=value` does."""

from collections.abc import Iterable, Mapping
from typing import Any

from fashion_nn.core import strict_json
from fashion_nn.core.strict_json import Json, JsonError
from fashion_nn.core.text import did_you_mean, quoted
from fashion_nn.errors import InputError
from fashion_nn.recipes.effective import require_effective, without_effect
from fashion_nn.recipes.recipe import Recipe, dotted, validated
from fashion_nn.recipes.settings import settings


def override(recipe: Recipe, assignments: Iterable[str]) -> Recipe:
    """`recipe` with single settings changed.

    A value is read as JSON where that works (`true`, `0.1`, `none` for null), else as a string. A
    dot names a nested setting: `augment.flip=true`, `options.rate=0.3`. A changed setting loses its
    source. `validation_fraction=0` also lets early stopping and the choice of the best epoch watch
    the training figures, unless `monitor` or `checkpoint_monitor` is set beside it.

    Raises:
        InputError: an assignment has no `=`, the key is unknown (the message lists the known ones),
            a value is out of range, or a setting has no effect beside the others (see `EFFECTIVE`).

    Example:
        >>> short = override(Recipe(name="short", model="mlp"), ["epochs=5", "augment.flip=true"])
        >>> short.epochs, short.augment.flip
        (5, True)
    """
    changes: dict[str, Json] = {}
    for assignment in assignments:
        key, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise InputError(f"--set {quoted(assignment)}: expected key=value, such as epochs=20")
        changes[key] = _parse(text)
    return _changed(recipe, changes, "--set")


def with_settings(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """`recipe` with single settings changed, given as values.

    Other settings that have no effect beside them get their defaults: with `optimizer="adam"`, a
    momentum of the recipe is gone.

    Args:
        recipe: is left as it is.
        settings: field → value. Those of `augment` and `options` are dictionaries, of which only
            the given keys are changed.

    Raises:
        InputError: see `override`.

    Example:
        >>> with_settings(Recipe(name="short", model="mlp"), {"augment": {"flip": True}}).augment
        Augmentation(flip=True, shift_pixels=0, rotation_degrees=0.0, brightness=0.0, erase=0.0)
    """
    changes = dotted(settings)
    return _changed(_without_idle(recipe, changes), changes, "settings")


def _without_idle(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """`recipe` with the defaults of what has no effect beside `changes` and is not among them."""
    idle = set(without_effect({**recipe.to_json(), **changes})) - changes.keys()
    defaults = {name: Recipe.model_fields[name].default for name in idle}
    return validated(recipe.changed(defaults), "settings")


def _changed(recipe: Recipe, changes: Mapping[str, Any], what: str) -> Recipe:
    """`recipe` with the values of `changes`, whose keys may have a dot.

    Raises:
        InputError: see `override`; the message begins with `what`.
    """
    for key in changes:
        _require_known(key, what)
    if changes.get("validation_fraction") == 0:
        changes = {
            "monitor": recipe.monitor.removeprefix("val_"),
            "checkpoint_monitor": recipe.checkpoint_monitor.removeprefix("val_"),
            **changes,
        }
    changed = validated(recipe.changed(changes), what)
    require_effective(changed)
    return changed


def _require_known(key: str, what: str) -> None:
    if key.startswith("options.") and key != "options.":
        return  # only the builder knows its options, and it refuses unknown ones
    known = [setting.key for setting in settings()]
    if key not in known:
        raise InputError(
            f"{what}: unknown key {quoted(key)}: expected one of {', '.join(known)},"
            f" options.<name>{did_you_mean(key, known)}"
        )


def _parse(text: str) -> Any:
    if text.lower() in {"none", "null"}:
        return None
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    try:
        return strict_json.parse(text)
    except JsonError:
        return text

"""Single settings of a recipe changed by text, as `--set key=value` does."""

from collections.abc import Iterable
from typing import Any

from fashion_nn.core import strict_json
from fashion_nn.core.strict_json import JsonError
from fashion_nn.core.text import did_you_mean, quoted
from fashion_nn.errors import InputError
from fashion_nn.recipes.effective import require_effective
from fashion_nn.recipes.recipe import Recipe, validated
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
    values = recipe.to_json()
    chosen: set[str] = set()
    for assignment in assignments:
        key, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise InputError(f"--set {quoted(assignment)}: expected key=value, such as epochs=20")
        _require_known(key)
        outer, dot, inner = key.partition(".")
        if dot:
            values[outer][inner] = _parse(text)
        else:
            values[outer] = _parse(text)
        values["sources"].pop(outer, None)
        chosen.add(outer)
    if "validation_fraction" in chosen and values["validation_fraction"] == 0:
        _monitor_training(values, chosen)
    changed = validated(values, "--set")
    require_effective(changed)
    return changed


def _monitor_training(values: dict[str, Any], chosen: set[str]) -> None:
    """Watch the figures of the training where no rows are held out, but for what was `chosen`."""
    for key in {"monitor", "checkpoint_monitor"} - chosen:
        values[key] = str(values[key]).removeprefix("val_")
        values["sources"].pop(key, None)


def _require_known(key: str) -> None:
    if key.startswith("options.") and key != "options.":
        return  # only the builder knows its options, and it refuses unknown ones
    known = [setting.key for setting in settings()]
    if key not in known:
        raise InputError(
            f"--set: unknown key {quoted(key)}: expected one of {', '.join(known)},"
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

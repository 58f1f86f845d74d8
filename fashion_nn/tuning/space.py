"""The space of a search: what the builder's options and the training's settings may be, as data.

A parameter is plain data, so that it can be stored, hashed and drawn:

    name     as `--set` takes it: learning_rate, options.dropout_1, augment.flip
    kind     choice, with `values` in order; float, with `low`, `high` and `log`
    default  what the recipe has, where that is among the values, else the first or least of them
    when     parameter → values of it with which this one counts; no key: always
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fashion_nn import recipes, zoo
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.zoo import Between, Choices, OneOf

Parameter = dict[str, Any]

TRAINING: Mapping[str, Choices] = {
    "optimizer": OneOf("sgd", "adam", "adamw", "rmsprop"),
    "learning_rate": Between(1e-4, 1e-1, log=True),
    "momentum": OneOf(0.0, 0.5, 0.8, 0.9, 0.95, 0.975),
    "nesterov": OneOf(False, True),
    "weight_decay": Between(1e-4, 1e-1, log=True),
    "batch_size": OneOf(32, 64, 128, 256, 512),
    "schedule": OneOf("constant", "inverse-time", "cosine", "one-cycle"),
    "decay_per_step": Between(1e-6, 1e-3, log=True),
    "augment.flip": OneOf(False, True),
    "augment.shift_pixels": OneOf(0, 1, 2, 3),
    "augment.rotation_degrees": Between(0.0, 15.0, 2.5),
    "augment.erase": Between(0.0, 0.5, 0.1),
}
"""What a search may try for the training of any model. Cosine restarts are left out: they need long trainings."""

_LEVELS = 3
"""How many values of a range a grid has, when that has no steps."""


def space(base: Recipe, *, fixed: Iterable[str] = (), only: Iterable[str] = (), grid: bool = False) -> list[Parameter]:
    """The parameters of a search around `base`: options of its model first, then the training's settings.

    Args:
        fixed: settings that keep the value that `base` has.
        only: when not empty, all others are fixed.
        grid: ranges become a few values.

    Raises:
        InputError: `only` has a name that is not in the space, or nothing is left.
    """
    options = zoo.describe(base.model).space
    declared = {f"options.{name}": choices for name, choices in options.items()} | dict(TRAINING)
    only = list(only)
    for name in only:
        if name not in declared:
            raise InputError(f"--only {name}: not in the space of {base.model}: expected some of {', '.join(declared)}")
    chosen = {name for name in declared if name not in fixed and (not only or name in only)}
    here = _flat(base)
    found: dict[str, Parameter] = {}
    for name, choices in declared.items():
        conditions = recipes.EFFECTIVE.get(name, {})
        when = {}
        possible = name in chosen
        for parent, holds in conditions.items():
            # A parameter stands behind those that it depends on.
            values = found[parent]["values"] if parent in found else [here[parent]]
            allowed = [value for value in values if holds(value)]
            possible = possible and bool(allowed)
            if parent in found and allowed != values:
                when[parent] = allowed
        if possible:
            found[name] = _parameter(name, choices, here.get(name), when, grid)
    if not found:
        raise InputError("nothing is left to search for: fix fewer settings with --set, or name others with --only")
    return list(found.values())


def _parameter(name: str, choices: Choices, here: Any, when: Mapping[str, list[Any]], grid: bool) -> Parameter:
    extra = {"when": dict(when)} if when else {}
    if isinstance(choices, Between) and choices.step is None and not grid:
        inside = here is not None and choices.low <= here <= choices.high
        low, high = float(choices.low), float(choices.high)
        kind = {"kind": "float", "low": low, "high": high, "log": choices.log}
        return {"name": name, **kind, "default": float(here) if inside else low, **extra}
    if isinstance(choices, OneOf):
        values = list(choices.values)
        if name == "optimizer" and here not in values:
            values.append(here)  # one that few recipes use is tried around those
    elif grid:
        steps = choices.levels(_LEVELS)
        values = [steps[0], steps[len(steps) // 2], steps[-1]] if len(steps) > _LEVELS else steps
    else:
        values = choices.levels(_LEVELS)
    kind = type(values[0])
    # A grid begins with what the recipe has; elsewhere neighbours have to lie beside each other.
    if grid and kind is float and here is not None and _hold(choices, here) and here not in values:
        values = sorted([*values, float(here)])
    return {"name": name, "kind": "choice", "values": values, "default": here if here in values else values[0], **extra}


def _hold(choices: Choices, value: float) -> bool:
    """Whether `value` is inside the range, or one of the values."""
    return choices.low <= value <= choices.high if isinstance(choices, Between) else value in choices.values


def grid_size(parameters: Sequence[Parameter]) -> int:
    """How many different settings there are when every parameter is a choice."""
    by_name = {parameter["name"]: parameter for parameter in parameters}
    parents = list(dict.fromkeys(parent for parameter in parameters for parent in parameter.get("when", {})))
    count = 0
    for values in itertools.product(*(by_name[parent]["values"] for parent in parents)):
        here = dict(zip(parents, values, strict=True))
        counting = {name: counts_with(by_name[name], here, by_name) for name in by_name}
        # A parent that does not count itself has one of its values here, not each in turn.
        if all(counting[parent] or here[parent] == by_name[parent]["values"][0] for parent in parents):
            free = [name for name in by_name if counting[name] and name not in parents]
            count += math.prod(len(by_name[name]["values"]) for name in free)
    return count


def counts_with(parameter: Parameter, values: Mapping[str, Any], by_name: Mapping[str, Parameter]) -> bool:
    """Whether `parameter` has an effect beside `values` of those it depends on."""
    return all(
        values.get(parent) in allowed and counts_with(by_name[parent], values, by_name)
        for parent, allowed in parameter.get("when", {}).items()
    )


def assemble(base: Recipe, values: Mapping[str, Any], *, seed: int) -> Recipe:
    """`base` with `values` and `seed`; what has no effect beside them has its default.

    Raises:
        InputError: a value is out of range.
    """
    changed = base.to_json()
    for name, value in values.items():
        outer, dot, inner = name.partition(".")
        (changed[outer] if dot else changed)[inner or outer] = value
        changed["sources"].pop(name, None)
        if outer == "options":
            changed["sources"].pop("options", None)
    if changed["optimizer"] != base.optimizer and "weight_decay" not in values:
        changed["weight_decay"] = 0.0  # what the recipe has is meant for its own optimizer
    defaults = {name: Recipe.model_fields[name].default for name in Recipe.model_fields}
    for name in recipes.without_effect(changed):
        if changed[name] != defaults[name]:
            changed[name] = defaults[name]
            changed["sources"].pop(name, None)
    changed["sources"].pop("seed", None)
    return recipes.from_json(changed | {"seed": seed})


def _flat(recipe: Recipe) -> dict[str, Any]:
    """The settings of `recipe` by the names that --set takes, options with the builder's defaults."""
    values = recipe.to_json()
    options = {**zoo.describe(recipe.model).options, **recipe.options}
    nested = {f"options.{name}": value for name, value in options.items()}
    nested |= {f"augment.{name}": value for name, value in values["augment"].items()}
    return {**values, **nested}

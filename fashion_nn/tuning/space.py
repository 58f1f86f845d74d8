"""The space of a search: possible values of the model's options and the training's settings."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fashion_nn import recipes, zoo
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import Parameter, Value
from fashion_nn.tuning import own_space
from fashion_nn.tuning.conditions import counts_with
from fashion_nn.tuning.own_space import Declared
from fashion_nn.zoo import Between, Choices, OneOf, OwnBuilder

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
"""Possible values for the training of any model; cosine restarts need too long trainings."""

_LEVELS = 3
"""Number of values that a grid takes from a range without steps."""


def space(
    base: Recipe,
    *,
    fixed: Iterable[str] = (),
    only: Iterable[str] = (),
    grid: bool = False,
    own: OwnBuilder | None = None,
) -> list[Parameter]:
    """The parameters of a search around `base`: options of its model, then training settings.

    Args:
        fixed: settings that keep the value of `base`.
        only: if not empty, all other settings are fixed.
        grid: take a few values from each range.
        own: builds the model in place of the zoo. A function `space(hp)` beside it says everything
            that is searched; without one its annotations say what is searched of its options.

    Raises:
        InputError: `only` has a name that is not in the space, or no parameter is left.
    """
    found_by = _declared(base, own)
    declared = found_by.choices
    only = list(only)
    for name in only:
        if name not in declared:
            expected = f"expected some of {', '.join(declared)}"
            raise InputError(f"--only {name}: not in the space of {base.model}: {expected}")
    chosen = {name for name in declared if name not in fixed and (not only or name in only)}
    options = own.options if own else zoo.describe(base.model).options
    here = {**{f"options.{name}": value for name, value in options.items()}, **base.flat()}
    found: dict[str, Parameter] = {}
    for name, choices in declared.items():
        effective = {**recipes.EFFECTIVE.get(name, {}), **found_by.conditions.get(name, {})}
        when = _conditions(effective, found, here)
        if name in chosen and when is not None:
            found[name] = _parameter(name, choices, here.get(name), when, grid)
    if not found:
        mend = "fix fewer settings with --set, or name others with --only"
        raise InputError(f"nothing is left to search for: {mend}")
    return list(found.values())


def _declared(base: Recipe, own: OwnBuilder | None) -> Declared:
    """What can be searched around `base`."""
    declared = own_space.declared(own) if own else None
    if declared is None:
        options = own.space if own else zoo.describe(base.model).space
        of_model = {f"options.{name}": choices for name, choices in options.items()}
        declared = Declared({**of_model, **TRAINING})
    if base.optimizer != "compiled":
        return declared
    choices = {name: each for name, each in declared.choices.items() if name != "optimizer"}
    return Declared(choices, declared.conditions)


def _conditions(
    effective: Mapping[str, Callable[[Any], bool]],
    found: Mapping[str, Parameter],
    here: Mapping[str, Any],
) -> dict[str, list[Value]] | None:
    """Parent → its values beside which a parameter has an effect; None if it never has one.

    Args:
        effective: parent → whether the parameter has an effect beside a value of it.
        found: the parameters so far; a parameter stands behind those that it depends on.
        here: the settings of the recipe, which parents outside the space keep.
    """
    when: dict[str, list[Value]] = {}
    for parent, holds in effective.items():
        values = found[parent].values if parent in found else [here[parent]]
        allowed = [value for value in values if holds(value)]
        if not allowed:
            return None
        if parent in found and allowed != values:
            when[parent] = allowed
    return when


def _parameter(
    name: str, choices: Choices, here: Any, when: dict[str, list[Value]], grid: bool
) -> Parameter:
    if isinstance(choices, Between) and choices.step is None and not grid:
        inside = here is not None and choices.low <= here <= choices.high
        low = float(choices.low)
        high = float(choices.high)
        default = float(here) if inside else low
        found = Parameter(
            name=name, kind="float", low=low, high=high, log=choices.log, default=default
        )
    else:
        values = _values(name, choices, here, grid)
        default = here if here in values else values[0]
        found = Parameter(name=name, kind="choice", values=values, default=default)
    return found.model_copy(update={"when": when}) if when else found


def _values(name: str, choices: Choices, here: Any, grid: bool) -> list[Value]:
    """The values of a choice, in order."""
    values: list[Value]
    if isinstance(choices, OneOf):
        values = list(choices.values)
        if name == "optimizer" and here not in values:
            values.append(here)  # an optimizer that few recipes use is tried around those
    else:
        values = list(choices.levels(_LEVELS))
        if grid and len(values) > _LEVELS:
            values = [values[0], values[len(values) // 2], values[-1]]
    # A grid begins with the recipe's value; in other searches neighbours have to be at equal
    # distances.
    if (
        grid
        and isinstance(values[0], float)
        and here is not None
        and here not in values
        and _hold(choices, here)
    ):
        values = sorted([*values, float(here)])
    return values


def _hold(choices: Choices, value: float) -> bool:
    """Whether `value` is inside the range, or one of the values."""
    if isinstance(choices, Between):
        return choices.low <= value <= choices.high
    return value in choices.values


def grid_size(parameters: Sequence[Parameter]) -> int:
    """Number of different settings, if every parameter is a choice."""
    by_name = {parameter.name: parameter for parameter in parameters}
    parents = list(dict.fromkeys(parent for parameter in parameters for parent in parameter.when))
    count = 0
    for values in itertools.product(*(by_name[parent].values for parent in parents)):
        here = dict(zip(parents, values, strict=True))
        counting = {name: counts_with(by_name[name], here, by_name) for name in by_name}
        # A parent without an effect stands here with one of its values only.
        if all(counting[parent] or here[parent] == by_name[parent].values[0] for parent in parents):
            free = [name for name in by_name if counting[name] and name not in parents]
            count += math.prod(len(by_name[name].values) for name in free)
    return count


def assemble(base: Recipe, values: Mapping[str, Any], *, seed: int) -> Recipe:
    """`base` with `values` and `seed`; settings without an effect beside them get their defaults.

    Raises:
        InputError: a value is out of range.
    """
    changes = {**values, "seed": seed}
    if values.get("optimizer", base.optimizer) != base.optimizer and base.weight_decay:
        changes.setdefault("weight_decay", 0.0)  # the recipe's is meant for its own optimizer
    for name in recipes.without_effect(base.changed(changes)):
        default = Recipe.model_fields[name].default
        if changes.get(name, getattr(base, name)) != default:
            changes[name] = default
    return recipes.from_json(base.changed(changes))

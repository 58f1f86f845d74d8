"""Which settings have an effect beside the others: one table for the whole project."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fashion_nn.errors import InputError
from fashion_nn.recipes.recipe import Recipe

Condition = Callable[[Any], bool]


def _one_of(*values: str) -> Condition:
    return lambda value: value in values


def _above_zero(value: Any) -> bool:
    return bool(value) and value > 0


def _not(value: str) -> Condition:
    return lambda other: other != value


_UNLESS_COMPILED: Mapping[str, Condition] = {"optimizer": _not("compiled")}

EFFECTIVE: Mapping[str, Mapping[str, Condition]] = {
    "learning_rate": _UNLESS_COMPILED,
    "weight_decay": _UNLESS_COMPILED,
    "schedule": _UNLESS_COMPILED,
    "label_smoothing": _UNLESS_COMPILED,
    "momentum": {"optimizer": _one_of("sgd", "rmsprop", "muon")},
    "nesterov": {"optimizer": _one_of("sgd"), "momentum": _above_zero},
    "initial_accumulator": {"optimizer": _one_of("adagrad")},
    "decay_per_step": {"schedule": _one_of("inverse-time")},
    "warmup_fraction": {"schedule": _one_of("one-cycle")},
    "restart_epochs": {"schedule": _one_of("cosine-restarts")},
}
"""Setting → another setting → whether the first has an effect beside this value of the other.

A setting that is not listed always has an effect. One that depends on several others needs all of
their conditions to hold.
"""


def without_effect(recipe: Mapping[str, Any]) -> list[str]:
    """Names of the settings that have no effect beside the others of `recipe`, given as JSON."""
    return [
        name
        for name, conditions in EFFECTIVE.items()
        if not all(holds(recipe.get(other)) for other, holds in conditions.items())
    ]


def require_effective(recipe: Recipe) -> None:
    """Refuse a recipe in which a setting that was changed has no effect.

    This is for recipes that a user writes. A recipe that is stored with a run is taken as it is.

    Raises:
        InputError: there is such a setting; the message says what to change.
    """
    values = recipe.to_json()
    defaults = {name: field.default for name, field in Recipe.model_fields.items()}
    idle = [name for name in without_effect(values) if values[name] != defaults[name]]
    if not idle:
        return
    causes: list[str] = []
    for name in idle:
        failed = [other for other, holds in EFFECTIVE[name].items() if not holds(values[other])]
        causes += [other for other in failed if other not in causes]
    verb = "has" if len(idle) == 1 else "have"
    raise InputError(
        f"{_listed(values, idle)} {verb} no effect with {_listed(values, causes)}: "
        f"set {_listed(defaults, idle)}, or choose another {causes[0]}"
    )


def _listed(values: Mapping[str, Any], names: Iterable[str]) -> str:
    return ", ".join(f"{name}={json.dumps(values[name]).strip(chr(34))}" for name in names)

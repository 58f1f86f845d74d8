"""The space that a user's own file declares: a function `space(hp)` in the define-by-run manner of
keras-tuner.

    def space(hp):
        hp.Int("units", 32, 256, step=32)
        hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")

A name is that of an option of the builder, or of a setting of the training. Of a value that counts
only beside some values of another, `hp.conditional_scope` says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fashion_nn import recipes
from fashion_nn.errors import InputError
from fashion_nn.tuning import keras_tuner_adapter
from fashion_nn.zoo import Between, Choices, OneOf, OwnBuilder

_MOST_VALUES = 1000
_OF_A_SEARCH = ("seed", "epochs")
Condition = Callable[[Any], bool]


@dataclass(frozen=True)
class Declared:
    """What a search may vary.

    Attributes:
        choices: setting → its possible values.
        conditions: setting → another setting → whether the first counts beside a value of it.
    """

    choices: Mapping[str, Choices]
    conditions: Mapping[str, Mapping[str, Condition]] = field(default_factory=dict)


def declared(builder: OwnBuilder) -> Declared | None:
    """What the function `space(hp)` beside the builder declares; None if there is no such function.

    Raises:
        InputError: the function raises, or names something that is no option and no setting.
    """
    if builder.search_space is None:
        return None
    hyperparameters = keras_tuner_adapter.empty_space()
    with builder.explained():
        builder.search_space(hyperparameters)
    choices: dict[str, Choices] = {}
    conditions: dict[str, dict[str, Condition]] = {}
    for each in hyperparameters.space:
        name = _setting(builder, each.name)
        choices[name] = _choices(builder, each)
        for condition in each.conditions:
            parent = _setting(builder, condition.name)
            conditions.setdefault(name, {})[parent] = _one_of(tuple(condition.values))
    return Declared(choices, conditions)


def _one_of(values: tuple[Any, ...]) -> Condition:
    return lambda value: value in values


def _setting(builder: OwnBuilder, name: str) -> str:
    """The name that `--set` takes."""
    if name in builder.options:
        return f"options.{name}"
    known = {setting.key for setting in recipes.settings()}.difference(_OF_A_SEARCH)
    if name not in known:
        options = ", ".join(builder.options) or "none"
        raise InputError(
            f"{builder.name}: space(hp) names {name!a}: expected an option of the function"
            f" ({options}) or a setting such as learning_rate"
        )
    return name


def _choices(builder: OwnBuilder, hyperparameter: Any) -> Choices:
    kind = type(hyperparameter).__name__
    if kind == "Fixed":
        return OneOf(hyperparameter.value)
    if kind == "Boolean":
        return OneOf(False, True)
    if kind == "Float" and hyperparameter.step is None:
        log = hyperparameter.sampling == "log"
        return Between(hyperparameter.min_value, hyperparameter.max_value, log=log)
    values = tuple(
        round(value, 9) if isinstance(value, float) else value for value in hyperparameter.values
    )
    if len(values) > _MOST_VALUES:
        raise InputError(
            f"{builder.name}: space(hp) gives {hyperparameter.name!a} {len(values):,} values,"
            f" expected at most {_MOST_VALUES:,}: give it a step"
        )
    return OneOf(*values)

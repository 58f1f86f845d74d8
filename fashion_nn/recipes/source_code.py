"""A recipe as Python source code."""

import json
from collections.abc import Mapping
from typing import Any

from fashion_nn.recipes.recipe import Augmentation, Recipe, Settings

_LINE = 100


def as_python(recipe: Recipe) -> str:
    """`recipe` as the call that makes it, ready for `published`, without settings at their default.

    >>> print(as_python(Recipe(name="short", model="mlp", epochs=5)))
    Recipe(
        name="short",
        model="mlp",
        epochs=5,
    )
    """
    lines = [f"    {line}," for line in _arguments(recipe)]
    return "\n".join(["Recipe(", *lines, ")"])


def _arguments(settings: Settings) -> list[str]:
    arguments = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if field.is_required() or value != field.default:
            arguments.append(f"{name}={_literal(value)}")
    return arguments


def _literal(value: Any) -> str:
    if isinstance(value, Augmentation):
        return f"Augmentation({', '.join(_arguments(value))})"
    if isinstance(value, dict):
        return _dictionary(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _dictionary(values: Mapping[str, object]) -> str:
    """On one line if it fits, else one item a line."""
    pairs = [f"{_literal(key)}: {_literal(value)}" for key, value in values.items()]
    line = f"{{{', '.join(pairs)}}}"
    if len(line) <= _LINE:
        return line
    items = [f"        {pair}," for pair in pairs]
    return "\n".join(["{", *items, "    }"])

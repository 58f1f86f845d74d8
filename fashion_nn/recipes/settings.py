"""The settings of a recipe that `--set` takes, described from the fields of the types."""

import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from fashion_nn.recipes.recipe import Augmentation, Recipe, Settings

_NOT_BY_NAME = {"name", "model", "options", "augment", "sources"}
_TYPES = {bool: "true or false", int: "integer", float: "number", type(None): "none"}


@dataclass(frozen=True)
class Setting:
    """One setting of a recipe.

    Attributes:
        key: its name for `--set`, such as `epochs` or `augment.flip`.
        type: the values that it takes, in words.
        default: its default as `--set` takes it.
        meaning: one sentence.
    """

    key: str
    type: str
    default: str
    meaning: str


def settings() -> list[Setting]:
    """The settings in the order of the fields, those of the augmentation last.

    >>> settings()[1]
    Setting(key='batch_size', type='integer', default='256', meaning='Number of images in a batch.')
    """
    return [*_settings(Recipe, ""), *_settings(Augmentation, "augment.")]


def _settings(kind: type[Settings], prefix: str) -> Iterator[Setting]:
    for name, field in kind.model_fields.items():
        if name not in _NOT_BY_NAME:
            yield Setting(
                key=prefix + name,
                type=_in_words(field.annotation),
                default=_as_text(field.default),
                meaning=field.description or "",
            )


def _in_words(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return _alternatives(get_args(annotation))
    if get_origin(annotation) in (types.UnionType, Union):
        return " or ".join(_in_words(each) for each in get_args(annotation))
    return _TYPES[annotation]


def _alternatives(values: Sequence[str]) -> str:
    *others, last = values
    return f"{', '.join(others)} or {last}" if others else last


def _as_text(value: object) -> str:
    return "none" if value is None else str(value).lower()

"""The values that an option of a model may have, from the annotation of the builder's argument."""

import re
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from fashion_nn.errors import InputError
from fashion_nn.zoo.spaces import Between, Choices, OneOf

Fraction = Annotated[float, "a number, at least 0 and below 1"]
_MOST_UNITS = 8192


@dataclass(frozen=True, slots=True)
class Sizes:
    """Inside `Annotated[str, ...]`: this number of whole numbers above 0, with commas between."""

    count: int

    def allows(self, value: Any) -> bool:
        numbers = re.split(r", *", str(value))
        whole = all(re.fullmatch("[0-9]{1,4}", number) for number in numbers)
        if isinstance(value, bool) or not whole or len(numbers) != self.count:
            return False
        return all(0 < int(number) <= _MOST_UNITS for number in numbers)

    def __str__(self) -> str:
        return f"{self.count} whole numbers from 1 to {_MOST_UNITS} with commas between"


_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def require(model: str, key: str, value: Any, kind: Any) -> None:
    """Refuse a value that is none of the kind of its option.

    Args:
        model: name of the model, for the message.
        key: name of the option.
        value: that it was given.
        kind: the annotation: `Fraction`, a `Literal`, `bool`, `int`, `float` or `str`, also inside
            `Annotated`; any other allows every value.

    Raises:
        InputError: the value is of another type or out of range.
    """
    if kind is Fraction and not _is_fraction(value):
        raise InputError(f"{model}: {key}={value!r}: expected {get_args(kind)[1]}")
    for extra in _extras(kind):
        if isinstance(extra, Sizes) and not extra.allows(value):
            raise InputError(f"{model}: {key}={value!r}: expected {extra}")
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(plain) is Literal and value not in get_args(plain):
        known = ", ".join(map(str, get_args(plain)))
        raise InputError(f"{model}: {key}={value!r}: expected one of {known}")
    if plain in _NAMES and not _is_of(value, plain):
        raise InputError(f"{model}: {key}={value!r}: expected {_NAMES[plain]}")


def choices(kind: Any) -> Choices | None:
    """The values that an annotation lets a search try; None if it names none.

    `Annotated[int, Between(32, 256, 32)]` and `Annotated[int, OneOf(32, 64)]` name them, a
    `Literal` and `bool` list them.
    """
    for extra in _extras(kind):
        if isinstance(extra, Between | OneOf):
            return extra
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(plain) is Literal:
        return OneOf(*(value for value in get_args(plain) if not isinstance(value, NoneType)))
    return OneOf(False, True) if plain is bool else None


def sizes(text: str) -> list[int]:
    """The numbers of an option of the kind `Sizes`."""
    return [int(number) for number in text.split(",")]


def _extras(kind: Any) -> tuple[Any, ...]:
    return get_args(kind)[1:] if get_origin(kind) is Annotated else ()


def _is_fraction(value: Any) -> bool:
    return _is_of(value, float) and 0 <= value < 1


def _is_of(value: Any, kind: type) -> bool:
    if kind is bool or kind is str:
        return isinstance(value, kind)
    allowed = (int, float) if kind is float else (int,)
    return isinstance(value, allowed) and not isinstance(value, bool)

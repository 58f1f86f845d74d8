"""Parse JSON that somebody else has written: strictly, in linear time, and within bounds.

`json.loads` alone accepts what no reader expects: a key twice, NaN, nesting and numbers of any
size, and text that cannot be encoded. Every one of these is refused here, with one line.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A value that JSON can hold."""
JsonObject: TypeAlias = Mapping[str, Json]
"""What a JSON object is made of, or what one holds."""

_SHOWN = 60


class JsonError(ValueError):
    """A text is not JSON that is read; the message says why, in one line of printable ASCII."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a JSON text may be.

    Attributes:
        values: number of values, keys of objects not counted; it also bounds the memory, at about
            300 bytes a value.
        depth: number of values inside each other.
        text: number of characters of one string.
        constants: whether NaN and Infinity are accepted.
        any_integer: whether whole numbers beyond 64 bits are accepted, with up to 4300 digits.
    """

    values: int = 400_000
    depth: int = 96
    text: int = 1 << 16
    constants: bool = False
    any_integer: bool = False


def parse(content: bytes | str, limits: Limits = Limits()) -> Any:
    """The value that `content` is, as plain Python values.

    Args:
        content: the text; as bytes it is UTF-8.
        limits: what is refused besides duplicate keys and text that is not Unicode.

    Raises:
        JsonError: it is not JSON, or not within the limits.

    Example:
        >>> parse('{"layers": [2, 1]}')
        {'layers': [2, 1]}
        >>> parse('{"rate": 0.1, "rate": 0.2}')
        Traceback (most recent call last):
        fashion_nn.core.strict_json.JsonError: the key 'rate' stands twice in one object
    """
    text = _decoded(content)
    # Every value but the first stands behind one of these: an upper bound, before anything is
    # built.
    if text.count(",") + text.count("[") + text.count("{") > limits.values:
        raise JsonError(f"more than {limits.values} values")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=float if limits.constants else _constant,
            parse_int=int if limits.any_integer else _integer,
        )
    except JsonError:
        raise
    except RecursionError:
        raise JsonError(f"nested deeper than {limits.depth}") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"not JSON: {error}") from None
    except ValueError:
        raise JsonError("not JSON: a whole number of thousands of digits") from None
    _require_plain(value, limits)
    return value


def _decoded(content: bytes | str) -> str:
    if isinstance(content, str):
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise JsonError("not text in UTF-8") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                short = key if len(key) <= _SHOWN else f"{key[: _SHOWN - 3]}..."
                raise JsonError(f"the key {short!a} stands twice in one object")
            seen.add(key)
    return found


def _constant(name: str) -> None:
    raise JsonError(f"{name} is not a number of JSON")


def _integer(text: str) -> int:
    if len(text) <= 18:
        return int(text)
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise JsonError("a whole number does not fit into 64 bits")
    return int(text)


def _require_plain(value: Any, limits: Limits) -> None:
    """Check what only the parsed values show, level by level, without recursion."""
    level = [value]
    depth = 0
    while level:
        depth += 1
        if depth > limits.depth:
            raise JsonError(f"nested deeper than {limits.depth}")
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                below += node
                below += node.values()
            elif isinstance(node, list):
                below += node
            elif isinstance(node, str):
                _require_text(node, limits.text)
            elif isinstance(node, float) and not limits.constants and not math.isfinite(node):
                raise JsonError("a number is too large")
        level = below


def _require_text(text: str, longest: int) -> None:
    if len(text) > longest:
        raise JsonError(f"a text of {len(text)} characters, at most {longest} are read")
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise JsonError("a text is not Unicode: it has half of a surrogate pair") from None

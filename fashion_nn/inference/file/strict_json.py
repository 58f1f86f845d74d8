"""Reads a stranger's JSON: within bounds, and without what other readers let pass.

The parent process reads the answers of the confined process with it too.
"""

import json
import math
from typing import Any

from fashion_nn.inference.shared.refusal import Refusal, quoted

MAX_BYTES = 4 << 20
MAX_VALUES = 400_000
MAX_DEPTH = 96
MAX_TEXT = 1 << 16


def parse(content: bytes, name: str) -> Any:
    """The value in `content`, called `name` in messages.

    Refused: more than 4 MiB, other text than UTF-8, a key that stands twice, NaN, Infinity and
    numbers beyond float64, nesting deeper than 96, more than 400,000 values, a text of more than
    65,536 characters.

    Raises:
        Refusal: one of these, or not JSON.
    """
    if len(content) > MAX_BYTES:
        raise Refusal(f"{name}: {len(content)} bytes of JSON, at most {MAX_BYTES} are read")
    # Every value but the first stands behind one of these: an upper bound, before anything is
    # built.
    if content.count(b",") + content.count(b"[") + content.count(b"{") > MAX_VALUES:
        raise Refusal(f"{name}: more than {MAX_VALUES} values")
    try:
        value = json.loads(content.decode(), object_pairs_hook=_object, parse_constant=_constant)
    except Refusal as refusal:
        raise Refusal(f"{name}: {refusal}") from None
    except UnicodeDecodeError:
        raise Refusal(f"{name}: not text in UTF-8") from None
    except RecursionError:
        raise Refusal(f"{name}: nested deeper than {MAX_DEPTH}") from None
    except ValueError:  # no JSON, or a whole number of thousands of digits
        raise Refusal(f"{name}: not JSON") from None
    _require_plain(value, name)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Refusal(f"the key {quoted(key)} stands twice in one object")
            seen.add(key)
    return found


def _constant(name: str) -> None:
    raise Refusal(f"{name} is not a number of JSON")


def _require_plain(value: Any, name: str) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise Refusal(f"{name}: nested deeper than {MAX_DEPTH}")
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                below += node
                below += node.values()
            elif isinstance(node, list):
                below += node
            elif isinstance(node, str) and len(node) > MAX_TEXT:
                raise Refusal(
                    f"{name}: a text of {len(node)} characters, at most {MAX_TEXT} are read"
                )
            elif isinstance(node, float) and not math.isfinite(node):
                raise Refusal(f"{name}: a number is too large")
        level = below

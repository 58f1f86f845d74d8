"""Reads the JSON of a model file that somebody else has made.

The parent process reads the answers of the confined process with it too.
"""

from typing import Any

from fashion_nn.core import strict_json
from fashion_nn.core.strict_json import JsonError
from fashion_nn.inference.shared.refusal import Refusal

MAX_BYTES = 4 << 20
# Whole numbers of any size: the allow-list names the argument that is too large.
_LIMITS = strict_json.Limits(any_integer=True)


def parse(content: bytes, name: str) -> Any:
    """The value in `content`, called `name` in messages.

    Refused: more than 4 MiB, other text than UTF-8, a key that stands twice, NaN, Infinity and
    numbers beyond float64, nesting deeper than 96, more than 400,000 values, a text of more than
    65,536 characters or with half of a surrogate pair.

    Raises:
        Refusal: one of these, or not JSON.
    """
    if len(content) > MAX_BYTES:
        raise Refusal(f"{name}: {len(content)} bytes of JSON, at most {MAX_BYTES} are read")
    try:
        return strict_json.parse(content, _LIMITS)
    except JsonError as error:
        raise Refusal(f"{name}: {error}") from None

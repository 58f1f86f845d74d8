"""What the confined process answers to a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fashion_nn.core.strict_json import Json


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with."""

    header: Mapping[str, Json] = field(default_factory=dict)
    payload: bytes = b""

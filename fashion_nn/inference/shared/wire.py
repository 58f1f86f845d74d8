"""How parent and child talk: a header in JSON and raw bytes, each with its length before it.

No pickle, and nothing is believed about a length that is not checked against a bound first.
"""

import json
import struct
from typing import Any

_LENGTHS = struct.Struct(">IQ")
LENGTHS_BYTES = _LENGTHS.size


def packed(header: dict[str, Any], payload_bytes: int) -> bytes:
    """The lengths and the header, to be followed by a payload of `payload_bytes`."""
    text = json.dumps(header).encode()
    return _LENGTHS.pack(len(text), payload_bytes) + text


def lengths(content: bytes) -> tuple[int, int]:
    """Bytes of the header and of the payload that follow."""
    return _LENGTHS.unpack(content)

"""How the two processes talk: a header in JSON and raw bytes, each with its length before it.

There is no pickle in it. The parent compares both lengths of an answer with a bound before it reads
any further.
"""

import json
import struct
from collections.abc import Mapping
from typing import Literal, NamedTuple

from fashion_nn.core.strict_json import Json

Kind = Literal["keras", "h5"]
"""The kind of model file that the request "open" is about: a zip archive, or HDF5 as a whole."""
WrittenFormat = Literal["h5", "keras", "onnx"]
"""The format that the request "save" is about."""

_SIZES = struct.Struct(">IQ")
SIZES_BYTES = _SIZES.size
"""Number of bytes with which a message begins; see `sizes`."""


class Sizes(NamedTuple):
    """Number of bytes in each part of a message."""

    header: int
    payload: int


def packed(header: Mapping[str, Json], payload_bytes: int) -> bytes:
    """Sizes and header of a message, to be followed by a payload of `payload_bytes`."""
    text = json.dumps(header).encode()
    return _SIZES.pack(len(text), payload_bytes) + text


def sizes(content: bytes | bytearray) -> Sizes:
    """The sizes that the first `SIZES_BYTES` of a message give."""
    return Sizes(*_SIZES.unpack(content))

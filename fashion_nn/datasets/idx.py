"""Read the IDX files of the MNIST family, and check everything that they declare.

Source: http://yann.lecun.com/exdb/mnist/ (big-endian: magic number, sizes, then one byte a value).
"""

import hashlib
import math
import os
import struct
from pathlib import Path

import numpy as np

from fashion_nn.core.files import OpenFile
from fashion_nn.core.gunzip import MAGIC, Begun, Gunzip, GunzipError, Source
from fashion_nn.core.reading import open_file
from fashion_nn.errors import InputError

_DIMENSIONS = {"images": 3, "labels": 1}
_MAGIC = {kind: 0x0800 + dimensions for kind, dimensions in _DIMENSIONS.items()}
_MAX_BYTES = 1 << 30
_PIECE = 16 << 20


def read(path: Path, kind: str) -> tuple[np.ndarray, str]:
    """Read an IDX file, packed with gzip or not.

    Args:
        path: of the file.
        kind: "images" or "labels".

    Returns:
        Values, uint8 (n, height, width) or (n,), read-only, and the sha256 of the unpacked bytes.

    Raises:
        InputError: the file is not an IDX file of this kind, too short, too long, empty, or
            damaged.
    """
    try:
        with open_file(path, follow_links=True) as file:
            return read_open(OpenFile(file, os.fstat(file.fileno()).st_size), str(path), kind)
    except OSError as error:
        raise InputError(f"{path} could not be read ({error.strerror or error})") from error


def read_open(file: OpenFile, place: str, kind: str) -> tuple[np.ndarray, str]:
    """As `read`, from a file that is open at its start.

    Args:
        place: of the file, for messages.

    Raises:
        InputError: see `read`.
    """
    try:
        return _read(place, kind, file)
    except GunzipError as error:
        raise InputError(
            f"{place}: the gzip stream cannot be used ({error}); delete it and get it again"
        ) from error


def sha256(values: np.ndarray) -> str:
    """sha256 of the unpacked IDX file of `values`, uint8 with one dimension or three."""
    digest = hashlib.sha256(encode_header(values.shape))
    digest.update(np.ascontiguousarray(values, dtype=np.uint8).data)
    return digest.hexdigest()


def encode_header(shape: tuple[int, ...]) -> bytes:
    """The first bytes of an IDX file of uint8 values in this shape."""
    return struct.pack(f">{1 + len(shape)}I", 0x0800 + len(shape), *shape)


def _read(path: str, kind: str, file: OpenFile) -> tuple[np.ndarray, str]:
    start = file.raw.read(len(MAGIC))
    plain = Begun(start, file.raw)
    content = Gunzip(plain, file.size) if start == MAGIC else plain
    header_size = 4 + 4 * _DIMENSIONS[kind]
    header = content.read(header_size)
    sizes = _declared(path, kind, header, header_size)
    expected = math.prod(sizes)
    if expected > _MAX_BYTES:
        raise InputError(
            f"{path}: declares {expected:,} bytes of {kind}, the limit is {_MAX_BYTES:,}"
        )
    body = _body(content, expected + 1)
    if len(body) != expected:
        found = "more" if len(body) > expected else f"{len(body):,}"
        shape = "x".join(map(str, sizes))
        raise InputError(
            f"{path}: declares {shape} = {expected:,} bytes of {kind}, holds {found}; delete it and"
            " get it again"
        )
    digest = hashlib.sha256(header)
    digest.update(body)
    return np.frombuffer(body, dtype=np.uint8).reshape(sizes), digest.hexdigest()


def _body(content: Source, size: int) -> bytes:
    """The next `size` bytes. A file takes all the memory that it is asked for before it reads, so
    it is asked for a piece at a time.
    """
    pieces = []
    while size and (piece := content.read(min(size, _PIECE))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _declared(path: str, kind: str, header: bytes, header_size: int) -> tuple[int, ...]:
    magic = int.from_bytes(header[:4], "big") if len(header) >= 4 else None
    if magic != _MAGIC[kind]:
        other = next((other for other, number in _MAGIC.items() if number == magic), None)
        if other:
            raise InputError(
                f"{path}: holds {other} (magic number {magic}), expected {kind} ({_MAGIC[kind]});"
                " are they swapped?"
            )
        got = "is empty" if not header else f"begins with {header[:4].hex(' ')}"
        raise InputError(
            f"{path}: {got}, expected an IDX file of {kind} (magic number {_MAGIC[kind]})"
        )
    if len(header) < header_size:
        raise InputError(f"{path}: ends inside its header; delete it and get it again")
    sizes = struct.unpack(f">{_DIMENSIONS[kind]}I", header[4:])
    if 0 in sizes:
        raise InputError(
            f"{path}: declares no {kind} ({'x'.join(map(str, sizes))}), expected at least one"
        )
    return sizes

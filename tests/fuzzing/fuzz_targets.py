"""What is fuzzed: one function for each parser of foreign files, which takes any bytes.

A target returns if the parser gave a value or refused the bytes as it promises. Anything else, such
as another exception, a message that is not one printable line, or two parsers that disagree, is a
defect and raises. `tools/fuzz.py` runs a target under Atheris; the tests run them on stored seeds.
"""

import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from fashion_nn import tables
from fashion_nn.core import npz, strict_json, tar_archive
from fashion_nn.core.npz import NpzError
from fashion_nn.core.strict_json import JsonError
from fashion_nn.core.tar_archive import TarError
from fashion_nn.datasets import idx
from fashion_nn.errors import InputError
from fashion_nn.inference.allowlist import model_config
from fashion_nn.inference.file import archive
from fashion_nn.inference.file import strict_json as model_json
from fashion_nn.inference.shared.refusal import Refusal
from fashion_nn.tables.dialect import find_layout
from fashion_nn.tables.exact import Exact
from fashion_nn.tables.options import FOUND_OUT
from fashion_nn.tables.plain import Plain
from fashion_nn.tables.stream import opened

SEEDS = Path(__file__).with_name("seeds")
_MEMORY = Path("/dev/shm")
_FOLDER = tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None)
_NPZ_KINDS = {"a": "biuf", "b": "U"}
_NPZ_LIMIT = 1 << 16
_BETWEEN = b"\xff\xff"
_TAR_BLOCK = 512


def fuzz_json(content: bytes) -> None:
    """Whatever is read is what `json.loads` reads, and can be encoded."""
    try:
        found = strict_json.parse(content)
    except JsonError as error:
        _require_line(error)
        return
    expected = json.loads(content.decode())
    assert found == expected or found != found
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()


def fuzz_archive(content: bytes) -> None:
    """Whatever is read has exactly the members of a .keras file, within their bounds."""
    try:
        members = archive.members(content)
    except Refusal as refusal:
        _require_line(refusal)
        return
    assert set(members) == set(archive.MEMBERS)
    assert all(len(data) <= archive.MEMBERS[name] for name, data in members.items())


def fuzz_tar(content: bytes) -> None:
    """Whatever is read lies within the archive, and is what `tarfile` reads.

    Headers get their right checksums, so that what lies behind these is reached.
    """
    content = _with_checksums(content)
    try:
        found = tar_archive.read_entries(memoryview(content), most=100)
    except TarError as error:
        _require_line(error)
        return
    assert all(0 <= entry.start <= entry.start + entry.size <= len(content) for entry in found)
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            files = [one for one in archive if one.isfile() and one.size]
    except Exception:  # tarfile may refuse more, and says so in many ways
        return
    # It ends without a word at a member whose time or owner it cannot read.
    expected = [(one.offset_data, one.size) for one in files]
    filled = [(entry.start, entry.size) for entry in found if entry.size]
    assert filled[: len(files)] == expected


def fuzz_config(content: bytes) -> None:
    """The allow-list takes any JSON."""
    try:
        model_config.read(model_json.parse(content, "config"))
    except Refusal as refusal:
        _require_line(refusal)


def fuzz_npz(content: bytes) -> None:
    """Whatever is read is what `numpy.load` reads, and within the limit.

    Bytes that are no zip archive are the two members of one, so that what lies behind the archive's
    checksums is reached.
    """
    if not content.startswith(b"PK"):
        content = _archive(dict(zip(("a.npy", "b.npy"), content.split(_BETWEEN, 1), strict=False)))
    try:
        found = npz.read(content, _NPZ_KINDS, limit=_NPZ_LIMIT)
    except NpzError as error:
        _require_line(error)
        return
    assert sum(values.nbytes for values in found.values()) <= _NPZ_LIMIT
    [str(text) for text in found["b"].reshape(-1)]
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            expected = {name: stored[name] for name in found}
    except Exception:  # NumPy may refuse more, and says so in many ways
        return
    for name, values in found.items():
        np.testing.assert_array_equal(values, expected[name])


def fuzz_idx(content: bytes) -> None:
    """Whatever is read can be written again with the same checksum."""
    path = _written(content, "idx")
    for kind, dimensions in (("images", 3), ("labels", 1)):
        try:
            values, sha256 = idx.read(path, kind)
        except InputError as error:
            _require_line(error)
            continue
        assert values.ndim == dimensions and idx.sha256(values) == sha256


def fuzz_table(content: bytes) -> None:
    """The fast parser gives the rows of the exact one wherever it gives any."""
    path = _written(content, "table.csv.gz" if content.startswith(b"\x1f\x8b") else "table.csv")
    try:
        found = list(tables.blocks(path))
    except InputError as error:
        _require_line(error)
        return
    exact = _exactly(path)
    pixels = np.concatenate([table.pixels for table in found])
    np.testing.assert_array_equal(pixels, exact)


def _exactly(path: Path) -> np.ndarray:
    with opened(path, None) as stream:
        layout = find_layout(stream, "optional", FOUND_OUT)
        parser = Exact(stream, layout)
        plain = Plain(layout)
        pieces = []
        for row, count, text in stream.pieces():
            piece = parser.parse(text, row)
            fast = plain.parse(text, count)
            if fast is not None:
                for one, other in zip(fast, piece, strict=True):
                    np.testing.assert_array_equal(one, other)
            pieces.append(piece.pixels)
    return np.concatenate(pieces)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "json": fuzz_json,
    "archive": fuzz_archive,
    "tar": fuzz_tar,
    "config": fuzz_config,
    "npz": fuzz_npz,
    "idx": fuzz_idx,
    "table": fuzz_table,
}


def _written(content: bytes, name: str) -> Path:
    path = Path(_FOLDER.name) / name
    path.write_bytes(content)
    return path


def _with_checksums(content: bytes) -> bytes:
    blocks = [content[at : at + _TAR_BLOCK] for at in range(0, len(content), _TAR_BLOCK)]
    for number, block in enumerate(blocks):
        if tar_archive.is_tar(block) and len(block) == _TAR_BLOCK:
            checksum = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
            blocks[number] = block[:148] + b"%06o\0 " % checksum + block[156:]
    return b"".join(blocks)


def _archive(members: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def _require_line(error: Exception) -> None:
    message = str(error)
    assert message and message.isprintable() and len(message) < 2000, ascii(message)

"""A model file's bytes, read once: a path becomes `ModelFile`, and only its bytes are used
after.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from fashion_nn.core.reading import NotRegularError, open_file
from fashion_nn.errors import InputError
from fashion_nn.inference.file import archive, kinds
from fashion_nn.inference.shared.messages import Kind
from fashion_nn.inference.shared.refusal import Refusal, explained, quoted, shown

MAX_BYTES = 256 << 20

_KINDS: dict[str, Kind] = {".keras": "keras", ".h5": "h5", ".hdf5": "h5"}
_MAGIC = {"keras": b"PK\x03\x04", "h5": b"\x89HDF\r\n\x1a\n"}


@dataclass(frozen=True, slots=True, eq=False)
class ModelFile:
    """What was read.

    path: as it was given, for messages only.
    kind: "keras", a zip archive, or "h5".
    sha256: of the whole file, hexadecimal: which file it is, not that it is safe.
    config: the architecture as JSON, None for "h5", where it stands inside the HDF5 file.
    weights: an HDF5 file.
    """

    path: str | os.PathLike[str]
    kind: Kind
    sha256: str
    config: bytes | None
    weights: memoryview


class TooLarge(Refusal):
    """A file is larger than `MAX_BYTES`.

    Attributes:
        size: of the file, in bytes.
    """

    def __init__(self, size: int):
        super().__init__(f"is {size} bytes large, at most {MAX_BYTES} are read")
        self.size = size


def read(path: str | os.PathLike[str]) -> ModelFile:
    """Read the .keras, .h5 or .hdf5 file at `path`, once, with bounds on all its parts.

    A symbolic link is followed, because people link to models; but only a regular file is read,
    whatever the path leads to, and a pipe or a device is not even opened.

    Raises:
        InputError: no such file, not a regular one, of another size than 1 byte to 256 MiB, or of
            other content than its suffix says; a .keras that is not exactly the archive Keras
            writes.
    """
    name = Path(path)
    kind = _KINDS.get(name.suffix.lower())
    known = kinds.recognised(name)
    if known:
        raise InputError(f"{shown(path)}: {known}")
    if kind is None:
        raise InputError(
            f"{shown(path)}: suffix {quoted(name.suffix)} is not a model's: expected .keras or .h5"
        )
    with explained(path):
        return _parsed(path, kind, read_bytes(name))


def parse(name: str, content: bytes) -> ModelFile:
    """A model file whose bytes are in memory; `name` is that of the file, with its suffix.

    Raises:
        InputError: as `read`.
    """
    kind = _KINDS.get(Path(name).suffix.lower())
    with explained(name):
        if kind is None:
            raise Refusal("its suffix is not a model's: expected .keras or .h5")
        _require_size(len(content))
        return _parsed(name, kind, content)


def _parsed(path: str | os.PathLike[str], kind: Kind, content: bytes) -> ModelFile:
    suffix = Path(path).suffix.lower()
    if kind == "keras" and content.startswith(_MAGIC["h5"]):  # the default of Keras before 2.13
        raise Refusal("its content is HDF5, as early versions of Keras wrote it: rename it to .h5")
    if not content.startswith(_MAGIC[kind]):
        raise Refusal(f"its content is not that of a {suffix} file: damaged, or another format")
    sha256 = hashlib.sha256(content).hexdigest()
    if kind == "h5":
        return ModelFile(path, kind, sha256, None, memoryview(content))
    members = archive.members(content)
    config = bytes(members["config.json"])
    return ModelFile(path, kind, sha256, config, members["model.weights.h5"])


def read_bytes(path: Path) -> bytes:
    """The content of the regular file at `path`, read once.

    Raises:
        Refusal: there is none, it cannot be read, or it is empty.
        TooLarge: it is larger than 256 MiB.
    """
    try:
        with open_file(path, follow_links=True) as file:
            size = _require_size(os.fstat(file.fileno()).st_size)
            content = file.read(size + 1)
    except NotRegularError as error:
        if error.is_folder:
            found = "is a folder, not a file: expected a .keras or .h5, as model.save writes it"
        else:
            found = "not a regular file: expected a .keras or .h5"
        raise Refusal(found) from None
    except FileNotFoundError:
        raise Refusal("no such model file: expected a .keras or .h5") from None
    except OSError as error:
        raise Refusal(f"cannot be read ({error.strerror})") from None
    if len(content) != size:
        raise Refusal("changed while it was read: try again")
    return content


def _require_size(size: int) -> int:
    if size == 0:
        raise Refusal("is empty: expected a .keras or .h5")
    if size > MAX_BYTES:
        raise TooLarge(size)
    return size

"""Which kind of file something is, by its first bytes and its name; nothing is unpacked or run."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fashion_nn.errors import InputError
from fashion_nn.inference.shared.messages import Kind
from fashion_nn.inference.shared.refusal import shown

HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK\x03\x04"
SUFFIXES: dict[str, Kind] = {".keras": "keras", ".h5": "h5", ".hdf5": "h5"}

Container = Literal["zip", "hdf5"]


@dataclass(frozen=True, slots=True)
class OtherFormat:
    """A model, or a part of one, that is not opened here.

    Attributes:
        name: what people call the format.
        way_out: what to do instead.
    """

    name: str
    way_out: str


_SAVE = "save it with model.save('model.keras')"
_CODE = f"Loading it runs code from the file. Load it where it was made, and {_SAVE}."
_GRAPH = f"It is a program without layers. Load it with the Keras that wrote it, and {_SAVE}."
_CONVERTED = "Use the Keras model that it was converted from."
_WEIGHTS = f"Build the same layers in Keras, set their weights, and {_SAVE}."

SAVED_MODEL = OtherFormat("TensorFlow SavedModel", _GRAPH)
GRAPH = OtherFormat("TensorFlow graph", _GRAPH)
TFLITE = OtherFormat("TensorFlow Lite", _CONVERTED)
ONNX = OtherFormat(
    "ONNX", f"{_CONVERTED} An .onnx file is run only where `fashion-nn export RUN` has made it."
)
PYTORCH = OtherFormat("PyTorch", f"Loading it can run code from the file. {_WEIGHTS}")
PICKLE = OtherFormat("Python pickle", _CODE)
JOBLIB = OtherFormat("joblib", _CODE)
CHECKPOINT = OtherFormat("TensorFlow checkpoint", f"It has no layers. {_WEIGHTS}")
SAFETENSORS = OtherFormat("safetensors", f"It has no layers. {_WEIGHTS}")
ARRAYS = OtherFormat("NumPy arrays", f"It has no layers. {_WEIGHTS}")
WEIGHTS_ONLY = OtherFormat(
    "weights of Keras without layers",
    f"Build the model in Keras, call model.load_weights on this file, and {_SAVE}.",
)
HDF5_WITHOUT_MODEL = OtherFormat(
    "HDF5 without a Keras model", f"Open the Keras model, and {_SAVE}."
)
ARCHITECTURE_ONLY = OtherFormat(
    "layers of Keras without weights",
    f"Build the model with keras.models.model_from_json, load its weights, and {_SAVE}.",
)

_BY_SUFFIX = {
    **dict.fromkeys((".pt", ".pth"), PYTORCH),
    **dict.fromkeys((".pkl", ".pickle"), PICKLE),
    **dict.fromkeys((".ckpt", ".index"), CHECKPOINT),
    **dict.fromkeys((".npz", ".npy"), ARRAYS),
    ".joblib": JOBLIB,
    ".onnx": ONNX,
    ".pb": GRAPH,
    ".safetensors": SAFETENSORS,
    ".tflite": TFLITE,
}
_PYTORCH_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
# A protocol buffer that begins with a small version and the name of the program that wrote it.
_ONNX = re.compile(rb"\x08[\x01-\x1f]\x12[\x01-\x7f]")
_NOT_A_MODEL = (
    (
        b"version https://git-lfs",
        "is a pointer of Git LFS, not the file: get it with `git lfs pull`",
    ),
    (b"<!DOCTYPE", "is a web page: download the file itself"),
    (b"<html", "is a web page: download the file itself"),
    (b"\x1f\x8b", "is packed with gzip: unpack it first"),
    (b"BZh", "is packed with bzip2: unpack it first"),
    (b"\xfd7zXZ", "is packed with xz: unpack it first"),
    (b"7z\xbc\xaf", "is packed with 7-Zip: unpack it first"),
)


def of_folder(path: Path) -> OtherFormat:
    """The format of the folder at `path`.

    Raises:
        InputError: it is no model.
    """
    if (path / "saved_model.pb").is_file() or (path / "saved_model.pbtxt").is_file():
        return SAVED_MODEL
    if (path / "checkpoint").is_file():
        return CHECKPOINT
    raise InputError(f"{shown(path)}: is a folder, not a file: expected a .keras or .h5")


def of_name(path: Path) -> str:
    """The format that the name of a file says, for a file that is not opened."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return ".keras" if SUFFIXES[suffix] == "keras" else ".h5"
    other = _BY_SUFFIX.get(suffix)
    return other.name if other else "unknown"


def container_of(head: bytes) -> Container | None:
    """The container that a file begins as; None for a file of another format."""
    if head.startswith(HDF5):
        return "hdf5"
    return "zip" if head.startswith((ZIP, b"PK\x05\x06")) else None


def of_archive(path: Path, names: Collection[str]) -> OtherFormat | None:
    """The format of a zip archive with members of these names; None for one that Keras wrote.

    Raises:
        InputError: it is no model.
    """
    last = {name.rpartition("/")[2] for name in names}
    if path.suffix.lower() == ".keras" or {"config.json", "model.weights.h5"} & set(names):
        return None
    if "data.pkl" in last:
        return PYTORCH
    if "saved_model.pb" in last:
        return SAVED_MODEL
    if names and all(name.endswith(".npy") for name in names):
        return ARRAYS
    raise InputError(f"{shown(path)}: is a zip archive without a Keras model: unpack it first")


def of_other(path: Path, head: bytes) -> OtherFormat:
    """The format of a file that is neither a zip archive nor HDF5.

    Args:
        path: of the file; only its name is used.
        head: its first bytes.

    Raises:
        InputError: it is no model.
    """
    suffix = path.suffix.lower()
    if head[4:8] == b"TFL3":
        return TFLITE
    if head.startswith(_PYTORCH_MAGIC):
        return PYTORCH
    if _PICKLE.match(head):
        return JOBLIB if b"joblib" in head else PICKLE
    if head.startswith(b"\x93NUMPY"):
        return ARRAYS
    if head[8:9] == b"{" and head[6:8] == b"\0\0":
        return SAFETENSORS
    for magic, what in _NOT_A_MODEL:
        if head.lstrip().lower().startswith(magic.lower()):
            raise InputError(f"{shown(path)}: {what}")
    if head.lstrip().startswith(b"{") and b'"class_name"' in head:
        return ARCHITECTURE_ONLY
    if _ONNX.match(head) and suffix not in SUFFIXES:
        return ONNX
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if path.name.lower().endswith(".data-00000-of-00001"):
        return CHECKPOINT
    if suffix in SUFFIXES:
        what = f"its content is not that of a {suffix} file: damaged, or another format"
        raise InputError(f"{shown(path)}: {what}")
    raise InputError(f"{shown(path)}: is no model file: expected a .keras or .h5")

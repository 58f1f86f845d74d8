"""Files that are pickles: opening one runs whatever it says, so each is refused by its name.

The message says which safe file holds the same data.
"""

import re
from pathlib import PurePosixPath

from fashion_nn.core.files import Files
from fashion_nn.datasets.source import Request, Source
from fashion_nn.errors import InputError

_SUFFIX = re.compile(r".*\.(pkl|pickle|p|joblib|pt|pth)(\.(gz|bz2|xz))?", re.IGNORECASE)
_CIFAR = re.compile(r"(data_batch(_[0-9]+)?|test_batch|batches\.meta)")
_CIFAR_100 = {"train", "test", "meta"}
_BEGINNINGS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_BEGINNING = 2


def fits(files: Files) -> bool:
    """Whether there is a pickle, by its name or by its first bytes where it is a single file."""
    return _first(files) is not None


def read(files: Files, request: Request) -> Source:
    """Refuse the pickle."""
    name = _first(files) or ""
    raise InputError(
        f"{files.place(name)}: is a pickle, which runs whatever is in it when it is opened:"
        f" {_way_out(name)}"
    )


def _first(files: Files) -> str | None:
    names = [PurePosixPath(name).name for name in files.names]
    is_cifar_100 = set(names) >= _CIFAR_100 and len(names) <= len(_CIFAR_100) + 1
    for name, short in zip(files.names, names, strict=True):
        if _SUFFIX.fullmatch(short) or _CIFAR.fullmatch(short):
            return name
        if is_cifar_100 and short in _CIFAR_100:
            return name
    if len(names) == 1:
        with files.reader(files.names[0]) as file:
            if file.raw.read(_BEGINNING) in _BEGINNINGS:
                return files.names[0]
    return None


def _way_out(name: str) -> str:
    short = PurePosixPath(name).name.lower()
    if _CIFAR.fullmatch(short) or short in _CIFAR_100:
        return "use the binary version of CIFAR-10, cifar-10-binary.tar.gz"
    if "mnist" in short:
        return "use the IDX files of MNIST, or Keras' mnist.npz"
    return "save the arrays with numpy.savez(file, x_train=..., y_train=...) where you trust it"

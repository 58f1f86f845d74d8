"""The binary files of CIFAR-10: records of one label and 32 x 32 pixels in three planes.

Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

import re
from pathlib import PurePosixPath

import numpy as np

from fashion_nn.core.files import Files
from fashion_nn.datasets.layouts.parts import part_of
from fashion_nn.datasets.source import Part, Request, Source
from fashion_nn.errors import InputError

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
_RECORD = 1 + _PIXELS
_BATCH = re.compile(r"(data_batch_[0-9]+|test_batch)\.bin")
_NAMES = "batches.meta.txt"
_MOST_BYTES = 1 << 30


def fits(files: Files) -> bool:
    """Whether there is a batch by its official name."""
    return any(_BATCH.fullmatch(PurePosixPath(name).name) for name in files.names)


def read(files: Files, request: Request) -> Source:
    """Read the batches; the test batch may be missing."""
    parts: dict[str, list[np.ndarray]] = {}
    for name in files.names:
        if _BATCH.fullmatch(PurePosixPath(name).name):
            part = part_of(name.rpartition("/")[2]) or "train"
            parts.setdefault(part, []).append(_records(files, name))
    test = _part(parts.pop("test")) if "test" in parts else None
    if "train" not in parts:
        if test is None:
            raise InputError(f"{files.path}: holds no batches")
        return Source(test, said="the test batch of CIFAR-10", class_names=_class_names(files))
    train = _part(parts["train"])
    return Source(train, None, test, "binary files of CIFAR-10", _class_names(files))


def _records(files: Files, name: str) -> np.ndarray:
    content = np.frombuffer(files.read(name, most=_MOST_BYTES), np.uint8)
    if not len(content) or len(content) % _RECORD:
        raise InputError(
            f"{files.place(name)}: has {len(content):,} bytes, expected records of {_RECORD:,}:"
            " get the binary version of CIFAR-10 again"
        )
    return content.reshape(-1, _RECORD)


def _part(batches: list[np.ndarray]) -> Part:
    records = np.concatenate(batches)
    planes = records[:, 1:].reshape(-1, 3, _SIDE, _SIDE)
    return Part(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, 0].astype(np.int64))


def _class_names(files: Files) -> tuple[str, ...]:
    name = next((name for name in files.names if name.rpartition("/")[2] == _NAMES), None)
    if name is None:
        return ()
    text = files.read(name, most=1 << 16).decode("utf-8", "replace")
    return tuple(line.strip()[:100] for line in text.splitlines() if line.strip())

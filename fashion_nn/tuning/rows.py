"""The rows that trials see, as one file: training and validation, never test."""

import json
from pathlib import Path

import numpy as np

from fashion_nn.core.files import replacing
from fashion_nn.datasets import Split, Splits


def write(splits: Splits, path: str | Path) -> None:
    """Store `splits` without its test rows at `path` (.npz, not compressed, no pickle), completely or not at all."""
    names = ("name", "class_names", "split_seed", "validation_fraction", "fingerprint")
    plain = json.dumps({name: getattr(splits, name) for name in names}).encode()
    arrays = {f"{part}_{kind}": getattr(getattr(splits, part), kind) for part in _PARTS for kind in _KINDS}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, plain=np.frombuffer(plain, np.uint8), valid_indices=splits.valid_indices, **arrays)


def read(path: str | Path) -> Splits:
    """What `write` stored; its `test` is None."""
    with np.load(path, allow_pickle=False) as stored:
        plain = json.loads(stored["plain"].tobytes())
        parts = {part: Split(*(stored[f"{part}_{kind}"] for kind in _KINDS)) for part in _PARTS}
        plain["class_names"] = tuple(plain["class_names"])
        return Splits(**plain, **parts, test=None, valid_indices=stored["valid_indices"])


_PARTS, _KINDS = ("train", "valid"), ("images", "labels")

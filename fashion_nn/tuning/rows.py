"""The rows that trials see, as one file: training and validation, never test."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from fashion_nn.core import npz, strict_json
from fashion_nn.core.reading import read_bytes
from fashion_nn.core.writing import replacing
from fashion_nn.datasets import LabelMap, Origin, ReadOptions, Split, Splits

_KINDS = {
    "plain": "u",
    "valid_indices": "i",
    "train_images": "u",
    "train_labels": "i",
    "valid_images": "u",
    "valid_labels": "i",
}
_MAX_BYTES = 4 << 30
_PLAIN = ("name", "class_names", "split_seed", "validation_fraction", "fingerprint", "said")


def write(splits: Splits, path: str | Path) -> None:
    """Store `splits` without its test rows at `path` (.npz, no pickle), whole or not at all."""
    values = {name: getattr(splits, name) for name in _PLAIN}
    values["labels"] = splits.labels.originals
    values["origin"] = asdict(splits.origin) if splits.origin else None
    plain = json.dumps(values).encode()
    with replacing(path) as file:
        np.savez(
            file,
            plain=np.frombuffer(plain, np.uint8),
            valid_indices=splits.valid_indices,
            train_images=splits.train.images,
            train_labels=splits.train.labels,
            valid_images=splits.valid.images,
            valid_labels=splits.valid.labels,
        )


def read(path: str | Path) -> Splits:
    """The rows that `write` stored; `test` is None."""
    content = read_bytes(path, expected="expected the rows of a search", most=_MAX_BYTES)
    stored = npz.read(content, _KINDS, limit=_MAX_BYTES)
    plain = strict_json.parse(stored["plain"].tobytes())
    return Splits(
        name=plain["name"],
        class_names=tuple(plain["class_names"]),
        train=Split(stored["train_images"], stored["train_labels"]),
        valid=Split(stored["valid_images"], stored["valid_labels"]),
        test=None,
        valid_indices=stored["valid_indices"],
        split_seed=plain["split_seed"],
        validation_fraction=plain["validation_fraction"],
        fingerprint=plain["fingerprint"],
        labels=LabelMap(tuple(plain["labels"])),
        said=plain["said"],
        origin=_origin(plain["origin"]),
    )


def _origin(stored: Mapping[str, Any] | None) -> Origin | None:
    if stored is None:
        return None
    options = stored["options"]
    size = options["image_size"]
    read = ReadOptions(**{**options, "image_size": tuple(size) if size else None})
    return Origin(**{**stored, "options": read})

"""IDX files, as the MNIST family is published: in a folder or an archive, packed as .gz or not."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from fashion_nn.core.files import Files, Folder
from fashion_nn.datasets import idx
from fashion_nn.datasets.layouts import table_files
from fashion_nn.datasets.layouts.labels_file import labels_of_file
from fashion_nn.datasets.source import Part, Request, Source
from fashion_nn.errors import InputError

# Some mirrors write train-images.idx3-ubyte; the files of EMNIST begin with emnist-letters- or so.
_NAME = re.compile(
    r"(?P<set>[a-z0-9_-]{0,100}?)-?(?P<part>train|t10k|test)-(?P<kind>images|labels)[-.]idx[13]-ubyte"
    r"(?P<packed>\.gz)?",
    re.IGNORECASE,
)


class _Known(NamedTuple):
    """What the name of an IDX file says."""

    set: str
    part: str
    kind: str
    packed: bool


def fits(files: Files) -> bool:
    """Whether there are images by their usual name; in an archive, tables are preferred."""
    found = [known for known in map(_known, files.names) if known and known.kind == "images"]
    return bool(found) and (isinstance(files, Folder) or not table_files.has_tables(files))


def read(files: Files, request: Request) -> Source:
    """Read the pairs of images and labels; one of both pairs may be missing.

    Raises:
        InputError: a file is missing or damaged, or the names leave open which ones are meant.
    """
    found = _files(files)
    parts = [part for part in ("train", "test") if any(part == key[0] for key in found)]
    if request.labels == "ignored":
        return Source(_part(files, found, parts[-1], request), said="IDX files")
    rows = [_part(files, found, part, request) for part in parts]
    return Source(rows[0], None, rows[1] if len(rows) > 1 else None, "IDX files")


def _known(name: str) -> _Known | None:
    found = _NAME.fullmatch(PurePosixPath(name).name)
    if found is None:
        return None
    part = "train" if found["part"].lower() == "train" else "test"
    return _Known(found["set"].lower(), part, found["kind"].lower(), found["packed"] is not None)


def _files(files: Files) -> dict[tuple[str, str], str]:
    """The names of the files by part and kind: those highest up, and unpacked ones before packed
    ones.
    """
    named: dict[tuple[str, str], list[tuple[str, _Known]]] = {}
    for name in files.names:
        if known := _known(name):
            named.setdefault((known.part, known.kind), []).append((name, known))
    return {key: _only(files, each) for key, each in named.items()}


def _only(files: Files, named: Sequence[tuple[str, _Known]]) -> str:
    highest = min(name.count("/") for name, _ in named)
    named = [(name, known) for name, known in named if name.count("/") == highest]
    named = [each for each in named if not each[1].packed] or list(named)
    places = {(PurePosixPath(name).parent, known.set) for name, known in named}
    if len(places) > 1:
        raise InputError(
            f"{files.path}: holds {named[0][0]} and {named[1][0]}; give the files of one data set"
        )
    return named[0][0]


def _part(files: Files, found: dict[tuple[str, str], str], part: str, request: Request) -> Part:
    labels_from = request.options.labels_from
    has_others = labels_from is not None and (part, "labels") not in found
    wants_labels = request.labels != "ignored" and not has_others
    _require(files, found, part, ["images", "labels"] if wants_labels else ["images"])
    images = _values(files, found[part, "images"], "images")
    if request.labels == "ignored":
        return Part(images)
    if labels_from is not None and has_others:
        return Part(images, labels_of_file(labels_from, len(images)))
    labels = _values(files, found[part, "labels"], "labels")
    if len(images) != len(labels):
        raise InputError(
            f"{files.place(found[part, 'images'])} holds {len(images):,} images,"
            f" {PurePosixPath(found[part, 'labels']).name} {len(labels):,} labels; take both from"
            " the same source"
        )
    return Part(images, labels.astype(np.int64))


def _values(files: Files, name: str, kind: str) -> np.ndarray:
    with files.reader(name) as file:
        return idx.read_open(file, files.place(name), kind)[0]


def _require(
    files: Files, found: dict[tuple[str, str], str], part: str, needed: Sequence[str]
) -> None:
    official = {"train": "train", "test": "t10k"}[part]
    dimensions = {"images": 3, "labels": 1}
    missing = [
        f"{official}-{kind}-idx{dimensions[kind]}-ubyte"
        for kind in needed
        if (part, kind) not in found
    ]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise InputError(
            f"{files.path}: {', '.join(missing)} {verb} missing; expected these names, packed as"
            " .gz or not"
        )

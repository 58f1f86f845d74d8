"""CSV tables: a single one, or those of a competition in a folder or a zip archive."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fashion_nn import tables
from fashion_nn.core.files import FileIn, Files, Single
from fashion_nn.datasets.layouts.parts import part_of
from fashion_nn.datasets.source import Part, Request, Source
from fashion_nn.errors import InputError

_TABLE = re.compile(r".*\.(csv|tsv)(\.gz)?", re.IGNORECASE)
_SAMPLE = re.compile(r".*(sample|submission).*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Competition:
    """The tables of a competition."""

    train: FileIn
    valid: FileIn | None = None
    test: FileIn | None = None
    sample: FileIn | None = None


def fits(files: Files) -> bool:
    """Whether there is a table. A single file of any name that is nothing else is one."""
    return isinstance(files, Single) or has_tables(files)


def has_tables(files: Files) -> bool:
    """Whether there is a file with the name of a table."""
    return any(map(_TABLE.fullmatch, files.names))


def read(files: Files, request: Request) -> Source:
    """Read the tables; test rows without labels are left out, unless no labels are wanted."""
    found = competition(files)
    if request.labels == "ignored" and found.test is not None:
        images, said = _part(found.test, request)
        return Source(images, said=f"{found.test.name} as {said}")
    train, said = _part(found.train, request)
    valid = None if found.valid is None else _part(found.valid, request)[0]
    test = None
    if found.test is not None and tables.has_labels(found.test, options=request.options):
        test = _part(found.test, request)[0]
    if not isinstance(files, Single):
        said = f"{found.train.name} as {said}{_others(found, test)}"
    return Source(train, valid, test, said)


def competition(files: Files) -> Competition:
    """Which table is which, by their names; a single one has the rows to train with.

    Raises:
        InputError: the names do not say it.
    """
    names = [name for name in files.names if _TABLE.fullmatch(name)]
    if isinstance(files, Single):
        names = list(files.names)
    if len(names) == 1:
        return Competition(FileIn(files, names[0]))
    samples = [name for name in names if _SAMPLE.fullmatch(name)]
    roles: dict[str | None, list[str]] = {}
    for name in names:
        if name not in samples:
            roles.setdefault(part_of(name), []).append(name)
    train = _only(files, roles.get("train", []), "train")
    if train is None:
        few = ", ".join(names[:4])
        raise InputError(
            f"{files.path}: holds {len(names)} tables, {few}, none with train in its name; give"
            " the one that you mean"
        )
    return Competition(
        train,
        _only(files, roles.get("valid", []), "valid"),
        _only(files, roles.get("test", []), "test"),
        FileIn(files, samples[0]) if samples else None,
    )


def _only(files: Files, names: Sequence[str], part: str) -> FileIn | None:
    if len(names) > 1:
        raise InputError(
            f"{files.path}: holds several tables with {part} in their names, {names[0]} and"
            f" {names[1]}; give the one that you mean"
        )
    return FileIn(files, names[0]) if names else None


def _part(file: FileIn, request: Request) -> tuple[Part, str]:
    table = tables.read(
        file, labels=request.labels, options=request.options, progress=request.progress
    )
    return Part(table.images, table.labels, table.ids), table.said


def _others(found: Competition, test: Part | None) -> str:
    text = "" if found.valid is None else f", {found.valid.name} to validate"
    if found.test is not None:
        text += f", {found.test.name} " + ("to test" if test else "without labels")
    return text + ("" if found.sample is None else f", {found.sample.name}")

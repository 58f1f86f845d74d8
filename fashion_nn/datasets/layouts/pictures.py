"""Pictures in a folder for each class, or named by a table, in a folder or a zip archive."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np

from fashion_nn.core import strict_json
from fashion_nn.core.files import Files
from fashion_nn.core.reading import read_bytes
from fashion_nn.core.strict_json import JsonError
from fashion_nn.core.text import printable
from fashion_nn.datasets.layouts.decoding import SUFFIXES, decode
from fashion_nn.datasets.layouts.labels_file import labels_by_name
from fashion_nn.datasets.layouts.parts import part_of
from fashion_nn.datasets.source import Part, Request, Source
from fashion_nn.errors import InputError

_METADATA = ("metadata.csv", "metadata.jsonl")
_MOST_BYTES = 64 << 20


def fits(files: Files) -> bool:
    """Whether there are pictures in it; a single file is one by its suffix."""
    return any(map(_is_picture, files.names))


def read(files: Files, request: Request) -> Source:
    """Read the pictures of each part.

    Raises:
        InputError: they have no labels where these are required, or cannot be decoded.
    """
    parts = _parts(sorted(filter(_is_picture, files.names), key=_natural))
    labels, how = _labels(files, parts, request)
    if request.labels == "ignored":
        name = "test" if "test" in parts else next(iter(parts))
        parts = {name: parts[name]}
    said: list[str] = []
    found = {}
    for name, pictures in parts.items():
        without = [picture for picture in pictures if picture not in labels]
        if without and request.labels == "required":
            if name == "test":
                continue
            raise _unlabelled(files, without[0])
        decoded = decode(files, pictures, request.options.image_size, request.progress)
        said += decoded.said
        words = None if without else np.array([labels[each] for each in pictures], np.str_)
        found[name] = Part(decoded.images, words, _ids(pictures))
    others = "".join(f", {name}" for name in found if name != "train")
    notes = "".join(f", {note}" for note in dict.fromkeys(said))
    train = found.pop("train", None) or found.pop(next(iter(found)))
    text = f"pictures {how}{others}{notes}"
    return Source(train, found.get("valid"), found.get("test"), text)


def _is_picture(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sorts 2.png before 10.png."""
    return [
        (0, int(piece[:18]), piece) if piece.isdecimal() and piece.isascii() else (1, 0, piece)
        for piece in re.split(r"([0-9]+)", name)
    ]


def _parts(names: Sequence[str]) -> dict[str, list[str]]:
    """The names by part: that of the folder below the common one, if all those are parts."""
    depth = _common_depth(names)
    folders = {name.split("/")[depth] for name in names if name.count("/") > depth}
    has_parts = bool(folders) and all(map(part_of, folders))
    parts: dict[str, list[str]] = {}
    for name in names:
        part = part_of(name.split("/")[depth]) if has_parts else None
        parts.setdefault(part or "train", []).append(name)
    return parts


def _common_depth(names: Sequence[str]) -> int:
    """How many folders all names have in common, but for a last one that is a part."""
    folders = [name.split("/")[:-1] for name in names]
    depth = 0
    while all(len(each) > depth and each[depth] == folders[0][depth] for each in folders):
        if part_of(folders[0][depth]) or len(folders[0]) == depth + 1:
            break
        depth += 1
    return depth


def _labels(
    files: Files, parts: Mapping[str, Sequence[str]], request: Request
) -> tuple[dict[str, str], str]:
    """The label of each picture that has one, and where it comes from, for people."""
    if request.labels == "ignored":
        return {}, "without labels"
    names = [name for pictures in parts.values() for name in pictures]
    column = request.options.label_column
    if request.options.labels_from is not None:
        path = request.options.labels_from
        expected = "expected a CSV with names and labels"
        content = read_bytes(path, expected=expected, most=_MOST_BYTES, follow_links=True)
        known = labels_by_name(content, path, column)
        return _matched(names, known), f"with the labels of {printable(PurePosixPath(path).name)}"
    metadata = [name for name in files.names if PurePosixPath(name).name in _METADATA]
    if metadata:
        found: dict[str, str] = {}
        for name in metadata:
            folder = PurePosixPath(name).parent
            for picture, label in _read_metadata(files, name, column).items():
                found[str(folder / picture)] = label
        return found, f"with the labels of {printable(PurePosixPath(metadata[0]).name)}"
    return _folders(parts), "in a folder for each class"


def _folders(parts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The label of each picture is the folder below that of its part."""
    names = [name for pictures in parts.values() for name in pictures]
    depth = _common_depth(names) + (len(parts) > 1 or "train" not in parts)
    if len(parts) == 1 and part_of(names[0].split("/")[_common_depth(names)]):
        depth = _common_depth(names) + 1
    return {name: name.split("/")[depth] for name in names if name.count("/") > depth}


def _matched(names: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """The labels by the whole name, the name of the file, or that without its suffix."""
    found = {}
    for name in names:
        path = PurePosixPath(name)
        key = next((key for key in (name, path.name, path.stem) if key in known), None)
        if key is not None:
            found[name] = known[key]
    return found


def _read_metadata(files: Files, name: str, column: str | None) -> dict[str, str]:
    content = files.read(name, most=_MOST_BYTES)
    if name.endswith(".csv"):
        return labels_by_name(content, files.place(name), column)
    found = {}
    try:
        for line in content.splitlines():
            if line.strip():
                row = strict_json.parse(line)
                found[str(row["file_name"])] = str(row[column or "label"])
    except (JsonError, KeyError, TypeError) as error:
        raise InputError(
            f"{files.place(name)}: has a line without file_name and label ({error}): expected one"
            " JSON object a line; --label-column names another key"
        ) from None
    return found


def _ids(names: Sequence[str]) -> np.ndarray:
    """The names of the files, with their folders where these are needed to tell them apart."""
    short = [PurePosixPath(name).name for name in names]
    return np.array(short if len(set(short)) == len(short) else list(names), np.str_)


def _unlabelled(files: Files, name: str) -> InputError:
    return InputError(
        f"{files.place(name)}: lies in no folder of a class: put the pictures of each class into a"
        " folder of their own, or give a CSV with names and labels with --labels-from"
    )

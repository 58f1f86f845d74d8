""".npz and .npy files: images and labels by the names of their arrays, or a file for each class."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import numpy as np

from fashion_nn.core import npz
from fashion_nn.core.files import Files
from fashion_nn.core.npz import NpzError
from fashion_nn.core.text import printable
from fashion_nn.datasets.layouts.labels_file import labels_of_file
from fashion_nn.datasets.layouts.parts import part_of
from fashion_nn.datasets.layouts.values import to_images, to_labels
from fashion_nn.datasets.source import Part, Request, Source
from fashion_nn.errors import InputError

_MOST_BYTES = 4 << 30
_IMAGE_WORDS = {"x", "images", "image", "imgs", "img", "data", "features", "pixels"}
_LABEL_WORDS = {"y", "labels", "label", "target", "targets", "classes", "lbls"}
_NAME_WORDS = {"names"}


@dataclass(slots=True)
class _Arrays:
    """The arrays of one part of a data set, each with its place for messages."""

    images: tuple[np.ndarray, str] | None = None
    labels: tuple[np.ndarray, str] | None = None


@dataclass(slots=True)
class _Sorted:
    """Arrays by part: train, valid and test."""

    parts: dict[str, _Arrays] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    left_out: list[str] = field(default_factory=list)


def fits(files: Files) -> bool:
    """Whether there is an .npz or .npy file."""
    return any(name.lower().endswith((".npz", ".npy")) for name in files.names)


def read(files: Files, request: Request) -> Source:
    """Read the arrays.

    Raises:
        InputError: their names leave open what they are, or they are no images and labels.
    """
    arrays = _all_arrays(files)
    if _is_class_per_file(arrays):
        return _of_classes(arrays)
    found = _sorted(files, arrays)
    if "train" not in found.parts and len(found.parts) == 1:
        found.parts["train"] = next(iter(found.parts.values()))
    if "train" not in found.parts:
        names = ", ".join(map(printable, arrays))
        raise InputError(
            f"{files.path}: holds the arrays {names}: expected names such as x_train and y_train,"
            " or images and labels"
        )
    said: list[str] = []
    parts = {
        name: _part(found.parts[name], request, said, is_needed=name != "test")
        for name in ("train", "valid", "test")
        if name in found.parts
    }
    names = ", ".join(printable(name) for name in arrays if name not in found.left_out)
    notes = "".join(f", {note}" for note in dict.fromkeys(said))
    if found.left_out:
        notes += f", without {', '.join(map(printable, found.left_out[:3]))}"
    test = parts.get("test")
    if test is not None and test.labels is None and request.labels == "required":
        test = None
    return Source(
        parts["train"],
        parts.get("valid"),
        test,
        f"NumPy arrays {names}{notes}",
        found.class_names,
    )


def _all_arrays(files: Files) -> dict[str, tuple[np.ndarray, str]]:
    """The arrays by name, each with its place. An array without a name has that of its file."""
    found: dict[str, tuple[np.ndarray, str]] = {}
    for name in files.names:
        stem = PurePosixPath(name).stem
        place = files.place(name)
        try:
            if name.lower().endswith(".npy"):
                found[stem] = (npz.read_npy(files.read(name, most=_MOST_BYTES), stem), place)
            elif name.lower().endswith(".npz"):
                arrays = _of_npz(files.read(name, most=_MOST_BYTES))
                for key, values in arrays.items():
                    found[stem if key == "arr_0" and len(arrays) == 1 else key] = (values, place)
        except NpzError as error:
            mend = "save plain arrays with numpy.savez(file, x_train=..., y_train=...)"
            raise InputError(f"{place}: {error}: {mend}") from None
    return found


def _of_npz(content: bytes) -> dict[str, np.ndarray]:
    described = npz.describe(content)
    kinds = {name: dtype.kind for name, (dtype, _) in described.items()}
    return npz.read(content, kinds, limit=_MOST_BYTES)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z]+", re.sub(r"10k", "", name.lower())) if word]


def _is_class_per_file(arrays: Mapping[str, tuple[np.ndarray, str]]) -> bool:
    """Whether no name says what an array is, and all are images of one size, as in Quick, Draw!"""
    known = _IMAGE_WORDS | _LABEL_WORDS | _NAME_WORDS
    if len(arrays) < 2 or any(known.intersection(_words(name)) for name in arrays):
        return False
    shapes = {values.shape[1:] for values, _ in arrays.values()}
    is_named = any(name.startswith("arr_") or part_of(name) for name in arrays)
    return len(shapes) == 1 and next(iter(shapes)) != () and not is_named


def _of_classes(arrays: Mapping[str, tuple[np.ndarray, str]]) -> Source:
    images = [to_images(values, place, None).images for values, place in arrays.values()]
    names = [name.removeprefix("full_numpy_bitmap_") for name in arrays]
    labels = np.repeat(np.array(names, np.str_), [len(part) for part in images])
    part = Part(np.concatenate(images), labels)
    return Source(part, said=f"NumPy arrays, a file for each of {len(arrays)} classes")


def _sorted(files: Files, arrays: Mapping[str, tuple[np.ndarray, str]]) -> _Sorted:
    """Which array is what, by the words in its name; by its shape if there are none."""
    found = _Sorted()
    for name, (values, place) in arrays.items():
        words = set(_words(name))
        if _NAME_WORDS & words and values.dtype.kind == "U" and values.ndim == 1:
            found.class_names = tuple(values.tolist())
            continue
        part = found.parts.setdefault(part_of(name) or "train", _Arrays())
        is_labels = bool(_LABEL_WORDS & words) and not words & {"images", "imgs"}
        is_images = bool(_IMAGE_WORDS & words)
        if not is_labels and not is_images:
            is_labels = values.ndim == 1
            is_images = values.ndim > 1 and values.dtype.kind in "biuf"
        slot = "labels" if is_labels else "images" if is_images else None
        if slot is None:
            found.left_out.append(name)
            continue
        if getattr(part, slot) is not None:
            raise InputError(
                f"{files.path}: holds several arrays of {slot}, one of them {printable(name)};"
                " expected names such as x_train, y_train, x_test and y_test"
            )
        setattr(part, slot, (values, place))
    found.parts = {name: part for name, part in found.parts.items() if part.images is not None}
    return found


def _part(arrays: _Arrays, request: Request, said: list[str], *, is_needed: bool) -> Part:
    """Images and labels of one part; `is_needed`: it must have labels if any are required."""
    assert arrays.images is not None  # as parts without images are left out
    values, place = arrays.images
    found = to_images(values, place, request.options.image_size)
    said.extend(found.said)
    if request.labels == "ignored":
        return Part(found.images)
    if arrays.labels is not None:
        labels, labels_place = arrays.labels
        return Part(found.images, to_labels(labels, len(found.images), labels_place))
    if request.options.labels_from is not None:
        return Part(found.images, labels_of_file(request.options.labels_from, len(found.images)))
    if request.labels == "required" and is_needed:
        raise InputError(
            f"{place}: holds images and no labels: give the file that has them with --labels-from"
        )
    return Part(found.images)

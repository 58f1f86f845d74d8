"""The files of the known data sets on this machine, checked against the published bytes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fashion_nn.core import npz
from fashion_nn.core.npz import NpzError
from fashion_nn.core.reading import read_bytes
from fashion_nn.datasets import idx
from fashion_nn.datasets.catalogue import DATASETS, DataSet, known, owner_of, require
from fashion_nn.datasets.download import download, keras_cache
from fashion_nn.datasets.splits import OfficialRows, Split
from fashion_nn.errors import InputError

DATA_VARIABLE = "FASHION_NN_DATA"
_PARTS = {"train": "train", "test": "t10k"}
_NPZ_MEMBERS = {
    ("train", "images"): "x_train",
    ("train", "labels"): "y_train",
    ("test", "images"): "x_test",
    ("test", "labels"): "y_test",
}
_NPZ_BYTES = 128 << 20


def fetch(name: str, *, data_dir: str | os.PathLike[str] | None = None) -> Path:
    """Make sure that a known data set is on this machine and complete.

    These places are searched in order: `data_dir`, the folder in the variable FASHION_NN_DATA,
    `data` in the current directory, Keras' cache. If none has the data set, it is downloaded into
    Keras' cache. Every file is checked against its published sha256.

    Returns:
        The folder or file with the data set.

    Raises:
        InputError: a file is damaged or belongs to another data set, a folder is incomplete, or the
            download failed.
    """
    return official(require(name), data_dir).place


def at_hand(name: str, *, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Whether `fetch` would find a known data set on this machine, without a download."""
    record = require(name)
    return record.packaged is not None or _find(record, data_dir) is not None


def needs_download(
    name_or_path: str | os.PathLike[str], *, data_dir: str | os.PathLike[str] | None = None
) -> bool:
    """Whether `load` would have to download this data set; False for a file or a folder."""
    record = known(name_or_path)
    return record is not None and not at_hand(record.name, data_dir=data_dir)


def official(
    record: DataSet,
    data_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> OfficialRows:
    """The rows of a known data set; see `fetch`, and `download` for `progress`."""
    if record.packaged is not None:
        return record.packaged()
    place = _find(record, data_dir) or _downloaded(record, data_dir, progress)
    if place.suffix == ".npz":
        return _read_npz(place, record)
    return _read_official_folder(place, record)


def _downloaded(
    record: DataSet,
    data_dir: str | os.PathLike[str] | None,
    progress: Callable[[int, int], None] | None,
) -> Path:
    try:
        download(record, progress)
    except InputError as error:
        raise InputError(
            f"{record.name} is not on this machine and could not be downloaded ({error});"
            f" {_by_hand(record)}"
        ) from None
    place = _find(record, data_dir)
    if place is None:
        raise InputError(
            f"{record.name} was downloaded but is not in {keras_cache()}; {_by_hand(record)}"
        )
    return place


def _names_of(part: str) -> tuple[str, str]:
    return f"{_PARTS[part]}-images-idx3-ubyte", f"{_PARTS[part]}-labels-idx1-ubyte"


def _idx_files(folder: Path) -> dict[str, Path]:
    """The IDX files in a folder by their official name; unpacked files are preferred."""
    found = {}
    for name in (name for part in _PARTS for name in _names_of(part)):
        # Some mirrors write train-images.idx3-ubyte.
        spellings = (name, name.replace("-idx", ".idx"))
        paths = [folder / (spelling + suffix) for suffix in ("", ".gz") for spelling in spellings]
        path = next((path for path in paths if path.is_file()), None)
        if path:
            found[name] = path
    return found


def _require_files(folder: Path, found: dict[str, Path], required: list[str]) -> None:
    missing = [name for name in required if name not in found]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise InputError(
            f"{folder}: {', '.join(missing)} {verb} missing; expected these names, packed as .gz"
            " or not"
        )


class _Pair(NamedTuple):
    """The rows of a pair of IDX files, and the sha256 of the unpacked files by official name."""

    rows: Split
    sha256: dict[str, str]


def _read_pair(found: dict[str, Path], part: str) -> _Pair:
    images_name, labels_name = _names_of(part)
    images, images_sha256 = idx.read(found[images_name], "images")
    labels, labels_sha256 = idx.read(found[labels_name], "labels")
    if len(images) != len(labels):
        raise InputError(
            f"{found[images_name]} holds {len(images):,} images, {found[labels_name].name}"
            f" {len(labels):,} labels; take both from the same source"
        )
    digests = {images_name: images_sha256, labels_name: labels_sha256}
    return _Pair(Split(images, labels.astype(np.int64)), digests)


def _read_official_folder(folder: Path, record: DataSet) -> OfficialRows:
    found = _idx_files(folder)
    _require_files(folder, found, list(record.sha256))
    parts = []
    for part in _PARTS:
        pair = _read_pair(found, part)
        for name, digest in pair.sha256.items():
            _verify(record, found[name], name, digest)
        parts.append(pair.rows)
    return OfficialRows(parts[0], parts[1], folder)


def _read_npz(path: Path, record: DataSet) -> OfficialRows:
    """Keras' own container of MNIST, checked against the sha256 of equal IDX files."""
    kinds = dict.fromkeys(_NPZ_MEMBERS.values(), "u")
    expected = "delete it, and it is downloaded again"
    most = _NPZ_BYTES + npz.OVERHEAD
    content = read_bytes(path, expected=expected, most=most, follow_links=True)
    try:
        found = npz.read(content, kinds, limit=_NPZ_BYTES)
    except NpzError as error:
        raise InputError(f"{path} is damaged ({error}); {expected}") from error
    arrays = {key: np.ascontiguousarray(found[member]) for key, member in _NPZ_MEMBERS.items()}
    for (part, kind), values in arrays.items():
        name = next(name for name in _names_of(part) if kind in name)
        as_idx = values.dtype == np.uint8 and values.size
        digest = idx.sha256(values) if as_idx else f"{values.dtype} {values.shape}"
        _verify(record, path, name, digest)
    train, test = (
        Split(arrays[part, "images"], arrays[part, "labels"].astype(np.int64)) for part in _PARTS
    )
    return OfficialRows(train, test, path)


def _verify(record: DataSet, path: Path, name: str, digest: str) -> None:
    if digest == record.sha256[name]:
        return
    owner = owner_of(name, digest)
    if owner:
        raise InputError(
            f"{path}: this is {owner.name}, expected {record.name}; "
            f"load it as {owner.name}, or put {record.title}'s files there"
        )
    raise InputError(
        f"{path}: not {record.title}'s {name}: its content has sha256 {digest[:16]}..., expected"
        f" {record.sha256[name][:16]}...; delete it and get it again, or load its folder by path"
    )


def _find(record: DataSet, data_dir: str | os.PathLike[str] | None) -> Path | None:
    """The first place that has at least one of the data set's files."""
    roots = [(data_dir, "data_dir"), (os.environ.get(DATA_VARIABLE), DATA_VARIABLE), ("data", None)]
    for root, origin in roots:
        if not root:
            continue
        if origin and not Path(root).is_dir():
            raise InputError(
                f"{origin} is {str(root)!r}, which is not a folder; expected a folder with the data"
                " sets"
            )
        named = next(
            (Path(root, folder) for folder in record.folders if _idx_files(Path(root, folder))),
            None,
        )
        if named:
            return named
        # Loose files have the same names in every data set. Those of another data set are passed
        # over, unless the caller named this folder.
        if _idx_files(Path(root)) and (origin == "data_dir" or not _is_another(Path(root), record)):
            return Path(root)
    cache = keras_cache()
    # Keras itself completes an incomplete cache, so such a cache is not an error.
    if len(_idx_files(cache / record.folders[0])) == len(record.sha256):
        return cache / record.folders[0]
    packed = cache / f"{record.name}.npz"
    return packed if packed.is_file() else None


def _is_another(folder: Path, record: DataSet) -> bool:
    for name, path in _idx_files(folder).items():
        if "labels" in name:
            return owner_of(name, idx.read(path, "labels")[1]) not in (record, None)
    return False


def _by_hand(record: DataSet) -> str:
    packaged = next(name for name, other in DATASETS.items() if other.packaged is not None)
    return (
        f"put {', '.join(f'{name}.gz' for name in record.sha256)} into data/{record.folders[0]}, "
        f"or set {DATA_VARIABLE} to the folder that holds {record.folders[0]}, "
        f"or use --dataset {packaged}, which needs no download"
    )

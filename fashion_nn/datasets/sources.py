"""Where the known data sets are on this machine, and their rows, checked against the published bytes."""

import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fashion_nn.datasets import idx
from fashion_nn.datasets.catalogue import DataSet, known, owner_of, require
from fashion_nn.datasets.download import download, keras_cache
from fashion_nn.datasets.splits import Split, stratified_rows
from fashion_nn.errors import InputError

DATA_VARIABLE = "FASHION_NN_DATA"
_PARTS = {"train": "train", "test": "t10k"}
_NPZ_MEMBERS = {
    ("train", "images"): "x_train",
    ("train", "labels"): "y_train",
    ("test", "images"): "x_test",
    ("test", "labels"): "y_test",
}
_DIGITS_TEST_FRACTION = 0.2
_DIGITS_TEST_SEED = 1


def fetch(name: str, *, data_dir: str | os.PathLike[str] | None = None) -> Path:
    """Make sure that a known data set is on this machine and whole; say where.

    Searched in this order: `data_dir`, the folder in the variable FASHION_NN_DATA, `data` in the current
    directory, Keras' cache. Found nowhere, it is downloaded into Keras' cache. Every file is checked against its
    published sha256.

    Raises:
        InputError: a file is damaged or belongs to another data set, a folder is incomplete, or the download failed.
    """
    return official(require(name), data_dir)[2]


def at_hand(name: str, *, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Whether `fetch` would find a known data set on this machine, without a download."""
    record = require(name)
    return not record.sha256 or _find(record, data_dir) is not None


def needs_download(name_or_path: str | os.PathLike[str], *, data_dir: str | os.PathLike[str] | None = None) -> bool:
    """Whether `load` would have to download this data set; never so for a file or a folder."""
    record = known(name_or_path)
    return record is not None and not at_hand(record.name, data_dir=data_dir)


def official(
    record: DataSet,
    data_dir: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Split, Split, Path]:
    """Training rows, test rows and the place of a known data set; see `fetch`, and `download` for `progress`."""
    if not record.sha256:
        return _digits()
    place = _find(record, data_dir)
    if place is None:
        try:
            download(record, progress)
        except InputError as error:
            raise InputError(
                f"{record.name} is not on this machine and could not be downloaded ({error}); {_by_hand(record)}"
            ) from None
        place = _find(record, data_dir)
        if place is None:
            raise InputError(f"{record.name} was downloaded but is not in {keras_cache()}; {_by_hand(record)}")
    train, test = _read_npz(place, record) if place.suffix == ".npz" else _read_official_folder(place, record)
    return train, test, place


def read_folder(folder: Path) -> tuple[Split, Split | None]:
    """Rows of any folder of IDX files; the t10k pair may be missing. Contents are checked, not their sha256.

    Raises:
        InputError: a file is missing, damaged, or at odds with its partner.
    """
    found = _idx_files(folder)
    optional = not any(name.startswith("t10k") for name in found)
    required = [file for part in _PARTS for file in _names_of(part) if not (optional and part == "test")]
    _complain_of_missing(folder, found, required)
    train = _read_pair(found, "train")[0]
    return train, None if optional else _read_pair(found, "test")[0]


def _names_of(part: str) -> tuple[str, str]:
    return f"{_PARTS[part]}-images-idx3-ubyte", f"{_PARTS[part]}-labels-idx1-ubyte"


def _idx_files(folder: Path) -> dict[str, Path]:
    """The IDX files in a folder by their official name; an unpacked one goes before a packed one."""
    found = {}
    for name in (name for part in _PARTS for name in _names_of(part)):
        # Some mirrors write train-images.idx3-ubyte.
        spellings = (name, name.replace("-idx", ".idx"))
        paths = [folder / (spelling + suffix) for suffix in ("", ".gz") for spelling in spellings]
        path = next((path for path in paths if path.is_file()), None)
        if path:
            found[name] = path
    return found


def _complain_of_missing(folder: Path, found: dict[str, Path], required: list[str]) -> None:
    missing = [name for name in required if name not in found]
    if missing:
        raise InputError(
            f"{folder}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
            "expected these names, packed as .gz or not"
        )


def _read_pair(found: dict[str, Path], part: str) -> tuple[Split, dict[str, str]]:
    """One part's rows, and the sha256 of its unpacked files by official name."""
    images_name, labels_name = _names_of(part)
    images, images_sha256 = idx.read(found[images_name], "images")
    labels, labels_sha256 = idx.read(found[labels_name], "labels")
    if len(images) != len(labels):
        raise InputError(
            f"{found[images_name]} holds {len(images):,} images, {found[labels_name].name} {len(labels):,} labels; "
            "take both from the same source"
        )
    return Split(images, labels.astype(np.int64)), {images_name: images_sha256, labels_name: labels_sha256}


def _read_official_folder(folder: Path, record: DataSet) -> tuple[Split, Split]:
    found = _idx_files(folder)
    _complain_of_missing(folder, found, list(record.sha256))
    parts = []
    for part in _PARTS:
        rows, digests = _read_pair(found, part)
        for name, digest in digests.items():
            _verify(record, found[name], name, digest)
        parts.append(rows)
    return parts[0], parts[1]


def _read_npz(path: Path, record: DataSet) -> tuple[Split, Split]:
    """Keras' own container of MNIST, held to the sha256 of the IDX files with the same content."""
    arrays = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            for key, member in _NPZ_MEMBERS.items():
                arrays[key] = np.ascontiguousarray(file[member])
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is damaged ({reason}); delete it, and it is downloaded again") from error
    for (part, kind), values in arrays.items():
        name = next(name for name in _names_of(part) if kind in name)
        _verify(record, path, name, idx.sha256(values) if values.dtype == np.uint8 else str(values.dtype))
    train, test = (Split(arrays[part, "images"], arrays[part, "labels"].astype(np.int64)) for part in _PARTS)
    return train, test


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
        f"{path}: not {record.title}'s {name}: its content has sha256 {digest[:16]}..., "
        f"expected {record.sha256[name][:16]}...; delete it and get it again, or load its folder by path"
    )


def _find(record: DataSet, data_dir: str | os.PathLike[str] | None) -> Path | None:
    """The first place that has at least one of the data set's files."""
    roots = [(data_dir, "data_dir"), (os.environ.get(DATA_VARIABLE), DATA_VARIABLE), ("data", None)]
    for root, origin in roots:
        if not root:
            continue
        if origin and not Path(root).is_dir():
            raise InputError(f"{origin} is {str(root)!r}, which is not a folder; expected a folder with the data sets")
        named = next((Path(root, folder) for folder in record.folders if _idx_files(Path(root, folder))), None)
        if named:
            return named
        # Loose files have the same names in every data set: another one's are passed over, unless pointed at.
        if _idx_files(Path(root)) and (origin == "data_dir" or not _is_another(Path(root), record)):
            return Path(root)
    cache = keras_cache()
    # An incomplete cache is Keras' business: it fetches what is missing.
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
    return (
        f"put {', '.join(f'{name}.gz' for name in record.sha256)} into data/{record.folders[0]}, "
        f"or set {DATA_VARIABLE} to the folder that holds {record.folders[0]}, "
        "or use --dataset digits, which needs no download"
    )


def _digits() -> tuple[Split, Split, Path]:
    """scikit-learn's digits, scaled up, with a fifth of each class held out as test by a seed of its own."""
    import sklearn.datasets

    bunch = sklearn.datasets.load_digits()
    rows = Split(upscale_digits(bunch.images), bunch.target.astype(np.int64))
    in_test = np.zeros(len(rows), dtype=bool)
    in_test[stratified_rows(rows.labels, _DIGITS_TEST_FRACTION, _DIGITS_TEST_SEED)] = True
    place = Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz"
    return rows.take(~in_test), rows.take(in_test), place


def upscale_digits(images: np.ndarray) -> np.ndarray:
    """Scale digits (n, 8, 8) with values 0..16 to uint8 (n, 28, 28) with values 0..255.

    Bilinear, pixel centres aligned as image libraries do, edges repeated, rounded half up. Output pixel i lies at
    (4i - 5) / 14 input pixels, so the weights are fourteenths: in integers, the result is the same on every machine.
    """
    weights = np.zeros((28, 8), dtype=np.int64)
    for pixel in range(28):
        before, remainder = divmod(4 * pixel - 5, 14)
        weights[pixel, max(before, 0)] += 14 - remainder
        weights[pixel, min(before + 1, 7)] += remainder
    scaled = weights @ images.astype(np.int64) @ weights.T * 255
    unit = 14 * 14 * 16
    return ((scaled + unit // 2) // unit).astype(np.uint8)

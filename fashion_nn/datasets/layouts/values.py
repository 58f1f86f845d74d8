"""From arrays of any type and shape to images and labels, where that is unambiguous."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fashion_nn.core.images import COLOURS, Images, values_of
from fashion_nn.errors import InputError
from fashion_nn.tables.layout import square_image

_EXACT = 1e-3  # how far 255 times a fraction may be from a whole number
_BLOCK = 1 << 12


@dataclass(frozen=True, eq=False)
class Found:
    """Images, and what was done to get them, in a few words each."""

    images: Images
    said: tuple[str, ...] = ()


def to_images(values: np.ndarray, place: str, size: tuple[int, int] | None) -> Found:
    """Images uint8 (n, height, width) or (n, height, width, 3) of an array.

    Args:
        values: numbers from 0 to 255 or from 0 to 1, (n, height, width), with 1 or 3 channels
            behind or before height and width, or (n, pixels).
        place: of the array, for messages.
        size: height and width, for (n, pixels) that are no square.

    Raises:
        InputError: other values or another shape.
    """
    shaped, layout = _shaped(values, place, size)
    pixels, scale = _to_bytes(shaped, place)
    said = [*layout, *scale]
    if pixels.ndim == 4 and _is_grey(pixels):
        pixels = np.ascontiguousarray(pixels[..., 0])
        said.append("grey stored in three channels")
    return Found(pixels, tuple(said))


def to_labels(values: np.ndarray, rows: int, place: str) -> np.ndarray:
    """Labels int64 (n,) or text (n,) of an array (n,), (n, 1), or with a single 1 in each row.

    Raises:
        InputError: another shape, or fractions.
    """
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    elif values.ndim == 2 and values.dtype.kind in "biuf" and _is_one_hot(values):
        values = values.argmax(axis=1)
    if values.ndim != 1:
        raise InputError(
            f"{place}: labels have the shape {values.shape}, expected one label for each of"
            f" {rows:,} images: several labels an image are not read"
        )
    if len(values) != rows:
        raise InputError(f"{place}: holds {len(values):,} labels for {rows:,} images")
    if values.dtype.kind == "f" and not (np.isfinite(values) & (values == np.rint(values))).all():
        raise InputError(f"{place}: labels are fractions, expected whole numbers or words")
    if values.dtype.kind == "u" and values.size and values.max() > np.iinfo(np.int64).max:
        raise InputError(f"{place}: labels are larger than 64 bits can hold")
    return values if values.dtype.kind == "U" else values.astype(np.int64)


def _is_one_hot(values: np.ndarray) -> bool:
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())


def _shaped(
    values: np.ndarray, place: str, size: tuple[int, int] | None
) -> tuple[np.ndarray, Sequence[str]]:
    match values.shape:
        case (_, pixels) if size and pixels == size[0] * size[1]:
            return values.reshape(-1, *size), ()
        case (_, pixels) if size and pixels == size[0] * size[1] * COLOURS:
            return values.reshape(-1, *size, COLOURS), ()
        case (_, pixels) if pixels and values_of(square_image(pixels)) == pixels:
            return values.reshape(len(values), *square_image(pixels)), ()
        case (_, height, width) if height and width:
            return values, ()
        case (_, height, width, 1) if height and width:
            return values[..., 0], ()
        case (_, height, width, channels) if channels == COLOURS and height and width:
            return values, ()
        case (_, 1, height, width) if height and width:
            return values[:, 0], ("channels first",)
        case (_, channels, height, width) if channels == COLOURS and height and width:
            return values.transpose(0, 2, 3, 1), ("channels first",)
    raise InputError(
        f"{place}: has the shape {values.shape}, expected images (n, height, width), (n, height,"
        " width, 3) or (n, pixels) with a square number of pixels; --image-size says another one"
    )


def _to_bytes(values: np.ndarray, place: str) -> tuple[Images, Sequence[str]]:
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values), ()
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255), ("true and false",)
    if values.dtype.kind not in "iuf" or not values.size:
        raise InputError(f"{place}: holds {values.dtype} {values.shape}, expected images")
    low = float(values.min())
    high = float(values.max())
    if not (low >= 0 and high <= 255):  # also if one is not a number
        raise InputError(
            f"{place}: has values from {low:g} to {high:g}, expected 0 to 255 or 0 to 1: undo the"
            " standardisation and save the images again"
        )
    if values.dtype.kind == "f" and high <= 1:
        return _rounded(values, 255, "values from 0 to 1 taken times 255")
    if values.dtype.kind == "f":
        return _rounded(values, 1, "")
    return values.astype(np.uint8), ()


def _rounded(values: np.ndarray, factor: int, said: str) -> tuple[Images, Sequence[str]]:
    """Whole numbers, block by block, because fractions take up to eight times the memory."""
    pixels = np.empty(values.shape, np.uint8)
    worst = 0.0
    for start in range(0, len(values), _BLOCK):
        scaled = values[start : start + _BLOCK].astype(np.float64) * factor
        whole = np.rint(scaled)
        worst = max(worst, float(np.abs(scaled - whole).max()))
        pixels[start : start + _BLOCK] = whole
    notes = [said] if said else []
    if worst > _EXACT:
        notes.append("rounded to whole numbers")
    return pixels, notes


def _is_grey(images: Images) -> bool:
    return all(
        bool((part[..., :1] == part).all())
        for part in (images[i : i + _BLOCK] for i in range(0, len(images), _BLOCK))
    )

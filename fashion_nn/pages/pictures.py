"""Small pictures inside a page: PNG files as data URIs, one pixel for each number; the page
enlarges them.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fashion_nn.pages.rendering import data_uri

_POSITIVE, _NEGATIVE = (47, 129, 201), (224, 113, 44)
"""Told apart by colour-blind readers, and readable on white and on black."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A data URI and its size in pixels."""

    uri: str
    width: int
    height: int


def photo(image: NDArray[np.uint8]) -> Picture:
    """An image as it is, uint8 (h, w) or (h, w, 3)."""
    return _png(image, "L" if image.ndim == 2 else "RGB")


def signed(values: NDArray[np.floating], largest: float | None = None) -> Picture:
    """Numbers (h, w): blue above zero, orange below, the stronger the further; zero and NaN are
    transparent.

    `largest`: the absolute value that is fully opaque, else the largest there is.
    """
    values = np.nan_to_num(np.asarray(values, np.float64))
    scale = largest or float(np.abs(values).max()) or 1.0
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = np.where((values < 0)[..., None], _NEGATIVE, _POSITIVE)
    pixels[..., 3] = np.rint(255 * np.clip(np.abs(values) / scale, 0, 1))
    return _png(pixels, "RGBA")


def montage(tiles: NDArray[np.floating], columns: int) -> Picture:
    """Tiles (n, h, w) row by row with a transparent pixel between them, `signed` on one scale.

    One number in 200 may be beyond the scale: a few large ones would make all others pale.
    """
    n, height, width = tiles.shape
    columns = min(columns, n)
    rows = math.ceil(n / columns)
    sheet = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1))
    for number, tile in enumerate(tiles):
        top, left = (number // columns) * (height + 1), (number % columns) * (width + 1)
        sheet[top : top + height, left : left + width] = tile
    return signed(sheet, float(np.quantile(np.abs(tiles), 0.995)) or None)


def _png(pixels: NDArray[np.uint8], mode: str) -> Picture:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels), mode).save(content, "PNG", optimize=True)
    return Picture(data_uri(content.getvalue()), pixels.shape[1], pixels.shape[0])

"""Pictures of any usual format as arrays: `plain_png` is fast, Pillow decides about all others."""

import io
import struct
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fashion_nn.core.files import Files
from fashion_nn.core.images import COLOURS, Images
from fashion_nn.datasets.layouts import plain_png
from fashion_nn.datasets.source import Progress
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".tif", ".tiff", ".webp", ".gif")
_FORMATS = ("PNG", "JPEG", "BMP", "PPM", "TIFF", "WEBP", "GIF")
_MOST_BYTES = 64 << 20
_MOST_PIXELS = 1 << 24
_AT_ONCE = 2048
_ORIENTATION = 0x0112
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError)


@dataclass(slots=True)
class Decoded:
    """Pictures of one size.

    images: uint8 (n, height, width) or (n, height, width, 3).
    said: what was done to get them, in a few words each.
    """

    images: Images
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where pictures are, for messages; made only if there is one."""

    files: Files
    names: Sequence[str]

    def __getitem__(self, index: int) -> str:
        return self.files.place(self.names[index])


def decode(
    files: Files,
    names: Sequence[str],
    size: tuple[int, int] | None,
    progress: Progress | None = None,
) -> Decoded:
    """Read and decode pictures.

    Args:
        size: height and width to which they are scaled.
        progress: called as progress(done, total) with the number of pictures.

    Raises:
        InputError: one is damaged or too large, or they have several sizes.
    """
    said: dict[str, None] = {}
    images = None
    for start, some, contents in _read_ahead(files, names):
        places = _Places(files, some)
        block = _block(contents, places, size, said)
        images = _added(images, block, start, len(names), places)
        if progress:
            progress(start + len(some), len(names))
    if images is None:
        raise InputError(f"{files.path}: holds no pictures")
    return Decoded(images, list(said))


def _read_ahead(
    files: Files, names: Sequence[str]
) -> Iterator[tuple[int, Sequence[str], list[bytes]]]:
    """Yield the pictures in blocks: where a block starts, its names and contents. The next block is
    read meanwhile.
    """

    def read(some: Sequence[str]) -> list[bytes]:
        return [files.read(name, most=_MOST_BYTES) for name in some]

    blocks = [names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)]
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(read, blocks[0]) if blocks else None
        for number, some in enumerate(blocks):
            assert coming is not None  # as there are blocks
            contents = coming.result()
            if number + 1 < len(blocks):
                coming = pool.submit(read, blocks[number + 1])
            yield number * _AT_ONCE, some, contents


def decode_contents(contents: Sequence[bytes], place: str, size: tuple[int, int] | None) -> Decoded:
    """Decode pictures that are in memory; `place`: of the file that they come from."""
    said: dict[str, None] = {}
    places = [f"{place}, picture {index + 1}" for index in range(len(contents))]
    return Decoded(_block(contents, places, size, said), list(said))


def _block(
    contents: Sequence[bytes],
    places: "_Places | Sequence[str]",
    size: tuple[int, int] | None,
    said: dict[str, None],
) -> Images:
    """Pictures of one size, in grey if all are."""
    plain = plain_png.decode(contents) if size is None else [None] * len(contents)
    pictures = [
        _by_pillow(content, places[index], size, said) if found is None else found
        for index, (content, found) in enumerate(zip(contents, plain, strict=True))
    ]
    _require_one_size(pictures, places)
    if all(picture.ndim == 2 for picture in pictures):
        return np.stack(pictures)
    images = np.stack([in_colour(picture) for picture in pictures])
    if not (images[..., :1] == images).all():
        return images
    said["grey stored as RGB"] = None
    return np.ascontiguousarray(images[..., 0])


def _added(images: Images | None, block: Images, start: int, total: int, places: _Places) -> Images:
    """`images` with the next block in it; both become coloured if one is."""
    if images is None:
        images = np.empty((total, *block.shape[1:]), np.uint8)
    if block.shape[1:3] != images.shape[1:3]:
        raise _several_sizes(images.shape[1:3], block.shape[1:3], places[0])
    if block.ndim > images.ndim:
        images = in_colour(images)
    images[start : start + len(block)] = block if block.ndim == images.ndim else in_colour(block)
    return images


def in_colour(grey: np.ndarray) -> np.ndarray:
    """Grey values, uint8 (…, height, width), as red, green and blue; coloured ones as they are."""
    if grey.shape[-1] == COLOURS and grey.ndim in (3, 4):
        return grey
    return np.repeat(grey[..., None], COLOURS, axis=-1)


def _require_one_size(pictures: Sequence[np.ndarray], places: "_Places | Sequence[str]") -> None:
    first = pictures[0].shape[:2]
    for index, picture in enumerate(pictures):
        if picture.shape[:2] != first:
            raise _several_sizes(first, picture.shape[:2], places[index])


def _several_sizes(one: Sequence[int], other: Sequence[int], place: str) -> InputError:
    sizes = f"{one[0]}x{one[1]} and {other[0]}x{other[1]} pixels"
    return InputError(
        f"{place}: the pictures have several sizes, {sizes}: scale them to one with --image-size"
        " HEIGHTxWIDTH"
    )


def _by_pillow(
    content: bytes, place: str, size: tuple[int, int] | None, said: dict[str, None]
) -> np.ndarray:
    from PIL import Image

    picture: Image.Image
    try:
        with (
            warnings.catch_warnings(action="error", category=Image.DecompressionBombWarning),
            Image.open(io.BytesIO(content), formats=_FORMATS) as picture,
        ):
            if picture.width * picture.height > _MOST_PIXELS:
                raise InputError(
                    f"{place}: has {picture.width} x {picture.height} pixels, at most"
                    f" {_MOST_PIXELS:,} are read: make it smaller"
                )
            return _array(picture, size, said)
    except InputError:
        raise
    except (*_DAMAGED, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise InputError(
            f"{place}: is no picture that can be opened ({reason!a}): remove it, or get it again"
        ) from None


def _array(
    picture: "Image.Image", size: tuple[int, int] | None, said: dict[str, None]
) -> np.ndarray:
    """The first frame: turned as EXIF says, transparent pixels on white, and scaled to `size`."""
    from PIL import Image, ImageOps

    turned = ImageOps.exif_transpose(picture)
    if turned.size != picture.size or picture.getexif().get(_ORIENTATION, 1) != 1:
        said["turned as EXIF says"] = None
    if turned.mode.startswith("I;16") or turned.mode == "I":
        said["16 bits taken as 8"] = None
        values = np.asarray(turned, np.int64).clip(0, 65535) // 257
        turned = Image.fromarray(values.astype(np.uint8))
    if turned.has_transparency_data:
        white = Image.new("RGBA", turned.size, "white")
        white.alpha_composite(turned.convert("RGBA"))
        turned = white
        said["transparent pixels on white"] = None
    if turned.mode not in ("L", "RGB"):
        turned = turned.convert("L" if turned.mode in ("1", "LA") else "RGB")
    if size is not None and turned.size != (size[1], size[0]):
        turned = turned.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        said[f"scaled to {size[0]} x {size[1]}"] = None
    pixels = np.asarray(turned, np.uint8)
    if pixels.ndim == 3 and (pixels[..., :1] == pixels).all():
        said["grey stored as RGB"] = None
        return pixels[..., 0]
    return pixels

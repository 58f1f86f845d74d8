"""Small IDX folders for tests."""

import gzip
from pathlib import Path

import numpy as np

from fashion_nn.datasets.idx import encode_header


def encode(values: np.ndarray) -> bytes:
    return encode_header(values.shape) + values.astype(np.uint8).tobytes()


def small_rows(
    rows: int, classes: int = 3, side: int = 4, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    images = np.random.default_rng(seed).integers(0, 256, (rows, side, side), dtype=np.uint8)
    return images, np.arange(rows, dtype=np.uint8) % classes


def write_folder(
    folder: Path, *, packed: bool = True, parts: tuple[str, ...] = ("train", "t10k")
) -> Path:
    """A folder with 30 training rows and 12 test rows of 4x4 pixels in three classes."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", 30), ("t10k", 12)):
        if part in parts:
            images, labels = small_rows(rows, seed=rows)
            for name, values in (
                (f"{part}-images-idx3-ubyte", images),
                (f"{part}-labels-idx1-ubyte", labels),
            ):
                write_file(folder / (name + ".gz" * packed), encode(values))
    return folder


def write_file(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path

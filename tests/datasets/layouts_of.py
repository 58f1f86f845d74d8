"""Files as people have them, made of a few small images, for the tests of layouts."""

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 6


def images(n: int = 24, seed: int = 0) -> np.ndarray:
    """Grey images, uint8 (n, 6, 6)."""
    return np.random.default_rng(seed).integers(0, 256, (n, SIDE, SIDE), dtype=np.uint8)


def labels(n: int = 24, classes: int = 3) -> np.ndarray:
    """Labels int64 (n,): 0, 1, 2, 0, 1, 2 and so on."""
    return np.arange(n) % classes


def csv(pixels: np.ndarray, given: np.ndarray | list[str] | None = None, first: int = 0) -> str:
    """A table as Kaggle writes it; without `given`, one without labels."""
    names = [f"pixel{i + first}" for i in range(pixels[0].size)]
    rows = [list(map(str, row)) for row in pixels.reshape(len(pixels), -1)]
    if given is not None:
        names.insert(0, "label")
        rows = [[str(label), *row] for label, row in zip(given, rows, strict=True)]
    return "".join(",".join(row) + "\n" for row in [names, *rows])


def write_zip(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, members: dict[str, bytes | str]) -> Path:
    """A tar archive as GNU tar writes it of the folder `.`."""
    how = "w:gz" if path.name.endswith("gz") else "w"
    with tarfile.open(path, how) as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def picture(pixels: np.ndarray | Image.Image, suffix: str = "png", **how: object) -> bytes:
    """The bytes of a picture."""
    made = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    stream = io.BytesIO()
    format = {"jpg": "jpeg", "tif": "tiff", "pgm": "ppm"}.get(suffix, suffix)
    made.save(stream, format, **how)
    return stream.getvalue()


def pictures(prefix: str = "", suffix: str = "png", seed: int = 0) -> dict[str, bytes]:
    """A folder for each class: name → picture."""
    names = ("ant", "bee", "cat")
    return {
        f"{prefix}{names[label]}/{i}.{suffix}": picture(pixels, suffix)
        for i, (pixels, label) in enumerate(zip(images(seed=seed), labels(), strict=True))
    }


def write_folder(folder: Path, members: dict[str, bytes | str]) -> Path:
    for name, content in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder

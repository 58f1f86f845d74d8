"""Handwritten digits, each in a colour of its own: small data to try colour with."""

import csv
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from fashion_nn.datasets import Split


def digits(rows: int, shape: tuple[int, ...] = (8, 8, 3), first: int = 0) -> Split:
    """Digits from row `first` on, as images of this shape: scaled up by repeating, black around."""
    bunch = load_digits()
    height, width = shape[:2]
    repeats = min(height, width) // 8
    small = np.kron(bunch.images[first : first + rows] * 255 / 16, np.ones((repeats, repeats)))
    images = np.zeros((rows, *shape), np.uint8)
    colours = np.random.default_rng(first).uniform(0.5, 1, (rows, *shape[2:]))
    size = 8 * repeats
    of_colours = np.einsum("nhw,n...->nhw...", small, colours)
    images[:, :size, :size] = np.rint(of_colours).astype(np.uint8)
    return Split(images, bunch.target[first : first + rows].astype(np.int64))


def write_csv(path: Path, rows: Split) -> None:
    """A table with a label and one column for each value of an image."""
    flat = rows.images.reshape(len(rows), -1)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", *(f"pixel{number}" for number in range(flat.shape[1]))])
        writer.writerows(np.column_stack([rows.labels, flat]).tolist())


def in_colour(rows: Split, side: int, seed: int) -> Split:
    """Grey digits in the middle of images of side x side pixels, each in a colour of its own."""
    n, height, width = rows.images.shape
    top = (side - height) // 2
    left = (side - width) // 2
    images = np.zeros((n, side, side, 3), np.uint8)
    colours = np.random.default_rng(seed).uniform(0.3, 1, (n, 1, 1, 3))
    inner = images[:, top : top + height, left : left + width]
    inner[:] = np.rint(rows.images[..., None] * colours).astype(np.uint8)
    return Split(images, rows.labels)


def write_cifar(folder: Path, train: Split, test: Split) -> None:
    """Binary files as those of CIFAR-10, of images of 32 x 32 pixels."""
    folder.mkdir()
    batches = {f"data_batch_{number + 1}": slice(number, None, 5) for number in range(5)}
    parts = {name: train.take(np.arange(len(train))[rows]) for name, rows in batches.items()}
    for name, rows in {**parts, "test_batch": test}.items():
        planes = rows.images.transpose(0, 3, 1, 2).reshape(len(rows), -1)
        records = np.column_stack([rows.labels.astype(np.uint8), planes])
        (folder / f"{name}.bin").write_bytes(records.tobytes())


def write_medmnist(path: Path, train: Split, valid: Split, test: Split) -> None:
    """An .npz as those of MedMNIST: images and labels, (n, 1), of three parts."""
    arrays = {}
    for name, rows in (("train", train), ("val", valid), ("test", test)):
        arrays[f"{name}_images"] = rows.images
        arrays[f"{name}_labels"] = rows.labels[:, None].astype(np.uint8)
    np.savez_compressed(path, **arrays)

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

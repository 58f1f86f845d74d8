"""Train on photographs of your own: a folder with a folder of pictures for each class.

    python examples/own_photographs.py photographs 32

    photographs/cat/1.jpg, photographs/cat/2.jpg, ..., photographs/dog/1.jpg, ...

The pictures are scaled to the given number of pixels. Without a folder, the script first writes
one: handwritten digits of which each class has its own colour.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import fashion_nn as fnn


def write_example(folder: Path) -> None:
    """Write coloured digits, 25 of each of three classes, as PNG files."""
    digits = fnn.load("digits").train
    colours = {0: (255, 90, 60), 1: (60, 200, 90), 2: (80, 120, 255)}
    for label, colour in colours.items():
        (folder / f"digit-{label}").mkdir(parents=True)
        grey = digits.images[digits.labels == label][:25]
        for number, image in enumerate(grey):
            pixels = (image[..., np.newaxis] * (np.array(colour) / 255)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"digit-{label}" / f"{number}.png")


def main(folder: Path, size: int) -> None:
    photographs = fnn.load(folder, image_size=(size, size))
    print(photographs)
    run = fnn.train(
        "mlp",
        photographs,
        out="models/photographs",
        epochs=10,
        batch_size=16,
        optimizer="adam",
        learning_rate=0.002,
    )
    print(run)
    names = photographs.class_names
    probabilities = fnn.predict(run, photographs.valid.images[:3])
    for row, label in zip(probabilities, photographs.valid.labels, strict=False):
        print(f"is {names[label]}, taken for {names[row.argmax()]} ({row.max():.0%})")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        write_example(Path("photographs"))
        main(Path("photographs"), 32)

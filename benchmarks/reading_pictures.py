"""How long reading a folder of pictures takes, beside Keras' `image_dataset_from_directory`.

PNG pictures like Fashion-MNIST's are written into a temporary folder; then both read it
alternately, each time in a fresh process. What is timed is reading and decoding all pictures once
through, without the imports. Prints medians and the ratio; both must see the same pixels.

    python benchmarks/reading_pictures.py --pictures 10000 --repeats 3 --json reading_pictures.json
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SIDE = 28
CLASSES = 10

READERS = {
    "Keras": (
        "import keras",
        "keras.utils.image_dataset_from_directory(path, image_size=(28, 28), batch_size=256,"
        " color_mode='grayscale', shuffle=False, verbose=False)",
        "sum(int(images.numpy().astype('int64').sum()) for images, _ in found)",
    ),
    "fashion_nn": (
        "from fashion_nn.datasets.layouts import read_source\n"
        "from fashion_nn.datasets.source import Request",
        "read_source(path, Request())",
        "int(found.train.images.sum(dtype='int64'))",
    ),
}

CHILD = """
import json, resource, sys, time
path = sys.argv[1]
{0}
start, cpu = time.perf_counter(), time.process_time()
found = {1}
checksum = {2}
read, cpu = time.perf_counter() - start, time.process_time() - cpu
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(dict(read_s=read, cpu_s=cpu, peak_mib=peak, checksum=checksum)))
"""


def write_pictures(folder: Path, count: int, seed: int) -> None:
    """Write `count` grey pictures of upright shapes, smooth inside, in a folder for each class."""
    from PIL import Image

    generator = np.random.default_rng(seed)
    across = np.abs(np.arange(SIDE) - (SIDE - 1) / 2)
    for label in range(CLASSES):
        (folder / str(label)).mkdir()
    for index in range(count):
        width = generator.uniform(3.5, 10) + generator.uniform(-1, 1, (SIDE, 1))
        grey = 120 + np.cumsum(generator.normal(0, 12, (SIDE, SIDE)), axis=1)
        grey[across + np.zeros((SIDE, 1)) > width] = 0
        picture = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
        picture.save(folder / str(index % CLASSES) / f"{index}.png")


def measure(reader: str, folder: Path) -> dict[str, float]:
    """Read `folder` once in a fresh process."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    command = [sys.executable, "-c", CHILD.format(*READERS[reader]), str(folder)]
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(count: int, repeats: int, seed: int) -> dict[str, object]:
    """Medians of `repeats` alternating runs of each reader, after one of each that is not
    counted.
    """
    from fashion_nn.runs import Environment

    measured: dict[str, list[dict[str, float]]] = {reader: [] for reader in READERS}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_pictures(folder, count, seed)
        for repeat in range(repeats + 1):
            for reader in READERS:
                figures = measure(reader, folder)
                if repeat:
                    measured[reader].append(figures)
    checksums = {run.pop("checksum") for figures in measured.values() for run in figures}
    if len(checksums) != 1:
        raise SystemExit(f"error: the readers do not agree on the pixels: {sorted(checksums)}")
    medians = {
        reader: {key: statistics.median(run[key] for run in figures) for key in figures[0]}
        for reader, figures in measured.items()
    }
    theirs, ours = medians.values()
    return {
        "pictures": count,
        "seed": seed,
        "repeats": repeats,
        "machine": Environment.here().hardware.to_json(),
        "median": medians,
        "ratio": {key: ours[key] / theirs[key] for key in ours},
        "runs": measured,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    arguments = parser.parse_args()
    if arguments.pictures < CLASSES or arguments.repeats < 1:
        parser.error(f"--pictures must be at least {CLASSES}, --repeats at least 1")
    result = compare(arguments.pictures, arguments.repeats, arguments.seed)
    print(f"{arguments.pictures:,} PNG pictures of {SIDE} x {SIDE}; medians of", end=" ")
    print(f"{arguments.repeats} fresh processes each, in turn")
    print(f"\n{'':12}{'read s':>10}{'CPU s':>10}{'peak MiB':>10}")
    medians = result["median"]
    assert isinstance(medians, dict)
    for name, row in (*medians.items(), ("ratio", result["ratio"])):
        print(f"{name:12}{row['read_s']:10.3f}{row['cpu_s']:10.3f}{row['peak_mib']:10.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

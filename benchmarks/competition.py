"""How good a prediction file is that one command makes within a time, as in a Kaggle competition.

    python benchmarks/competition.py mnist --budget 15m
    python benchmarks/competition.py fashion_mnist --budget 15m

The 70,000 images are dealt into 42,000 labelled ones and 28,000 to predict, by a seed. They are
written as Kaggle's zip into a temporary folder, and `submit.py --train` runs there as a whole
process, which is timed. Only then is its file compared with the labels.
"""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

LABELLED = 42_000
SUBMIT = Path(__file__).parents[1] / "submit.py"


def deal(name: str, seed: int, labelled: int, asked: int) -> tuple[Any, Any]:
    """The labelled rows, and those that are predicted."""
    from fashion_nn import datasets
    from fashion_nn.datasets import Split

    splits = datasets.load(name)
    train = splits.original_train()
    images = np.concatenate([train.images, splits.test.images])
    labels = np.concatenate([train.labels, splits.test.labels])
    everything = Split(images, labels)
    order = np.random.default_rng(seed).permutation(len(everything))
    return everything.take(order[:labelled]), everything.take(order[labelled:][:asked])


def table(images: np.ndarray, labels: np.ndarray | None) -> bytes:
    """A table as Kaggle's digit-recognizer has it."""
    flat = images.reshape(len(images), -1)
    header = [f"pixel{i}" for i in range(flat.shape[1])]
    if labels is not None:
        flat = np.column_stack([labels, flat])
        header = ["label", *header]
    text = io.BytesIO()
    np.savetxt(text, flat, fmt="%d", delimiter=",", header=",".join(header), comments="")
    return text.getvalue()


def write_zip(path: Path, train: Any, test: Any) -> None:
    sample = "ImageId,Label\n" + "".join(f"{i},0\n" for i in range(1, len(test) + 1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("train.csv", table(train.images, train.labels))
        archive.writestr("test.csv", table(test.images, None))
        archive.writestr("sample_submission.csv", sample)


def measure(archive: Path, truth: np.ndarray, budget: str) -> dict[str, Any]:
    """Run the command, and count the rows that it has right."""
    out = archive.parent / "sub.csv"
    words = ["--train", archive, "--out", out, "--budget", budget]
    environment = {**os.environ, "PYTHONPATH": str(SUBMIT.parent)}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, SUBMIT, *words], cwd=archive.parent, env=environment, check=False
    )
    seconds = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"error: the command ended with exit code {done.returncode}")
    with out.open(newline="") as file:
        found = np.array([int(row["Label"]) for row in csv.DictReader(file)])
    from fashion_nn import measures

    right = int((found == truth).sum())
    low, high = measures.wilson(right, len(truth))
    return {
        "right": right,
        "n": len(truth),
        "accuracy": right / len(truth),
        "interval": [low, high],
        "seconds": round(seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dataset", choices=["mnist", "fashion_mnist"])
    parser.add_argument("--budget", default="15m")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=LABELLED, help="number of labelled rows")
    parser.add_argument("--asked", type=int, default=28_000, help="number of rows to predict")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    from fashion_nn.runs import Environment

    train, test = deal(arguments.dataset, arguments.seed, arguments.rows, arguments.asked)
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "digit-recognizer.zip"
        write_zip(archive, train, test)
        found = measure(archive, test.labels, arguments.budget)
    environment = Environment.here()
    hardware = environment.hardware
    print(
        f"{arguments.dataset}: {found['right']:,} of {found['n']:,} rows right,"
        f" {found['accuracy']:.4f} (95 % interval {found['interval'][0]:.4f} to"
        f" {found['interval'][1]:.4f})"
    )
    print(
        f"{found['seconds']:.0f} s of a budget of {arguments.budget}, seed {arguments.seed};"
        f" {hardware.cores} cores of {hardware.processor}"
    )
    if arguments.json:
        what = {"dataset": arguments.dataset, "budget": arguments.budget, "seed": arguments.seed}
        report = {**what, **found, "environment": environment.to_json()}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

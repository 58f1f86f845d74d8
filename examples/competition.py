"""Take part in a competition: train on train.csv, predict test.csv, and check the file.

    python examples/competition.py train.csv test.csv

A competition gives a labelled table and one without labels. Without arguments, the script first
writes such tables of handwritten digits. The prediction file is in the format of Kaggle.
"""

import sys
from pathlib import Path

import numpy as np

import fashion_nn as fnn


def write_example() -> None:
    """Write train.csv with labels, and test.csv without."""
    digits = fnn.load("digits")
    rows = digits.original_train()
    pixels = [f"pixel{i}" for i in range(rows.images[0].size)]
    labelled = np.column_stack([rows.labels, rows.images.reshape(len(rows), -1)])
    unlabelled = digits.test.images.reshape(len(digits.test), -1)
    for name, table, header in (
        ("train.csv", labelled, ["label", *pixels]),
        ("test.csv", unlabelled, pixels),
    ):
        np.savetxt(name, table, "%d", ",", header=",".join(header), comments="")


def main(train: Path, test: Path) -> None:
    data = fnn.load(train)
    settings = {"epochs": 25, "batch_size": 32, "optimizer": "adam", "learning_rate": 0.002}
    runs = [
        fnn.train("mlp", data, out=f"models/competition-{seed}", seed=seed, **settings)
        for seed in (0, 1)
    ]
    best = max(runs, key=lambda run: run.read_metrics().of_valid().accuracy)
    print(f"best on validation: {best}")
    made = fnn.submit(best, test, "predictions.csv")
    print(made)
    for warning in made.warnings:
        print(f"warning: {warning}")
    report = fnn.grade(made.file, test, train=train)
    for check in report.checks:
        print(f"{check.verdict}: {check.name}: {check.value}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        write_example()
        main(Path("train.csv"), Path("test.csv"))

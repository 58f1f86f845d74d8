"""Plant wrong labels, and count how many of them are found and how many right labels are suspected.

FASHION_NN_DATA=DIR python benchmarks/label_errors.py --json benchmarks/label_errors.json
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fashion_nn import datasets
from fashion_nn.baselines import held_out_probabilities
from fashion_nn.core.writing import write_atomic
from fashion_nn.datasets import Split
from fashion_nn.measures import suspect_labels


@dataclass(frozen=True, slots=True)
class Found:
    """The suspects among rows of which some labels were changed.

    Attributes:
        planted: number of changed labels.
        found: number of these among the suspects.
        named: number of these for which the suggested class is the one before the change.
        suspects: number of all suspects.
        of_unchanged: number of suspects without any planted label, on the same rows.
    """

    data: str
    rows: int
    planted: int
    found: int
    named: int
    suspects: int
    of_unchanged: int


def measured(name: str, count: int, share: float, seed: int = 0) -> Found:
    train = datasets.load(name).original_train()
    chance = np.random.default_rng(seed)
    rows = train.take(np.sort(chance.permutation(len(train))[:count]))
    classes = int(rows.labels.max()) + 1
    changed = chance.choice(len(rows), round(share * len(rows)), replace=False)
    labels = rows.labels.copy()
    labels[changed] = (labels[changed] + chance.integers(1, classes, len(changed))) % classes
    planted = suspect_labels(labels, held_out_probabilities(Split(rows.images, labels)))
    before = suspect_labels(rows.labels, held_out_probabilities(rows))
    found = np.isin(planted.rows, changed)
    named = planted.suggested[found] == rows.labels[planted.rows[found]]
    return Found(
        data=name,
        rows=len(rows),
        planted=len(changed),
        found=int(found.sum()),
        named=int(named.sum()),
        suspects=len(planted.rows),
        of_unchanged=len(before.rows),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = []
    for name in ("digits", "mnist", "fashion_mnist"):
        found.append(measured(name, options.rows, options.share))
        print(json.dumps(asdict(found[-1])), flush=True)
    if options.json:
        content = {"format": 1, "data": [asdict(each) for each in found]}
        write_atomic(options.json, json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()

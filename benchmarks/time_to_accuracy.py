"""How long it takes from the files of Fashion-MNIST to a saved model of a given test accuracy, on
this machine's cores.

    python benchmarks/time_to_accuracy.py --json benchmarks/time_to_accuracy.json

Measured are whole processes, from their start to each epoch's model on disk: imports, reading,
tracing, validation and saving included. A target's number of epochs was fixed on validation rows
before. The test rows are scored when the clock has stopped, of every epoch: the time to an accuracy
is that of the first epoch that has it, which favours both sides alike; beside it stands what the
whole run took and has.

Beside `sprint`, over three seeds, CNN v2 as one writes it in plain Keras in single precision, and
CNN v2 as it is trained here, which gives the time to the best that plain Keras has on validation.
Each part is written when it is there, and a part that is in the file is not run again. An hour and
a quarter on two cores.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PEERS = Path(__file__).parent / "peers"
TARGETS = {0.90: 2, 0.92: 4, 0.93: 4, 0.94: 10}
"""Test accuracy → epochs of `sprint`. Fixed on validation, which has to be a point above: the
published runs are there about a point better than on the test rows. (What an epoch's line says is
of the network that trains, without the mirror.)
"""
SEEDS = (0, 1, 2)
PLAIN_EPOCHS = 12
OURS = (
    "cnn-v2",
    "precision=mixed_bfloat16",
    "schedule=one-cycle",
    "decay_per_step=0",
    "learning_rate=0.05",
    "epochs=9",
)
"""CNN v2 as in the race to plain Keras' validation accuracy: its own schedule, and nothing else
that is new.
"""


def clocked(command: Sequence[object], epochs: int, *, lines: bool = False) -> list[dict[str, Any]]:
    """Run a peer to the end of `epochs`; each epoch's line with the `seconds` since the process was
    started.
    """
    began, rows = time.perf_counter(), []
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    process.stdin.write("\n" * epochs if lines else "")
    process.stdin.close()
    for line in process.stdout:
        answer = json.loads(line)
        if "val_accuracy" in answer:
            rows.append(
                {"epoch": len(rows) + 1, "seconds": round(time.perf_counter() - began, 2), **answer}
            )
            told = f"{rows[-1]['seconds']:8.1f} s  validation {answer['val_accuracy']:.4f}"
            print(f"    epoch {len(rows):3}  {told}", flush=True)
    process.wait()
    if len(rows) < epochs:
        raise SystemExit(
            f"error: {command[0]} ended after {len(rows)} of {epochs} epochs: run it by hand to"
            " see why"
        )
    return rows


def score(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Add each saved epoch's accuracy on the 10,000 test rows, which nothing before has looked
    at.
    """
    from fashion_nn import datasets, inference, measures

    test = datasets.load("fashion_mnist").test
    for row in rows:
        with inference.open_model(folder / f"epoch-{row['epoch']}.keras") as predictor:
            row["test_accuracy"] = measures.score(test.labels, predictor(test.images)).accuracy
        print(
            f"    epoch {row['epoch']:3}  {row['seconds']:8.1f} s  test {row['test_accuracy']:.4f}",
            flush=True,
        )


def reached(rows: Sequence[dict[str, Any]], goal: float, key: str) -> float | None:
    """Seconds to the first epoch whose accuracy is at least `goal`."""
    return next((row["seconds"] for row in rows if row[key] >= goal), None)


def plain(folder: Path) -> list[dict[str, Any]]:
    import numpy as np

    from fashion_nn import datasets

    splits = datasets.load("fashion_mnist")
    np.savez(
        folder / "data.npz",
        images=splits.train.images,
        labels=splits.train.labels,
        valid_images=splits.valid.images,
        valid_labels=splits.valid.labels,
    )
    words = (PEERS / "keras_cnn_v2.py", folder / "data.npz", "float32", 0, 0.99, folder)
    return clocked(words, PLAIN_EPOCHS, lines=True)


def ours(folder: Path, name: str, *settings: str) -> list[dict[str, Any]]:
    epochs = int(next(word for word in settings if word.startswith("epochs=")).partition("=")[2])
    return clocked((PEERS / "ours_to_files.py", folder, name, *settings), epochs)


def parts() -> dict[str, Any]:
    """Name → what runs it in a folder; long ones between short ones, so that a slow hour falls on
    both.
    """
    lengths = sorted(set(TARGETS.values()))
    found = {}
    for seed in SEEDS:
        for epochs in lengths:
            settings = (f"epochs={epochs}", f"seed={seed}")
            found[f"sprint {epochs} seed {seed}"] = lambda folder, settings=settings: ours(
                folder, "sprint", *settings
            )
        if seed == 0:
            found["plain Keras"] = plain
        if seed == 1:
            found["cnn-v2"] = lambda folder: ours(folder, *OURS)
    return found


def summary(measured: dict[str, Any]) -> dict[str, Any]:
    """Of each target the seconds over the seeds, their median, and the same of plain Keras; and the
    race of CNN v2.
    """
    table = []
    for goal, epochs in TARGETS.items():
        runs = [measured[f"sprint {epochs} seed {seed}"] for seed in SEEDS]
        seconds = [reached(rows, goal, "test_accuracy") for rows in runs]
        theirs = reached(measured["plain Keras"], goal, "test_accuracy")
        all_there = None not in seconds
        median = statistics.median(seconds) if all_there else None
        whole = statistics.median(rows[-1]["seconds"] for rows in runs)
        table.append(
            {
                "test_accuracy": goal,
                "epochs": epochs,
                "seconds": seconds,
                "median_seconds": median,
                "whole_median_seconds": whole,
                "at_the_end": [rows[-1]["test_accuracy"] for rows in runs],
                "plain_seconds": theirs,
                # Of a whole run, since which epoch suffices is known only afterwards.
                "ratio": whole / theirs if all_there and theirs else None,
            }
        )
    # The best of its epochs, and when it was there: its accuracy goes up and down.
    goal = max(row["val_accuracy"] for row in measured["plain Keras"])
    plain_seconds = reached(measured["plain Keras"], goal, "val_accuracy")
    seconds = reached(measured["cnn-v2"], goal, "val_accuracy")
    race = {
        "goal_val_accuracy": goal,
        "plain_epochs": PLAIN_EPOCHS,
        "plain_seconds": plain_seconds,
        "settings": list(OURS),
        "ours_seconds": seconds,
        "ours_whole_seconds": measured["cnn-v2"][-1]["seconds"],
        "ratio": seconds / plain_seconds if seconds else None,
    }
    return {"targets": table, "race": race}


def show(found: dict[str, Any]) -> None:
    print(
        f"\n{'test accuracy':14}{'epochs':>7}{'seconds, by seed':>28}"
        f"{'median':>9}{'plain Keras':>13}{'ratio':>8}"
    )
    for row in found["targets"]:
        by_seed = " ".join("never" if each is None else f"{each:.0f}" for each in row["seconds"])
        cells = [
            "-" if row[key] is None else f"{row[key]:{form}}"
            for key, form in (("median_seconds", ".0f"), ("plain_seconds", ".0f"), ("ratio", ".2f"))
        ]
        print(
            f"{row['test_accuracy']:<14.0%}{row['epochs']:>7}{by_seed:>28}{cells[0]:>9}{cells[1]:>13}{cells[2]:>8}"
        )
    race = found["race"]
    ours_seconds, ours_ratio = (
        float("nan") if race[key] is None else race[key] for key in ("ours_seconds", "ratio")
    )
    print(
        f"\nCNN v2 to {race['goal_val_accuracy']:.4f} on validation, the best of plain Keras in"
        f" {race['plain_epochs']} epochs, after {race['plain_seconds']:.0f} s: {ours_seconds:.0f}"
        f" s, ratio {ours_ratio:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--json", type=Path, metavar="FILE", required=True, help="all figures; parts in it are kept"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="leave the models of all epochs there"
    )
    arguments = parser.parse_args()
    from fashion_nn import datasets, recipes
    from fashion_nn.core.writing import write_atomic
    from fashion_nn.runs import Environment

    if not datasets.at_hand("fashion_mnist"):
        raise SystemExit(
            "error: Fashion-MNIST is not at hand: set FASHION_NN_DATA (see data/README.md)"
        )
    plan = {
        "sprint": recipes.get("sprint").to_json(),
        "cnn-v2": list(OURS),
        "plain_epochs": PLAIN_EPOCHS,
    }
    before = (
        json.loads(arguments.json.read_text())
        if arguments.json.exists()
        else {"plan": plan, "parts": {}}
    )
    environment = Environment.here().to_json()
    there = before.get("environment", environment)
    if before.get("plan") != plan or any(
        there[key] != environment[key] for key in ("hardware", "versions")
    ):
        raise SystemExit(
            f"error: {arguments.json}: holds parts of other settings, versions or hardware: name"
            " another file"
        )
    result = {"environment": environment, **before}
    with tempfile.TemporaryDirectory() as temporary:
        for name, run in parts().items():
            if name in result["parts"]:
                continue
            folder = (arguments.keep or Path(temporary)) / name.replace(" ", "-")
            shutil.rmtree(folder, ignore_errors=True)  # of a run that was cut
            folder.mkdir(parents=True)
            print(f"  {name}", flush=True)
            rows = run(folder)
            score(folder, rows)
            result["parts"][name] = rows
            write_atomic(arguments.json, json.dumps(result, indent=1) + "\n")
    result |= summary(result["parts"])
    write_atomic(arguments.json, json.dumps(result, indent=1) + "\n")
    show(result)


if __name__ == "__main__":
    main()

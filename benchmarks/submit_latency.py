"""How long `submit.py` takes from a CSV of 10,000 images to a finished file, beside a plain Keras
script.

The plain script is what one would write: pandas.read_csv, keras.models.load_model, predict, to_csv.
Both are whole processes, run in turn on the same model files, and must write the same labels.
Models that are not published are trained for one epoch on the embedded digits first: how long they
take does not depend on how good they are.

    python benchmarks/submit_latency.py --repeats 5 --json submit_latency.json
"""

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOALS = {"mlp": 0.25, "cnn-v1": 0.8, "cnn-v2": 0.65}
ENGINES = ("onnx", "keras")
PLAIN = """
import sys
import keras
import pandas
model, test, out = sys.argv[1:]
table = pandas.read_csv(test)
images = table.drop(columns="label").to_numpy("uint8").reshape(-1, 28, 28)
labels = keras.models.load_model(model).predict(images, batch_size=256, verbose=0).argmax(axis=1)
pandas.DataFrame({"ImageId": range(1, len(labels) + 1), "Label": labels}).to_csv(out, index=False)
"""


def run(*words: object) -> float:
    """Run a Python process to its end; its seconds."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *map(str, words)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    return time.perf_counter() - began


def prepare(name: str, folder: Path) -> Path:
    """A run folder of the model with its .onnx: a copy of the published one, else one trained for
    an epoch.
    """
    target = folder / name
    if (ROOT / "models" / name).is_dir():
        shutil.copytree(ROOT / "models" / name, target)
    else:
        run(
            "-m",
            "fashion_nn",
            "train",
            name,
            "--dataset",
            "digits",
            "--out",
            target,
            "--set",
            "epochs=1",
        )
    run("-m", "fashion_nn", "export", target, "--format", "onnx", "--dataset", "digits")
    return target / "model.keras"


def write_test(path: Path, rows: int) -> None:
    """A test CSV of `rows` digits with a label column, as Kaggle's are."""
    import numpy as np

    from fashion_nn import datasets

    train = datasets.load("digits").train
    chosen = np.random.default_rng(0).integers(0, len(train), rows)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["label", *(f"pixel{i}" for i in range(1, 785))])
        for i in chosen:
            table.writerow([train.labels[i], *train.images[i].ravel().tolist()])


def compare(name: str, rows: int, repeats: int, folder: Path, test: Path) -> dict:
    """Medians of `repeats` runs in turn, after one of each that is not counted."""
    model = prepare(name, folder)
    out = {way: folder / f"{name}-{way}.csv" for way in ("plain", *ENGINES)}
    seconds: dict[str, list[float]] = {way: [] for way in out}
    for repeat in range(repeats + 1):
        for way, target in out.items():
            if way == "plain":
                spent = run("-c", PLAIN, model, test, target)
            else:
                spent = run(
                    ROOT / "submit.py",
                    "--model",
                    model,
                    "--test",
                    test,
                    "--out",
                    target,
                    "--engine",
                    way,
                )
            if repeat:
                seconds[way].append(spent)
    lines = {way: path.read_text().split() for way, path in out.items()}
    differing = {
        way: sum(a != b for a, b in zip(lines[way], lines["plain"], strict=True)) for way in ENGINES
    }
    plain = statistics.median(seconds["plain"])
    return {
        "seconds": seconds,
        "median_seconds": {way: statistics.median(spent) for way, spent in seconds.items()},
        "ratio": {way: statistics.median(seconds[way]) / plain for way in ENGINES},
        "labels_that_differ": differing,
        "rows": rows,
        "goal": GOALS[name],
    }


def main() -> None:
    from fashion_nn.runs import Environment

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--models", nargs="+", choices=list(GOALS), default=list(GOALS), metavar="NAME"
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    arguments = parser.parse_args()
    if arguments.rows < 1 or arguments.repeats < 1:
        parser.error("--rows and --repeats must be at least 1")

    environment = Environment.here().to_json()
    print(
        f"{arguments.rows} rows, medians of {arguments.repeats} whole processes each, in turn;"
        " seconds"
    )
    print(f"{environment['hardware']['processor']}, {environment['hardware']['cores']} cores")
    print(
        f"\n{'':8}{'plain Keras':>12}{'keras':>9}{'onnx':>9}{'ratio':>9}{'ratio':>9}{'goal':>7} "
        " labels that differ"
    )
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "TF_CPP_MIN_LOG_LEVEL": "3"}
        write_test(folder / "test.csv", arguments.rows)
        for model in arguments.models:
            found = compare(model, arguments.rows, arguments.repeats, folder, folder / "test.csv")
            results[model] = found
            times, ratios = found["median_seconds"], found["ratio"]
            print(
                f"{model:8}{times['plain']:12.2f}{times['keras']:9.2f}{times['onnx']:9.2f}"
                f"{ratios['keras']:9.2f}{ratios['onnx']:9.2f}{found['goal']:7.2f}"
                f"  {found['labels_that_differ']['keras']}, {found['labels_that_differ']['onnx']}",
                flush=True,
            )
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"environment": environment, "models": results}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()

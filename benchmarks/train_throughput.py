"""How fast CNN v2 trains: ours beside plain Keras and, where it is installed, plain PyTorch.

Each way is a process of its own (benchmarks/peers/). They train the same rows an epoch at a time,
in turn, validation and everything that the script does between epochs included; so what else the
machine does falls on all alike.

    python benchmarks/train_throughput.py               images a second, feeding, processor's limit
    python benchmarks/train_throughput.py --accuracy    validation accuracy of short trainings

On Fashion-MNIST where FASHION_NN_DATA names its folder, else on the embedded digits. `--torch
PYTHON` is the interpreter of an environment that has PyTorch, where this one has not.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

PEERS = Path(__file__).parent / "peers"
WAYS = {
    "ours, bfloat16": ("ours_cnn_v2.py", "mixed_bfloat16"),
    "ours, float32": ("ours_cnn_v2.py", "float32"),
    "Keras, float32": ("keras_cnn_v2.py", "float32"),
    "Keras, bfloat16": ("keras_cnn_v2.py", "mixed_bfloat16"),
    "PyTorch, bfloat16": ("torch_cnn_v2.py", "mixed_bfloat16"),
}
OURS, THEIRS = "ours, bfloat16", "Keras, bfloat16"
# Forward, gradients of maps and of kernels: three times the multiply-adds of an image, two
# operations each.
GFLOP_AN_IMAGE = 0.34
LIMIT = """
import sys, time
import tensorflow as tf
size = 4096
for kind in (tf.float32, tf.bfloat16):
    a = tf.cast(tf.random.normal((size, size)), kind)
    tf.matmul(a, a)
    best = min(-time.perf_counter() + (tf.matmul(a, a), time.perf_counter())[1] for _ in range(5))
    print(kind.name, 2 * size**3 / best / 1e9)
"""


class Way:
    """A process that trains an epoch when told to."""

    def __init__(
        self, name: str, data: Path, seed: int, bn_momentum: float, torch: str, *settings: str
    ):
        script, precision = WAYS[name]
        python = torch if script.startswith("torch") else sys.executable
        words = [python, PEERS / script, data, precision, seed, bn_momentum, *settings]
        self.process = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.parameters = self._answer()["parameters"]
        self.seconds: list[float] = []
        self.rows: list[dict[str, float]] = []

    def epoch(self) -> dict[str, float]:
        began = time.perf_counter()
        print(file=self.process.stdin, flush=True)
        self.rows.append(self._answer())
        self.seconds.append(time.perf_counter() - began)
        return self.rows[-1]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"error: {self.process.args[1]} ended: run it by hand to see why")
        return json.loads(line)


def write_data(path: Path, rows: int) -> tuple[str, int, int]:
    """The rows of the split that everything here uses; name of the data, and how many train and
    validate.
    """
    from fashion_nn import datasets

    name = "fashion_mnist" if datasets.at_hand("fashion_mnist") else "digits"
    splits = datasets.load(name)
    train = np.random.default_rng(0).permutation(len(splits.train))[:rows]
    valid = slice(max(rows // 9, 500))
    np.savez(
        path,
        images=splits.train.images[train],
        labels=splits.train.labels[train],
        valid_images=splits.valid.images[valid],
        valid_labels=splits.valid.labels[valid],
    )
    return name, len(train), len(splits.valid.labels[valid])


def throughput(data: Path, rows: int, repeats: int, torch: str) -> dict[str, Any]:
    """Images a second of each way, epochs in turn, after one of each that is not counted."""
    ways = {
        name: Way(name, data, 0, 0.99, torch)
        for name in WAYS
        if torch or not name.startswith("PyTorch")
    }
    try:
        for repeat in range(repeats + 1):
            for name, way in ways.items():
                way.epoch()
                print(
                    f"  epoch {repeat} of {repeats}  {name:20}{rows / way.seconds[-1]:8.0f}"
                    " images/s",
                    flush=True,
                )
    finally:
        for way in ways.values():
            way.close()
    rates = {name: [rows / seconds for seconds in way.seconds[1:]] for name, way in ways.items()}
    parameters = {name: way.parameters for name, way in ways.items()}
    return {"repeats": repeats, **version_of(torch), **best_of(rates), "parameters": parameters}


def version_of(torch: str) -> dict[str, str]:
    if not torch:
        return {}
    asked = subprocess.run(
        [torch, "-c", "import torch; print(torch.__version__)"], check=True, stdout=subprocess.PIPE
    )
    return {"torch": asked.stdout.decode().strip()}


def best_of(rates: dict[str, list[float]]) -> dict[str, Any]:
    """The fastest epoch of each way, which speaks for the peer: plain Keras waits for the thread
    that tunes its datasets after many an epoch, for longer than a short one takes.
    """
    best = {name: max(each) for name, each in rates.items()}
    ratios = {name: best[OURS] / rate for name, rate in best.items()}
    return {"images_per_second": best, "ours_by_theirs": ratios, "runs": rates}


def limit(rate: float) -> dict[str, float]:
    """What part of a matrix product's speed the training reaches."""
    answer = subprocess.run(
        [sys.executable, "-c", LIMIT], check=True, capture_output=True, text=True
    ).stdout.split()
    rates = {answer[i]: float(answer[i + 1]) for i in range(0, len(answer), 2)}
    return {
        "matrix_product_gflops": rates,
        "training_gflops": rate * GFLOP_AN_IMAGE,
        "share": rate * GFLOP_AN_IMAGE / rates["bfloat16"],
    }


def feeding(rate: float, rows: int) -> dict[str, float]:
    """Seconds to draw, gather and augment an epoch of batches with nothing else to do, by seconds
    of training.
    """
    from fashion_nn import datasets, recipes
    from fashion_nn.training.batches import batches

    splits = datasets.load("fashion_mnist" if datasets.at_hand("fashion_mnist") else "digits")
    shares = {}
    for name, settings in {
        "as the recipe": [],
        "flip and shift": ["augment.flip=true", "augment.shift_pixels=2"],
    }.items():
        recipe = recipes.override(recipes.get("cnn-v2"), settings)
        began = time.perf_counter()
        for _ in batches(recipe, splits.train, epoch=1):
            pass
        shares[name] = (time.perf_counter() - began) / (len(splits.train) / rate)
    return shares


def accuracies(data: Path, seeds: int, epochs: int, names: list[str]) -> dict[str, Any]:
    """Validation accuracy after `epochs`, over seeds; the moving statistics keep up with a short
    training.
    """
    found: dict[str, list[float]] = {name: [] for name in names}
    for seed in range(seeds):
        for name in names:
            way = Way(name, data, seed, 0.9, sys.executable)
            try:
                for _ in range(epochs):
                    way.epoch()
            finally:
                way.close()
            found[name].append(way.rows[-1]["val_accuracy"])
            print(f"  seed {seed}  {name:20}{found[name][-1]:8.4f}", flush=True)
    summary = {
        name: {"mean": statistics.mean(v), "sd": statistics.stdev(v), "values": v}
        for name, v in found.items()
    }
    return {"epochs": epochs, "seeds": seeds, "val_accuracy": summary}


def main() -> None:
    from fashion_nn.runs import Environment

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--rows", type=int, help="training rows of an epoch (default: 5120; --accuracy: 20000)"
    )
    parser.add_argument("--repeats", type=int, default=5, help="epochs of each way that count")
    parser.add_argument("--torch", metavar="PYTHON", help="interpreter that has PyTorch")
    parser.add_argument(
        "--accuracy", action="store_true", help="mean and spread of accuracy over seeds instead"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3, help="of --accuracy")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write all figures there too, beside what it holds",
    )
    arguments = parser.parse_args()
    if arguments.repeats < 1 or arguments.seeds < 2 or (arguments.rows or 256) < 256:
        parser.error("--repeats must be at least 1, --seeds at least 2 and --rows at least 256")
    torch = arguments.torch or (sys.executable if importlib.util.find_spec("torch") else "")

    rows = arguments.rows or (20_000 if arguments.accuracy else 5120)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        name, n, valid_rows = write_data(data, rows)
        environment = Environment.here().to_json()
        result: dict[str, Any] = {
            "dataset": name,
            "rows": n,
            "valid_rows": valid_rows,
            "batch": 256,
            "environment": environment,
        }
        print(f"CNN v2 on {n} rows of {name}, batches of 256; ", end="")
        print(
            f"{environment['hardware']['processor']}, {environment['hardware']['cores']} cores",
            flush=True,
        )
        if arguments.accuracy:
            part, found = (
                "accuracy",
                accuracies(data, arguments.seeds, arguments.epochs, [OURS, THEIRS]),
            )
            for way, row in found["val_accuracy"].items():
                print(f"{way:20}{row['mean']:8.4f} ± {row['sd']:.4f}")
        else:
            part, found = "throughput", throughput(data, n, arguments.repeats, torch)
            rate = found["images_per_second"][OURS]
            found |= {"limit": limit(rate), "feeding_share": feeding(rate, n)}
            print(f"\n{'':20}{'images/s':>10}{'ours by it':>12}")
            for way, each in found["images_per_second"].items():
                print(f"{way:20}{each:10.0f}{found['ours_by_theirs'][way]:12.2f}")
            if not torch:
                print("PyTorch is not installed: left out (--torch PYTHON)")
            bound = found["limit"]
            print(
                f"{bound['training_gflops']:.0f} GFLOP/s, {bound['share']:.0%} of a bfloat16 matrix"
                " product here"
            )
            print(
                "feeding by training: "
                + ", ".join(f"{k} {v:.1%}" for k, v in found["feeding_share"].items())
            )
    if arguments.json:
        before = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
        arguments.json.write_text(json.dumps(before | {part: result | found}, indent=1) + "\n")


if __name__ == "__main__":
    main()

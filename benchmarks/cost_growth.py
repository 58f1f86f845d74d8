"""How time and memory grow with rows, parameters and batch size, as a table and a picture.

    python benchmarks/cost_growth.py --most-rows 1000000 --json benchmarks/cost_growth.json \\
        --picture docs/growth.png

Each point is a process of its own, or several that follow one another: the highest memory is that
of the largest. Pixels are noise, which costs what others cost. Minutes with a million rows.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MODELS = ("mlp", "cnn-v1", "sprint", "dcn", "cnn-v2")
BATCHES = (16, 64, 256, 1024)
BATCHED = {"mlp": 20_000, "cnn-v2": 2000}
"""Model → rows of an epoch when the batch size is in question."""


def train(model: str, rows: int, batch: int) -> dict[str, Any]:
    """In this process: seconds of a second epoch of `rows`, a tenth of them validation, and the
    highest memory.
    """
    import numpy as np

    from fashion_nn import recipes, training, zoo
    from fashion_nn.datasets import Split, fingerprint
    from fashion_nn.datasets.splits import divide

    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (rows, 28, 28), dtype=np.uint8)
    everything = Split(images, np.arange(rows, dtype=np.int64) % 10)
    splits = divide(
        everything,
        None,
        0.1,
        name="noise",
        class_names=tuple("0123456789"),
        fingerprint=fingerprint(images[:10], everything.labels[:10]),
    )
    name = next(recipe.name for recipe in recipes.RECIPES.values() if recipe.model == model)
    settings = ["epochs=2", "patience=none", "precision=float32", f"batch_size={batch}"]
    with tempfile.TemporaryDirectory() as folder:
        outcome = training.run(recipes.override(recipes.get(name), settings), splits, folder)
        record = outcome.run.read_record()
    seconds = record.sessions[0].epoch_seconds[1]
    return {
        "model": model,
        "parameters": zoo.parameters(zoo.build(model)).total,
        "rows": rows,
        "batch": batch,
        "seconds": seconds,
        "images_per_second": rows / seconds,
        "mib": _mib(resource.RUSAGE_SELF),
    }


def submit(rows: int) -> dict[str, Any]:
    """In this process: a whole `submit.py` with the published MLP over a CSV of `rows`."""
    import numpy as np

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        line = np.random.default_rng(0).integers(0, 256, (1000, 784))
        text = "\n".join(",".join(map(str, row)) for row in line) + "\n"
        with (folder / "test.csv").open("w") as file:
            print(*(f"pixel{i}" for i in range(1, 785)), sep=",", file=file)
            for _ in range(rows // 1000):
                file.write(text)
        words = ["--model", ROOT / "models" / "mlp" / "model.keras", "--test", folder / "test.csv"]
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, ROOT / "submit.py", *words, "--out", folder / "out.csv"],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        seconds = time.perf_counter() - began
    memory = _mib(resource.RUSAGE_CHILDREN)
    return {"rows": rows, "seconds": seconds, "images_per_second": rows / seconds, "mib": memory}


def _mib(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss / 1024


def point(kind: str, *words: object) -> dict[str, Any]:
    """One measurement, in a fresh process."""
    command = [sys.executable, __file__, "--point", kind, *map(str, words)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    found = json.loads(done.stdout)
    print(
        "  " + kind.ljust(8) + "".join(f"{key} {_short(value)}   " for key, value in found.items()),
        flush=True,
    )
    return found


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


def draw(result: dict[str, Any], path: Path) -> None:
    """Seconds, on logarithmic axes, and memory, for the three questions."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(11, 5.6), layout="constrained")
    lines = [
        ("rows", "rows", {"submit.py, MLP": result["submit"], "an epoch, MLP": result["rows"]}),
        ("parameters", "parameters", {"batches of 256": result["parameters"]}),
        (
            "batch",
            "batch size",
            {name: [p for p in result["batches"] if p["model"] == name] for name in BATCHED},
        ),
    ]
    for column, (key, label, each) in enumerate(lines):
        for row, (unit, title) in enumerate(
            (("seconds", "seconds"), ("mib", "highest memory, MiB"))
        ):
            axis = axes[row, column]
            for name, points in each.items():
                if unit == "seconds" and key != "rows":
                    ys = [1e6 / p["images_per_second"] for p in points]
                    title = "microseconds an image"
                else:
                    ys = [p[unit] for p in points]
                # Models are no sequence: no line joins them.
                joined = "" if key == "parameters" else "-"
                axis.plot([p[key] for p in points], ys, marker="o", linestyle=joined, label=name)
            if key == "parameters":
                for p, y in zip(each["batches of 256"], ys, strict=True):
                    axis.annotate(
                        p["model"],
                        (p[key], y),
                        textcoords="offset points",
                        xytext=(6, -3),
                        fontsize=8,
                    )
            axis.set(xlabel=label, ylabel=title, xscale="linear" if key == "parameters" else "log")
            if unit == "seconds":
                axis.set_yscale("log")
            else:
                axis.set_ylim(bottom=0)
            axis.margins(x=0.2 if key == "parameters" else 0.05)
            axis.grid(alpha=0.3)
            if key != "parameters":
                axis.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--most-rows", type=int, default=100_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw them there, as PNG")
    parser.add_argument("--point", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.point:
        kind, *words = arguments.point
        print(
            json.dumps(
                submit(int(words[0])) if kind == "submit" else train(words[0], *map(int, words[1:]))
            )
        )
        return
    if arguments.most_rows < 1000:
        parser.error("--most-rows must be at least 1000")
    from fashion_nn.core.writing import write_atomic
    from fashion_nn.runs import Environment

    sizes = [10**power for power in range(3, 8) if 10**power <= arguments.most_rows]
    result = {
        "submit": [point("submit", rows) for rows in sizes],
        "rows": [point("train", "mlp", rows, 256) for rows in sizes],
        "parameters": sorted(
            (point("train", name, 2000, 256) for name in MODELS), key=lambda p: p["parameters"]
        ),
        "batches": [
            point("train", name, rows, size) for name, rows in BATCHED.items() for size in BATCHES
        ],
        "environment": Environment.here().to_json(),
    }
    if arguments.json:
        write_atomic(arguments.json, json.dumps(result, indent=1) + "\n")
    if arguments.picture:
        draw(result, arguments.picture)


if __name__ == "__main__":
    main()

"""Does a search find better settings than the published recipe's? On rows that it never saw, over
fresh seeds.

The validation rows of the stored split are put aside. `fashion-nn tune` searches among the other
54,000, of which it holds out a tenth for itself. Then the best settings and the published recipe
are trained with seeds that no trial had, on the same rows, and answer the rows that were put aside.
The test split is not touched.

    python benchmarks/search_gain.py --folder FOLDER --json benchmarks/search_gain.json \\
        --docs docs/tuning.md

All state is in FOLDER: the same command goes on where it was stopped. Needs Fashion-MNIST
(FASHION_NN_DATA).
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

FIRST_SEED = 1000
MARKS = ("<!-- gain: made by benchmarks/search_gain.py -->", "<!-- end of gain -->")


def fashion_nn(*words: object) -> None:
    """Run a command of the package to its end; its progress goes to the screen."""
    subprocess.run([sys.executable, "-m", "fashion_nn", *map(str, words)], check=True)


def put_aside(folder: Path) -> Path:
    """The training rows of the stored split as a data set of their own, without test rows."""
    from fashion_nn import datasets
    from fashion_nn.core.writing import write_atomic
    from fashion_nn.datasets.idx import encode_header

    train = datasets.load("fashion_mnist").train
    folder.mkdir(parents=True, exist_ok=True)
    for kind, values in (
        ("images-idx3", train.images),
        ("labels-idx1", train.labels.astype(np.uint8)),
    ):
        write_atomic(folder / f"train-{kind}-ubyte", encode_header(values.shape) + values.tobytes())
    return folder


def right_answers(run: Path) -> np.ndarray:
    """For each row that was put aside, whether the run's model knows it; bool (n,)."""
    import keras

    from fashion_nn import datasets

    valid = datasets.load("fashion_mnist").valid
    model = keras.models.load_model(run / "model.keras")
    return model.predict(valid.images, batch_size=1000, verbose=0).argmax(axis=1) == valid.labels


def compare(tuned: np.ndarray, published: np.ndarray) -> dict[str, Any]:
    """Both bool (seeds, n). Welch's test asks about seeds, the bootstrap about rows."""
    from scipy import stats

    means = [each.mean(axis=1) for each in (tuned, published)]
    welch = stats.ttest_ind(*means, equal_var=False)
    interval = welch.confidence_interval(0.95)
    difference = tuned.mean(axis=0) - published.mean(axis=0)
    draws = np.random.default_rng(0).integers(0, len(difference), (10_000, len(difference)))
    low, high = np.quantile(difference[draws].mean(axis=1), [0.025, 0.975])
    return {
        "difference": float(difference.mean()),
        "welch": {
            "p": float(welch.pvalue),
            "low": float(interval.low),
            "high": float(interval.high),
        },
        "rows_bootstrap": {"low": float(low), "high": float(high)},
    }


def table(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    hardware, welch, rows = (
        result["environment"]["hardware"],
        result["welch"],
        result["rows_bootstrap"],
    )
    statuses = ", ".join(
        f"{count} {status}" for status, count in sorted(result["statuses"].items())
    )
    lines = [
        (
            f"{result['trials']} trials of {result['model']} ({result['algorithm']},"
            f" {result['trial_epochs']} epochs; {statuses}) over {', '.join(result['space'])}."
            f" {hardware['processor']}, {hardware['cores']} cores, shared with other work, so the"
            " seconds are too many."
        ),
        "",
        (
            f"| settings | accuracy on {result['rows']:,} rows that no trial saw, {result['seeds']}"
            " fresh seeds | epochs | seconds of training |"
        ),
        "|---|---|---|---|",
    ]
    for way, row in result["accuracy"].items():
        lines.append(
            f"| {way} | {row['mean']:.4f} ± {row['sd']:.4f} | {row['epochs']} |"
            f" {row['train_seconds']:.0f} |"
        )
    lines += [
        "",
        f"Tuned less published: {result['difference']:+.4f}; 95 % interval over seeds"
        f" {welch['low']:+.4f} to {welch['high']:+.4f} (Welch's t test, p = {welch['p']:.2g}), over"
        f" rows {rows['low']:+.4f} to {rows['high']:+.4f} (bootstrap). The search's own best score"
        f" was {result['best']['score']:.4f}"
        + (
            f", {result['best']['retrained']['score']:.4f} with another seed"
            if result["best"]["retrained"]
            else ""
        )
        + ". Settings that differ from the published recipe: "
        + ", ".join(f"{key} {value}" for key, value in result["settings"].items() if key != "name")
        + ".",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="state: data, search, runs")
    parser.add_argument("--model", default="mlp")
    parser.add_argument("--algorithm", default="bayesian")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=20, help="of a trial")
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="KEY", help="search for these settings only"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument(
        "--docs", type=Path, metavar="PAGE", help="put the table between its marks there"
    )
    arguments = parser.parse_args()
    if arguments.trials < 1 or arguments.seeds < 2:
        parser.error("--trials must be at least 1 and --seeds at least 2")
    from fashion_nn import recipes, runs
    from fashion_nn.core.reading import between_marks
    from fashion_nn.core.writing import write_atomic
    from fashion_nn.runs import Environment, Search

    rows = put_aside(arguments.folder / "fashion-mnist-without-validation")
    search = Search(arguments.folder / "search")
    fashion_nn(
        *(
            "tune",
            arguments.model,
            "--dataset",
            rows,
            "--algorithm",
            arguments.algorithm,
            "--trials",
            arguments.trials,
        ),
        *("--epochs", arguments.epochs, "--out", search.folder, "--resume"),
        *(word for key in arguments.only for word in ("--only", key)),
    )
    trials = search.read_trials()
    ways = {"tuned": ["--recipe", search.best], "published": [arguments.model]}
    right: dict[str, list[np.ndarray]] = {way: [] for way in ways}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for seed in range(FIRST_SEED, FIRST_SEED + arguments.seeds):
        for way, words in ways.items():
            out = arguments.folder / f"{way}-{seed}"
            fashion_nn(
                "train",
                *words,
                "--dataset",
                rows,
                "--out",
                out,
                "--resume",
                "--set",
                f"seed={seed}",
            )
            right[way].append(right_answers(out))
            seconds[way].append(runs.Run(out).read_record().train_seconds)
    best = search.read_best()
    result = {
        "model": arguments.model,
        "algorithm": arguments.algorithm,
        "trials": len(trials),
        "statuses": {
            status: sum(t.status == status for t in trials) for status in {t.status for t in trials}
        },
        "trial_epochs": arguments.epochs,
        "space": [parameter.name for parameter in search.read_record().identity.space],
        "trial_seconds": sum(trial.seconds or 0 for trial in trials),
        "best": {
            "trial": best.trial,
            "score": best.score,
            "retrained": best.retrained.to_json() if best.retrained else None,
        },
        "settings": {
            key: value
            for key, value in best.recipe.items()
            if key != "sources" and value != recipes.get(arguments.model).to_json()[key]
        },
        "rows": len(right["tuned"][0]),
        "seeds": arguments.seeds,
        "accuracy": {
            way: {
                "mean": statistics.mean(values),
                "sd": statistics.stdev(values),
                "values": values,
                "train_seconds": statistics.mean(seconds[way]),
                "epochs": (
                    best.recipe["epochs"] if way == "tuned" else recipes.get(arguments.model).epochs
                ),
            }
            for way, values in (
                (way, [float(each.mean()) for each in found]) for way, found in right.items()
            )
        },
        **compare(np.stack(right["tuned"]), np.stack(right["published"])),
        "environment": Environment.here().to_json(),
    }
    print(f"\n{table(result)}")
    if arguments.json:
        write_atomic(arguments.json, json.dumps(result, indent=1, default=str) + "\n")
    if arguments.docs:
        write_atomic(arguments.docs, between_marks(arguments.docs, MARKS, f"{table(result)}\n"))


if __name__ == "__main__":
    main()

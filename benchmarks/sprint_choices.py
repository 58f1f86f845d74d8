"""What each choice of `sprint` is worth: one setting changed at a time, by validation accuracy
after a short training.

    python benchmarks/sprint_choices.py --json benchmarks/sprint_choices.json

Runs follow one another, seeds outside, so that a slow hour falls on all; each is written when it is
there, and one that is in the file is not run again. The test rows are not looked at.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

CHOICES: dict[str, list[str]] = {
    "as it is": [],
    "SGD, rate 0.4, Nesterov momentum 0.9": [
        "optimizer=sgd",
        "nesterov=true",
        "learning_rate=0.4",
        "weight_decay=0.005",
    ],
    "half the peak rate": ["learning_rate=0.01"],
    "no smoothing of labels": ["label_smoothing=0"],
    "no shift": ["augment.shift_pixels=0"],
    "no mirrored images in training": ["augment.flip=false"],
    "batches of 512": ["batch_size=512"],
    "a square of a quarter erased": ["augment.erase=0.25"],
    "answer without the mirror": ["average_mirror=false"],
    "Adam with decoupled decay, rate 0.004": [
        "optimizer=adamw",
        "momentum=0",
        "learning_rate=0.004",
    ],
    "twice the peak rate": ["learning_rate=0.04"],
    "turned by up to 10 degrees": ["augment.rotation_degrees=10"],
    "single precision": ["precision=float32"],
}
"""Name → settings that are changed."""
EPOCHS = 2


def measure(settings: list[str], seed: int, epochs: int) -> dict[str, Any]:
    """Train once; what the saved model answers on the validation rows, and the median seconds of an
    epoch.
    """
    import statistics

    from fashion_nn import datasets, recipes, training

    recipe = recipes.override(
        recipes.get("sprint"), [*settings, f"epochs={epochs}", f"seed={seed}"]
    )
    with tempfile.TemporaryDirectory() as folder:
        outcome = training.run(recipe, datasets.load("fashion_mnist"), Path(folder) / "run")
        record = outcome.run.read_record()
    valid = outcome.metrics.of_valid()
    return {
        "seed": seed,
        "accuracy": valid.accuracy,
        "log_loss": valid.log_loss,
        "n": valid.n,
        "epoch_seconds": statistics.median(record.sessions[0].epoch_seconds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--only", nargs="+", choices=list(CHOICES), metavar="NAME")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", required=True, help="all figures; runs in it are kept"
    )
    arguments = parser.parse_args()
    from fashion_nn import datasets, recipes
    from fashion_nn.core.writing import write_atomic
    from fashion_nn.errors import InputError
    from fashion_nn.runs import Environment

    if not datasets.at_hand("fashion_mnist"):
        raise SystemExit(
            "error: Fashion-MNIST is not at hand: set FASHION_NN_DATA (see data/README.md)"
        )
    base = recipes.get("sprint").to_json()
    plan = {"epochs": arguments.epochs, "recipe": base}
    before = (
        json.loads(arguments.json.read_text())
        if arguments.json.exists()
        else {**plan, "choices": []}
    )
    kept = all(each["settings"] == CHOICES.get(each["name"]) for each in before["choices"])
    environment = Environment.here().to_json()
    there = before.get("environment", environment)
    same_machine = all(there[key] == environment[key] for key in ("hardware", "versions"))
    if not kept or {name: before[name] for name in plan} != plan or not same_machine:
        raise SystemExit(
            f"error: {arguments.json}: holds runs of other settings, versions or hardware: name"
            " another file"
        )
    done = {each["name"]: each["runs"] for each in before["choices"]}
    for seed in range(arguments.seeds):
        for name in arguments.only or CHOICES:
            mine = done.setdefault(name, [])
            if any(run["seed"] == seed for run in mine):
                continue
            try:
                mine.append(measure(CHOICES[name], seed, arguments.epochs))
            except InputError as error:
                raise SystemExit(f"error: {name}: {error}") from None
            print(
                f"{name:40} seed {seed}  {mine[-1]['accuracy']:.4f} "
                f" {mine[-1]['epoch_seconds']:.1f} s",
                flush=True,
            )
            choices = [
                {"name": each, "settings": CHOICES[each], "runs": done[each]}
                for each in CHOICES
                if done.get(each)
            ]
            found = {**plan, "environment": environment, "choices": choices}
            write_atomic(arguments.json, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()

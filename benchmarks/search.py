"""How long a search takes to its best validation score, beside plain keras-tuner.

    python benchmarks/search.py --trials 12 --epochs 10 --repeats 3 \\
        --json benchmarks/search.json --docs docs/tuning.md
    python benchmarks/search.py --situations \\
        --json benchmarks/search_situations.json --docs docs/tuning.md

Both sides search over the same space of the zoo's mlp, at random with the same seeds, on the same
rows: Fashion-MNIST where FASHION_NN_DATA names its folder, else the embedded digits. Theirs is
benchmarks/search_plain.py; ours is `fashion-nn tune` with the median rule and without retraining.
Each is a process of its own, in turn.

`--situations` has both sides killed, misled and broken instead, and records what happens
(search_situations.py).
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import search_plain
import search_situations
from search_sides import (
    environment,
    our_trials,
    ours,
    plain,
    read_log,
    same_draws,
    their_trials,
    write_rows,
)

from fashion_nn import runs
from fashion_nn.core.reading import between_marks
from fashion_nn.core.writing import write_atomic
from fashion_nn.runs import Environment

MARKS = ("<!-- {0}: made by benchmarks/search.py -->", "<!-- end of {0} -->")


def timed(command: list[str]) -> tuple[float, float]:
    """Run `command`; when it began (time of day) and its seconds."""
    at, began = time.time(), time.perf_counter()
    done = subprocess.run(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise SystemExit(f"error: {' '.join(command)}\n{done.stderr[-2000:]}")
    return at, time.perf_counter() - began


def measured(trials: list[dict[str, Any]], began: float, seconds: float) -> dict[str, Any]:
    """What a search came to: its best score, and when it had it."""
    ended = [{**trial, "at": round(trial["at"] - began, 2)} for trial in trials]
    known = sorted(
        (trial for trial in ended if trial["score"] is not None), key=lambda trial: trial["at"]
    )
    best = max(trial["score"] for trial in known)
    return {
        "seconds": round(seconds, 2),
        "best": best,
        "seconds_to_best": next(trial["at"] for trial in known if trial["score"] == best),
        "trials": ended,
    }


def seconds_to(side: dict[str, Any], score: float) -> float | None:
    """When a search first had `score`."""
    reached = [
        each["at"]
        for each in side["trials"]
        if each["score"] is not None and each["score"] >= score
    ]
    return min(reached, default=None)


def compare(
    dataset: str, trials: int, epochs: int, repeats: int, patience: int | None
) -> dict[str, Any]:
    """All repetitions: both sides in turn, the one that begins changing from one to the next."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(dataset, folder / "rows.npz")
        budget = ["--trials", trials, "--epochs", epochs]
        early = (
            (["--patience", patience], ["--set", f"patience={patience}"]) if patience else ([], [])
        )
        for seed in range(1, repeats + 1):
            here = {"plain": folder / f"plain-{seed}", "ours": folder / f"ours-{seed}"}
            log = folder / f"plain-{seed}.jsonl"
            theirs = ["--seed", same_draws(seed), "--log", log, *early[0]]
            commands = {
                "plain": plain(folder / "rows.npz", here["plain"], *budget, *theirs),
                "ours": ours(
                    dataset, here["ours"], *budget, "--seed", seed, "--no-retrain", *early[1]
                ),
            }
            sides = {}
            for side in sorted(commands, reverse=seed % 2 == 1):
                began, seconds = timed(commands[side])
                if side == "plain":
                    rows, trained = (
                        their_trials(here[side]),
                        sum(each.get("epochs", 0) for each in read_log(log)),
                    )
                else:
                    rows = our_trials(here[side])
                    trained = sum(each.epochs_run for each in runs.Search(here[side]).read_trials())
                sides[side] = measured(rows, began, seconds) | {"epochs": trained}
            found.append({"seed": seed, **sides, **together(sides)})
            print(line(found[-1]), flush=True)
    return {
        "dataset": dataset,
        "trials": trials,
        "epochs": epochs,
        "patience": patience,
        "parameters": search_plain.PARAMETERS,
        "repetitions": found,
        "median_ratio": {
            key: statistics.median(ratios)
            for key in ("whole", "to_common")
            if (ratios := [each["ratio"][key] for each in found if each["ratio"][key] is not None])
        },
        "machine": Environment.here().hardware.to_json(),
        "versions": {
            name: version(name)
            for name in ("tensorflow", "keras", "keras-tuner", "numpy", "fashion-nn")
        },
    }


def together(sides: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What only both sides tell: seconds to the lower of the two best scores, ratios, how many
    settings were equal.
    """
    theirs, mine = sides["plain"], sides["ours"]
    common = min(theirs["best"], mine["best"])
    to = {side: seconds_to(sides[side], common) for side in sides}
    pairs = zip(theirs["trials"], mine["trials"], strict=False)
    return {
        "common_score": common,
        "seconds_to_common": to,
        "ratio": {
            "whole": round(mine["seconds"] / theirs["seconds"], 3),
            "to_common": round(to["ours"] / to["plain"], 3),
        },
        "same_settings": sum(equal(a["values"], b["values"]) for a, b in pairs),
    }


def equal(a: dict[str, float], b: dict[str, float]) -> bool:
    return all(
        abs(a[name] - b[name]) <= 1e-3 * abs(b[name]) + 1e-12 for name in search_plain.PARAMETERS
    )


def line(row: dict[str, Any]) -> str:
    cells = [row["seed"]]
    for side in ("plain", "ours"):
        cells += [f"{row[side]['best']:.4f}", row[side]["epochs"], f"{row[side]['seconds']:.0f} s"]
    cells += [f"{row['common_score']:.4f}"]
    cells += [f"{row['seconds_to_common'][side]:.0f} s" for side in ("plain", "ours")]
    cells += [f"{row['ratio']['to_common']:.2f}", f"{row['ratio']['whole']:.2f}"]
    return f"| {' | '.join(map(str, cells))} |"


COLUMNS = (
    "seed",
    *(f"{side}: {what}" for side in ("theirs", "ours") for what in ("best", "epochs", "whole")),
)
COLUMNS += ("score that both have", "theirs", "ours", "ratio", "ratio of the whole")
HEAD = f"| {' | '.join(COLUMNS)} |\n{len(COLUMNS) * '|---'}|"


def table(found: dict[str, Any]) -> str:
    ratios, rows = found["median_ratio"], found["repetitions"]
    equal_settings = sum(row["same_settings"] for row in rows)
    said = (
        f"{found['dataset']}, {found['trials']} trials of at most {found['epochs']} epochs"
        + (f", patience {found['patience']}" if found["patience"] else "")
        + f"; {found['machine']['processor']}, {found['machine']['cores']} cores; "
        + ", ".join(f"{name} {number}" for name, number in found["versions"].items())
        + f". {equal_settings} of {len(rows) * found['trials']} trials had the same settings on"
        " both sides. Median ratio of the time to the score that both have"
        f" {ratios['to_common']:.2f}, of the whole search {ratios['whole']:.2f}."
    )
    return "\n".join([said, "", HEAD, *map(line, rows)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--patience",
        type=int,
        help="for both: epochs without a better val_loss before a trial stops",
    )
    parser.add_argument(
        "--dataset", help="[default: fashion_mnist where FASHION_NN_DATA is set, else digits]"
    )
    parser.add_argument(
        "--situations", nargs="*", metavar="NAME", help="what happens when …; all, or those named"
    )
    parser.add_argument(
        "--many", type=int, default=50, help="--situations: trials after which memory is read again"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument(
        "--docs", type=Path, metavar="PAGE", help="put the table between its marks in this page"
    )
    arguments = parser.parse_args()
    if arguments.situations is not None:
        found = search_situations.observe(arguments.situations, arguments.many, arguments.json)
        name, text = "situations", search_situations.table(found)
    else:
        if min(arguments.trials, arguments.epochs, arguments.repeats) < 1:
            parser.error("--trials, --epochs and --repeats must be at least 1")
        dataset = arguments.dataset or (
            "fashion_mnist" if os.environ.get("FASHION_NN_DATA") else "digits"
        )
        print(HEAD)
        found = compare(
            dataset, arguments.trials, arguments.epochs, arguments.repeats, arguments.patience
        )
        name, text = "speed", table(found)
        print(f"\n{text.splitlines()[0]}")
        if arguments.json:
            write_atomic(arguments.json, json.dumps(found, indent=1) + "\n")
    if arguments.docs:
        marks = (MARKS[0].format(name), MARKS[1].format(name))
        write_atomic(arguments.docs, between_marks(arguments.docs, marks, f"{text}\n"))


if __name__ == "__main__":
    main()

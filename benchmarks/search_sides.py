"""The two sides of benchmarks/search.py: the commands that search, the rows that both get, and what
they leave.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import search_plain

from fashion_nn import datasets, runs

ROOT = Path(__file__).resolve().parents[1]
FIXED = ("optimizer=adam", "momentum=0", "nesterov=false", "schedule=constant", "decay_per_step=0")


def environment() -> dict[str, str]:
    """Of both sides: this checkout, the processor, no log lines."""
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])
    quiet = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return os.environ | quiet | {"PYTHONPATH": os.pathsep.join(paths)}


def ours(
    dataset: str, folder: Path, *more: object, only: tuple[str, ...] = search_plain.PARAMETERS
) -> list[str]:
    """The command of our side, with the settings that theirs fixes in its code."""
    fixed = [f"batch_size={search_plain.BATCH}", *FIXED]
    words = ["-m", "fashion_nn", "tune", "mlp", "--dataset", dataset, "--out", folder, *more]
    words += [word for name in only for word in ("--only", name)]
    return list(
        map(
            str,
            [sys.executable, *words, *(word for setting in fixed for word in ("--set", setting))],
        )
    )


def plain(data: Path, folder: Path, *more: object) -> list[str]:
    """The command of theirs."""
    return list(
        map(str, [sys.executable, Path(__file__).with_name("search_plain.py"), data, folder, *more])
    )


def write_rows(dataset: str, path: Path, rows: int | None = None) -> None:
    """Write the training rows, or the first `rows` of them, and the validation rows as .npz."""
    import numpy as np

    splits = datasets.load(dataset)
    parts = {
        "train": splits.train.take(np.arange(rows or len(splits.train))),
        "valid": splits.valid,
    }
    arrays = {
        f"{name}_{kind}": getattr(part, kind)
        for name, part in parts.items()
        for kind in ("images", "labels")
    }
    np.savez(path, **arrays)


def same_draws(seed: int) -> int:
    """The seed with which plain keras-tuner draws what our search of this seed draws."""
    return seed * 100_003 % (2**31 - 1) + 1


def their_trials(folder: Path) -> list[dict[str, Any]]:
    """Values, score, status and time of the last change of each trial of plain keras-tuner, in
    order.
    """
    found = []
    for path in sorted(folder.glob("search/trial_*/trial.json"), key=lambda path: path.parent.name):
        trial = json.loads(path.read_text())
        found.append(
            {
                "id": trial["trial_id"],
                "values": trial["hyperparameters"]["values"],
                "status": trial["status"],
                "score": trial["score"],
                "at": path.stat().st_mtime,
            }
        )
    return found


def read_log(path: Path) -> list[dict[str, Any]]:
    """What search_plain.py noted."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def our_trials(folder: Path) -> list[dict[str, Any]]:
    """The same of each trial of ours."""
    search = runs.Search(folder)
    return [
        {
            "id": trial.id,
            "values": trial.values,
            "status": trial.status,
            "score": trial.score,
            "at": search.trial_record(trial.id).stat().st_mtime,
        }
        for trial in search.read_trials()
    ]

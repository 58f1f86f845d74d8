"""What several runs went through, in one record and in one picture: configurations beside each
other.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fashion_nn import recipes
from fashion_nn.core.stored import read_json
from fashion_nn.core.writing import FORMAT
from fashion_nn.errors import InputError
from fashion_nn.pages import figures
from fashion_nn.runs import RecipeRecord, Record, Run

_COLUMNS = {
    "epoch": "epoch",
    "train_accuracy": "accuracy",
    "loss": "loss",
    "valid_accuracy": "val_accuracy",
    "valid_loss": "val_loss",
}


def configuration(recipe: RecipeRecord) -> str:
    """The name of a run's recipe, and each setting in which it differs from the recipe of that name
    but the seed.
    """
    changed = [f"{key}={here}" for key, (here, _) in recipes.departures(recipe.to_json()).items()]
    return " ".join([recipe.name, *changed])


def record(runs: Sequence[Run]) -> dict[str, Any]:
    """All epochs and the scores of the saved model of each run, by configuration.

    Accuracies are 0..1, losses nats per image. The training figures of an epoch are means over its
    batches, with dropout; `test_…` are of the best epoch's model, None where the test split was not
    opened.

    Raises:
        InputError: a training is not complete or has no epochs, or the runs differ in data, machine
            or versions.
    """
    records = [run.read_record() for run in runs]
    first = _shared(records[0])
    found: dict[str, list[dict[str, Any]]] = {}
    for run, one in zip(runs, records, strict=True):
        if one.best_epoch is None:
            raise InputError(
                f"{run.folder}: has no epochs to record: expected a training, not a baseline or an"
                " ensemble"
            )
        if _shared(one) != first:
            raise InputError(
                f"{run.folder}: other data, hardware or versions than {runs[0].folder}: record it"
                " by itself"
            )
        found.setdefault(configuration(one.recipe), []).append(_run(run, one))
    return {
        "format": FORMAT,
        "configurations": {name: {"runs": each} for name, each in found.items()},
        **first,
        "command": "fashion-nn compare " + " ".join(run.name for run in runs) + " --histories FILE",
    }


def _shared(one: Record) -> dict[str, Any]:
    data = one.dataset
    return {
        "dataset": {
            "name": data.name,
            "fingerprint": data.fingerprint,
            "split_id": data.split_id,
            "rows": data.rows,
        },
        "hardware": one.environment.hardware.to_json(),
        "versions": {"python": one.environment.python, **one.environment.versions},
    }


def _run(run: Run, one: Record) -> dict[str, Any]:
    test = run.read_metrics().test
    rows: list[dict[str, Any]] = [
        {ours: row.get(column) for ours, column in _COLUMNS.items()} for row in run.read_history()
    ]
    return {
        "seed": one.recipe.seed,
        "parameters": one.parameters,
        "history": [row | {"epoch": int(row["epoch"])} for row in rows],
        "kept_epoch": one.best_epoch,
        "test_accuracy": test.accuracy if test else None,
        "test_loss": test.log_loss if test else None,
        "test_n": test.n if test else None,
        "train_seconds": round(one.train_seconds, 1),
        "commit": one.environment.commit,
    }


def read(path: Path) -> dict[str, Any]:
    """A record that was stored as JSON.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    expected = "no record of trainings, expected a JSON that `compare --histories` wrote"
    try:
        found = read_json(path, expected=expected, mend=expected, follow_links=True)
        [
            run["history"][-1]["loss"]
            for each in found["configurations"].values()
            for run in each["runs"]
        ]
        found["dataset"]["name"]
    except (LookupError, TypeError, AttributeError):
        raise InputError(f"{path}: {expected}") from None
    return found


def as_table(found: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Column titles and cells for people: a line a run, accuracies in per cent, losses at the last
    epoch.
    """
    titles = (
        "configuration",
        "seed",
        "epochs",
        "train loss",
        "valid loss",
        "valid %",
        "kept",
        "test %",
        "test loss",
    )
    cells: list[tuple[object, ...]] = []
    for name, each in found["configurations"].items():
        for run in each["runs"]:
            last = run["history"][-1]
            ends = (
                f"{last['loss']:.4f}",
                _shown(last["valid_loss"], 4),
                _shown(last["valid_accuracy"], 2, 100),
            )
            test = (_shown(run["test_accuracy"], 2, 100), _shown(run["test_loss"], 4))
            cells.append((name, str(run["seed"]), last["epoch"], *ends, run["kept_epoch"], *test))
    return titles, cells


def _shown(value: float | None, digits: int, scale: float = 1) -> str:
    return "-" if value is None else f"{scale * value:.{digits}f}"


def draw(found: dict[str, Any], path: Path) -> None:
    """The curves of all configurations of a `record`. Source: report 002, figure 5."""
    curves = {
        name: [run["history"] for run in each["runs"]]
        for name, each in found["configurations"].items()
    }
    figures.comparison(curves, path, title=f"Training on {found['dataset']['name']}")

"""What several runs went through, in one record and in one picture: configurations beside each
other.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError

from fashion_nn import recipes
from fashion_nn.core.stored import Stored, read_json
from fashion_nn.core.writing import FORMAT
from fashion_nn.errors import InputError
from fashion_nn.pages import figures
from fashion_nn.runs import DatasetRecord, Hardware, RecipeRecord, Record, Run

_COLUMNS = {
    "epoch": "epoch",
    "train_accuracy": "accuracy",
    "loss": "loss",
    "valid_accuracy": "val_accuracy",
    "valid_loss": "val_loss",
}


class EpochRow(Stored):
    """One epoch. Accuracies are 0..1, losses nats per image; the training figures are means over
    the batches, with dropout.
    """

    epoch: int
    train_accuracy: float | None = None
    loss: float
    valid_accuracy: float | None = None
    valid_loss: float | None = None

    @property
    def figures(self) -> dict[str, float]:
        """Those that were measured, by name."""
        return {name: value for name, value in self if value is not None}


class Training(Stored):
    """All epochs of one run. `test_...` are of the best epoch's model, None where the test split
    was not opened.
    """

    seed: int | None
    parameters: int | None = None
    history: Annotated[tuple[EpochRow, ...], Field(min_length=1, strict=False)]
    kept_epoch: int
    test_accuracy: float | None = None
    test_loss: float | None = None
    test_n: int | None = None
    train_seconds: float | None = None
    commit: str | None = None

    @classmethod
    def of(cls, run: Run, one: Record, best_epoch: int) -> Self:
        """The training of `run`, whose run.json is `one`."""
        test = run.read_metrics().test
        rows = [
            {ours: row.get(column) for ours, column in _COLUMNS.items()}
            | {"epoch": int(row["epoch"])}
            for row in run.read_history()
        ]
        return cls(
            seed=one.recipe.seed,
            parameters=one.parameters,
            history=tuple(EpochRow.model_validate(row) for row in rows),
            kept_epoch=best_epoch,
            test_accuracy=test.accuracy if test else None,
            test_loss=test.log_loss if test else None,
            test_n=test.n if test else None,
            train_seconds=round(one.train_seconds, 1),
            commit=one.environment.commit,
        )


class Configuration(Stored):
    """The runs of one recipe with one set of changed settings."""

    runs: Annotated[tuple[Training, ...], Field(strict=False)]


class Data(Stored):
    """The data of all runs; see `DatasetRecord`."""

    name: str
    fingerprint: str | None = None
    split_id: str | None = None
    rows: dict[str, int] | None = None

    @classmethod
    def of(cls, data: DatasetRecord) -> Self:
        return cls(
            name=data.name, fingerprint=data.fingerprint, split_id=data.split_id, rows=data.rows
        )


class Histories(Stored):
    """What several runs went through, on the same data, hardware and versions."""

    format: int | None = None
    configurations: dict[str, Configuration]
    dataset: Data
    hardware: Hardware | None = None
    versions: dict[str, str | None] | None = None
    command: str | None = None


def configuration(recipe: RecipeRecord) -> str:
    """The name of a run's recipe, and each setting in which it differs from the recipe of that name
    but the seed.
    """
    changed = [f"{key}={here}" for key, (here, _) in recipes.departures(recipe.to_json()).items()]
    return " ".join([recipe.name, *changed])


def record(runs: Sequence[Run]) -> Histories:
    """All epochs and the scores of the saved model of each run, by configuration.

    Raises:
        InputError: a training is not complete or has no epochs, or the runs differ in data, machine
            or versions.
    """
    records = [run.read_record() for run in runs]
    first = records[0]
    found: dict[str, list[Training]] = {}
    for run, one in zip(runs, records, strict=True):
        if one.best_epoch is None:
            raise InputError(
                f"{run.folder}: has no epochs to record: expected a training, not a baseline or an"
                " ensemble"
            )
        if _conditions(one) != _conditions(first):
            raise InputError(
                f"{run.folder}: other data, hardware or versions than {runs[0].folder}: record it"
                " by itself"
            )
        training = Training.of(run, one, one.best_epoch)
        found.setdefault(configuration(one.recipe), []).append(training)
    data, hardware, versions = _conditions(first)
    return Histories(
        format=FORMAT,
        configurations={name: Configuration(runs=tuple(each)) for name, each in found.items()},
        dataset=data,
        hardware=hardware,
        versions=versions,
        command="fashion-nn compare " + " ".join(run.name for run in runs) + " --histories FILE",
    )


def _conditions(one: Record) -> tuple[Data, Hardware, dict[str, str | None]]:
    """What all runs of a record have in common: data, hardware and versions."""
    where = one.environment
    return Data.of(one.dataset), where.hardware, {"python": where.python, **where.versions}


def read(path: Path) -> Histories:
    """A record that was stored as JSON.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    expected = "no record of trainings, expected a JSON that `compare --histories` wrote"
    found = read_json(path, expected=expected, mend=expected, follow_links=True)
    try:
        return Histories.model_validate(found)
    except ValidationError:
        raise InputError(f"{path}: {expected}") from None


def as_table(found: Histories) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
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
    for name, each in found.configurations.items():
        for run in each.runs:
            last = run.history[-1]
            ends = (
                f"{last.loss:.4f}",
                _shown(last.valid_loss, 4),
                _shown(last.valid_accuracy, 2, 100),
            )
            test = (_shown(run.test_accuracy, 2, 100), _shown(run.test_loss, 4))
            cells.append((name, str(run.seed), last.epoch, *ends, run.kept_epoch, *test))
    return titles, cells


def _shown(value: float | None, digits: int, scale: float = 1) -> str:
    return "-" if value is None else f"{scale * value:.{digits}f}"


def draw(found: Histories, path: Path) -> None:
    """The curves of all configurations of a `record`. Source: report 002, figure 5."""
    curves = {
        name: [[row.figures for row in run.history] for run in each.runs]
        for name, each in found.configurations.items()
    }
    figures.comparison(curves, path, title=f"Training on {found.dataset.name}")

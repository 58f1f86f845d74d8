"""One trial as a value: what to run, what came of it, and running it in this process."""

import math
import os
import platform
import resource
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn import recipes, searches
from fashion_nn.errors import InputError
from fashion_nn.runs import Run

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

Row = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A trial to run. The same job on the same machine and versions gives the same figures.

    id: four digits, unique in a search; also the name of its folder.
    recipe: `Recipe.to_json()`, with the seed and the epochs of this trial.
    dataset: where the rows come from when they do not come with the job: source, data_dir, fingerprint.
    folds: how many folds the score is a mean over; None: the stored validation split.
    thresholds: epoch → the objective that the best epoch so far must reach there to go on; with folds, of the first.
    start_from: id of the trial whose training it goes on with, when its state is in the folder beside.
    until_epoch: end after this epoch though the recipe has more, ready to go on; None: train to the end.
    threads: how many TensorFlow computes with. Sums depend on it in the last digits.
    time_limit_seconds: after which the engine ends the trial, whatever it is doing.
    """

    id: str
    recipe: dict[str, Any]
    dataset: dict[str, Any]
    folds: int | None = None
    thresholds: dict[int, float] = field(default_factory=dict)
    start_from: str | None = None
    until_epoch: int | None = None
    threads: int | None = None
    time_limit_seconds: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"thresholds": {str(epoch): value for epoch, value in self.thresholds.items()}}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Job":
        thresholds = {int(epoch): value for epoch, value in values["thresholds"].items()}
        return cls(**{**values, "thresholds": thresholds})


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a trial.

    status: completed; stopped-early by a threshold; failed; diverged; timed-out.
    score: the objective at the best epoch, over folds the mean; None unless completed or stopped early.
    best_epoch: of the first fold, when there are folds.
    epochs_run: how many epochs there are in all, those of the trial it went on from among them.
    seconds: what running it took here, without starting the process.
    history: rows of history.csv; with folds each has its `fold`, counted from 1.
    message: one line, when it was not completed.
    worker: machine and process that ran it.
    peak_memory_bytes: of that process, None where it could not tell.
    """

    id: str
    status: str
    score: float | None = None
    best_epoch: int | None = None
    epochs_run: int = 0
    seconds: float = 0.0
    history: list[Row] = field(default_factory=list)
    message: str | None = None
    worker: str = ""
    peak_memory_bytes: int | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Result":
        return cls(**values)


def perform(job: Job, folder: str | Path, splits: "Splits | None" = None) -> Result:
    """Run `job` in this process and leave its run in `folder`; with folds, in fold-1, fold-2, … inside.

    What is already there of the same job is gone on with. Whatever the trial does wrong is its result: it
    raises only what ends the process, such as KeyboardInterrupt.

    Args:
        splits: the rows; without them they are loaded from where the job says. The test rows are not needed.
    """
    start, target = time.perf_counter(), Path(folder)
    objective, rows = job.recipe["checkpoint_monitor"], []
    found: dict[str, Any]
    try:
        found = _train(job, target, splits or _load(job.dataset), rows)
    except Exception as error:
        kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
        found = {"status": "failed", "message": _one_line(f"{kind}{error}")}
    if found["status"] not in searches.SCORED:
        rows[:] = _rows_left(target, job.folds)
    scores = [_best(objective, part) for part in _by_fold(rows)]
    if found["status"] in searches.SCORED and not all(map(math.isfinite, scores)):
        found = {"status": "diverged", "message": f"{objective} is not a finite number"}
    first = _by_fold(rows)[0] if rows else []
    return Result(
        id=job.id,
        score=statistics.fmean(scores) if found["status"] in searches.SCORED else None,
        best_epoch=next((int(row["epoch"]) for row in first if row[objective] == scores[0]), None),
        epochs_run=len(rows),
        seconds=round(time.perf_counter() - start, 3),
        history=rows,
        worker=f"{platform.node()}:{os.getpid()}",
        peak_memory_bytes=peak_memory(),
        **found,
    )


def peak_memory() -> int:
    """Most bytes of memory that this process has held so far."""
    # macOS counts bytes, all others KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _train(job: Job, target: Path, splits: "Splits", rows: list[Row]) -> dict[str, Any]:
    """Train, on each fold where there are some; put what each epoch gave into `rows`. How it ended."""
    from fashion_nn import training

    recipe = recipes.from_json(job.recipe)
    parts = [(target, splits, {})]
    if job.folds:
        from fashion_nn.tuning import folds

        divided = enumerate(folds.divide(splits, job.folds), start=1)
        parts = [(target / f"fold-{k}", part, {"fold": k}) for k, part in divided]
    for i, (folder, part, label) in enumerate(parts):
        if job.start_from:
            _begin_with(target.with_name(job.start_from) / folder.relative_to(target), folder)
        stop = _stop(job, recipe.checkpoint_monitor, job.thresholds if i == 0 else {})
        try:
            outcome = training.run(recipe, part, folder, resume=True, stop=stop)
        except training.Diverged as error:
            return {"status": "diverged", "message": _one_line(str(error))}
        rows += [row | label for row in outcome.run.read_history()]
        if outcome.stopped_because == "median":
            outcome.run.remove_state()
            epoch = int(rows[-1]["epoch"])
            reached = f"{_best(recipe.checkpoint_monitor, rows):.4f} after epoch {epoch}"
            return {
                "status": "stopped-early",
                "message": f"the median of the trials before is {job.thresholds[epoch]:.4f}, this one has {reached}",
            }
    return {"status": "completed"}


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]


def _stop(job: Job, objective: str, thresholds: Mapping[int, float]) -> Callable[[Sequence[Row]], str | None]:
    def reason(history: Sequence[Row]) -> str | None:
        epoch = int(history[-1]["epoch"])
        if job.until_epoch is not None and epoch >= job.until_epoch:
            return "round"
        threshold = thresholds.get(epoch)
        if threshold is not None and searches.better(objective, threshold, _best(objective, history)):
            return "median"
        return None

    return reason


def _begin_with(source: Path, folder: Path) -> None:
    """Copy the run in `source` to `folder`, where it can be gone on with and nothing is there yet."""
    if Run(folder).exists or not Run(source).state.exists():
        return
    copy = folder.with_name(f".{folder.name}")
    for left_over in (copy, folder):
        shutil.rmtree(left_over, ignore_errors=True)
    shutil.copytree(source, copy)
    copy.rename(folder)


def _best(objective: str, rows: Sequence[Row]) -> float:
    return (max if searches.maximised(objective) else min)(row[objective] for row in rows)


def _by_fold(rows: Sequence[Row]) -> list[list[Row]]:
    numbers = dict.fromkeys(row.get("fold", 1) for row in rows)
    return [[row for row in rows if row.get("fold", 1) == number] for number in numbers]


def _rows_left(target: Path, folds: int | None) -> list[Row]:
    """What a failed training left in its history."""
    try:
        if not folds:
            return Run(target).read_history()
        found = [(k, Run(target / f"fold-{k}").read_history()) for k in range(1, folds + 1)]
        return [row | {"fold": k} for k, rows in found for row in rows]
    except InputError:
        return []


def _load(dataset: Mapping[str, Any]) -> "Splits":
    from dataclasses import replace

    from fashion_nn import datasets

    how = {key: dataset.get(key) for key in ("data_dir", "validation_fraction") if dataset.get(key) is not None}
    splits = datasets.load(dataset["source"], **how)
    if splits.fingerprint != dataset["fingerprint"]:
        raise InputError(f"{dataset['source']}: holds other rows than those that are searched on: restore them")
    return replace(splits, test=None)

"""One trial: what to run (`Job`), what came of it (`Result`), and running it in this process."""

import math
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn import measures, runs
from fashion_nn.core import writing
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import Row, Run, Status
from fashion_nn.zoo.own import OwnCode

if TYPE_CHECKING:
    from fashion_nn.datasets import ReadOptions, Splits


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """Where a process loads the rows from if they do not come with the job.

    source: a name or path that `datasets.load` takes.
    fingerprint: of the original training rows; other rows are refused.
    options: how files are read.
    """

    source: str
    fingerprint: str
    data_dir: str | None = None
    validation_fraction: float | None = None
    options: "ReadOptions | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A trial to run. On the same machine and versions, the same job gives the same figures.

    id: four digits, unique in a search; also the name of the trial's folder.
    recipe: with the seed and the epochs of this trial.
    folds: the score is the mean over this number of folds; None: the stored validation split.
    thresholds: epoch → the objective that the best epoch so far must reach there, else the trial is
        stopped; with folds, in the first of them.
    start_from: id of the trial whose training this one resumes, if its state is in the folder
        beside this one's.
    until_epoch: stop after this epoch though the recipe has more, ready to be resumed; None: train
        to the end.
    threads: number of threads that TensorFlow computes with. Sums depend on it in the last digits.
    own: where the process loads the user's own builder from; None for a model of the zoo.
    time_limit_seconds: the engine stops the trial after this time, whatever it is doing.
    """

    id: str
    recipe: Recipe
    dataset: DataSource
    folds: int | None = None
    thresholds: dict[int, float] = field(default_factory=dict)
    start_from: str | None = None
    until_epoch: int | None = None
    threads: int | None = None
    time_limit_seconds: float | None = None
    own: OwnCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a trial.

    status: completed; stopped-early by a threshold; failed; diverged; timed-out.
    score: the objective at the best epoch, or its mean over the folds; None unless completed or
        stopped early.
    best_epoch: of the first fold, if there are folds.
    epochs_run: number of epochs, with those of the trial that it resumes.
    seconds: time that running it took, without the start of its process.
    history: rows of history.csv; with folds each has its `fold`, counted from 1.
    message: one line, if the trial was not completed.
    worker: machine and process that ran it.
    peak_memory_bytes: of that process; None if unknown.
    """

    id: str
    status: Status
    score: float | None = None
    best_epoch: int | None = None
    epochs_run: int = 0
    seconds: float = 0.0
    history: list[Row] = field(default_factory=list)
    message: str | None = None
    worker: str = ""
    peak_memory_bytes: int | None = None

    def to_json(self) -> JsonObject:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Result":
        return cls(**values)


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a training ended: its status, and a line if it was not completed."""

    status: Status
    message: str | None = None


def perform(
    job: Job,
    folder: str | Path,
    splits: "Splits | None" = None,
    *,
    within: str | Path | None = None,
) -> Result:
    """Run `job` in this process and leave its run in `folder`; with folds, in fold-1, fold-2, ….

    Resumes the same job if its folder is already there. Whatever goes wrong in the trial is its
    result: only what ends the process, such as KeyboardInterrupt, is raised.

    Args:
        splits: the rows; without them they are loaded from where the job says. The test rows are
            not needed.
        within: a folder above `folder`, below which nothing is written through a link.
    """
    start = time.perf_counter()
    target = Run(Path(folder), Path(within) if within else None)
    rows: list[Row] = []
    try:
        ending = _train(job, target, splits or _load(job.dataset), rows)
    except Exception as error:
        kind = "" if isinstance(error, InputError) else f"{type(error).__name__}: "
        ending = _Ending("failed", _one_line(f"{kind}{error}"))
    if ending.status not in runs.SCORED:
        rows = _rows_left(target.folder, job.folds)
    return replace(
        _scored(job, rows, ending),
        seconds=round(time.perf_counter() - start, 3),
        worker=f"{platform.node()}:{os.getpid()}",
        peak_memory_bytes=peak_memory(),
    )


def _scored(job: Job, rows: list[Row], ending: _Ending) -> Result:
    """The result of a training that left `rows`."""
    objective = job.recipe.checkpoint_monitor
    folds = _by_fold(rows)
    scores = [_best(objective, fold) for fold in folds]
    if ending.status in runs.SCORED and not all(map(math.isfinite, scores)):
        ending = _Ending("diverged", f"{objective} is not a finite number")
    first = folds[0] if folds else []
    return Result(
        id=job.id,
        status=ending.status,
        score=statistics.fmean(scores) if ending.status in runs.SCORED else None,
        best_epoch=next((int(row["epoch"]) for row in first if row[objective] == scores[0]), None),
        epochs_run=len(rows),
        history=rows,
        message=ending.message,
    )


def peak_memory() -> int:
    """Most bytes of memory that this process has held so far."""
    # macOS counts bytes, all others KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def _train(job: Job, target: Run, splits: "Splits", rows: list[Row]) -> _Ending:
    """Train, on each fold if there are folds, and append the rows of their histories to `rows`."""
    from fashion_nn import training

    objective = job.recipe.checkpoint_monitor
    own = job.own.load() if job.own else None
    work = training.OwnRecipe(job.recipe, own) if own else job.recipe
    for number, (run, part) in enumerate(_parts(job, target, splits), start=1):
        if job.start_from:
            before = target.folder.with_name(job.start_from)
            _begin_with(before / run.folder.relative_to(target.folder), run)
        stop = _stop(job, objective, job.thresholds if number == 1 else {})
        try:
            outcome = training.run(work, part, run, resume=True, stop=stop)
        except training.Diverged as error:
            return _Ending("diverged", _one_line(str(error)))
        label = {"fold": number} if job.folds else {}
        rows += [{**row, **label} for row in outcome.run.read_history()]
        if outcome.stopped_because == "median":
            outcome.run.remove_state()
            epoch = int(rows[-1]["epoch"])
            reached = f"{_best(objective, rows):.4f} after epoch {epoch}"
            median = f"the median of the trials before is {job.thresholds[epoch]:.4f}"
            return _Ending("stopped-early", f"{median}, this one has {reached}")
    return _Ending("completed")


def _parts(job: Job, target: Run, splits: "Splits") -> Iterator[tuple[Run, "Splits"]]:
    """The run and the rows of each training."""
    if not job.folds:
        yield target, splits
        return
    from fashion_nn.tuning import folds

    for number, part in enumerate(folds.divide(splits, job.folds), start=1):
        yield Run(target.folder / f"fold-{number}", target.within), part


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]


def _stop(
    job: Job, objective: str, thresholds: Mapping[int, float]
) -> Callable[[Sequence[Row]], str | None]:
    """A function that is asked after each epoch, and answers with the reason to stop."""

    def reason(history: Sequence[Row]) -> str | None:
        epoch = int(history[-1]["epoch"])
        if job.until_epoch is not None and epoch >= job.until_epoch:
            return "round"
        threshold = thresholds.get(epoch)
        if threshold is not None and measures.better(
            objective, threshold, _best(objective, history)
        ):
            return "median"
        return None

    return reason


def _begin_with(source: Path, run: Run) -> None:
    """Copy the run in `source` to that of `run` if it can be resumed and there is none yet."""
    if run.exists or not Run(source).state.exists():
        return
    with writing.replacing_folder(run.folder, within=run.within) as copy:
        writing.copy_folder(source, copy)


def _best(objective: str, rows: Sequence[Row]) -> float:
    best = max if measures.maximised(objective) else min
    return best(row[objective] for row in rows)


def _by_fold(rows: Sequence[Row]) -> list[list[Row]]:
    numbers = dict.fromkeys(row.get("fold", 1) for row in rows)
    return [[row for row in rows if row.get("fold", 1) == number] for number in numbers]


def _rows_left(target: Path, folds: int | None) -> list[Row]:
    """The rows that a failed training left in its history."""
    rows: list[Row] = []
    try:
        if not folds:
            return [{**row} for row in Run(target).read_history()]
        for number in range(1, folds + 1):
            rows += [
                {**row, "fold": number} for row in Run(target / f"fold-{number}").read_history()
            ]
    except InputError:
        return []
    return rows


def _load(dataset: DataSource) -> "Splits":
    from fashion_nn import datasets

    fraction = dataset.validation_fraction
    splits = datasets.load(
        dataset.source,
        data_dir=dataset.data_dir,
        validation_fraction=datasets.VALIDATION_FRACTION if fraction is None else fraction,
        options=dataset.options or datasets.FOUND_OUT,
    )
    if splits.fingerprint != dataset.fingerprint:
        raise InputError(
            f"{dataset.source}: holds other rows than those that are searched on: restore them"
        )
    return replace(splits, test=None)

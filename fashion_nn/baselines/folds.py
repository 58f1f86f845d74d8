"""Stratified cross-validation of pipelines, one process per core, with the time of each fold."""

import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.core.environment import cores
from fashion_nn.core.processes import safe_children
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fold:
    """The result of a fit on all folds but one, scored on that one.

    Attributes:
        accuracy: on the fold that was held out.
        n: number of rows in it.
        fit_seconds, score_seconds: wall-clock time.
        fit_cpu_seconds: processor time, which other load on the machine hardly changes.
        iterations: of the solver.
        converged: whether the solver stopped before its last allowed iteration.
    """

    accuracy: float
    n: int
    fit_seconds: float
    fit_cpu_seconds: float
    score_seconds: float
    iterations: int
    converged: bool


@dataclass(frozen=True, slots=True)
class Task:
    """What to cross-validate: a pipeline, and its input, floats (n, d)."""

    pipeline: "Pipeline"
    table: np.ndarray


def measure(
    tasks: Mapping[Any, Task],
    labels: np.ndarray,
    *,
    folds: int = 5,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> dict[Any, list[Fold]]:
    """Cross-validate every task on the same folds: stratified, rows in their order, unshuffled.

    Args:
        tasks: what to cross-validate, by any key.
        labels: int64 (n,).
        folds: number of folds.
        jobs: number of processes; by default one per core. Each process computes with one thread,
            and a single process with all.
        progress: called as progress(done, total) after each fit.

    Raises:
        InputError: a class has fewer rows than there are folds.
    """
    from joblib import Parallel, delayed, parallel_config
    from sklearn.model_selection import StratifiedKFold

    _require_rows(labels, folds)
    available = cores()
    jobs = min(jobs or available, folds * len(tasks))
    parts = list(StratifiedKFold(folds).split(np.empty((len(labels), 0)), labels))
    # The longest tasks first, so that no core is left alone with one at the end.
    order = [(key, k) for key in reversed(tasks) for k in range(folds)]
    found: dict[Any, list[Any]] = {key: [None] * folds for key in tasks}
    with parallel_config(backend="loky", n_jobs=jobs), _interrupts_ignored(), safe_children():
        results = Parallel(return_as="generator_unordered")(
            delayed(_fold)((key, k), tasks[key], labels, *parts[k], max(available // jobs, 1))
            for key, k in order
        )
    for done, ((key, k), fold) in enumerate(results, start=1):
        found[key][k] = fold
        if progress:
            progress(done, len(order))
    return found


def summary(folds: list[Fold]) -> JsonObject:
    """The folds as JSON: a list for each figure, and mean and standard deviation of the
    accuracy.
    """
    accuracies = [fold.accuracy for fold in folds]
    names = [field.name for field in fields(Fold)]
    return {
        "mean_accuracy": float(np.mean(accuracies)),
        "sd_accuracy": float(np.std(accuracies, ddof=1)),
        "folds": {name: [getattr(fold, name) for fold in folds] for name in names},
    }


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that ignore Ctrl-C. This process ends them, so none prints a traceback."""
    if threading.current_thread() is not threading.main_thread():  # only there handlers can be set
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _fold(
    key: Any, task: Task, labels: np.ndarray, train: np.ndarray, test: np.ndarray, threads: int
) -> tuple[Any, Fold]:
    """Fit and score one fold, in a process of its own; the key says which task and fold it was."""
    from sklearn.base import clone
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    pipeline = clone(task.pipeline)
    rows = task.table[train]
    truth = labels[train]
    with threadpool_limits(threads), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # recorded instead
        start = time.perf_counter()
        cpu = time.process_time()
        pipeline.fit(rows, truth)
        fit_seconds = time.perf_counter() - start
        fit_cpu_seconds = time.process_time() - cpu
        held_out = task.table[test]
        start = time.perf_counter()
        accuracy = float(pipeline.score(held_out, labels[test]))
        score_seconds = time.perf_counter() - start
    solvers = getattr(pipeline[-1], "estimators_", [pipeline[-1]])
    iterations = int(max(np.max(solver.n_iter_) for solver in solvers))
    return key, Fold(
        accuracy=accuracy,
        n=len(test),
        fit_seconds=round(fit_seconds, 4),
        fit_cpu_seconds=round(fit_cpu_seconds, 4),
        score_seconds=round(score_seconds, 4),
        iterations=iterations,
        converged=iterations < solvers[0].max_iter,
    )


def _require_rows(labels: np.ndarray, folds: int) -> None:
    counts = np.bincount(labels)
    if folds < 2 or counts.min() < folds:
        raise InputError(
            f"{folds} folds: expected at least 2 and at most {counts.min()}, the rows of class"
            f" {counts.argmin()}; choose with --folds"
        )

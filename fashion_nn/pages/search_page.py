"""A search as one HTML page that needs no other file: the settings tried, and their results."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_nn import recipes, runs
from fashion_nn.core.writing import write_atomic
from fashion_nn.pages import importance, trial_charts
from fashion_nn.pages.charts import Chart
from fashion_nn.pages.importance import Importance
from fashion_nn.pages.parallel_chart import Parallel, parallel
from fashion_nn.pages.rendering import render
from fashion_nn.pages.trial_charts import Score
from fashion_nn.runs import (
    Best,
    Identity,
    Retrained,
    Search,
    SearchRecord,
    TrialRecord,
)

_OUTCOMES = {"stopped-early": "stopped early", "timed-out": "timed out"}
_ALGORITHMS = {
    "random": "Random search",
    "bayesian": "Bayesian optimisation",
    "grid": "Grid search",
}


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A row of the table of trials.

    outcome: its status, and the trial that it resumed.
    lost: whether it ended without a score.
    cells: the values of the parameters that vary, as text.
    """

    trial: TrialRecord
    outcome: str
    lost: bool
    cells: list[str]

    @classmethod
    def of(cls, trial: TrialRecord, names: Sequence[str]) -> "TrialRow":
        outcome = _OUTCOMES.get(trial.status, trial.status)
        if trial.start_from:
            outcome += f", went on from {trial.start_from}"
        cells = [
            trial_charts.value_text(trial.values[name]) if name in trial.values else "-"
            for name in names
        ]
        return cls(trial, outcome, bool(trial.ended) and not trial.has_score, cells)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of trials: with a score, stopped early, without a score; by status as text."""

    scored: int
    stopped: int
    lost: int
    text: str

    @classmethod
    def of(cls, records: Sequence[TrialRecord]) -> "Counts":
        by_status = {
            status: sum(each.status == status for each in records)
            for status in ("running", *runs.DONE)
        }
        parts = [
            f"{number:,} {_OUTCOMES.get(status, status)}"
            for status, number in by_status.items()
            if number
        ]
        scored = sum(each.has_score for each in records)
        ended = sum(bool(each.ended) for each in records)
        return cls(scored, by_status["stopped-early"], ended - scored, ", ".join(parts))


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What the template `search.html` shows.

    Attributes:
        retrained: the training of the best settings with a fresh seed, if there was one.
        python: the best recipe as Python.
        best_file: where the best recipe is stored.
        best_run: the run folder of the best trial, if it is there.
        busy: seconds in which trials were running.
        machines: number of machines on which trials ran.
        parameters: names of the parameters that vary.
        least: number of settings from which on importance is computed.
        reliable: number of settings from which on it is reliable.
        facts: names and values that let a reader trace the figures.
    """

    title: str
    identity: Identity
    algorithm: str
    score: Score
    best: TrialRecord | None
    retrained: Retrained | None
    python: str | None
    best_file: Path
    best_run: Path | None
    counts: Counts
    busy: float
    machines: int
    progress: Chart | None
    epochs: Chart | None
    parallel: Parallel | None
    parameters: Sequence[str]
    importance: Importance
    least: int
    reliable: int
    trials: Sequence[TrialRow]
    facts: Sequence[tuple[str, str]]


def write_search_page(folder: str | Path) -> Path:
    """Write search.html into a search's folder, from what is there so far, and return its path.

    Raises:
        InputError: the folder holds no search, or a record in it is damaged.
    """
    search = runs.open_search(folder)
    record = search.read_record()
    records = search.read_trials()
    page = _page(search, record, records)
    write_atomic(search.page, render("search.html", page))
    return search.page


def _page(search: Search, record: SearchRecord, records: Sequence[TrialRecord]) -> SearchPage:
    identity = record.identity
    objective = identity.objective
    score = Score(objective)
    varied = [each.name for each in identity.space if each.varies]
    best = runs.best_of(records, objective)
    stored = _stored_best(search, best)
    retrained = stored.retrained if stored else None
    workers = {each.worker.rpartition(":")[0] for each in records if each.worker}
    return SearchPage(
        title=f"Search: {identity.model}",
        identity=identity,
        algorithm=_ALGORITHMS.get(identity.algorithm, identity.algorithm.capitalize()),
        score=score,
        best=best,
        retrained=retrained if retrained and retrained.score is not None else None,
        python=recipes.as_python(recipes.from_json(stored.recipe.to_json())) if stored else None,
        best_file=search.best,
        best_run=search.best_run if stored and search.best_run.is_dir() else None,
        counts=Counts.of(records),
        busy=max(trial_charts.seconds_busy(records).values(), default=0.0),
        machines=len(workers),
        progress=trial_charts.over_time(records, objective),
        epochs=trial_charts.by_epoch(records, objective),
        parallel=parallel(records, identity.space, objective),
        parameters=varied,
        importance=importance.of_parameters(records, identity.space, objective),
        least=importance.LEAST,
        reliable=importance.RELIABLE,
        trials=[TrialRow.of(each, varied) for each in _in_order(records, score)],
        facts=_facts(record, records),
    )


def _stored_best(search: Search, best: TrialRecord | None) -> Best | None:
    """The content of best.json; None if it is missing or, after a kill, about another trial."""
    if best is None or not search.best.exists():
        return None
    stored = search.read_best()
    return stored if stored.trial == best.id else None


def _in_order(records: Sequence[TrialRecord], score: Score) -> list[TrialRecord]:
    """The best first; then the running trials, then those that ended without a score."""
    others = [each for each in records if not each.has_score]
    return [*score.sorted(records), *sorted(others, key=lambda each: each.status != "running")]


def _facts(record: SearchRecord, records: Sequence[TrialRecord]) -> list[tuple[str, str]]:
    """What a reader needs to trace the figures: data, seeds, machines, versions, checksums."""
    identity = record.identity
    data = identity.dataset
    environment = record.environment
    hardware = environment.hardware if environment else None
    ended = [each.ended for each in records if each.ended]
    peak = max((each.peak_memory_bytes or 0 for each in records), default=0)
    mean = f", mean of {identity.folds} folds" if identity.folds else ""
    unopened = "the test rows are not opened by a search"
    found = {
        "began": record.started,
        "last trial ended": max(ended, default=None),
        "scored by": f"{identity.objective} at each trial's best epoch{mean}",
        "data": f"{data.name}, fingerprint {data.fingerprint[:16]}; {unopened}",
        "around the recipe": identity.recipe.name,
        "seed": f"{identity.seed}; each trial has its own, in the table",
        "most memory of a trial": f"{peak / 1e9:.2f} GB" if peak else None,
        "processor": f"{hardware.processor}, {hardware.cores} cores"
        if hardware and hardware.processor
        else None,
        "versions": ", ".join(
            f"{name} {version}" for name, version in identity.versions.items() if version
        ),
        "commit": environment.commit if environment else None,
        "SHA-256 of what is searched": record.identity_sha256,
    }
    return [(name, value) for name, value in found.items() if value]

"""The loop of a search: ask the oracle, let an engine run its proposals, record the results.

The records of the trials are the truth. A resumed search replays them, runs the trials again that
were running when it ended, with the same number, values and seed, and so reaches the state of a
search that was never interrupted.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_nn import runs
from fashion_nn.core import writing
from fashion_nn.core.environment import now
from fashion_nn.errors import InputError
from fashion_nn.runs import Environment, Identity, Search, SearchRecord, TrialRecord
from fashion_nn.tuning import median
from fashion_nn.tuning.engines import Engine
from fashion_nn.tuning.keeping import Keeper
from fashion_nn.tuning.oracle import Oracle, Proposal, events
from fashion_nn.tuning.plan import SearchLimits, SearchPlan, require_same
from fashion_nn.tuning.trial import Job, Result

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

__all__ = ["Progress", "SearchLimits", "SearchPlan", "Standing", "run"]

_FIRST_FAILURES = 3
_TICK_SECONDS = 1.0
_RETRAINED = "-retrained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a search stands.

    done: number of trials that have ended.
    of: total number of trials, None without a limit.
    seconds_left: an estimate; None before any trial has ended.
    """

    objective: str
    done: int
    of: int | None
    running: int
    best: TrialRecord | None
    seconds_left: float | None
    retraining: bool = False


Progress = Callable[[Standing, TrialRecord | None], None]
"""Called at least once a second, and with the record of each trial when it has ended."""


def run(
    plan: SearchPlan,
    splits: "Splits",
    folder: str | Path,
    start_engine: Callable[[], Engine],
    *,
    limits: SearchLimits,
    resume: bool = False,
    progress: Progress = lambda standing, ended: None,
) -> Search:
    """Search, and leave everything in `folder`.

    Args:
        splits: training and validation rows; the test rows are not used and should be None.
        start_engine: called once the folder is known to be free; the engine is closed however the
            search ends.
        resume: resume the search in `folder`; start it if there is none.

    Raises:
        InputError: `folder` is taken, holds another search, or another process searches there; a
            record is damaged; the first trials all fail.
    """
    search = Search(Path(folder))
    runs.require_free_for_search(folder, resume=resume)
    with search.locked():
        _claim(search, plan.identity(splits))
        loop = _Loop(plan, search, limits, progress, start_engine)
        loop.engine = start_engine()
        try:
            loop.run()
        finally:
            loop.engine.close()
    return search


def _claim(search: Search, identity: Identity) -> None:
    """Write the record of a new search, or compare that of a resumed one and remove leftovers."""
    require_same(search, identity)
    search.remove_leftovers()
    if not search.exists:
        search.write_record(
            SearchRecord(
                identity=identity,
                identity_sha256=identity.sha256,
                started=now(),
                environment=Environment.here(),
            )
        )


class _Loop:
    """One session of a search. `trials` holds the record of every trial, by its number."""

    engine: Engine

    def __init__(
        self,
        plan: SearchPlan,
        search: Search,
        limits: SearchLimits,
        progress: Progress,
        start_engine: Callable[[], Engine],
    ):
        self.plan = plan
        self.search = search
        self.limits = limits
        self.progress = progress
        self.start_engine = start_engine
        self.trials = search.read_trials()
        self.oracle = Oracle(
            plan.algorithm, plan.space, plan.objective, plan.recipe.epochs, plan.seed
        )
        self._replay()
        self.keeper = Keeper(plan, search)
        self.running: set[str] = set()
        self.oracle_was_idle = False
        self.began = time.monotonic()

    def _replay(self) -> None:
        try:
            self.oracle.replay(list(events(self.trials)))
        except (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError):
            # Each record is sound, but no search of this kind can have made them all.
            raise InputError(self._do_not_fit()) from None

    def _do_not_fit(self) -> str:
        return (
            f"{self.search.trials}: damaged (the records do not fit together): restore them or"
            " search again in another folder"
        )

    def run(self) -> None:
        self._keep()
        interrupted = [trial for trial in self.trials if trial.status == "running"]
        self._report(None)
        while True:
            while interrupted and self._has_free_slot():
                self._start(interrupted.pop(0))
            while not interrupted and self._has_free_slot() and (trial := self._create()):
                self._start(trial)
            if not self.running or self._time_is_up():
                break
            for result in self.engine.wait(_TICK_SECONDS):
                self._end(result)
            self._report(None)
        best = self.best
        if self.limits.retrain and best and not self._time_is_up(retraining=True):
            self._stop_running()
            self._retrain(best)

    @property
    def best(self) -> TrialRecord | None:
        return runs.best_of(self.trials, self.plan.objective)

    @property
    def ended(self) -> list[TrialRecord]:
        return [trial for trial in self.trials if trial.status != "running"]

    def _has_free_slot(self) -> bool:
        return len(self.running) < self.engine.slots and not self._time_is_up()

    def _time_is_up(self, *, retraining: bool = False) -> bool:
        """Whether no time is left for trials, when the time to retrain the best is kept."""
        if self.limits.seconds is None:
            return False
        needed = self._retraining_seconds() if self.limits.retrain and not retraining else 0.0
        return time.monotonic() - self.began + needed >= self.limits.seconds

    def _retraining_seconds(self) -> float:
        best = self.best
        if best is None:
            return 0.0
        epochs = best.epochs_run - (best.hyperband.initial_epoch if best.hyperband else 0)
        return (best.seconds or 0.0) / max(epochs, 1) * self.plan.recipe.epochs

    def _create(self) -> TrialRecord | None:
        """Record the next trial and return it; None if there is none, now or at all."""
        full = self.limits.trials is not None and len(self.trials) >= self.limits.trials
        if full or self.oracle_was_idle:
            return None
        proposal = self.oracle.ask()
        if not isinstance(proposal, Proposal):
            # With a finished oracle no trial runs any more, so the search ends.
            self.oracle_was_idle = True
            return None
        if proposal.order != len(self.trials):
            raise InputError(self._do_not_fit())
        trial = self._record(proposal)
        self.search.write_trial(trial)
        self.trials.append(trial)
        return trial

    def _record(self, proposal: Proposal) -> TrialRecord:
        plan = self.plan
        hyperband = proposal.hyperband
        seed = plan.seed_of(proposal.order)
        if hyperband and hyperband.start_from is not None:
            seed = self.trials[int(hyperband.start_from)].seed  # it resumes that training
        thresholds: dict[int, float] = {}
        if plan.median_rule and plan.algorithm != "hyperband":
            thresholds = median.thresholds(self.trials, plan.objective, plan.recipe.epochs)
        return TrialRecord(
            id=f"{proposal.order:04d}",
            order=proposal.order,
            created_after=len(self.ended),
            values=proposal.values,
            seed=seed,
            epochs=hyperband.epochs if hyperband else plan.recipe.epochs,
            thresholds={str(epoch): value for epoch, value in thresholds.items()},
            threads=self.engine.threads,
            status="running",
            score=None,
            started=now(),
            ended=None,
            ended_order=None,
            oracle_was_idle=False,
            history=[],
            engine=self.engine.name,
            hyperband=hyperband,
        )

    def _start(self, trial: TrialRecord) -> None:
        self.running.add(trial.id)
        self.engine.submit(self.plan.job_of(trial, self.limits.trial_seconds))

    def _end(self, result: Result) -> None:
        self.running.remove(result.id)
        order = int(result.id)
        trial = self.trials[order].model_copy(
            update={
                **asdict(result),
                "ended": now(),
                "ended_order": len(self.ended),
                "oracle_was_idle": self.oracle_was_idle,
            }
        )
        self.trials[order] = trial
        self.search.write_trial(trial)
        self.oracle_was_idle = False
        self.oracle.tell(trial.order, trial.score)
        self._keep()
        self._report(trial)
        self._require_success()

    def _require_success(self) -> None:
        """Give up if the first trials all failed: what fails is then not the settings."""
        ended = self.ended
        if len(ended) == _FIRST_FAILURES and all(trial.status == "failed" for trial in ended):
            last = max(ended, key=lambda trial: trial.ended_order or 0)
            raise InputError(
                f"the first {_FIRST_FAILURES} trials all failed, the last one so: {last.message}"
            )

    def _keep(self) -> None:
        best = self.best
        if best:
            self.keeper.keep_best(best)
        resumable = self.oracle.may_be_promoted()
        resumable |= {
            trial.start_from
            for trial in self.trials
            if trial.status == "running" and trial.start_from
        }
        self.keeper.strip_others(self.ended, resumable)

    def _stop_running(self) -> None:
        """Stop the trials that still run; they can be resumed."""
        if self.running:
            self.engine.close()
            self.running = set()
            self.engine = self.start_engine()

    def _retrain(self, best: TrialRecord) -> None:
        """Train the best settings on the stored split with a new seed, unless that is done."""
        known = self.search.read_best().retrained
        if not (known and known.status == "completed"):
            seed = self.plan.seed_of(f"retrained {best.id}")
            recipe = self.plan.recipe_of(best, seed=seed)
            id = f"{best.id}{_RETRAINED}"
            self.engine.submit(
                Job(
                    id=id,
                    recipe=recipe,
                    dataset=self.plan.source,
                    threads=best.threads,
                    own=self.plan.own_code,
                )
            )
            while not (results := self.engine.wait(_TICK_SECONDS)):
                self._report(None, retraining=True)
            self.keeper.keep_retrained(best, seed, results[0])
        for folder in self.search.trials.glob(f"*{_RETRAINED}"):
            writing.remove_folder(folder)

    def _report(self, ended: TrialRecord | None, *, retraining: bool = False) -> None:
        standing = Standing(
            objective=self.plan.objective,
            done=len(self.ended),
            of=self.limits.trials,
            running=len(self.running),
            best=self.best,
            seconds_left=None if retraining else self._seconds_left(),
            retraining=retraining,
        )
        self.progress(standing, ended)

    def _seconds_left(self) -> float | None:
        ended = self.ended
        estimates = []
        if self.limits.seconds is not None:
            estimates.append(max(0.0, self.limits.seconds - (time.monotonic() - self.began)))
        if ended and self.limits.trials is not None:
            mean = sum(trial.seconds or 0.0 for trial in ended) / len(ended)
            estimates.append(mean * max(0, self.limits.trials - len(ended)) / self.engine.slots)
        return min(estimates, default=None)

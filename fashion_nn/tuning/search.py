"""The search: asks the oracle, has an engine run what it proposes, records what happens, keeps the best.

The records of the trials are the truth. A search that goes on replays them, runs again what was running when it
ended, under the same number, values and seed, and stands where an uninterrupted one would.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fashion_nn import searches
from fashion_nn.core.environment import describe_environment, now, version
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import Run
from fashion_nn.searches import Search
from fashion_nn.tuning import median
from fashion_nn.tuning.engine import Engine
from fashion_nn.tuning.oracle import Finished, Idle, Oracle, events
from fashion_nn.tuning.space import Parameter, assemble
from fashion_nn.tuning.trial import Job, Result

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

_FIRST_FAILURES = 3
_TICK_SECONDS = 1.0
_RETRAINED = "-retrained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is searched. Two searches with the same plan, rows and versions try the same.

    recipe: what the space does not have comes from it; its epochs are those of a whole trial, and its
        checkpoint_monitor is the objective.
    """

    algorithm: str
    space: list[Parameter]
    recipe: Recipe
    folds: int | None = None
    seed: int = 0
    median_rule: bool = True

    @property
    def objective(self) -> str:
        return self.recipe.checkpoint_monitor

    def identity(self, splits: "Splits") -> dict[str, Any]:
        """What search.json says: a search with another identity is another one."""
        packages = ("tensorflow", "keras", "keras-tuner", "numpy", "fashion-nn")
        return {
            "model": self.recipe.model,
            "algorithm": self.algorithm,
            "space": self.space,
            "recipe": {name: value for name, value in self.recipe.to_json().items() if name != "sources"},
            "dataset": {
                "name": splits.name,
                "fingerprint": splits.fingerprint,
                "split_id": splits.split_id,
            },
            "objective": self.objective,
            "folds": self.folds,
            "seed": self.seed,
            "median_rule": self.median_rule,
            "versions": {name: version(name) for name in packages},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a search goes; another time it may go further.

    trials: so many in all.
    seconds: for this session, retraining among them; what runs then is ended and can be gone on with.
    trial_seconds: for each trial.
    """

    trials: int | None = None
    seconds: float | None = None
    trial_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a search stands. `seconds_left` is estimated, None before anything has ended."""

    objective: str
    done: int
    of: int | None
    running: int
    best: Mapping[str, Any] | None
    seconds_left: float | None
    retraining: bool = False


Progress = Callable[[Standing, Mapping[str, Any] | None], None]
"""Told where the search stands at least once a second, and of each trial that has ended, its record."""


def run(
    plan: Plan,
    splits: "Splits",
    folder: str | Path,
    start_engine: Callable[[], Engine],
    *,
    source: Mapping[str, Any],
    limits: Limits,
    resume: bool = False,
    retrain: bool = True,
    progress: Progress = lambda standing, ended: None,
) -> Search:
    """Search, and leave everything in `folder`.

    Args:
        splits: training and validation rows; the test rows are not used, and None is best.
        start_engine: called when the folder is this search's; closed when it ends, however it does.
        source: `Job.dataset`: where the rows come from.
        resume: go on with the search in `folder`; with none there, start it.
        retrain: train the best settings once more, with a seed that no trial had.

    Raises:
        InputError: `folder` is taken, holds another search, or another process searches there; a record is
            damaged; every trial fails.
    """
    search = Search(Path(folder))
    searches.require_free(folder, resume=resume)
    with search.locked():
        identity = plan.identity(splits)
        _require_same(search, identity)
        search.remove_leftovers()
        if not search.exists:
            record = {"identity": identity, "identity_sha256": searches.identity_sha256(identity)}
            search.write_record({**record, "started": now(), "environment": describe_environment()})
        oracle = Oracle(plan.algorithm, plan.space, plan.objective, plan.recipe.epochs, plan.seed)
        trials = search.read_trials()
        oracle.replay(list(events(trials)))
        loop = _Loop(plan, search, source, limits, progress, retrain, start_engine, oracle, trials)
        loop.engine = start_engine()
        try:
            loop.run()
        finally:
            loop.engine.close()
    return search


def seed_of(plan: Plan, what: int | str) -> int:
    """The seed of the n-th trial, or of retraining."""
    digest = hashlib.sha256(f"{plan.seed}/{what}".encode()).digest()
    return int.from_bytes(digest[:4]) % 2**31


def job_of(plan: Plan, trial: Mapping[str, Any], source: Mapping[str, Any], seconds: float | None = None) -> Job:
    """What running the trial with this record means, the first time and every other."""
    recipe = assemble(plan.recipe, trial["values"], seed=trial["seed"])
    return Job(
        id=trial["id"],
        recipe=recipe.to_json(),
        dataset=dict(source),
        folds=plan.folds,
        thresholds={int(epoch): value for epoch, value in trial["thresholds"].items()},
        start_from=trial["tuner"].get("start_from"),
        until_epoch=trial["epochs"] if trial["epochs"] < recipe.epochs else None,
        threads=trial["threads"],
        time_limit_seconds=seconds,
    )


@dataclass(slots=True)
class _Loop:
    plan: Plan
    search: Search
    source: Mapping[str, Any]
    limits: Limits
    progress: Progress
    retrain: bool
    start_engine: Callable[[], Engine]
    oracle: Oracle
    trials: list[dict[str, Any]]
    engine: Engine | None = None
    running: dict[str, dict[str, Any]] = field(default_factory=dict)
    began: float = field(default_factory=lambda: time.monotonic())
    oracle_was_idle: bool = False
    kept: str | None = None
    stripped: set[str] = field(default_factory=set)

    def run(self) -> None:
        self._keep()
        waiting = [trial for trial in self.trials if trial["status"] == "running"]
        self._tell(None)
        while True:
            while waiting and self._free():
                self._start(waiting.pop(0))
            while not waiting and self._free() and (trial := self._create()):
                self._start(trial)
            if not self.running or self._over():
                break
            for result in self.engine.wait(_TICK_SECONDS):
                self._end(self.running.pop(result.id), result)
            self._tell(None)
        if self.retrain and self.kept and not self._over(retraining=True):
            if self.running:  # ended here, they can be gone on with
                self.engine.close()
                self.running, self.engine = {}, self.start_engine()
            self._retrain()

    def _free(self) -> bool:
        return len(self.running) < self.engine.slots and not self._over()

    def _over(self, *, retraining: bool = False) -> bool:
        """Whether the time for trials is up: all but what retraining the best will take."""
        if self.limits.seconds is None:
            return False
        needed = self._retraining_seconds() if self.retrain and not retraining else 0.0
        return time.monotonic() - self.began + needed >= self.limits.seconds

    def _retraining_seconds(self) -> float:
        best = self.best
        if not best:
            return 0.0
        epochs = best["epochs_run"] - best["tuner"].get("initial_epoch", 0)
        return best["seconds"] / max(epochs, 1) * self.plan.recipe.epochs

    @property
    def best(self) -> dict[str, Any] | None:
        return searches.best_of(self.trials, self.plan.objective)

    @property
    def done(self) -> list[dict[str, Any]]:
        return [trial for trial in self.trials if trial["status"] != "running"]

    def _create(self) -> dict[str, Any] | None:
        """The next trial, recorded; None when there is none, for now or for good."""
        full = self.limits.trials is not None and len(self.trials) >= self.limits.trials
        if full or self.oracle_was_idle:
            return None
        proposal = self.oracle.ask()
        if isinstance(proposal, Finished):
            return None
        if isinstance(proposal, Idle):
            self.oracle_was_idle = True
            return None
        plan, tuner = self.plan, dict(proposal.tuner)
        seed, epochs = seed_of(plan, proposal.order), tuner.get("epochs", plan.recipe.epochs)
        if tuner.get("start_from") is not None:
            before = self.trials[tuner["start_from"]]
            # It goes on with that training, so it has its seed.
            tuner["start_from"], seed = before["id"], before["seed"]
        limits = {}
        if plan.median_rule and plan.algorithm != "hyperband":
            limits = median.thresholds(self.trials, plan.objective, plan.recipe.epochs)
        trial = {
            "id": f"{proposal.order:04d}",
            "order": proposal.order,
            "created_after": len(self.done),
            "values": proposal.values,
            "seed": seed,
            "epochs": epochs,
            "thresholds": {str(epoch): value for epoch, value in limits.items()},
            "threads": self.engine.threads,
            "status": "running",
            "score": None,
            "best_epoch": None,
            "epochs_run": 0,
            "seconds": None,
            "started": now(),
            "ended": None,
            "ended_order": None,
            "asked_in_vain": False,
            "history": [],
            "message": None,
            "engine": self.engine.name,
            "worker": None,
            "peak_memory_bytes": None,
            "tuner": tuner,
        }
        self.search.write_trial(trial)
        self.trials.append(trial)
        return trial

    def _start(self, trial: dict[str, Any]) -> None:
        self.running[trial["id"]] = trial
        self.engine.submit(job_of(self.plan, trial, self.source, self.limits.trial_seconds))

    def _end(self, trial: dict[str, Any], result: Result) -> None:
        found = result.to_json()
        trial |= {key: found[key] for key in found if key != "id"}
        order = len(self.done) - 1  # it is among them now
        trial |= {"ended": now(), "ended_order": order, "asked_in_vain": self.oracle_was_idle}
        self.search.write_trial(trial)
        self.oracle_was_idle = False
        self.oracle.tell(trial["order"], trial["score"])
        self._keep()
        self._tell(trial)
        ended = sorted(self.done, key=lambda trial: trial["ended_order"])
        if len(ended) == _FIRST_FAILURES and all(each["status"] == "failed" for each in ended):
            raise InputError(f"the first {_FIRST_FAILURES} trials all failed, the last one so: {result.message}")

    def _keep(self) -> None:
        """Have the best trial's run in best/ and best.json, and no model of another one."""
        best = self.best
        if best and best["id"] != self.kept:
            folder = self.search.trial_folder(best["id"])
            if not (self._stands(best) and Run(self.search.best_run).complete):
                shutil.rmtree(self.search.retrained_run, ignore_errors=True)
                _copy(folder / "fold-1" if self.plan.folds else folder, self.search.best_run)
                self._write_best(best, None)
            self.kept = best["id"]
        needed = {f"{order:04d}" for order in self.oracle.may_be_promoted()}
        needed |= {trial["tuner"].get("start_from") for trial in self.trials if trial["status"] == "running"}
        for trial in self.done:
            id = trial["id"]
            if id not in self.stripped and id != self.kept:
                _strip(self.search.trial_folder(id), state=id not in needed)
                self.stripped |= {id} - needed

    def _stands(self, best: Mapping[str, Any]) -> bool:
        return self.search.best.exists() and self.search.read_best()["trial"] == best["id"]

    def _write_best(self, best: Mapping[str, Any], retrained: Mapping[str, Any] | None) -> None:
        recipe = assemble(self.plan.recipe, best["values"], seed=best["seed"])
        self.search.write_best(
            {
                "recipe": recipe.to_json(),
                "objective": self.plan.objective,
                "score": best["score"],
                "trial": best["id"],
                "dataset": self.source["source"],
                "search": self.search.read_record()["identity_sha256"],
                "retrained": retrained,
            }
        )

    def _retrain(self) -> None:
        """Train the best settings on the stored split, with a seed that no trial had, unless that is done."""
        known = self.search.read_best()["retrained"]
        if not (known and known["status"] == "completed"):
            best = self.best
            id, seed = f"{best['id']}{_RETRAINED}", seed_of(self.plan, f"retrained {best['id']}")
            recipe = assemble(self.plan.recipe, best["values"], seed=seed)
            job = Job(id=id, recipe=recipe.to_json(), dataset=dict(self.source), threads=best["threads"])
            self.engine.submit(job)
            while not (results := self.engine.wait(_TICK_SECONDS)):
                self._tell(None, retraining=True)
            found = results[0].to_json()
            if found["status"] == "completed":
                _copy(self.search.trial_folder(id), self.search.retrained_run)
            kept = {key: found[key] for key in found if key not in ("id", "history")}
            self._write_best(best, {"seed": seed, **kept})
        for folder in self.search.trials.glob(f"*{_RETRAINED}"):
            shutil.rmtree(folder)

    def _tell(self, ended: Mapping[str, Any] | None, *, retraining: bool = False) -> None:
        self.progress(
            Standing(
                self.plan.objective,
                len(self.done),
                self.limits.trials,
                len(self.running),
                self.best,
                None if retraining else self._seconds_left(),
                retraining,
            ),
            ended,
        )

    def _seconds_left(self) -> float | None:
        done, left = self.done, []
        if self.limits.seconds is not None:
            left.append(max(0.0, self.limits.seconds - (time.monotonic() - self.began)))
        if done and self.limits.trials is not None:
            mean = sum(trial["seconds"] or 0.0 for trial in done) / len(done)
            left.append(mean * max(0, self.limits.trials - len(done)) / self.engine.slots)
        return min(left, default=None)


def _copy(source: Path, target: Path) -> None:
    """Have the run in `source` at `target`, in place of what is there, without what it needs to go on."""
    copy = target.with_name(f".{target.name}")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy, ignore=lambda folder, names: [n for n in names if n == Run(Path()).state.name])
    shutil.rmtree(target, ignore_errors=True)
    copy.rename(target)


def _strip(folder: Path, *, state: bool) -> None:
    """Remove the model of the run in `folder`, and with it what belongs to it; with `state`, what it goes on with."""
    for part in (folder, *folder.glob("fold-*")):
        run = Run(part)
        for path in (run.metrics, run.model, *[run.state] * state):
            path.unlink(missing_ok=True)


def _require_same(search: Search, identity: Mapping[str, Any]) -> None:
    if not search.exists:
        return
    there = search.read_record()["identity"]
    changed = []
    for key in identity:
        old, new = there.get(key), identity[key]
        if old == new:
            continue
        if isinstance(new, dict) and isinstance(old, dict):
            inner = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            changed += [f"{key}.{name}={old.get(name)!r} (now {new.get(name)!r})" for name in inner]
        else:
            changed.append("another space" if key == "space" else f"{key}={old!r} (now {new!r})")
    if changed:
        raise InputError(f"{search.folder}: holds another search: {', '.join(changed)}: choose another --out")

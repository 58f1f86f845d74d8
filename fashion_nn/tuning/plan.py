"""What a search tries (`SearchPlan`), how far it goes (`SearchLimits`), and the jobs of a plan."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fashion_nn.core.environment import version
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import (
    CodeRecord,
    Identity,
    Parameter,
    RecipeRecord,
    Search,
    SearchedData,
    TrialRecord,
)
from fashion_nn.tuning.space import assemble
from fashion_nn.tuning.trial import DataSource, Job
from fashion_nn.zoo import OwnBuilder, own
from fashion_nn.zoo.own import OwnCode

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

_PACKAGES = ("tensorflow", "keras", "keras-tuner", "numpy", "fashion-nn")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """What is searched. Two searches with the same plan, rows and versions try the same settings.

    algorithm: one of `oracle.ALGORITHMS`.
    space: parameters, see `tuning.space.space`.
    recipe: settings outside the space come from it; its epochs are those of a whole trial, and its
        checkpoint_monitor is the objective.
    source: where processes load the rows from.
    folds: number of cross-validation folds; None: the stored validation split.
    seed: the seed of each trial comes from it.
    median_rule: stop trials that are worse than the median of the trials before; hyperband has its
        own rule.
    own: builds the model in place of the zoo; it must be in a file, which every process runs.
    """

    algorithm: str
    space: list[Parameter]
    recipe: Recipe
    source: DataSource
    folds: int | None = None
    seed: int = 0
    median_rule: bool = True
    own: OwnBuilder | None = None

    @property
    def own_code(self) -> OwnCode | None:
        """What the processes of trials load the user's own builder from."""
        return self.own.code if self.own else None

    @property
    def objective(self) -> str:
        return self.recipe.checkpoint_monitor

    def identity(self, splits: "Splits") -> Identity:
        """What search.json says: a search with another identity is another one."""
        recipe = {name: value for name, value in self.recipe.to_json().items() if name != "sources"}
        data = SearchedData(
            name=splits.name, fingerprint=splits.fingerprint, split_id=splits.split_id
        )
        identity = Identity(
            model=self.recipe.model,
            algorithm=self.algorithm,
            space=self.space,
            recipe=RecipeRecord.model_validate(recipe),
            dataset=data,
            objective=self.objective,
            folds=self.folds,
            seed=self.seed,
            median_rule=self.median_rule,
            versions={name: version(name) for name in _PACKAGES},
        )
        if self.own is None:
            return identity
        return identity.model_copy(update={"code": CodeRecord.of(self.own)})

    def seed_of(self, what: int | str) -> int:
        """The seed of the trial with this number, or of a retraining with this name."""
        digest = hashlib.sha256(f"{self.seed}/{what}".encode()).digest()
        return int.from_bytes(digest[:4]) % 2**31

    def recipe_of(self, trial: TrialRecord, *, seed: int | None = None) -> Recipe:
        """The complete recipe of a trial, with its own seed or another."""
        return assemble(self.recipe, trial.values, seed=trial.seed if seed is None else seed)

    def job_of(self, trial: TrialRecord, time_limit_seconds: float | None = None) -> Job:
        """What running the trial means, the first time and every other."""
        recipe = self.recipe_of(trial)
        return Job(
            id=trial.id,
            recipe=recipe,
            dataset=self.source,
            folds=self.folds,
            thresholds={int(epoch): value for epoch, value in trial.thresholds.items()},
            start_from=trial.start_from,
            until_epoch=trial.epochs if trial.epochs < recipe.epochs else None,
            threads=trial.threads,
            time_limit_seconds=time_limit_seconds,
            own=self.own_code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchLimits:
    """How far a search goes. A resumed search may have other limits.

    trials: total number of trials.
    seconds: for this session, with retraining; trials still running at the limit are stopped and
        can be resumed.
    trial_seconds: for each trial.
    retrain: whether the best settings are trained once more, with a seed that no trial had.
    """

    trials: int | None = None
    seconds: float | None = None
    trial_seconds: float | None = None
    retrain: bool = True


def require_same(search: Search, identity: Identity) -> None:
    """Refuse a folder that holds another search than the one with this identity.

    Raises:
        InputError: it does; the message lists the differences.
    """
    if search.exists:
        known = search.read_record().identity
        if known.code and identity.code and known.code.sha256 != identity.code.sha256:
            there = known.code.sha256
            raise InputError(own.changed(identity.code.builder, there, identity.code.sha256))
        changed = list(_differences(known.to_json(), identity.to_json()))
        if changed:
            raise InputError(
                f"{search.folder}: holds another search: {', '.join(changed)}: choose another --out"
            )


def _differences(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for key, new in wanted.items():
        old = stored.get(key)
        if old == new:
            continue
        if key == "space":
            yield "another space"
        elif isinstance(new, dict) and isinstance(old, dict):
            for name in {**old, **new}:
                if old.get(name) != new.get(name):
                    yield f"{key}.{name}={old.get(name)!r} (now {new.get(name)!r})"
        else:
            yield f"{key}={old!r} (now {new!r})"

"""The records of a search: what is searched, its trials, and the best of them.

They are read and written by `fashion_nn.runs.search_folder`, whose JSON files have their keys in
this order.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from fashion_nn.core.names import Title
from fashion_nn.core.stored import Stored
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.measures.objective import better
from fashion_nn.runs.records import CodeRecord, Environment, RecipeRecord

Status = Literal["running", "completed", "stopped-early", "failed", "diverged", "timed-out"]
Value = bool | int | float | str
"""The value of a parameter."""
Row = dict[str, int | Annotated[float, Field(allow_inf_nan=True)]]
"""One epoch of a history: column → number; with folds also `fold`, counted from 1.

The loss of a training that diverged may be infinite or no number.
"""

DONE = ("completed", "stopped-early", "failed", "diverged", "timed-out")
SCORED = ("completed", "stopped-early")


class SearchedData(Stored):
    """The rows that are searched on."""

    name: Title
    fingerprint: str
    split_id: str | None = None


def _moment(text: str) -> str:
    """`text`, if it is a time as `core.environment.now` writes it.

    Raises:
        ValueError: it is none.
    """
    try:
        datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError("expected a time such as 2026-01-31T12:00:00+00:00") from None
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""A time in ISO 8601."""
Count = Annotated[int, Field(ge=0, le=10**12)]


class Parameter(Stored):
    """A parameter of the space of a search.

    name: as `--set` takes it: learning_rate, options.dropout_1, augment.flip.
    kind: a choice among `values`, in order; or a float from `low` to `high`, drawn on a logarithmic
        scale with `log`.
    default: the recipe's value, if that is possible; else the first or least value.
    when: other parameter → those of its values beside which this parameter has an effect; empty:
        always.
    """

    name: str
    kind: Literal["choice", "float"]
    values: list[Value] = Field(default_factory=list)
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    default: Value
    when: dict[str, list[Value]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.kind == "choice" and not self.values:
            raise ValueError("a choice among no values")
        if (self.kind == "float" and not (self.low > 0 or not self.log)) or self.low > self.high:
            raise ValueError("low and high are no limits of a scale")
        return self

    def allows(self, value: Value) -> bool:
        """Whether a trial can have this value."""
        if self.values:
            return any(type(value) is type(each) and value == each for each in self.values)
        if isinstance(value, bool | str):
            return False
        # A value on a logarithmic scale may be rounded beyond its end.
        ends = (self.low, self.high)
        return self.low <= value <= self.high or any(math.isclose(value, end) for end in ends)

    @property
    def varies(self) -> bool:
        return len(self.values) > 1 or self.high > self.low

    @property
    def numeric(self) -> bool:
        return all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in self.values
        )


class Identity(Stored):
    """What makes two searches the same one: with an equal identity, they try the same settings."""

    model: str
    algorithm: str
    space: list[Parameter]
    recipe: RecipeRecord
    dataset: SearchedData
    objective: str
    folds: int | None
    seed: int
    median_rule: bool | None = None
    versions: dict[str, str | None]
    code: CodeRecord | None = None

    @property
    def sha256(self) -> str:
        """SHA-256 (64 hex digits) of the content."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def require_possible(self, trial: "TrialRecord") -> None:
        """Refuse the record of a trial that this search cannot have made.

        Raises:
            ValueError: it has a parameter or a value that is not in the space.
        """
        space = {each.name: each for each in self.space}
        for name, value in trial.values.items():
            if name not in space:
                raise ValueError(f"values: {name[:100]!a} is no parameter of the search")
            if not space[name].allows(value):
                raise ValueError(f"values.{name}: {str(value)[:100]!a} is not in the space")
        if trial.has_score and not all(self.objective in row for row in trial.history):
            raise ValueError(f"history: a row without {self.objective[:100]!a}")


class SearchRecord(Stored):
    """The content of search.json."""

    identity: Identity
    identity_sha256: str
    started: Moment
    environment: Environment | None = None

    @field_validator("environment", mode="wrap")
    @classmethod
    def _none_if_incomplete(
        cls, value: Any, read: ValidatorFunctionWrapHandler
    ) -> Environment | None:
        """The environment is only shown, so no search is refused because of it."""
        try:
            environment: Environment | None = read(value)
            return environment
        except ValidationError:
            return None


class HyperbandRound(Stored):
    """The place of a trial in hyperband.

    epochs: the trial trains up to this epoch.
    initial_epoch: the epoch that it starts from.
    start_from: id of the trial whose training it resumes; None in the first round of a bracket.
    """

    epochs: Count
    initial_epoch: Count
    bracket: Count
    round: Count
    start_from: str | None


class TrialRecord(Stored):
    """One trial, from its creation to its end.

    order: number of the trial, from 0; `id` is the same as text.
    created_after: number of trials that had ended when it was created.
    values: parameter → value, of the parameters that have an effect.
    epochs: the trial trains up to this epoch.
    thresholds: epoch → the objective that the best epoch so far must reach there, else the trial is
        stopped.
    threads: number of threads that it computes with; the last digits of the figures depend on it.
    score: the objective at the best epoch, or its mean over the folds; None unless the trial is one
        of SCORED.
    epochs_run: number of epochs, with those of the trial that it resumes.
    seconds: time that running it took, without the start of its process.
    ended_order: number of trials that had ended before it; None while it runs.
    oracle_was_idle: whether the oracle had nothing to propose until this trial ended.
    """

    model_config = ConfigDict(populate_by_name=True)

    id: str
    order: Count
    created_after: Count
    values: dict[str, Value]
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    epochs: Annotated[int, Field(ge=1)]
    thresholds: dict[Annotated[str, Field(pattern=r"^[0-9]{1,9}$")], float]
    threads: Annotated[int, Field(ge=1, le=4096)] | None
    status: Status
    score: float | None
    best_epoch: Count | None = None
    epochs_run: Count = 0
    seconds: Annotated[float, Field(ge=0)] | None = None
    started: Moment
    ended: Moment | None
    ended_order: Count | None
    oracle_was_idle: bool = Field(alias="asked_in_vain")
    history: list[Row]
    message: str | None = None
    engine: str | None = None
    worker: str | None = None
    peak_memory_bytes: int | None = None
    hyperband: HyperbandRound | None = Field(alias="tuner")

    @field_validator("hyperband", mode="before")
    @classmethod
    def _none_if_empty(cls, value: Any) -> Any:
        return None if value == {} else value

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if not all(1 <= row.get("epoch", 0) <= 10**9 for row in self.history):
            raise ValueError("history: a row without the number of its epoch")
        return self

    def to_json(self) -> JsonObject:
        """The content as plain Python values, with every key."""
        content = self.model_dump(mode="json", by_alias=True)
        return content | {"tuner": content["tuner"] or {}}

    @property
    def has_score(self) -> bool:
        return self.status in SCORED and self.score is not None

    @property
    def known_score(self) -> float:
        """The score of a trial that has one."""
        assert self.score is not None, f"trial {self.id} has no score"
        return self.score

    @property
    def start_from(self) -> str | None:
        """Id of the trial whose training this one resumes."""
        return self.hyperband.start_from if self.hyperband else None


class Retrained(Stored):
    """The result of training the best settings once more, with a seed that no trial had."""

    seed: int
    status: Status
    score: float | None = None
    best_epoch: int | None = None
    epochs_run: int = 0
    seconds: float | None = None
    message: str | None = None
    worker: str | None = None
    peak_memory_bytes: int | None = None


class Best(Stored):
    """The content of best.json.

    recipe: the best settings as a complete recipe, see `recipes.from_json`.
    trial: id of the trial that had them.
    dataset: the name or file of the data set that was searched on.
    search: `identity_sha256` of the search.
    code: the user's own code that builds the model; None for a model of the zoo.
    """

    recipe: RecipeRecord
    objective: str | None = None
    score: float
    trial: str
    dataset: str | None = None
    search: str
    retrained: Retrained | None
    code: CodeRecord | None = None


def require_order(trials: Sequence[TrialRecord]) -> None:
    """Refuse records that do not say one order in which the trials were created and ended.

    Args:
        trials: all trials of a search, in the order in which they were created.

    Raises:
        ValueError: they do not.
    """
    ends = [trial.ended_order for trial in trials if trial.ended_order is not None]
    if sorted(ends) != list(range(len(ends))):
        raise ValueError("ended_order: the trials did not end one after the other")
    known = 0
    for trial in trials:
        running = trial.status == "running"
        if (trial.ended is None) != running or (trial.ended_order is None) != running:
            raise ValueError(f"status: {trial.status} does not fit when trial {trial.id} ended")
        last = len(ends) if trial.ended_order is None else trial.ended_order
        if not known <= trial.created_after <= last:
            raise ValueError(f"created_after: trial {trial.id} was not created when it says")
        known = trial.created_after


def best_of(trials: Sequence[TrialRecord], objective: str) -> TrialRecord | None:
    """The trial with the best score, of equal ones the first; None if none has a score."""
    best = None
    for trial in trials:
        if trial.has_score and better(objective, trial.known_score, best.score if best else None):
            best = trial
    return best

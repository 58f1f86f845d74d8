"""What to try next: keras-tuner's oracles, whose state is made again from the records of the trials.

An oracle is a function of what it was asked and told, in that order. So nothing of it is stored: a search that
goes on asks a fresh one the same questions, tells it the same answers, and it stands where the killed one stood.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from fashion_nn import searches
from fashion_nn.tuning.space import Parameter, counts_with

if TYPE_CHECKING:
    import keras_tuner

ALGORITHMS = ("random", "bayesian", "hyperband", "grid")
HYPERBAND_FACTOR = 3
"""Of so many trials one goes on to the next round, which has so many times the epochs."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to try as the n-th trial (`order`, from 0).

    values: parameter → value, of those that count.
    tuner: of hyperband: bracket, round, initial_epoch, epochs, and start_from, the `order` of the trial to go on with.
    """

    order: int
    values: dict[str, Any]
    tuner: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Created:
    """The event that a trial was proposed, with these values."""

    order: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """The event that a trial ended; `score` is None unless its status is one of `searches.SCORED`.

    asked_in_vain: whether the oracle was asked just before, and had nothing until this.
    """

    order: int
    status: str
    score: float | None
    asked_in_vain: bool = False


class Oracle:
    """Proposes trials, of which any number may be running.

    Args:
        algorithm: one of ALGORITHMS.
        space: parameters, see `tuning.space`.
        objective: a column of the history; more is better for an accuracy, less for a loss.
        epochs: of a whole training; hyperband's rounds have fewer.
        seed: all randomness comes from it.
    """

    def __init__(self, algorithm: str, space: Sequence[Parameter], objective: str, epochs: int, seed: int):
        import keras_tuner

        self._names = [parameter["name"] for parameter in space]
        self._floats = {parameter["name"] for parameter in space if parameter["kind"] == "float"}
        self._algorithm, self._objective = algorithm, objective
        how = {
            "objective": keras_tuner.Objective(objective, "max" if searches.maximised(objective) else "min"),
            "hyperparameters": _hyperparameters(space),
            # Zero would mean a random one there; and consecutive seeds share most of their draws.
            "seed": seed * 100_003 % (2**31 - 1) + 1,
            "max_consecutive_failed_trials": math.inf,
        }
        match algorithm:
            case "random":
                self._oracle = keras_tuner.oracles.RandomSearchOracle(max_trials=None, **how)
            case "bayesian":
                # Three times the parameters, the default, would leave most searches random.
                self._oracle = _bayesian()(max_trials=None, num_initial_points=max(4, len(space)), **how)
            case "hyperband":
                self._oracle = keras_tuner.oracles.HyperbandOracle(
                    max_epochs=epochs, factor=HYPERBAND_FACTOR, hyperband_iterations=None, **how
                )
            case "grid":
                self._oracle = keras_tuner.oracles.GridSearchOracle(max_trials=None, **how)
        self._one_thread: Callable[[], AbstractContextManager] = nullcontext
        if algorithm == "bayesian":
            from threadpoolctl import ThreadpoolController

            # Its matrices are small: threads would wait for each other, and the last digits would depend on them.
            self._one_thread = partial(ThreadpoolController().limit, limits=1)
        self._oracle.verbose = 0
        # Its own files are not wanted: the records of the trials are the truth.
        self._oracle.save = self._oracle._save_trial = lambda *_: None

    def ask(self) -> Proposal | None:
        """The next trial; None when there is nothing, for now if trials are running, else for good."""
        trial = self._create(len(self._oracle.trials))
        if trial is None:
            return None
        values, tuner = _parted(trial.hyperparameters.values)
        rounded = {name: float(f"{value:.4g}") if name in self._floats else value for name, value in values.items()}
        self._set(trial, rounded)
        return Proposal(int(trial.trial_id), rounded, tuner)

    def tell(self, order: int, status: str, score: float | None) -> None:
        """Trial `order` has ended."""
        trial = self._oracle.trials[self._id(order)]
        if score is None and self._algorithm == "bayesian":
            # Else the surrogate would learn nothing from a failure and propose its neighbours.
            score = self._worst()
        if score is None:
            trial.status = "FAILED"
        else:
            self._oracle.update_trial(trial.trial_id, {self._objective: score})
            trial.status = "COMPLETED"
        self._oracle.end_trial(trial)

    def replay(self, events: Sequence[Created | Ended]) -> None:
        """Bring a fresh oracle to where another stood after `events`."""
        for event in events:
            if isinstance(event, Created):
                self._oracle.known = event.values
                # What was recorded is what was run, though another processor might round otherwise.
                self._set(self._create(event.order), event.values)
                self._oracle.known = None
            else:
                if event.asked_in_vain:
                    self._create(event.order)
                self.tell(event.order, event.status, event.score)

    def may_go_on(self) -> set[int]:
        """Trials whose training hyperband may still want to continue."""
        if self._algorithm != "hyperband":
            return set()
        found = set()
        for bracket in self._oracle._brackets:
            rounds = bracket["rounds"]
            for number in range(1, len(rounds)):
                if len(rounds[number]) < self._oracle._get_size(bracket["bracket_num"], number):
                    taken = {info["past_id"] for info in rounds[number]}
                    found |= {int(info["id"]) for info in rounds[number - 1] if info["id"] not in taken}
        return found

    def _create(self, order: int) -> Any:
        """The oracle's own trial; None when it has nothing."""
        with self._one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the surrogate, whose kernel is no business of who searches
            trial = self._oracle.create_trial(f"worker {len(self._oracle.trials)}")
        if trial.status != "RUNNING":
            return None
        assert int(trial.trial_id) == order, "an oracle counts its trials"
        return trial

    def _set(self, trial: Any, values: Mapping[str, Any]) -> None:
        kept = {name: value for name, value in trial.hyperparameters.values.items() if name.startswith(_TUNER)}
        trial.hyperparameters.values = {**values, **kept}
        self._oracle._record_values(trial)

    def _id(self, order: int) -> str:
        return f"{order:04d}"

    def _worst(self) -> float | None:
        scores = [trial.score for trial in self._oracle.trials.values() if trial.status == "COMPLETED"]
        return (min if searches.maximised(self._objective) else max)(scores, default=None)


def sweep(epochs: int) -> int:
    """How many trials hyperband has in one sweep over its brackets, when a whole training has `epochs`."""
    most = math.floor(math.log(epochs, HYPERBAND_FACTOR) + 1e-9)
    last = math.ceil(1 + math.log(epochs, HYPERBAND_FACTOR))
    return sum(
        math.ceil(last / (bracket + 1) * HYPERBAND_FACTOR ** (bracket - round_))
        for bracket in range(most + 1)
        for round_ in range(bracket + 1)
    )


def events(trials: Sequence[Mapping[str, Any]]) -> Iterator[Created | Ended]:
    """What happened in a search, in its order, from the records of its trials."""
    ended = sorted((trial for trial in trials if trial["ended_order"] is not None), key=lambda t: t["ended_order"])
    told = 0
    for trial in sorted(trials, key=lambda trial: trial["order"]):
        yield from map(_ended, ended[told : trial["created_after"]])
        told = max(told, trial["created_after"])
        yield Created(trial["order"], trial["values"])
    yield from map(_ended, ended[told:])


def _ended(trial: Mapping[str, Any]) -> Ended:
    return Ended(trial["order"], trial["status"], trial["score"], trial["asked_in_vain"])


_TUNER = "tuner/"


def _parted(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of the space, and what hyperband says of the trial."""
    own = {name: value for name, value in values.items() if not name.startswith(_TUNER)}
    tuner = {name.removeprefix(_TUNER): value for name, value in values.items() if name.startswith(_TUNER)}
    if tuner:
        # A promoted trial carries the name of the one before, which the one after that inherits.
        before = tuner.pop("trial_id", None)
        tuner["start_from"] = int(before) if tuner["initial_epoch"] else None
    return own, tuner


def _hyperparameters(space: Sequence[Parameter]) -> "keras_tuner.HyperParameters":
    import keras_tuner

    # A grid looks here for what counts in its first trial, and would fill in the rest with unseeded draws.
    defaults: dict[str, Any] = {}
    by_name = {parameter["name"]: parameter for parameter in space}
    for parameter in space:
        if counts_with(parameter, defaults, by_name):
            defaults[parameter["name"]] = parameter["default"]
    config = {"space": [_as_config(parameter) for parameter in space], "values": defaults}
    return keras_tuner.HyperParameters.from_config(config)


def _as_config(parameter: Parameter) -> dict[str, Any]:
    """`parameter` in keras-tuner's own form."""
    when = [
        {"class_name": "Parent", "config": {"name": parent, "values": values}}
        for parent, values in parameter.get("when", {}).items()
    ]
    config = {"name": parameter["name"], "default": parameter["default"], "conditions": when}
    if parameter["kind"] == "float":
        sampling = "log" if parameter["log"] else "linear"
        bounds = {"min_value": parameter["low"], "max_value": parameter["high"]}
        return {"class_name": "Float", "config": {**config, **bounds, "step": None, "sampling": sampling}}
    if isinstance(parameter["default"], bool):
        return {"class_name": "Boolean", "config": config}
    ordered = not isinstance(parameter["default"], str)
    return {"class_name": "Choice", "config": {**config, "values": parameter["values"], "ordered": ordered}}


def _bayesian() -> type:
    import keras_tuner

    class Bayesian(keras_tuner.oracles.BayesianOptimizationOracle):
        """Never proposes the same twice; and a replay needs no time for proposals that are known."""

        known: dict[str, Any] | None = None

        def populate_space(self, trial_id: str) -> dict[str, Any]:
            if sum(trial.status == "COMPLETED" for trial in self.trials.values()) < self.num_initial_points:
                return super().populate_space(trial_id)
            spare = self._random_values()  # drawn each time, so that a replay need not know whether it was used
            if self.known is not None:
                # All that the next proposal depends on: the surrogate, for trials that run meanwhile, and the draws.
                self.gpr.fit(*self._vectorize_trials())
                self._random_state.uniform(size=(50, len(self._get_hp_bounds())))
                return {"status": "RUNNING", "values": dict(self.known)}
            found = super().populate_space(trial_id)
            return {**found, "values": spare} if spare and self._duplicate(found["values"]) else found

    return Bayesian

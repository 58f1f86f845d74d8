"""The only module that knows keras-tuner: one small class around its oracles.

keras-tuner's oracles are written for its own tuners, which keep files and run the trials. Here an
oracle only proposes values. What that takes and keras-tuner does not offer is listed in
`PRIVATE_PARTS`; a test compares the list with the installed version, and setup.cfg allows no minor
version that was not tested.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from fashion_nn import measures
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.runs import HyperbandRound, Parameter, Value
from fashion_nn.tuning.conditions import counts_with

if TYPE_CHECKING:
    import keras_tuner

ALGORITHMS = ("random", "bayesian", "hyperband", "grid")
HYPERBAND_FACTOR = 3
"""Reduction factor: one trial in three is promoted, and trains three times as long."""


@dataclass(frozen=True, slots=True)
class PrivatePart:
    """A name that keras-tuner does not document, and that this module needs.

    oracle: class in `keras_tuner.oracles` that has it.
    parameters: names of a method's parameters after `self`; None if it is an attribute.
    use: where it is used here, and for what.
    """

    oracle: str
    name: str
    parameters: tuple[str, ...] | None
    use: str


PRIVATE_PARTS = (
    PrivatePart(
        "RandomSearchOracle", "_save_trial", ("trial",), "KerasTuner.__init__ replaces it: no files"
    ),
    PrivatePart(
        "RandomSearchOracle",
        "_record_values",
        ("trial",),
        "KerasTuner.set_values: rounded values are known",
    ),
    PrivatePart(
        "HyperbandOracle", "_brackets", None, "KerasTuner.may_be_promoted: the trials of each round"
    ),
    PrivatePart(
        "HyperbandOracle",
        "_get_size",
        ("bracket_num", "round_num"),
        "KerasTuner.may_be_promoted: free places",
    ),
    PrivatePart(
        "BayesianOptimizationOracle",
        "_random_values",
        (),
        "_bayesian: values in place of a duplicate",
    ),
    PrivatePart(
        "BayesianOptimizationOracle",
        "_duplicate",
        ("values",),
        "_bayesian: no values are proposed twice",
    ),
    PrivatePart(
        "BayesianOptimizationOracle",
        "gpr",
        None,
        "_bayesian: the surrogate, fitted again in a replay",
    ),
    PrivatePart(
        "BayesianOptimizationOracle",
        "_vectorize_trials",
        (),
        "_bayesian: what the surrogate is fitted to",
    ),
    PrivatePart(
        "BayesianOptimizationOracle",
        "_random_state",
        None,
        "_bayesian: the draws of a replayed proposal",
    ),
    PrivatePart(
        "BayesianOptimizationOracle",
        "_get_hp_bounds",
        (),
        "_bayesian: how many numbers a proposal draws",
    ),
)


@dataclass(frozen=True, slots=True)
class Draw:
    """The values that an oracle has drawn for a trial.

    number: of the trial, from 0.
    values: parameter → value, of the parameters that have an effect.
    hyperband: the place of the trial in hyperband; None in other algorithms.
    """

    number: int
    values: dict[str, Value]
    hyperband: HyperbandRound | None


class KerasTuner:
    """An oracle of keras-tuner, seeded and silent, that writes no files; trials count from 0.

    Args:
        algorithm: one of ALGORITHMS.
        space: parameters, see `tuning.space`.
        objective: the name of the score; `measures.maximised` tells its direction.
        epochs: epochs of a whole training; hyperband's early rounds have fewer.
        seed: the only source of randomness.
    """

    def __init__(
        self, algorithm: str, space: Sequence[Parameter], objective: str, epochs: int, seed: int
    ):
        self._algorithm = algorithm
        self._objective = objective
        self._oracle = _oracle(algorithm, space, objective, epochs, seed)
        self._oracle.verbose = 0
        # The records of the trials are the truth, so the oracle's own files are not wanted.
        self._oracle.save = lambda *_: None
        self._oracle._save_trial = lambda *_: None
        self._one_thread: Callable[[], AbstractContextManager] = nullcontext
        if algorithm == "bayesian":
            from threadpoolctl import ThreadpoolController

            # Its matrices are small: threads would wait for each other, and the last digits would
            # depend on them.
            self._one_thread = partial(ThreadpoolController().limit, limits=1)

    @property
    def running(self) -> bool:
        """Whether a trial was drawn and has not ended."""
        return bool(self._oracle.ongoing_trials)

    def draw(self, known: Mapping[str, Value] | None = None) -> Draw | None:
        """Draw the next trial; None if the oracle has none to offer at this moment.

        Args:
            known: the values that this draw is known to give, which saves the time to compute them.
        """
        number = len(self._oracle.trials)
        if self._algorithm == "bayesian":
            self._oracle.known = known
        with self._one_thread(), warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # warnings of the surrogate's kernel mean nothing to the user
            trial = self._oracle.create_trial(f"worker {number}")
        if trial.status != "RUNNING":
            return None
        assert int(trial.trial_id) == number, "an oracle numbers its trials"
        return _drawn(number, trial.hyperparameters.values)

    def set_values(self, number: int, values: Mapping[str, Value]) -> None:
        """Replace the values of a trial by those that are really tried."""
        trial = self._trial(number)
        kept = {
            name: value
            for name, value in trial.hyperparameters.values.items()
            if name.startswith(_TUNER)
        }
        trial.hyperparameters.values = {**values, **kept}
        self._oracle._record_values(trial)

    def end(self, number: int, score: float | None) -> None:
        """End a trial; None for its score says that it failed."""
        trial = self._trial(number)
        if score is None:
            trial.status = "FAILED"
        else:
            self._oracle.update_trial(trial.trial_id, {self._objective: score})
            trial.status = "COMPLETED"
        self._oracle.end_trial(trial)

    def scores(self) -> dict[int, float]:
        """The scores that the oracle was told, by the number of the trial."""
        trials = self._oracle.trials.values()
        return {int(trial.trial_id): trial.score for trial in trials if trial.status == "COMPLETED"}

    def may_be_promoted(self) -> set[str]:
        """The trials that hyperband may still promote to a longer training, as four digits."""
        if self._algorithm != "hyperband":
            return set()
        found: set[str] = set()
        for bracket in self._oracle._brackets:
            rounds = bracket["rounds"]
            for number in range(1, len(rounds)):
                if len(rounds[number]) < self._oracle._get_size(bracket["bracket_num"], number):
                    promoted = {info["past_id"] for info in rounds[number]}
                    found |= {
                        info["id"] for info in rounds[number - 1] if info["id"] not in promoted
                    }
        return found

    def _trial(self, number: int) -> Any:
        return self._oracle.trials[f"{number:04d}"]


# What hyperband says about a trial stands among its values, under names with this prefix.
_TUNER = "tuner/"


def _drawn(number: int, values: Mapping[str, Any]) -> Draw:
    own = {name: value for name, value in values.items() if not name.startswith(_TUNER)}
    if f"{_TUNER}epochs" not in values:
        return Draw(number, own, None)
    initial_epoch = values[f"{_TUNER}initial_epoch"]
    return Draw(
        number,
        own,
        HyperbandRound(
            epochs=values[f"{_TUNER}epochs"],
            initial_epoch=initial_epoch,
            bracket=values[f"{_TUNER}bracket"],
            round=values[f"{_TUNER}round"],
            # Without a promotion it can be the id that an earlier trial left among the values.
            start_from=values[f"{_TUNER}trial_id"] if initial_epoch else None,
        ),
    )


def _oracle(
    algorithm: str, space: Sequence[Parameter], objective: str, epochs: int, seed: int
) -> Any:
    import keras_tuner

    options: dict[str, object] = {
        "objective": keras_tuner.Objective(
            objective, "max" if measures.maximised(objective) else "min"
        ),
        "hyperparameters": _hyperparameters(space),
        # keras-tuner draws a random seed for zero, and consecutive seeds share most of their draws.
        "seed": seed * 100_003 % (2**31 - 1) + 1,
        "max_consecutive_failed_trials": math.inf,
    }
    oracles = keras_tuner.oracles
    if algorithm == "hyperband":
        rounds = {"max_epochs": epochs, "factor": HYPERBAND_FACTOR, "hyperband_iterations": None}
        return oracles.HyperbandOracle(**rounds, **options)
    if algorithm == "bayesian":
        # The default, three random trials for each parameter, would leave most searches random.
        return _bayesian()(max_trials=None, num_initial_points=max(4, len(space)), **options)
    kind = {"random": oracles.RandomSearchOracle, "grid": oracles.GridSearchOracle}[algorithm]
    return kind(max_trials=None, **options)


def empty_space() -> "keras_tuner.HyperParameters":
    """A space without parameters, to which a function `space(hp)` adds its own."""
    import keras_tuner

    return keras_tuner.HyperParameters()


def _hyperparameters(space: Sequence[Parameter]) -> "keras_tuner.HyperParameters":
    import keras_tuner

    # A grid takes its first trial from here, and would fill the rest with unseeded draws.
    defaults: dict[str, Value] = {}
    by_name = {parameter.name: parameter for parameter in space}
    for parameter in space:
        if counts_with(parameter, defaults, by_name):
            defaults[parameter.name] = parameter.default
    config = {"space": [_as_config(parameter) for parameter in space], "values": defaults}
    return keras_tuner.HyperParameters.from_config(config)


def _as_config(parameter: Parameter) -> JsonObject:
    """`parameter` in keras-tuner's own form."""
    when: Json = [
        {"class_name": "Parent", "config": {"name": parent, "values": values}}
        for parent, values in parameter.when.items()
    ]
    config: dict[str, Json] = {
        "name": parameter.name,
        "default": parameter.default,
        "conditions": when,
    }
    if parameter.kind == "float":
        sampling = "log" if parameter.log else "linear"
        bounds = {"min_value": parameter.low, "max_value": parameter.high}
        return {
            "class_name": "Float",
            "config": {**config, **bounds, "step": None, "sampling": sampling},
        }
    if isinstance(parameter.default, bool):
        return {"class_name": "Boolean", "config": config}
    ordered = not isinstance(parameter.default, str)
    return {
        "class_name": "Choice",
        "config": {**config, "values": parameter.values, "ordered": ordered},
    }


def _bayesian() -> type:
    import keras_tuner

    class Bayesian(keras_tuner.oracles.BayesianOptimizationOracle):
        """Never proposes the same values twice, and takes known values without computing them."""

        known: Mapping[str, Value] | None = None

        def populate_space(self, trial_id: str) -> Mapping[str, object]:
            if (
                sum(trial.status == "COMPLETED" for trial in self.trials.values())
                < self.num_initial_points
            ):
                return super().populate_space(trial_id)
            spare = (
                self._random_values()
            )  # drawn each time, so that a replay need not know whether it was used
            if self.known is not None:
                # The next proposal depends on the surrogate, because of the trials that run, and on
                # these draws.
                self.gpr.fit(*self._vectorize_trials())
                self._random_state.uniform(size=(50, len(self._get_hp_bounds())))
                return {"status": "RUNNING", "values": dict(self.known)}
            found = super().populate_space(trial_id)
            if not self._duplicate(found["values"]):
                return found
            if spare is None:  # everything was tried
                return {"status": "STOPPED", "values": None}
            return {**found, "values": spare}

    return Bayesian

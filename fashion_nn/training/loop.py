"""The training loop: epochs, early stopping, the best model on disk, exact resume.

Nothing here depends on the clock or on how often the process was stopped. Order, augmentation and
dropout are drawn from (seed, epoch) or from states that are stored; see `training.state`.
"""

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from fashion_nn import measures, recipes, runs
from fashion_nn.core.environment import now
from fashion_nn.datasets import Splits
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import (
    CodeRecord,
    DatasetRecord,
    Environment,
    Metrics,
    MirroringRecord,
    RecipeRecord,
    Record,
    Run,
    SplitRecord,
    StoredScores,
)
from fashion_nn.saving import keras_file
from fashion_nn.training import mirroring
from fashion_nn.training.callbacks import CallbackRunner, Callbacks
from fashion_nn.training.epoch import Diverged, Progress, run_epoch, score
from fashion_nn.training.mirroring import Mirroring
from fashion_nn.training.networks import build_networks
from fashion_nn.training.own_recipe import (
    OwnRecipe,
    parts,
    prepared,
    require_same_code,
)
from fashion_nn.training.pacing import Pace
from fashion_nn.training.schedules import OneCycle
from fashion_nn.training.state import TrainState
from fashion_nn.zoo import OwnBuilder, adapting

_FINISHED = ("epochs", "patience", "callback", "time")

Stop = Callable[[Sequence[dict[str, float]]], str | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended.

    Attributes:
        run: the run folder.
        stopped_because: epochs, patience, callback, budget, time (a `Pace` changed the number of
            epochs), or the reason that `stop` gave.
        best_epoch: the epoch whose weights are saved.
        metrics: content of metrics.json.
    """

    run: Run
    stopped_because: str
    best_epoch: int
    metrics: Metrics


def run(
    work: Recipe | OwnRecipe,
    splits: Splits,
    folder: str | Path | Run,
    *,
    resume: bool = False,
    deadline: float | None = None,
    stop: Stop | Pace | None = None,
    callbacks: Callbacks = (),
    progress: Progress | None = None,
) -> Outcome:
    """Train on `splits.train`, choose on `splits.valid`, and leave a run in `folder`.

    Args:
        work: a recipe of a model of the zoo, or with the user's own function, `OwnRecipe`. The run
            keeps the source of that function, and is resumed only with the same source.
        resume: continue the training in `folder`, or start it if there is none. An interrupted and
            resumed training ends with the same bytes as one that was never interrupted. A complete
            training is returned as it is.
        deadline: value of `time.monotonic()` after which the training stops. The result is the best
            model so far; within the first epoch, the model as far as it is trained. A later resume
            continues from the last whole epoch.
        stop: called between epochs with the history so far. If it returns a reason, the training
            stops as at a deadline. Or a `Pace`, which says between epochs how many there are to be:
            the rest of a one-cycle schedule is resized.
        callbacks: of Keras; see `training.callbacks`. One that keeps a state can be resumed exactly
            if it offers `get_state()` and `set_state(state)`, with a state that JSON can hold; of
            others a warning says so.
        progress: told about steps and epochs.

    Raises:
        InputError: `folder` is taken and `resume` is false, or it holds a run of another recipe or
            other data; the builder does not know an option; the images are too small for the model;
            the user's own function raises or does not return such a model.
        Diverged: the loss or a weight is no longer a finite number. The best model so far stays.
    """
    recipe, own = parts(work)
    target = folder if isinstance(folder, Run) else Run(Path(folder))
    runs.require_free(target.folder, resume=resume)
    if own:
        recipe = prepared(recipe, own, splits)
    decision = None
    if target.exists:
        recipe = _as_begun(target, recipe)
        require_same_code(target.read_record().code, own)
        _require_same(target, recipe, splits)
    else:
        recipe, decision = mirroring.resolved(recipe, splits)
    if not _can_continue(target):
        return _outcome(target)
    trainer = _Trainer(recipe, own, splits, target, stop, callbacks, progress)
    trainer.mirroring = decision
    trainer.open()
    stopped_because = trainer.train(deadline)
    trainer.finish(stopped_because)
    trainer.callbacks.end(trainer.state.history[-1])
    return _outcome(target)


class _Trainer:
    """The part of a training that runs in this process: restore, run epochs, write files."""

    def __init__(
        self,
        recipe: Recipe,
        own: OwnBuilder | None,
        splits: Splits,
        target: Run,
        stop: Stop | Pace | None,
        callbacks: Callbacks,
        progress: Progress | None,
    ):
        self.recipe = recipe
        self.epochs = recipe.epochs
        self.own = own
        self.splits = splits
        self.target = target
        self.stop = stop
        self.progress = progress
        self.mirroring: Mirroring | None = None
        self.state = TrainState()
        steps = _steps_per_epoch(recipe, splits)
        self.networks = build_networks(recipe, splits, steps, own)
        self.model = self.networks.trained
        self.callbacks = CallbackRunner(callbacks, self.model, recipe, steps)

    def open(self) -> None:
        """Start the run in the folder, or restore it from there."""
        if not self.target.exists:
            if self.own and self.own.source is not None:
                self.target.write_source(self.own.source)
            self.target.write_split(SplitRecord.of(self.splits))
            self.target.write_record(self._new_record())
        self.target.remove_leftovers()
        if self.target.state.exists():
            self._restore()
        inexact = self.callbacks.begin(self.state.callbacks)
        if inexact and self.state.epoch:
            warnings.warn(f"{self.target.folder}: {inexact}", stacklevel=3)
        self.record = self.target.read_record().with_session(now(), self.state.epoch)

    def train(self, deadline: float | None) -> str:
        """Run epochs until there is a reason to stop, and return the reason."""
        while (reason := self._reason_to_stop()) is None:
            epoch = run_epoch(
                self.model,
                self.recipe,
                self.splits,
                self.state.epoch + 1,
                callbacks=self.callbacks,
                deadline=deadline,
                progress=self.progress,
            )
            if epoch.cut and self.state.best_value is not None:
                return "budget"
            improved = self._advance(epoch.row)
            self._tell_callbacks(epoch.row)
            self.target.require_begun()
            if not epoch.cut:  # a training cannot be resumed from a part of an epoch
                self.state.save(self.target.state, within=self.target.within)
            if improved or not self.target.model.exists():
                self._write_copies()
            else:
                self.target.write_history(self.state.history)
            self.record = self.record.with_epoch(epoch.seconds)
            self.target.write_record(self.record)
            self._keep_pace(epoch.seconds)
            if self.progress:
                self.progress.epoch(epoch.row, improved, epoch.seconds)
            if epoch.cut or (deadline is not None and time.monotonic() >= deadline):
                return "budget"
        return reason

    def finish(self, stopped_because: str) -> None:
        """Score the saved model and complete the run; metrics.json is written last."""
        self.networks.inference.set_weights(self.state.best_weights)
        self.record = self.record.ended(stopped_because, self.state.best_epoch)
        if stopped_because == "time":
            self.record = self.record.with_epochs(self.state.epoch)
        self.target.write_record(self.record)
        measured = Metrics()
        if len(self.splits.valid):
            measured = Metrics(valid=StoredScores.of(score(self.networks.saved, self.splits.valid)))
        self.target.write_metrics(measured)
        if stopped_because in _FINISHED:
            self.target.remove_state()

    def _new_record(self) -> Record:
        record = Record(
            recipe=RecipeRecord.model_validate(self.recipe.to_json()),
            dataset=DatasetRecord.of(self.splits),
            parameters=self.networks.saved.count_params(),
            environment=Environment.here(),
            stopped_because=None,
            best_epoch=None,
            sessions=(),
        ).with_origin(self.splits)
        if self.own:
            code = CodeRecord.of(self.own, adapting.own_layers(self.networks.saved))
            record = record.model_copy(update={"code": code})
        if self.mirroring is None:
            return record
        decided = MirroringRecord(used=self.mirroring.used, why=self.mirroring.why)
        return record.model_copy(update={"mirroring": decided})

    def _restore(self) -> None:
        shapes = {
            "variables": _shapes(self.model.variables),
            "optimizer": _shapes(self.model.optimizer.variables),
            "best_weights": _shapes(self.model.weights),
        }
        self.state = TrainState.load(self.target.state, shapes)
        _assign(self.model.variables, self.state.variables)
        _assign(self.model.optimizer.variables, self.state.optimizer)
        # A kill may have come between the save of the state and that of its copies.
        self._write_copies()

    def _reason_to_stop(self) -> str | None:
        if self.state.stopped_because:
            return self.state.stopped_because
        if self.state.epoch >= self.epochs:
            return "epochs" if self.epochs == self.recipe.epochs else "time"
        if self.recipe.patience is not None and self.state.wait >= self.recipe.patience:
            return "patience"
        if self.stop and not isinstance(self.stop, Pace) and self.state.history:
            return self.stop(self.state.history)
        return None

    def _keep_pace(self, seconds: float) -> None:
        """Let a `Pace` choose the number of epochs again, and resize the rest of the schedule."""
        if not isinstance(self.stop, Pace) or self.state.epoch >= self.epochs:
            return
        done = self.state.epoch
        chosen = self.stop.epochs(done, self.epochs, seconds)
        schedule = self.networks.schedule
        if done < chosen != self.epochs and isinstance(schedule, OneCycle):
            steps = _steps_per_epoch(self.recipe, self.splits)
            schedule.resize(done * steps, chosen * steps)
        self.epochs = chosen

    def _advance(self, row: dict[str, float]) -> bool:
        """Add the epoch's result to the state; return whether its weights are the best so far."""
        state = self.state
        if not all(np.isfinite(values).all() for values in _copies(self.model.variables)):
            raise Diverged(row["epoch"], "a weight")
        state.epoch = int(row["epoch"])
        state.history.append(row)
        monitor = self.recipe.monitor
        if measures.better(monitor, row[monitor], state.monitor_best):
            state.monitor_best = row[monitor]
            state.wait = 0
        else:
            state.wait += 1
        checkpoint = self.recipe.checkpoint_monitor
        improved = measures.better(checkpoint, row[checkpoint], state.best_value)
        if improved:
            state.best_value = row[checkpoint]
            state.best_epoch = state.epoch
            state.best_weights = _copies(self.model.weights)
        return improved

    def _tell_callbacks(self, row: dict[str, float]) -> None:
        """Let the callbacks see the epoch, and store what they leave: weights, states, a stop."""
        self.callbacks.end_epoch(row)
        state = self.state
        state.callbacks = self.callbacks.saved()
        state.variables = _copies(self.model.variables)
        state.optimizer = _copies(self.model.optimizer.variables)
        if self.model.stop_training:
            state.stopped_because = "callback"

    def _write_copies(self) -> None:
        """Write the best model and the history, both copies of what is in the state."""
        self.networks.inference.set_weights(self.state.best_weights)
        self.target.write(self.target.model, keras_file(self.networks.saved))
        self.target.write_history(self.state.history)


def _steps_per_epoch(recipe: Recipe, splits: Splits) -> int:
    return math.ceil(len(splits.train) / recipe.batch_size)


def _copies(variables: list[keras.Variable]) -> list[np.ndarray]:
    # TensorFlow may return its own memory, which the next step would change.
    return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]


def _shapes(variables: list[keras.Variable]) -> list[tuple[int, ...]]:
    return [tuple(variable.shape) for variable in variables]


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _outcome(target: Run) -> Outcome:
    record = target.read_record()
    if record.stopped_because is None or record.best_epoch is None:
        raise InputError(
            f"{target.record}: damaged (it does not say how the training ended): train again"
        )
    return Outcome(
        run=target,
        stopped_because=record.stopped_because,
        best_epoch=record.best_epoch,
        metrics=target.read_metrics(),
    )


def _can_continue(target: Run) -> bool:
    """Whether anything is left to train: the folder is empty, or its training is not finished."""
    if not target.complete or target.state.exists():
        return True
    return target.read_record().stopped_because == "budget"


def _as_begun(target: Run, recipe: Recipe) -> Recipe:
    """`recipe` with what the run in `target` decided about mirroring when it began."""
    there = recipes.from_json(target.read_record().recipe.to_json())
    return mirroring.with_mirroring(
        recipe, flip=bool(there.augment.flip), average_mirror=bool(there.average_mirror)
    )


def _require_same(target: Run, recipe: Recipe, splits: Splits) -> None:
    """Refuse to continue a run of another recipe or on other data."""
    record = target.read_record()
    # Read as a recipe, so that a setting that is newer than the run has its default.
    there = recipes.from_json(record.recipe.to_json()).to_json()
    here = recipe.to_json()
    changed = [key for key in here if key != "sources" and there[key] != here[key]]
    if changed:
        listed = ", ".join(f"{key}={there[key]} (now {here[key]})" for key in changed)
        raise InputError(
            f"{target.folder}: holds a run with other settings: {listed}: choose another --out"
        )
    if not record.dataset.is_of(splits):
        raise InputError(
            f"{target.folder}: holds a run on other data ({record.dataset.name}): choose another"
            " --out"
        )

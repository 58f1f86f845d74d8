"""The training loop: epochs, early stopping, the best model on disk, exact resume.

Nothing here depends on the clock or on how often the process was stopped: order, augmentation and
dropout come from (seed, epoch) or from states that are stored. See `training.state`.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from fashion_nn import metrics, recipes, runs, zoo
from fashion_nn.core.environment import describe_environment, now
from fashion_nn.core.files import write_atomic
from fashion_nn.datasets import Split, Splits
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.runs import Run
from fashion_nn.saving import keras_file
from fashion_nn.training import losses, optimizers
from fashion_nn.training.batches import batches
from fashion_nn.training.faster import faster
from fashion_nn.training.state import TrainState

VALID_BATCH = 1000


class Progress(Protocol):
    """What a training tells while it runs; the command line draws it.

    With `stop_requested` true the training raises KeyboardInterrupt after the running step.
    """

    stop_requested: bool

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None: ...

    def epoch(self, row: dict[str, float], improved: bool, seconds: float) -> None: ...


Stop = Callable[[Sequence[dict[str, float]]], str | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended.

    stopped_because: epochs, patience, budget, or what `stop` said.
    metrics: content of metrics.json.
    """

    run: Run
    stopped_because: str
    best_epoch: int
    metrics: dict[str, Any]


class Diverged(InputError):
    """The loss is no longer a finite number."""


def run(
    recipe: Recipe,
    splits: Splits,
    folder: str | Path,
    *,
    resume: bool = False,
    deadline: float | None = None,
    stop: Stop | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Train `recipe` on `splits.train`, choose on `splits.valid`, and leave a run in `folder`.

    Args:
        resume: continue the training in `folder`; with none there, start it. An interrupted and
            resumed training ends with the same bytes as one that was never interrupted. A complete
            one is returned as it is.
        deadline: value of `time.monotonic()` after which the best model so far is the result; a later resume goes
            on from the last whole epoch. Within the first epoch the result is what that has learned so far.
        stop: asked between epochs, with the history so far; a reason that it returns ends the training as
            `deadline` does: the best model so far is the result, and a later resume goes on from there.

    Raises:
        InputError: `folder` is taken and `resume` is false, or holds a run of another recipe or
            other data; an option the builder does not know; images below the model's minimum.
        Diverged: the loss or a weight became infinite or not a number; the best model so far is kept.
    """
    target = Run(Path(folder))
    runs.require_free(folder, resume=resume)
    _require_same(target, recipe, splits)
    if target.complete and not target.state.exists() and target.read_record()["stopped_because"] != "budget":
        return _outcome(target)
    trainer = _Trainer(recipe, splits, progress, stop)
    trainer.open(target)
    stopped_because = trainer.train(deadline)
    trainer.finish(stopped_because)
    return _outcome(target)


def estimate(recipe: Recipe, splits: Splits, *, steps: int = 5) -> float:
    """Seconds that one epoch of `recipe` takes here, from `steps` real steps after one that warms up."""
    trainer = _Trainer(recipe, splits, None)
    images, labels = (part[: recipe.batch_size] for part in (splits.train.images, splits.train.labels))
    trainer.model.train_on_batch(images, labels)
    start = time.perf_counter()
    for _ in range(steps):
        trainer.model.train_on_batch(images, labels)
    seconds_per_image = (time.perf_counter() - start) / (steps * len(images))
    # Validation is a forward pass, about a third of a training step.
    return seconds_per_image * (len(splits.train) + len(splits.valid) / 3)


class _Trainer:
    """One process' part of a training: builds the model, restores, runs epochs, writes files."""

    def __init__(self, recipe: Recipe, splits: Splits, progress: Progress | None, stop: Stop | None = None):
        self.recipe, self.splits, self.progress, self.stop = recipe, splits, progress, stop
        self.state = TrainState()
        self.steps = math.ceil(len(splits.train) / recipe.batch_size)
        if recipe.deterministic:
            tf.config.experimental.enable_op_determinism()
        # The kept model is a twin that never trains: always float32, its random states untouched.
        self.kept = self._build("float32")
        self.saved = self._to_save()
        self.model = self._build(recipe.precision)
        on_gpu = bool(tf.config.list_physical_devices("GPU"))
        if not on_gpu:
            self.model = faster(self.model)
        self.model.compile(
            optimizer=optimizers.optimizer(recipe, self.steps),
            loss=losses.cross_entropy(recipe.label_smoothing),
            metrics=["accuracy"],
            # XLA on the CPU makes convolutions three times slower.
            jit_compile=on_gpu,
        )
        self.model.optimizer.build(self.model.trainable_variables)

    def _build(self, precision: str) -> keras.Model:
        keras.utils.set_random_seed(self.recipe.seed)
        before = keras.config.dtype_policy()
        if before.name != precision:
            keras.config.set_dtype_policy(precision)
        try:
            return zoo.build(
                self.recipe.model,
                image_shape=self.splits.image_shape,
                classes=self.splits.classes,
                **self.recipe.options,
            )
        finally:
            if before.name != precision:
                keras.config.set_dtype_policy(before)

    def _to_save(self) -> keras.Model:
        """The kept model, which shares its weights: itself, or averaged with its answer on the mirrored image."""
        if not self.recipe.average_mirror:
            return self.kept
        return zoo.mixture([self.kept], [1.0], self.splits.image_shape, mirror=True, name=self.recipe.model)

    def open(self, target: Run) -> None:
        """Start the run in `target`, or restore it from there."""
        self.target = target
        if not target.exists:
            target.write_split(runs.split_record(self.splits))
            target.write_record(self._record())
        target.remove_leftovers()
        if target.state.exists():
            self._restore()
        self.record = target.read_record()
        self.session: dict[str, Any] = {
            "started": now(),
            "from_epoch": self.state.epoch,
            "epoch_seconds": [],
        }
        self.record["sessions"].append(self.session)

    def _record(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe.to_json(),
            "dataset": runs.data_record(self.splits),
            "parameters": self.saved.count_params(),
            "environment": describe_environment(),
            "stopped_because": None,
            "best_epoch": None,
            "sessions": [],
        }

    def _restore(self) -> None:
        self.state = TrainState.load(self.target.state)
        if len(self.state.variables) != len(self.model.variables):
            raise InputError(f"{self.target.state}: written by another version of {self.recipe.model}: train again")
        for variable, value in zip(self.model.variables, self.state.variables, strict=True):
            variable.assign(value)
        for variable, value in zip(self.model.optimizer.variables, self.state.optimizer, strict=True):
            variable.assign(value)
        # The state is the truth; a kill may have come before its copies were written.
        self._write_copies()

    def train(self, deadline: float | None) -> str:
        """Run epochs until there is a reason to stop; return it."""
        while (reason := self._reason_to_stop()) is None:
            row, cut, seconds = self._run_epoch(deadline)
            if cut and self.state.best_value is not None:
                return "budget"
            improved = self._advance(row)
            if not cut:  # a part of an epoch is no place to go on from
                self.state.save(self.target.state)
            if improved or not self.target.model.exists():
                self._write_copies()
            else:
                self.target.write_history(self.state.history)
            self.session["epoch_seconds"].append(round(seconds, 3))
            self.target.write_record(self.record)
            if self.progress:
                self.progress.epoch(row, improved, seconds)
            if cut or (deadline is not None and time.monotonic() >= deadline):
                return "budget"
        return reason

    def _reason_to_stop(self) -> str | None:
        if self.state.epoch >= self.recipe.epochs:
            return "epochs"
        if self.recipe.patience is not None and self.state.wait >= self.recipe.patience:
            return "patience"
        return self.stop(self.state.history) if self.stop and self.state.history else None

    def _run_epoch(self, deadline: float | None) -> tuple[dict[str, float], bool, float]:
        epoch, start = self.state.epoch + 1, time.perf_counter()
        watch = _Watch(self.progress, epoch, self.steps, deadline)
        logs = self.model.fit(
            batches(self.recipe, self.splits.train, epoch), epochs=1, shuffle=False, verbose=0, callbacks=[watch]
        ).history
        row = {
            "epoch": epoch,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "loss": float(logs["loss"][0]),
            "accuracy": float(logs["accuracy"][0]),
        }
        if len(self.splits.valid):
            scores = self._score_valid(self.model)
            row |= {"val_loss": scores.log_loss, "val_accuracy": scores.accuracy}
            if not math.isfinite(scores.log_loss):
                raise Diverged(_diverged(epoch, "the validation loss"))
        return row, watch.cut, time.perf_counter() - start

    def _advance(self, row: dict[str, float]) -> bool:
        """Take the epoch's result into the state; return whether its weights are the best so far."""
        state, recipe = self.state, self.recipe
        variables = _copies(self.model.variables)
        if not all(np.isfinite(values).all() for values in variables):
            raise Diverged(_diverged(row["epoch"], "a weight"))
        state.epoch = int(row["epoch"])
        state.history.append(row)
        if _better(recipe.monitor, row[recipe.monitor], state.monitor_best):
            state.monitor_best, state.wait = row[recipe.monitor], 0
        else:
            state.wait += 1
        value = row[recipe.checkpoint_monitor]
        improved = _better(recipe.checkpoint_monitor, value, state.best_value)
        if improved:
            state.best_value, state.best_epoch = value, state.epoch
            state.best_weights = _copies(self.model.weights)
        state.variables = variables
        state.optimizer = _copies(self.model.optimizer.variables)
        return improved

    def _write_copies(self) -> None:
        self.kept.set_weights(self.state.best_weights)
        write_atomic(self.target.model, keras_file(self.saved))
        self.target.write_history(self.state.history)

    def _score_valid(self, model: keras.Model) -> metrics.Scores:
        return _score(model, self.splits.valid)

    def finish(self, stopped_because: str) -> None:
        """Score the kept model and complete the run; metrics.json comes last."""
        self.kept.set_weights(self.state.best_weights)
        self.record["stopped_because"], self.record["best_epoch"] = stopped_because, self.state.best_epoch
        self.target.write_record(self.record)
        held_out = {"valid": _score(self.saved, self.splits.valid).to_json()} if len(self.splits.valid) else {}
        self.target.write_metrics(held_out)
        if stopped_because in ("epochs", "patience"):
            self.target.remove_state()


class _Watch(keras.callbacks.Callback):
    """Looks at each step: is the loss finite, is there time left."""

    def __init__(self, progress: Progress | None, epoch: int, steps: int, deadline: float | None):
        super().__init__()
        self.progress, self.epoch, self.steps, self.deadline = progress, epoch, steps, deadline
        self.cut = False

    def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None:
        loss = float(logs["loss"])
        if not math.isfinite(loss):
            raise Diverged(_diverged(self.epoch, "the training loss"))
        if self.progress:
            self.progress.step(self.epoch, batch + 1, self.steps, loss)
            if self.progress.stop_requested:
                raise KeyboardInterrupt
        if self.deadline is not None and time.monotonic() >= self.deadline:
            self.cut = batch + 1 < self.steps
            self.model.stop_training = True


def _diverged(epoch: float, what: str) -> str:
    kept = "the best model so far is kept" if epoch > 1 else "there is no model to keep"
    return f"{what} is not a finite number any more (epoch {epoch}); {kept}: lower learning_rate or momentum with --set"


def _better(monitor: str, value: float, best: float | None) -> bool:
    if best is None:
        return True
    return value > best if monitor.endswith("accuracy") else value < best


def _score(model: keras.Model, split: Split) -> metrics.Scores:
    return metrics.score(split.labels, zoo.predict(model, split.images, VALID_BATCH))


def _copies(variables: list[keras.Variable]) -> list[np.ndarray]:
    # TensorFlow may hand out its own memory, which the next step would change.
    return [keras.ops.convert_to_numpy(variable).copy() for variable in variables]


def _outcome(target: Run) -> Outcome:
    record = target.read_record()
    return Outcome(target, record["stopped_because"], record["best_epoch"], target.read_metrics())


def _require_same(target: Run, recipe: Recipe, splits: Splits) -> None:
    if not target.exists:
        return
    record = target.read_record()
    # Read as a recipe, so that a setting that is newer than the run has its default.
    there, here = recipes.from_json(record["recipe"]).to_json(), recipe.to_json()
    changed = [key for key in here if key != "sources" and there[key] != here[key]]
    if changed:
        listed = ", ".join(f"{key}={there[key]} (now {here[key]})" for key in changed)
        raise InputError(f"{target.folder}: holds a run with other settings: {listed}: choose another --out")
    data = record["dataset"]
    if (data["fingerprint"], data["split_id"]) != (splits.fingerprint, splits.split_id):
        raise InputError(f"{target.folder}: holds a run on other data ({data['name']}): choose another --out")

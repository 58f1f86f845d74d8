"""One epoch of a training: its steps, its row of the history, and what can end it early."""

import math
import time
from typing import NamedTuple, Protocol

import keras

from fashion_nn import measures, zoo
from fashion_nn.datasets import Split, Splits
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.training.batches import batches
from fashion_nn.training.callbacks import CallbackRunner
from fashion_nn.training.losses import class_weights

VALID_BATCH = 1000


class Progress(Protocol):
    """What a training reports while it runs; the command line draws it.

    If `stop_requested` is true, the training raises KeyboardInterrupt after the running step.
    """

    stop_requested: bool

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None: ...

    def epoch(self, row: dict[str, float], improved: bool, seconds: float) -> None: ...


class Diverged(InputError):
    """The loss or a weight is no longer a finite number."""

    def __init__(self, epoch: float, what: str):
        kept = "the best model so far is kept" if epoch > 1 else "there is no model to keep"
        super().__init__(
            f"{what} is not a finite number any more (epoch {epoch}); {kept}: "
            "lower learning_rate or momentum with --set"
        )


class Epoch(NamedTuple):
    """The result of one epoch.

    Attributes:
        row: of the history: epoch, learning_rate, loss, accuracy, val_loss, val_accuracy.
        cut: whether the deadline ended the epoch before its last step.
        seconds: of wall-clock time, validation included.
    """

    row: dict[str, float]
    cut: bool
    seconds: float


def run_epoch(
    model: keras.Model,
    recipe: Recipe,
    splits: Splits,
    number: int,
    *,
    callbacks: CallbackRunner,
    deadline: float | None = None,
    progress: Progress | None = None,
) -> Epoch:
    """Train `model` for epoch `number`, counted from 1, and score it on the validation rows.

    Args:
        callbacks: told about the beginning of the epoch, its steps and the validation.
        deadline: value of `time.monotonic()` after which the epoch ends at the next step.

    Raises:
        Diverged: the training or validation loss is not a finite number.
        KeyboardInterrupt: `progress` requested a stop.
    """
    start = time.perf_counter()
    watch = _Watch(progress, number, deadline, callbacks.steps)
    callbacks.begin_epoch(number)
    rows = batches(recipe, splits.train, number)
    fitted = model.fit(
        rows,
        epochs=1,
        shuffle=False,
        verbose=0,
        callbacks=[watch],
        class_weight=class_weights(recipe.class_weight, splits.train.labels, splits.classes),
    )
    logs = fitted.history
    if watch.over:
        model.stop_training = False  # That is for callbacks to say.
    row = {
        "epoch": number,
        "learning_rate": float(model.optimizer.learning_rate),
        "loss": float(logs["loss"][0]),
        "accuracy": float(logs["accuracy"][0]),
    }
    if len(splits.valid):
        scores = score(model, splits.valid)
        row |= {"val_loss": scores.log_loss, "val_accuracy": scores.accuracy}
        if not math.isfinite(scores.log_loss):
            raise Diverged(number, "the validation loss")
        callbacks.validated({"loss": scores.log_loss, "accuracy": scores.accuracy})
    return Epoch(row, watch.cut, time.perf_counter() - start)


def score(model: keras.Model, split: Split) -> measures.Scores:
    """The scores of `model` on the rows of `split`."""
    return measures.score(split.labels, zoo.predict(model, split.images, VALID_BATCH))


class _Watch(keras.callbacks.Callback):
    """Checks after each step that the loss is finite, and whether to stop; tells the callbacks."""

    def __init__(
        self,
        progress: Progress | None,
        epoch: int,
        deadline: float | None,
        callbacks: keras.callbacks.CallbackList,
    ):
        super().__init__()
        self.callbacks = callbacks
        self.progress = progress
        self.epoch = epoch
        self.deadline = deadline
        self.over = False
        self.cut = False

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.callbacks.on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        steps = self.params["steps"]
        loss = float((logs or {})["loss"])
        if not math.isfinite(loss):
            raise Diverged(self.epoch, "the training loss")
        self.callbacks.on_train_batch_end(batch, logs)
        if self.progress:
            self.progress.step(self.epoch, batch + 1, steps, loss)
            if self.progress.stop_requested:
                raise KeyboardInterrupt
        if self.deadline is not None and time.monotonic() >= self.deadline:
            self.over = True
            self.cut = batch + 1 < steps
            self.model.stop_training = True

"""One epoch of a training: its steps, its row of the history, and what can end it early."""

import math
import time
from typing import Any, NamedTuple, Protocol

import keras

from fashion_nn import measures, zoo
from fashion_nn.datasets import Split, Splits
from fashion_nn.errors import InputError
from fashion_nn.recipes import Recipe
from fashion_nn.training.batches import batches

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
    deadline: float | None = None,
    progress: Progress | None = None,
) -> Epoch:
    """Train `model` for epoch `number`, counted from 1, and score it on the validation rows.

    Args:
        deadline: value of `time.monotonic()` after which the epoch ends at the next step.

    Raises:
        Diverged: the training or validation loss is not a finite number.
        KeyboardInterrupt: `progress` requested a stop.
    """
    start = time.perf_counter()
    watch = _Watch(progress, number, deadline)
    rows = batches(recipe, splits.train, number)
    fitted = model.fit(rows, epochs=1, shuffle=False, verbose=0, callbacks=[watch])
    logs = fitted.history
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
    return Epoch(row, watch.cut, time.perf_counter() - start)


def score(model: keras.Model, split: Split) -> measures.Scores:
    """The scores of `model` on the rows of `split`."""
    return measures.score(split.labels, zoo.predict(model, split.images, VALID_BATCH))


class _Watch(keras.callbacks.Callback):
    """Checks after each step that the loss is finite, and whether to stop."""

    def __init__(self, progress: Progress | None, epoch: int, deadline: float | None):
        super().__init__()
        self.progress = progress
        self.epoch = epoch
        self.deadline = deadline
        self.cut = False

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        steps = self.params["steps"]
        loss = float((logs or {})["loss"])
        if not math.isfinite(loss):
            raise Diverged(self.epoch, "the training loss")
        if self.progress:
            self.progress.step(self.epoch, batch + 1, steps, loss)
            if self.progress.stop_requested:
                raise KeyboardInterrupt
        if self.deadline is not None and time.monotonic() >= self.deadline:
            self.cut = batch + 1 < steps
            self.model.stop_training = True

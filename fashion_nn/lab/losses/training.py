"""One hidden layer, trained by a loss of choice: the network of report 000, written out in NumPy."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_nn import datasets
from fashion_nn.errors import InputError
from fashion_nn.lab import layers
from fashion_nn.lab.losses.functions import LOSSES, Floats

HIDDEN = {"softsign": layers.SOFTSIGN, "logistic": layers.SIGMOID}
# A hidden unit counts as saturated by an image where its slope is below this share of its slope at 0.
SATURATED = 0.01


@dataclass(frozen=True, eq=False)
class Task:
    """Images as float32 (n, pixels) in 0..1 and targets float32 (n, 1) of 0/1 or one-hot (n, k).

    `truth` holds the training targets before labels were flipped.
    """

    name: str
    x: Floats
    t: Floats
    truth: Floats
    valid_x: Floats
    valid_t: Floats

    @property
    def flipped(self) -> float:
        """Share of training labels that are wrong."""
        return float((self.t != self.truth).any(axis=1).mean())


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One network and how it is trained; the defaults are those of report 000.

    Attributes:
        loss: a name of `LOSSES` that fits the task: binary, or softmax.
        hidden: softsign or logistic.
        init_sd: standard deviation of all initial weights and biases: 0.1, and 10 for a very bad start.
        weight_decay: after each update the weights are multiplied by 1 - weight_decay · learning_rate.
        log_every: epochs between two measurements.
    """

    loss: str
    hidden: str = "softsign"
    units: int = 100
    init_sd: float = 0.1
    learning_rate: float = 0.1
    batch_size: int = 100
    weight_decay: float = 0.001
    epochs: int = 300
    log_every: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise InputError(f"loss {self.loss!r}: expected one of {', '.join(LOSSES)}")
        if self.hidden not in HIDDEN:
            raise InputError(f"hidden {self.hidden!r}: expected one of {', '.join(HIDDEN)}")
        for name in ("units", "batch_size", "epochs", "log_every"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} {getattr(self, name)}: expected at least 1")
        for name in ("init_sd", "learning_rate"):
            if not 0 < getattr(self, name) < np.inf:
                raise InputError(f"{name} {getattr(self, name)}: expected a number above 0")
        if self.seed < 0:
            raise InputError(f"seed {self.seed}: expected 0 or more")


@dataclass(frozen=True)
class Curve:
    """What one training went through, measured before it and after every `log_every` epochs.

    Attributes:
        epoch: when each measurement was made.
        train_loss, valid_loss: means, without weight decay, in the unit of the loss.
        train_error, valid_error: share of images on the wrong side.
        true_error: of the training images, against the labels before any was flipped.
        saturated: share of (hidden unit, training image) pairs that are saturated.
        freed: share of the pairs saturated at the start that no longer are.
    """

    plan: Plan
    epoch: tuple[int, ...]
    train_loss: tuple[float, ...]
    train_error: tuple[float, ...]
    true_error: tuple[float, ...]
    valid_loss: tuple[float, ...]
    valid_error: tuple[float, ...]
    saturated: tuple[float, ...]
    freed: tuple[float, ...]

    def at(self, epoch: int, measure: str = "train_loss") -> float:
        """A measure at the last measurement not after `epoch`."""
        return getattr(self, measure)[max(i for i, when in enumerate(self.epoch) if when <= epoch)]

    def relative(self, epoch: int) -> float:
        """Training loss at an epoch as a share of that at the start."""
        return self.at(epoch) / self.train_loss[0]

    def first_below(self, value: float, measure: str = "train_loss") -> int | None:
        """The first measured epoch at which a measure is below `value`; None if there is none."""
        pairs = zip(self.epoch, getattr(self, measure), strict=True)
        return next((when for when, found in pairs if found < value), None)

    def to_json(self) -> dict[str, Any]:
        """The same as plain Python values."""
        return asdict(self)


def load_task(
    dataset: str = "mnist",
    *,
    classes: tuple[int, int] | None = (4, 9),
    images: int = 1000,
    valid_images: int = 1000,
    flipped: float = 0.0,
    seed: int = 0,
    data_dir: str | PathLike[str] | None = None,
) -> Task:
    """Training and validation images, both from the data set's training rows; its test rows stay closed.

    Args:
        classes: tell the second from the first; None for all classes, one-hot.
        images, valid_images: how many of each, drawn by `seed`; where there are fewer, training keeps its share.
        flipped: share of the training labels to replace by a wrong class, exactly so many.
    Raises:
        InputError: no such data or class, or a share outside 0..1.
    """
    if not 0 <= flipped <= 1 or images < 2 or valid_images < 1:
        raise InputError(f"flipped {flipped}, images {images}: expected a share of 0 to 1 and at least 2 images")
    splits = datasets.load(dataset, data_dir=data_dir)
    rows = splits.original_train()
    if classes and not (len(set(classes)) == 2 and set(classes) <= set(range(splits.classes))):
        raise InputError(
            f"classes {classes} of {splits.name}: expected two different ones of 0 to {splits.classes - 1}"
        )
    stream = np.random.default_rng(seed)
    chosen = np.flatnonzero(np.isin(rows.labels, classes)) if classes else np.arange(len(rows))
    stream.shuffle(chosen)
    cut = min(images, len(chosen) * images // (images + valid_images))
    chosen = chosen[: cut + valid_images]
    x = rows.images[chosen].reshape(len(chosen), -1).astype(np.float32) / 255
    labels = (rows.labels[chosen] == classes[1]).astype(np.int64) if classes else rows.labels[chosen]
    kinds = 2 if classes else splits.classes
    wrong = labels.copy()
    turned = stream.permutation(cut)[: round(flipped * cut)]
    wrong[turned] = (labels[turned] + stream.integers(1, kinds, len(turned))) % kinds
    name = f"{splits.name} {classes[0]} against {classes[1]}" if classes else splits.name
    targets, truth = (_targets(each, None if classes else kinds) for each in (wrong, labels))
    return Task(name, x[:cut], targets[:cut], truth[:cut], x[cut:], truth[cut:])


def train(task: Task, plan: Plan, *, progress: Callable[[int, int], None] | None = None) -> Curve:
    """Train one network from its seed: weights W1, b1, W2, b2 from N(0, init_sd²), batches in a new order each epoch.

    Raises:
        InputError: the loss does not fit the task, or is no longer finite.
    """
    if (task.t.shape[1] > 1) != plan.loss.startswith("softmax"):
        raise InputError(f"loss {plan.loss} does not fit {task.name}: softmax is for more than two classes")
    from threadpoolctl import threadpool_limits

    # The products are small: on a machine that others use too, a second thread makes them ten times slower.
    with threadpool_limits(1, user_api="blas"):
        return _train(task, plan, progress)


def _train(task: Task, plan: Plan, progress: Callable[[int, int], None] | None) -> Curve:
    stream = np.random.default_rng(plan.seed)
    shapes = ((task.x.shape[1], plan.units), (plan.units,), (plan.units, task.t.shape[1]), (task.t.shape[1],))
    weights = [stream.normal(0, plan.init_sd, shape).astype(np.float32) for shape in shapes]
    stuck = _slopes(task, plan, weights) < SATURATED
    log = [_measure(task, plan, weights, stuck, 0)]
    spare = np.empty_like(weights[0])
    for epoch in range(1, plan.epochs + 1):
        order = stream.permutation(len(task.x))
        x, t = task.x[order], task.t[order]
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, len(x), plan.batch_size):
                _step(x[first : first + plan.batch_size], t[first : first + plan.batch_size], plan, weights, spare)
        if epoch % plan.log_every == 0 or epoch == plan.epochs:
            log.append(_measure(task, plan, weights, stuck, epoch))
            if not np.isfinite(log[-1][1]):
                raise InputError(f"the loss became infinite by epoch {epoch}: use a smaller learning rate")
        if progress:
            progress(epoch, plan.epochs)
    return Curve(plan, *(tuple(column) for column in zip(*log, strict=True)))


def train_seeds(
    task: Task, plan: Plan, seeds: range, *, progress: Callable[[int, int], None] | None = None
) -> list[Curve]:
    """The same plan from several seeds; `progress` counts epochs of all."""
    total = len(seeds) * plan.epochs
    curves = []
    for number, seed in enumerate(seeds):
        offset = number * plan.epochs
        step = progress and (lambda done, _, offset=offset: progress(offset + done, total))
        curves.append(train(task, replace(plan, seed=seed), progress=step))
    return curves


def _targets(labels: NDArray[np.int64], kinds: int | None) -> Floats:
    return labels[:, None].astype(np.float32) if kinds is None else np.eye(kinds, dtype=np.float32)[labels]


def _step(x: Floats, t: Floats, plan: Plan, weights: list[Floats], spare: Floats) -> None:
    """One update in place, by the gradient of the mean loss, then the decay of both weight matrices."""
    w1, b1, w2, b2 = weights
    hidden = HIDDEN[plan.hidden]
    rate = np.float32(plan.learning_rate)
    r = x @ w1
    r += b1
    h = hidden.apply(r)
    at_output = _without_traces(LOSSES[plan.loss].slope(h @ w2 + b2, t) / np.float32(len(x)))
    at_hidden = _without_traces((at_output @ w2.T) * hidden.slope(r))
    w2 -= rate * (h.T @ at_output)
    b2 -= rate * at_output.sum(axis=0)
    np.matmul(x.T, at_hidden, out=spare)
    spare *= rate
    w1 -= spare
    b1 -= rate * at_hidden.sum(axis=0)
    keep = np.float32(1 - plan.weight_decay * plan.learning_rate)
    w1 *= keep
    w2 *= keep


def _without_traces(values: Floats) -> Floats:
    """Set to 0 what no weight would notice: saturated units leave numbers like 1e-43, which slow products tenfold."""
    values[np.abs(values) < 1e-20] = 0
    return values


def _measure(
    task: Task, plan: Plan, weights: list[Floats], stuck: NDArray[np.bool_], epoch: int
) -> tuple[int | float, ...]:
    loss, error = _loss_and_error(task.x, task.t, plan, weights)
    _, true_error = _loss_and_error(task.x, task.truth, plan, weights)
    valid_loss, valid_error = _loss_and_error(task.valid_x, task.valid_t, plan, weights)
    saturated = _slopes(task, plan, weights) < SATURATED
    freed = float((stuck & ~saturated).sum() / max(stuck.sum(), 1))
    return epoch, loss, error, true_error, valid_loss, valid_error, float(saturated.mean()), freed


def _loss_and_error(x: Floats, t: Floats, plan: Plan, weights: list[Floats]) -> tuple[float, float]:
    w1, b1, w2, b2 = weights
    z = (HIDDEN[plan.hidden].apply(x @ w1 + b1) @ w2 + b2).astype(np.float64)
    # A score of exactly 0 counts as class 0, as in the report's own code.
    wrong = z.argmax(axis=1) != t.argmax(axis=1) if t.shape[1] > 1 else (z > 0)[:, 0] != (t > 0)[:, 0]
    return float(LOSSES[plan.loss].value(z, t).mean()), float(wrong.mean())


def _slopes(task: Task, plan: Plan, weights: list[Floats]) -> Floats:
    """Of every hidden unit at every training image, as a share of the slope at 0."""
    slope = HIDDEN[plan.hidden].slope
    return slope(task.x @ weights[0] + weights[1]) / slope(np.zeros(1))

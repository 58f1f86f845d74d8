"""The network of report 000 in NumPy: one hidden layer, trained by a loss of choice."""

from dataclasses import asdict, dataclass, replace
from os import PathLike
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fashion_nn import datasets
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.datasets import Split, Splits
from fashion_nn.errors import InputError
from fashion_nn.lab import layers
from fashion_nn.lab.losses.functions import LOSSES, Floats
from fashion_nn.lab.progress import Progress, part_of

HIDDEN = {"softsign": layers.SOFTSIGN, "logistic": layers.SIGMOID}

SATURATED = 0.01
"""A hidden unit is saturated by an image where its slope is below this share of its slope at 0."""


@dataclass(frozen=True, eq=False)
class Task:
    """Images as float32 (n, pixels) in 0..1, and targets float32 (n, 1) of 0 and 1 or one-hot (n,
    k).

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
        init_sd: standard deviation of all initial weights and biases: 0.1, and 10 for a very bad
            start.
        weight_decay: after each update the weights are multiplied by 1 - weight_decay ·
            learning_rate.
        log_every: epochs between two measurements.

    Raises:
        InputError: a value out of range.
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


class Measurement(NamedTuple):
    """What is measured before a training and after every `log_every` epochs.

    Attributes:
        epoch: when it was measured.
        train_loss: mean, without weight decay, in the unit of the loss; `valid_loss` likewise.
        train_error: share of images on the wrong side; `valid_error` likewise.
        true_error: of the training images, against the labels before any was flipped.
        saturated: share of (hidden unit, training image) pairs that are saturated.
        freed: share of the pairs that were saturated at the start and no longer are.
    """

    epoch: int
    train_loss: float
    train_error: float
    true_error: float
    valid_loss: float
    valid_error: float
    saturated: float
    freed: float


@dataclass(frozen=True)
class Curve:
    """The measurements of one training, a tuple for each value of `Measurement`."""

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
        last = max(index for index, when in enumerate(self.epoch) if when <= epoch)
        return getattr(self, measure)[last]

    def relative(self, epoch: int) -> float:
        """Training loss at an epoch as a share of that at the start."""
        return self.at(epoch) / self.train_loss[0]

    def to_json(self) -> JsonObject:
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
    """Training and validation images, both from the data set's training rows; its test rows are not
    read.

    Args:
        classes: tell the second from the first; None for all classes, one-hot.
        images: number of training images, drawn by `seed`. Where there are fewer, training keeps
            its share.
        valid_images: number of validation images.
        flipped: share of the training labels to replace by a wrong class; exactly that share is
            replaced.

    Raises:
        InputError: no such data or class, or a share outside 0..1.
    """
    if not 0 <= flipped <= 1 or images < 2 or valid_images < 1:
        raise InputError(
            f"flipped {flipped}, images {images}: expected a share of 0 to 1 and at least 2 images"
        )
    splits = datasets.load(dataset, data_dir=data_dir)
    rows = _of_classes(splits, classes)
    stream = np.random.default_rng(seed)
    chosen = np.arange(len(rows))
    stream.shuffle(chosen)
    cut = min(images, len(chosen) * images // (images + valid_images))
    rows = rows.take(chosen[: cut + valid_images])
    x = rows.images.reshape(len(rows), -1).astype(np.float32) / 255
    labels = rows.labels
    kinds = 2 if classes else splits.classes
    given = np.concatenate([_flipped(labels[:cut], flipped, kinds, stream), labels[cut:]])
    name = f"{splits.name} {classes[0]} against {classes[1]}" if classes else splits.name
    targets = _targets(given, None if classes else kinds)
    truth = _targets(labels, None if classes else kinds)
    return Task(name, x[:cut], targets[:cut], truth[:cut], x[cut:], truth[cut:])


def _of_classes(splits: Splits, classes: tuple[int, int] | None) -> Split:
    """The original training rows; of two `classes` those alone, with 1 for the second.

    Raises:
        InputError: they are not two different classes of the data set.
    """
    rows = splits.original_train()
    if classes is None:
        return rows
    if not (len(set(classes)) == 2 and set(classes) <= set(range(splits.classes))):
        expected = f"two different ones of 0 to {splits.classes - 1}"
        raise InputError(f"classes {classes} of {splits.name}: expected {expected}")
    chosen = rows.take(np.flatnonzero(np.isin(rows.labels, classes)))
    return Split(chosen.images, (chosen.labels == classes[1]).astype(np.int64))


def _flipped(
    labels: NDArray[np.int64], share: float, kinds: int, stream: np.random.Generator
) -> NDArray[np.int64]:
    """The labels with a share of them replaced by another class."""
    flipped = labels.copy()
    turned = stream.permutation(len(labels))[: round(share * len(labels))]
    flipped[turned] = (labels[turned] + stream.integers(1, kinds, len(turned))) % kinds
    return flipped


def _targets(labels: NDArray[np.int64], kinds: int | None) -> Floats:
    return (
        labels[:, None].astype(np.float32)
        if kinds is None
        else np.eye(kinds, dtype=np.float32)[labels]
    )


def train_seeds(
    task: Task, plan: Plan, seeds: range, *, progress: Progress | None = None
) -> list[Curve]:
    """The same plan from several seeds; `progress` counts the epochs of all of them."""
    total = len(seeds) * plan.epochs
    return [
        train(
            task, replace(plan, seed=seed), progress=part_of(progress, number * plan.epochs, total)
        )
        for number, seed in enumerate(seeds)
    ]


def train(task: Task, plan: Plan, *, progress: Progress | None = None) -> Curve:
    """Train one network from its seed, with the training images in a new order each epoch.

    All initial weights and biases are from N(0, init_sd²).

    Raises:
        InputError: the loss does not fit the task, or is no longer finite.
    """
    if (task.t.shape[1] > 1) != plan.loss.startswith("softmax"):
        raise InputError(
            f"loss {plan.loss} does not fit {task.name}: softmax is for more than two classes"
        )
    from threadpoolctl import threadpool_limits

    # The products are small: on a machine that others use too, a second thread makes them ten times
    # slower.
    with threadpool_limits(1, user_api="blas"):
        return _train(task, plan, progress)


def _train(task: Task, plan: Plan, progress: Progress | None) -> Curve:
    stream = np.random.default_rng(plan.seed)
    network = Network.draw(plan, inputs=task.x.shape[1], outputs=task.t.shape[1], stream=stream)
    stuck = network.slopes(task.x) < SATURATED
    log = [_measure(task, network, stuck, 0)]
    for epoch in range(1, plan.epochs + 1):
        order = stream.permutation(len(task.x))
        x = task.x[order]
        t = task.t[order]
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, len(x), plan.batch_size):
                batch = slice(first, first + plan.batch_size)
                network.step(x[batch], t[batch])
        if epoch % plan.log_every == 0 or epoch == plan.epochs:
            log.append(_measure(task, network, stuck, epoch))
            if not np.isfinite(log[-1].train_loss):
                raise InputError(
                    f"the loss became infinite by epoch {epoch}: use a smaller learning rate"
                )
        if progress:
            progress(epoch, plan.epochs)
    return Curve(plan, *(tuple(column) for column in zip(*log, strict=True)))


@dataclass
class Network:
    """The weights (inputs, units) and biases (units,) of both layers, which a step changes in
    place.
    """

    plan: Plan
    hidden_weights: Floats
    hidden_biases: Floats
    output_weights: Floats
    output_biases: Floats

    def __post_init__(self) -> None:
        self.hidden = HIDDEN[self.plan.hidden]
        self.loss = LOSSES[self.plan.loss]
        self._spare = np.empty_like(self.hidden_weights)

    @classmethod
    def draw(cls, plan: Plan, inputs: int, outputs: int, stream: np.random.Generator) -> "Network":
        shapes: tuple[tuple[int, ...], ...] = (
            (inputs, plan.units),
            (plan.units,),
            (plan.units, outputs),
            (outputs,),
        )
        return cls(
            plan, *(stream.normal(0, plan.init_sd, shape).astype(np.float32) for shape in shapes)
        )

    def nets(self, x: Floats) -> Floats:
        """What the hidden units receive."""
        nets = x @ self.hidden_weights
        nets += self.hidden_biases
        return nets

    def slopes(self, x: Floats) -> Floats:
        """The slope of every hidden unit at every image, as a share of the slope at 0."""
        return self.hidden.slope(self.nets(x)) / self.hidden.slope(np.zeros(1))

    def step(self, x: Floats, t: Floats) -> None:
        """One update by the gradient of the mean loss, then the decay of both weight matrices."""
        rate = np.float32(self.plan.learning_rate)
        nets = self.nets(x)
        outputs = self.hidden.apply(nets)
        scores = outputs @ self.output_weights + self.output_biases
        at_output = _without_traces(self.loss.slope(scores, t) / np.float32(len(x)))
        at_hidden = _without_traces((at_output @ self.output_weights.T) * self.hidden.slope(nets))
        self.output_weights -= rate * (outputs.T @ at_output)
        self.output_biases -= rate * at_output.sum(axis=0)
        np.matmul(x.T, at_hidden, out=self._spare)
        self._spare *= rate
        self.hidden_weights -= self._spare
        self.hidden_biases -= rate * at_hidden.sum(axis=0)
        keep = np.float32(1 - self.plan.weight_decay * self.plan.learning_rate)
        self.hidden_weights *= keep
        self.output_weights *= keep

    def loss_and_error(self, x: Floats, t: Floats) -> tuple[float, float]:
        """Mean loss, and share of images on the wrong side."""
        outputs = self.hidden.apply(self.nets(x))
        scores = (outputs @ self.output_weights + self.output_biases).astype(np.float64)
        wrong = _classes(scores) != _classes(t)
        return float(self.loss.value(scores, t).mean()), float(wrong.mean())


def _classes(values: Floats) -> NDArray[np.int64] | NDArray[np.bool_]:
    """The class of each row of scores or targets; a score of 0 is class 0, as in the report's own
    code.
    """
    return values.argmax(axis=1) if values.shape[1] > 1 else values[:, 0] > 0


def _without_traces(values: Floats) -> Floats:
    """Set to 0 what no weight would notice: saturated units leave numbers like 1e-43, which slow
    products tenfold.
    """
    values[np.abs(values) < 1e-20] = 0
    return values


def _measure(task: Task, network: Network, stuck: NDArray[np.bool_], epoch: int) -> Measurement:
    train_loss, train_error = network.loss_and_error(task.x, task.t)
    _, true_error = network.loss_and_error(task.x, task.truth)
    valid_loss, valid_error = network.loss_and_error(task.valid_x, task.valid_t)
    saturated = network.slopes(task.x) < SATURATED
    return Measurement(
        epoch=epoch,
        train_loss=train_loss,
        train_error=train_error,
        true_error=true_error,
        valid_loss=valid_loss,
        valid_error=valid_error,
        saturated=float(saturated.mean()),
        freed=float((stuck & ~saturated).sum() / max(stuck.sum(), 1)),
    )

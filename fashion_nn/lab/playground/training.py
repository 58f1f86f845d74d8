"""The Playground's training, for any number of seeds at once.

All arrays have the seed as their first axis, so twenty trainings cost little more than one: a
single update is so small that most of its time is spent on calling NumPy.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.errors import InputError
from fashion_nn.lab.layers import Array
from fashion_nn.lab.playground import data
from fashion_nn.lab.playground.settings import Settings
from fashion_nn.lab.playground.units import activate, output_activation, times_slope
from fashion_nn.lab.progress import Progress

Mask = NDArray[np.bool_]

MAX_EPOCHS = 1_000_000
MAX_SEEDS = 1000
MAX_LOSSES = 10_000_000
"""Epochs of all seeds together; the losses of each are kept."""
MAX_PARAMETERS = 2_500_000
"""Weights and biases of the networks of all seeds together."""


class Accuracy(NamedTuple):
    """Share of points on the right side of 0."""

    train: float
    test: float


class Parameters(NamedTuple):
    """What one network has learnt.

    Attributes:
        weights: (units before, units) of each layer.
        biases: (units,) of each layer.
        alive: of each weight, False where L1 has set it to 0 for good.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    alive: tuple[Mask, ...]


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained Playground network.

    Attributes:
        start: data and initial weights.
        parameters: weights and biases after training.
        losses: (epochs + 1, 2), training and test loss as the page shows them, from epoch 0 on: the
            average of ½(output - target)² over the points, without the penalty.
        seconds: how long the training took; networks that were trained together share it.
    """

    settings: Settings
    start: data.Start
    parameters: Parameters
    losses: NDArray[np.float64]
    seconds: float

    @property
    def weights(self) -> tuple[Array, ...]:
        return self.parameters.weights

    @property
    def biases(self) -> tuple[Array, ...]:
        return self.parameters.biases

    @property
    def epochs(self) -> int:
        return len(self.losses) - 1

    @property
    def train_loss(self) -> float:
        return float(self.losses[-1, 0])

    @property
    def test_loss(self) -> float:
        return float(self.losses[-1, 1])

    def layers(self, points: Array) -> list[Array]:
        """Outputs of every layer at points (n, 2): the features, then (n, units) of each layer."""
        found: list[Array] = [data.features(points, self.settings.features)]
        for number, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = found[-1] @ weights + biases
            last = number == len(self.weights) - 1
            activate(output_activation(self.settings) if last else self.settings.activation, values)
            found.append(values)
        return found

    def accuracy(self) -> Accuracy | None:
        """Share of training and of test points on the right side of 0; None for regression."""
        if self.settings.regression:
            return None
        right = (self.layers(self.start.points)[-1][:, 0] >= 0) == (self.start.targets > 0)
        cut = self.start.train_points
        return Accuracy(float(right[:cut].mean()), float(right[cut:].mean()))

    def feature_strength(self) -> dict[str, float]:
        """The sum of |weight| over the links from each feature."""
        strength = np.abs(self.weights[0]).sum(axis=1)
        return dict(zip(self.settings.features, strength.tolist(), strict=True))

    def epochs_to(self, loss: float) -> int | None:
        """The first epoch whose test loss is below `loss`; None if there is none."""
        below = np.flatnonzero(self.losses[:, 1] < loss)
        return int(below[0]) if len(below) else None

    def to_json(self) -> JsonObject:
        """Everything but the points, as plain Python values."""
        accuracy = self.accuracy()
        return {
            "train_loss": self.train_loss,
            "test_loss": self.test_loss,
            "train_accuracy": accuracy.train if accuracy else None,
            "test_accuracy": accuracy.test if accuracy else None,
            "epochs": self.epochs,
            "seconds": round(self.seconds, 3),
            "settings": asdict(self.settings),
            "url": self.settings.url(),
            "feature_strength": self.feature_strength(),
            "dead_weights": int(sum((~alive).sum() for alive in self.parameters.alive)),
            "weights": [layer.tolist() for layer in self.weights],
            "biases": [layer.tolist() for layer in self.biases],
            "losses": {"train": self.losses[:, 0].tolist(), "test": self.losses[:, 1].tolist()},
        }


def train(
    settings: Settings,
    *,
    epochs: int,
    dtype: DTypeLike = np.float64,
    progress: Progress | None = None,
) -> Fit:
    """Train one network; see `train_seeds`."""
    return train_seeds(settings, [settings.seed], epochs=epochs, dtype=dtype, progress=progress)[0]


def train_seeds(
    settings: Settings,
    seeds: Sequence[str | int],
    *,
    epochs: int,
    dtype: DTypeLike = np.float64,
    progress: Progress | None = None,
) -> list[Fit]:
    """Train one set-up from several seeds at once; each result is what it would be alone, up to
    rounding.

    An epoch goes through the training points in their fixed order and updates after every
    `batch_size` of them, by the mean gradient. Points that are left over at its end count in the
    first update of the next epoch.

    Args:
        settings: the set-up; its own seed is ignored.
        seeds: one for each training.
        epochs: passes over the training points, from 1.
        dtype: of all arrays.
        progress: called with (epochs done, epochs) after each.

    Raises:
        InputError: no epoch or seed, too many of them, or losses that are not finite (too large a
            learning rate).
    """
    if not 1 <= epochs <= MAX_EPOCHS:
        raise InputError(f"epochs {epochs}: expected 1 to {MAX_EPOCHS:,}")
    if not seeds:
        raise InputError("no seeds: give at least one")
    parameters = len(seeds) * settings.parameters
    if len(seeds) > MAX_SEEDS or parameters > MAX_PARAMETERS or len(seeds) * epochs > MAX_LOSSES:
        raise InputError(
            f"{len(seeds):,} seeds, {epochs:,} epochs and {parameters:,} weights and biases:"
            f" expected at most {MAX_SEEDS:,} seeds, {MAX_LOSSES:,} epochs and"
            f" {MAX_PARAMETERS:,} weights and biases of all seeds together"
        )
    began = time.perf_counter()
    each = [replace(settings, seed=str(seed)) for seed in seeds]
    starts = [data.start(one) for one in each]
    network = _Network(settings, starts, np.dtype(dtype))
    losses = _train(network, epochs, progress)
    seconds = time.perf_counter() - began
    return [
        Fit(one, starts[row], network.parameters(row), losses[:, row].copy(), seconds)
        for row, one in enumerate(each)
    ]


def _train(network: "_Network", epochs: int, progress: Progress | None) -> NDArray[np.float64]:
    """Train the networks; their losses before it and after every epoch, (epochs + 1, seeds, 2)."""
    losses = np.empty((epochs + 1, len(network.theta), 2))
    losses[0] = network.losses()
    for epoch in range(1, epochs + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            network.epoch(first=epoch == 1)
            losses[epoch] = network.losses()
        if not np.isfinite(losses[epoch]).all():
            rate = network.settings.learning_rate
            raise InputError(
                f"the loss became infinite in epoch {epoch}: the learning rate {rate} is too large"
            )
        if progress:
            progress(epoch, epochs)
    return losses


class _Network:
    """Networks of one shape, one for each seed, in buffers that are made once.

    `theta` (seeds, parameters) holds all parameters. `layers[l]` are views of it, (seeds, units,
    units before + 1), with the biases in the last column, which is multiplied with a row of ones.
    Points are columns, so that what is computed for a seed is contiguous.
    """

    def __init__(self, settings: Settings, starts: Sequence[data.Start], dtype: np.dtype):
        self.settings = settings
        self.dtype = dtype
        sizes = [(a + 1) * b for a, b in pairwise(settings.shape)]
        self.theta = np.empty((len(starts), sum(sizes)), dtype)
        self.gradient = np.empty_like(self.theta)
        self.spare = np.empty_like(self.theta)
        self.alive = np.ones_like(self.theta)
        self.layers = self._views(self.theta)
        self.gradients = self._views(self.gradient)
        is_weight = np.zeros_like(self.theta)
        for layer, mask in zip(range(len(sizes)), self._views(is_weight), strict=True):
            mask[:, :, :-1] = 1
            self.layers[layer][:, :, :-1] = np.stack([one.weights[layer].T for one in starts])
            self.layers[layer][:, :, -1] = np.stack([one.biases[layer] for one in starts])
        penalty = (
            0.0
            if settings.regularization == "none"
            else settings.learning_rate * settings.regularization_rate
        )
        self.decay = is_weight * dtype.type(penalty)
        self._lay_out(starts)

    def _views(self, flat: Array) -> list[Array]:
        views = []
        at = 0
        for before, units in pairwise(self.settings.shape):
            size = (before + 1) * units
            views.append(flat[:, at : at + size].reshape(len(flat), units, before + 1))
            at += size
        assert all(np.shares_memory(view, flat) for view in views)
        return views

    def _lay_out(self, starts: Sequence[data.Start]) -> None:
        inputs = np.stack([data.features(one.points, self.settings.features).T for one in starts])
        ones = np.ones((len(starts), 1, inputs.shape[2]))
        self.inputs = np.concatenate([inputs, ones], axis=1).astype(self.dtype)
        self.targets = np.stack([one.targets[None] for one in starts]).astype(self.dtype)
        self.cut = self.settings.train_points
        size = self.settings.batch_size
        left_over = self.cut % size
        self.batches = [
            self._batch(slice(at, at + size)) for at in range(0, self.cut - size + 1, size)
        ]
        # From the second epoch on, the first update also counts what was left over at the end of
        # the one before.
        joined = np.r_[self.cut - left_over : self.cut, 0:size]
        self.joined = self._batch(joined) if left_over else self.batches[0]
        self.buffers = {count: _Buffers(self, count) for count in {size, size + left_over}}
        self.all = _Buffers(self, self.inputs.shape[2])

    def _batch(self, points: slice | NDArray[np.int64]) -> tuple[Array, Array]:
        return np.ascontiguousarray(self.inputs[:, :, points]), np.ascontiguousarray(
            self.targets[:, :, points]
        )

    def epoch(self, *, first: bool) -> None:
        batches = self.batches if first else [self.joined, *self.batches[1:]]
        for inputs, targets in batches:
            count = inputs.shape[2]
            self.buffers[count].forward(inputs)
            self.buffers[count].backward(inputs, targets)
            self._update(count)

    def _update(self, count: int) -> None:
        """Gradient step, then the penalty's, whose slope is taken at the weight before both."""
        theta = self.theta
        gradient = self.gradient
        spare = self.spare
        np.multiply(gradient, self.settings.learning_rate / count, out=gradient)
        kind = self.settings.regularization
        if kind == "none":
            np.subtract(theta, gradient, out=theta)
        elif kind == "L2":
            np.multiply(theta, self.decay, out=spare)
            np.subtract(theta, gradient, out=theta)
            np.subtract(theta, spare, out=theta)
        else:
            np.sign(theta, out=spare)
            np.multiply(spare, self.decay, out=spare)
            np.subtract(theta, gradient, out=theta)
            np.subtract(theta, spare, out=spare)
            # A weight that the penalty carries across 0 stays there for good.
            np.multiply(theta, spare, out=theta)
            np.multiply(self.alive, theta >= 0, out=self.alive)
            np.multiply(spare, self.alive, out=theta)

    def losses(self) -> Array:
        """Mean training and test loss of each seed, (seeds, 2)."""
        outputs = self.all.forward(self.inputs)
        halves = (0.5 * (outputs - self.targets) ** 2)[:, 0]
        return np.stack(
            [halves[:, : self.cut].mean(axis=1), halves[:, self.cut :].mean(axis=1)], axis=1
        )

    def parameters(self, row: int) -> Parameters:
        """Those of one seed."""
        return Parameters(
            weights=tuple(layer[row, :, :-1].T.copy() for layer in self.layers),
            biases=tuple(layer[row, :, -1].copy() for layer in self.layers),
            alive=tuple(view[row, :, :-1].T > 0 for view in self._views(self.alive)),
        )


class _Buffers:
    """Everything that a pass over `count` points writes to."""

    def __init__(self, network: _Network, count: int):
        self.network = network
        seeds = len(network.theta)
        shape = network.settings.shape
        dtype = network.dtype
        self.extended = [np.ones((seeds, units + 1, count), dtype) for units in shape[1:]]
        self.outputs = [values[:, :-1] for values in self.extended]
        self.deltas = [np.empty((seeds, units, count), dtype) for units in shape[1:]]
        self.slopes = [np.empty_like(delta) for delta in self.deltas]
        # Transposed once: the views follow the values.
        self.transposed = [np.swapaxes(values, 1, 2) for values in self.extended]
        self.transposed_weights = [np.swapaxes(layer[:, :, :-1], 1, 2) for layer in network.layers]
        hidden = network.settings.activation
        self.activations = [hidden] * (len(shape) - 2) + [output_activation(network.settings)]

    def forward(self, inputs: Array) -> Array:
        """The output, (seeds, 1, points), for inputs (seeds, features + 1, points)."""
        before = inputs
        for weights, output, extended, name in zip(
            self.network.layers, self.outputs, self.extended, self.activations, strict=True
        ):
            np.matmul(weights, before, out=output)
            activate(name, output)
            before = extended
        return output

    def backward(self, inputs: Array, targets: Array) -> None:
        """Write the gradient of the summed loss, for the last forward pass, into the network's
        buffer.
        """
        last = len(self.deltas) - 1
        np.subtract(self.outputs[last], targets, out=self.deltas[last])
        for layer in range(last, -1, -1):
            delta = self.deltas[layer]
            times_slope(self.activations[layer], self.outputs[layer], delta, self.slopes[layer])
            transposed = self.transposed[layer - 1] if layer else np.swapaxes(inputs, 1, 2)
            np.matmul(delta, transposed, out=self.network.gradients[layer])
            if layer:
                np.matmul(self.transposed_weights[layer], delta, out=self.deltas[layer - 1])

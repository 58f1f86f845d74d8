"""The network of report 002 part 1 in NumPy, for any number of layers, and the same network in
Keras.

Full-batch gradient descent on the summed softmax cross-entropy plus ½ · l2 · Σw².
"""

from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.errors import InputError
from fashion_nn.lab import layers
from fashion_nn.lab.boundaries.data import Floats, Points
from fashion_nn.lab.progress import Progress

ACTIVATIONS = {"tanh": layers.TANH, "sigmoid": layers.SIGMOID, "relu": layers.RELU}
MAX_PARAMETERS = 1_000_000
"""Weights and biases of a network, without those of its output."""
LOSS_EVERY = 100
"""Passes between two measurements of the loss."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to train; the defaults are the network of report 002, figure 1.

    Attributes:
        hidden: units of each hidden layer: (3,) is the report's "3-layer network", input and output
            counted.
        passes: gradient steps, each on all points.
        learning_rate: of the summed gradient, not of its mean.
        l2: weight of ½ · Σw², biases excepted.
        seed: of NumPy's old generator, as the report's own code seeds it.

    Raises:
        InputError: a value out of range.
    """

    hidden: tuple[int, ...] = (3,)
    activation: str = "tanh"
    passes: int = 20_000
    learning_rate: float = 0.01
    l2: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise InputError(
                f"activation {self.activation!r}: expected one of {', '.join(ACTIVATIONS)}"
            )
        if not self.hidden or not all(1 <= units <= 1000 for units in self.hidden):
            raise InputError(
                f"hidden {self.hidden}: expected layers of 1 to 1000 units, such as 3 or 5,5"
            )
        parameters = sum((a + 1) * b for a, b in pairwise((2, *self.hidden)))
        if len(self.hidden) > 20 or parameters > MAX_PARAMETERS:
            raise InputError(
                f"hidden: {len(self.hidden)} layers with {parameters:,} weights and biases,"
                f" expected at most 20 layers and {MAX_PARAMETERS:,}"
            )
        if self.passes < 1:
            raise InputError(f"passes {self.passes}: expected at least 1")
        if not 0 < self.learning_rate < np.inf or not 0 <= self.l2 < np.inf:
            raise InputError(
                f"learning rate {self.learning_rate} and l2 {self.l2}: expected a number above 0"
                " and one from 0"
            )
        if not 0 <= self.seed < 2**32:
            raise InputError(f"seed {self.seed}: expected 0 to 4294967295")


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained network.

    Attributes:
        weights: (units before, units) of each layer.
        biases: (units,) of each layer.
        losses: the mean cross-entropy (nats a point, without the penalty) before training and after
            every `LOSS_EVERY` passes, the last included.
    """

    plan: Plan
    points: Points
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    losses: Floats

    def layers(self, x: Floats) -> list[Floats]:
        """Outputs of every layer at x (n, 2): the points, the hidden layers, and the scores before
        softmax.
        """
        activation = ACTIVATIONS[self.plan.activation]
        found = [x]
        for number, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = found[-1] @ weights + biases
            found.append(z if number == len(self.weights) - 1 else activation.apply(z))
        return found

    def nets(self, x: Floats, layer: int) -> Floats:
        """The nets of a layer (1 for the first hidden one), before its activation."""
        return self.layers(x)[layer - 1] @ self.weights[layer - 1] + self.biases[layer - 1]

    def scores(self, x: Floats) -> Floats:
        """Before softmax, (n, classes)."""
        return self.layers(x)[-1]

    def probabilities(self, x: Floats) -> Floats:
        """Probabilities of the classes, (n, classes)."""
        return layers.softmax(self.scores(x), axis=1)

    def loss(self, points: Points | None = None) -> float:
        """Mean cross-entropy on points, the training ones if none are given."""
        points = points or self.points
        return _cross_entropy(self.scores(points.x), points.labels)

    def accuracy(self, points: Points | None = None) -> float:
        """Share of points whose likeliest class is theirs."""
        points = points or self.points
        return float((self.scores(points.x).argmax(axis=1) == points.labels).mean())

    def margin(self, points: Points | None = None) -> float:
        """Mean of the true class' probability minus the best other one's, -1 to 1."""
        points = points or self.points
        chances = self.probabilities(points.x)
        rows = np.arange(len(chances))
        of_truth = chances[rows, points.labels]
        chances[rows, points.labels] = -1
        return float((of_truth - chances.max(axis=1)).mean())

    def to_json(self) -> JsonObject:
        """Everything but the points, as plain Python values."""
        return {
            "loss": self.loss(),
            "accuracy": self.accuracy(),
            "margin": self.margin(),
            "dataset": self.points.name,
            "plan": asdict(self.plan),
            "weights": [layer.tolist() for layer in self.weights],
            "biases": [layer.tolist() for layer in self.biases],
            "losses": self.losses.tolist(),
        }


@dataclass(frozen=True)
class Agreement:
    """How far a network is from the one that Keras trains from the same start.

    Attributes:
        largest_weight_difference: of any weight or bias.
        largest_probability_difference: of any class at any training point.
        loss: of the network; `keras_loss` is that of Keras.
    """

    largest_weight_difference: float
    largest_probability_difference: float
    loss: float
    keras_loss: float


def start(points: Points, plan: Plan) -> tuple[list[Floats], list[Floats]]:
    """Weights from N(0, 1) / sqrt(units before), biases 0."""
    stream = np.random.RandomState(plan.seed)
    shape = (points.x.shape[1], *plan.hidden, points.classes)
    pairs = list(pairwise(shape))
    weights = [stream.randn(before, units) / np.sqrt(before) for before, units in pairs]
    return weights, [np.zeros(units) for _, units in pairs]


def fit(points: Points, plan: Plan, *, progress: Progress | None = None) -> Fit:
    """Train by backpropagation, written out.

    Raises:
        InputError: the weights are no longer finite: the learning rate is too large.
    """
    weights, biases = start(points, plan)
    losses = []
    with np.errstate(over="ignore", invalid="ignore"):
        for done in range(plan.passes):
            scores = _step(points, plan, weights, biases)
            if done % LOSS_EVERY == 0:
                losses.append(_cross_entropy(scores, points.labels))
                if progress:
                    progress(done, plan.passes)
    if not all(np.isfinite(layer).all() for layer in weights):
        raise InputError(
            f"the weights became infinite: the learning rate {plan.learning_rate} is too large"
        )
    if progress:
        progress(plan.passes, plan.passes)
    found = Fit(plan, points, tuple(weights), tuple(biases), np.empty(0))
    return replace(found, losses=np.array([*losses, found.loss()]))


def _step(points: Points, plan: Plan, weights: list[Floats], biases: list[Floats]) -> Floats:
    """One gradient step in place; returns the scores before it."""
    activation = ACTIVATIONS[plan.activation]
    last = len(weights) - 1
    outputs = [points.x]
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z = outputs[-1] @ w
        z += b
        outputs.append(z if layer == last else activation.apply(z))
    delta = layers.softmax(outputs[-1], axis=1)
    delta[np.arange(len(delta)), points.labels] -= 1  # dL/dz of softmax with cross-entropy: p - y
    for layer in range(last, -1, -1):
        gradient = outputs[layer].T @ delta
        gradient += plan.l2 * weights[layer]
        of_biases = delta.sum(axis=0)
        if layer:
            delta = delta @ weights[layer].T
            delta *= activation.slope_at_output(outputs[layer])
        weights[layer] -= plan.learning_rate * gradient
        biases[layer] -= plan.learning_rate * of_biases
    return outputs[-1]


def fit_in_keras(points: Points, plan: Plan) -> Fit:
    """The same network, start and updates with Keras layers and Keras' SGD, in double precision."""
    import keras

    kept = keras.config.floatx()
    keras.config.set_floatx("float64")  # the learning rate and the penalty take this type too
    try:
        model = _keras_model(points, plan)
        weights, biases = start(points, plan)
        model.set_weights([value for pair in zip(weights, biases, strict=True) for value in pair])
        before = Fit(plan, points, tuple(weights), tuple(biases), np.empty(0)).loss()
        for _ in range(plan.passes):
            model.train_on_batch(points.x, points.labels)
        values = model.get_weights()
    finally:
        keras.config.set_floatx(kept)
    after = Fit(plan, points, tuple(values[0::2]), tuple(values[1::2]), np.empty(0))
    return Fit(plan, points, after.weights, after.biases, np.array([before, after.loss()]))


def _keras_model(points: Points, plan: Plan) -> Any:
    import keras

    # Each part is told its type, because a global precision policy would win over floatx.
    dtype = keras.config.floatx()
    model = keras.Sequential([keras.Input((points.x.shape[1],), dtype=dtype)])
    for number, units in enumerate((*plan.hidden, points.classes)):
        activation = plan.activation if number < len(plan.hidden) else None
        # Keras penalises l2 * w², the report ½ * l2 * w².
        penalty = keras.regularizers.L2(plan.l2 / 2)
        model.add(
            keras.layers.Dense(
                units, activation=activation, kernel_regularizer=penalty, dtype=dtype
            )
        )
    summed = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction="sum", dtype=dtype
    )
    model.compile(
        optimizer=keras.optimizers.SGD(plan.learning_rate), loss=summed, jit_compile=False
    )
    return model


def agreement(one: Fit) -> Agreement:
    """Train the same network in Keras and compare."""
    other = fit_in_keras(one.points, one.plan)
    pairs = zip((*one.weights, *one.biases), (*other.weights, *other.biases), strict=True)
    chances = np.abs(one.probabilities(one.points.x) - other.probabilities(one.points.x))
    return Agreement(
        largest_weight_difference=max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs),
        largest_probability_difference=float(chances.max()),
        loss=one.loss(),
        keras_loss=other.loss(),
    )


def _cross_entropy(scores: Floats, labels: NDArray[np.int64]) -> float:
    of_truth = layers.log_softmax(scores, axis=1)[np.arange(len(labels)), labels]
    return float(-of_truth.mean())

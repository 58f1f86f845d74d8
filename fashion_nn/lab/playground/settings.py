"""What can be set in the Playground, as one checked value, and as the address that the page
shows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from fashion_nn.core.numbers import whole
from fashion_nn.core.text import did_you_mean, quoted
from fashion_nn.errors import InputError

ADDRESS = "https://playground.tensorflow.org/"

ACTIVATIONS = ("relu", "tanh", "sigmoid", "linear")
REGULARIZATIONS = ("none", "L1", "L2")
CLASSIFICATION = ("circle", "xor", "gauss", "spiral")
REGRESSION = ("reg-plane", "reg-gauss")
DATASETS = CLASSIFICATION + REGRESSION

# Our names, in the Playground's order (the order of a network's inputs), and its own keys.
FEATURE_KEYS: Mapping[str, str] = {
    "x1": "x",
    "x2": "y",
    "x1^2": "xSquared",
    "x2^2": "ySquared",
    "x1x2": "xTimesY",
    "sin_x1": "sinX",
    "sin_x2": "sinY",
}
FEATURES = tuple(FEATURE_KEYS)
MAX_PARAMETERS = 250_000
"""Weights and biases of a network; the page offers up to six layers of eight neurons."""

SAMPLES = {name: 500 if name in CLASSIFICATION else 1200 for name in DATASETS}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One Playground set-up; the defaults are those of the page.

    Attributes:
        dataset: circle, xor, gauss, spiral (500 points, targets ±1, tanh output) or reg-plane,
            reg-gauss (1200 points, targets in [-1, 1], linear output).
        features: inputs of the network, names of `FEATURES`; kept in the page's order.
        hidden: neurons of each hidden layer; () for none.
        activation: of the hidden neurons.
        split: share of the points that is trained on, above 0 and below 1.
        regularization, regularization_rate: none, L1 or L2, on weights, not on biases.
        noise_percent: 0 to 100; the page offers 0 to 50.
        seed: as in the address: a string that decides data, order, split and initial weights.
        zero_init: all weights and biases start at 0 instead of U(-0.5, 0.5) and 0.1.
    Raises:
        InputError: a value out of range.
    """

    dataset: str = "circle"
    features: tuple[str, ...] = ("x1", "x2")
    hidden: tuple[int, ...] = (4, 2)
    activation: str = "tanh"
    learning_rate: float = 0.03
    batch_size: int = 10
    split: float = 0.5
    regularization: str = "none"
    regularization_rate: float = 0.0
    noise_percent: float = 0.0
    seed: str = "0"
    zero_init: bool = False

    def __post_init__(self) -> None:
        require_one_of("dataset", self.dataset, DATASETS)
        require_one_of("activation", self.activation, ACTIVATIONS)
        require_one_of("regularization", self.regularization, REGULARIZATIONS)
        self._require_network()
        self._require_training()
        self._require_data()

    def _require_network(self) -> None:
        for name in self.features:
            require_one_of("feature", name, FEATURES)
        if not self.features:
            raise InputError(f"no features: give at least one of {', '.join(FEATURES)}")
        object.__setattr__(
            self, "features", tuple(name for name in FEATURES if name in self.features)
        )
        sizes = all(1 <= n <= 1000 for n in self.hidden)
        _require(sizes, "hidden", self.hidden, "layers of 1 to 1000 neurons")
        _require(len(self.hidden) <= 20, "hidden", self.hidden, "at most 20 layers")
        most = f"at most {MAX_PARAMETERS:,} weights and biases, not {self.parameters:,}"
        _require(self.parameters <= MAX_PARAMETERS, "hidden", self.hidden, most)

    def _require_training(self) -> None:
        usable = bool(self.seed) and len(self.seed) <= 1000 and not set(self.seed) & set("&=#%? ")
        _require(usable, "seed", self.seed, "text that fits an address")
        rate = self.learning_rate
        _require(0 < rate < math.inf, "learning rate", rate, "a number above 0")
        rate = self.regularization_rate
        _require(0 <= rate < math.inf, "rate", rate, "a number from 0")

    def _require_data(self) -> None:
        _require(0 <= self.noise_percent <= 100, "noise", self.noise_percent, "per cent, 0 to 100")
        _require(0 < self.split < 1, "split", self.split, "a fraction between 0 and 1, such as 0.7")
        _require(0 < self.train_points < self.points, "split", self.split, "points on both sides")
        # The page updates after point batch_size of an epoch: with a larger batch it would never
        # learn.
        size = self.batch_size
        most = self.train_points
        _require(1 <= size <= most, "batch size", size, f"1 to the {most} training points")

    @property
    def points(self) -> int:
        """Points of the data set, training and test together."""
        return SAMPLES[self.dataset]

    @property
    def train_points(self) -> int:
        # Rounded first: 0.29 * 100 is 28.999999999999996 in floating point, but 29 per cent on the
        # page.
        return math.floor(self.points * round(self.split * 100, 9) / 100)

    @property
    def regression(self) -> bool:
        return self.dataset in REGRESSION

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum((before + 1) * units for before, units in pairwise(self.shape))

    @property
    def shape(self) -> tuple[int, ...]:
        """Neurons of each layer, inputs and output included."""
        return (len(self.features), *self.hidden, 1)

    def url(self) -> str:
        """The address that opens this set-up in the Playground."""
        problem, key = (
            ("regression", "regDataset") if self.regression else ("classification", "dataset")
        )
        values = {
            "activation": self.activation,
            "regularization": self.regularization,
            "batchSize": self.batch_size,
            key: self.dataset,
            "learningRate": _plain(self.learning_rate),
            "regularizationRate": _plain(self.regularization_rate),
            "noise": _plain(self.noise_percent),
            "networkShape": ",".join(map(str, self.hidden)),
            "seed": self.seed,
            "percTrainData": _plain(round(self.split * 100, 9)),
            **{their: yes(name in self.features) for name, their in FEATURE_KEYS.items()},
            "problem": problem,
            "initZero": yes(self.zero_init),
        }
        return f"{ADDRESS}#{'&'.join(f'{name}={value}' for name, value in values.items())}"


def changed(settings: Settings, **given: Any) -> Settings:
    """`settings` with each value that is not None in its place."""
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def parse_features(text: str) -> tuple[str, ...]:
    """Names divided by commas, or `all`."""
    return (
        FEATURES
        if text.strip() == "all"
        else tuple(filter(None, (name.strip() for name in text.split(","))))
    )


def parse_hidden(text: str) -> tuple[int, ...]:
    """Numbers divided by commas, the page's way; `none` for no hidden layer."""
    text = text.strip()
    try:
        return () if text in ("", "none") else tuple(whole(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"hidden {quoted(text)}: expected the neurons of each hidden layer, such as 5,5, or"
            " none"
        ) from None


def yes(value: bool) -> str:
    return "true" if value else "false"


def _plain(number: float) -> str:
    return f"{number:.12g}" if "e" not in f"{number:.12g}" else f"{number:.15f}".rstrip("0")


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        shown = f"{value}"
        shown = shown if len(shown) <= 100 else f"{shown[:97]}..."
        raise InputError(f"{name} {shown}: expected {expected}")


def require_one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        close = did_you_mean(value, known)
        raise InputError(f"{name} {quoted(value)}: expected one of {', '.join(known)}{close}")

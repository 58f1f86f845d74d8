"""Report 003, part 1: which activation learns quicker in TensorFlow Playground, and why."""

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from fashion_nn.lab import backprop
from fashion_nn.ledger.checks.playground import epochs_to
from fashion_nn.ledger.checks.seeds import column, spreads
from fashion_nn.ledger.checks.texts import fact
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.course.report_003_playground import over_runs
from fashion_nn.ledger.criteria import Criterion, below, in_order
from fashion_nn.ledger.findings import Check, Outcome, Spread
from fashion_nn.ledger.protocols import Parts

_SETS = ("circle", "xor", "gauss")
_SHAPES = ("5-5", "10-10", "5-5-5-5")
_ACTIVATIONS = ("relu", "tanh", "sigmoid")

Race = Mapping[str, Mapping[str, float]]
"""Set-up → activation → median epochs to a test loss; infinite if most runs do not get there."""


def _set_up(parts: Parts, dataset: str, shape: str, loss: float) -> dict[str, float]:
    """One set-up of a race: activation → median epochs to a test loss, of at most 400."""
    return {name: epochs_to(parts[f"race/{dataset}/{name}/{shape}"], loss) for name in _ACTIVATIONS}


def _plain(found: Race) -> dict[str, dict[str, float | None]]:
    """With None, which JSON has, for what is never reached."""
    return {
        key: {name: epochs if math.isfinite(epochs) else None for name, epochs in each.items()}
        for key, each in found.items()
    }


Epochs = Sequence[float]
Pairs = Sequence[tuple[float, float]]
"""Epochs of two networks with the same seed."""


def _by_seed(parts: Parts, name: str) -> list[float]:
    """Epochs to a test loss below 0.01 of every seed in the nine set-ups; infinite for never."""
    found = []
    for dataset in _SETS:
        for shape in _SHAPES:
            for epoch in column(parts[f"race/{dataset}/{name}/{shape}"], "epochs_to", "0.01"):
                found.append(float("inf") if epoch is None else epoch)
    return found


def _quicker(pairs: Pairs) -> int:
    """In how many pairs the first gets there, and before the second."""
    return sum(first < second for first, second in pairs)


_NEVER_LATER: Criterion[Pairs] = Criterion(
    "ReLU is quicker in every pair of one seed and set-up in which sigmoid gets there (always)",
    "a single pair in which sigmoid is quicker",
    lambda pairs: not _quicker([(sigmoid, relu) for relu, sigmoid in pairs]),
    [(10.0, 20.0), (10.0, float("inf"))],
    [(10.0, 20.0), (float("inf"), 20.0)],
)


def _relu_first(parts: Parts, _: Claim) -> Outcome:
    pairs = list(zip(_by_seed(parts, "relu"), _by_seed(parts, "sigmoid"), strict=True))
    wrong = _quicker([(sigmoid, relu) for relu, sigmoid in pairs])
    measured = {"pairs": len(pairs), "ReLU quicker": _quicker(pairs), "sigmoid quicker": wrong}
    why = "epochs to a test loss below 0.01 in nine set-ups of equal size"
    return _NEVER_LATER.outcome(pairs, measured, why=why, n=len(pairs))


Counts = tuple[int, int]
_SOMETIMES_AND_NEVER: Criterion[Counts] = Criterion(
    "of the pairs of the same seed and set-up tanh is quicker in one at least against sigmoid "
    "(sometimes), and in none against ReLU (never)",
    "a single pair in which tanh is quicker than ReLU",
    lambda counts: counts[0] > 0 and counts[1] == 0,
    (1, 0),
    (1, 1),
)


def _tanh_between(parts: Parts, _: Claim) -> Outcome:
    tanh, sigmoid, relu = (_by_seed(parts, name) for name in ("tanh", "sigmoid", "relu"))
    counts = tuple(_quicker(list(zip(tanh, other, strict=True))) for other in (sigmoid, relu))
    measured = {"than sigmoid": counts[0], "than ReLU": counts[1]}
    why = f"pairs, of {len(tanh)}, in which tanh is quicker"
    return _SOMETIMES_AND_NEVER.outcome((counts[0], counts[1]), measured, why=why, n=len(tanh))


_FAILS = below(0.9, "the median test accuracy of 2 × 5 sigmoids after 300 epochs")


def _sigmoid_fails(parts: Parts, _: Claim) -> Outcome:
    accuracy = column(parts["table-3/xor-sigmoid-2x5"], "test_accuracy")
    short = column(parts["table-3/xor-sigmoid-2x5, epochs of 2x10"], "test_loss")
    why = f"after the other row's 28 epochs the loss is {statistics.median(short):.3f}"
    shown = Spread.of(accuracy)
    return _FAILS.outcome(statistics.median(accuracy), shown, why=why, n=len(accuracy))


_TWO_THIRDS = below(2 / 3, "the most epochs of a wider or deeper network, as a share of table 1's,")


def _much_quicker(parts: Parts, _: Claim) -> Outcome:
    loss = 0.0015  # displayed as 0.001
    found: dict[str, dict[str, float]] = {}
    shares: list[float] = []
    for dataset in ("circle", "xor"):
        plain = epochs_to(parts[f"table-1/{dataset}"], loss)
        found[f"{dataset}, table 1"] = {"sigmoid": plain}
        for shape in ("10-10", "5-5-5-5"):
            epochs = _set_up(parts, dataset, shape, loss)
            found[f"{dataset} {shape}"] = epochs
            shares.extend(value / plain for value in epochs.values())
    why = "median epochs to a displayed test loss of 0.001; ReLU does it, sigmoid, which tables 1 "
    why += "and 2 use, does not"
    return _TWO_THIRDS.outcome(max(shares), _plain(found), why=why, n=len(shares))


def _gradient_share(activation: str, depth: int, seed: int) -> float:
    """The slope of the loss by the first layer's weights, as a share of that by the last layer's,
    in a fresh network of the Playground: the largest of each.
    """
    stream = np.random.default_rng(seed)
    widths = [2, *[5] * depth, 1]
    exercise = {
        "layers": widths,
        "activations": [activation] * depth + ["tanh"],
        "weights": [stream.uniform(-0.5, 0.5, (b, a)).tolist() for a, b in pairwise(widths)],
        "biases": [[0.1] * width for width in widths[1:]],
        "loss": "half-squared-error",
        "learning_rate": 0.1,
        "reduction": "mean",
        "samples": [
            {"x": stream.normal(0, 2, 2).tolist(), "target": [float(stream.choice((-1, 1)))]}
            for _ in range(10)
        ],
    }
    gradients = backprop.trace(backprop.from_json(exercise)).weight_gradients
    first, last = (float(np.abs(gradients[layer]).max()) for layer in (0, -1))
    return math.log10(max(first, 1e-12) / last)


_VANISH_MORE = in_order(
    "log10 of the first layer's slope over the last layer's",
    [("tanh", "relu"), ("sigmoid", "relu")],
)


def _vanish_more(_: Claim) -> Outcome:
    found = {name: [_gradient_share(name, 4, seed) for seed in range(16)] for name in _ACTIVATIONS}
    why = "fresh networks of four hidden layers as in table 3; lower means that slopes vanish more"
    return _VANISH_MORE.outcome(found, spreads(found), why=why, n=len(found), seeds=16)


CHECKS: dict[str, Check] = {
    "003-041": over_runs("Relu always converged quicker", _relu_first),
    "003-042": over_runs("never quicker than Relu", _tanh_between),
    "003-043": over_runs("Sigmoid couldn't draw", _sigmoid_fails, "table-3/xor-sigmoid-2x5"),
    "003-044": over_runs("all reached 0.001 or less loss much quicker", _much_quicker),
    "003-187": fact(
        "vanishing and exploding gradients to a larger extent than Relu",
        _vanish_more,
        "fashion-nn lab backprop FILE",
    ),
}

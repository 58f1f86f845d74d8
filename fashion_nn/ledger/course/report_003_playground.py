"""Report 003, part 1: what is said about TensorFlow Playground. The rows of its tables are in
`report_003_tables`.
"""

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from fashion_nn.lab import playground
from fashion_nn.ledger import claims, quotations
from fashion_nn.ledger.checks.playground import epochs_to, learning, strengths, survivors
from fashion_nn.ledger.checks.seeds import Criterion, column, over_seeds, spread
from fashion_nn.ledger.checks.texts import fact, quoted
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Outcome, Spread
from fashion_nn.ledger.protocols import Parts, Record

_LEARNT = 0.95
"""From this accuracy on, a network has learnt a data set of two classes."""
_HALF_DISPLAY = 0.0005


def _command(row: str = "table-3") -> str:
    return f"fashion-nn lab playground --row {row} --seeds 16"


def _over_seeds(words: str | list[str], criterion: Criterion, row: str = "table-3") -> Check:
    return over_seeds("playground", words, criterion, _command(row))


# --- what the report prints, against itself

# Data set → the claims that quote its rows in table 1, and in table 2 with L1 and with L2.
_ROWS = {
    "circle": ("003-001", "003-007", "003-015"),
    "gauss": ("003-002", "003-009", "003-017"),
    "xor": ("003-003", "003-005", "003-013"),
    "spiral": ("003-004", "003-011", "003-019"),
}


def _epochs(id: str) -> int:
    """The epochs of a row of a table."""
    found = re.search(r"(\d+) epochs", claims.by_id(id).claim)
    if found is None:
        raise ValueError(f"{id} names no epochs")
    return int(found[1])


def _test_loss(id: str) -> float:
    return quoted(id)[1]


def _across_the_board(_: Claim) -> Outcome:
    worse = []
    longer = []
    for place, kind in ((1, "L1"), (2, "L2")):
        for name, ids in _ROWS.items():
            plain = ids[0]
            regularised = ids[place]
            losses = (_test_loss(plain), _test_loss(regularised))
            epochs = (_epochs(plain), _epochs(regularised))
            if losses[0] > losses[1]:
                worse.append(f"{name} {kind}: test {losses[0]:g} against {losses[1]:g}")
            if epochs[0] > epochs[1]:
                longer.append(f"{name} {kind}: {epochs[0]} epochs against {epochs[1]}")
    why = "table 1 against table 2, as printed"
    slip = "the report's own tables contradict it"
    return Outcome(not worse + longer, {"worse": worse, "longer": longer}, why, slip)


def _two_numbers_equal(claim: Claim) -> Outcome:
    found = [float(text) for text in re.findall(r"test ([\d.]+)", claim.quoted)]
    why = "the same set-up, epochs and training loss; the printed test losses"
    slip = "one of the two is misprinted, or of another run"
    return Outcome(len(set(found)) == 1, found, why, slip)


def _depths(claim: Claim) -> Outcome:
    pairs = re.findall(r"Layers (\d)|(\d) hidden layers", claim.quoted)
    found = [int(text) for pair in pairs for text in pair if text]
    why = "hidden layers of the table and of the text"
    slip = "the tables count the output layer too, or the text is of another network"
    return Outcome(len(set(found)) == 1, found, why, slip)


def _universal(claim: Claim) -> Outcome:
    wrong = []
    if "depth" in claim.quoted:
        wrong.append("width")
    if "any function" in claim.quoted:
        wrong.append("continuous functions")
    right = "one hidden layer, wide enough, approximates any continuous function on a compact set"
    why = f"the theorem (Cybenko 1989, Hornik 1991) speaks of {' and '.join(wrong) or 'this'}, "
    why += "and of no learning"
    return Outcome(not wrong, right, why, "depth for width, and too many functions")


def _constant(claim: Claim) -> Outcome:
    value = 0.5 * (0 - 1.0) ** 2
    printed = [number.value for number in quotations.read(claim.quoted)]
    return Outcome(printed == [value, value], value, "½ (0 - (±1))²: the output 0 everywhere")


# --- the data sets, and which features divide them


@lru_cache
def _points(dataset: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) and targets (n,) of a data set."""
    begun = playground.start(playground.Settings(dataset=dataset, split=0.7))
    return begun.points, begun.targets


def _one_line(_: Claim) -> Outcome:
    best = playground.best_for_xor()
    why = f"best accuracy of one straight line on XOR: at {best.angle:.0f}°; "
    why += "criterion: at least 95 %"
    slip = ""
    if _gauss_by_line() >= _LEARNT:
        slip = "XOR and Gaussian are exchanged: two Gaussians are divided by a line"
    return Outcome(best.accuracy >= _LEARNT, best.accuracy, why, slip)


def _gauss_by_line() -> float:
    """Accuracy on Gaussian of the line through 0 at right angles to the diagonal on which its
    centres lie.
    """
    points, targets = _points("gauss")
    return float(((points.sum(axis=1) > 0) == (targets > 0)).mean())


def _product(parts: Parts, _: Claim) -> Outcome:
    on_gauss = spread(parts["gauss by x1x2 alone"], "test_accuracy")
    on_xor = spread(parts["table-1/xor"], "test_accuracy")
    why = "x1 x2 has the same law for both centres, (2, 2) and (-2, -2); "
    why += "on XOR it suffices: the names are exchanged"
    measured = {"test accuracy": on_gauss, "the same on XOR": on_xor}
    return Outcome(on_gauss.mean >= _LEARNT, measured, why)


def _ring(_: Claim) -> Outcome:
    points, targets = _points("circle")
    squared = (points**2).sum(axis=1)
    inner = float(squared[targets > 0].max()) ** 0.5
    outer = float(squared[targets < 0].min()) ** 0.5
    why = "largest radius inside, smallest outside: a threshold on x1² + x2² divides them"
    return Outcome(inner < outer, [inner, outer], why)


# --- regularisation


def _rate(parts: Parts, _: Claim) -> Outcome:
    measured: dict[str, float | list[float]] = {}
    within = []
    for kind, id in (("l1", "003-011"), ("l2", "003-019")):
        printed = quoted(id)[0]
        as_stated = f"table-2/spiral-{kind}"
        for label in (as_stated, *(name for name in parts if name.startswith(f"{as_stated}, "))):
            values = column(parts[label], "train_loss")
            measured[label] = [min(values), max(values)]
        losses = column(parts[as_stated], "train_loss")
        within.append(min(losses) - _HALF_DISPLAY <= printed <= max(losses) + _HALF_DISPLAY)
        measured[f"printed {kind}"] = printed
    why = "spiral: lowest and highest training loss; "
    why += "at 0.01 no network learns it, so the rate was lower there"
    return Outcome(all(within), measured, why)


def _left_over(parts: Parts, _: Claim) -> Outcome:
    names = ("xor-l1", "xor-l2", "gauss-l1", "gauss-l2")
    found = {name: strengths(parts[f"table-2/{name}"]) for name in names}
    linear = {name: {"x1", "x2"} <= survivors(found[name]) for name in names}
    why = "XOR keeps x1 x2"
    if linear["gauss-l1"] and linear["gauss-l2"]:
        why += "; x1 and x2 are what Gaussian keeps: the names are exchanged"
    return Outcome(linear["xor-l1"] and linear["xor-l2"], found, why)


def _sines(parts: Parts, _: Claim) -> Outcome:
    names = ("xor-l2", "gauss-l2")
    found = {name: strengths(parts[f"table-2/{name}"]) for name in names}
    sines = {name: {"sin_x1", "sin_x2"} <= survivors(found[name]) for name in names}
    why = "criterion: sines at least a quarter of the strongest feature"
    if sines["gauss-l2"]:
        why += "; so they are on Gaussian: the names are exchanged"
    return Outcome(sines["xor-l2"], found, why)


def _learning_spirals(parts: Parts, kind: str) -> dict[str, Sequence[Record]]:
    """The runs of a regularised spiral that learnt anything, by part; parts without such runs are
    left out.
    """
    names = (name for name in parts if name.startswith(f"table-2/spiral-{kind}"))
    found = {name: learning(parts[name]) for name in names}
    return {name: records for name, records in found.items() if records}


def _strongest_is_a_sine(record: Record) -> bool:
    strength: dict[str, float] = record["strength"]
    return max(strength, key=lambda name: strength[name]).startswith("sin")


def _skewed(parts: Parts, _: Claim) -> Outcome:
    found = _learning_spirals(parts, "l1")
    runs = [record for records in found.values() for record in records]
    share = statistics.fmean(map(_strongest_is_a_sine, runs)) if runs else 0.0
    measured = {name: strengths(records) for name, records in found.items()}
    why = "median strengths of the runs that learn, at rate 0.001; "
    why += f"criterion: a sine is strongest in most, {share:.0%}"
    return Outcome(share > 0.5, measured, why)


def _equal(parts: Parts, _: Claim) -> Outcome:
    runs = _learning_spirals(parts, "l2")
    found = {name: strengths(records) for name, records in runs.items()}
    alike = [min(each.values()) >= 0.5 * max(each.values()) for each in found.values()]
    why = "median strengths of the runs that learn (rate 0.001); "
    why += "criterion: none below half of the strongest"
    return Outcome(bool(alike) and all(alike), found, why)


# --- activations

_SETS = ("circle", "xor", "gauss")
_SHAPES = ("5-5", "10-10", "5-5-5-5")
_ACTIVATIONS = ("relu", "tanh", "sigmoid")

Race = Mapping[str, Mapping[str, float]]
"""Set-up → activation → median epochs to a test loss; infinite if most runs do not get there."""


def _set_up(parts: Parts, dataset: str, shape: str, loss: float) -> dict[str, float]:
    """One set-up of a race: activation → median epochs to a test loss, of at most 400."""
    return {name: epochs_to(parts[f"race/{dataset}/{name}/{shape}"], loss) for name in _ACTIVATIONS}


def _race(parts: Parts) -> Race:
    """Median epochs to a test loss below 0.01, in nine set-ups."""
    return {
        f"{dataset} {shape}": _set_up(parts, dataset, shape, 0.01)
        for dataset in _SETS
        for shape in _SHAPES
    }


def _plain(found: Race) -> dict[str, dict[str, float | None]]:
    """With None, which JSON has, for what is never reached."""
    return {
        key: {name: epochs if math.isfinite(epochs) else None for name, epochs in each.items()}
        for key, each in found.items()
    }


def _relu_first(parts: Parts, _: Claim) -> Outcome:
    found = _race(parts)
    slower = [key for key, each in found.items() if each["relu"] >= each["sigmoid"]]
    never = 0
    for dataset in _SETS:
        for shape in _SHAPES:
            runs = parts[f"race/{dataset}/relu/{shape}"]
            never += column(runs, "epochs_to", "0.01").count(None)
    why = "median epochs to a test loss below 0.01, nine set-ups of equal size; "
    why += f"criterion: fewer in each; {never} of 144 single ReLU runs never get there"
    return Outcome(not slower, _plain(found), why)


def _tanh_between(parts: Parts, _: Claim) -> Outcome:
    found = _race(parts)
    sometimes = [key for key, each in found.items() if each["tanh"] < each["sigmoid"]]
    quicker = [key for key, each in found.items() if each["tanh"] < each["relu"]]
    why = "median epochs to a test loss below 0.01; "
    why += f"quicker than sigmoid in {len(sometimes)} of 9, than ReLU in {len(quicker)}"
    if quicker:
        why += f" ({', '.join(quicker)})"
    return Outcome(bool(sometimes) and not quicker, _plain(found), why)


def _sigmoid_fails(parts: Parts, _: Claim) -> Outcome:
    accuracy = column(parts["table-3/xor-sigmoid-2x5"], "test_accuracy")
    short = column(parts["table-3/xor-sigmoid-2x5, epochs of 2x10"], "test_loss")
    why = "test accuracy of 2 × 5 sigmoids after 300 epochs; criterion: most below 90 %. "
    why += f"After the other row's 28 epochs the loss is {statistics.median(short):.3f}"
    return Outcome(statistics.median(accuracy) < 0.9, Spread.of(accuracy), why)


def _much_quicker(parts: Parts, _: Claim) -> Outcome:
    loss = 0.0015  # displayed as 0.001
    found: dict[str, dict[str, float]] = {}
    quicker: list[bool] = []
    for dataset in ("circle", "xor"):
        plain = epochs_to(parts[f"table-1/{dataset}"], loss)
        found[f"{dataset}, table 1"] = {"sigmoid": plain}
        for shape in ("10-10", "5-5-5-5"):
            epochs = _set_up(parts, dataset, shape, loss)
            found[f"{dataset} {shape}"] = epochs
            quicker.extend(value < plain / 1.5 for value in epochs.values())
    why = "median epochs to a displayed test loss of 0.001; criterion: every wider or deeper "
    why += "network needs less than two thirds of table 1's. "
    why += "ReLU does; sigmoid, which tables 1 and 2 use, does not"
    return Outcome(all(quicker), _plain(found), why)


CHECKS: dict[str, Check] = {
    "003-030": fact(["Table 1: test", "Table 4: test"], _two_numbers_equal, _command("table-4")),
    "003-031": fact("hidden layers", _depths, _command("table-4 --hidden 5,5")),
    "003-032": fact(
        "linear decision boundary",
        _one_line,
        "fashion-nn lab playground --dataset xor --hidden none",
    ),
    "003-033": _over_seeds(
        "multiplying X1 and X2 together", _product, "table-1/gauss --features x1x2"
    ),
    "003-034": fact(
        "squaring each of the features", _ring, "fashion-nn lab playground --row table-1/circle"
    ),
    "003-035": fact(
        "performed slightly better across the board",
        _across_the_board,
        "fashion-nn reproduce 003-035",
    ),
    "003-036": _over_seeds(
        "reg. rate fixed to 0.01 throughout", _rate, "table-2/spiral-l2 --rate 0.001"
    ),
    "003-037": _over_seeds("standard input of X1 and X2", _left_over, "table-2"),
    "003-038": _over_seeds("Sin transformations to play a role", _sines, "table-2/xor-l2"),
    "003-039": _over_seeds(
        "highly skewed by the Sin", _skewed, "table-2/spiral-l1 --rate 0.001 --hidden 5,5"
    ),
    "003-040": _over_seeds(
        "almost equally important", _equal, "table-2/spiral-l2 --rate 0.001 --hidden 5,5"
    ),
    "003-041": _over_seeds("Relu always converged quicker", _relu_first),
    "003-042": _over_seeds("never quicker than Relu", _tanh_between),
    "003-043": _over_seeds("Sigmoid couldn't draw", _sigmoid_fails, "table-3/xor-sigmoid-2x5"),
    "003-044": _over_seeds("all reached 0.001 or less loss much quicker", _much_quicker),
    "003-045": fact("/", _constant, "fashion-nn lab playground --epochs 1"),
    "003-046": fact("can learn to represent", _universal, "fashion-nn reproduce 003-046"),
}

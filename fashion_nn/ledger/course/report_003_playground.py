"""Report 003, part 1: what is said about TensorFlow Playground. The rows of its tables are in
`report_003_tables`, the comparison of activations in `report_003_activations`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from fashion_nn.lab import playground
from fashion_nn.ledger import claims, quotations
from fashion_nn.ledger.checks.playground import learning, strengths, survivors
from fashion_nn.ledger.checks.seeds import Criterion as SeedsCriterion
from fashion_nn.ledger.checks.seeds import column, over_seeds, spread
from fashion_nn.ledger.checks.texts import THE_REPORT, fact, quoted
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Criterion, at_least, below, nothing_in, same
from fashion_nn.ledger.findings import Check, Outcome, Slip
from fashion_nn.ledger.protocols import Parts, Record

_LEARNT = 0.95
"""From this accuracy on, a network has learnt a data set of two classes."""
_HALF_DISPLAY = 0.0005


def command(row: str = "table-3") -> str:
    return f"fashion-nn lab playground --row {row} --seeds 16"


def over_runs(words: str | list[str], criterion: SeedsCriterion, row: str = "table-3") -> Check:
    return over_seeds("playground", words, criterion, command(row))


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


_NONE_BETTER = nothing_in("row of table 2 that is better or quicker than table 1's")


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
    slip = Slip("the report's own tables contradict it", shown=bool(worse + longer))
    measured = {"worse": worse, "longer": longer}
    return _NONE_BETTER.outcome(worse + longer, measured, why=why, slip=slip, n=16)


def _one_value(what: str) -> Criterion[list[float]]:
    """What is printed twice has one value."""
    return Criterion(
        f"the report prints one {what}", "two values", lambda v: len(set(v)) == 1, [1, 1], [1, 2]
    )


def _two_numbers_equal(claim: Claim) -> Outcome:
    found = [float(text) for text in re.findall(r"test ([\d.]+)", claim.quoted)]
    why = "the same set-up, epochs and training loss"
    slip = Slip("one of the two is misprinted, or of another run")
    return _one_value("test loss of this run").outcome(found, why=why, slip=slip, n=len(found))


def _depths(claim: Claim) -> Outcome:
    pairs = re.findall(r"Layers (\d)|(\d) hidden layers", claim.quoted)
    found = [float(text) for pair in pairs for text in pair if text]
    why = "hidden layers of the table and of the text"
    slip = Slip("the tables count the output layer too, or the text is of another network")
    return _one_value("number of hidden layers").outcome(found, why=why, slip=slip, n=len(found))


def _widths(claim: Claim) -> Outcome:
    """As many widths as hidden layers."""
    layers = int(quotations.first(claim.quoted))
    printed = len(re.findall(r"Neurons H\d", claim.quoted))
    rule = same(layers, layers - 1, "the hidden layers and the columns with their widths")
    why = f"{layers} hidden layers and {printed} columns of neurons: the third width is unknown"
    return rule.outcome(printed, why=why, n=2)


_THEOREM = nothing_in("word that the theorem does not say")


def _universal(claim: Claim) -> Outcome:
    wrong = []
    if "depth" in claim.quoted:
        wrong.append("width")
    if "any function" in claim.quoted:
        wrong.append("continuous functions")
    right = "one hidden layer, wide enough, approximates any continuous function on a compact set"
    why = f"the theorem (Cybenko 1989, Hornik 1991) speaks of {' and '.join(wrong) or 'this'}, "
    why += "and of no learning"
    slip = Slip("depth for width, and too many functions", shown=len(wrong) == 2)
    return _THEOREM.outcome(wrong, right, why=why, slip=slip, n=2)


def _constant(claim: Claim) -> Outcome:
    value = 0.5 * (0 - 1.0) ** 2
    printed = [number.value for number in quotations.read(claim.quoted)]
    rule = same([value, value], [0.4, 0.4], "the printed losses and that of the output 0")
    return rule.outcome(printed, value, why="½ (0 - (±1))²: the output 0 everywhere", n=2)


_BOUNDED = below(1.5, "the largest value of |sin x| over the range of the points, -6 to 6,")


def _sine_bounded(_: Claim) -> Outcome:
    x = np.linspace(-6, 6, 1201)
    largest = float(np.abs(np.sin(x)).max())
    why = "x reaches 6 and x² 36, a sine cannot grow as they do; it does not squash either: it "
    why += "rises and falls"
    return _BOUNDED.outcome(largest, why=why, n=len(x))


# --- the data sets, and which features divide them


@lru_cache
def _points(dataset: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) and targets (n,) of a data set."""
    begun = playground.start(playground.Settings(dataset=dataset, split=0.7))
    return begun.points, begun.targets


_LINE_DIVIDES = at_least(_LEARNT, "the best accuracy of one straight line on XOR")
_LEARNS = at_least(_LEARNT, "the mean test accuracy on Gaussian")
_DIVIDED = at_least(0, "the gap between the smallest radius outside and the largest inside")


def _one_line(_: Claim) -> Outcome:
    best = playground.best_for_xor()
    exchanged = _gauss_by_line() >= _LEARNT
    words = "XOR and Gaussian are exchanged: two Gaussians are divided by a line"
    slip = Slip(words, shown=True) if exchanged else None
    return _LINE_DIVIDES.outcome(best.accuracy, why=f"it lies at {best.angle:.0f}°", slip=slip)


def _gauss_by_line() -> float:
    """Accuracy on Gaussian of the line through 0 at right angles to the diagonal on which its
    centres lie.
    """
    points, targets = _points("gauss")
    return float(((points.sum(axis=1) > 0) == (targets > 0)).mean())


def _product(parts: Parts, _: Claim) -> Outcome:
    on_gauss = spread(parts["gauss by x1x2 alone"], "test_accuracy")
    on_xor = spread(parts["table-1/xor"], "test_accuracy")
    why = "x1 x2 has the same law for both centres, (2, 2) and (-2, -2); on XOR it suffices"
    slip = Slip("the names of XOR and Gaussian are exchanged", shown=on_xor.mean >= _LEARNT)
    measured = {"test accuracy": on_gauss, "the same on XOR": on_xor}
    return _LEARNS.outcome(on_gauss.mean, measured, why=why, slip=slip, n=on_gauss.n)


def _ring(_: Claim) -> Outcome:
    points, targets = _points("circle")
    squared = (points**2).sum(axis=1)
    inner = float(squared[targets > 0].max()) ** 0.5
    outer = float(squared[targets < 0].min()) ** 0.5
    why = "largest radius inside, smallest outside: a threshold on x1² + x2² divides them"
    return _DIVIDED.outcome(outer - inner, [inner, outer], why=why, n=len(points))


# --- regularisation

_BOTH_AMONG = nothing_in(
    "printed training loss of a spiral outside those of the seeds at rate 0.01"
)


def _rate(parts: Parts, _: Claim) -> Outcome:
    measured: dict[str, float | list[float]] = {}
    outside = []
    for kind, id in (("l1", "003-011"), ("l2", "003-019")):
        printed = quoted(id)[0]
        as_stated = f"table-2/spiral-{kind}"
        for label in (as_stated, *(name for name in parts if name.startswith(f"{as_stated}, "))):
            values = column(parts[label], "train_loss")
            measured[label] = [min(values), max(values)]
        losses = column(parts[as_stated], "train_loss")
        if not min(losses) - _HALF_DISPLAY <= printed <= max(losses) + _HALF_DISPLAY:
            outside.append(f"{kind}: {printed:g}")
        measured[f"printed {kind}"] = printed
    why = "lowest and highest training loss of the seeds; at 0.01 no network learns the spiral"
    slip = Slip("the rate was lower on the spiral")
    return _BOTH_AMONG.outcome(outside, measured, why=why, slip=slip, n=2)


Survivors = Mapping[str, set[str]]


def _survive(features: set[str], rows: Sequence[str]) -> Criterion[Survivors]:
    """The features are among those that survive, in each of the rows."""
    names = ", ".join(sorted(features))
    return Criterion(
        f"{names} have at least a quarter of the strongest feature's weights, in {', '.join(rows)}",
        "a feature below a quarter of the strongest",
        lambda found: all(features <= found[row] for row in rows),
        dict.fromkeys(rows, features),
        {row: set() for row in rows},
    )


_KEPT = _survive({"x1", "x2"}, ("xor-l1", "xor-l2"))
_SINES = _survive({"sin_x1", "sin_x2"}, ("xor-l2",))
_EXCHANGED = "the names of XOR and Gaussian are exchanged"


def _left_over(parts: Parts, _: Claim) -> Outcome:
    names = ("xor-l1", "xor-l2", "gauss-l1", "gauss-l2")
    found = {name: strengths(parts[f"table-2/{name}"]) for name in names}
    kept = {name: survivors(strength) for name, strength in found.items()}
    both = all({"x1", "x2"} <= kept[name] for name in names[2:])
    why = "XOR keeps x1 x2; x1 and x2 are what Gaussian keeps"
    return _KEPT.outcome(kept, found, why=why, slip=Slip(_EXCHANGED, shown=both), n=len(names))


def _sines(parts: Parts, _: Claim) -> Outcome:
    names = ("xor-l2", "gauss-l2")
    found = {name: strengths(parts[f"table-2/{name}"]) for name in names}
    kept = {name: survivors(strength) for name, strength in found.items()}
    on_gauss = {"sin_x1", "sin_x2"} <= kept["gauss-l2"]
    slip = Slip(_EXCHANGED, shown=on_gauss)
    return _SINES.outcome(kept, found, why="they have it on Gaussian", slip=slip, n=len(names))


def _strongest_is_a_sine(record: Record) -> bool:
    strength: dict[str, float] = record["strength"]
    return max(strength, key=lambda name: strength[name]).startswith("sin")


def _elsewhere(parts: Parts, kind: str) -> dict[str, int]:
    """How many runs of a regularised spiral learn anything with other settings, by part."""
    names = (name for name in parts if name.startswith(f"table-2/spiral-{kind}, "))
    return {name.partition(", ")[2]: len(learning(parts[name])) for name in names}


_MOST_SINES = at_least(
    0.5, "the share of the seeds that learn and have a sine as strongest feature"
)


def _skewed(parts: Parts, _: Claim) -> Outcome:
    runs = parts["table-2/spiral-l1"]
    fits = [_strongest_is_a_sine(record) for record in learning(runs)]
    why = f"as stated (three layers, rate 0.01) {len(fits)} of {len(runs)} seeds learn anything; "
    why += f"with other settings: {_elsewhere(parts, 'l1')}"
    return _MOST_SINES.outcome(sum(fits) / len(runs), why=why, n=len(runs))


_ALIKE = at_least(0.5, "the weakest feature's weights as a share of the strongest's")


def _equal(parts: Parts, _: Claim) -> Outcome:
    runs = parts["table-2/spiral-l2"]
    learnt = learning(runs)
    strength = strengths(learnt) if learnt else {}
    share = min(strength.values()) / max(strength.values()) if strength else 0.0
    why = f"as stated (three layers, rate 0.01) {len(learnt)} of {len(runs)} seeds learn anything; "
    why += f"with other settings: {_elsewhere(parts, 'l2')}"
    return _ALIKE.outcome(share, why=why, n=len(runs))


CHECKS: dict[str, Check] = {
    "003-030": fact(["Table 1: test", "Table 4: test"], _two_numbers_equal, THE_REPORT),
    "003-031": fact("hidden layers", _depths, THE_REPORT),
    "003-032": fact(
        "linear decision boundary",
        _one_line,
        "fashion-nn lab playground --dataset xor --hidden none",
    ),
    "003-033": over_runs(
        "multiplying X1 and X2 together", _product, "table-1/gauss --features x1x2"
    ),
    "003-034": fact(
        "squaring each of the features", _ring, "fashion-nn lab playground --row table-1/circle"
    ),
    "003-035": fact("performed slightly better across the board", _across_the_board, THE_REPORT),
    "003-036": over_runs(
        "reg. rate fixed to 0.01 throughout", _rate, "table-2/spiral-l2 --rate 0.001"
    ),
    "003-037": over_runs("standard input of X1 and X2", _left_over, "table-2"),
    "003-038": over_runs("Sin transformations to play a role", _sines, "table-2/xor-l2"),
    "003-039": over_runs("highly skewed by the Sin", _skewed, "table-2/spiral-l1"),
    "003-040": over_runs("almost equally important", _equal, "table-2/spiral-l2"),
    "003-045": fact("/", _constant, "fashion-nn lab playground --epochs 1"),
    "003-046": fact("can learn to represent", _universal, THE_REPORT),
    "003-188": fact("the range is limited", _sine_bounded, "fashion-nn lab playground"),
    "003-197": fact("Neurons H1", _widths, THE_REPORT),
}

"""Report 003, part 1: TensorFlow Playground."""

import math
import re
import statistics
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn.lab import playground
from fashion_nn.ledger import claims, figures
from fashion_nn.ledger.findings import Check, Claim
from fashion_nn.ledger.studies import (
    Parts,
    epochs_to,
    learning,
    mean_sd,
    over,
    row,
    strengths,
    study,
    surviving,
    survivors,
)
from fashion_nn.ledger.texts import Answer, fact, quoted

if TYPE_CHECKING:
    pass


def _table_1() -> dict[str, tuple[int, list[float]]]:
    """Epochs and the two losses that table 1 prints, by data set."""
    return {name: _printed_row(f"003-00{n}") for n, name in enumerate(("circle", "gauss", "xor", "spiral"), start=1)}


def _printed_row(id: str) -> tuple[int, list[float]]:
    return int(re.search(r"(\d+) epochs", claims.by_id(id).claim)[1]), quoted(id)


def _two_numbers_equal(claim: Claim) -> Answer:
    found = [float(text) for text in re.findall(r"test ([\d.]+)", claim.quoted)]
    return (
        len(set(found)) == 1,
        found,
        "the same set-up, epochs and training loss; the printed test losses",
        "one of the two is misprinted, or of another run",
    )


def _depths(claim: Claim) -> Answer:
    found = [int(text) for text in re.findall(r"Layers (\d)|(\d) hidden layers", claim.quoted) for text in text if text]
    return (
        len(set(found)) == 1,
        found,
        "hidden layers of the table and of the text",
        "the tables count the output layer too, or the text is of another network",
    )


def _one_line(_: Claim) -> Answer:
    best = playground.best_for_xor()
    why = f"best accuracy of one straight line on XOR: at {best.angle:.0f}°; criterion: at least 95 %"
    slip = "XOR and Gaussian are exchanged: two Gaussians are divided by a line" if _gauss_by_line() >= 0.95 else ""
    return best.accuracy >= 0.95, best.accuracy, why, slip


@lru_cache
def _points(dataset: str) -> tuple[np.ndarray, np.ndarray]:
    begun = playground.start(playground.Settings(dataset=dataset, split=0.7))
    return begun.points, begun.targets


def _gauss_by_line() -> float:
    """Accuracy on Gaussian of the line through 0 at right angles to the diagonal on which its centres lie."""
    points, targets = _points("gauss")
    return float(((points.sum(axis=1) > 0) == (targets > 0)).mean())


def _product(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    accuracy = mean_sd(over(parts["gauss by x1x2 alone"], "test_accuracy"))
    on_xor = mean_sd(over(parts["table-1/xor"], "test_accuracy"))
    why = "x1 x2 has the same law for both centres, (2, 2) and (-2, -2); on XOR it suffices: the names are exchanged"
    return accuracy["mean"] >= 0.95, {"test accuracy": accuracy, "the same on XOR": on_xor}, why


def _ring(_: Claim) -> Answer:
    points, targets = _points("circle")
    squared = (points**2).sum(axis=1)
    inner, outer = float(squared[targets > 0].max()) ** 0.5, float(squared[targets < 0].min()) ** 0.5
    return (
        inner < outer,
        [inner, outer],
        "largest radius inside, smallest outside: a threshold on x1² + x2² divides them",
    )


def _across_the_board(_: Claim) -> Answer:
    one = _table_1()
    worse, longer = [], []
    for kind, ids in (("L1", (7, 9, 5, 11)), ("L2", (15, 17, 13, 19))):
        for (name, (epochs, losses_)), number in zip(one.items(), ids, strict=True):
            other_epochs, other = _printed_row(f"003-{number:03}")
            worse += [f"{name} {kind}: test {losses_[1]:g} against {other[1]:g}"] if losses_[1] > other[1] else []
            longer += [f"{name} {kind}: {epochs} epochs against {other_epochs}"] if epochs > other_epochs else []
    return (
        not worse + longer,
        {"worse": worse, "longer": longer},
        "table 1 against table 2, as printed",
        "the report's own tables contradict it",
    )


def _rate(parts: Parts, claim: Claim) -> tuple[bool, Any, str]:
    printed = {kind: quoted(f"003-{number}")[0] for kind, number in (("l1", "011"), ("l2", "019"))}
    found: dict[str, Any] = {}
    for kind, value in printed.items():
        for label in (
            f"table-2/spiral-{kind}",
            *(name for name in parts if name.startswith(f"table-2/spiral-{kind}, ")),
        ):
            values = over(parts[label], "train_loss")
            found[label] = [min(values), max(values)]
        found[f"printed {kind}"] = value
    holds = all(
        found[f"table-2/spiral-{kind}"][0] - 0.0005 <= value <= found[f"table-2/spiral-{kind}"][1] + 0.0005
        for kind, value in printed.items()
    )
    return (
        holds,
        found,
        "spiral: lowest and highest training loss; at 0.01 no network learns it, so the rate was lower there",
    )


def _left_over(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {name: strengths(parts[f"table-2/{name}"]) for name in ("xor-l1", "xor-l2", "gauss-l1", "gauss-l2")}
    holds = all({"x1", "x2"} <= survivors(found[name]) for name in ("xor-l1", "xor-l2"))
    swapped = all({"x1", "x2"} <= survivors(found[name]) for name in ("gauss-l1", "gauss-l2"))
    why = "XOR keeps x1 x2" + ("; x1 and x2 are what Gaussian keeps: the names are exchanged" if swapped else "")
    return holds, found, why


def _sines(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {name: strengths(parts[f"table-2/{name}"]) for name in ("xor-l2", "gauss-l2")}
    holds = {"sin_x1", "sin_x2"} <= survivors(found["xor-l2"])
    swapped = {"sin_x1", "sin_x2"} <= survivors(found["gauss-l2"])
    why = "criterion: sines at least a quarter of the strongest feature"
    return holds, found, why + ("; so they are on Gaussian: the names are exchanged" if swapped else "")


def _spiral_parts(parts: Parts, kind: str) -> dict[str, list[dict]]:
    """The runs of a regularised spiral that learnt anything: training loss below 0.45."""
    names = [name for name in parts if name.startswith(f"table-2/spiral-{kind}")]
    return {name: learnt for name in names if (learnt := learning(parts[name]))}


def _skewed(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    runs = [record["strength"] for records in _spiral_parts(parts, "l1").values() for record in records]
    first = statistics.fmean(max(one, key=one.get).startswith("sin") for one in runs) if runs else 0.0
    measured = {name: strengths(records) for name, records in _spiral_parts(parts, "l1").items()}
    why = f"median strengths of the runs that learn, at rate 0.001; criterion: a sine is strongest in most, {first:.0%}"
    return first > 0.5, measured, why


def _equal(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {name: strengths(records) for name, records in _spiral_parts(parts, "l2").items()}
    holds = bool(found) and all(min(s.values()) >= 0.5 * max(s.values()) for s in found.values())
    return (
        holds,
        found,
        "median strengths of the runs that learn (rate 0.001); criterion: none below half of the strongest",
    )


_SETS, _SHAPES = ("circle", "xor", "gauss"), ("5-5", "10-10", "5-5-5-5")


def _race(parts: Parts, loss: float = 0.01) -> dict[str, dict[str, float]]:
    """Median epochs to a test loss, by set-up and activation; infinite where most runs do not get there in 400."""
    return {
        f"{data} {shape}": {
            name: epochs_to(parts[f"race/{data}/{name}/{shape}"], loss) for name in ("relu", "tanh", "sigmoid")
        }
        for data in _SETS
        for shape in _SHAPES
    }


def _plain(found: dict[str, dict[str, float]]) -> dict[str, dict[str, float | None]]:
    """With None, which JSON has, for what is never reached."""
    return {
        key: {name: value if math.isfinite(value) else None for name, value in each.items()}
        for key, each in found.items()
    }


def _relu_first(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = _race(parts)
    slower = [key for key, each in found.items() if each["relu"] >= each["sigmoid"]]
    never = sum(
        value is None
        for data in _SETS
        for shape in _SHAPES
        for value in over(parts[f"race/{data}/relu/{shape}"], "epochs_to", "0.01")
    )
    why = "median epochs to a test loss below 0.01, nine set-ups of equal size; criterion: fewer in each; "
    why += f"{never} of 144 single ReLU runs never get there"
    return not slower, _plain(found), why


def _tanh_between(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = _race(parts)
    sometimes = [key for key, each in found.items() if each["tanh"] < each["sigmoid"]]
    quicker = [key for key, each in found.items() if each["tanh"] < each["relu"]]
    why = f"median epochs to a test loss below 0.01; quicker than sigmoid in {len(sometimes)} of 9, "
    why += f"than ReLU in {len(quicker)}"
    return bool(sometimes) and not quicker, _plain(found), why + (f" ({', '.join(quicker)})" if quicker else "")


def _sigmoid_fails(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    accuracy = over(parts["table-3/xor-sigmoid-2x5"], "test_accuracy")
    why = (
        "test accuracy of 2 × 5 sigmoids after 300 epochs; criterion: most below 90 %. After the other row's 28 epochs "
    )
    why += f"the loss is {statistics.median(over(parts['table-3/xor-sigmoid-2x5, epochs of 2x10'], 'test_loss')):.3f}"
    return statistics.median(accuracy) < 0.9, mean_sd(accuracy), why


def _much_quicker(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found: dict[str, dict[str, float]] = {}
    for data in ("circle", "xor"):
        found[f"{data}, table 1"] = {"sigmoid": epochs_to(parts[f"table-1/{data}"], 0.0015)}
        for shape in ("10-10", "5-5-5-5"):
            found[f"{data} {shape}"] = {
                name: epochs_to(parts[f"race/{data}/{name}/{shape}"], 0.0015) for name in ("relu", "tanh", "sigmoid")
            }
    holds = all(
        value < found[f"{key.split()[0]}, table 1"]["sigmoid"] / 1.5
        for key, each in found.items()
        if "table" not in key
        for value in each.values()
    )
    why = (
        "median epochs to a displayed test loss of 0.001; criterion: every wider or deeper network needs less than two "
    )
    why += "thirds of table 1's. "
    why += "ReLU does; sigmoid, which tables 1 and 2 use, does not"
    return holds, _plain(found), why


def _universal(claim: Claim) -> Answer:
    wanted = {"width": "depth" not in claim.quoted, "continuous functions": "any function" not in claim.quoted}
    right = "one hidden layer, wide enough, approximates any continuous function on a compact set"
    wrong = [name for name, good in wanted.items() if not good]
    return (
        not wrong,
        right,
        f"the theorem (Cybenko 1989, Hornik 1991) speaks of {' and '.join(wrong) or 'this'}, and of no learning",
        "depth for width, and too many functions",
    )


def _constant(claim: Claim) -> Answer:
    value = 0.5 * (0 - 1.0) ** 2
    printed = [figure.value for figure in figures.read(claim.quoted)]
    return printed == [value, value], value, "½ (0 - (±1))²: the output 0 everywhere"


def playground_(words: str | list[str], criterion: Any, row_: str = "table-3") -> Check:
    return study("playground", words, criterion, f"fashion-nn lab playground --row {row_} --seeds 16")


_RATE = "the regularization rate was not 0.01 but 0.001"
_TWO = "two hidden layers, as the text says"


def _swapped(row_: str) -> list[tuple[str, str]]:
    return [(row_, "the row is that of the other data set: XOR and Gaussian are exchanged")]


def _spiral(kind: str) -> list[tuple[str, str]]:
    name = f"table-2/spiral-{kind}"
    return [
        (f"{name}, rate 0.001", _RATE),
        (f"{name}, two layers", _TWO),
        (f"{name}, two layers, rate 0.001", f"{_RATE}, with {_TWO}"),
    ]


CHECKS: dict[str, Check] = {
    "003-001": row("table-1/circle"),
    "003-002": row("table-1/gauss"),
    "003-003": row("table-1/xor"),
    "003-004": row("table-1/spiral"),
    "003-005": row("table-2/xor-l1", readings=_swapped("table-2/gauss-l1")),
    "003-006": surviving("table-2/xor-l1", swapped="table-2/gauss-l1"),
    "003-007": row("table-2/circle-l1"),
    "003-008": surviving("table-2/circle-l1"),
    "003-009": row("table-2/gauss-l1", readings=_swapped("table-2/xor-l1")),
    "003-010": surviving("table-2/gauss-l1", swapped="table-2/xor-l1"),
    "003-011": row("table-2/spiral-l1", readings=_spiral("l1")),
    "003-012": surviving("table-2/spiral-l1", readings=_spiral("l1")),
    "003-013": row("table-2/xor-l2", readings=_swapped("table-2/gauss-l2")),
    "003-014": surviving("table-2/xor-l2", swapped="table-2/gauss-l2"),
    "003-015": row("table-2/circle-l2"),
    "003-016": surviving("table-2/circle-l2"),
    "003-017": row("table-2/gauss-l2", readings=_swapped("table-2/xor-l2")),
    "003-018": surviving("table-2/gauss-l2", swapped="table-2/xor-l2"),
    "003-019": row("table-2/spiral-l2", readings=_spiral("l2")),
    "003-020": surviving("table-2/spiral-l2", readings=_spiral("l2")),
    "003-021": row("table-3/xor-relu-4x5"),
    "003-022": row(
        "table-3/xor-sigmoid-2x5",
        readings=[
            ("table-3/xor-sigmoid-2x5, epochs of 2x10", "the epochs of the two sigmoid rows are exchanged: 28, not 300")
        ],
    ),
    "003-023": row("table-3/xor-tanh-2x5"),
    "003-024": row(
        "table-3/xor-sigmoid-2x10",
        readings=[
            ("table-3/xor-sigmoid-2x10, epochs of 2x5", "the epochs of the two sigmoid rows are exchanged: 300, not 28")
        ],
    ),
    "003-025": row("table-3/circle-sigmoid-2x5"),
    "003-026": row("table-3/circle-relu-2x10"),
    "003-027": row("table-3/circle-relu-3x10"),
    "003-028": row("table-3/circle-relu-4x5"),
    "003-029": row("table-4/spiral"),
    "003-030": fact(
        ["Table 1: test", "Table 4: test"], _two_numbers_equal, "fashion-nn lab playground --row table-4 --seeds 16"
    ),
    "003-031": fact("hidden layers", _depths, "fashion-nn lab playground --row table-4 --hidden 5,5 --seeds 16"),
    "003-032": fact("linear decision boundary", _one_line, "fashion-nn lab playground --dataset xor --hidden none"),
    "003-033": playground_("multiplying X1 and X2 together", _product, "table-1/gauss --features x1x2"),
    "003-034": fact("squaring each of the features", _ring, "fashion-nn lab playground --row table-1/circle"),
    "003-035": fact("performed slightly better across the board", _across_the_board, "fashion-nn reproduce 003-035"),
    "003-036": playground_("reg. rate fixed to 0.01 throughout", _rate, "table-2/spiral-l2 --rate 0.001"),
    "003-037": playground_("standard input of X1 and X2", _left_over, "table-2"),
    "003-038": playground_("Sin transformations to play a role", _sines, "table-2/xor-l2"),
    "003-039": playground_("highly skewed by the Sin", _skewed, "table-2/spiral-l1 --rate 0.001 --hidden 5,5"),
    "003-040": playground_("almost equally important", _equal, "table-2/spiral-l2 --rate 0.001 --hidden 5,5"),
    "003-041": playground_("Relu always converged quicker", _relu_first),
    "003-042": playground_("never quicker than Relu", _tanh_between),
    "003-043": playground_("Sigmoid couldn't draw", _sigmoid_fails, "table-3/xor-sigmoid-2x5"),
    "003-044": playground_("all reached 0.001 or less loss much quicker", _much_quicker),
    "003-045": fact("/", _constant, "fashion-nn lab playground --epochs 1"),
    "003-046": fact("can learn to represent", _universal, "fashion-nn reproduce 003-046"),
}

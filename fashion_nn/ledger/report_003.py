"""Report 003: TensorFlow Playground, Keras on Fashion-MNIST, principal components, and sample questions."""

import math
import re
import statistics
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn import metrics
from fashion_nn.lab import losses, playground
from fashion_nn.ledger import claims, figures, tables, texts, trainings
from fashion_nn.ledger.algebra import expression
from fashion_nn.ledger.findings import MATCH, Check, Claim, Finding
from fashion_nn.ledger.studies import Parts, epochs_to, learning, mean_sd, over, row, strengths, study, surviving, survivors
from fashion_nn.ledger.texts import Answer, absent, captioned, fact, fold_sizes, numbers, quoted
from fashion_nn.ledger.trainings import folds, of_run

if TYPE_CHECKING:
    from fashion_nn.lab.backprop.symbolic import Regression

# --- the Playground


def _table_1() -> dict[str, tuple[int, list[float]]]:
    """Epochs and the two losses that table 1 prints, by data set."""
    return {name: _printed_row(f"003-00{n}") for n, name in enumerate(("circle", "gauss", "xor", "spiral"), start=1)}


def _printed_row(id: str) -> tuple[int, list[float]]:
    return int(re.search(r"(\d+) epochs", claims.by_id(id).claim)[1]), quoted(id)


def _two_numbers_equal(claim: Claim) -> Answer:
    found = [float(text) for text in re.findall(r"test ([\d.]+)", claim.quoted)]
    return len(set(found)) == 1, found, "the same set-up, epochs and training loss; the printed test losses", "one of the two is misprinted, or of another run"


def _depths(claim: Claim) -> Answer:
    found = [int(text) for text in re.findall(r"Layers (\d)|(\d) hidden layers", claim.quoted) for text in text if text]
    return len(set(found)) == 1, found, "hidden layers of the table and of the text", "the tables count the output layer too, or the text is of another network"


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
    return inner < outer, [inner, outer], "largest radius inside, smallest outside: a threshold on x1² + x2² divides them"


def _across_the_board(_: Claim) -> Answer:
    one = _table_1()
    worse, longer = [], []
    for kind, ids in (("L1", (7, 9, 5, 11)), ("L2", (15, 17, 13, 19))):
        for (name, (epochs, losses_)), number in zip(one.items(), ids, strict=True):
            other_epochs, other = _printed_row(f"003-{number:03}")
            worse += [f"{name} {kind}: test {losses_[1]:g} against {other[1]:g}"] if losses_[1] > other[1] else []
            longer += [f"{name} {kind}: {epochs} epochs against {other_epochs}"] if epochs > other_epochs else []
    return not worse + longer, {"worse": worse, "longer": longer}, "table 1 against table 2, as printed", "the report's own tables contradict it"


def _rate(parts: Parts, claim: Claim) -> tuple[bool, Any, str]:
    printed = {kind: quoted(f"003-{number}")[0] for kind, number in (("l1", "011"), ("l2", "019"))}
    found = {}
    for kind, value in printed.items():
        for label in (f"table-2/spiral-{kind}", *(name for name in parts if name.startswith(f"table-2/spiral-{kind}, "))):
            values = over(parts[label], "train_loss")
            found[label] = [min(values), max(values)]
        found[f"printed {kind}"] = value
    holds = all(
        found[f"table-2/spiral-{kind}"][0] - 0.0005 <= value <= found[f"table-2/spiral-{kind}"][1] + 0.0005
        for kind, value in printed.items()
    )
    return holds, found, "spiral: lowest and highest training loss; at 0.01 no network learns it, so the rate was lower there"


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
    why = f"median strengths of the runs that learn (rate 0.001); a sine is the strongest in {first:.0%}; criterion: in most"
    return first > 0.5, measured, why


def _equal(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {name: strengths(records) for name, records in _spiral_parts(parts, "l2").items()}
    holds = bool(found) and all(min(s.values()) >= 0.5 * max(s.values()) for s in found.values())
    return holds, found, "median strengths of the runs that learn (rate 0.001); criterion: none below half of the strongest"


_SETS, _SHAPES = ("circle", "xor", "gauss"), ("5-5", "10-10", "5-5-5-5")


def _race(parts: Parts, loss: float = 0.01) -> dict[str, dict[str, float]]:
    """Median epochs to a test loss, by set-up and activation; infinite where most runs do not get there in 400."""
    return {
        f"{data} {shape}": {name: epochs_to(parts[f"race/{data}/{name}/{shape}"], loss) for name in ("relu", "tanh", "sigmoid")}
        for data in _SETS
        for shape in _SHAPES
    }


def _plain(found: dict[str, dict[str, float]]) -> dict[str, dict[str, float | None]]:
    """With None, which JSON has, for what is never reached."""
    return {key: {name: value if math.isfinite(value) else None for name, value in each.items()} for key, each in found.items()}


def _relu_first(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = _race(parts)
    slower = [key for key, each in found.items() if each["relu"] >= each["sigmoid"]]
    never = sum(value is None for data in _SETS for shape in _SHAPES for value in over(parts[f"race/{data}/relu/{shape}"], "epochs_to", "0.01"))
    why = f"median epochs to a test loss below 0.01, nine set-ups of equal size; criterion: fewer in each; {never} of 144 single ReLU runs never get there"
    return not slower, _plain(found), why


def _tanh_between(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = _race(parts)
    sometimes = [key for key, each in found.items() if each["tanh"] < each["sigmoid"]]
    quicker = [key for key, each in found.items() if each["tanh"] < each["relu"]]
    why = f"median epochs to a test loss below 0.01; quicker than sigmoid in {len(sometimes)} of 9, than ReLU in {len(quicker)}"
    return bool(sometimes) and not quicker, _plain(found), why + (f" ({', '.join(quicker)})" if quicker else "")


def _sigmoid_fails(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    accuracy = over(parts["table-3/xor-sigmoid-2x5"], "test_accuracy")
    why = "test accuracy of 2 × 5 sigmoids after 300 epochs; criterion: most runs below 90 %. After the other row's 28 epochs "
    why += f"the loss is {statistics.median(over(parts['table-3/xor-sigmoid-2x5, epochs of 2x10'], 'test_loss')):.3f}"
    return statistics.median(accuracy) < 0.9, mean_sd(accuracy), why


def _much_quicker(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found: dict[str, dict[str, float]] = {}
    for data in ("circle", "xor"):
        found[f"{data}, table 1"] = {"sigmoid": epochs_to(parts[f"table-1/{data}"], 0.0015)}
        for shape in ("10-10", "5-5-5-5"):
            found[f"{data} {shape}"] = {name: epochs_to(parts[f"race/{data}/{name}/{shape}"], 0.0015) for name in ("relu", "tanh", "sigmoid")}
    holds = all(
        value < found[f"{key.split()[0]}, table 1"]["sigmoid"] / 1.5 for key, each in found.items() if "table" not in key for value in each.values()
    )
    why = "median epochs to a displayed test loss of 0.001; criterion: every wider or deeper network needs less than two thirds of table 1's. "
    why += "ReLU does; sigmoid, which tables 1 and 2 use, does not"
    return holds, _plain(found), why


def _universal(claim: Claim) -> Answer:
    wanted = {"width": "depth" not in claim.quoted, "continuous functions": "any function" not in claim.quoted}
    right = "one hidden layer, wide enough, approximates any continuous function on a compact set"
    wrong = [name for name, good in wanted.items() if not good]
    return not wrong, right, f"the theorem (Cybenko 1989, Hornik 1991) speaks of {' and '.join(wrong) or 'this'}; it says nothing of learning", "depth for width, and too many functions"


def _constant(claim: Claim) -> Answer:
    value = 0.5 * (0 - 1.0) ** 2
    printed = [figure.value for figure in figures.read(claim.quoted)]
    return printed == [value, value], value, "½ (0 - (±1))²: the output 0 everywhere"


# --- Keras on Fashion-MNIST


def _statements(first: str, second: str) -> tuple[float, float]:
    return quoted(first)[0], quoted(second)[0]


def _best_of_two(_: Claim) -> Answer:
    small, large = _statements("003-117", "003-118")
    found = trainings.run_of("mlp")
    ours = 100 * found[0]["valid"]["accuracy"] if found else None
    measured = {"said before": small, "said here": large, "ours": ours}
    nearer = ours is not None and abs(ours - small) < abs(ours - large)
    slip = f"contradicts the {small:g} said before" + (", which ours is near" if nearer else "")
    return abs(small - large) < 1, measured, "the report gives two validation accuracies of one network", slip


def _vast(_: Claim) -> Answer:
    cnn = quoted("003-119")[0]
    one, best = _statements("003-117", "003-118")
    measured = {"over the first figure": cnn - one, "over the best figure": cnn - best}
    return cnn > max(one, best) + 2, measured, f"{cnn:g} against {one:g} and, called the best, {best:g}; criterion: two points above both", "compared with 87.4; the 96.7 that the text calls best is higher"


def _updates(claim: Claim) -> Answer:
    batch = figures.read(claim.quoted.replace("/", "/ "))[0].value
    rows = 60_000 - 6_000
    steps = math.ceil(rows / batch)
    return abs(steps - rows / batch) < 1, steps, f"{rows:,} rows / {batch:g} = {rows / batch:.4g}, the last batch being smaller"


def _optimizer(claim: Claim) -> Answer:
    from fashion_nn import recipes

    recipe = recipes.get("mlp")
    facts = claims.systems()["S003-22"]["params"]
    agrees = recipe.optimizer == "sgd" and recipe.nesterov and "SGD lr 0.01 momentum 0.975 decay 2e-6 Nesterov" in facts
    return agrees and "SGD with Nesterov" in claim.quoted, f"{recipe.optimizer}, momentum {recipe.momentum}, nesterov {recipe.nesterov}", "the public file whose layers match the table"


def _distribution(_: Claim) -> Answer:
    scores = np.random.default_rng(0).normal(0, 5, (1000, 10))
    chances = losses.softmax(scores)
    gap = float(np.abs(chances.sum(axis=1) - 1).max())
    units = tables.table("mlp")[0][-1].output_shape[-1]
    return gap < 1e-12 and units == 10, {"largest distance of the sum from 1": gap, "outputs": units}, "softmax over the outputs"


def _overfitting(_: dict, history: list, claim: Claim) -> tuple:
    smooth = np.convolve([row["val_loss"] for row in history], np.full(10, 0.1), "valid")
    ratio = float(smooth[-1] / smooth.min())
    gap = 100 * (history[-1]["accuracy"] - history[-1]["val_accuracy"])
    why = "criterion: the validation loss, over ten epochs, ends 2 % above its lowest, or training accuracy above validation; "
    why += f"ours ends with {gap:+.1f} points, dropout on in training"
    return ratio > 1.02 or gap > 0, {"last / lowest validation loss": ratio, "points above validation": gap}, why


def _fractions(claim: Claim) -> Answer:
    first = figures.read(claim.quoted)[0].value / 100
    shares = {first, *(float(text) for text in re.findall(r"(?<!\d)\.\d+", claim.quoted))}
    return len(shares) == 1, sorted(shares), "validation shares of the same trainings", "10 per cent in the text, .2 in its note on the same rounds"


def _slower(_: Claim) -> Answer:
    found = {name: tables.multiplications(name) for name in ("mlp", "cnn-v1", "cnn-v2")}
    holds = min(found["cnn-v1"], found["cnn-v2"]) < found["mlp"]
    return holds, found, "multiply-accumulates for one image: the convolutional networks need hundreds of times as many"


def _more_parameters(_: Claim) -> Answer:
    found = {name: tables.table(name)[1].total for name in ("cnn-v1", "mlp")}
    return found["cnn-v1"] > found["mlp"], found, "total parameters"


def _filter(claim: Claim) -> Answer:
    size = int(figures.read(claim.quoted)[0].value)
    parameters, channels = tables.table("cnn-v1")[0][0].parameters, tables.table("cnn-v1")[0][0].output_shape[-1]
    side = round((parameters / channels - 1) ** 0.5)
    return side == size, side, f"{parameters} parameters are {channels} filters of {side} × {side} and their biases", "the number of filters taken for their size"


def _pooling(claim: Claim) -> Finding:
    finding = tables.shapes("cnn-v1", 3, 4)(claim)
    kinds = [one.type for one in tables.table("cnn-v1")[0][:5]]
    before = int(re.search(r"\((\d) conv", claim.quoted)[1])
    good = finding.verdict == MATCH and kinds[:4].count("Conv2D") == before and kinds[4] == "MaxPooling2D"
    return Finding(MATCH if good else "differs", finding.measured, f"{kinds[:4].count('Conv2D')} convolutions before it", evidence=finding.evidence)


def _last_dropout(claim: Claim) -> Answer:
    rows = tables.table("cnn-v1")[0]
    place = max(i for i, one in enumerate(rows) if one.type == "Dropout")
    found = [rows[place].output_shape[-1], rows[place + 1].output_shape[-1]]
    printed = [int(text) for text in re.findall(r"(\d+)-(?:unit|class)", claim.quoted)]
    return printed == found and rows[place + 1].type == "Dense", found, "units of the last dropout, and of the dense layer after it"


def _less_dropout(_: Claim) -> Answer:
    found = {name: [one.type for one in tables.table(name)[0]].count("Dropout") for name in ("cnn-v1", "cnn-v2")}
    return found["cnn-v2"] < found["cnn-v1"], found, "dropout layers; the first network's rates are stated nowhere"


def _caption(_: Claim) -> Answer:
    rows = sum(claim.claim.startswith("Fig 11 row") for claim in claims.load())
    titled = texts.CAPTIONS["003"][11]
    return not rows or "architecture" in titled, f"a table of {rows} layers", f"its caption reads: {titled}, as figure 10's", "the caption of figure 10 again: it should say architecture"


def _underfitting(_: dict, history: list, claim: Claim) -> tuple:
    below = statistics.fmean(row["accuracy"] < row["val_accuracy"] for row in history)
    return below >= 0.8, below, "share of the epochs in which training accuracy, dropout on, is below validation; criterion: 80 %"


# --- predictions


def _sixty_thousand(claim: Claim) -> Answer:
    printed = 1000 * int(re.search(r"(\d+)k", claim.quoted)[1])
    sizes = fold_sizes()
    return bool(sizes) and sum(sizes) == printed, sizes and sum(sizes), f"sum of the fold sizes that the printed scores give: {sizes}"


def _pixels(claim: Claim) -> Answer:
    height, width = map(int, re.search(r"(\d+)x(\d+)", claim.quoted).groups())
    printed = int(re.search(r"(\d+) pixels", claim.quoted)[1])
    return height * width == printed, height * width, "height times width"


def _uniform(metrics_: dict, _: list, claim: Claim) -> tuple:
    counts = np.array(metrics_["test"]["confusion"]).sum(axis=0)
    off = float(np.abs(counts / counts.mean() - 1).max())
    why = f"test images given to each class by the dense network, 1,000 in truth; largest deviation {off:.0%}; criterion: a quarter"
    return off <= 0.25, counts.tolist(), why


def _order(_: Claim) -> Answer:
    labels = np.repeat(np.arange(10), 1000)
    shuffled = np.random.default_rng(0).permutation(labels)
    kept, lost = (metrics.accuracy(labels, each) if hasattr(metrics, "accuracy") else float((labels == each).mean()) for each in (labels, shuffled))
    return kept == 1 and lost < 0.15, {"in order": kept, "shuffled": lost}, "accuracy of perfect predictions whose rows are shuffled"


# --- principal components and logistic regression


def _variance(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    share = parts["fashion_mnist"][0]["explained"]["2"]
    return share < 0.5, share, "variance that two components keep; criterion: less than half"


def _overlap(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {key: mean_sd(over(parts["fashion_mnist"], key)) for key in ("purity", "adjusted_rand")}
    return found["purity"]["mean"] < 0.6, found, "ten clusters of the test images on two components; criterion: purity below 60 %"


def _explained(claim: Claim) -> Finding:
    from fashion_nn.ledger import protocols

    found = protocols.stored("components")
    if found is None:
        return trainings.waiting(f"needs the results of components: fashion-nn reproduce {claim.id} --full")
    measured = found["parts"]["fashion_mnist"][0]["explained"]
    return texts.not_reproducible("no figure is printed; this is ours", measured, f"fashion-nn reproduce {claim.id} --full")


def _rises(points: dict, _: Claim) -> tuple:
    means = {size: statistics.fmean(point["accuracy"]) for size, point in points.items() if size}
    values = [means[size] for size in sorted(means)]
    return all(a < b for a, b in zip(values, values[1:], strict=False)), means, "mean accuracy in five folds by number of components"


def _inflection(points: dict, _: Claim) -> tuple:
    means = {size: statistics.fmean(point["accuracy"]) for size, point in points.items() if size}
    first, last = means[5] - means[2], means[100] - means[50]
    return last < first / 5, means, f"criterion: 50 to 100 components gain less than a fifth of what 2 to 5 do ({last:.4f}, {first:.4f})"


def _third(points: dict, _: Claim) -> tuple:
    small, large = points[100], points[None]
    gap = statistics.fmean(large["accuracy"]) - statistics.fmean(small["accuracy"])
    seconds = "fit_cpu_seconds" if "fit_cpu_seconds" in small else "fit_seconds"
    cost = statistics.fmean(small[seconds]) / statistics.fmean(large[seconds])
    return abs(gap) < 0.02 and cost < 0.5, {"points lost": 100 * gap, "share of the time": cost}, "criterion: within two points, at half the time or less"


def _listing(claim: Claim) -> Answer:
    printed = [int(figure.value) for figure in figures.read(claim.quoted.replace(",", ", "))]
    systems = [int(m[1]) for one in claims.systems().values() if (m := re.match(r"PCA\((\d+)\) \+ logistic", one["name"]))]
    return printed == systems, systems, "components of the six systems of the report"


def _figure_12(claim: Claim) -> Answer:
    printed = int(re.search(r"Figure (\d+)", claim.quoted)[1])
    right = captioned("003", "PCA and logistic regression")
    return [printed] == right, right, "the figure with this caption", "figure number one too low"


def _balanced(_: Claim) -> Answer:
    sizes = fold_sizes()
    why = f"stratified folds of 6,000 images a class have {texts.OFFICIAL_FOLD:,} each"
    return bool(sizes) and set(sizes) == {texts.OFFICIAL_FOLD}, sizes, why, "the file is another draw of 60,000 images, not balanced by class"


def _mean_score() -> list[float]:
    return [100 * statistics.fmean(quoted(id)[0] for id in texts.FOLDS)]


def _mean_time() -> list[float]:
    return [statistics.fmean(quoted(f"003-{number}")[0] for number in range(163, 168))]


def _around(value: Any, unit: float, why: str) -> Check:
    return numbers(value, unit=unit, why=why)


# --- sample questions

ALGEBRA = "fashion-nn lab backprop report-003/logistic --symbolic"


@lru_cache
def _regression() -> "Regression":
    from fashion_nn.lab.backprop.symbolic import regression

    return regression("logistic")


def _units() -> list[Any]:
    known = _regression().linear.symbols
    x1, x2 = known.inputs
    w1, w2, w3, w4, w5, w6 = known.parameters
    return [x1 * w1 + x2 * w3, x1 * w2 + x2 * w4, w5, w6]


def _linear_units(claim: Claim) -> Answer:
    import sympy

    from fashion_nn.ledger.algebra import parse

    lines = [part.partition("=")[2] for part in claim.quoted.replace("X", "x").split(";")]
    z1, z2, out = (parse(line) for line in lines)
    named = {str(symbol): symbol for symbol in out.free_symbols}
    composed = out.subs({named["z1"]: z1, named["z2"]: z2})
    ours = _regression().linear.expanded[0]
    real = ours.subs({s: sympy.Symbol(s.name, real=True) for s in ours.free_symbols})
    return sympy.expand(composed - real) == 0, str(ours), "the units put into each other, against the lab's network"


def _activations(claim: Claim) -> Answer:
    printed = re.findall(r"\((\w)\)", claim.quoted)
    return printed == list(_regression().units), list(_regression().units), "two linear units, and a sigmoid at the output"


def _probability(claim: Claim) -> Answer:
    right = "exp(b1 X1 + b2 X2) / (1 + exp(b1 X1 + b2 X2))"
    b1, b2, x = 0.3, -0.7, (1.5, 2.0)
    top = math.exp(b1 * x[0]) + b2 * x[1]
    printed = math.exp(b1 * x[0]) + b2 * x[1] / (1 + top)
    wanted = 1 / (1 + math.exp(-(b1 * x[0] + b2 * x[1])))
    same = abs(printed - wanted) < 1e-12 or "exp(beta1 X1 + beta2 X2) / (1 + exp(beta1 X1 + beta2 X2))" in claim.quoted
    return same, right, f"at beta = (0.3, -0.7), X = (1.5, 2) the printed line is {printed:.4f}, the probability {wanted:.4f}", "beta2 X3 stands outside the exponential, and there is no X3"


_AT = {"w": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), "x": (1.0, 2.0), "y": 1.0}


def _loss(w: Any) -> float:
    (w1, w2, w3, w4, w5, w6), (x1, x2), y = w, _AT["x"], _AT["y"]
    z = (x1 * w1 + x2 * w3) * w5 + (x1 * w2 + x2 * w4) * w6
    predicted = 1 / (1 + math.exp(-z))
    return -y * math.log(predicted) - (1 - y) * math.log(1 - predicted)


def _gradient(number: int) -> float:
    """∂E/∂w by central differences at the point that the ledger names."""
    step, up, down = 1e-6, list(_AT["w"]), list(_AT["w"])
    up[number - 1] += step
    down[number - 1] -= step
    return (_loss(up) - _loss(down)) / (2 * step)


def _bce_gradient(number: int, claim: Claim) -> Answer:
    (w1, w2, w3, w4, w5, w6), (x1, x2), y = _AT["w"], _AT["x"], _AT["y"]
    z11, z12 = x1 * w1 + x2 * w3, x1 * w2 + x2 * w4
    values = {"w5": w5, "w6": w6, "x1": x1, "x2": x2, "z11": z11, "z12": z12}
    sigma = 1 / (1 + math.exp(-(z11 * w5 + z12 * w6)))
    first = (sigma - y) / (sigma * (1 - sigma))
    tail = [part.strip() for part in claim.quoted.split("*")[1:]]
    slope = sigma * (1 - sigma) if "(1 - e^z/(1+e^z))" in claim.quoted else sigma
    factors = [values[part] for part in tail if part in values]
    printed, right = first * slope * math.prod(factors), _gradient(number)
    tried = {"the factor 1 - sigma is missing": printed * (1 - sigma)}
    for other in range(1, 5):
        if other != number <= 4:
            at = {1: w5 * x1, 2: w6 * x1, 3: w5 * x2, 4: w6 * x2}[other]
            if abs(math.prod(factors) - at) < 1e-12:
                tried[f"the factor 1 - sigma is missing, and it is the derivative by w{other}"] = right
    slip = [words for words, value in tried.items() if abs(value - right) < 1e-8]
    return abs(printed - right) < 1e-8, right, f"as printed it comes to {printed:.6g}", slip[-1] if slip else ""


def _kl(_: Claim) -> Answer:
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.6, 0.3])
    cross, sum_ = losses.cross_entropy(p, q), losses.entropy(p) + losses.kl_divergence(p, q)
    return abs(cross - sum_) < 1e-12, cross, "cross-entropy is entropy, which no weight changes, plus KL divergence: p = (.2, .5, .3), q = (.1, .6, .3)"


def _penalty(_: Claim) -> Answer:
    z = np.linspace(-20, 20, 4001)
    value = losses.LOSSES["logistic-cross-entropy"].value(z, np.ones_like(z))
    return bool((np.diff(value) < 0).all()), [float(value[0]), float(value[-1])], "cross-entropy at z = -20 and 20, target 1: it grows with the distance everywhere"


def _softened(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    records = parts["moons/sigmoid/3"]
    soft, hard = mean_sd(over(records, "bends", "sharpest")), mean_sd(over(records, "sharpest_as_steps"))
    return soft["mean"] < hard["mean"] / 2, {"sigmoids": soft, "steps": hard}, "sharpest bend in degrees of a combination of neurons; the report's figures 16 and 17 are missing"


def playground_(words: str | list[str], criterion: Any, row_: str = "table-3") -> Check:
    return study("playground", words, criterion, f"fashion-nn lab playground --row {row_} --seeds 16")


_RATE = "the regularization rate was not 0.01 but 0.001"
_TWO = "two hidden layers, as the text says"
NOT_IN_DOCUMENT = absent("what was run is not in the document; the public file with the same layers says otherwise or nothing")
CLOCK = absent("wall clock of the author's machine")
GPU = absent("the author's GPU is not stated")


def _swapped(row_: str) -> list[tuple[str, str]]:
    return [(row_, "the row is that of the other data set: XOR and Gaussian are exchanged")]


def _spiral(kind: str) -> list[tuple[str, str]]:
    name = f"table-2/spiral-{kind}"
    return [
        (f"{name}, rate 0.001", _RATE),
        (f"{name}, two layers", _TWO),
        (f"{name}, two layers, rate 0.001", f"{_RATE}, with {_TWO}"),
    ]


def _layer_rows() -> dict[str, Check]:
    """A check for each printed row of the three layer tables, in their order."""
    found, seen = {}, {}
    for claim in claims.load():
        if match := re.match(r"Fig (\d+) row ", claim.claim):
            number = seen[match[1]] = seen.get(match[1], -1) + 1
            found[claim.id] = tables.row(number)
    return found


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
        readings=[("table-3/xor-sigmoid-2x5, epochs of 2x10", "the epochs of the two sigmoid rows are exchanged: 28, not 300")],
    ),
    "003-023": row("table-3/xor-tanh-2x5"),
    "003-024": row(
        "table-3/xor-sigmoid-2x10",
        readings=[("table-3/xor-sigmoid-2x10, epochs of 2x5", "the epochs of the two sigmoid rows are exchanged: 300, not 28")],
    ),
    "003-025": row("table-3/circle-sigmoid-2x5"),
    "003-026": row("table-3/circle-relu-2x10"),
    "003-027": row("table-3/circle-relu-3x10"),
    "003-028": row("table-3/circle-relu-4x5"),
    "003-029": row("table-4/spiral"),
    "003-030": fact(["Table 1: test", "Table 4: test"], _two_numbers_equal, "fashion-nn lab playground --row table-4 --seeds 16"),
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
    **_layer_rows(),
    **{f"003-{n}": tables.total(kind) for n, kind in zip(range(107, 116), ("total", "trainable", "non_trainable") * 3, strict=True)},
    "003-116": tables.count_types("mlp"),
    "003-117": trainings.accuracy("mlp"),
    "003-118": fact("about 96.7", _best_of_two, "fashion-nn evaluate models/mlp"),
    "003-119": trainings.accuracy("cnn-v1"),
    "003-120": fact("vast improvement", _vast, "fashion-nn reproduce 003-120"),
    "003-121": trainings.accuracy("cnn-v2"),
    "003-122": trainings.accuracy("cnn-v2", train=True),
    "003-123": trainings.near_epoch("plateued around the", trainings.plateau),
    "003-124": trainings.near_epoch("we took the model around the", trainings.best_epoch),
    "003-125": fact("len(dataset)/", _updates, "fashion-nn train mlp"),
    "003-126": fact("SGD with Nesterov Momentum", _optimizer, "fashion-nn models mlp"),
    "003-127": NOT_IN_DOCUMENT,
    "003-128": fact("Softmax is used at the output layer", _distribution, "fashion-nn models mlp"),
    "003-129": of_run("mlp", "we would have been overfitting", _overfitting),
    "003-130": fact("validation set", _fractions, "fashion-nn reproduce 003-130"),
    "003-131": fact("convnets will train quicker", _slower, "fashion-nn models cnn-v1"),
    "003-132": fact("more learned parameters", _more_parameters, "fashion-nn models"),
    "003-133": tables.shapes("cnn-v1", 0),
    "003-134": fact("size of the conv filter applied in the first layer is", _filter, "fashion-nn models cnn-v1"),
    "003-135": _pooling,
    "003-136": of_run("cnn-v1", "underfitting our train set", _underfitting),
    "003-137": fact("dropout_48 acts on a", _last_dropout, "fashion-nn models cnn-v1"),
    "003-138": fact("less dropout", _less_dropout, "fashion-nn models"),
    "003-139": NOT_IN_DOCUMENT,
    "003-140": NOT_IN_DOCUMENT,
    "003-141": absent("nothing was run: the text only proposes it, and what was run is not in the document"),
    "003-142": fact("Figure 11: CNN results - v2", _caption, "fashion-nn models cnn-v2"),
    "003-143": fact("labeled pairs", _sixty_thousand, "fashion-nn reproduce 003-143"),
    "003-144": fact("single color channel", _pixels, "fashion-nn data info fashion_mnist"),
    "003-145": of_run("mlp", "fairly uniform distribution", _uniform),
    "003-146": fact("turn shuffling off", _order, "fashion-nn reproduce 003-146"),
    "003-147": GPU,
    "003-148": absent("the picture is missing from the report; ours is models/mlp/weights.png", None, "fashion-nn evaluate models/mlp"),
    "003-149": study("components", "significant overlap", _overlap, "fashion-nn reproduce 003-149 --full"),
    "003-150": study("components", "loss of variance is too great", _variance, "fashion-nn reproduce 003-150 --full"),
    "003-151": folds("increases", _rises),
    "003-152": _explained,
    "003-153": folds("inflection point", _inflection),
    "003-154": fact("Figure ", _figure_12, "fashion-nn reproduce 003-154"),
    "003-155": folds("very similar accuracy at a third", _third),
    "003-156": fact("[", _listing, "fashion-nn reproduce 003-156"),
    **{id: trainings.fold_score() for id in texts.FOLDS},
    "003-162": _around(_mean_score, 1.0, "mean of the five printed scores; ours: see 003-157"),
    **{f"003-{n}": CLOCK for n in range(163, 168)},
    "003-168": _around(_mean_time, 1.0, "mean of the five printed times"),
    "003-169": CLOCK,
    "003-170": fact("60k labeled pairs", _balanced, "fashion-nn reproduce 003-170"),
    "003-171": fact(["z1", "z2", "yhat"], _linear_units, ALGEBRA),
    "003-172": fact("(L)", _activations, ALGEBRA),
    "003-173": fact("exp(beta1", _probability, ALGEBRA),
    "003-174": expression(lambda: _regression().coefficients[0], evidence=ALGEBRA),
    "003-175": expression(lambda: _regression().coefficients[1], evidence=ALGEBRA),
    "003-176": expression(lambda: _bce_slope(), evidence=ALGEBRA),
    "003-177": expression(lambda: ["sigma(z)", "sigma(z) - sigma(z)**2"], evidence=ALGEBRA),
    **{f"003-{177 + n}": fact("e^z/(1+e^z)", partial(_bce_gradient, n), ALGEBRA) for n in range(1, 7)},
    "003-184": study("boundaries", "soften the respective decision boundary", _softened, "fashion-nn lab boundaries --figure report-003/17 --picture FILE"),
    "003-185": fact("minimize the KL Divergence", _kl, "fashion-nn lab losses squared-error"),
    "003-186": fact("further away", _penalty, "fashion-nn lab losses values"),
}


def _bce_slope() -> Any:
    import sympy

    y, yhat = sympy.symbols("y yhat", real=True)
    return sympy.diff(-y * sympy.log(yhat) - (1 - y) * sympy.log(1 - yhat), yhat)

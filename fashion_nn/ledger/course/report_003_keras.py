"""Report 003, part 2: Keras on Fashion-MNIST. The layer tables, the trainings, and what is said
about them.
"""

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn import runs
from fashion_nn.ledger import claims, quotations
from fashion_nn.ledger.checks import layer_tables, texts, trainings
from fashion_nn.ledger.checks.texts import THE_REPORT, absent, fact, pending, quoted
from fashion_nn.ledger.checks.trainings import History, of_run
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Criterion, at_least, below, same
from fashion_nn.ledger.findings import (
    Check,
    Finding,
    Measured,
    Outcome,
    Slip,
    Spread,
    Verdict,
    adopted,
    only_for,
    waiting,
)

if TYPE_CHECKING:
    from fashion_nn.recipes import Recipe

NOT_IN_DOCUMENT = absent(
    "what was run is not in the document; the public file with the same layers says otherwise or"
    " nothing"
)
# Claims that quote the accuracies of the dense network and of the convolutional one.
MLP_ACCURACY = "003-117"
MLP_BEST_ACCURACY = "003-118"
CNN_ACCURACY = "003-119"
_TRAINING_ROWS = 60_000 - 6_000
_PUBLIC_FILE = "SGD lr 0.01 momentum 0.975 decay 2e-6 Nesterov"


_CLOSE = below(1, "the points between the two validation accuracies of one network")


def _best_of_two(_: Claim) -> Outcome:
    (small,) = quoted(MLP_ACCURACY)
    large = quoted(MLP_BEST_ACCURACY)[0]
    found = trainings.valid_accuracies("mlp")
    ours = 100 * statistics.fmean(found) if found else None
    measured = {"said before": small, "said here": large, "ours": ours}
    words = f"contradicts the {small:g} said before"
    if ours is not None and abs(ours - small) < abs(ours - large):
        words += ", which ours is near"
    slip = Slip(words, shown=small != large)
    return _CLOSE.outcome(abs(small - large), measured, slip=slip, n=2, seeds=len(found))


_VAST = at_least(2, "the points that the convolutional network is above the best dense one")


def _vast(_: Claim) -> Outcome:
    cnn = quoted(CNN_ACCURACY)[0]
    one = quoted(MLP_ACCURACY)[0]
    best = quoted(MLP_BEST_ACCURACY)[0]
    measured = {"over the first figure": cnn - one, "over the best figure": cnn - best}
    why = f"{cnn:g} against {one:g} and, called the best, {best:g}"
    words = f"compared with {one:g}; the {best:g} that the text calls best is higher"
    slip = Slip(words, shown=cnn - one >= 2 > cnn - best)
    return _VAST.outcome(cnn - max(one, best), measured, why=why, slip=slip, n=3)


_A_BATCH = below(1, "the difference between our steps and the printed quotient")


def _updates(claim: Claim) -> Outcome:
    batch = quotations.first(claim.quoted.replace("/", "/ "))
    exact = _TRAINING_ROWS / batch
    steps = math.ceil(exact)
    why = f"{_TRAINING_ROWS:,} rows / {batch:g} = {exact:.4g}, the last batch being smaller"
    measured = math.ceil(_TRAINING_ROWS / _recipe("mlp").batch_size)
    return _A_BATCH.outcome(abs(steps - measured) + steps - exact, measured, why=why)


def _recipe(name: str) -> "Recipe":
    from fashion_nn import recipes

    return recipes.get(name)


def _setting(printed: int | str, ours: int | str, what: str) -> Outcome:
    """A setting that our recipe has from the sentence."""
    rule = same(printed, "another", f"the printed {what} and our recipe's")
    return rule.outcome(ours, ours)


def _optimizer(claim: Claim) -> Outcome:
    recipe = _recipe("mlp")
    documented = _PUBLIC_FILE in claims.systems()["S003-22"].params
    ours = recipe.optimizer == "sgd" and recipe.nesterov
    printed = documented and "SGD with Nesterov" in claim.quoted
    measured = f"{recipe.optimizer}, momentum {recipe.momentum}, nesterov {recipe.nesterov}"
    rule = same(True, False, "the printed optimizer and our recipe's")
    return rule.outcome(ours and printed, measured, why="the public file with the same layers")


_SUMS_TO_ONE: Criterion[tuple[float, str]] = Criterion(
    "the last layer is a softmax, and its answers to 100 random images sum to 1 within 1e-5",
    "another last layer, or a sum that is further off",
    lambda found: found[0] < 1e-5 and found[1] == "softmax",
    (0.0, "softmax"),
    (1.0, "sigmoid"),
)


def _distribution(claim: Claim) -> Outcome:
    from fashion_nn import zoo

    model = zoo.build("mlp")
    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    probabilities = zoo.predict(model, images, batch_size=100).astype("float64")
    gap = float(np.abs(probabilities.sum(axis=1) - 1).max())
    activation = model.layers[-1].activation.__name__
    measured = {"activation": activation, "outputs": probabilities.shape[1]}
    return _SUMS_TO_ONE.outcome((gap, activation), measured, n=len(images))


_RISES_AGAIN = at_least(
    1.02, "the validation loss over the last ten epochs, as a multiple of its lowest,"
)


def _overfitting(histories: Sequence[History], _: Claim) -> Outcome:
    ratios = []
    for history in histories:
        losses = [row["val_loss"] for row in history]
        smooth = np.convolve(losses, np.full(10, 0.1), "valid")
        ratios.append(float(smooth[-1] / smooth.min()))
    why = "median over the seeds; training accuracies are not compared, because the history has "
    why += "them with dropout on, which lowers them"
    return _RISES_AGAIN.outcome(statistics.median(ratios), Spread.of(ratios), why=why)


def _fractions(claim: Claim) -> Outcome:
    shares = {float(text) for text in re.findall(r"(?<!\d)\.\d+", claim.quoted)}
    shares.add(quotations.first(claim.quoted) / 100)
    slip = Slip("10 per cent in the text, .2 in its note on the same rounds", len(shares) == 2)
    rule = at_most_one("printed validation share of the same trainings")
    return rule.outcome(sorted(shares), slip=slip, n=len(shares))


def at_most_one(what: str) -> Criterion[Sequence[float]]:
    """The report prints one value for one thing."""
    return Criterion(
        f"there is one {what}", "two values", lambda found: len(found) == 1, [0.1], [0.1, 0.2]
    )


_CHEAPER = below(1, "the products for one image, convolutional network to dense one,")


def _slower(_: Claim) -> Outcome:
    found = {name: layer_tables.multiply_adds(name) for name in ("mlp", "cnn-v1", "cnn-v2")}
    ratio = min(found["cnn-v1"], found["cnn-v2"]) / found["mlp"]
    why = f"multiply-accumulates for one image: at least {ratio:.0f} times as many"
    return _CHEAPER.outcome(ratio, found, why=why, n=len(found))


_LARGER = at_least(1, "the parameters of the first convolutional network, to those of the dense,")


def _more_parameters(_: Claim) -> Outcome:
    found = {name: layer_tables.built(name).parameters.total for name in ("cnn-v1", "mlp")}
    return _LARGER.outcome(found["cnn-v1"] / found["mlp"], found, n=len(found))


def _filter(claim: Claim) -> Outcome:
    size = int(quotations.first(claim.quoted))
    first = layer_tables.built("cnn-v1").rows[0]
    channels = first.output_shape[-1]
    if channels is None:
        raise ValueError("the first layer of cnn-v1 has no channels")
    side = round((first.parameters / channels - 1) ** 0.5)
    why = f"{first.parameters} parameters are {channels} filters of {side} × {side} "
    why += "and their biases"
    slip = Slip("the number of filters taken for their size", shown=size == channels)
    rule = same(side, side + 1, "the printed size and the side of a filter")
    return rule.outcome(size, side, why=why, slip=slip)


def _pooling(claim: Claim) -> Finding:
    finding = layer_tables.shapes("cnn-v1", 3, 4).judge(claim)
    types = layer_tables.built("cnn-v1").types
    convolutions = types[:4].count("Conv2D")
    before = int(_found(r"\((\d) conv", claim.quoted)[1])
    holds = finding.verdict == Verdict.MATCH
    holds = holds and convolutions == before and types[4] == "MaxPooling2D"
    verdict = Verdict.MATCH if holds else Verdict.DIFFERS
    return replace(finding, verdict=verdict, why=f"{convolutions} convolutions before it")


def _found(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"{text!r} does not contain {pattern}")
    return found


def _last_dropout(claim: Claim) -> Outcome:
    model = layer_tables.built("cnn-v1")
    place = max(i for i, kind in enumerate(model.types) if kind == "Dropout")
    rows = [model.rows[place], model.rows[place + 1]]
    found = [f"{row.type} {row.output_shape[-1]}" for row in rows]
    printed = [
        f"{kind} {units}" for kind, units in re.findall(r"\((\w+)\) \(None, (\d+)\)", claim.quoted)
    ]
    rule = same(found, found[:1], "the printed last dropout with the layer after it and ours")
    return rule.outcome(printed, found, n=len(found))


def _caption(claim: Claim) -> Outcome:
    rows = sum(one.claim.startswith("Fig 11 row") for one in claims.load())
    titled = texts.CAPTIONS["003"][11]
    again = titled == texts.CAPTIONS["003"][10]
    slip = Slip("the caption of figure 10 again: it should say architecture", shown=again)
    rule = same("a layer table", "results", "the subject of the caption and of the figure")
    printed = "results" if "results" in claim.quoted else "a layer table"
    return rule.outcome(printed, f"a table of {rows} layers", slip=slip)


_MOST_EPOCHS = at_least(0.8, "the share of the epochs with a training accuracy below validation's")


def _underfitting(_: Any, history: History, claim: Claim) -> Outcome:
    share = statistics.fmean(row["accuracy"] < row["val_accuracy"] for row in history)
    why = "with dropout on, which lowers the training accuracy; it needs that accuracy without "
    why += "dropout too"
    return _MOST_EPOCHS.outcome(share, why=why, n=len(history))


_SEPARATE: Criterion[tuple[float, float]] = Criterion(
    "the 95 % interval of the convolutional network lies above the best dense one's",
    "intervals that overlap",
    lambda ends: ends[0] > ends[1],
    (0.93, 0.89),
    (0.88, 0.89),
)


def _outperforms(metrics: runs.Metrics, history: History, _: Claim) -> Outcome:
    dense = trainings.valid_accuracies("mlp")
    valid = metrics.of_valid()
    top = max(dense)
    margin = 1.96 * (top * (1 - top) / valid.n) ** 0.5
    ours = Spread.of([100 * each for each in dense])
    measured: Measured = {"cnn-v1": 100 * valid.accuracy, "mlp": ours}
    why = f"one run of {len(history)} epochs of cnn-v1 on {valid.n:,} validation rows; more epochs "
    why += "keep the best or a better one"
    return _SEPARATE.outcome((valid.interval[0], top + margin), measured, why=why, n=valid.n)


def _single_run(name: str, words: str) -> Check:
    """A statement that even one training, cut short, decides: its best epoch is a lower bound."""

    def judge(claim: Claim) -> Finding:
        run = trainings.run_of(name)
        if run is None:
            return waiting(f"needs a trained models/{name}: fashion-nn train {name}")
        outcome = _outperforms(run.read_metrics(), run.read_history(), claim)
        return replace(outcome, seeds=1).finding(f"fashion-nn compare models/mlp models/{name}")

    return Check(only_for(words, judge))


def _number(claim: Claim) -> int:
    return int(quotations.first(claim.quoted))


def _layer_rows() -> dict[str, Check]:
    """A check for each printed row of the three layer tables, in their order."""
    found: dict[str, Check] = {}
    rows: dict[str, int] = {}
    for claim in claims.load():
        if match := re.match(r"Fig (\d+) row ", claim.claim):
            figure = match[1]
            number = rows.get(figure, 0)
            found[claim.id] = layer_tables.row(number)
            rows[figure] = number + 1
    return found


def _totals() -> dict[str, Check]:
    """A check for each printed total of the three layer tables."""
    kinds = ("total", "trainable", "non_trainable") * 3
    return {f"003-{n}": layer_tables.total(kind) for n, kind in enumerate(kinds, start=107)}


CHECKS: dict[str, Check] = {
    **_layer_rows(),
    **_totals(),
    "003-116": layer_tables.count_types("mlp"),
    "003-117": trainings.accuracy("mlp"),
    "003-118": fact("about 96.7", _best_of_two, "fashion-nn train mlp --set seed=2"),
    "003-119": trainings.accuracy("cnn-v1"),
    "003-120": fact("vast improvement", _vast, THE_REPORT),
    "003-121": trainings.accuracy("cnn-v2"),
    "003-122": trainings.accuracy("cnn-v2", train=True),
    "003-123": trainings.near_epoch("plateued around the", trainings.plateau),
    "003-124": trainings.near_epoch("we took the model around the", trainings.best_epoch),
    "003-125": fact("len(dataset)/", _updates, "fashion-nn train mlp"),
    "003-126": adopted(fact("SGD with Nesterov Momentum", _optimizer, "fashion-nn train mlp")),
    "003-127": NOT_IN_DOCUMENT,
    "003-128": adopted(
        fact(
            "Softmax is used at the output layer",
            _distribution,
            "fashion-nn models mlp",
            builds_models=True,
        )
    ),
    "003-129": trainings.of_seeds("mlp", "we would have been overfitting", _overfitting),
    "003-130": fact("validation set", _fractions, THE_REPORT),
    "003-131": fact(
        "convnets will train quicker", _slower, "fashion-nn models cnn-v1", builds_models=True
    ),
    "003-132": fact(
        "more learned parameters", _more_parameters, "fashion-nn models", builds_models=True
    ),
    "003-133": layer_tables.shapes("cnn-v1", 0),
    "003-134": fact(
        "size of the conv filter applied in the first layer is",
        _filter,
        "fashion-nn models cnn-v1",
        builds_models=True,
    ),
    "003-135": Check(_pooling, builds_models=True),
    "003-136": of_run("cnn-v1", "underfitting our train set", _underfitting),
    "003-137": fact(
        "dropout_48 (Dropout)", _last_dropout, "fashion-nn models cnn-v1", builds_models=True
    ),
    "003-138": absent(
        "the dropout rates of the first network are stated nowhere, so less cannot be told; the"
        " tables print 4 dropout layers, then 3"
    ),
    "003-139": NOT_IN_DOCUMENT,
    "003-140": NOT_IN_DOCUMENT,
    "003-141": absent(
        "nothing was run: the text only proposes it, and what was run is not in the document"
    ),
    "003-142": fact("Figure 11: CNN results - v2", _caption, "fashion-nn models cnn-v2"),
    "003-189": adopted(
        fact(
            "validation accuracy was the highest",
            lambda _: _setting("val_accuracy", _recipe("mlp").checkpoint_monitor, "checkpoint"),
            "fashion-nn train mlp",
        )
    ),
    "003-190": adopted(
        fact(
            "run 100 epochs",
            lambda claim: _setting(_number(claim), _recipe("mlp").epochs, "number of epochs"),
            "fashion-nn train mlp",
        )
    ),
    "003-191": adopted(
        fact(
            "mini batch learning = 256",
            lambda claim: _setting(_number(claim), _recipe("mlp").batch_size, "batch size"),
            "fashion-nn train mlp",
        )
    ),
    "003-192": absent(
        "the report names no measure of the shift of the covariates, and trains no network without"
        " the batch normalisation"
    ),
    "003-193": pending(
        "performs slightly better than SGD",
        "needs the dense network trained by Adam and by SGD, each with its best rate, three seeds"
        " each",
    ),
    "003-194": _single_run("cnn-v1", "basic CNN will outperform"),
    "003-195": pending(
        "too much regularization in the form of dropout",
        "needs cnn-v1 trained to its end with and without dropout, three seeds each",
    ),
}

"""Report 003, part 2: Keras on Fashion-MNIST. The layer tables, the trainings, and what is said
about them.
"""

import math
import re
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np

from fashion_nn.ledger import claims, quotations
from fashion_nn.ledger.checks import layer_tables, texts, trainings
from fashion_nn.ledger.checks.texts import absent, fact, quoted
from fashion_nn.ledger.checks.trainings import History, of_run
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Finding, Outcome, Spread, Verdict

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


def _best_of_two(_: Claim) -> Outcome:
    (small,) = quoted(MLP_ACCURACY)
    large = quoted(MLP_BEST_ACCURACY)[0]
    found = trainings.valid_accuracies("mlp")
    ours = 100 * statistics.fmean(found) if found else None
    measured = {"said before": small, "said here": large, "ours": ours}
    slip = f"contradicts the {small:g} said before"
    if ours is not None and abs(ours - small) < abs(ours - large):
        slip += ", which ours is near"
    why = "the report gives two validation accuracies of one network"
    return Outcome(abs(small - large) < 1, measured, why, slip)


def _vast(_: Claim) -> Outcome:
    cnn = quoted(CNN_ACCURACY)[0]
    one = quoted(MLP_ACCURACY)[0]
    best = quoted(MLP_BEST_ACCURACY)[0]
    measured = {"over the first figure": cnn - one, "over the best figure": cnn - best}
    why = f"{cnn:g} against {one:g} and, called the best, {best:g}; "
    why += "criterion: two points above both"
    slip = "compared with 87.4; the 96.7 that the text calls best is higher"
    return Outcome(cnn > max(one, best) + 2, measured, why, slip)


def _updates(claim: Claim) -> Outcome:
    batch = quotations.first(claim.quoted.replace("/", "/ "))
    exact = _TRAINING_ROWS / batch
    steps = math.ceil(exact)
    why = f"{_TRAINING_ROWS:,} rows / {batch:g} = {exact:.4g}, the last batch being smaller"
    return Outcome(abs(steps - exact) < 1, steps, why)


def _optimizer(claim: Claim) -> Outcome:
    from fashion_nn import recipes

    recipe = recipes.get("mlp")
    documented = _PUBLIC_FILE in claims.systems()["S003-22"].params
    ours = recipe.optimizer == "sgd" and recipe.nesterov
    holds = documented and ours and "SGD with Nesterov" in claim.quoted
    measured = f"{recipe.optimizer}, momentum {recipe.momentum}, nesterov {recipe.nesterov}"
    return Outcome(holds, measured, "the public file whose layers match the table")


def _distribution(claim: Claim) -> Outcome:
    from fashion_nn import zoo

    model = zoo.build("mlp")
    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    probabilities = zoo.predict(model, images, batch_size=100).astype("float64")
    gap = float(np.abs(probabilities.sum(axis=1) - 1).max())
    activation = model.layers[-1].activation.__name__
    outputs = probabilities.shape[1]
    softmax = activation == "softmax" and activation in claim.quoted.lower()
    why = "the last layer of the network; "
    why += "criterion: its answers to 100 random images sum to 1 within 1e-5"
    measured = {"activation": activation, "outputs": outputs}
    return Outcome(gap < 1e-5 and outputs == 10 and softmax, measured, why)


def _overfitting(histories: Sequence[History], _: Claim) -> Outcome:
    ratios = []
    gaps = []
    for history in histories:
        losses = [row["val_loss"] for row in history]
        smooth = np.convolve(losses, np.full(10, 0.1), "valid")
        ratios.append(float(smooth[-1] / smooth.min()))
        gaps.append(100 * (history[-1]["accuracy"] - history[-1]["val_accuracy"]))
    over_fits = [ratio > 1.02 or gap > 0 for ratio, gap in zip(ratios, gaps, strict=True)]
    measured = {
        "last / lowest validation loss": Spread.of(ratios),
        "points above validation": Spread.of(gaps),
    }
    why = "criterion: the validation loss, over ten epochs, ends 2 % above its lowest, "
    why += "or training accuracy, dropout on, is above; in most of the seeds"
    return Outcome(sum(over_fits) > len(histories) / 2, measured, why)


def _fractions(claim: Claim) -> Outcome:
    shares = {float(text) for text in re.findall(r"(?<!\d)\.\d+", claim.quoted)}
    shares.add(quotations.first(claim.quoted) / 100)
    why = "validation shares of the same trainings"
    slip = "10 per cent in the text, .2 in its note on the same rounds"
    return Outcome(len(shares) == 1, sorted(shares), why, slip)


def _slower(_: Claim) -> Outcome:
    found = {name: layer_tables.multiply_adds(name) for name in ("mlp", "cnn-v1", "cnn-v2")}
    holds = min(found["cnn-v1"], found["cnn-v2"]) < found["mlp"]
    why = "multiply-accumulates for one image: "
    why += "the convolutional networks need hundreds of times as many"
    return Outcome(holds, found, why)


def _more_parameters(_: Claim) -> Outcome:
    found = {name: layer_tables.built(name).parameters.total for name in ("cnn-v1", "mlp")}
    return Outcome(found["cnn-v1"] > found["mlp"], found, "total parameters")


def _filter(claim: Claim) -> Outcome:
    size = int(quotations.first(claim.quoted))
    first = layer_tables.built("cnn-v1").rows[0]
    channels = first.output_shape[-1]
    if channels is None:
        raise ValueError("the first layer of cnn-v1 has no channels")
    side = round((first.parameters / channels - 1) ** 0.5)
    why = f"{first.parameters} parameters are {channels} filters of {side} × {side} "
    why += "and their biases"
    return Outcome(side == size, side, why, "the number of filters taken for their size")


def _pooling(claim: Claim) -> Finding:
    finding = layer_tables.shapes("cnn-v1", 3, 4).judge(claim)
    types = layer_tables.built("cnn-v1").types
    convolutions = types[:4].count("Conv2D")
    before = int(_found(r"\((\d) conv", claim.quoted)[1])
    holds = finding.verdict == Verdict.MATCH
    holds = holds and convolutions == before and types[4] == "MaxPooling2D"
    why = f"{convolutions} convolutions before it"
    return Outcome(holds, finding.measured, why).finding(finding.evidence)


def _found(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"{text!r} does not contain {pattern}")
    return found


def _last_dropout(claim: Claim) -> Outcome:
    model = layer_tables.built("cnn-v1")
    place = max(i for i, kind in enumerate(model.types) if kind == "Dropout")
    last = model.rows[place]
    after = model.rows[place + 1]
    found = [last.output_shape[-1], after.output_shape[-1]]
    printed = [int(text) for text in re.findall(r"(\d+)-(?:unit|class)", claim.quoted)]
    why = "units of the last dropout, and of the dense layer after it"
    return Outcome(printed == found and after.type == "Dense", found, why)


def _less_dropout(_: Claim) -> Outcome:
    found = {name: layer_tables.built(name).types.count("Dropout") for name in ("cnn-v1", "cnn-v2")}
    why = "dropout layers; the first network's rates are stated nowhere"
    return Outcome(found["cnn-v2"] < found["cnn-v1"], found, why)


def _caption(_: Claim) -> Outcome:
    rows = sum(claim.claim.startswith("Fig 11 row") for claim in claims.load())
    titled = texts.CAPTIONS["003"][11]
    holds = not rows or "architecture" in titled
    why = f"its caption reads: {titled}, as figure 10's"
    slip = "the caption of figure 10 again: it should say architecture"
    return Outcome(holds, f"a table of {rows} layers", why, slip)


def _underfitting(_: Any, history: History, claim: Claim) -> Outcome:
    below = statistics.fmean(row["accuracy"] < row["val_accuracy"] for row in history)
    why = "share of the epochs in which training accuracy, dropout on, is below validation; "
    why += "criterion: 80 %"
    return Outcome(below >= 0.8, below, why)


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
    "003-128": fact(
        "Softmax is used at the output layer",
        _distribution,
        "fashion-nn models mlp",
        builds_models=True,
    ),
    "003-129": trainings.of_seeds("mlp", "we would have been overfitting", _overfitting),
    "003-130": fact("validation set", _fractions, "fashion-nn reproduce 003-130"),
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
        "dropout_48 acts on a", _last_dropout, "fashion-nn models cnn-v1", builds_models=True
    ),
    "003-138": fact("less dropout", _less_dropout, "fashion-nn models", builds_models=True),
    "003-139": NOT_IN_DOCUMENT,
    "003-140": NOT_IN_DOCUMENT,
    "003-141": absent(
        "nothing was run: the text only proposes it, and what was run is not in the document"
    ),
    "003-142": fact("Figure 11: CNN results - v2", _caption, "fashion-nn models cnn-v2"),
}

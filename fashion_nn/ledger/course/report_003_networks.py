"""Report 003, part 2: Keras on Fashion-MNIST, predictions, principal components and logistic regression."""

import math
import re
import statistics
from itertools import pairwise
from typing import Any

import numpy as np

from fashion_nn.ledger import claims, figures, tables, texts, trainings
from fashion_nn.ledger.findings import MATCH, Check, Claim, Finding, resting_on
from fashion_nn.ledger.studies import (
    Parts,
    mean_sd,
    over,
    study,
)
from fashion_nn.ledger.texts import Answer, absent, captioned, fact, fold_sizes, numbers, quoted
from fashion_nn.ledger.trainings import folds, of_run


def _statements(first: str, second: str) -> tuple[float, float]:
    return quoted(first)[0], quoted(second)[0]


def _best_of_two(_: Claim) -> Answer:
    small, large = _statements("003-117", "003-118")
    found = trainings.valid_accuracies("mlp")
    ours = 100 * statistics.fmean(found) if found else None
    measured = {"said before": small, "said here": large, "ours": ours}
    nearer = ours is not None and abs(ours - small) < abs(ours - large)
    slip = f"contradicts the {small:g} said before" + (", which ours is near" if nearer else "")
    return abs(small - large) < 1, measured, "the report gives two validation accuracies of one network", slip


def _vast(_: Claim) -> Answer:
    cnn = quoted("003-119")[0]
    one, best = _statements("003-117", "003-118")
    measured = {"over the first figure": cnn - one, "over the best figure": cnn - best}
    return (
        cnn > max(one, best) + 2,
        measured,
        f"{cnn:g} against {one:g} and, called the best, {best:g}; criterion: two points above both",
        "compared with 87.4; the 96.7 that the text calls best is higher",
    )


def _updates(claim: Claim) -> Answer:
    batch = figures.read(claim.quoted.replace("/", "/ "))[0].value
    rows = 60_000 - 6_000
    steps = math.ceil(rows / batch)
    return (
        abs(steps - rows / batch) < 1,
        steps,
        f"{rows:,} rows / {batch:g} = {rows / batch:.4g}, the last batch being smaller",
    )


def _optimizer(claim: Claim) -> Answer:
    from fashion_nn import recipes

    recipe = recipes.get("mlp")
    facts = claims.systems()["S003-22"]["params"]
    agrees = recipe.optimizer == "sgd" and recipe.nesterov and "SGD lr 0.01 momentum 0.975 decay 2e-6 Nesterov" in facts
    return (
        agrees and "SGD with Nesterov" in claim.quoted,
        f"{recipe.optimizer}, momentum {recipe.momentum}, nesterov {recipe.nesterov}",
        "the public file whose layers match the table",
    )


def _distribution(claim: Claim) -> Answer:
    from fashion_nn import zoo

    model = zoo.build("mlp")
    images = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    chances = zoo.predict(model, images, batch_size=100).astype("float64")
    gap = float(np.abs(chances.sum(axis=1) - 1).max())
    activation, outputs = model.layers[-1].activation.__name__, chances.shape[1]
    return (
        gap < 1e-5 and outputs == 10 and activation == "softmax" and activation in claim.quoted.lower(),
        {"activation": activation, "outputs": outputs},
        "the last layer of the network; criterion: its answers to 100 random images sum to 1 within 1e-5",
    )


def _overfitting(found: list, claim: Claim) -> tuple:
    ratios, gaps = [], []
    for history in found:
        smooth = np.convolve([row["val_loss"] for row in history], np.full(10, 0.1), "valid")
        ratios.append(float(smooth[-1] / smooth.min()))
        gaps.append(100 * (history[-1]["accuracy"] - history[-1]["val_accuracy"]))
    why = "criterion: the validation loss, over ten epochs, ends 2 % above its lowest, or training accuracy, dropout "
    why += "on, is above; in most of the seeds"
    over_fits = [ratio > 1.02 or gap > 0 for ratio, gap in zip(ratios, gaps, strict=True)]
    measured = {"last / lowest validation loss": mean_sd(ratios), "points above validation": mean_sd(gaps)}
    return sum(over_fits) > len(found) / 2, measured, why


def _fractions(claim: Claim) -> Answer:
    first = figures.read(claim.quoted)[0].value / 100
    shares = {first, *(float(text) for text in re.findall(r"(?<!\d)\.\d+", claim.quoted))}
    return (
        len(shares) == 1,
        sorted(shares),
        "validation shares of the same trainings",
        "10 per cent in the text, .2 in its note on the same rounds",
    )


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
    return (
        side == size,
        side,
        f"{parameters} parameters are {channels} filters of {side} × {side} and their biases",
        "the number of filters taken for their size",
    )


def _pooling(claim: Claim) -> Finding:
    finding = tables.shapes("cnn-v1", 3, 4)(claim)
    kinds = [one.type for one in tables.table("cnn-v1")[0][:5]]
    before = int(re.search(r"\((\d) conv", claim.quoted)[1])
    good = finding.verdict == MATCH and kinds[:4].count("Conv2D") == before and kinds[4] == "MaxPooling2D"
    return Finding(
        MATCH if good else "differs",
        finding.measured,
        f"{kinds[:4].count('Conv2D')} convolutions before it",
        evidence=finding.evidence,
    )


def _last_dropout(claim: Claim) -> Answer:
    rows = tables.table("cnn-v1")[0]
    place = max(i for i, one in enumerate(rows) if one.type == "Dropout")
    found = [rows[place].output_shape[-1], rows[place + 1].output_shape[-1]]
    printed = [int(text) for text in re.findall(r"(\d+)-(?:unit|class)", claim.quoted)]
    return (
        printed == found and rows[place + 1].type == "Dense",
        found,
        "units of the last dropout, and of the dense layer after it",
    )


def _less_dropout(_: Claim) -> Answer:
    found = {name: [one.type for one in tables.table(name)[0]].count("Dropout") for name in ("cnn-v1", "cnn-v2")}
    return found["cnn-v2"] < found["cnn-v1"], found, "dropout layers; the first network's rates are stated nowhere"


def _caption(_: Claim) -> Answer:
    rows = sum(claim.claim.startswith("Fig 11 row") for claim in claims.load())
    titled = texts.CAPTIONS["003"][11]
    return (
        not rows or "architecture" in titled,
        f"a table of {rows} layers",
        f"its caption reads: {titled}, as figure 10's",
        "the caption of figure 10 again: it should say architecture",
    )


def _underfitting(_: dict, history: list, claim: Claim) -> tuple:
    below = statistics.fmean(row["accuracy"] < row["val_accuracy"] for row in history)
    return (
        below >= 0.8,
        below,
        "share of the epochs in which training accuracy, dropout on, is below validation; criterion: 80 %",
    )


# --- predictions


def _sixty_thousand(claim: Claim) -> Answer:
    printed = 1000 * int(re.search(r"(\d+)k", claim.quoted)[1])
    sizes = fold_sizes()
    return (
        bool(sizes) and sum(sizes) == printed,
        sizes and sum(sizes),
        f"sum of the fold sizes that the printed scores give: {sizes}",
    )


def _pixels(claim: Claim) -> Answer:
    height, width = map(int, re.search(r"(\d+)x(\d+)", claim.quoted).groups())
    printed = int(re.search(r"(\d+) pixels", claim.quoted)[1])
    return height * width == printed, height * width, "height times width"


def _uniform(metrics_: dict, _: list, claim: Claim) -> tuple:
    counts = np.array(metrics_["test"]["confusion"]).sum(axis=0)
    off = float(np.abs(counts / counts.mean() - 1).max())
    why = (
        f"test images that the dense network gives to each class of 1,000; furthest off {off:.0%}; criterion: a quarter"
    )
    return off <= 0.25, counts.tolist(), why


def _order(_: Claim) -> Answer:
    labels = np.repeat(np.arange(10), 1000)
    shuffled = np.random.default_rng(0).permutation(labels)
    kept, lost = (float((labels == each).mean()) for each in (labels, shuffled))
    return (
        kept == 1 and lost < 0.15,
        {"in order": kept, "shuffled": lost},
        "accuracy of perfect predictions whose rows are shuffled",
    )


# --- principal components and logistic regression


def _variance(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    share = parts["fashion_mnist"][0]["explained"]["2"]
    return share < 0.5, share, "variance that two components keep; criterion: less than half"


def _overlap(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {key: mean_sd(over(parts["fashion_mnist"], key)) for key in ("purity", "adjusted_rand")}
    return (
        found["purity"]["mean"] < 0.6,
        found,
        "ten clusters of the test images on two components; criterion: purity below 60 %",
    )


def _explained(claim: Claim) -> Finding:
    from fashion_nn.ledger import protocols

    found = protocols.stored("components")
    if found is None:
        return trainings.waiting(f"needs the results of components: fashion-nn reproduce {claim.id} --full")
    measured = found["parts"]["fashion_mnist"][0]["explained"]
    return texts.not_reproducible(
        "no figure is printed; this is ours", measured, f"fashion-nn reproduce {claim.id} --full"
    )


def _rises(points: dict, _: Claim) -> tuple:
    means = {size: statistics.fmean(point["accuracy"]) for size, point in points.items() if size}
    values = [means[size] for size in sorted(means)]
    return (
        all(a < b for a, b in pairwise(values)),
        means,
        "mean accuracy in five folds by number of components",
    )


def _inflection(points: dict, _: Claim) -> tuple:
    means = {size: statistics.fmean(point["accuracy"]) for size, point in points.items() if size}
    first, last = means[5] - means[2], means[100] - means[50]
    return (
        last < first / 5,
        means,
        f"criterion: 50 to 100 components gain less than a fifth of what 2 to 5 do ({last:.4f}, {first:.4f})",
    )


def _third(points: dict, _: Claim) -> tuple:
    small, large = points[100], points[None]
    gap = statistics.fmean(large["accuracy"]) - statistics.fmean(small["accuracy"])
    seconds = "fit_cpu_seconds" if "fit_cpu_seconds" in small else "fit_seconds"
    cost = statistics.fmean(small[seconds]) / statistics.fmean(large[seconds])
    return (
        abs(gap) < 0.02 and cost < 0.5,
        {"points lost": 100 * gap, "share of the time": cost},
        "criterion: within two points, at half the time or less",
    )


def _listing(claim: Claim) -> Answer:
    printed = [int(figure.value) for figure in figures.read(claim.quoted.replace(",", ", "))]
    systems = [
        int(m[1]) for one in claims.systems().values() if (m := re.match(r"PCA\((\d+)\) \+ logistic", one["name"]))
    ]
    return printed == systems, systems, "components of the six systems of the report"


def _figure_12(claim: Claim) -> Answer:
    printed = int(re.search(r"Figure (\d+)", claim.quoted)[1])
    right = captioned("003", "PCA and logistic regression")
    return [printed] == right, right, "the figure with this caption", "figure number one too low"


def _balanced(_: Claim) -> Answer:
    sizes = fold_sizes()
    why = f"stratified folds of 6,000 images a class have {texts.OFFICIAL_FOLD:,} each"
    return (
        bool(sizes) and set(sizes) == {texts.OFFICIAL_FOLD},
        sizes,
        why,
        "the file is another draw of 60,000 images, not balanced by class",
    )


def _mean_score() -> list[float]:
    return [100 * statistics.fmean(quoted(id)[0] for id in texts.FOLDS)]


def _mean_time() -> list[float]:
    return [statistics.fmean(quoted(f"003-{number}")[0] for number in range(163, 168))]


NOT_IN_DOCUMENT = absent(
    "what was run is not in the document; the public file with the same layers says otherwise or nothing"
)
CLOCK = absent("wall clock of the author's machine")
GPU = absent("the author's GPU is not stated")


def _layer_rows() -> dict[str, Check]:
    """A check for each printed row of the three layer tables, in their order."""
    found, seen = {}, {}
    for claim in claims.load():
        if match := re.match(r"Fig (\d+) row ", claim.claim):
            number = seen[match[1]] = seen.get(match[1], -1) + 1
            found[claim.id] = tables.row(number)
    return found


CHECKS: dict[str, Check] = {
    **_layer_rows(),
    **{
        f"003-{n}": tables.total(kind)
        for n, kind in zip(range(107, 116), ("total", "trainable", "non_trainable") * 3, strict=True)
    },
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
    "003-129": trainings.of_seeds("mlp", "we would have been overfitting", _overfitting),
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
    "003-148": absent(
        "the picture is missing from the report; ours is models/mlp/weights.png", None, "fashion-nn evaluate models/mlp"
    ),
    "003-149": study("components", "significant overlap", _overlap, "fashion-nn reproduce 003-149 --full"),
    "003-150": study("components", "loss of variance is too great", _variance, "fashion-nn reproduce 003-150 --full"),
    "003-151": folds("increases", _rises),
    "003-152": resting_on("components", _explained),
    "003-153": folds("inflection point", _inflection),
    "003-154": fact("Figure ", _figure_12, "fashion-nn reproduce 003-154"),
    "003-155": folds("very similar accuracy at a third", _third),
    "003-156": fact("[", _listing, "fashion-nn reproduce 003-156"),
    **{id: trainings.fold_score() for id in texts.FOLDS},
    "003-162": numbers(_mean_score, unit=1.0, why="mean of the five printed scores; ours: see 003-157"),
    **{f"003-{n}": CLOCK for n in range(163, 168)},
    "003-168": numbers(_mean_time, unit=1.0, why="mean of the five printed times"),
    "003-169": CLOCK,
    "003-170": fact("60k labeled pairs", _balanced, "fashion-nn reproduce 003-170"),
}

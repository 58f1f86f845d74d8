"""Report 002, part 1: decision boundaries of small networks, with different activations, widths and
depths.
"""

import statistics
from collections.abc import Sequence

from fashion_nn.ledger import protocols
from fashion_nn.ledger.checks.seeds import Criterion, above, column, over_seeds, spread, spreads
from fashion_nn.ledger.checks.texts import absent
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Measured, Outcome, Spread
from fashion_nn.ledger.protocols import Parts

# Share of all turning that happens on the most bent tenth of a boundary.
CURVED = 0.8
"""Below this share a boundary is a smooth curve."""
STRAIGHT = 0.9
"""Above this share it consists of straight pieces with corners."""


def bound(words: str | Sequence[str], criterion: Criterion, figure: int) -> Check:
    """A statement about the boundaries in a figure of the report."""
    return over_seeds("boundaries", words, criterion, _command(figure))


def _command(figure: int) -> str:
    return f"fashion-nn lab boundaries --figure report-002/{figure} --picture FILE"


def _different(parts: Parts, _: Claim) -> Outcome:
    pairs = (("relu", "sigmoid"), ("relu", "tanh"), ("sigmoid", "tanh"))
    found = {f"{one} and {other}": _apart(parts, one, other) for one, other in pairs}
    why = "share of the picture that two networks give to different classes; "
    why += "criterion: above 0.2 %"
    return Outcome(min(found.values()) > 0.002, found, why)


def _apart(parts: Parts, one: str, other: str) -> float:
    """Share of the picture that networks with two activations give to different classes, mean over
    the seeds.
    """
    seeds = zip(
        column(parts[f"moons/{one}/3"], "classes"),
        column(parts[f"moons/{other}/3"], "classes"),
        strict=True,
    )
    return statistics.fmean(
        statistics.fmean(a != b for a, b in zip(first, second, strict=True))
        for first, second in seeds
    )


def _straight(parts: Parts, _: Claim) -> Outcome:
    records = parts["moons/relu/3"]
    regions = max(column(records, "distinct_gradients"))
    corners = min(column(records, "bends", "in_corners"))
    why = f"criterion: linear on at most 7 regions, and over {STRAIGHT:.0%} of the turning "
    why += "in corners, for every seed"
    measured = {"most regions": regions, "least share in corners": corners}
    return Outcome(regions <= 7 and corners > STRAIGHT, measured, why)


def _smoother(parts: Parts, _: Claim) -> Outcome:
    names = ("moons/sigmoid/3", "moons/tanh/3", "moons/relu/3")
    sharpest = {name: column(parts[name], "bends", "sharpest") for name in names}
    relu = sharpest.pop("moons/relu/3")
    holds = all(above(relu, other) for other in sharpest.values())
    measured = {name: spread(parts[name], "bends", "in_corners") for name in names}
    why = "share of the turning in corners; criterion: the sharpest bend is less than ReLU's"
    return Outcome(holds, measured, why)


def _pronounced(parts: Parts, _: Claim) -> Outcome:
    found = {
        f"{measure} {name}": column(parts[f"moons/{name}/3"], measure)
        for measure in ("margin", "loss")
        for name in ("tanh", "sigmoid")
    }
    larger_margin = above(found["margin tanh"], found["margin sigmoid"])
    lower_loss = above(found["loss sigmoid"], found["loss tanh"])
    why = "criterion: tanh has the larger mean margin and the lower loss; "
    why += "the boundaries hardly differ"
    return Outcome(larger_margin and lower_loss, spreads(found), why)


def _more_units(parts: Parts, _: Claim) -> Outcome:
    three, five, ten = (column(parts[f"moons/tanh/{units}"], "loss") for units in (3, 5, 10))
    holds = above(three, five) and above(five, ten)
    measured = [Spread.of(values) for values in (three, five, ten)]
    return Outcome(holds, measured, "loss with 3, 5, 10 units; criterion: it falls")


def _overfit(parts: Parts, _: Claim) -> Outcome:
    three, five, ten = (_gaps(parts, units) for units in (3, 5, 10))
    holds = above(five, three) and above(ten, five)
    measured = [Spread.of(values) for values in (three, five, ten)]
    why = "loss on 2,000 fresh points less that on the training points, 3, 5, 10 units; "
    why += "criterion: it grows"
    return Outcome(holds, measured, why)


def _gaps(parts: Parts, units: int) -> list[float]:
    records = parts[f"moons/tanh/{units}"]
    return [record["fresh"]["loss"] - record["loss"] for record in records]


def _curved(name: str, fits: float) -> Criterion:
    """The boundary is a smooth curve, and the accuracy is at least `fits`."""

    def criterion(parts: Parts, _: Claim) -> Outcome:
        corners = spread(parts[name], "bends", "in_corners")
        accuracy = spread(parts[name], "accuracy")
        holds = corners.mean < CURVED and accuracy.mean >= fits
        why = f"criterion: less than {CURVED:.0%} of the turning in corners, "
        why += f"accuracy at least {fits:g}"
        return Outcome(holds, {"in corners": corners, "accuracy": accuracy}, why)

    return criterion


def _pieces(name: str, fits: float) -> Criterion:
    """The boundary consists of straight pieces, and the accuracy is at least `fits`."""

    def criterion(parts: Parts, _: Claim) -> Outcome:
        corners = spread(parts[name], "bends", "in_corners")
        accuracy = spread(parts[name], "accuracy")
        holds = corners.mean > STRAIGHT and accuracy.mean >= fits
        why = f"criterion: more than {STRAIGHT:.0%} of the turning in corners, "
        why += f"accuracy at least {fits:g}"
        return Outcome(holds, {"in corners": corners, "accuracy": accuracy}, why)

    return criterion


def _more_layers(parts: Parts, _: Claim) -> Outcome:
    names = ("sigmoid/5 layers", "sigmoid/3 layers")
    found = {name: column(parts[f"moons/{name}"], "loss") for name in names}
    five, three = found.values()
    lower = above(three, five) and min(five) < 0.95 * min(three)
    smooth = spread(parts["moons/sigmoid/5 layers"], "bends", "in_corners").mean < CURVED
    why = "smooth it is; criterion for more power: a lower loss than three layers trained alike, "
    why += "on average and at best"
    return Outcome(lower and smooth, spreads(found), why)


def _iris(parts: Parts, _: Claim) -> Outcome:
    found = {
        f"{measure} {name}": column(parts[f"iris/{name}"], measure)
        for measure in ("loss", "accuracy")
        for name in ("sigmoid/5 layers", "relu/4 layers")
    }
    lower_loss = above(found["loss relu/4 layers"], found["loss sigmoid/5 layers"])
    lower_accuracy = above(found["accuracy relu/4 layers"], found["accuracy sigmoid/5 layers"])
    why = "criterion: sigmoid ends with the lower loss, and no lower accuracy"
    return Outcome(lower_loss and not lower_accuracy, spreads(found), why)


def _both(parts: Parts, _: Claim) -> Outcome:
    smooth = ("tanh/3 layers", "sigmoid/5 layers")
    datasets = ("moons", "iris")
    found = {
        f"{dataset}/{name}": column(parts[f"{dataset}/{name}"], "bends", "in_corners")
        for dataset in datasets
        for name in (*smooth, "relu/4 layers")
    }
    holds = all(
        above(found[f"{dataset}/relu/4 layers"], found[f"{dataset}/{name}"])
        for dataset in datasets
        for name in smooth
    )
    why = "share of the turning in corners; criterion: more with ReLU, on both data sets"
    return Outcome(holds, spreads(found), why)


def _own_figure() -> Measured:
    found = protocols.stored("boundaries")
    if found is None:
        return None
    return {"accuracy of ours": spread(found["parts"]["moons/tanh/3"], "accuracy")}


CHECKS: dict[str, Check] = {
    "002-010": absent(
        "the pictures are missing from the report; ours can be drawn", _own_figure, _command(1)
    ),
    "002-011": bound("ReLU, Sigmoid, Tanh", _different, 2),
    "002-012": bound("sharp, straight boundaries", _straight, 2),
    "002-013": bound("provide smoother decision boundaries", _smoother, 2),
    "002-014": bound("more pronounced separation", _pronounced, 2),
    "002-015": bound(
        "With 3 hidden units (3a), the decision boundary is relatively simple. As we increase to 5"
        " (3b)",
        _more_units,
        3,
    ),
    "002-016": bound("increasing capacity to overfit", _overfit, 3),
    "002-017": bound("Figure 4 text", _curved("moons/tanh/3 layers", 0.95), 4),
    "002-018": bound("Figure 4 text", _pieces("moons/relu/4 layers", 0.95), 4),
    "002-019": bound("Figure 4 text", _more_layers, 4),
    "002-020": bound("Figure 4 text", _curved("iris/tanh/3 layers", 0.8), 4),
    "002-021": bound("Figure 4 text", _pieces("iris/relu/4 layers", 0.8), 4),
    "002-022": bound("Figure 4 text", _iris, 4),
    "002-023": bound("often produce smoother transitions", _both, 4),
}

"""Report 002, part 1: decision boundaries of small networks, with different activations, widths and
depths.
"""

import statistics
from collections.abc import Sequence
from dataclasses import replace

from fashion_nn.ledger import protocols
from fashion_nn.ledger.checks.seeds import (
    Criterion,
    column,
    needs_protocol,
    over_seeds,
    spread,
    spreads,
)
from fashion_nn.ledger.checks.texts import absent
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Columns, all_of, at_least, chain, in_order
from fashion_nn.ledger.criteria import Criterion as Rule
from fashion_nn.ledger.findings import (
    Check,
    Finding,
    Measured,
    Outcome,
    Spread,
    only_for,
    waiting,
)
from fashion_nn.ledger.protocols import Parts

# Share of all turning that happens on the most bent tenth of a boundary.
CURVED = 0.8
"""Below this share a boundary is a smooth curve."""


def bound(words: str | Sequence[str], criterion: Criterion, figure: int) -> Check:
    """A statement about the boundaries in a figure of the report."""
    return over_seeds("boundaries", words, criterion, _command(figure))


def _command(figure: int) -> str:
    return f"fashion-nn lab boundaries --figure report-002/{figure} --picture FILE"


_PAIRS = (("relu", "sigmoid"), ("relu", "tanh"), ("sigmoid", "tanh"))
_MORE_THAN_SEEDS = in_order(
    "share of the picture that two networks give to different classes",
    [(f"two seeds of {one}", f"{one} and {other}") for one, other in _PAIRS]
    + [(f"two seeds of {other}", f"{one} and {other}") for one, other in _PAIRS],
)


def _different(parts: Parts, _: Claim) -> Outcome:
    classes = {name: column(parts[f"moons/{name}/3"], "classes") for name in ("relu", *_SMOOTH)}
    found = {f"{one} and {other}": _apart(classes[one], classes[other]) for one, other in _PAIRS}
    for name, maps in classes.items():
        # Each seed against the next: another seed alone moves the boundary too.
        found[f"two seeds of {name}"] = _apart(maps, maps[1:] + maps[:1])
    return _MORE_THAN_SEEDS.outcome(found, spreads(found), n=len(found))


def _apart(one: Sequence[str], other: Sequence[str]) -> list[float]:
    """Share of the picture that two networks give to different classes, by seed."""
    return [
        statistics.fmean(a != b for a, b in zip(first, second, strict=True))
        for first, second in zip(one, other, strict=True)
    ]


_CORNER = at_least(20, "the sharpest bend in degrees, in every seed,")


def _sharp(parts: Parts, _: Claim) -> Outcome:
    sharpest = column(parts["moons/relu/3"], "bends", "sharpest")
    why = "that the pieces between corners are straight follows from ReLU and is not tested"
    return _CORNER.outcome(min(sharpest), Spread.of(sharpest), why=why, n=len(sharpest))


_SMOOTH = ("sigmoid", "tanh")
_SHARPEST = "sharpest bend in degrees"


def _smoother(parts: Parts, _: Claim) -> Outcome:
    found = {
        name: column(parts[f"moons/{name}/3"], "bends", "sharpest") for name in (*_SMOOTH, "relu")
    }
    rule = in_order(_SHARPEST, [(name, "relu") for name in _SMOOTH])
    return rule.outcome(found, spreads(found), n=len(found))


def _pronounced(parts: Parts) -> Finding:
    """Which loss the criterion reads decides, so it waits for one that says which."""
    measures = ("margin", "loss", "trained_loss")
    found = {
        f"{measure} {name}": column(parts[f"moons/{name}/3"], measure)
        for measure in measures
        for name in ("tanh", "sigmoid")
    }
    answers = {
        loss: in_order(
            f"mean margin and {loss}",
            [("margin sigmoid", "margin tanh"), (f"{loss} tanh", f"{loss} sigmoid")],
        ).outcome(found, spreads(found), n=4, seeds=len(found["loss tanh"]))
        for loss in measures[1:]
    }
    plain_loss, trained = answers["loss"], answers["trained_loss"]
    if plain_loss.answer == trained.answer:
        return trained.finding(_command(2))
    why = "needs a criterion on the loss that is trained, which has a weight penalty: by that loss "
    why += f"the verdict would be {trained.verdict}, without the penalty {plain_loss.verdict}"
    return replace(
        waiting(why, trained.measured, _command(2)),
        criterion=trained.criterion,
        turns="the loss that the criterion reads",
        n=trained.n,
        seeds=trained.seeds,
    )


_FALLS = in_order("training loss", chain("10 units", "5 units", "3 units"))


def _more_units(parts: Parts, _: Claim) -> Outcome:
    found = {f"{units} units": column(parts[f"moons/tanh/{units}"], "loss") for units in _UNITS}
    return _FALLS.outcome(found, spreads(found), n=len(found))


_UNITS = (3, 5, 10)
_GROWS = in_order(
    "loss on 2,000 fresh points less that on the training points",
    chain("3 units", "5 units", "10 units"),
)


def _overfit(parts: Parts, _: Claim) -> Outcome:
    found = {f"{units} units": _gaps(parts, units) for units in _UNITS}
    return _GROWS.outcome(found, spreads(found), n=len(found))


def _gaps(parts: Parts, units: int) -> list[float]:
    records = parts[f"moons/tanh/{units}"]
    return [record["fresh"]["loss"] - record["loss"] for record in records]


Look = tuple[float, float]
"""Share of the turning in corners, and accuracy."""


def _curved(name: str, fits: float) -> Criterion:
    """The boundary is a smooth curve, and the accuracy is at least `fits`."""
    rule: Rule[Look] = Rule(
        f"less than {CURVED:.0%} of the turning in corners, and an accuracy of at least {fits:g}",
        f"a share of {CURVED:.0%} in corners, or an accuracy below {fits:g}",
        lambda look: look[0] < CURVED and look[1] >= fits,
        (0.5, 1.0),
        (0.95, 1.0),
    )

    def criterion(parts: Parts, _: Claim) -> Outcome:
        corners = spread(parts[name], "bends", "in_corners")
        accuracy = spread(parts[name], "accuracy")
        measured = {"in corners": corners, "accuracy": accuracy}
        return rule.outcome((corners.mean, accuracy.mean), measured, n=2)

    return criterion


def _simple(dataset: str, others: Sequence[str], fits: float) -> Criterion:
    """ReLU's boundary turns less than the others', and the accuracy is at least `fits`.

    That it consists of straight pieces follows from ReLU, so it is not asked.
    """
    relu = "relu/4 layers"
    order = in_order("degrees that the boundary turns", [(relu, other) for other in others])
    rule: Rule[tuple[Columns, float]] = Rule(
        f"{order.words}; and an accuracy of at least {fits:g}",
        f"{order.turns}; or an accuracy below {fits:g}",
        lambda found: all_of([order.rule(found[0]), found[1] >= fits]),
        (order.holds_for, 1.0),
        (order.fails_for, 1.0),
    )

    def criterion(parts: Parts, _: Claim) -> Outcome:
        found = {
            name: column(parts[f"{dataset}/{name}"], "bends", "turned") for name in (relu, *others)
        }
        accuracy = spread(parts[f"{dataset}/{relu}"], "accuracy")
        measured = {**spreads(found), "accuracy": accuracy}
        return rule.outcome((found, accuracy.mean), measured, n=len(found))

    return criterion


_POWER = in_order("training loss", [("sigmoid/5 layers", "sigmoid/3 layers")])


def _more_layers(parts: Parts, _: Claim) -> Outcome:
    names = ("sigmoid/5 layers", "sigmoid/3 layers")
    found = {name: column(parts[f"moons/{name}"], "loss") for name in names}
    why = "more power would show as a lower loss than three layers trained alike"
    return _POWER.outcome(found, spreads(found), why=why, n=len(found))


_BETTER_ON_IRIS = in_order("training loss", [("sigmoid/5 layers", "relu/4 layers")])


def _iris(parts: Parts, _: Claim) -> Outcome:
    found = {
        name: column(parts[f"iris/{name}"], "loss")
        for name in ("sigmoid/5 layers", "relu/4 layers")
    }
    accuracy = {f"accuracy {name}": spread(parts[f"iris/{name}"], "accuracy") for name in found}
    return _BETTER_ON_IRIS.outcome(found, {**spreads(found), **accuracy}, n=len(found))


_DEEP = ("tanh/3 layers", "sigmoid/5 layers")
_SMOOTHER_ON_BOTH = in_order(
    _SHARPEST,
    [
        (f"{dataset}/{name}", f"{dataset}/relu/4 layers")
        for dataset in ("moons", "iris")
        for name in _DEEP
    ],
)


def _both(parts: Parts, _: Claim) -> Outcome:
    found = {
        f"{dataset}/{name}": column(parts[f"{dataset}/{name}"], "bends", "sharpest")
        for dataset in ("moons", "iris")
        for name in (*_DEEP, "relu/4 layers")
    }
    why = "that all of ReLU's turning is in corners follows from ReLU and is not asked"
    return _SMOOTHER_ON_BOTH.outcome(found, spreads(found), why=why, n=len(found))


def _pronounced_or_waits(claim: Claim) -> Finding:
    found = protocols.stored("boundaries")
    if found is None:
        return needs_protocol("boundaries", claim)
    return _pronounced(found.parts)


def _own_figure() -> Measured:
    found = protocols.stored("boundaries")
    if found is None:
        return None
    return {"accuracy of ours": spread(found.parts["moons/tanh/3"], "accuracy")}


CHECKS: dict[str, Check] = {
    "002-010": absent(
        "the pictures are missing from the report; ours can be drawn", _own_figure, _command(1)
    ),
    "002-011": bound("produce varied decision boundaries", _different, 2),
    "002-012": bound("sharp, straight boundaries", _sharp, 2),
    "002-013": bound("provide smoother decision boundaries", _smoother, 2),
    "002-014": Check(only_for("more pronounced separation", _pronounced_or_waits), "boundaries"),
    "002-015": bound(
        "With 3 hidden units (3a), the decision boundary is relatively simple. As we increase to 5"
        " (3b)",
        _more_units,
        3,
    ),
    "002-016": bound("increasing capacity to overfit", _overfit, 3),
    "002-017": bound(
        "The boundary is curved and fits well", _curved("moons/tanh/3 layers", 0.95), 4
    ),
    "002-018": bound("relatively simple with piecewise linear", _simple("moons", _DEEP, 0.95), 4),
    "002-019": bound("more representational power", _more_layers, 4),
    "002-020": bound(
        "smoother and more continuous partitioning", _curved("iris/tanh/3 layers", 0.8), 4
    ),
    "002-021": bound("fairly straightforward", _simple("iris", _DEEP, 0.8), 4),
    "002-022": bound("better captures the complexity", _iris, 4),
    "002-023": bound("often produce smoother transitions", _both, 4),
}

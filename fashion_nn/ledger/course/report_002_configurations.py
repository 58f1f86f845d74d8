"""Report 002, part 2: a convolutional network on MNIST, trained in four configurations."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from fashion_nn.ledger import quotations
from fashion_nn.ledger.checks.configurations import (
    NAMES,
    Criterion,
    Curves,
    Values,
    at_end,
    dcn,
    ends_of,
    epochs_until,
    extreme,
    first_epochs,
    roughness,
    some_accuracy,
)
from fashion_nn.ledger.checks.seeds import spreads
from fashion_nn.ledger.checks.texts import (
    THE_REPORT,
    Configuration,
    absent,
    configurations,
    fact,
    unprinted,
)
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import Columns, all_of, at_least, below, in_order, same
from fashion_nn.ledger.criteria import Criterion as Rule
from fashion_nn.ledger.findings import Check, Outcome, Slip, adopted

CLOCK = absent("wall clock of the author's machine")
SMOOTHED = absent(
    "TensorBoard's smoothing of a curve that is not printed, with a weight that is not stated"
)
LEAKY = "leaky-relu-he-adam"
TANH = "tanh-xavier-adagrad"
RELU = "relu-xavier-adam"
SGD = "sigmoid-he-sgd"


def dcn_parameters(padding: int) -> int:
    """Parameters of two 5 × 5 convolutions (32, 64), each pooled by 2, and dense layers of 1024 and
    10.
    """
    side = 28
    for _ in range(2):
        side = (side + 2 * padding - 4) // 2
    convolutions = (25 * 1 + 1) * 32 + (25 * 32 + 1) * 64
    return convolutions + (side * side * 64 + 1) * 1024 + 1025 * 10


def _four(_: Claim) -> Outcome:
    from fashion_nn import recipes

    names = sorted(f"dcn-{configuration.recipe}" for configuration in configurations())
    ours = sorted(name for name in recipes.RECIPES if name.startswith("dcn"))
    rule = same(names, names[1:], "the configurations of the line and our recipes")
    return rule.outcome(ours, n=len(names))


def _others() -> list[str]:
    return [name for name in NAMES if name != LEAKY]


_UNTIL = "epochs to 90 % of the way"
_SLOWEST = [(f"{_UNTIL} {name}", f"{_UNTIL} {LEAKY}") for name in _others()]


def _labelled(words: str, values: Values) -> dict[str, Sequence[float]]:
    return {f"{words} {name}": found for name, found in values.items()}


def _judged(rule: Rule[Columns], *columns: Mapping[str, Sequence[float]]) -> Outcome:
    found = {name: values for each in columns for name, values in each.items()}
    return rule.outcome(found, spreads(found), n=len(found))


_LOSS = "loss of the first epoch"
_HIGH_AND_SLOW = in_order(
    "highest loss after one epoch, and the slowest",
    [(f"{_LOSS} {name}", f"{_LOSS} {LEAKY}") for name in _others()] + _SLOWEST,
)


def _slow_start(curves: Curves, _: Claim) -> Outcome:
    losses = _labelled(_LOSS, first_epochs(curves, "loss"))
    return _judged(_HIGH_AND_SLOW, losses, _labelled(_UNTIL, epochs_until(curves)))


_ALIKE_AND_EARLY: Rule[Values] = Rule(
    "ReLU and sigmoid need numbers of epochs to 90 % of the way that are within one of each other, "
    "and no more than the other two",
    "means more than one epoch apart, or an earlier one of the other two",
    lambda until: (
        abs(fmean(until[RELU]) - fmean(until[SGD])) <= 1
        and max(fmean(until[RELU]), fmean(until[SGD]))
        <= min(fmean(until[LEAKY]), fmean(until[TANH]))
    ),
    {RELU: [2.0], SGD: [3.0], TANH: [4.0], LEAKY: [5.0]},
    {RELU: [2.0], SGD: [7.0], TANH: [4.0], LEAKY: [5.0]},
)


def _comparable(curves: Curves, _: Claim) -> Outcome:
    until = epochs_until(curves)
    return _ALIKE_AND_EARLY.outcome(until, spreads(until), n=len(until))


_RISING = "share of rising steps"
_ROUGH_AND_SLOW = in_order(
    "the training loss rises most often, and the slowest",
    [(f"{_RISING} {name}", f"{_RISING} {LEAKY}") for name in _others()] + _SLOWEST,
)


def _oscillating(curves: Curves, _: Claim) -> Outcome:
    rising = _labelled(_RISING, roughness(curves, "loss"))
    return _judged(_ROUGH_AND_SLOW, rising, _labelled(_UNTIL, epochs_until(curves)))


def _near(low: float, high: float, what: str) -> Rule[Sequence[float]]:
    """Mean accuracies in per cent, all of them between two limits."""
    return Rule(
        f"{what} is between {low:g} and {high:g} %",
        f"a mean outside {low:g} to {high:g} %",
        lambda means: all(low < mean < high for mean in means),
        [(low + high) / 2],
        [low - 1],
    )


def _about(target: str) -> Criterion:
    """The configuration has the highest accuracy, which is about the printed one."""

    def criterion(curves: Curves, claim: Claim) -> Outcome:
        printed = quotations.first(claim.quoted)
        highest = extreme("test_accuracy", target, True)(curves, claim)
        rule = _near(printed - 0.5, printed + 0.5, f"the mean accuracy of {target}")
        near = rule.outcome([100 * at_end(curves, "test_accuracy")[target].mean])
        return both(highest, near)

    return criterion


def both(one: Outcome, other: Outcome) -> Outcome:
    """Two criteria that have to hold, with the first one's value."""
    return replace(
        one,
        answer=all_of([one.answer, other.answer]),
        criterion=f"{one.criterion}; and {other.criterion}",
        turns=f"{one.turns}; or {other.turns}",
    )


def _above_98(curves: Curves, claim: Claim) -> Outcome:
    printed = quotations.first(claim.quoted)
    ends = at_end(curves, "test_accuracy")
    rule = _near(printed, printed + 1, f"the mean test accuracy of {RELU} and of {SGD}")
    return rule.outcome([100 * ends[name].mean for name in (RELU, SGD)], ends, n=2)


_START = "validation accuracy after one epoch"
_LOW_AND_SLOW = in_order(
    "lowest accuracy after one epoch, and the slowest",
    [(f"{_START} {LEAKY}", f"{_START} {name}") for name in _others()] + _SLOWEST,
)


def _low_start(curves: Curves, _: Claim) -> Outcome:
    start = _labelled(_START, first_epochs(curves))
    return _judged(_LOW_AND_SLOW, start, _labelled(_UNTIL, epochs_until(curves)))


_TWO = [(one, other) for one in (TANH, SGD) for other in (RELU, LEAKY)]
_SMOOTHER_AND_BETTER = in_order(
    "fewer rising steps, a lower test loss and a higher test accuracy, both against both",
    [(f"rising steps {one}", f"rising steps {other}") for one, other in _TWO]
    + [(f"test loss {one}", f"test loss {other}") for one, other in _TWO]
    + [(f"test accuracy {other}", f"test accuracy {one}") for one, other in _TWO],
)


def _smooth_two(curves: Curves, _: Claim) -> Outcome:
    return _judged(
        _SMOOTHER_AND_BETTER,
        _labelled("rising steps", roughness(curves)),
        _labelled("test loss", ends_of(curves, "test_loss")),
        _labelled("test accuracy", ends_of(curves, "test_accuracy")),
    )


_SGD_SLOWEST = in_order(
    "the most epochs", [(f"{_UNTIL} {name}", f"{_UNTIL} {SGD}") for name in NAMES if name != SGD]
)


def _slightly_slower(curves: Curves, _: Claim) -> Outcome:
    end = at_end(curves, "test_accuracy")
    gap = min(end[name].mean for name in NAMES if name != SGD) - end[SGD].mean
    slight = below(1, "the points of accuracy that SGD is behind at the end").outcome(100 * gap)
    return both(_judged(_SGD_SLOWEST, _labelled(_UNTIL, epochs_until(curves))), slight)


def _best(curves: Curves, claim: Claim) -> Outcome:
    high = extreme("test_accuracy", TANH, True)(curves, claim)
    low = extreme("test_loss", TANH, False)(curves, claim)
    rough = {name: fmean(values) for name, values in roughness(curves).items()}
    limit = statistics.median(rough.values())
    rule = at_least(0, "the median share of rising steps less that of tanh-xavier-adagrad")
    return both(both(high, low), rule.outcome(limit - rough[TANH]))


def _adagrad(curves: Curves, claim: Claim) -> Outcome:
    """Adagrad's runs scatter least, and reach a high accuracy."""
    scatter = {name: end.sd for name, end in at_end(curves, "test_loss").items()}
    rule: Rule[Mapping[str, float]] = Rule(
        "the test loss scatters least over the seeds",
        "a smaller deviation of another configuration",
        lambda found: min(found, key=lambda name: found[name]) == TANH,
        {TANH: 0.1, RELU: 0.2},
        {TANH: 0.2, RELU: 0.1},
    )
    high = extreme("test_accuracy", TANH, True)(curves, claim)
    return both(rule.outcome(scatter, n=len(scatter)), high)


def _well(*names: str) -> Criterion:
    """The configurations reach a mean test accuracy of 98 %."""

    def criterion(curves: Curves, _: Claim) -> Outcome:
        ends = at_end(curves, "test_accuracy")
        lowest = min(100 * ends[name].mean for name in names)
        rule = at_least(98, f"the lower mean test accuracy of {' and '.join(names)}, in per cent,")
        return rule.outcome(lowest, {name: ends[name] for name in names}, n=len(names))

    return criterion


_LESS = in_order("test accuracy", [(LEAKY, RELU)])


def _less_promising(curves: Curves, _: Claim) -> Outcome:
    return _judged(_LESS, ends_of(curves, "test_accuracy"))


_ALIVE = at_least(1e-6, "the smallest slope of leaky ReLU for negative inputs")


def _mitigates(_: Claim) -> Outcome:
    negative = np.linspace(-5, -0.01, 500)
    slopes = {
        name: float(np.min((value(negative + 1e-6) - value(negative - 1e-6)) / 2e-6))
        for name, value in {"leaky ReLU": _leaky, "ReLU": lambda z: np.maximum(z, 0)}.items()
    }
    why = "a unit that is negative for every image still gets a gradient; with ReLU it gets none"
    return _ALIVE.outcome(slopes["leaky ReLU"], slopes, why=why, n=len(negative))


def _leaky(z: np.ndarray) -> np.ndarray:
    """Leaky ReLU with the slope of PyTorch, 0.01."""
    return np.where(z > 0, z, 0.01 * z)


def _exists(wanted: Callable[[Configuration], bool], what: str) -> Callable[[Claim], Outcome]:
    """The report lists a configuration of this kind."""
    rule = at_least(1, f"the number of configurations with {what}")

    def criterion(_: Claim) -> Outcome:
        everything = configurations()
        found = [str(one) for one in everything if wanted(one)]
        measured = found or ["; ".join(map(str, everything))]
        slip = Slip(f"no configuration has {what}", shown=not found)
        return rule.outcome(len(found), measured, slip=slip, n=len(everything))

    return criterion


def _named(claim: Claim) -> Outcome:
    names = [configuration.run_name for configuration in configurations()]
    near = min(names, key=lambda name: _distance(name, claim.quoted))
    differ = [f"{a} for {b}" for a, b in zip(claim.quoted, near, strict=False) if a != b]
    slip = Slip(f"misprint: {', '.join(differ)}", shown=len(differ) == 1)
    rule = same(near, f"{near}?", "the printed name and the one that the configuration gives")
    return rule.outcome(claim.quoted, near, slip=slip)


def _distance(one: str, other: str) -> int:
    """The number of letters in which two names differ, place by place."""
    differing = sum(a != b for a, b in zip(one, other, strict=False))
    return differing + abs(len(one) - len(other))


_TOOLTIP = ("002-026", "002-027", "002-028")

CHECKS: dict[str, Check] = {
    "002-024": adopted(
        fact(
            "ReLU Xavier Adam 0.005; Sigmoid He SGD 0.01; Tanh Xavier Adagrad 0.01; Leaky ReLU He"
            " Adam 0.005",
            _four,
            "fashion-nn models dcn",
        )
    ),
    "002-025": unprinted(
        lambda: {"unpadded": dcn_parameters(0), "padded": dcn_parameters(2)},
        "fashion-nn models dcn",
    ),
    **{id: some_accuracy(_TOOLTIP) for id in _TOOLTIP},
    **{f"002-0{number}": SMOOTHED for number in (29, 30)},
    **{f"002-0{number}": CLOCK for number in range(31, 35)},
    "002-035": dcn("lowest final test loss", extreme("test_loss", TANH, False)),
    "002-036": dcn("significantly higher loss and converged slowly", _slow_start),
    "002-037": dcn(
        "effectively minimized by the tanh-xavier-adagrad", extreme("loss", TANH, False)
    ),
    "002-038": dcn("comparable performance in terms of convergence", _comparable),
    "002-039": dcn("slow decrease, with noticeable oscillations", _oscillating),
    "002-040": dcn("reaching around", _about(TANH)),
    "002-041": dcn("slightly above", _above_98),
    "002-042": dcn("much lower accuracy value and exhibited a slower convergence", _low_start),
    "002-043": dcn(
        "smoother learning curves with lower test losses and higher accuracies", _smooth_two
    ),
    "002-044": dcn("slightly slower compared to Adagrad and Adam", _slightly_slower),
    "002-045": dcn("best performing one", _best),
    "002-046": fact(
        "Adam also performed well with ReLU and Sigmoid",
        _exists(
            lambda one: one.activation == "Sigmoid" and one.optimizer == "Adam",
            "Sigmoid and Adam",
        ),
        THE_REPORT,
    ),
    "002-047": fact(
        "He initialization performed better with ReLU",
        _exists(lambda one: one.activation == "ReLU" and one.initialiser == "He", "ReLU and He"),
        THE_REPORT,
    ),
    "002-048": fact("mnist_dcn_", _named, THE_REPORT),
    "002-049": dcn("Xavier initialization seemed to work well", _well(TANH, RELU)),
    "002-050": dcn("He initialization with leaky ReLU was less promising", _less_promising),
    "002-051": dcn("Adagrad optimizer showed consistent results", _adagrad),
    "002-052": dcn("ReLU also performed well", _well(RELU)),
    "002-053": fact("mitigating dying ReLU problems", _mitigates, "fashion-nn models dcn"),
    "002-054": absent(
        "what was tuned, and between which values, is not in the report: one setting of each"
        " configuration is printed"
    ),
}

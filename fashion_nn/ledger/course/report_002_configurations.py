"""Report 002, part 2: a convolutional network on MNIST, trained in four configurations."""

import statistics
from collections.abc import Callable

from fashion_nn.ledger import quotations
from fashion_nn.ledger.checks.configurations import (
    Criterion,
    Curves,
    at_end,
    dcn,
    epochs_until,
    extreme,
    first_epochs,
    roughness,
    some_accuracy,
)
from fashion_nn.ledger.checks.texts import Configuration, absent, configurations, fact
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Measured, Outcome

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


def _four(curves: Curves, _: Claim) -> Outcome:
    names = [configuration.recipe for configuration in configurations()]
    trained = sorted(name for name in names if curves.get(name))
    why = "configurations of the line that were trained"
    return Outcome(len(trained) == 4, trained, why)


def _others(curves: Curves) -> list[str]:
    return [name for name in curves if name != LEAKY]


def _slow_start(curves: Curves, _: Claim) -> Outcome:
    losses = first_epochs(curves, "loss")
    until = epochs_until(curves)
    others = _others(curves)
    high = all(losses[LEAKY] > 1.5 * losses[name] for name in others)
    late = all(until[LEAKY] >= until[name] for name in others)
    why = "criterion: in the first epoch at least 1.5 times every other loss, "
    why += "and the most epochs to 90 % of the way"
    measured = {"loss of the first epoch": losses, "epochs to 90 %": until}
    return Outcome(high and late, measured, why)


def _comparable(curves: Curves, _: Claim) -> Outcome:
    until = epochs_until(curves)
    near = abs(until[RELU] - until[SGD]) <= 1
    early = max(until[RELU], until[SGD]) <= min(until[LEAKY], until[TANH])
    why = "epochs to 90 % of the way; "
    why += "criterion: within one of each other, and no later than the other two"
    return Outcome(near and early, until, why)


def _oscillating(curves: Curves, _: Claim) -> Outcome:
    rising = roughness(curves, "loss")
    until = epochs_until(curves)
    holds = all(
        rising[LEAKY] > rising[name] and until[LEAKY] >= until[name] for name in _others(curves)
    )
    measured = {"share of rising steps": rising, "epochs to 90 %": until}
    why = "training loss; criterion: the most turns, and the most epochs to 90 % of the way"
    return Outcome(holds, measured, why)


def _about(target: str) -> Criterion:
    """The configuration has the highest accuracy, which is about the printed one."""

    def criterion(curves: Curves, claim: Claim) -> Outcome:
        printed = quotations.first(claim.quoted)
        highest = extreme("test_accuracy", target, True)(curves, claim)
        near = abs(100 * at_end(curves, "test_accuracy")[target].mean - printed) <= 0.5
        why = f"{highest.why}; criterion: the highest, {printed:g} % within half a point"
        return Outcome(highest.holds and near, highest.measured, why)

    return criterion


def _above_98(curves: Curves, claim: Claim) -> Outcome:
    printed = quotations.first(claim.quoted)
    ends = at_end(curves, "test_accuracy")
    holds = all(printed < 100 * ends[name].mean < printed + 1 for name in (RELU, SGD))
    return Outcome(holds, ends, f"criterion: both between {printed:g} and {printed + 1:g} %")


def _low_start(curves: Curves, _: Claim) -> Outcome:
    start = first_epochs(curves)
    until = epochs_until(curves)
    holds = all(
        start[LEAKY] < start[name] - 0.02 and until[LEAKY] >= until[name]
        for name in _others(curves)
    )
    why = "validation accuracy; criterion: two points below every other after one epoch, "
    why += "and slowest"
    return Outcome(holds, {"first epoch": start, "epochs to 90 %": until}, why)


def _smooth_two(curves: Curves, _: Claim) -> Outcome:
    rough = roughness(curves)
    loss = at_end(curves, "test_loss")
    accuracy = at_end(curves, "test_accuracy")
    pairs = [(one, other) for one in (TANH, SGD) for other in (RELU, LEAKY)]
    holds = all(
        rough[one] <= rough[other]
        and loss[one].mean < loss[other].mean
        and accuracy[one].mean > accuracy[other].mean
        for one, other in pairs
    )
    measured: Measured = {"rising steps": rough, "test loss": loss, "test accuracy": accuracy}
    return Outcome(holds, measured, "criterion: all three, for both against both of the others")


def _slightly_slower(curves: Curves, _: Claim) -> Outcome:
    until = epochs_until(curves)
    end = at_end(curves, "test_accuracy")
    others = (RELU, TANH, LEAKY)
    gap = min(end[name].mean for name in others) - end[SGD].mean
    holds = until[SGD] > max(until[name] for name in others) and gap < 0.01
    measured: Measured = {"epochs to 90 %": until, "points behind at the end": 100 * gap}
    why = "criterion: slowest, yet less than a point behind at the end (slightly)"
    return Outcome(holds, measured, why)


def _best(curves: Curves, claim: Claim) -> Outcome:
    high = extreme("test_accuracy", TANH, True)(curves, claim)
    low = extreme("test_loss", TANH, False)(curves, claim)
    rough = roughness(curves)
    smooth = rough[TANH] <= statistics.median(rough.values())
    measured = {
        "test accuracy": high.measured,
        "test loss": low.measured,
        "rising steps": rough,
    }
    why = "criterion: highest accuracy, lowest loss, no rougher than the median"
    return Outcome(high.holds and low.holds and smooth, measured, why)


def _exists(wanted: Callable[[Configuration], bool], what: str) -> Callable[[Claim], Outcome]:
    """The report lists a configuration of this kind."""

    def criterion(_: Claim) -> Outcome:
        everything = configurations()
        found = [str(one) for one in everything if wanted(one)]
        measured = found or ["; ".join(map(str, everything))]
        why = f"configurations with {what}: {len(found)}"
        return Outcome(bool(found), measured, why, f"no configuration has {what}")

    return criterion


def _named(claim: Claim) -> Outcome:
    names = [configuration.run_name for configuration in configurations()]
    near = min(names, key=lambda name: _distance(name, claim.quoted))
    differ = [f"{a} for {b}" for a, b in zip(claim.quoted, near, strict=False) if a != b]
    slip = f"misprint: {', '.join(differ)}"
    return Outcome(claim.quoted in names, near, "the name that the configuration gives", slip)


def _distance(one: str, other: str) -> int:
    """The number of letters in which two names differ, place by place."""
    differing = sum(a != b for a, b in zip(one, other, strict=False))
    return differing + abs(len(one) - len(other))


CHECKS: dict[str, Check] = {
    "002-024": dcn(
        "ReLU Xavier Adam 0.005; Sigmoid He SGD 0.01; Tanh Xavier Adagrad 0.01; Leaky ReLU He Adam"
        " 0.005",
        _four,
    ),
    "002-025": absent(
        "no figure is printed, and the padding is not stated; ours is by arithmetic",
        lambda: {"unpadded": dcn_parameters(0), "padded": dcn_parameters(2)},
        "fashion-nn models dcn",
    ),
    **{f"002-0{number}": some_accuracy() for number in (26, 27, 28)},
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
        "fashion-nn reproduce 002-046",
    ),
    "002-047": fact(
        "He initialization performed better with ReLU",
        _exists(lambda one: one.activation == "ReLU" and one.initialiser == "He", "ReLU and He"),
        "fashion-nn reproduce 002-047",
    ),
    "002-048": fact("mnist_dcn_", _named, "fashion-nn reproduce 002-048"),
}

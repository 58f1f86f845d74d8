"""Report 002: decision boundaries, the gradients of a two-layer network, and a convolutional network on MNIST."""

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

from fashion_nn.lab import backprop, layers
from fashion_nn.ledger import figures, protocols, trainings
from fashion_nn.ledger.algebra import expression
from fashion_nn.ledger.findings import Check, Claim
from fashion_nn.ledger.studies import Parts, above, mean_sd, over, study
from fashion_nn.ledger.texts import Answer, absent, configurations, fact, run_name
from fashion_nn.ledger.trainings import Curves, dcn, extreme

# --- gradients, with three samples, two inputs, four hidden units and three classes

_CASE = {
    "layers": [2, 4, 3],
    "activations": ["tanh", "softmax"],
    "weights": [
        [[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2], [0.7, -0.1]],
        [[0.2, -0.3, 0.5, 0.1], [0.4, 0.1, -0.2, 0.3], [-0.6, 0.2, 0.1, 0.5]],
    ],
    "biases": [[0.1, -0.1, 0.2, 0.0], [0.0, 0.1, -0.2]],
    "loss": "softmax-cross-entropy",
    "learning_rate": 0.1,
    "reduction": "mean",
    "samples": [
        {"x": [1, 2], "target": [1, 0, 0]},
        {"x": [-1, 0.5], "target": [0, 1, 0]},
        {"x": [0.3, -1], "target": [0, 0, 1]},
    ],
}


def _case() -> tuple[backprop.Trace, dict[str, np.ndarray]]:
    """The worked case, and what the report's equations come to in it; units × samples."""
    trace = backprop.trace(backprop.from_json(_CASE))
    off = trace.outputs[1] - trace.exercise.targets
    slope = 1 - trace.outputs[0] ** 2
    delta = (trace.exercise.weight_matrices[1].T @ off) * slope
    return trace, {
        "W2": trace.outputs[0] @ off.T,
        "b2": off,
        "W1": trace.exercise.inputs @ delta.T,
        "b1": delta,
    }


def _weights(layer: int) -> Callable[[Claim], Answer]:
    def compute(_: Claim) -> Answer:
        trace, printed = _case()
        right = trace.weight_gradients[layer - 1].T  # in the layout of the equations, inputs × outputs
        return _share(printed[f"W{layer}"], right, len(trace.exercise.samples), "")

    return compute


def _biases(layer: int) -> Callable[[Claim], Answer]:
    def compute(_: Claim) -> Answer:
        trace, printed = _case()
        matrix = printed[f"b{layer}"]
        missing = f"the sum over the samples is missing: a bias has {matrix.shape[0]} derivatives, printed are "
        missing += f"{matrix.shape[0]} × {matrix.shape[1]}; "
        return _share(matrix.sum(axis=1), trace.bias_gradients[layer - 1], len(trace.exercise.samples), missing)

    return compute


def _share(printed: np.ndarray, right: np.ndarray, samples: int, missing: str) -> Answer:
    factor = float(np.median(printed / right))
    constant = bool(np.allclose(printed, factor * right))
    slip = (
        f"{missing}1/N is missing: the loss is a mean, equation 4"
        if constant and abs(factor - samples) < 1e-9
        else missing
    )
    why = f"with N = {samples} it is {factor:.6g} times the derivative" + (
        f"; {missing.rstrip('; ')}" if missing else ""
    )
    return constant and abs(factor - 1) < 1e-9 and not missing, {"printed / right": factor}, why, slip


def _shapes(claim: Claim) -> Answer:
    trace, printed = _case()
    weight = printed["W2"]  # equation 5 gives W2 this shape
    off = trace.outputs[1] - trace.exercise.targets
    factor = weight.T if "W_2^T" in claim.quoted else weight
    fits = factor.shape[1] == off.shape[0]
    shapes = [" × ".join(map(str, each.shape)) for each in (weight, factor, off)]
    why = "equation 5 makes W2 {}; {} times {}".format(*shapes)
    return (
        fits,
        f"{factor.shape} @ {off.shape}",
        why + (" fits" if fits else " does not multiply"),
        "W2, not its transpose, in the layout of equation 5",
    )


def _relu(_: Claim) -> Answer:
    found = layers.relu_derivative(np.array([2.0, 1e-9, 0.0, -2.0])).tolist()
    return found == [1, 1, 0, 0], found, "derivative at 2, 1e-9, 0 and -2"


def _mean_loss(_: Claim) -> Answer:
    trace, _ = _case()
    value = -float((trace.exercise.targets * np.log(trace.outputs[1])).sum()) / len(trace.exercise.samples)
    return abs(value - trace.loss_before) < 1e-12, value, "the printed sum against the lab's mean loss, three samples"


# --- boundaries

CURVED, STRAIGHT = 0.8, 0.9
"""Share of all turning that happens on the most bent tenth of a boundary: below, a smooth curve; above, corners."""


def bound(words: str | list[str], criterion: Callable[[Parts, Claim], tuple[bool, Any, str]], figure: int) -> Check:
    command = f"fashion-nn lab boundaries --figure report-002/{figure} --picture FILE"
    return study("boundaries", words, criterion, command)


def _corners(parts: Parts, *names: str) -> dict[str, Any]:
    return {name: mean_sd(over(parts[name], "bends", "in_corners")) for name in names}


def _different(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    def apart(one: str, other: str) -> float:
        pairs = zip(over(parts[f"moons/{one}/3"], "classes"), over(parts[f"moons/{other}/3"], "classes"), strict=True)
        return statistics.fmean(np.mean([a != b for a, b in zip(*pair, strict=True)]) for pair in pairs)

    found = {f"{a} and {b}": apart(a, b) for a, b in (("relu", "sigmoid"), ("relu", "tanh"), ("sigmoid", "tanh"))}
    return (
        min(found.values()) > 0.002,
        found,
        "share of the picture that two networks give to different classes; criterion: above 0.2 %",
    )


def _straight(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    records = parts["moons/relu/3"]
    regions, corners = max(over(records, "distinct_gradients")), min(over(records, "bends", "in_corners"))
    why = f"criterion: linear on at most 7 regions, and over {STRAIGHT:.0%} of the turning in corners, for every seed"
    return regions <= 7 and corners > STRAIGHT, {"most regions": regions, "least share in corners": corners}, why


def _smoother(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = _corners(parts, "moons/sigmoid/3", "moons/tanh/3", "moons/relu/3")
    sharpest = {
        f"moons/{name}/3": over(parts[f"moons/{name}/3"], "bends", "sharpest") for name in ("sigmoid", "tanh", "relu")
    }
    relu = sharpest.pop("moons/relu/3")
    return (
        all(above(relu, each) for each in sharpest.values()),
        found,
        "share of the turning in corners; criterion: the sharpest bend is less than ReLU's",
    )


def _pronounced(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {
        f"{m} {name}": over(parts[f"moons/{name}/3"], m) for m in ("margin", "loss") for name in ("tanh", "sigmoid")
    }
    holds = above(found["margin tanh"], found["margin sigmoid"]) and above(found["loss sigmoid"], found["loss tanh"])
    why = "criterion: tanh has the larger mean margin and the lower loss; the boundaries hardly differ"
    return holds, {name: mean_sd(values) for name, values in found.items()}, why


def _more_units(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = [over(parts[f"moons/tanh/{units}"], "loss") for units in (3, 5, 10)]
    holds = above(found[0], found[1]) and above(found[1], found[2])
    return holds, [mean_sd(values) for values in found], "loss with 3, 5, 10 units; criterion: it falls"


def _overfit(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    gaps = [
        [record["fresh"]["loss"] - record["loss"] for record in parts[f"moons/tanh/{units}"]] for units in (3, 5, 10)
    ]
    holds = above(gaps[1], gaps[0]) and above(gaps[2], gaps[1])
    return (
        holds,
        [mean_sd(gap) for gap in gaps],
        "loss on 2,000 fresh points less that on the training points, 3, 5, 10 units; criterion: it grows",
    )


def _curved(name: str, fits: float) -> Callable[[Parts, Claim], tuple[bool, Any, str]]:
    def criterion(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
        corners, accuracy = (mean_sd(over(parts[name], *path)) for path in (("bends", "in_corners"), ("accuracy",)))
        why = f"criterion: less than {CURVED:.0%} of the turning in corners, accuracy at least {fits:g}"
        return corners["mean"] < CURVED and accuracy["mean"] >= fits, {"in corners": corners, "accuracy": accuracy}, why

    return criterion


def _pieces(name: str, fits: float) -> Callable[[Parts, Claim], tuple[bool, Any, str]]:
    def criterion(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
        corners, accuracy = (mean_sd(over(parts[name], *path)) for path in (("bends", "in_corners"), ("accuracy",)))
        why = f"criterion: more than {STRAIGHT:.0%} of the turning in corners, accuracy at least {fits:g}"
        return (
            corners["mean"] > STRAIGHT and accuracy["mean"] >= fits,
            {"in corners": corners, "accuracy": accuracy},
            why,
        )

    return criterion


def _more_layers(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {name: over(parts[f"moons/{name}"], "loss") for name in ("sigmoid/5 layers", "sigmoid/3 layers")}
    holds = above(found["sigmoid/3 layers"], found["sigmoid/5 layers"]) and min(found["sigmoid/5 layers"]) < 0.95 * min(
        found["sigmoid/3 layers"]
    )
    smooth = mean_sd(over(parts["moons/sigmoid/5 layers"], "bends", "in_corners"))["mean"] < CURVED
    why = "smooth it is; criterion for more power: a lower loss than three layers trained alike, on average and at best"
    return holds and smooth, {name: mean_sd(values) for name, values in found.items()}, why


def _iris(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    found = {
        f"{m} {name}": over(parts[f"iris/{name}"], m)
        for m in ("loss", "accuracy")
        for name in ("sigmoid/5 layers", "relu/4 layers")
    }
    holds = above(found["loss relu/4 layers"], found["loss sigmoid/5 layers"]) and not above(
        found["accuracy relu/4 layers"], found["accuracy sigmoid/5 layers"]
    )
    return (
        holds,
        {name: mean_sd(values) for name, values in found.items()},
        "criterion: sigmoid ends with the lower loss, and no lower accuracy",
    )


def _both(parts: Parts, _: Claim) -> tuple[bool, Any, str]:
    names = [
        f"{data}/{net}" for data in ("moons", "iris") for net in ("tanh/3 layers", "sigmoid/5 layers", "relu/4 layers")
    ]
    found = {name: over(parts[name], "bends", "in_corners") for name in names}
    holds = all(
        above(found[f"{data}/relu/4 layers"], found[f"{data}/{net}"])
        for data in ("moons", "iris")
        for net in ("tanh/3 layers", "sigmoid/5 layers")
    )
    return (
        holds,
        {name: mean_sd(values) for name, values in found.items()},
        "share of the turning in corners; criterion: more with ReLU, on both data sets",
    )


def _own_figure() -> Any:
    found = protocols.stored("boundaries")
    return found and {"accuracy of ours": mean_sd(over(found["parts"]["moons/tanh/3"], "accuracy"))}


# --- the convolutional network

CLOCK = absent("wall clock of the author's machine")
SMOOTHED = absent("TensorBoard's smoothing of a curve that is not printed, with a weight that is not stated")
LEAKY, TANH, RELU, SGD = "leaky-relu-he-adam", "tanh-xavier-adagrad", "relu-xavier-adam", "sigmoid-he-sgd"


def dcn_parameters(padding: int) -> int:
    """Of two 5 × 5 convolutions (32, 64), a dense layer of 1024 and one of 10, each convolution pooled by 2."""
    side = 28
    for _ in range(2):
        side = (side + 2 * padding - 4) // 2
    return (25 * 1 + 1) * 32 + (25 * 32 + 1) * 64 + (side * side * 64 + 1) * 1024 + 1025 * 10


def _four(curves: Curves, _: Claim) -> tuple:
    names = ["-".join(part.lower().replace(" ", "-") for part in (a, i, o)) for a, i, o, _ in configurations()]
    trained = sorted(name for name in names if curves.get(name))
    return len(trained) == 4, trained, "configurations of the line that were trained"


def _slow_start(curves: Curves, _: Claim) -> tuple:
    losses, until = trainings.first_epochs(curves, "loss"), trainings.epochs_until(curves)
    others = [name for name in curves if name != LEAKY]
    holds = all(losses[LEAKY] > 1.5 * losses[name] for name in others) and all(
        until[LEAKY] >= until[name] for name in others
    )
    why = "criterion: in the first epoch at least 1.5 times every other loss, and the most epochs to 90 % of the way"
    return holds, {"loss of the first epoch": losses, "epochs to 90 %": until}, why


def _comparable(curves: Curves, _: Claim) -> tuple:
    until = trainings.epochs_until(curves)
    holds = abs(until[RELU] - until[SGD]) <= 1 and max(until[RELU], until[SGD]) <= min(until[LEAKY], until[TANH])
    return (
        holds,
        until,
        "epochs to 90 % of the way; criterion: within one of each other, and no later than the other two",
    )


def _oscillating(curves: Curves, _: Claim) -> tuple:
    found, until = trainings.roughness(curves, "loss"), trainings.epochs_until(curves)
    others = [name for name in curves if name != LEAKY]
    holds = all(found[LEAKY] > found[name] and until[LEAKY] >= until[name] for name in others)
    return (
        holds,
        {"share of rising steps": found, "epochs to 90 %": until},
        "training loss; criterion: the most turns, and the most epochs to 90 % of the way",
    )


def _about(target: str) -> Callable[[Curves, Claim], tuple]:
    def criterion(curves: Curves, claim: Claim) -> tuple:
        printed = figures.read(claim.quoted)[0].value
        holds, ends, why = extreme("test_accuracy", target, True)(curves, claim)
        return (
            holds and abs(100 * ends[target]["mean"] - printed) <= 0.5,
            ends,
            f"{why}; criterion: the highest, {printed:g} % within half a point",
        )

    return criterion


def _above_98(curves: Curves, claim: Claim) -> tuple:
    printed = figures.read(claim.quoted)[0].value
    ends = trainings.at_end(curves, "test_accuracy")
    holds = all(printed < 100 * ends[name]["mean"] < printed + 1 for name in (RELU, SGD))
    return holds, ends, f"criterion: both between {printed:g} and {printed + 1:g} %"


def _low_start(curves: Curves, _: Claim) -> tuple:
    found, until = trainings.first_epochs(curves), trainings.epochs_until(curves)
    others = [name for name in curves if name != LEAKY]
    holds = all(found[LEAKY] < found[name] - 0.02 and until[LEAKY] >= until[name] for name in others)
    return (
        holds,
        {"first epoch": found, "epochs to 90 %": until},
        "validation accuracy; criterion: two points below every other after one epoch, and slowest",
    )


def _smooth_two(curves: Curves, _: Claim) -> tuple:
    rough, loss, accuracy = (
        trainings.roughness(curves),
        trainings.at_end(curves, "test_loss"),
        trainings.at_end(curves, "test_accuracy"),
    )
    pairs = [(one, other) for one in (TANH, SGD) for other in (RELU, LEAKY)]
    holds = all(
        rough[a] <= rough[b] and loss[a]["mean"] < loss[b]["mean"] and accuracy[a]["mean"] > accuracy[b]["mean"]
        for a, b in pairs
    )
    return (
        holds,
        {"rising steps": rough, "test loss": loss, "test accuracy": accuracy},
        "criterion: all three, for both against both of the others",
    )


def _slightly_slower(curves: Curves, _: Claim) -> tuple:
    until = trainings.epochs_until(curves)
    others = [until[name] for name in (RELU, TANH, LEAKY)]
    end = trainings.at_end(curves, "test_accuracy")
    gap = min(end[name]["mean"] for name in (RELU, TANH, LEAKY)) - end[SGD]["mean"]
    holds = until[SGD] > max(others) and gap < 0.01
    return (
        holds,
        {"epochs to 90 %": until, "points behind at the end": 100 * gap},
        "criterion: slowest, yet less than a point behind at the end (slightly)",
    )


def _best(curves: Curves, claim: Claim) -> tuple:
    high = extreme("test_accuracy", TANH, True)(curves, claim)
    low = extreme("test_loss", TANH, False)(curves, claim)
    rough = trainings.roughness(curves)
    holds = high[0] and low[0] and rough[TANH] <= statistics.median(rough.values())
    return (
        holds,
        {"test accuracy": high[1], "test loss": low[1], "rising steps": rough},
        "criterion: highest accuracy, lowest loss, no rougher than the median",
    )


def _exists(wanted: Callable[[str, str, str], bool], what: str) -> Callable[[Claim], Answer]:
    def compute(_: Claim) -> Answer:
        found = [" ".join(each) for each in configurations() if wanted(*each[:3])]
        listed = ["; ".join(" ".join(each) for each in configurations())]
        return bool(found), found or listed, f"configurations with {what}: {len(found)}", f"no configuration has {what}"

    return compute


def _named(claim: Claim) -> Answer:
    names = [run_name(*each) for each in configurations()]
    near = min(
        names,
        key=lambda name: (
            sum(a != b for a, b in zip(name, claim.quoted, strict=False)) + abs(len(name) - len(claim.quoted))
        ),
    )
    differ = [f"{a} for {b}" for a, b in zip(claim.quoted, near, strict=False) if a != b]
    return claim.quoted in names, near, "the name that the configuration gives", f"misprint: {', '.join(differ)}"


_LOWEST = extreme("test_loss", TANH, False)

CHECKS: dict[str, Check] = {
    "002-001": expression(lambda: _diff("tanh"), evidence="fashion-nn lab backprop report-004/2b"),
    "002-002": expression(lambda: _diff("sigmoid"), evidence="fashion-nn lab backprop report-001/sigmoid"),
    "002-003": fact("1 if z>0, 0 if z<=0", _relu, "fashion-nn lab backprop report-001/relu"),
    "002-004": fact("-(1/N) sum_n sum_i y log yhat", _mean_loss),
    "002-005": fact("a_1 (yhat - y)^T", _weights(2)),
    "002-006": fact("yhat - y", _biases(2)),
    "002-007": fact("X delta_1^T", _weights(1)),
    "002-008": fact("(yhat - y)) . f'(z_1)", _shapes),
    "002-009": fact("delta_1", _biases(1)),
    "002-010": absent(
        "the pictures are missing from the report; ours can be drawn",
        _own_figure,
        "fashion-nn lab boundaries --figure report-002/1 --picture FILE",
    ),
    "002-011": bound("ReLU, Sigmoid, Tanh", _different, 2),
    "002-012": bound("sharp, straight boundaries", _straight, 2),
    "002-013": bound("provide smoother decision boundaries", _smoother, 2),
    "002-014": bound("more pronounced separation", _pronounced, 2),
    "002-015": bound(
        "With 3 hidden units (3a), the decision boundary is relatively simple. As we increase to 5 (3b)", _more_units, 3
    ),
    "002-016": bound("increasing capacity to overfit", _overfit, 3),
    "002-017": bound("Figure 4 text", _curved("moons/tanh/3 layers", 0.95), 4),
    "002-018": bound("Figure 4 text", _pieces("moons/relu/4 layers", 0.95), 4),
    "002-019": bound("Figure 4 text", _more_layers, 4),
    "002-020": bound("Figure 4 text", _curved("iris/tanh/3 layers", 0.8), 4),
    "002-021": bound("Figure 4 text", _pieces("iris/relu/4 layers", 0.8), 4),
    "002-022": bound("Figure 4 text", _iris, 4),
    "002-023": bound("often produce smoother transitions", _both, 4),
    "002-024": dcn(
        "ReLU Xavier Adam 0.005; Sigmoid He SGD 0.01; Tanh Xavier Adagrad 0.01; Leaky ReLU He Adam 0.005", _four
    ),
    "002-025": absent(
        "no figure is printed, and the padding is not stated; ours is by arithmetic",
        lambda: {"unpadded": dcn_parameters(0), "padded": dcn_parameters(2)},
        "fashion-nn models dcn",
    ),
    **{f"002-0{n}": trainings.some_accuracy() for n in (26, 27, 28)},
    **{f"002-0{n}": SMOOTHED for n in (29, 30)},
    **{f"002-0{n}": CLOCK for n in range(31, 35)},
    "002-035": dcn("lowest final test loss", _LOWEST),
    "002-036": dcn("significantly higher loss and converged slowly", _slow_start),
    "002-037": dcn("effectively minimized by the tanh-xavier-adagrad", extreme("loss", TANH, False)),
    "002-038": dcn("comparable performance in terms of convergence", _comparable),
    "002-039": dcn("slow decrease, with noticeable oscillations", _oscillating),
    "002-040": dcn("reaching around", _about(TANH)),
    "002-041": dcn("slightly above", _above_98),
    "002-042": dcn("much lower accuracy value and exhibited a slower convergence", _low_start),
    "002-043": dcn("smoother learning curves with lower test losses and higher accuracies", _smooth_two),
    "002-044": dcn("slightly slower compared to Adagrad and Adam", _slightly_slower),
    "002-045": dcn("best performing one", _best),
    "002-046": fact(
        "Adam also performed well with ReLU and Sigmoid",
        _exists(lambda a, i, o: (a, o) == ("Sigmoid", "Adam"), "Sigmoid and Adam"),
        "fashion-nn reproduce 002-046",
    ),
    "002-047": fact(
        "He initialization performed better with ReLU",
        _exists(lambda a, i, o: (a, i) == ("ReLU", "He"), "ReLU and He"),
        "fashion-nn reproduce 002-047",
    ),
    "002-048": fact("mnist_dcn_", _named, "fashion-nn reproduce 002-048"),
}


def _diff(name: str) -> Any:
    import sympy

    z = sympy.Symbol("z", real=True)
    if name == "tanh":
        return sympy.diff(sympy.tanh(z), z)
    return sympy.diff(1 / (1 + sympy.exp(-z)), z)

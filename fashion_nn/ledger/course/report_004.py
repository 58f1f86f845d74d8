"""Report 004: worked exercises in backpropagation."""

from collections.abc import Callable

import numpy as np

from fashion_nn.lab import backprop
from fashion_nn.lab.backprop import activations
from fashion_nn.ledger import figures
from fashion_nn.ledger.algebra import expression
from fashion_nn.ledger.findings import Check, Claim, Finding
from fashion_nn.ledger.studies import above, mean_sd, over, study
from fashion_nn.ledger.texts import Answer, fact
from fashion_nn.ledger.traces import nothing_printed, term, worked, zero_matrix

ONE, TWO_A, TWO, THREE = "report-004/1", "report-004/2a", "report-004/2b", "report-004/3"


def _half_squares(_: Claim) -> Answer:
    trace = worked(ONE)
    value = 0.5 * float(((trace.outputs[-1] - trace.exercise.targets) ** 2).sum())
    return abs(value - trace.loss_before) < 1e-15, value, "the formula at the start, against the lab's loss"


def _deltas(exercise: str, slope: str) -> Callable[[Claim], Answer]:
    """The printed formulas of δ, evaluated, against finite differences of the loss by the nets."""

    def compute(_: Claim) -> Answer:
        trace = worked(exercise)
        outputs, weights = trace.outputs, trace.exercise.weight_matrices

        def f(a: np.ndarray) -> np.ndarray:
            return a * (1 - a) if slope == "sigmoid" else 1 - a**2

        delta = (outputs[-1] - trace.exercise.targets) * f(outputs[-1])
        gaps = [float(np.abs(delta - _numerical(trace, len(outputs))).max())]
        for layer in range(len(outputs) - 1, 0, -1):
            delta = (weights[layer].T @ delta) * f(outputs[layer - 1])
            gaps.append(float(np.abs(delta - _numerical(trace, layer)).max()))
        return max(gaps) < 1e-8, max(gaps), "largest difference to finite differences of the loss"

    return compute


def _numerical(trace: backprop.Trace, layer: int, step: float = 1e-6) -> np.ndarray:
    """∂E/∂z[layer] by central differences."""
    names, given = trace.exercise.activations, trace.exercise

    def loss(nets: np.ndarray) -> float:
        output = activations.ACTIVATIONS[names[layer - 1]].apply(nets)
        for above_ in range(layer, given.depth):
            z = given.weight_matrices[above_] @ output + given.bias_vectors[above_][:, None]
            output = activations.ACTIVATIONS[names[above_]].apply(z)
        return 0.5 * float(((output - given.targets) ** 2).sum())

    nets = trace.nets[layer - 1]
    slopes = np.empty_like(nets)
    for place in np.ndindex(nets.shape):
        moved = np.zeros_like(nets)
        moved[place] = step
        slopes[place] = (loss(nets + moved) - loss(nets - moved)) / (2 * step)
    return slopes


def _first_class(_: Claim) -> Answer:
    trace = worked(ONE)
    return trace.query_class == 0, trace.query_class + 1, "the larger output, counted from 1"


def _batch(_: Claim) -> Answer:
    trace = worked(TWO)
    given = trace.exercise.to_json()
    singles = [backprop.trace(backprop.from_json(given | {"samples": [sample]})) for sample in given["samples"]]
    gaps = [
        float(np.abs(sum(getattr(one, key)[layer] for one in singles) - getattr(trace, key)[layer]).max())
        for key in ("weight_gradients", "bias_gradients")
        for layer in range(trace.exercise.depth)
    ]
    return (
        max(gaps) < 1e-15,
        max(gaps),
        "largest difference between the batch's gradient and the sum of the single ones",
    )


def _softmax_derivative(_: Claim) -> Answer:
    z = np.array([[0.3], [-1.2], [0.8]])
    s = activations.softmax(z)[:, 0]
    printed = np.where(np.eye(3, dtype=bool), s * (1 - s), -np.outer(s, s))
    step = 1e-6
    columns = [
        (activations.softmax(z + step * e[:, None]) - activations.softmax(z - step * e[:, None]))[:, 0] / (2 * step)
        for e in np.eye(3)
    ]
    gap = float(np.abs(printed - np.array(columns).T).max())
    return gap < 1e-9, gap, "largest difference between the formula and finite differences"


def _sums_to_one(_: Claim) -> Answer:
    z = np.random.default_rng(0).normal(0, 20, (7, 1000))
    gap = float(np.abs(activations.softmax(z).sum(axis=0) - 1).max())
    return gap < 1e-12, gap, "largest distance of the sum from 1 over 1,000 columns of nets"


def _not_updated(_: Claim) -> Answer:
    trace = worked(THREE)
    changes = [
        float(np.abs(a - b).max()) for a, b in zip(trace.updated_weights, trace.exercise.weight_matrices, strict=True)
    ]
    changes += [
        float(np.abs(a - b).max()) for a, b in zip(trace.updated_biases, trace.exercise.bias_vectors, strict=True)
    ]
    lower = max(changes[0], changes[1], changes[3], changes[4])
    return lower == 0 < changes[2], lower, "largest change of a parameter in layers 1 and 2"


def _better(parts: dict, _: Claim) -> tuple:
    found = {f"{m} {name}": over(parts[name], m) for m in ("valid_error", "train_error") for name in parts}
    holds = above(found["valid_error softmax-squared-error"], found["valid_error softmax-cross-entropy"])
    return (
        holds,
        {name: mean_sd(values) for name, values in found.items()},
        "criterion: fewer validation errors, ten digits of MNIST, trained alike",
    )


def query(key: str, layer: int) -> Check:
    """Nets or outputs of the query point after the step."""

    def check(claim: Claim) -> Finding:
        values = getattr(worked(ONE), key)[layer - 1]
        return figures.judge(claim, values, digits=6, evidence=f"fashion-nn lab backprop {ONE}")

    return check


def _terms(exercise: str, first: int, *places: tuple[str, int]) -> dict[str, Check]:
    """Checks of consecutive claims."""
    return {f"004-{first + offset:03}": term(exercise, *place) for offset, place in enumerate(places)}


_UPDATE = [(key, layer) for layer in (2, 1) for key in ("weight_gradients", "bias_gradients")]
_DEEP = [(key, layer) for layer in (3, 2, 1) for key in ("weight_gradients", "bias_gradients")]

CHECKS: dict[str, Check] = {
    **_terms(ONE, 1, ("nets", 1), ("outputs", 1), ("nets", 2), ("outputs", 2)),
    "004-005": fact("E = 1/2 sum (x_i - z_i)^2", _half_squares, f"fashion-nn lab backprop {ONE}"),
    "004-006": fact(
        "delta[L] = (x-z) o s(1-s); delta[l] = W^T delta o s(1-s)",
        _deltas(ONE, "sigmoid"),
        f"fashion-nn lab backprop {ONE}",
    ),
    **_terms(ONE, 7, ("deltas", 2), ("deltas", 1), *_UPDATE),
    **_terms(
        ONE,
        13,
        *(
            (key.replace("weight_gradients", "updated_weights").replace("bias_gradients", "updated_biases"), layer)
            for key, layer in _UPDATE
        ),
    ),
    "004-017": query("query_nets", 1),
    "004-018": query("query_outputs", 1),
    "004-019": query("query_nets", 2),
    "004-020": query("query_outputs", 2),
    "004-021": fact("first class", _first_class, f"fashion-nn lab backprop {ONE}"),
    "004-022": nothing_printed(TWO_A, "updated_weights", "updated_biases"),
    **_terms(TWO, 23, *((key, layer) for layer in (1, 2, 3) for key in ("nets", "outputs"))),
    "004-029": fact(
        "(x-z) o (1-tanh^2 z); W^T delta o (1-tanh^2 z)", _deltas(TWO, "tanh"), f"fashion-nn lab backprop {TWO}"
    ),
    **_terms(TWO, 30, ("deltas", 3), ("deltas", 2), ("deltas", 1), *_DEEP),
    **_terms(
        TWO,
        39,
        *(
            (key.replace("weight_gradients", "updated_weights").replace("bias_gradients", "updated_biases"), layer)
            for key, layer in _DEEP
        ),
    ),
    "004-045": fact("joint update of all the singular", _batch, f"fashion-nn lab backprop {TWO}"),
    "004-046": fact("s_i(1-s_i) if i=j, -s_i s_j otherwise", _softmax_derivative, f"fashion-nn lab backprop {THREE}"),
    "004-047": fact(
        "sum of the softmax outputs is always equal to 1", _sums_to_one, f"fashion-nn lab backprop {THREE}"
    ),
    "004-048": term(THREE, "outputs", 3),
    "004-049": term(THREE, "deltas", 3),
    "004-050": zero_matrix(THREE, 2),
    "004-051": zero_matrix(THREE, 1),
    "004-052": expression(lambda: "1 - tanh(z)**2", evidence=f"fashion-nn lab backprop {THREE}"),
    **_terms(THREE, 53, ("weight_gradients", 3), ("bias_gradients", 3), ("updated_weights", 3), ("updated_biases", 3)),
    "004-057": fact("will not be updated", _not_updated, f"fashion-nn lab backprop {THREE}"),
    "004-058": study("squared-error", "perform better than the SSE", _better),
    "004-059": nothing_printed(THREE, "loss_before"),
}

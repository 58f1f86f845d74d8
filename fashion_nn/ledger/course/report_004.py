"""Report 004: worked exercises in backpropagation."""

import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from fashion_nn.lab import backprop, layers
from fashion_nn.lab.backprop import activations
from fashion_nn.ledger import quotations
from fashion_nn.ledger.checks.exercises import (
    evidence_of,
    term,
    without_figure,
    worked,
    zero_matrix,
)
from fashion_nn.ledger.checks.formulas import expression
from fashion_nn.ledger.checks.seeds import column, over_seeds, spreads
from fashion_nn.ledger.checks.texts import Criterion, absent, fact
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.criteria import at_least, below, in_order, same
from fashion_nn.ledger.findings import Check, Finding, Outcome
from fashion_nn.ledger.protocols import TUNED_RATES, Parts

ONE = "report-004/1"
TWO_A = "report-004/2a"
TWO = "report-004/2b"
THREE = "report-004/3"
PLOTS = "fashion-nn lab backprop --figures FOLDER"
_GRADIENTS = ("weight_gradients", "bias_gradients")
_UPDATED = ("updated_weights", "updated_biases")
_STEP = 1e-6  # of finite differences

Term = tuple[str, int]
"""Key of the trace, layer from 1."""


_SAME = below(1e-8, "the largest difference between the printed formula and ours")


def _half_squares(_: Claim) -> Outcome:
    trace = worked(ONE)
    errors = trace.outputs[-1] - trace.exercise.targets
    value = 0.5 * float((errors**2).sum())
    why = "the formula at the start, against the lab's loss"
    return _SAME.outcome(abs(value - trace.loss_before), value, why=why)


def _sigmoid_slope(outputs: np.ndarray) -> np.ndarray:
    return outputs * (1 - outputs)


def _tanh_slope(outputs: np.ndarray) -> np.ndarray:
    return 1 - outputs**2


def _deltas(exercise: str, slope: Callable[[np.ndarray], np.ndarray]) -> Criterion:
    """The printed formulas of δ, evaluated, against finite differences of the loss by the nets."""

    def criterion(_: Claim) -> Outcome:
        trace = worked(exercise)
        outputs = trace.outputs
        delta = (outputs[-1] - trace.exercise.targets) * slope(outputs[-1])
        gaps = [_largest_gap(delta, _numerical(trace, len(outputs)))]
        for layer in range(len(outputs) - 1, 0, -1):
            back = trace.exercise.weight_matrices[layer].T @ delta
            delta = back * slope(outputs[layer - 1])
            gaps.append(_largest_gap(delta, _numerical(trace, layer)))
        return _SAME.outcome(max(gaps), why="ours: finite differences of the loss", n=len(gaps))

    return criterion


def _largest_gap(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def _numerical(trace: backprop.Trace, layer: int) -> np.ndarray:
    """∂E/∂z[layer] by central differences."""
    nets = trace.nets[layer - 1]
    slopes = np.empty_like(nets)
    for place in np.ndindex(nets.shape):
        moved = np.zeros_like(nets)
        moved[place] = _STEP
        rise = _loss_from(trace, layer, nets + moved) - _loss_from(trace, layer, nets - moved)
        slopes[place] = rise / (2 * _STEP)
    return slopes


def _loss_from(trace: backprop.Trace, layer: int, nets: np.ndarray) -> float:
    """The loss if a layer had these nets."""
    given = trace.exercise
    output = activations.ACTIVATIONS[given.activations[layer - 1]].apply(nets)
    for higher in range(layer, given.depth):
        z = given.weight_matrices[higher] @ output + given.bias_vectors[higher][:, None]
        output = activations.ACTIVATIONS[given.activations[higher]].apply(z)
    return 0.5 * float(((output - given.targets) ** 2).sum())


def _first_class(_: Claim) -> Outcome:
    found = worked(ONE).query_class
    if found is None:
        raise ValueError(f"{ONE} has no query point")
    rule = same(1, 2, "the printed class and that of the larger output, counted from 1")
    return rule.outcome(found + 1)


def _batch(_: Claim) -> Outcome:
    trace = worked(TWO)
    given = trace.exercise.model_dump(mode="json")
    singles = [
        backprop.trace(backprop.from_json(given | {"samples": [sample]}))
        for sample in given["samples"]
    ]
    gaps = []
    for key in _GRADIENTS:
        for layer in range(trace.exercise.depth):
            summed = np.sum([getattr(one, key)[layer] for one in singles], axis=0)
            gaps.append(_largest_gap(summed, getattr(trace, key)[layer]))
    why = "the gradient of the batch, against the sum of the single ones"
    return _SAME.outcome(max(gaps), why=why, n=len(gaps))


def _softmax_derivative(_: Claim) -> Outcome:
    z = np.array([[0.3], [-1.2], [0.8]])
    s = activations.softmax(z)[:, 0]
    printed = np.where(np.eye(3, dtype=bool), s * (1 - s), -np.outer(s, s))
    columns = []
    for unit in np.eye(3):
        step = _STEP * unit[:, None]
        rise = activations.softmax(z + step) - activations.softmax(z - step)
        columns.append(rise[:, 0] / (2 * _STEP))
    gap = _largest_gap(printed, np.array(columns).T)
    return _SAME.outcome(gap, why="ours: finite differences of softmax", n=printed.size)


_ONE = below(1e-9, "the largest distance of the sum of the outputs from 1")
_FREE = at_least(1, "the difference between the largest and the smallest sum of seven sigmoids")


def _some_nets() -> np.ndarray:
    """1,000 columns of seven nets."""
    return np.random.default_rng(0).normal(0, 20, (7, 1000))


def _sums_to_one(_: Claim) -> Outcome:
    sums = activations.softmax(_some_nets()).sum(axis=0)
    return _ONE.outcome(float(np.abs(sums - 1).max()), n=len(sums))


def _sums_freely(_: Claim) -> Outcome:
    sums = layers.sigmoid(_some_nets()).sum(axis=0)
    measured = [float(sums.min()), float(sums.max())]
    return _FREE.outcome(float(np.ptp(sums)), measured, why="lowest and highest sum", n=len(sums))


def _cross_entropy(_: Claim) -> Outcome:
    trace = worked(THREE)
    value = -float((trace.exercise.targets * np.log(trace.outputs[-1])).sum())
    why = "the printed sum over both samples at the start, against the lab's loss"
    return _SAME.outcome(abs(value - trace.loss_before), value, why=why)


def _suits_regression(_: Claim) -> Outcome:
    """The squared error against the negative log-likelihood of normal noise, by their slopes."""
    error = np.linspace(-5, 5, 1001)
    half = 1e-6
    normal = (norm_loss(error + half) - norm_loss(error - half)) / (2 * half)
    gap = float(np.abs(normal - error).max())
    why = "its slope is that of the negative log-likelihood of numbers with normal noise, as "
    why += "cross-entropy's is that of classes"
    return _SAME.outcome(gap, why=why, n=len(error))


def norm_loss(error: np.ndarray) -> np.ndarray:
    """Negative log-likelihood of an error under the normal distribution with variance 1."""
    return error**2 / 2 + 0.5 * np.log(2 * np.pi)


_UNMOVED = below(1e-15, "the largest change of a parameter in layers 1 and 2")


def _not_updated(_: Claim) -> Outcome:
    trace = worked(THREE)
    weights = _changes(trace.updated_weights, trace.exercise.weight_matrices)
    biases = _changes(trace.updated_biases, trace.exercise.bias_vectors)
    lower = max(*weights[:2], *biases[:2])
    return _UNMOVED.outcome(lower, why=f"the largest of layer 3 is {weights[2]:.4g}", n=4)


def _changes(after: Sequence[np.ndarray], before: Sequence[np.ndarray]) -> list[float]:
    """The largest change of an entry, layer by layer."""
    return [_largest_gap(a, b) for a, b in zip(after, before, strict=True)]


_CE = "softmax-cross-entropy"
_SSE = "softmax-squared-error"
_FEWER = in_order("share of validation errors", [(_CE, _SSE)])


def _better(parts: Parts, _: Claim) -> Outcome:
    """Each loss with the learning rate that suits it best."""
    found: dict[str, list[float]] = {}
    rates = {}
    for loss in (_CE, _SSE):
        errors = {
            rate: column(parts[f"{loss}, rate {rate:g}"], "valid_error") for rate in TUNED_RATES
        }
        rates[loss] = min(errors, key=lambda rate: statistics.fmean(errors[rate]))
        found[loss] = errors[rates[loss]]
    tried = ", ".join(f"{rate:g}" for rate in TUNED_RATES)
    why = "ten digits of MNIST, each loss with the best of the rates " + tried + ": "
    why += ", ".join(f"{rate:g} for {loss}" for loss, rate in rates.items())
    return _FEWER.outcome(found, spreads(found), why=why, n=len(found))


def _first_sample_only() -> list[float]:
    biases: list[float] = worked("report-004/3a").updated_biases[-1].tolist()
    return biases


def query(key: str, layer: int) -> Check:
    """Nets or outputs of the query point after the step."""

    def judge(claim: Claim) -> Finding:
        values = getattr(worked(ONE), key)[layer - 1]
        return quotations.judge(claim, values, digits=6, evidence=evidence_of(ONE))

    return Check(judge)


def _terms(exercise: str, first: int, terms: Iterable[Term]) -> dict[str, Check]:
    """Checks of consecutive claims, each about one term."""
    return {
        f"004-{number:03}": term(exercise, key, layer)
        for number, (key, layer) in enumerate(terms, start=first)
    }


def _each_layer(numbers: Iterable[int], *keys: str) -> list[Term]:
    """The terms of one layer after those of another."""
    return [(key, layer) for layer in numbers for key in keys]


CHECKS: dict[str, Check] = {
    **_terms(ONE, 1, _each_layer((1, 2), "nets", "outputs")),
    "004-005": fact("E = 1/2 sum (x_i - z_i)^2", _half_squares, evidence_of(ONE)),
    "004-006": fact(
        "delta[L] = (x-z) o s(1-s); delta[l] = W^T delta o s(1-s)",
        _deltas(ONE, _sigmoid_slope),
        evidence_of(ONE),
    ),
    **_terms(ONE, 7, [("deltas", 2), ("deltas", 1)]),
    **_terms(ONE, 9, _each_layer((2, 1), *_GRADIENTS)),
    **_terms(ONE, 13, _each_layer((2, 1), *_UPDATED)),
    "004-017": query("query_nets", 1),
    "004-018": query("query_outputs", 1),
    "004-019": query("query_nets", 2),
    "004-020": query("query_outputs", 2),
    "004-021": fact("first class", _first_class, evidence_of(ONE)),
    "004-022": without_figure(TWO_A, "updated_weights", "updated_biases"),
    **_terms(TWO, 23, _each_layer((1, 2, 3), "nets", "outputs")),
    "004-029": fact(
        "(x-z) o (1-tanh^2 z); W^T delta o (1-tanh^2 z)",
        _deltas(TWO, _tanh_slope),
        evidence_of(TWO),
    ),
    **_terms(TWO, 30, _each_layer((3, 2, 1), "deltas")),
    **_terms(TWO, 33, _each_layer((3, 2, 1), *_GRADIENTS)),
    **_terms(TWO, 39, _each_layer((3, 2, 1), *_UPDATED)),
    "004-045": fact("joint update of all the singular", _batch, evidence_of(TWO)),
    "004-046": fact(
        "s_i(1-s_i) if i=j, -s_i s_j otherwise", _softmax_derivative, evidence_of(THREE)
    ),
    "004-047": fact(
        "sum of the softmax outputs is always equal to 1", _sums_to_one, evidence_of(THREE)
    ),
    "004-048": term(THREE, "outputs", 3),
    "004-049": term(THREE, "deltas", 3),
    "004-050": zero_matrix(THREE, 2),
    "004-051": zero_matrix(THREE, 1),
    "004-052": expression(lambda: "1 - tanh(z)**2", evidence=evidence_of(THREE)),
    **_terms(THREE, 53, _each_layer((3,), *_GRADIENTS, *_UPDATED)),
    "004-057": fact("will not be updated", _not_updated, evidence_of(THREE)),
    "004-058": over_seeds("squared-error", "perform better than the SSE", _better),
    "004-059": without_figure(THREE, "loss_before"),
    "004-060": fact("E = -sum z_i log zhat_i", _cross_entropy, evidence_of(THREE)),
    "004-061": fact("sigmoid sum does not have such restrictions", _sums_freely, PLOTS),
    "004-062": absent(
        "the teacher's solutions are not in the report; our step on the first sample alone",
        lambda: {"updated_biases, layer 3": _first_sample_only()},
        evidence_of("report-004/3a"),
    ),
    "004-063": fact("more suited to regression", _suits_regression, "fashion-nn lab losses values"),
}

"""What goes wrong when a person works backpropagation by hand: each slip as a recomputation.

A hypothesis takes a sheet (what stands there so far) and a term, and yields what the term would be had
the slip been made: a detail in words and the value, of the term's shape. None of them knows an
exercise; whoever grades compares the values with an answer. `SLIPS` are the usual ones, the likelier
first.
"""

from collections.abc import Callable, Iterator

import numpy as np

from fashion_nn.lab.backprop.activations import ACTIVATIONS, Array
from fashion_nn.lab.backprop.sheet import Sheet, Term, forward

Hypotheses = Iterator[tuple[str, Array]]
Catalogue = tuple[tuple[str, Callable[[Sheet, Term], Hypotheses]], ...]
"""Names of slips, each with its hypotheses."""


def sign_lost(sheet: Sheet, term: Term) -> Hypotheses:
    value = sheet.compute(term)
    yield "the result has the opposite sign", -value
    yield "the minus in front of the result is dropped", np.abs(value)
    key, layer = term
    if key == "nets":
        weight, bias, below = sheet.weight(layer), sheet.bias(layer)[:, None], sheet.output(layer - 1)
        yield "the bias is subtracted", weight @ below - bias
        yield "the minus of a weight is dropped", np.abs(weight) @ below + bias
        yield "the minus of an input is dropped", weight @ np.abs(below) + bias
        yield "the minus of the bias is dropped", weight @ below + np.abs(bias)
    elif key == "outputs":
        f, net = sheet.activation(layer).apply, sheet[Term("nets", layer)]
        yield "f(-z) in place of f(z)", f(-net)
        yield "f(|z|) in place of f(z)", f(np.abs(net))
    elif key == "deltas":
        yield from _delta_signs(sheet, layer)
    elif key == "weight_gradients":
        delta, below = sheet[Term("deltas", layer)], sheet.output(layer - 1)
        yield "the minus of δ is dropped", np.abs(delta) @ below.T
        yield "the minus of an input is dropped", delta @ np.abs(below).T
    elif key == "bias_gradients":
        yield "the minus of δ is dropped", np.abs(sheet[Term("deltas", layer)]).sum(axis=1)
    elif key in _UPDATES:
        old, step = update_parts(sheet, term)
        yield "the step is added, not subtracted: + η ∂E in place of - η ∂E", old + step
        yield "the minus of the gradient is dropped", old - np.abs(step)
        yield "both signs of the step are dropped", old + np.abs(step)


def _delta_signs(sheet: Sheet, layer: int) -> Hypotheses:
    z = sheet.net(layer)
    a = sheet.activation(layer).apply(z)
    with_plus = {"tanh": ("1 + tanh²", 1 + a**2), "sigmoid": ("σ (1 + σ)", a * (1 + a))}
    if layer == sheet.exercise.depth:
        t = sheet.exercise.targets
        if sheet.exercise.loss == "half-squared-error":
            yield "the target is added: a + t in place of a - t", sheet.share * sheet.pull(layer, a + t)
        elif sheet.exercise.loss.endswith("cross-entropy") and "softsign" not in sheet.exercise.loss:
            yield "the target is added, not subtracted", sheet.compute(Term("deltas", layer)) + 2 * sheet.share * t
        if sheet.exercise.loss != "half-squared-error":
            return
    else:
        weight, above = sheet.weight(layer + 1), sheet[Term("deltas", layer + 1)]
        yield "the minus of a weight is dropped", sheet.pull(layer, np.abs(weight).T @ above)
        yield "the minus of a δ is dropped", sheet.pull(layer, weight.T @ np.abs(above))
    if sheet.exercise.activations[layer - 1] in with_plus:
        formula, slope = with_plus[sheet.exercise.activations[layer - 1]]
        yield f"f' = {formula} in place of the minus", gradient_into(sheet, layer) * slope


def times_bias(sheet: Sheet, term: Term) -> Hypotheses:
    key, layer = term
    if not layer:
        return
    bias = sheet.bias(layer)
    column = bias[:, None]
    if key == "nets":
        yield "W a multiplied by b, not b added", sheet.weight(layer) @ sheet.output(layer - 1) * column
    elif key in {"updated_weights", "updated_biases"}:
        old, step = update_parts(sheet, term)
        yield "the step is multiplied by the bias", old - step * (column if old.ndim == 2 else bias)
    else:
        value = sheet.compute(term)
        what = "the derivative of b is 1, not b" if key == "bias_gradients" else "a factor b that does not belong there"
        yield what, value * (bias if value.ndim == 1 else column)


def wrong_weight(sheet: Sheet, term: Term) -> Hypotheses:
    key, layer = term
    if key == "nets":
        below, bias = sheet.output(layer - 1), sheet.bias(layer)[:, None]
        for detail, weight in _other_weights(sheet, layer, sheet.weight(layer)):
            yield detail, weight @ below + bias
    elif key == "deltas" and layer < sheet.exercise.depth:
        above = sheet[Term("deltas", layer + 1)]
        for detail, weight in _other_weights(sheet, layer + 1, sheet.weight(layer + 1), transposed=True):
            yield detail, sheet.pull(layer, weight.T @ above)
        yield "outputs taken for weights", sheet.pull(layer, above.sum(axis=0) * sheet.output(layer))
    elif key == "weight_gradients":
        value = sheet.compute(term)
        yield from _transpositions("the gradient", value)
    elif key == "updated_weights":
        old, step = update_parts(sheet, term)
        yield from _transpositions("the result", old - step)
        for detail, other in _transpositions("the gradient", step):
            yield detail, old - other
        for detail, other in _other_weights(sheet, layer, old):
            yield f"{detail} is updated", other - step


def _other_weights(sheet: Sheet, layer: int, weight: Array, *, transposed: bool = False) -> Iterator[tuple[str, Array]]:
    """Matrices of the same shape that could be taken for W[layer]."""
    name = f"W[{layer}]"
    if weight.shape[0] == weight.shape[1]:
        yield f"{name} in place of {name}ᵀ" if transposed else f"{name}ᵀ in place of {name}", weight.T
    if 1 not in weight.shape:
        yield f"{name} filled column by column", weight.reshape(weight.shape[::-1]).T
    if Term("updated_weights", layer) in sheet:
        yield f"the updated {name} in place of the one before the step", sheet[Term("updated_weights", layer)]
    for other in range(1, sheet.exercise.depth + 1):
        candidate = sheet.weight(other)
        if other != layer and candidate.shape == weight.shape:
            yield f"W[{other}] in place of {name}", candidate
        if other != layer and candidate.T.shape == weight.shape:
            yield f"W[{other}]ᵀ in place of {name}", candidate.T


def _transpositions(what: str, value: Array) -> Iterator[tuple[str, Array]]:
    if value.shape[0] == value.shape[1]:
        yield f"{what} is transposed", value.T
    if 1 not in value.shape:
        yield f"{what} is filled column by column", value.T.reshape(value.shape)


def weight_for_input(sheet: Sheet, term: Term) -> Hypotheses:
    key, layer = term
    if key == "nets":
        value = (sheet.weight(layer) ** 2).sum(axis=1) + sheet.bias(layer)
        yield "w · w in place of w · a", np.broadcast_to(value[:, None], sheet.compute(term).shape)
    elif key in {"weight_gradients", "updated_weights"}:
        gradient = sheet[Term("deltas", layer)].sum(axis=1, keepdims=True) * sheet.weight(layer)
        if key == "weight_gradients":
            yield "δ · w in place of δ · a: the derivative of w a by w is a", gradient
        else:
            yield "the step is η δ w in place of η δ a", sheet.weight(layer) - sheet.exercise.learning_rate * gradient


def derivative_missing(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key == "deltas":
        where = "∂E/∂a" if term.layer == sheet.exercise.depth else f"W[{term.layer + 1}]ᵀ δ[{term.layer + 1}]"
        yield f"{where} without the factor f'(z[{term.layer}])", gradient_into(sheet, term.layer)


def derivative_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key != "deltas":
        return
    layer, name = term.layer, sheet.exercise.activations[term.layer - 1]
    gradient, z = gradient_into(sheet, layer), sheet.net(layer)
    a = sheet.activation(layer).apply(z)
    yield "f(z) in place of f'(z)", gradient * a
    yield "1 - f(z) in place of f'(z)", gradient * (1 - a)
    if name == "sigmoid":
        yield "(1 - σ)(1 + σ) in place of σ (1 - σ)", gradient * (1 - a**2)
    if name == "softmax":
        yield "the Jacobian of softmax without what is off its diagonal", gradient * a * (1 - a)
    elif name != "sigmoid":
        yield f"a (1 - a), which is right for sigmoid, with the output of {name}", gradient * a * (1 - a)
    if name != "tanh":
        yield f"1 - a², which is right for tanh, with the output of {name}", gradient * (1 - a**2)
    for other in ACTIVATIONS.values():
        if other.slope and other.name != name:
            yield f"the derivative of {other.name} in place of that of {name}", gradient * other.slope(z)
    slope = sheet.activation(layer).slope
    if slope:
        yield "f'(a) in place of f'(z)", gradient * slope(a)
        yield "f' multiplied once more", sheet.compute(term) * slope(z)
    else:
        yield "multiplied by a (1 - a) once more", sheet.compute(term) * a * (1 - a)


def activation_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    key, layer = term
    if key == "outputs":
        net, f = sheet[Term("nets", layer)], sheet.activation(layer)
        yield "the net is taken for the output: f is left out", net
        for other in ACTIVATIONS.values():
            if other.name != f.name:
                yield f"{other.name} in place of {f.name}", other.apply(net)
        yield "f is applied twice", f.apply(f.apply(net))
        if f.slope:
            yield "f'(z) in place of f(z)", f.slope(net)
    elif layer > 1 and key in {"nets", "weight_gradients"}:
        below = sheet[Term("nets", layer - 1)]
        detail = "the net of the layer below is taken for its output"
        if key == "nets":
            yield detail, sheet.weight(layer) @ below + sheet.bias(layer)[:, None]
        else:
            yield detail, sheet[Term("deltas", layer)] @ below.T


def bias_missing(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key == "nets":
        yield "W a without + b", sheet.weight(term.layer) @ sheet.output(term.layer - 1)


def input_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key != "weight_gradients":
        return
    delta, value = sheet[Term("deltas", term.layer)], sheet.compute(term)
    yield "δ alone, without the factor a", np.broadcast_to(delta.sum(axis=1, keepdims=True), value.shape)
    for other in range(sheet.exercise.depth + 1):
        below = sheet.output(other)
        if other != term.layer - 1 and len(below) == value.shape[1]:
            yield f"a[{other}] in place of a[{term.layer - 1}]", delta @ below.T


def step_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key not in _UPDATES:
        return
    old, step = update_parts(sheet, term)
    rate = sheet.exercise.learning_rate
    gradient = sheet[Term(_UPDATES[term.key], term.layer)]
    yield "the learning rate is left out", old - gradient
    yield "not updated: the value before the step", old
    yield "the step alone, without the value before it", -step
    yield "the step alone, without the value before it and its minus", step
    yield "the gradient, not the updated value", gradient
    yield "the learning rate is multiplied twice", old - rate * step


def samples_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    count, key = len(sheet.exercise.samples), term.key
    if count == 1 or key not in {"deltas", "weight_gradients", "bias_gradients", "loss_before", "loss_after"}:
        return
    value = sheet.compute(term)
    mean = sheet.exercise.reduction == "mean"
    yield (
        ("the sum over the samples, not their mean", value * count)
        if mean
        else (
            "the mean over the samples, not their sum",
            value / count,
        )
    )
    yield (
        ("divided by the number of samples twice", value / count)
        if mean
        else (
            "multiplied by the number of samples",
            value * count,
        )
    )
    if "gradients" in key:
        delta = sheet[Term("deltas", term.layer)]
        for sample in range(count):
            one = delta[:, sample]
            product = one if key == "bias_gradients" else np.outer(one, sheet.output(term.layer - 1)[:, sample])
            yield f"sample {sample + 1} alone, not all {count}", product


def factor_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key in {"loss_before", "loss_after"} or (term.key, term.layer) == ("deltas", sheet.exercise.depth):
        value = sheet.compute(term)
        yield "twice as large: the ½ is forgotten", 2 * value
        yield "half as large: a ½ too many", value / 2
        units = sheet.exercise.layers[-1]
        yield "divided by the number of outputs", value / units
        yield "divided by the number of outputs, and the ½ is forgotten", 2 * value / units
    if term.key in {"loss_before", "loss_after"}:
        yield "log10 in place of ln", sheet.compute(term) / np.log(10)
        yield "log2 in place of ln", sheet.compute(term) / np.log(2)


def before_update(sheet: Sheet, term: Term) -> Hypotheses:
    exercise = sheet.exercise
    if term.key not in {"loss_after", "query_output", "query_class"}:
        return
    weights, biases = sheet.updated()
    for detail, with_weights, with_biases in (
        ("computed with the parameters before the step", exercise.weight_matrices, exercise.bias_vectors),
        ("computed with the biases before the step", weights, exercise.bias_vectors),
        ("computed with the weights before the step", exercise.weight_matrices, biases),
    ):
        other = sheet.copy()
        for layer in range(1, exercise.depth + 1):
            other[Term("updated_weights", layer)] = with_weights[layer - 1]
            other[Term("updated_biases", layer)] = with_biases[layer - 1]
        if term.key == "query_class":
            other[Term("query_output")] = other.compute(Term("query_output"))
        yield detail, other.compute(term)
    if term.key == "query_output":
        nets, _ = forward(exercise, np.array(exercise.query)[:, None], weights, biases)
        yield "the nets: the activation of the output is left out", nets[-1][:, 0]


def class_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key == "query_class":
        yield "counted from 1, not from 0", sheet.compute(term) + 1
        yield "the smallest output, not the largest", np.array(sheet[Term("query_output")].argmin())


def gradient_into(sheet: Sheet, layer: int) -> Array:
    """What f' is multiplied with: ∂E/∂y of the output layer, Wᵀ δ of a hidden one."""
    if layer == sheet.exercise.depth:
        return sheet.share * sheet.criterion.read_gradient(sheet.net(layer), sheet.exercise.targets)
    return sheet.weight(layer + 1).T @ sheet[Term("deltas", layer + 1)]


_UPDATES = {"updated_weights": "weight_gradients", "updated_biases": "bias_gradients"}


def update_parts(sheet: Sheet, term: Term) -> tuple[Array, Array]:
    """A parameter before the step, and the step η ∂E that is to be subtracted."""
    old = sheet.weight(term.layer) if term.key == "updated_weights" else sheet.bias(term.layer)
    return old, sheet.exercise.learning_rate * sheet[Term(_UPDATES[term.key], term.layer)]


SLIPS: Catalogue = (
    ("sign lost", sign_lost),
    ("f′ missing", derivative_missing),
    ("multiplied by the bias", times_bias),
    ("weight taken for input", weight_for_input),
    ("transposed or wrong weight", wrong_weight),
    ("wrong step", step_wrong),
    ("wrong f′", derivative_wrong),
    ("wrong activation", activation_wrong),
    ("bias missing", bias_missing),
    ("wrong input", input_wrong),
    ("sum and mean confused", samples_wrong),
    ("wrong factor", factor_wrong),
    ("parameters before the step", before_update),
    ("wrong class", class_wrong),
)

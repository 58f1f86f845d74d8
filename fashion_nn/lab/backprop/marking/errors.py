"""The usual errors of a person who works backpropagation by hand, each as a recomputation.

A hypothesis takes a sheet (what is written down so far) and a term. It yields, for each way to make
the error in that term, a detail in words and the value that the term would have. Hypotheses know no
exercise and no answer: `diagnosis` compares their values with an answer. `COMMON` lists the errors,
the likelier first; `rare_errors` has those that fit an answer by chance more easily.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from fashion_nn.lab.backprop.activations import ACTIVATIONS, Array
from fashion_nn.lab.backprop.criteria import FACTORS
from fashion_nn.lab.backprop.sheet import Parameters, Sheet, Term

Hypotheses = Iterator[tuple[str, Array]]
"""Details in words, each with the value that the term would have."""

UPDATES = ("updated_weights", "updated_biases")
LOSSES = ("loss_before", "loss_after")


@dataclass(frozen=True)
class ErrorKind:
    """An error that has a name, and the ways to make it in a term."""

    name: str
    hypotheses: Callable[[Sheet, Term], Hypotheses]


def gradient_into(sheet: Sheet, layer: int) -> Array:
    """What f' is multiplied with: ∂E/∂y in the output layer, Wᵀ δ in a hidden one."""
    if layer == sheet.exercise.depth:
        return sheet.share * sheet.criterion.read_gradient(sheet.read_net, sheet.exercise.targets)
    return sheet.weight(layer + 1).T @ sheet.delta(layer + 1)


def step(sheet: Sheet, term: Term) -> Array:
    """η ∂E, which is to be subtracted from a parameter."""
    return sheet.exercise.learning_rate * sheet.gradient(term)


def lost_sign(sheet: Sheet, term: Term) -> Hypotheses:
    value = sheet.compute(term)
    yield "the result has the opposite sign", -value
    yield "the minus in front of the result is dropped", np.abs(value)
    layer = term.layer
    match term.key:
        case "nets":
            yield from _sign_in_net(sheet, layer)
        case "outputs":
            apply = sheet.activation(layer).apply
            net = sheet[Term("nets", layer)]
            yield "f(-z) in place of f(z)", apply(-net)
            yield "f(|z|) in place of f(z)", apply(np.abs(net))
        case "deltas" if layer == sheet.exercise.depth:
            yield from _sign_of_target(sheet, layer)
            if sheet.exercise.loss in FACTORS:
                yield from _sign_of_slope(sheet, layer)
        case "deltas":
            weight = sheet.weight(layer + 1)
            above = sheet.delta(layer + 1)
            yield "the minus of a weight is dropped", sheet.pull(layer, np.abs(weight).T @ above)
            yield "the minus of a δ is dropped", sheet.pull(layer, weight.T @ np.abs(above))
            yield from _sign_of_slope(sheet, layer)
        case "weight_gradients":
            below = sheet.output(layer - 1)
            yield "the minus of δ is dropped", np.abs(sheet.delta(layer)) @ below.T
            yield "the minus of an input is dropped", sheet.delta(layer) @ np.abs(below).T
        case "bias_gradients":
            yield "the minus of δ is dropped", np.abs(sheet.delta(layer)).sum(axis=1)
        case "updated_weights" | "updated_biases":
            old = sheet.parameter(term)
            change = step(sheet, term)
            yield "the step is added, not subtracted: + η ∂E in place of - η ∂E", old + change
            yield "the minus of the gradient is dropped", old - np.abs(change)
            yield "both signs of the step are dropped", old + np.abs(change)


def _sign_in_net(sheet: Sheet, layer: int) -> Hypotheses:
    weight = sheet.weight(layer)
    below = sheet.output(layer - 1)
    bias = sheet.bias(layer)[:, None]
    yield "the bias is subtracted", weight @ below - bias
    yield "the minus of a weight is dropped", sheet.combine(layer, weight=np.abs(weight))
    yield "the minus of an input is dropped", sheet.combine(layer, below=np.abs(below))
    yield "the minus of the bias is dropped", weight @ below + np.abs(bias)


def _sign_of_target(sheet: Sheet, layer: int) -> Hypotheses:
    targets = sheet.exercise.targets
    loss = sheet.exercise.loss
    if loss in FACTORS:
        total = 2 * FACTORS[loss] * (sheet.activation(layer).apply(sheet.net(layer)) + targets)
        yield "the target is added: a + t in place of a - t", sheet.share * sheet.pull(layer, total)
    elif loss.endswith("cross-entropy") and "softsign" not in loss:
        delta = sheet.compute(Term("deltas", layer))
        yield "the target is added, not subtracted", delta + 2 * sheet.share * targets


def _sign_of_slope(sheet: Sheet, layer: int) -> Hypotheses:
    a = sheet.activation(layer).apply(sheet.net(layer))
    match sheet.activation(layer).name:
        case "tanh":
            yield "f' = 1 + tanh² in place of the minus", gradient_into(sheet, layer) * (1 + a**2)
        case "sigmoid":
            yield (
                "f' = σ (1 + σ) in place of the minus",
                gradient_into(sheet, layer) * (a * (1 + a)),
            )


def times_bias(sheet: Sheet, term: Term) -> Hypotheses:
    if not term.layer:
        return
    bias = sheet.bias(term.layer)
    value = sheet.compute(term)
    factor = bias if value.ndim == 1 else bias[:, None]
    match term.key:
        case "nets":
            product = sheet.weight(term.layer) @ sheet.output(term.layer - 1)
            yield "W a multiplied by b, not b added", product * factor
        case "updated_weights" | "updated_biases":
            yield (
                "the step is multiplied by the bias",
                sheet.parameter(term) - step(sheet, term) * factor,
            )
        case "bias_gradients":
            yield "the derivative of b is 1, not b", value * factor
        case _:
            yield "a factor b that does not belong there", value * factor


def wrong_weight(sheet: Sheet, term: Term) -> Hypotheses:
    layer = term.layer
    match term.key:
        case "nets":
            for detail, weight in _other_weights(sheet, layer):
                yield detail, sheet.combine(layer, weight=weight)
        case "deltas" if layer < sheet.exercise.depth:
            above = sheet.delta(layer + 1)
            gradient = above @ sheet.output(layer).T
            updated = sheet.weight(layer + 1) - sheet.exercise.learning_rate * gradient
            detail = f"the updated W[{layer + 1}] in place of the one before the step"
            yield detail, sheet.pull(layer, updated.T @ above)
            for detail, weight in _other_weights(sheet, layer + 1, transposed=True):
                yield detail, sheet.pull(layer, weight.T @ above)
            yield (
                "outputs taken for weights",
                sheet.pull(layer, above.sum(axis=0) * sheet.output(layer)),
            )
        case "weight_gradients":
            yield from _transpositions("the gradient", sheet.compute(term))
        case "updated_weights":
            old = sheet.weight(layer)
            change = step(sheet, term)
            yield from _transpositions("the result", old - change)
            for detail, other in _transpositions("the gradient", change):
                yield detail, old - other
            for detail, other in _other_weights(sheet, layer):
                yield f"{detail} is updated", other - change


def _other_weights(
    sheet: Sheet, layer: int, *, transposed: bool = False
) -> Iterator[tuple[str, Array]]:
    """Matrices of the same shape that could be taken for W[layer]."""
    name = f"W[{layer}]"
    weight = sheet.weight(layer)
    if weight.shape[0] == weight.shape[1]:
        yield (
            f"{name} in place of {name}ᵀ" if transposed else f"{name}ᵀ in place of {name}",
            weight.T,
        )
    if 1 not in weight.shape:
        yield f"{name} filled column by column", weight.reshape(weight.shape[::-1]).T
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
    layer = term.layer
    if term.key == "nets":
        squares = (sheet.weight(layer) ** 2).sum(axis=1) + sheet.bias(layer)
        yield (
            "w · w in place of w · a",
            np.broadcast_to(squares[:, None], sheet.compute(term).shape),
        )
    elif term.key in {"weight_gradients", "updated_weights"}:
        gradient = sheet.delta(layer).sum(axis=1, keepdims=True) * sheet.weight(layer)
        if term.key == "weight_gradients":
            yield "δ · w in place of δ · a: the derivative of w a by w is a", gradient
        else:
            changed = sheet.weight(layer) - sheet.exercise.learning_rate * gradient
            yield "the step is η δ w in place of η δ a", changed


def derivative_missing(sheet: Sheet, term: Term) -> Hypotheses:
    layer = term.layer
    if term.key == "deltas":
        gradient = "∂E/∂a" if layer == sheet.exercise.depth else f"W[{layer + 1}]ᵀ δ[{layer + 1}]"
        yield f"{gradient} without the factor f'(z[{layer}])", gradient_into(sheet, layer)


def derivative_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key != "deltas":
        return
    activation = sheet.activation(term.layer)
    name = activation.name
    gradient = gradient_into(sheet, term.layer)
    z = sheet.net(term.layer)
    a = activation.apply(z)
    yield "f(z) in place of f'(z)", gradient * a
    yield "1 - f(z) in place of f'(z)", gradient * (1 - a)
    if name == "sigmoid":
        yield "(1 - σ)(1 + σ) in place of σ (1 - σ)", gradient * (1 - a**2)
    elif name == "softmax":
        yield "the Jacobian of softmax without what is off its diagonal", gradient * a * (1 - a)
    else:
        yield (
            f"a (1 - a), which is right for sigmoid, with the output of {name}",
            gradient * a * (1 - a),
        )
    if name != "tanh":
        yield f"1 - a², which is right for tanh, with the output of {name}", gradient * (1 - a**2)
    for other in ACTIVATIONS.values():
        if other.slope and other.name != name:
            yield (
                f"the derivative of {other.name} in place of that of {name}",
                gradient * other.slope(z),
            )
    if activation.slope:
        yield "f'(a) in place of f'(z)", gradient * activation.slope(a)
        yield "f' multiplied once more", sheet.compute(term) * activation.slope(z)
    else:
        yield "multiplied by a (1 - a) once more", sheet.compute(term) * a * (1 - a)


def activation_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    layer = term.layer
    if term.key == "outputs":
        activation = sheet.activation(layer)
        net = sheet[Term("nets", layer)]
        yield "the net is taken for the output: f is left out", net
        for other in ACTIVATIONS.values():
            if other.name != activation.name:
                yield f"{other.name} in place of {activation.name}", other.apply(net)
        yield "f is applied twice", activation.apply(activation.apply(net))
        if activation.slope:
            yield "f'(z) in place of f(z)", activation.slope(net)
    elif layer > 1 and term.key in {"nets", "weight_gradients"}:
        below = sheet[Term("nets", layer - 1)]
        is_net = term.key == "nets"
        value = sheet.combine(layer, below=below) if is_net else sheet.delta(layer) @ below.T
        yield "the net of the layer below is taken for its output", value


def bias_missing(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key == "nets":
        yield "W a without + b", sheet.weight(term.layer) @ sheet.output(term.layer - 1)


def input_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key != "weight_gradients":
        return
    delta = sheet.delta(term.layer)
    shape = sheet.weight(term.layer).shape
    yield "δ alone, without the factor a", np.broadcast_to(delta.sum(axis=1, keepdims=True), shape)
    for other in range(sheet.exercise.depth + 1):
        below = sheet.output(other)
        if other != term.layer - 1 and len(below) == shape[1]:
            yield f"a[{other}] in place of a[{term.layer - 1}]", delta @ below.T


def step_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key not in UPDATES:
        return
    old = sheet.parameter(term)
    gradient = sheet.gradient(term)
    change = step(sheet, term)
    yield "the learning rate is left out", old - gradient
    yield "not updated: the value before the step", old
    yield "the step alone, without the value before it", -change
    yield "the step alone, without the value before it and its minus", change
    yield "the gradient, not the updated value", gradient
    yield "the learning rate is multiplied twice", old - sheet.exercise.learning_rate * change


def samples_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    count = len(sheet.exercise.samples)
    if count == 1 or term.key not in {"deltas", "weight_gradients", "bias_gradients", *LOSSES}:
        return
    value = sheet.compute(term)
    if sheet.exercise.reduction == "mean":
        yield "the sum over the samples, not their mean", value * count
        yield "divided by the number of samples twice", value / count
    else:
        yield "the mean over the samples, not their sum", value / count
        yield "multiplied by the number of samples", value * count
    if term.key not in {"weight_gradients", "bias_gradients"}:
        return
    for sample in range(count):
        delta = sheet.delta(term.layer)[:, sample]
        below = sheet.output(term.layer - 1)[:, sample]
        value = delta if term.key == "bias_gradients" else np.outer(delta, below)
        yield f"sample {sample + 1} alone, not all {count}", value


def factor_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    is_loss = term.key in LOSSES
    if not is_loss and term != Term("deltas", sheet.exercise.depth):
        return
    value = sheet.compute(term)
    units = sheet.exercise.layers[-1]
    if sheet.exercise.loss == "squared-error" and not is_loss:
        yield "half as large: the 2 of the derivative of a square is left out", value / 2
        yield "twice as large: a 2 too many", 2 * value
    else:
        yield "twice as large: the ½ is forgotten", 2 * value
        yield "half as large: a ½ too many", value / 2
    yield "divided by the number of outputs", value / units
    yield "divided by the number of outputs, and the ½ is forgotten", 2 * value / units
    if is_loss:
        yield "log10 in place of ln", value / np.log(10)
        yield "log2 in place of ln", value / np.log(2)


def before_update(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key not in {"loss_after", "query_output", "query_class"}:
        return
    new = sheet.updated()
    old = Parameters(sheet.exercise.weight_matrices, sheet.exercise.bias_vectors)
    for what, used in (
        ("parameters", old),
        ("biases", Parameters(new.weights, old.biases)),
        ("weights", Parameters(old.weights, new.biases)),
    ):
        other = sheet.copy()
        for layer, (weight, bias) in enumerate(zip(*used, strict=True), start=1):
            other[Term("updated_weights", layer)] = weight
            other[Term("updated_biases", layer)] = bias
        if term.key == "query_class":
            other[Term("query_output")] = other.compute(Term("query_output"))
        yield f"computed with the {what} before the step", other.compute(term)
    if term.key == "query_output":
        nets = sheet.pass_query().nets[-1][:, 0]
        yield "the nets: the activation of the output is left out", nets


def class_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    if term.key == "query_class":
        yield "counted from 1, not from 0", sheet.compute(term) + 1
        yield "the smallest output, not the largest", np.array(sheet[Term("query_output")].argmin())


COMMON = (
    ErrorKind("sign lost", lost_sign),
    ErrorKind("f′ missing", derivative_missing),
    ErrorKind("multiplied by the bias", times_bias),
    ErrorKind("weight taken for input", weight_for_input),
    ErrorKind("transposed or wrong weight", wrong_weight),
    ErrorKind("wrong step", step_wrong),
    ErrorKind("wrong f′", derivative_wrong),
    ErrorKind("wrong activation", activation_wrong),
    ErrorKind("bias missing", bias_missing),
    ErrorKind("wrong input", input_wrong),
    ErrorKind("sum and mean confused", samples_wrong),
    ErrorKind("wrong factor", factor_wrong),
    ErrorKind("parameters before the step", before_update),
    ErrorKind("wrong class", class_wrong),
)
"""The usual errors, the likelier first."""

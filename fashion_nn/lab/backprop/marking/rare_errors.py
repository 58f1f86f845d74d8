"""Slips in a single product, weight or place, and rounding within a step.

They fit an answer by chance more easily than those of `slips.py`, so they are asked when none of these
does. Each is a hypothesis as there.
"""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.marking.errors import Catalogue, Hypotheses, gradient_into, update_parts
from fashion_nn.lab.backprop.sheet import Sheet, Term

MAX_GUESSES = 2000
"""Guesses about single weights are for networks that fit on paper."""


def rounded_within(sheet: Sheet, term: Term, round_: Callable[[Array], Array]) -> Hypotheses:
    """The term when a product or a factor on the way to it is rounded."""
    key, layer = term
    if key == "deltas":
        gradient, slope = gradient_into(sheet, layer), sheet.activation(layer).slope
        yield "what f' is multiplied with", sheet.pull(layer, round_(gradient))
        if slope:
            factor = round_(slope(sheet.net(layer)))
            yield "f'", gradient * factor
            yield "f' and what it is multiplied with", round_(gradient) * factor
    elif key == "nets" and sheet.weight(layer).size <= MAX_GUESSES:
        products = sheet.weight(layer)[:, :, None] * sheet.output(layer - 1)
        yield "each product", round_(products).sum(axis=1) + sheet.bias(layer)[:, None]


def one_sign(sheet: Sheet, term: Term) -> Hypotheses:
    for name, product, rest in _products(sheet, term):
        yield f"the sign of {name}", rest(-product)


def one_product(sheet: Sheet, term: Term) -> Hypotheses:
    for name, product, rest in _products(sheet, term):
        yield f"{name} is left out", rest(np.zeros_like(product))


def some_bias(sheet: Sheet, term: Term) -> Hypotheses:
    if term.layer:
        value = sheet.compute(term)
        for bias in np.unique(np.concatenate(sheet.exercise.bias_vectors)):
            yield f"a factor {bias:g} that does not belong there: it is a bias", value * bias


def weights_reordered(sheet: Sheet, term: Term) -> Hypotheses:
    key, layer = term
    if key == "nets":
        for detail, weight in _orders(f"W[{layer}]", sheet.weight(layer)):
            yield detail, weight @ sheet.output(layer - 1) + sheet.bias(layer)[:, None]
    elif key == "deltas" and layer < sheet.exercise.depth:
        for detail, weight in _orders(f"W[{layer + 1}]", sheet.weight(layer + 1)):
            yield detail, sheet.pull(layer, weight.T @ sheet[Term("deltas", layer + 1)])


def result_reordered(sheet: Sheet, term: Term) -> Hypotheses:
    yield from _orders("the result", sheet.compute(term))


def _orders(what: str, value: Array) -> Iterator[tuple[str, Array]]:
    for axis, word in zip(range(value.ndim), ("rows", "columns"), strict=False):
        count = value.shape[axis]
        if count == 1 or count > 12:
            continue
        yield f"{what} with its {word} in the opposite order", np.flip(value, axis)
        for shift in range(1, count):
            yield f"{what} with its {word} shifted", np.roll(value, shift, axis)
        for first, second in combinations(range(count), 2):
            order = list(range(count))
            order[first], order[second] = second, first
            yield f"{what} with {word} {first + 1} and {second + 1} swapped", value.take(order, axis)


def one_weight(sheet: Sheet, term: Term) -> Hypotheses:
    key, layer = term
    values = [array.ravel() for array in (*sheet.exercise.weight_matrices, *sheet.exercise.bias_vectors)]
    candidates = np.unique(np.concatenate(values))
    if key == "updated_weights" and len(candidates) <= MAX_GUESSES:
        _, step = update_parts(sheet, term)
        for value in candidates:
            yield f"the weight {value:g} is updated", value - step
    if key not in {"nets", "deltas"} or (key == "deltas" and layer == sheet.exercise.depth):
        return
    weight = sheet.weight(layer) if key == "nets" else sheet.weight(layer + 1).T
    if weight.shape[1] * len(candidates) > MAX_GUESSES:
        return
    source = sheet.output(layer - 1) if key == "nets" else sheet[Term("deltas", layer + 1)]
    for number, (name, _, rest) in enumerate(_products(sheet, term)):
        for value in candidates:
            replaced = np.broadcast_to(value * source[number], (len(weight), source.shape[1]))
            yield f"{value:g} is taken for the weight of {name}", rest(replaced)


def _products(sheet: Sheet, term: Term) -> Iterator[tuple[str, Array, Callable[[Array], Array]]]:
    """The products that are summed up in a net or a hidden δ: name, value, and the term with another in its place."""
    key, layer = term
    if key == "nets":
        weight, source, name = sheet.weight(layer), sheet.output(layer - 1), f"a[{layer - 1}]"
        after = lambda total: total + sheet.bias(layer)[:, None]  # noqa: E731
    elif key == "deltas" and layer < sheet.exercise.depth:
        weight, source, name = sheet.weight(layer + 1).T, sheet[Term("deltas", layer + 1)], f"δ[{layer + 1}]"
        after = lambda total: sheet.pull(layer, total)  # noqa: E731
    else:
        return
    if weight.size > MAX_GUESSES:
        return
    total = weight @ source
    for number in range(len(source)):
        product = np.outer(weight[:, number], source[number])
        rest = lambda other, product=product: after(total - product + other)  # noqa: E731
        yield f"the product with {name}, unit {number + 1}", product, rest


GUESSES: Catalogue = (
    ("sign lost", one_sign),
    ("product left out", one_product),
    ("multiplied by the bias", some_bias),
    ("transposed or wrong weight", weights_reordered),
    ("wrong place", result_reordered),
    ("transposed or wrong weight", one_weight),
)

"""Errors in a single product, weight or place, and rounding within a step.

They fit an answer by chance more easily than those of `errors`, so they are tried when none of
these fits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.marking.errors import ErrorKind, Hypotheses, gradient_into, step
from fashion_nn.lab.backprop.sheet import Sheet, Term

MAX_TRIED = 2000
"""Maximum number of products and values to try: single weights are tried only in networks that fit
on paper.
"""


@dataclass(frozen=True)
class _Sum:
    """A net or a hidden δ as a sum of products, one for each unit of `source`.

    Attributes:
        weight: the matrix that is multiplied with `source`.
        source: outputs of the layer below, or δ of the layer above; units × samples.
        name: `source` as it is written on paper.
        finish: from the sum of the products to the term.
    """

    weight: Array
    source: Array
    name: str
    finish: Callable[[Array], Array]

    def product_name(self, unit: int) -> str:
        return f"the product with {self.name}, unit {unit + 1}"

    def product(self, unit: int) -> Array:
        return np.outer(self.weight[:, unit], self.source[unit])

    def with_product(self, unit: int, value: Array) -> Array:
        """The term when the product of one unit has another value."""
        return self.finish(self.weight @ self.source - self.product(unit) + value)


def _as_sum(sheet: Sheet, term: Term) -> _Sum | None:
    layer = term.layer
    if term.key == "nets":
        bias = sheet.bias(layer)[:, None]
        found = _Sum(
            sheet.weight(layer),
            sheet.output(layer - 1),
            f"a[{layer - 1}]",
            lambda total: total + bias,
        )
    elif term.key == "deltas" and layer < sheet.exercise.depth:
        weight = sheet.weight(layer + 1).T
        found = _Sum(
            weight,
            sheet.delta(layer + 1),
            f"δ[{layer + 1}]",
            lambda total: sheet.pull(layer, total),
        )
    else:
        return None
    return found if found.weight.size <= MAX_TRIED else None


def rounded_within(sheet: Sheet, term: Term, round_: Callable[[Array], Array]) -> Hypotheses:
    """The term when a product or a factor on the way to it is rounded."""
    layer = term.layer
    if term.key == "deltas":
        gradient = gradient_into(sheet, layer)
        slope = sheet.activation(layer).slope
        yield "what f' is multiplied with", sheet.pull(layer, round_(gradient))
        if slope:
            factor = round_(slope(sheet.net(layer)))
            yield "f'", gradient * factor
            yield "f' and what it is multiplied with", round_(gradient) * factor
    elif term.key == "nets" and sheet.weight(layer).size <= MAX_TRIED:
        products = sheet.weight(layer)[:, :, None] * sheet.output(layer - 1)
        yield "each product", round_(products).sum(axis=1) + sheet.bias(layer)[:, None]


def sign_of_product(sheet: Sheet, term: Term) -> Hypotheses:
    if found := _as_sum(sheet, term):
        for unit in range(len(found.source)):
            value = found.with_product(unit, -found.product(unit))
            yield f"the sign of {found.product_name(unit)}", value


def product_missing(sheet: Sheet, term: Term) -> Hypotheses:
    if found := _as_sum(sheet, term):
        for unit in range(len(found.source)):
            value = found.with_product(unit, np.zeros_like(found.product(unit)))
            yield f"{found.product_name(unit)} is left out", value


def times_some_bias(sheet: Sheet, term: Term) -> Hypotheses:
    if term.layer:
        value = sheet.compute(term)
        for bias in np.unique(np.concatenate(sheet.exercise.bias_vectors)):
            yield f"a factor {bias:g} that does not belong there: it is a bias", value * bias


def weights_reordered(sheet: Sheet, term: Term) -> Hypotheses:
    layer = term.layer
    if term.key == "nets":
        for detail, weight in _orders(f"W[{layer}]", sheet.weight(layer)):
            yield detail, sheet.combine(layer, weight=weight)
    elif term.key == "deltas" and layer < sheet.exercise.depth:
        for detail, weight in _orders(f"W[{layer + 1}]", sheet.weight(layer + 1)):
            yield detail, sheet.pull(layer, weight.T @ sheet.delta(layer + 1))


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
            order[first] = second
            order[second] = first
            yield (
                f"{what} with {word} {first + 1} and {second + 1} swapped",
                value.take(order, axis),
            )


def one_weight_wrong(sheet: Sheet, term: Term) -> Hypotheses:
    parameters = (*sheet.exercise.weight_matrices, *sheet.exercise.bias_vectors)
    candidates = np.unique(np.concatenate([array.ravel() for array in parameters]))
    if term.key == "updated_weights" and len(candidates) <= MAX_TRIED:
        change = step(sheet, term)
        for value in candidates:
            yield f"the weight {value:g} is updated", value - change
    found = _as_sum(sheet, term)
    if not found or found.weight.shape[1] * len(candidates) > MAX_TRIED:
        return
    for unit, source in enumerate(found.source):
        for value in candidates:
            product = np.broadcast_to(value * source, (len(found.weight), len(source)))
            detail = f"{value:g} is taken for the weight of {found.product_name(unit)}"
            yield detail, found.with_product(unit, product)


RARE_IN_HIDDEN = (
    ErrorKind("sign lost", sign_of_product),
    ErrorKind("product left out", product_missing),
    ErrorKind("multiplied by the bias", times_some_bias),
    ErrorKind("transposed or wrong weight", weights_reordered),
    ErrorKind("wrong place", result_reordered),
)
"""The rare errors that are also tried in terms that the answer does not show."""

RARE = (*RARE_IN_HIDDEN, ErrorKind("transposed or wrong weight", one_weight_wrong))
"""The rare errors, the likelier first."""

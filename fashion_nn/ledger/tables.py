"""Claims about layer tables: the models of the zoo, built, against the printed rows."""

import re
from functools import lru_cache

from fashion_nn import zoo
from fashion_nn.ledger import figures
from fashion_nn.ledger.findings import DIFFERS, MATCH, Check, Claim, Finding, statement

MODEL_OF = {"5": "mlp", "8": "cnn-v1", "11": "cnn-v2"}
"""Figure of report 003 → model of the zoo."""

# What our models do inside to raw pixels, before the first printed row.
_PREPARATION = ("scale", "pixels")


@lru_cache
def table(model: str) -> tuple[list[zoo.LayerRow], zoo.Parameters]:
    """The printed part of the layer table, and the totals."""
    built = zoo.build(model)
    return [row for row in zoo.layer_table(built) if row.name not in _PREPARATION], zoo.parameters(built)


def row(number: int) -> Check:
    """The row of this number, from 0, of the figure that the claim names: shape and parameters."""

    def check(claim: Claim) -> Finding:
        figure, printed_name = re.match(r"Fig (\d+) row (\w+):", claim.claim).groups()
        model = MODEL_OF[figure]
        ours = table(model)[0][number]
        shape, parameters = re.match(r"\(([^)]*)\) ([\d,]+)", claim.quoted).groups()
        kind = re.sub(r"_\d+$", "", printed_name).replace("_", "")
        right = [kind == ours.type.lower(), parameters.replace(",", "") == str(ours.parameters)]
        if shape != "blank":  # one cell of the printed table is empty
            right.append(shape == ", ".join(map(str, ours.output_shape)))
        measured = f"{ours.output_shape} {ours.parameters}"
        return statement(all(right), measured, f"{ours.type} of {model}", evidence=f"fashion-nn models {model}")

    return check


def total(kind: str) -> Check:
    """`total`, `trainable` or `non_trainable` parameters of the model in the claim's figure."""

    def check(claim: Claim) -> Finding:
        model = MODEL_OF[re.match(r"Fig (\d+)", claim.claim)[1]]
        value = getattr(table(model)[1], kind)
        return figures.judge(claim, [value], evidence=f"fashion-nn models {model}")

    return check


def count_types(model: str) -> Check:
    """How many dense layers, batch normalisations and dropouts: numbers and number words of the quotation."""

    def check(claim: Claim) -> Finding:
        words = {"one": "1", "two": "2", "three": "3"}
        text = re.sub(r"\b(one|two|three)\b", lambda found: words[found[1]], claim.quoted)
        types = [row.type for row in table(model)[0]]
        ours = [types.count(kind) for kind in ("Dense", "BatchNormalization", "Dropout")]
        verdict = figures.compare(figures.read(text), ours)
        return Finding(
            verdict, ours, "dense layers, batch normalisations, dropouts", evidence=f"fashion-nn models {model}"
        )

    return check


def shapes(model: str, *rows: int) -> Check:
    """Shapes such as 28x28x200 in the quotation against the outputs of these rows."""

    def check(claim: Claim) -> Finding:
        printed = [tuple(map(int, text.split("x"))) for text in re.findall(r"\d+(?:x\d+)+", claim.quoted)]
        ours = [table(model)[0][number].output_shape[1:] for number in rows]
        verdict = MATCH if printed == ours else DIFFERS
        measured = ["x".join(map(str, shape)) for shape in ours]
        return Finding(verdict, measured if len(measured) > 1 else measured[0], evidence=f"fashion-nn models {model}")

    return check


def multiplications(model: str) -> int:
    """Multiply-accumulates for one image: parameters without biases, at every place a convolution stops at."""
    built = zoo.build(model)
    count = 0
    for layer in built.layers:
        if type(layer).__name__ in {"Dense", "Conv2D"}:
            kernel = layer.weights[0]
            places = 1
            for side in layer.output.shape[1:-1]:
                places *= side
            size = 1
            for side in kernel.shape:
                size *= side
            count += places * size
    return count

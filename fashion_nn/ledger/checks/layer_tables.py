"""Claims about layer tables: the models of the zoo, built, against the printed rows."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache

from fashion_nn import zoo
from fashion_nn.core.strict_json import Json
from fashion_nn.ledger import quotations
from fashion_nn.ledger.claims import Claim
from fashion_nn.ledger.findings import Check, Finding, Outcome, Verdict

MODEL_OF = {"5": "mlp", "8": "cnn-v1", "11": "cnn-v2"}
"""Figure of report 003 → model of the zoo."""

# What our models do to raw pixels, before the first printed row.
_PREPARATION = ("scale", "pixels")
_ROW = "type of layer, output shape and parameters are those of the model, built"
_OTHER = "one other type, side or number"
_FIGURE = re.compile(r"Fig (\d+)")
_FIGURE_ROW = re.compile(r"Fig \d+ row (\w+):")
_SHAPE_AND_PARAMETERS = re.compile(r"\(([^)]*)\) ([\d,]+)")
_NUMBER_WORDS = {"one": "1", "two": "2", "three": "3"}


@dataclass(frozen=True)
class LayerTable:
    """The layers of a model of the zoo that a report prints, and its totals."""

    name: str
    rows: tuple[zoo.LayerRow, ...]
    parameters: zoo.Parameters

    @property
    def types(self) -> list[str]:
        """Types of the layers, such as Dense."""
        return [row.type for row in self.rows]

    @property
    def evidence(self) -> str:
        """The command that prints the table."""
        return f"fashion-nn models {self.name}"


@lru_cache
def built(name: str) -> LayerTable:
    """Build a model of the zoo."""
    model = zoo.build(name)
    rows = (row for row in zoo.layer_table(model) if row.name not in _PREPARATION)
    return LayerTable(name, tuple(rows), zoo.parameters(model))


def _model_of(claim: Claim) -> LayerTable:
    """The model in the figure that the claim is about."""
    (number,) = _groups(_FIGURE, claim.claim)
    return built(MODEL_OF[number])


def _groups(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.match(text)
    if found is None:
        raise ValueError(f"{text!r} does not begin with {pattern.pattern}")
    return found.groups()


def row(number: int) -> Check:
    """The row of this number, from 0, of the figure that the claim names: type, shape and
    parameters.
    """

    def judge(claim: Claim) -> Finding:
        model = _model_of(claim)
        ours = model.rows[number]
        (name,) = _groups(_FIGURE_ROW, claim.claim)
        shape, parameters = _groups(_SHAPE_AND_PARAMETERS, claim.quoted)
        kind = re.sub(r"_\d+$", "", name).replace("_", "")
        # One cell of the printed table is empty.
        blank = shape == "blank"
        same_shape = blank or shape == ", ".join(map(str, ours.output_shape))
        same_parameters = parameters.replace(",", "") == str(ours.parameters)
        holds = kind == ours.type.lower() and same_shape and same_parameters
        measured = f"{ours.output_shape} {ours.parameters}"
        why = f"{ours.type} of {model.name}"
        if blank:
            why += f"; {ours.parameters} parameters match, the shape is not printed"
        n = 2 if blank else 3
        return Outcome(holds, measured, _ROW, _OTHER, why, n=n).finding(model.evidence)

    return Check(judge, builds_models=True)


def total(kind: str) -> Check:
    """`total`, `trainable` or `non_trainable` parameters of the model in the claim's figure."""

    def judge(claim: Claim) -> Finding:
        model = _model_of(claim)
        return quotations.judge(claim, [getattr(model.parameters, kind)], evidence=model.evidence)

    return Check(judge, builds_models=True)


def count_types(name: str) -> Check:
    """How many dense layers, batch normalisations and dropouts: numbers and number words of the
    quotation.
    """

    def judge(claim: Claim) -> Finding:
        model = built(name)
        text = re.sub(r"\b(one|two|three)\b", lambda m: _NUMBER_WORDS[m[1]], claim.quoted)
        kinds = ("Dense", "BatchNormalization", "Dropout")
        ours = [model.types.count(kind) for kind in kinds]
        verdict = quotations.compare(quotations.read(text), ours)
        why = "dense layers, batch normalisations, dropouts"
        words = "the printed counts are those of the model, built"
        return Finding(verdict, ours, why, None, model.evidence, words, _OTHER, len(ours))

    return Check(judge, builds_models=True)


def shapes(name: str, *rows: int) -> Check:
    """Shapes such as 28x28x200 in the quotation against the outputs of these rows."""

    def judge(claim: Claim) -> Finding:
        model = built(name)
        quoted = re.findall(r"\d+(?:x\d+)+", claim.quoted)
        ours = ["x".join(map(str, model.rows[number].output_shape[1:])) for number in rows]
        verdict = Verdict.MATCH if quoted == ours else Verdict.DIFFERS
        measured: Json = ours if len(ours) > 1 else ours[0]
        words = "the printed shapes are those of the model, built"
        return Finding(verdict, measured, "", None, model.evidence, words, _OTHER, len(ours))

    return Check(judge, builds_models=True)


def multiply_adds(name: str) -> int:
    """Products of a weight and a number that a model of the zoo adds up for one image, as inference
    counts them.
    """
    from fashion_nn.inference.allowlist import model_config
    from fashion_nn.inference.shared.keras_model import BuiltModel

    network = model_config.read(json.loads(zoo.build(name).to_json()))
    count = BuiltModel(network).multiply_adds()
    if count is None:
        raise ValueError(f"{name} takes images of any size")
    return count

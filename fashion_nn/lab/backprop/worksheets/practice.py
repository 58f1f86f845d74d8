"""An exercise as a page that a student fills in, which checks the answers in the browser.

The page holds the exercise and, for each term, the values that the usual errors would give; its
script (`worksheet-*.mjs` among the templates of `pages`) works the terms and compares.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fashion_nn import pages
from fashion_nn.errors import InputError
from fashion_nn.lab.backprop import drawing
from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.marking.answers import on_sheet, place
from fashion_nn.lab.backprop.marking.errors import COMMON
from fashion_nn.lab.backprop.sheet import Sheet, Term, terms, threshold
from fashion_nn.lab.backprop.tracing import solve, trace
from fashion_nn.lab.backprop.worksheets.page import Quantity, asked, quantity, summary
from fashion_nn.lab.backprop.writing import Line, sections
from fashion_nn.pages.rendering import Script, modules

FORM = ("worksheet-form.mjs", "worksheet-save.mjs")
"""The files of the script of a page that only saves the answers."""

CHECKING = (
    *(
        f"worksheet-{name}.mjs"
        for name in ("sheet", "precision", "misprint", "copying", "blurred", "check")
    ),
    *FORM,
    "worksheet-page.mjs",
)
"""Those of a page that checks them, each after those that it imports from."""

_HEADINGS = {
    "nets": "Forward",
    "outputs": "Forward",
    "loss_before": "Forward",
    "deltas": "Backward",
    "weight_gradients": "Gradients",
    "bias_gradients": "Gradients",
    "updated_weights": "Update",
    "updated_biases": "Update",
    "loss_after": "Update",
    "query_output": "Query, with the new parameters",
    "query_class": "Query, with the new parameters",
}


@dataclass(frozen=True)
class Field:
    """A term to fill in; `names` are those of its cells, row by row."""

    term: str
    key: str
    formula: str
    columns: int
    names: Sequence[str]


@dataclass(frozen=True)
class Part:
    """A part of the page with a heading."""

    heading: str
    fields: Sequence[Field]


@dataclass(frozen=True)
class PracticePage:
    """What the template `practice.html` shows."""

    title: str
    student: str
    summary: str
    picture: str
    given: Sequence[Quantity]
    parts: Sequence[Part]
    data: Mapping[str, Any]
    script: Script


def render(exercise: Exercise, title: str, student: str, file: str, *, checks: bool) -> str:
    """The page as HTML without references.

    Args:
        exercise: with the student's own numbers.
        title: what the exercise is called.
        student: whose sheet it is.
        file: name of the file of answers, without its ending.
        checks: whether the page tells right from wrong. Then the solution can be worked out from
            its source; without it the page only saves the answers.

    Raises:
        InputError: a page cannot check this loss.
    """
    right = solve(exercise)
    given, *others = sections(trace(exercise))
    formulas = {
        line.symbol[0]: line.formula[0]
        for section in others
        if not section.heading.startswith("Query")
        for row in section.rows
        for line in row
        if line.formula
    }
    by_heading: dict[str, list[Field]] = {}
    for term in asked(right):
        field = _field(term, right[term], formulas.get(on_sheet(term), ""))
        by_heading.setdefault(_HEADINGS[term.key], []).append(field)
    shown = [quantity(line, shown=True) for row in given.rows for line in row]
    if exercise.query is not None:
        x = Line(("x of the query", ""), None, np.array(exercise.query))
        shown.append(quantity(x, shown=True))
    page = PracticePage(
        title,
        student,
        summary(exercise),
        drawing.svg(exercise),
        shown,
        [Part(heading, fields) for heading, fields in by_heading.items()],
        {
            "student": student,
            "file": file,
            "fields": [
                {"term": name(term), "key": on_sheet(term), "shape": _shape(right[term])}
                for term in asked(right)
            ],
            "practice": data(exercise) if checks else None,
        },
        modules(CHECKING if checks else FORM),
    )
    return pages.render("practice.html", page)


def _field(term: Term, value: Array, formula: str) -> Field:
    columns = value.shape[1] if value.ndim == 2 else 1
    names = [place(term, entry) for entry in np.ndindex(value.shape)]
    return Field(name(term), on_sheet(term), formula, columns, names)


def _shape(value: Array) -> list[int]:
    """The shape of the answer as JSON, in which a column is a list."""
    return [len(value)] if value.ndim == 2 and value.shape[1] == 1 else list(value.shape)


def data(exercise: Exercise) -> dict[str, Any]:
    """What the script needs to check answers, as plain values.

    Raises:
        InputError: the script does not know the loss with these outputs.
    """
    if (exercise.loss, exercise.activations[-1]) == ("binary-cross-entropy", "softmax"):
        raise InputError(
            "a page cannot check binary-cross-entropy on softmax outputs: give --no-checks"
        )
    right = solve(exercise)
    return {
        "exercise": {
            "layers": list(exercise.layers),
            "activations": list(exercise.activations),
            "weights": [weight.tolist() for weight in exercise.weight_matrices],
            "biases": [bias.tolist() for bias in exercise.bias_vectors],
            "inputs": exercise.inputs.tolist(),
            "targets": exercise.targets.tolist(),
            "loss": exercise.loss,
            "rate": exercise.learning_rate,
            "share": right.share,
            "query": None if exercise.query is None else list(exercise.query),
            "threshold": threshold(exercise),
        },
        "terms": [name(term) for term in terms(exercise)],
        "errors": list(_usual_errors(right)),
    }


def name(term: Term) -> str:
    """The term as the script calls it, such as `nets/1`."""
    return f"{term.key}/{term.layer}" if term.layer else term.key


def _usual_errors(right: Sheet) -> Iterator[dict[str, Any]]:
    """Every usual error in every term, with the value that it gives; earlier terms are right."""
    with np.errstate(all="ignore"):
        for term in asked(right):
            for kind in COMMON:
                for detail, value in kind.hypotheses(right, term):
                    if value.shape == right[term].shape and np.isfinite(value).all():
                        yield {
                            "term": name(term),
                            "cause": kind.name,
                            "detail": detail,
                            "value": [float(entry) for entry in np.asarray(value).flat],
                        }

"""The sheet of a student as HTML and PDF: with blanks to fill in, or with the solution."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fashion_nn import pages
from fashion_nn.errors import InputError
from fashion_nn.lab.backprop import drawing
from fashion_nn.lab.backprop.activations import Array
from fashion_nn.lab.backprop.exercise import Exercise
from fashion_nn.lab.backprop.sheet import Sheet, Term, terms
from fashion_nn.lab.backprop.tracing import trace
from fashion_nn.lab.backprop.writing import Line, number, sections

if TYPE_CHECKING:
    from weasyprint import Document


@dataclass(frozen=True)
class Quantity:
    """A number, column or matrix on the sheet; a cell without text is a blank."""

    symbol: str
    formula: str
    cells: Sequence[Sequence[str]]
    is_scalar: bool


@dataclass(frozen=True)
class Part:
    """A part of the sheet with a heading, such as the forward pass."""

    heading: str
    remarks: Sequence[str]
    rows: Sequence[Sequence[Quantity]]
    points: int


@dataclass(frozen=True)
class SheetPage:
    """What the template `worksheet.html` shows."""

    title: str
    student: str
    summary: str
    is_solution: bool
    picture: str
    given: Part
    parts: Sequence[Part]
    points: int


def render(exercise: Exercise, title: str, student: str, *, solution: bool) -> str:
    """The sheet as one HTML page without references.

    Args:
        exercise: with the student's own numbers.
        title: what the exercise is called.
        student: whose sheet it is.
        solution: whether the blanks are filled in.
    """
    worked = trace(exercise)
    given, *others = sections(worked)
    parts = []
    for section in others:
        is_query = section is others[-1] and exercise.query is not None
        rows = [[quantity(line, shown=solution) for line in row] for row in section.rows]
        remarks = [plain for plain, _ in section.remarks]
        if is_query:
            x = quantity(section.rows[0][0], shown=True)
            blank = not solution
            rows = [[x, *rows[1]], *rows[2:]]
            if worked.query_class is not None:
                cells = [["" if blank else str(worked.query_class)]]
                rows[-1] = [*rows[-1], Quantity("class, from 0", "", cells, True)]
            remarks = remarks if solution else []
        asked = 1 + (worked.query_class is not None) if is_query else sum(map(len, section.rows))
        parts.append(Part(section.heading, remarks, rows, asked))
    page = SheetPage(
        title,
        student,
        summary(exercise),
        solution,
        drawing.svg(exercise),
        _part_given([[quantity(line, shown=True) for line in row] for row in given.rows]),
        parts,
        sum(part.points for part in parts),
    )
    return pages.render("worksheet.html", page)


def _part_given(rows: Sequence[Sequence[Quantity]]) -> Part:
    return Part("Given", (), rows, 0)


def summary(exercise: Exercise) -> str:
    """Layers, activations and loss in one line."""
    layers = "-".join(map(str, exercise.layers))
    names = ", ".join(exercise.activations)
    count = len(exercise.samples)
    over = f", {exercise.reduction} over {count} samples" if count > 1 else ""
    return f"{layers} network, {names}; {exercise.loss}{over}"


def quantity(line: Line, *, shown: bool) -> Quantity:
    value: Array = np.asarray(line.value)
    matrix = value[:, None] if value.ndim == 1 else np.atleast_2d(value)
    cells = [[number(cell) if shown else "" for cell in row] for row in matrix]
    formula = line.formula[0] if line.formula else ""
    return Quantity(line.symbol[0], formula, cells, value.ndim == 0)


def asked(right: Sheet) -> list[Term]:
    """The terms that a sheet asks for; a regression has no class."""
    return [term for term in terms(right.exercise) if not np.isnan(right[term]).any()]


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"{url[:60]}: a sheet refers to nothing outside")


def document(html: str) -> "Document":
    """The page laid out for print; nothing that it refers to is fetched.

    Raises:
        InputError: WeasyPrint is not installed.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError):
        raise InputError("PDF needs WeasyPrint: pip install 'fashion-nn[pdf]'") from None
    return HTML(string=html, url_fetcher=_refuse).render()

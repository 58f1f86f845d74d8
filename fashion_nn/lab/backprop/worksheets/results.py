"""Write what a marked class has: a table, the page of the class, and feedback for each student."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from fashion_nn import pages
from fashion_nn.core import csv_output
from fashion_nn.core.writing import make_folder, private, write_atomic
from fashion_nn.lab.backprop.marking import Grade
from fashion_nn.lab.backprop.marking.answers import label
from fashion_nn.lab.backprop.marking.description import describe_mistake
from fashion_nn.lab.backprop.tracing import solve
from fashion_nn.lab.backprop.worksheets import class_page
from fashion_nn.lab.backprop.worksheets.marking import ClassMarks, Row, StudentMarks
from fashion_nn.lab.backprop.worksheets.page import asked


@dataclass(frozen=True)
class Line:
    """One term on the page of a student."""

    term: str
    verdict: str
    points: int
    remark: str


@dataclass(frozen=True)
class Feedback:
    """What the template `feedback.html` shows."""

    title: str
    student: str
    points: int
    of: int
    first: str
    lines: Sequence[Line]


def write_marks(marks: ClassMarks, folder: Path) -> None:
    """Write `class.csv`, the page of the class, and a page for each student who has handed in.

    Raises:
        InputError: they cannot be written.
    """
    make_folder(folder / "feedback", within=folder)
    for student in marks.students:
        if student.grade is not None:
            page = pages.render("feedback.html", _feedback(student, student.grade, marks.title))
            path = folder / "feedback" / f"{student.sheet.file}.html"
            write_atomic(path, page, within=folder)
    columns = [field.name for field in fields(Row)]
    rows = [asdict(student.row) for student in marks.students]
    with private():
        write_atomic(folder / "class.csv", csv_output.render(columns, rows))
        write_atomic(folder / "class.html", class_page.render(marks), within=folder)


def _feedback(student: StudentMarks, found: Grade, title: str) -> Feedback:
    first = found.first_wrong
    name = label(first.term) if first else ""
    lines = list(_lines(student, found))
    return Feedback(title, student.sheet.student, student.points, student.of, name, lines)


def _lines(student: StudentMarks, found: Grade) -> Iterator[Line]:
    marks = {mark.term: mark for mark in found.marks}
    for term in asked(solve(student.sheet.exercise)):
        mark = marks.get(term)
        if mark is None:
            yield Line(label(term), "not answered", 0, "")
            continue
        verdict = "follows from an earlier mistake" if mark.verdict == "follows" else mark.verdict
        remark = "; ".join(describe_mistake(mistake) for mistake in mark.mistakes)
        yield Line(label(term), verdict, int(mark.verdict != "wrong"), remark)

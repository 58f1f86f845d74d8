"""The page of a class that was marked: who has which points, and which terms and mistakes teach."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fashion_nn import pages
from fashion_nn.lab.backprop.marking.answers import label
from fashion_nn.lab.backprop.tracing import solve
from fashion_nn.lab.backprop.worksheets.marking import ClassMarks, Row, StudentMarks
from fashion_nn.lab.backprop.worksheets.page import asked
from fashion_nn.pages.rendering import Script, script

_STATUSES = ("right", "wrong", "unreadable", "missing")
_NOT_ANSWERED = "not answered"


@dataclass(frozen=True)
class StudentLine:
    """One student on the page.

    Attributes:
        address: of the page of feedback; empty where there is none.
    """

    row: Row
    address: str


@dataclass(frozen=True)
class TermLine:
    """One term, and the number of students with each verdict, of those who have handed in."""

    term: str
    right: int
    follows: int
    wrong: int
    not_answered: int


@dataclass(frozen=True)
class WorksheetClassPage:
    """What the template `worksheet-class.html` shows."""

    title: str
    counts: dict[str, int]
    students: Sequence[StudentLine]
    terms: Sequence[TermLine]
    commonest: Sequence[tuple[str, int]]
    script: Script


def render(marks: ClassMarks) -> str:
    """The page of the class as HTML without references to anything but the pages of feedback."""
    statuses = Counter(student.status for student in marks.students)
    counts = {status: statuses[status] for status in _STATUSES if statuses[status]}
    lines = [_student_line(student) for student in marks.students]
    page = WorksheetClassPage(
        marks.title, counts, lines, _term_lines(marks), marks.commonest, script("class-list.js")
    )
    return pages.render("worksheet-class.html", page)


def _student_line(student: StudentMarks) -> StudentLine:
    file = quote(student.sheet.file)
    return StudentLine(student.row, f"feedback/{file}.html" if student.grade else "")


def _term_lines(marks: ClassMarks) -> list[TermLine]:
    """A line for each term, in the order in which a person computes."""
    verdicts: dict[str, Counter[str]] = {}
    for student in marks.students:
        if student.grade is None:
            continue
        given = {mark.term: mark.verdict for mark in student.grade.marks}
        for term in asked(solve(student.sheet.exercise)):
            of_term = verdicts.setdefault(label(term), Counter())
            of_term[given.get(term, _NOT_ANSWERED)] += 1
    return [
        TermLine(name, found["right"], found["follows"], found["wrong"], found[_NOT_ANSWERED])
        for name, found in verdicts.items()
    ]

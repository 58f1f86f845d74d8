"""What a class has handed in, marked: the points of each student, and the commonest mistakes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fashion_nn.core.strict_json import JsonObject
from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.exercise import read_json
from fashion_nn.lab.backprop.marking import Grade, grade
from fashion_nn.lab.backprop.marking.answers import label
from fashion_nn.lab.backprop.tracing import solve
from fashion_nn.lab.backprop.worksheets.folder import Worksheet, Worksheets
from fashion_nn.lab.backprop.worksheets.page import asked
from fashion_nn.lab.progress import Progress


@dataclass(frozen=True)
class Row:
    """What one student has, as a row of `class.csv`; text is empty where there is nothing to say.

    Attributes:
        file: the name of the student's files, without their endings.
        first_wrong: the first term that is wrong.
        mistake: what is wrong with it.
    """

    student: str
    file: str
    status: str
    points: int
    of: int
    first_wrong: str
    mistake: str
    remark: str


@dataclass(frozen=True)
class StudentMarks:
    """What one student has.

    Attributes:
        grade: None where nothing is handed in, or where it cannot be read.
        problem: why it cannot be read.
    """

    sheet: Worksheet
    grade: Grade | None
    problem: str | None = None

    @property
    def status(self) -> str:
        if self.problem:
            return "unreadable"
        if self.grade is None:
            return "missing"
        return "wrong" if self.grade.first_wrong else "right"

    @property
    def points(self) -> int:
        """A point for each term that is right or follows from an earlier mistake."""
        marks = self.grade.marks if self.grade else ()
        return sum(mark.verdict != "wrong" for mark in marks)

    @property
    def of(self) -> int:
        """The most points that there are."""
        return len(asked(solve(self.sheet.exercise)))

    @property
    def row(self) -> Row:
        first = self.grade.first_wrong if self.grade else None
        return Row(
            student=self.sheet.student,
            file=self.sheet.file,
            status=self.status,
            points=self.points,
            of=self.of,
            first_wrong=label(first.term) if first else "",
            mistake=(first.cause or "unknown") if first else "",
            remark=first.detail if first else self.problem or "",
        )


@dataclass(frozen=True)
class ClassMarks:
    """What a class has."""

    title: str
    students: Sequence[StudentMarks]

    @property
    def is_right(self) -> bool:
        """Whether nothing that is handed in is wrong or unreadable."""
        return all(student.status in {"right", "missing"} for student in self.students)

    @property
    def commonest(self) -> list[tuple[str, int]]:
        """Mistakes and the number of students who made them, the commonest first."""
        made = (
            {
                f"{label(mistake.made_in)}: {mistake.cause}"
                for mark in student.grade.marks
                for mistake in mark.mistakes
                if mistake.cause
            }
            for student in self.students
            if student.grade
        )
        counts = Counter(name for names in made for name in sorted(names))
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def to_json(self) -> JsonObject:
        return {
            "verdict": "right" if self.is_right else "wrong",
            "title": self.title,
            "students": [asdict(student.row) for student in self.students],
            "commonest": [{"mistake": name, "students": n} for name, n in self.commonest],
        }


def mark(worksheets: Worksheets, folder: Path, progress: Progress | None = None) -> ClassMarks:
    """Mark what is in the folder `answers`; an answer that cannot be read stops no other."""
    marked = []
    for done, sheet in enumerate(worksheets.sheets, start=1):
        marked.append(_marked(sheet, folder / "answers" / f"{sheet.file}.json"))
        if progress is not None:
            progress(done, len(worksheets.sheets))
    return ClassMarks(worksheets.title, marked)


def _marked(sheet: Worksheet, path: Path) -> StudentMarks:
    try:
        if not path.exists():
            return StudentMarks(sheet, None)
        answers = read_json(path)
        if isinstance(answers, dict) and not any(map(_is_answered, answers.items())):
            return StudentMarks(sheet, None)
        return StudentMarks(sheet, grade(sheet.exercise, answers, path.name))
    except InputError as error:
        return StudentMarks(sheet, None, str(error))


def _is_answered(item: tuple[str, Any]) -> bool:
    key, value = item
    if isinstance(value, list):
        return any(_is_answered((key, entry)) for entry in value)
    return value is not None and key not in {"student", "format", "digits", "decimals"}


def describe(marks: ClassMarks) -> str:
    """The class in plain text."""
    rows = [student.row for student in marks.students]
    lines = [f"{marks.title}: {len(rows)} students"]
    for row in rows:
        score = f"{row.points:3} of {row.of}"
        first = f"  {row.first_wrong}: {row.mistake}" if row.first_wrong else ""
        remark = f"  {row.remark}" if row.status == "unreadable" else ""
        lines.append(f"  {row.status:10} {score}  {row.student}{first}{remark}")
    if marks.commonest:
        lines += ["", "commonest mistakes"]
        lines += [f"  {count:3}  {name}" for name, count in marks.commonest[:10]]
    return "\n".join(lines)

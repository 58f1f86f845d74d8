"""Fill the grades of a class into the teacher's own table: one record for each learning system.

Only the cells of the grade and of the feedback are written. No column is invented, and everything
else passes byte for byte.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_nn.core import reading
from fashion_nn.core.csv_output import inert
from fashion_nn.core.text import quoted
from fashion_nn.errors import InputError
from fashion_nn.grading.course.raw_table import RawTable, Row

_NUMBER = re.compile(r"\d+")
_CANVAS_ASSIGNMENT = re.compile(r".+ \(\d+\)")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is filled in for one student.

    keys: texts by which a row can name the student, the surest first.
    share: of the largest grade, from 0 to 1; None leaves the cell of the grade as it is.
    points: the grade, if it is given in points; it replaces `share`.
    feedback: for the student.
    """

    keys: tuple[str, ...]
    share: float | None
    points: float | None
    feedback: str


@dataclass(frozen=True, slots=True)
class System:
    """How one learning system writes the table that its teachers fill in.

    title: for people.
    columns: names by which the table is recognised.
    naming: names of the columns that name the student, in the order in which they are looked at.
    grades: names of the columns that get the grade; empty if only the teacher knows it.
    largest: name of the column with the largest grade; empty if there is none.
    feedback: name of the column that gets the feedback; empty if there is none.
    """

    title: str
    columns: tuple[str, ...]
    naming: tuple[str, ...]
    grades: tuple[str, ...]
    largest: str = ""
    feedback: str = ""


SYSTEMS = (
    System(
        "Moodle",
        ("Identifier", "Grade", "Last modified (grade)"),
        ("Identifier", "ID number", "Email address", "Username", "Full name"),
        ("Grade",),
        "Maximum Grade",
        "Feedback comments",
    ),
    System(
        "Canvas",
        ("Student", "ID", "Section"),
        ("ID", "SIS Login ID", "SIS User ID", "Student"),
        (),
    ),
    System(
        "nbgrader",
        ("assignment", "student_id", "raw_score", "score", "max_score"),
        ("student_id", "email"),
        ("raw_score", "score"),
        "max_score",
    ),
)


@dataclass(frozen=True, slots=True)
class Filled:
    """A table that was filled in.

    content: of the file.
    system: whose table it is.
    grades: what was written for each entry, by its place; "" where the cell was left.
    unmatched_rows: the names of rows that no student of the download has.
    unmatched: the places of entries that no row names, or more than one.
    """

    content: bytes
    system: System
    grades: tuple[str, ...]
    unmatched_rows: tuple[str, ...]
    unmatched: tuple[int, ...]


def fill(
    path: Path, entries: Sequence[Entry], *, maximum: float | None = None, column: str | None = None
) -> Filled:
    """Fill the grades of `entries` into the table at `path`; the file itself stays as it is.

    Args:
        maximum: the largest grade, if the table does not say it.
        column: name of the column for the grade, if there are several.

    Raises:
        InputError: it is no table of a known learning system, or it does not say the largest grade.
    """
    content = reading.read_bytes(path, expected="expected a worksheet", follow_links=True)
    table = RawTable(content, str(path))
    system = _recognised(table, path)
    grades = _grade_columns(table, system, column, path)
    points_row = next((row for row in table.rows if _is_points_possible(row)), None)
    feedback = _place(table, system.feedback)
    naming = [place for name in system.naming if (place := _place(table, name)) is not None]
    by_entry, unmatched_rows = _matched(table, naming, entries)
    written = []
    for place, entry in enumerate(entries):
        row = by_entry.get(place)
        if row is None:
            written.append("")
            continue
        largest = _largest(table, system, row, points_row, grades[0]) or maximum
        grade = _grade(entry, largest, path)
        if grade:
            for each in grades:
                table.replace(row, each, grade)
        if feedback is not None and entry.feedback:
            table.replace(row, feedback, inert(entry.feedback))
        written.append(grade)
    left = tuple(place for place in range(len(entries)) if place not in by_entry)
    return Filled(table.render(), system, tuple(written), unmatched_rows, left)


def _recognised(table: RawTable, path: Path) -> System:
    names = {_plain(name) for name in table.header}
    for system in SYSTEMS:
        if names.issuperset(map(_plain, system.columns)):
            return system
    known = "; ".join(f"{system.title}: {', '.join(system.columns)}" for system in SYSTEMS)
    raise InputError(
        f"{path}: its header {quoted(','.join(table.header))} is that of no known worksheet:"
        f" expected these columns ({known})"
    )


def _place(table: RawTable, name: str) -> int | None:
    wanted = _plain(name)
    return next(
        (place for place, each in enumerate(table.header) if name and _plain(each) == wanted), None
    )


def _grade_columns(
    table: RawTable, system: System, column: str | None, path: Path
) -> tuple[int, ...]:
    if column is not None:
        place = _place(table, column)
        if place is None:
            raise InputError(f"{path}: has no column {quoted(column)}: name one of its header")
        return (place,)
    if system.grades:
        found = (_place(table, name) for name in system.grades)
        return tuple(place for place in found if place is not None)
    assignments = [
        place for place, name in enumerate(table.header) if _CANVAS_ASSIGNMENT.fullmatch(name)
    ]
    if len(assignments) != 1:
        raise InputError(
            f"{path}: has {len(assignments)} columns of assignments: name that of this one with"
            " --worksheet-column"
        )
    return tuple(assignments)


def _is_points_possible(row: Row) -> bool:
    return row.cells[0].text.strip() == "Points Possible"


def _largest(
    table: RawTable, system: System, row: Row, points_row: Row | None, grade: int
) -> float | None:
    place = _place(table, system.largest)
    source = row if place is not None else points_row
    where = place if place is not None else grade
    if source is None or where >= len(source.cells):
        return None
    try:
        found = float(source.cells[where].text.replace(",", "."))
    except ValueError:
        return None
    return found if 0 < found < 1e6 else None


def _grade(entry: Entry, largest: float | None, path: Path) -> str:
    if entry.points is not None:
        return f"{entry.points:.2f}"
    if entry.share is None:
        return ""
    if largest is None:
        raise InputError(f"{path}: does not say the largest grade: give it with --maximum")
    return f"{entry.share * largest:.2f}"


def _matched(
    table: RawTable, naming: Sequence[int], entries: Sequence[Entry]
) -> tuple[dict[int, Row], tuple[str, ...]]:
    """The row of each entry that exactly one row names, and the names of the other rows."""
    found: dict[int, Row] = {}
    taken: set[int] = set()
    for forms in (_by_number, _by_text):
        rows: dict[str, list[int]] = {}
        for number, row in enumerate(table.rows):
            names = {form for place in naming if (form := _form(row, place, forms))}
            for name in names:
                rows.setdefault(name, []).append(number)
        wanted: dict[str, list[int]] = {}
        for place, entry in enumerate(entries):
            for key in {form for key in entry.keys if (form := forms(key))}:
                wanted.setdefault(key, []).append(place)
        for key, places in wanted.items():
            numbers = rows.get(key, [])
            is_sure = len(places) == 1 and len(numbers) == 1
            if is_sure and places[0] not in found and numbers[0] not in taken:
                found[places[0]] = table.rows[numbers[0]]
                taken.add(numbers[0])
    others = [
        _name(row, naming)
        for number, row in enumerate(table.rows)
        if number not in taken and not _is_points_possible(row) and any(c.raw for c in row.cells)
    ]
    return found, tuple(others)


def _name(row: Row, naming: Sequence[int]) -> str:
    """The name of a row for people: the last column that names the student and is not empty."""
    texts = [row.cells[place].text for place in reversed(naming) if place < len(row.cells)]
    return next((text for text in texts if text), row.cells[0].text)


def _form(row: Row, place: int, forms: Callable[[str], str]) -> str:
    return forms(row.cells[place].text) if place < len(row.cells) else ""


def _by_number(text: str) -> str:
    """The number in "Participant 7" or "7"; empty for other texts."""
    rest = _plain(text).removeprefix("participant").strip()
    return rest if _NUMBER.fullmatch(rest) else ""


def _by_text(text: str) -> str:
    """The letters and digits of a name, so that "Last, First" equals Canvas' "lastfirst"."""
    return "".join(letter for letter in _plain(text) if letter.isalnum())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()

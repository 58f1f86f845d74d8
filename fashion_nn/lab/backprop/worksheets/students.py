"""The list of students: a CSV with a column of numbers or names."""

import csv
import io
from pathlib import Path

from fashion_nn.core.names import required_name
from fashion_nn.core.reading import read_text
from fashion_nn.core.text import printable, quoted
from fashion_nn.errors import InputError

COLUMNS = ("id", "student", "student id", "matriculation", "participant", "name")
"""Titles by which the column is found, the first of them first."""

MOST_STUDENTS = 10_000
LONGEST = 100
_MOST_BYTES = 4 << 20


def read_students(path: Path, column: str | None = None) -> list[str]:
    """The students of a list, in its order.

    Args:
        path: a CSV with a header, separated by commas or semicolons.
        column: title of the column; otherwise it is found by its title, or is the only one.

    Raises:
        InputError: the file cannot be read, or has no such column, no student, a student twice, or
            a name that is empty or too long.
    """
    expected = "expected a CSV with a column of students"
    text = read_text(path, expected=expected, most=_MOST_BYTES, follow_links=True)
    first = text.partition("\n")[0]
    separator = ";" if ";" in first and "," not in first else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read as CSV ({error}): {expected}") from None
    if not rows:
        raise InputError(f"{path}: is empty: {expected}")
    index = _column(path, [cell.strip() for cell in rows[0]], column)
    students: list[str] = []
    for number, row in enumerate(rows[1:], start=2):
        name = printable(row[index].strip()) if index < len(row) else ""
        if not 1 <= len(name) <= LONGEST:
            raise InputError(f"{path}: row {number}: expected a name of 1 to {LONGEST} characters")
        students.append(name)
    if not 1 <= len(students) <= MOST_STUDENTS:
        raise InputError(f"{path}: {len(students):,} students: expected 1 to {MOST_STUDENTS:,}")
    twice = next((name for name in students if students.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path}: {quoted(twice)} is there twice: give each student one row")
    return students


def _column(path: Path, titles: list[str], wanted: str | None) -> int:
    if wanted is not None and wanted in titles:
        return titles.index(wanted)
    lower = [title.lower() for title in titles]
    known = [title for title in COLUMNS if title in lower]
    if wanted is None and (known or len(titles) == 1):
        return lower.index(known[0]) if known else 0
    got = ", ".join(quoted(title) for title in titles[:10])
    mend = f"name it {' or '.join(COLUMNS[:2])}, or give --column"
    raise InputError(f"{path}: no column {wanted or 'of students'} among {got}: {mend}")


def file_names(students: list[str]) -> list[str]:
    """A file name for each student: the student's own where all are fit to be one, else numbers."""
    try:
        names = [required_name(student) for student in students]
    except ValueError:
        names = []
    if len({name.casefold() for name in names}) == len(students):
        return names
    digits = len(str(len(students)))
    return [f"{number:0{digits}d}" for number in range(1, len(students) + 1)]

"""The folder of a class: sheets, templates of answers, and solutions; written, and read back.

worksheets.json           the exercise of each student
index.csv                 which file is whose
sheets/FILE.html          to print; FILE.pdf and all.pdf on request
pages/FILE.html           to fill in on the screen, on request
answers/FILE.json         what a student fills in
solutions/FILE.html       for the teacher: nobody but the owner may read them
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fashion_nn.core import csv_output
from fashion_nn.core.names import Name
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.core.writing import make_folder, private, replacing_folder, write_atomic, write_json
from fashion_nn.errors import InputError
from fashion_nn.lab.backprop.exercise import Exercise, from_json, read_json
from fashion_nn.lab.backprop.marking.answers import on_sheet
from fashion_nn.lab.backprop.sheet import Sheet, terms
from fashion_nn.lab.backprop.tracing import solve
from fashion_nn.lab.backprop.worksheets import page, practice
from fashion_nn.lab.backprop.worksheets.numbers import fresh
from fashion_nn.lab.backprop.worksheets.page import asked
from fashion_nn.lab.backprop.worksheets.students import LONGEST, MOST_STUDENTS, file_names
from fashion_nn.lab.progress import Progress

if TYPE_CHECKING:
    from weasyprint import Document

LIST = "worksheets.json"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True)

    student: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    file: Name
    exercise: dict[str, Any]


class _List(BaseModel):
    model_config = ConfigDict(frozen=True)

    format: Literal[1]
    title: Annotated[str, Field(max_length=300)]
    students: Annotated[tuple[_Entry, ...], Field(min_length=1, max_length=MOST_STUDENTS)]


@dataclass(frozen=True)
class Worksheet:
    """One student's exercise; `file` is the name of its files, without their endings."""

    student: str
    file: str
    exercise: Exercise


@dataclass(frozen=True)
class Worksheets:
    """The exercises of a class."""

    title: str
    sheets: Sequence[Worksheet]


def draw(exercise: Exercise, title: str, students: Sequence[str], seed: int) -> Worksheets:
    """The exercise with numbers of their own for each student; no two have the same solution.

    A student's numbers depend on the seed and the name, not on the others in the list.

    Raises:
        InputError: see `numbers.fresh`.
    """
    sheets = []
    seen: set[tuple[float, ...]] = set()
    for student, file in zip(students, file_names(list(students)), strict=True):
        number = 0
        while True:
            drawn, number = fresh(exercise, f"{seed}:{student}", number)
            solution = _solution(solve(drawn))
            if solution not in seen:
                break
            number += 1
        seen.add(solution)
        sheets.append(Worksheet(student, file, drawn))
    return Worksheets(title, sheets)


def _solution(sheet: Sheet) -> tuple[float, ...]:
    """The solution to three decimals, as a student writes it."""
    return tuple(
        round(float(entry), 3) for term in terms(sheet.exercise) for entry in sheet[term].flat
    )


class PageKind(Enum):
    """What the page does on which a student fills in a sheet."""

    CHECKS = "tells right from wrong, for practice"
    SAVES = "only saves the answers, for graded work"


def write(
    worksheets: Worksheets,
    folder: Path,
    *,
    pdf: bool = False,
    pages: PageKind | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the folder of a class, completely or not at all.

    Args:
        folder: must not exist yet, or be empty.
        pdf: also lay out each sheet as PDF, and all of them in one file.
        pages: also write each sheet as a page to fill in.
        progress: called after each sheet.

    Raises:
        InputError: there is something in the folder, it cannot be written, or WeasyPrint is needed
            and missing.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder}: is not empty: name a new folder")
    with replacing_folder(folder) as new:
        for name in ("sheets", "answers", *(("pages",) if pages else ())):
            make_folder(new / name)
        with private():
            make_folder(new / "solutions")
        documents = []
        for done, sheet in enumerate(worksheets.sheets, start=1):
            document = _write_sheet(new, sheet, worksheets.title, pdf=pdf)
            if pages is not None:
                _write_page(new, sheet, worksheets.title, pages)
            documents += [document] if document is not None else []
            if progress is not None:
                progress(done, len(worksheets.sheets))
        if documents:
            leaves = [leaf for document in documents for leaf in document.pages]
            write_atomic(new / "sheets" / "all.pdf", documents[0].copy(leaves).write_pdf())
        _write_lists(new, worksheets)


def _write_sheet(folder: Path, sheet: Worksheet, title: str, *, pdf: bool) -> "Document | None":
    html = page.render(sheet.exercise, title, sheet.student, solution=False)
    write_atomic(folder / "sheets" / f"{sheet.file}.html", html)
    write_json(folder / "answers" / f"{sheet.file}.json", template(sheet))
    solved = page.render(sheet.exercise, title, sheet.student, solution=True)
    with private():
        write_atomic(folder / "solutions" / f"{sheet.file}.html", solved)
    if not pdf:
        return None
    document = page.document(html)
    write_atomic(folder / "sheets" / f"{sheet.file}.pdf", document.write_pdf())
    return document


def _write_page(folder: Path, sheet: Worksheet, title: str, kind: PageKind) -> None:
    checks = kind is PageKind.CHECKS
    html = practice.render(sheet.exercise, title, sheet.student, sheet.file, checks=checks)
    write_atomic(folder / "pages" / f"{sheet.file}.html", html)


def _write_lists(folder: Path, worksheets: Worksheets) -> None:
    rows = [{"student": sheet.student, "file": sheet.file} for sheet in worksheets.sheets]
    write_atomic(folder / "index.csv", csv_output.render(("student", "file"), rows))
    students = [
        {"student": sheet.student, "file": sheet.file, "exercise": sheet.exercise.to_json()}
        for sheet in worksheets.sheets
    ]
    write_json(folder / LIST, {"format": 1, "title": worksheets.title, "students": students})


def template(sheet: Worksheet) -> JsonObject:
    """The answers that a student fills in: every term as on the sheet, its numbers null."""
    right = solve(sheet.exercise)
    values: dict[str, Json] = {"student": sheet.student}
    for term in asked(right):
        value = right[term]
        is_column = term.key in {"nets", "outputs", "deltas"} and value.shape[1] == 1
        values[on_sheet(term)] = _nulls((value[:, 0] if is_column else value).tolist())
    return values


def _nulls(value: Any) -> Any:
    return [_nulls(entry) for entry in value] if isinstance(value, list) else None


def read(folder: Path) -> Worksheets:
    """The exercises of a class, from the folder that `write` made.

    Raises:
        InputError: it is no such folder.
    """
    values = read_json(folder / LIST)
    try:
        listed = _List.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise InputError(f"{folder / LIST}: {where}: {problem['msg']}") from None
    sheets = [
        Worksheet(entry.student, entry.file, from_json(entry.exercise, f"{LIST}: {entry.file}"))
        for entry in listed.students
    ]
    return Worksheets(listed.title, sheets)

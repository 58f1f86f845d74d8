"""Write everything about a class into one folder that only its owner can read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_nn.core import csv_output, writing
from fashion_nn.errors import InputError
from fashion_nn.grading.course import board, pages, points, worksheets
from fashion_nn.grading.course.board import Split
from fashion_nn.grading.course.causes import causes
from fashion_nn.grading.course.pages import Assessed, Shown
from fashion_nn.grading.course.points import Rules
from fashion_nn.grading.course.similarity import similarities
from fashion_nn.grading.course.worksheets import Entry, Filled
from fashion_nn.grading.hand_ins import ClassGrades
from fashion_nn.grading.reference import Reference
from fashion_nn.grading.report import HandIn, checks_path

LIST_CSV = "class-list.csv"
LIST_PAGE = "class-list.html"
NOT_GRADED = "not-graded.csv"
_MOST_FEEDBACK = 1000


@dataclass(frozen=True, slots=True)
class Marking:
    """How grades are made, and the teacher's table that they go into.

    worksheet: None writes no worksheet.
    column: of the worksheet for the grade, if there are several.
    maximum: the largest grade, if the worksheet does not say it.
    rules: from an accuracy to points; without them a grade is accuracy times the largest grade.
    """

    worksheet: Path | None = None
    column: str | None = None
    maximum: float | None = None
    rules: Rules | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    assessed: the hand-ins with their grades.
    worksheet: the path of the filled worksheet; None if there is none.
    remarks: what was said of the class.
    """

    assessed: tuple[Assessed, ...]
    worksheet: Path | None
    remarks: "Remarks"


@dataclass(frozen=True, slots=True)
class Remarks:
    """Sentences about the class, for the teacher.

    unmatched: about rows of the worksheet and students without a counterpart.
    similarities: about hand-ins that are alike.
    """

    unmatched: tuple[str, ...] = ()
    similarities: tuple[str, ...] = ()


def read_marking(
    worksheet: Path | None, column: str | None, maximum: float | None, rules: Path | None
) -> Marking:
    """Check what grades are made of, before the work.

    Raises:
        InputError: a file cannot be used.
    """
    found = Marking(worksheet, column, maximum, points.read(rules) if rules else None)
    if worksheet is not None:
        worksheets.fill(worksheet, (), column=column)
    return found


def write(
    grades: ClassGrades,
    reference: Reference,
    out: Path,
    marking: Marking | None = None,
    split: Split | None = None,
) -> Written:
    """Write the class list, the pages, the checks, and the worksheet into the folder `out`.

    Raises:
        InputError: something cannot be written, or the worksheet cannot be filled.
    """
    marking = marking or Marking()
    said = [tuple(causes(hand_in, reference)) for hand_in in grades.hand_ins]
    shown = [_shown(hand_in, reference, split) for hand_in in grades.hand_ins]
    told = [
        Shown(hand_in, why) if own is None else own
        for hand_in, why, own in zip(grades.hand_ins, said, shown, strict=True)
    ]
    filled = _filled(grades.hand_ins, told, marking)
    unmatched = _unmatched(grades.hand_ins, filled) if filled else ()
    alike = similarities(grades.hand_ins, reference.truth)
    page = Remarks(unmatched, tuple(each.sentence(grades.hand_ins) for each in alike))
    with writing.private():
        pseudonyms = _update_board(out, grades, reference, split)
        assessed = tuple(
            Assessed(
                hand_in,
                grades.names[i],
                said[i],
                _grade(hand_in, marking, filled.grades[i] if filled else ""),
                split.scores(hand_in, reference.truth) if split else None,
                pseudonyms.get(grades.names[i], ""),
                shown[i],
            )
            for i, hand_in in enumerate(grades.hand_ins)
        )
        target = _write_worksheet(out, marking.worksheet, filled)
        _write_lists(out, grades, assessed, page)
        for each in assessed:
            _write_student(out, each, reference)
    return Written(assessed, target, page)


def _shown(hand_in: HandIn, reference: Reference, split: Split | None) -> Shown | None:
    """What the student sees; None for everything."""
    if split is None or split.shows_private or reference.truth is None:
        return None
    public = split.public(reference.rows)
    why = causes(hand_in, reference, public)
    return Shown(split.as_shown(hand_in, reference.truth), tuple(why), is_public=True)


def _filled(hand_ins: Sequence[HandIn], told: Sequence[Shown], marking: Marking) -> Filled | None:
    if marking.worksheet is None:
        return None
    entries = [_entry(*each, marking) for each in zip(hand_ins, told, strict=True)]
    return worksheets.fill(
        marking.worksheet, entries, maximum=marking.maximum, column=marking.column
    )


def _update_board(
    out: Path, grades: ClassGrades, reference: Reference, split: Split | None
) -> dict[str, str]:
    """The pseudonym of each hand-in, by the name under which it is written."""
    if split is None or reference.truth is None:
        return {}
    updated = board.update(out, split, grades.hand_ins, grades.names, reference.truth)
    return {name: shown.pseudonym for name, shown in updated.students.items()}


def _entry(hand_in: HandIn, told: Shown, marking: Marking) -> Entry:
    score = hand_in.score
    points_of = marking.rules.points(hand_in) if marking.rules else None
    share = score.accuracy if score else None
    keys = tuple(key for key in (hand_in.id, hand_in.student) if key)
    told_of = feedback(told.hand_in, told.causes, is_public=told.is_public)
    return Entry(keys, share, points_of, told_of)


def feedback(hand_in: HandIn, why: Sequence[str], *, is_public: bool = False) -> str:
    """What a student is told, in one line.

    Args:
        is_public: whether the accuracy is that on the public rows alone.
    """
    if hand_in.kind == "none":
        return f"No hand-in: {hand_in.error}"[:_MOST_FEEDBACK]
    parts = [f"{hand_in.name}: {hand_in.verdict}"]
    if hand_in.score:
        low, high = hand_in.score.interval
        rows = f" on {hand_in.score.n:,} public rows" if is_public else ""
        parts.append(
            f"accuracy {hand_in.score.accuracy:.2%}{rows} (95 % interval {low:.1%} to {high:.1%})"
        )
    if hand_in.late:
        parts.append("late")
    return "; ".join([*parts, *why])[:_MOST_FEEDBACK]


def _grade(hand_in: HandIn, marking: Marking, filled: str) -> str:
    """The grade as text: that of the worksheet, or else what is known without one."""
    if filled:
        return filled
    if marking.rules:
        points_of = marking.rules.points(hand_in)
        return "" if points_of is None else f"{points_of:.2f}"
    if marking.maximum is not None and hand_in.score:
        return f"{hand_in.score.accuracy * marking.maximum:.2f}"
    return ""


def _unmatched(hand_ins: Sequence[HandIn], filled: Filled) -> tuple[str, ...]:
    """Sentences about rows and students without a counterpart."""
    rows = [f"row {name}: nothing in the download" for name in filled.unmatched_rows]
    students = [
        f"{hand_ins[place].student}: no row of the worksheet, or several"
        for place in filled.unmatched
    ]
    return tuple(rows + students)


def _write_worksheet(out: Path, worksheet: Path | None, filled: Filled | None) -> Path | None:
    if worksheet is None or filled is None:
        return None
    target = out / "worksheet.csv"
    if target.exists() and target.samefile(worksheet):
        raise InputError(f"{worksheet}: is the file that would be written: choose another --out")
    writing.write_atomic(target, filled.content)
    return target


def _write_lists(
    out: Path, grades: ClassGrades, assessed: Sequence[Assessed], remarks: Remarks
) -> None:
    rows = [each.row() for each in assessed]
    columns = max(rows, key=len)
    writing.write_atomic(out / LIST_CSV, csv_output.render(list(columns), rows))
    others = [
        {"student": other.student, "file": other.name, "reason": other.reason}
        for other in grades.others
    ]
    writing.write_atomic(out / NOT_GRADED, csv_output.render(("student", "file", "reason"), others))
    page = pages.class_page(
        assessed,
        layout=grades.layout.title,
        others=grades.others,
        unmatched=remarks.unmatched,
        similarities=remarks.similarities,
    )
    writing.write_atomic(out / LIST_PAGE, page)


def _write_student(out: Path, assessed: Assessed, reference: Reference) -> None:
    hand_in = assessed.hand_in
    writing.write_atomic(out / "students" / f"{assessed.name}.html", pages.student_page(assessed))
    if hand_in.report:
        hand_in.report.write(checks_path(out / "checks" / assessed.name))
    if hand_in.kind == "model" and hand_in.labels is not None:
        table = out / "predictions" / f"{assessed.name}.csv"
        writing.write_atomic(table, _prediction_table(hand_in, reference))


def _prediction_table(hand_in: HandIn, reference: Reference) -> str:
    """What the model of a hand-in predicts, as a prediction file."""
    assert hand_in.labels is not None
    header = reference.sample.header if reference.sample else ("ImageId", "Label")
    labels = dict(zip(reference.row_ids, hand_in.labels.tolist(), strict=True))
    lines = [f"{name},{labels[name]}" for name in reference.file_ids]
    return "\n".join([",".join(header), *lines]) + "\n"

"""A made-up class of 40 with every kind of trouble, in the layout of each learning system."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl

STUDENTS = 40
LATE = {4, 9}


@dataclass(frozen=True)
class Made:
    """One layout: where a file of a student goes, and the table that the teacher has."""

    path: Callable[[int, str, int], str]
    worksheet: Callable[[], str]


def table(labels, separator=",") -> bytes:
    rows = "".join(f"{row}{separator}{label}\n" for row, label in enumerate(labels, start=1))
    return f"ImageId{separator}Label\n{rows}".encode()


def _xlsx(labels) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["ImageId", "Label"])
    for row in enumerate(labels, start=1):
        book.active.append([int(cell) for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _zip(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return content.getvalue()


def files(truth, models) -> dict[int, list[tuple[str, bytes]]]:
    """The files of each student, the newest last.

    Args:
        truth: the true labels, int64 (n,).
        models: contents of a good model, one of 11 classes, and one with a Lambda layer.
    """
    random = np.random.default_rng(0)

    def answers(share):
        wrong = (truth + random.integers(1, 10, len(truth))) % 10
        return np.where(random.random(len(truth)) < share, truth, wrong)

    copied = answers(0.8)
    good, eleven, lambda_layer = models
    made = {number: [("answers.csv", table(answers(0.7 + 0.006 * number)))] for number in range(40)}
    trouble = {
        0: [("model.keras", good)],
        1: [("model.keras", good)],
        2: [("model.keras", eleven)],
        3: [("model.keras", lambda_layer)],
        5: [("work.ipynb", b"{}")],
        6: [("answers.xlsx", _xlsx(answers(0.85)))],
        7: [("answers.txt", table(answers(0.9), ";"))],
        8: [("answers.tsv", table(answers(0.86), "\t"))],
        10: [("hand-in.zip", _zip(answers_csv=table(answers(0.88)), again_zip=_zip(a_csv=b"1")))],
        11: [("answers.csv", table(truth))],
        12: [("answers.csv", table(truth + 1))],
        13: [("answers.csv", table(np.roll(truth, 1)))],
        14: [("answers.csv", table(np.where(truth == 6, 0, answers(0.9))))],
        15: [("answers.csv", table(truth[:-1]))],
        16: [("answers.csv", table(copied))],
        17: [("answers.csv", table(copied))],
        18: [("=cmd.csv", table(answers(0.8)))],
        19: [("report.pdf", b"%PDF"), ("notes.md", b"# notes")],
        20: [("model.weights.h5", b"x"), ("answers.csv", table(answers(0.84)))],
        21: [("broken.zip", b"PK")],
        22: [("empty.csv", b"")],
        23: [("answers.csv", b"\0" * 100)],
    }
    return made | trouble


def _moodle(number, name, _):
    folder = "_file_/" if number % 2 else "_file_"
    return f"Participant {number}_{1000 + number}_assignsubmission{folder}{name}"


def _moodle_sheet():
    rows = [
        f'Participant {1000 + number},"Participant {number}",Submitted,,10.00,-,'
        for number in range(STUDENTS + 1)
    ]
    header = "Identifier,Full name,Status,Grade,Maximum Grade,Last modified (grade)"
    return "\r\n".join([f"{header},Feedback comments", *rows, ""])


def _canvas(number, name, attempt):
    late = "LATE_" if number in LATE else ""
    return f"participant{number:02}_{late}{500 + number}_{9000 + number * 10 + attempt}_{name}"


def _canvas_sheet():
    rows = [f'"Participant {n}",{500 + n},,p{n},A,' for n in range(STUDENTS + 1)]
    header = "Student,ID,SIS User ID,SIS Login ID,Section,Task 3 (4711)"
    return "\n".join([header, "    Points Possible,,,,,20", *rows, ""])


def _blackboard(number, name, attempt):
    return f"Task 3_p{number}_attempt_2026-05-{attempt + 1:02}-10-00-00_{name}"


def _gradescope(number, name, _):
    return f"assignment_77_export/submission_{number + 100}/{name}"


def _ilias(number, name, _):
    return f"Part_Number{number}_p{number}_{300 + number}/{name}"


def _plain_sheet():
    header = "assignment,student_id,email,raw_score,late_submission_penalty,score,max_score"
    return "\n".join([header, *(f"t3,p{n},,,0,,5" for n in range(STUDENTS + 1)), ""])


LAYOUTS = {
    "moodle": Made(_moodle, _moodle_sheet),
    "canvas": Made(_canvas, _canvas_sheet),
    "blackboard": Made(_blackboard, _plain_sheet),
    "gradescope": Made(_gradescope, _plain_sheet),
    "ilias": Made(_ilias, _plain_sheet),
}


def write(place: Path, layout: str, truth, models) -> tuple[Path, Path]:
    """Write the download as a zip, and the worksheet; their paths."""
    made = LAYOUTS[layout]
    download = place / f"{layout}.zip"
    with zipfile.ZipFile(download, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, handed_in in files(truth, models).items():
            for attempt, (name, content) in enumerate(handed_in):
                when = (2026, 5, attempt + 1, 9, 0, 0)
                entry = zipfile.ZipInfo(made.path(number, name, attempt), when)
                archive.writestr(entry, content)
    worksheet = place / f"{layout}.csv"
    worksheet.write_bytes(made.worksheet().encode())
    return download, worksheet

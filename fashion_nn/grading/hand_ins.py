"""Grade a folder of hand-ins, models and prediction files, and write the class list."""

import csv
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fashion_nn import submission
from fashion_nn.core.files import write_atomic
from fashion_nn.errors import InputError
from fashion_nn.grading import page
from fashion_nn.grading.evidence import Report, Room, checks_path

MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
FILE_SUFFIXES = (".csv", ".txt")
LIST_CSV, LIST_PAGE = "class-list.csv", "class-list.html"
COLUMNS = ("hand_in", "kind", "verdict", "accuracy", "low", "high", "failed", "warned", "remark", "sha256")


@dataclass(frozen=True, slots=True)
class HandIn:
    """One file of the folder: its name as printable text, and its report or why there is none."""

    name: str
    kind: str
    report: Report | None
    error: str = ""

    @property
    def verdict(self) -> str:
        """That of the report; ERROR when the file could not be graded."""
        return self.report.verdict if self.report else "ERROR"

    def row(self) -> dict[str, object]:
        """Its row in the class list; accuracies where true labels are known."""
        checks = self.report.checks if self.report else ()
        score = next((check.figures for check in checks if check.name == "score" and check.figures), {})
        low, high = score.get("interval", ("", ""))
        by_verdict = {
            verdict: [check.name for check in checks if check.verdict == verdict] for verdict in ("FAIL", "WARN")
        }
        remarks = [f"{check.name}: {check.value}" for check in checks if check.verdict in ("FAIL", "WARN")]
        digests = self.report.sha256 if self.report else {}
        digest = digests.get("model", digests.get("output", ""))
        cells = (
            self.name, self.kind, self.verdict, score.get("accuracy", ""), low, high, " ".join(by_verdict["FAIL"]),
            " ".join(by_verdict["WARN"]), self.error or "; ".join(remarks), digest,
        )  # fmt: skip
        return dict(zip(COLUMNS, cells, strict=True))


def grade_folder(
    folder: str | os.PathLike[str],
    room: Room,
    out: str | os.PathLike[str],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[HandIn]:
    """Grade each model and prediction file in `folder`; write the class list and all checks to the folder `out`.

    Links, folders and files of other kinds are listed and not opened. Whatever a file does to its grading, the others
    are graded.

    Raises:
        InputError: `folder` is no folder or holds nothing to grade, or `out` cannot be written.
    """
    source, target = Path(folder), Path(out)
    if target.resolve() == source.resolve():
        raise InputError(f"{out}: is the folder of the hand-ins: choose another --out")
    try:
        paths = sorted(path for path in source.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror}): expected a folder of hand-ins") from None
    if not any(_kind(path) != "other" for path in paths):
        raise InputError(f"{folder}: holds no model ({', '.join(MODEL_SUFFIXES)}) and no prediction file (.csv, .txt)")
    graded = []
    for done, path in enumerate(paths):
        if progress:
            progress(done, len(paths))
        graded.append(_graded(path, room, target))
    _write_list(graded, target)
    return graded


def _graded(path: Path, room: Room, target: Path) -> HandIn:
    name, kind = printable(path.name), _kind(path)
    if kind == "other":
        return HandIn(name, kind, None, "not opened: a link, a folder or no kind of hand-in")
    # Files that differ only in what is no letter must not share an output.
    place = target / f"{name.encode('ascii', 'backslashreplace').decode().replace(os.sep, '_')}"
    try:
        report = _graded_model(path, room, place) if kind == "model" else room.grade(path)
        report.write(checks_path(place))
    except InputError as error:
        return HandIn(name, kind, None, printable(str(error)))
    except Exception as error:
        return HandIn(name, kind, None, printable(f"could not be graded ({type(error).__name__}: {error})"[:300]))
    return HandIn(name, kind, report)


def _graded_model(path: Path, room: Room, place: Path) -> Report:
    predictions = submission.predict(path, room.test)
    made = place.with_name(place.name + ".predictions.csv")
    submission.write(predictions, made, sample=room.sample)
    return room.grade(made, model=path, expectation=submission.expectation(predictions, sample=room.sample))


def _kind(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return "other"
    suffix = path.suffix.lower()
    return "model" if suffix in MODEL_SUFFIXES else "predictions" if suffix in FILE_SUFFIXES else "other"


def printable(text: str) -> str:
    """`text` on one line, with every character that could steer a terminal or is no valid text escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


def _write_list(graded: list[HandIn], target: Path) -> None:
    rows = [hand_in.row() for hand_in in graded]
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows({key: _inert(cell) for key, cell in row.items()} for row in rows)
    write_atomic(target / LIST_CSV, text.getvalue())
    write_atomic(target / LIST_PAGE, page.render(graded, rows))


def _inert(cell: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell

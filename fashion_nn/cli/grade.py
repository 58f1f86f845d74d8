"""fashion-nn grade: checks of a prediction file, or of the hand-ins of a class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console
from fashion_nn.cli import gradescope
from fashion_nn.cli.common import render_json
from fashion_nn.cli.options import (
    AsJson,
    DataDir,
    Strict,
    examples,
    in_seconds,
    one_of,
    output_folder,
    takes,
)
from fashion_nn.cli.reading import Reading
from fashion_nn.core import writing
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.grading import Check, Reference, Report
    from fashion_nn.grading.course.outputs import Marking, Written

EXAMPLES = examples(
    "fashion-nn grade predictions.csv --test test.csv",
    "fashion-nn grade download.zip --test test.csv --labels labels.csv",
)

File = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE|DOWNLOAD",
        help="Prediction file, or the folder or zip with the hand-ins of a class.",
    ),
]
Test = Annotated[
    Path,
    typer.Option("--test", help="Images that were predicted: CSV, .npz, pictures, ..."),
]
Sample = Annotated[
    Path | None,
    typer.Option("--sample", help="Sample file of a competition, whose header and ids must match."),
]
Train = Annotated[
    Path | None,
    typer.Option("--train", help="Labelled training images, for the sentinel and to find leaks."),
]
Dataset = Annotated[
    str | None,
    typer.Option("--dataset", help="Known data set or folder that the images come from."),
]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", help="True labels: a CSV, an .npy, or labelled images in any layout."),
]
Against = Annotated[
    Path | None,
    typer.Option("--against", help="Another prediction file to compare with; needs --labels."),
]
Out = Annotated[
    Path | None,
    output_folder("--out", "Folder for all about a class [default: DOWNLOAD-grades]."),
]
Scale = Annotated[
    str,
    typer.Option("--scale", help="Scale of the pixels for all models of a class; see submit."),
]
Calibrate = Annotated[
    Path | None,
    typer.Option(
        "--calibrate",
        help="Labelled images by which the scale of each model of a class is found.",
    ),
]
DownloadLayout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        help="Layout of the download: moodle, canvas, blackboard, gradescope, ilias or plain"
        " [default: found out by the names].",
    ),
]
Workers = Annotated[
    int,
    typer.Option("--workers", min=1, max=64, help="Number of hand-ins that are graded at once."),
]
Limit = Annotated[
    str,
    typer.Option("--limit", help="Longest time for one hand-in, such as 90s or 5m."),
]
Worksheet = Annotated[
    Path | None,
    typer.Option(
        "--worksheet",
        help="Table of the learning system (Moodle, Canvas, nbgrader), filled into --out.",
    ),
]
WorksheetColumn = Annotated[
    str | None,
    typer.Option("--worksheet-column", help="Column for the grade, if there are several."),
]
Maximum = Annotated[
    float | None,
    typer.Option(
        "--maximum", min=0.01, max=1e6, help="Largest grade, if the worksheet does not have it."
    ),
]
Points = Annotated[
    Path | None,
    typer.Option("--points", help="Rules for points (TOML), instead of accuracy x maximum."),
]
SplitPercent = Annotated[
    int | None,
    typer.Option(
        "--split",
        min=1,
        max=99,
        help="Percent of the rows that are public: scores for both parts, and a board with"
        " pseudonyms.",
    ),
]
ShowPrivate = Annotated[
    bool,
    typer.Option(
        "--show-private",
        help="With --split: students' pages also show grade and accuracy on all rows.",
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**31 - 2, help="Seed that draws the public rows.")
]


@dataclass(frozen=True)
class GradeOptions(Reading):
    """The parameters of `fashion-nn grade`."""

    test: Test
    file: File = None
    sample: Sample = None
    train: Train = None
    dataset: Dataset = None
    labels: Labels = None
    against: Against = None
    strict: Strict = False
    out: Out = None
    scale: Scale = "auto"
    calibrate: Calibrate = None
    layout: DownloadLayout = None
    workers: Workers = 1
    limit: Limit = "5m"
    worksheet: Worksheet = None
    worksheet_column: WorksheetColumn = None
    maximum: Maximum = None
    points: Points = None
    split: SplitPercent = None
    show_private: ShowPrivate = False
    seed: Seed = 0
    format: gradescope.Format = "pages"
    autograder: gradescope.Autograder = None
    as_json: AsJson = False
    data_dir: DataDir = None

    @property
    def given(self) -> Path:
        """The file or download.

        Raises:
            InputError: there is none.
        """
        if self.file is None:
            raise InputError("nothing to grade: give a prediction file, or a folder or zip")
        return self.file

    @property
    def is_class(self) -> bool:
        """Whether the hand-ins of a class are graded."""
        return self.given.is_dir() or self.given.suffix.lower() == ".zip"

    @property
    def folder(self) -> Path:
        """The folder for all about a class."""
        name = self.given.resolve().name.removesuffix(".zip")
        return self.out or self.given.with_name(f"{name}-grades")


@takes(GradeOptions)
def grade(options: GradeOptions) -> None:
    """Check predictions, even if the labels are not known.

    The exit code is 3 if a check fails. The checks of a file are written to FILE.checks.json. Of a
    class, the newest hand-in of each student is graded, and --out gets class-list.csv,
    class-list.html, a page for each student, and the filled worksheet.
    """
    if options.autograder:
        gradescope.write_autograder(
            options.autograder, options.test, options.labels, options.maximum
        )
        return
    _require_sense(options)
    if options.format == "gradescope":
        out = gradescope.require_one_student(options.given, options.labels, options.out)
        verdict = gradescope.answer(options.given, _reference(options), out, options.maximum)
        _exit([verdict], options.strict)
    elif options.is_class:
        _grade_class(options, _marking(options))
    else:
        _grade_file(options)


def _grade_file(options: GradeOptions) -> None:
    from fashion_nn import grading

    writing.require_output(grading.checks_path(options.given))
    report = grading.grade(options.given, _reference(options), against=options.against)
    finish(report, strict=options.strict, as_json=options.as_json)


def _reference(options: GradeOptions) -> "Reference":
    from fashion_nn import grading

    sources = grading.Sources(
        sample=options.sample,
        train=options.train,
        dataset=options.dataset,
        labels=options.labels,
        data_dir=options.data_dir,
        options=options.options(),
    )
    with console.work_bar("reading") as progress:
        return grading.read_reference(options.test, sources, progress=progress)


def finish(report: "Report", *, strict: bool, as_json: bool = False) -> None:
    """Write the checks beside the file, print them, and exit with 3 if one fails."""
    from fashion_nn.grading import checks_path

    report.write(checks_path(report.file))
    if as_json:
        print(render_json(report.to_json()))
    else:
        print_checks(report.checks)
    _exit([report.verdict], strict)


def print_checks(checks: Sequence["Check"]) -> None:
    """Print a line for each check: its verdict, its name, what was found and what was expected.

    Those that do not apply are listed with their reasons at the end.
    """
    apply = [check for check in checks if check.verdict != "not applicable"]
    width = max((len(check.name) for check in apply), default=0) + 1
    for check in apply:
        name = f"{check.name}:"
        print(f"{check.verdict}  {name:<{width}} {check.value} (expected {check.expected})")
    others = [f"{check.name} ({check.value})" for check in checks if check not in apply]
    if others:
        print(f"not applicable: {', '.join(others)}")


def _marking(options: GradeOptions) -> "Marking":
    """What grades are made of; all that can be wrong with it is found before the work."""
    from fashion_nn.grading.course import layouts, outputs

    writing.require_output_folder(options.folder)
    if options.layout:
        layouts.get(options.layout)
    return outputs.read_marking(
        options.worksheet, options.worksheet_column, options.maximum, options.points
    )


def _grade_class(options: GradeOptions, marking: "Marking") -> None:
    from fashion_nn import grading, submission
    from fashion_nn.grading.course import layouts, outputs
    from fashion_nn.grading.course.board import Split
    from fashion_nn.grading.course.running import Pace

    reference = _reference(options)
    rows = None
    if options.calibrate:
        rows = submission.read_calibration(
            options.calibrate,
            options.test,
            labels=reference.originals,
            options=options.options(),
        )
    with console.work_bar("grading") as progress:
        grades = grading.grade_class(
            options.given,
            reference,
            options.folder,
            scale=options.scale,
            rows=rows,
            layout=layouts.get(options.layout) if options.layout else None,
            pace=Pace(options.workers, in_seconds(options.limit, "--limit") or 0),
            progress=progress,
        )
    console.note(f"{options.given}: read as {grades.layout.title}")
    split = Split(options.split, options.seed, options.show_private) if options.split else None
    written = outputs.write(grades, reference, options.folder, marking, split)
    if options.as_json:
        print(render_json(_rows(written)))
    else:
        _print_class(options, written, len(grades.others))
    _exit([each.hand_in.verdict for each in written.assessed], options.strict)


def _rows(written: "Written") -> list[dict[str, object]]:
    return [each.row() for each in written.assessed]


def _print_class(options: GradeOptions, written: "Written", others: int) -> None:
    columns = ("student", "hand_in", "status", "verdict", "accuracy", "grade", "remark")
    console.table(columns, [_cells(row, columns) for row in _rows(written)])
    for line in written.remarks.unmatched:
        print(f"not matched: {line}")
    for line in written.remarks.similarities:
        print(f"alike: {line}")
    if others:
        were = "file was" if others == 1 else "files were"
        print(f"{others} {were} not graded: see not-graded.csv")
    names = "class-list.csv, class-list.html, students/"
    worksheet = f", {written.worksheet.name}" if written.worksheet else ""
    print(f"{options.folder}: {names}{worksheet}")


def _cells(row: dict[str, object], columns: tuple[str, ...]) -> tuple[object, ...]:
    if isinstance(row["accuracy"], float):
        row["accuracy"] = f"{row['accuracy']:.4f}"
    return tuple(row[name] for name in columns)


def _exit(verdicts: Iterable[str], strict: bool) -> None:
    bad = {"FAIL", "ERROR", "WARN"} if strict else {"FAIL", "ERROR"}
    if bad.intersection(verdicts):
        raise typer.Exit(3)


def _require_sense(options: GradeOptions) -> None:
    from fashion_nn import inference

    one_of(options.format, ("pages", "gradescope"), "--format")
    one_of(options.scale, inference.SCALES, "--scale")
    file = options.given
    if not file.exists():
        expected = "expected a prediction file, or a folder or zip of hand-ins"
        raise InputError(f"{file}: no such file or folder: {expected}")
    if file.suffix in (".keras", ".h5", ".hdf5"):
        mend = "grade it with `submit.py --model … --grade`, or in a folder of hand-ins"
        raise InputError(f"{file}: is a model: {mend}")
    if options.train and options.dataset:
        raise InputError("--train and --dataset both say where the images come from: give one")
    if options.against and (options.labels is None or options.is_class):
        what = "--against compares two prediction files by the true labels"
        raise InputError(f"{what}: it needs --labels and a file")
    if (options.worksheet or options.split) and options.labels is None:
        needs = "--worksheet and --split need the true labels"
        raise InputError(f"{needs}: give --labels")
    if options.show_private and options.split is None:
        raise InputError("--show-private shows the rows that --split keeps back: give --split")
    if not options.is_class:
        _require_no_class_options(options)


def _require_no_class_options(options: GradeOptions) -> None:
    if options.out:
        checks = f"the checks of a file go to {options.given}.checks.json"
        raise InputError(f"--out is for the hand-ins of a class; {checks}")
    given = {
        "--scale": options.scale != "auto",
        "--calibrate": options.calibrate,
        "--layout": options.layout,
        "--worksheet": options.worksheet,
        "--points": options.points,
        "--split": options.split,
    }
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise InputError(f"{' and '.join(wrong)}: only for a folder or zip of hand-ins")

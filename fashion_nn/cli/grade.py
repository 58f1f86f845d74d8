"""fashion-nn grade: checks of a prediction file, or of a folder of hand-ins."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console
from fashion_nn.cli.common import render_json
from fashion_nn.cli.options import AsJson, DataDir, Strict, examples, one_of, output_folder
from fashion_nn.core import writing
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.grading import Check, HandIn, Reference, Report
    from fashion_nn.inference.scaling import LabelledRows

EXAMPLES = examples(
    "fashion-nn grade predictions.csv --test test.csv",
    "fashion-nn grade hand-ins --test test.csv --labels labels.csv",
)

File = Annotated[
    Path,
    typer.Argument(metavar="FILE|DIR", help="Prediction file, or a folder of hand-ins."),
]
Test = Annotated[
    Path,
    typer.Option("--test", help="CSV of the images that were predicted (.csv or .csv.gz)."),
]
Sample = Annotated[
    Path | None,
    typer.Option("--sample", help="Sample file of a competition, whose header and ids must match."),
]
Train = Annotated[
    Path | None,
    typer.Option("--train", help="Labelled training CSV, for the sentinel and to find leaks."),
]
Dataset = Annotated[
    str | None,
    typer.Option("--dataset", help="Known data set or folder that the images come from."),
]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", help="Table with the true labels: a column label, or id and label."),
]
Against = Annotated[
    Path | None,
    typer.Option("--against", help="Another prediction file to compare with; needs --labels."),
]
Out = Annotated[
    Path | None,
    output_folder("--out", "Folder for the class list of a folder [default: DIR-grades]."),
]

Scale = Annotated[
    str,
    typer.Option("--scale", help="Scale of the pixels for all models of a folder; see submit."),
]
Calibrate = Annotated[
    Path | None,
    typer.Option(
        "--calibrate",
        help="Labelled CSV by which the scale of each model of a folder is found.",
    ),
]


def grade(
    file: File,
    test: Test,
    sample: Sample = None,
    train: Train = None,
    dataset: Dataset = None,
    labels: Labels = None,
    against: Against = None,
    strict: Strict = False,
    out: Out = None,
    scale: Scale = "auto",
    calibrate: Calibrate = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Check predictions, even if the labels are not known.

    The exit code is 3 if a check fails. The checks of a file are written to FILE.checks.json; the
    class list of a folder is written to class-list.csv and class-list.html.
    """
    _require_sense(file, train, dataset, labels, against, out)
    if (calibrate or scale != "auto") and not file.is_dir():
        raise InputError("--scale and --calibrate are for the models in a folder of hand-ins")
    from fashion_nn import grading, inference, submission

    one_of(scale, inference.SCALES, "--scale")

    if not file.is_dir():
        writing.require_output(grading.checks_path(file))
    sources = grading.Sources(
        sample=sample,
        train=train,
        dataset=dataset,
        labels=labels,
        data_dir=data_dir,
    )
    with console.work_bar("reading") as progress:
        reference = grading.read_reference(test, sources, progress=progress)
    if file.is_dir():
        class_list = out or file.with_name(f"{file.resolve().name}-grades")
        rows = submission.read_calibration(calibrate, test) if calibrate else None
        _grade_folder(file, reference, class_list, strict, as_json, scale, rows)
    else:
        report = grading.grade(file, reference, against=against)
        finish(report, strict=strict, as_json=as_json)


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


def _grade_folder(
    folder: Path,
    reference: "Reference",
    out: Path,
    strict: bool,
    as_json: bool,
    scale: str,
    rows: "LabelledRows | None",
) -> None:
    from fashion_nn.grading import grade_folder

    with console.work_bar("grading") as progress:
        graded = grade_folder(folder, reference, out, scale=scale, rows=rows, progress=progress)
    if as_json:
        print(render_json([hand_in.row() for hand_in in graded]))
    else:
        columns = ("hand_in", "kind", "verdict", "accuracy", "failed", "warned", "remark")
        console.table(columns, [_cells(hand_in, columns) for hand_in in graded])
        print(f"{out}: class-list.csv, class-list.html, and the checks of each")
    _exit([hand_in.verdict for hand_in in graded if hand_in.kind != "other"], strict)


def _cells(hand_in: "HandIn", columns: tuple[str, ...]) -> tuple[object, ...]:
    row = hand_in.row()
    if isinstance(row["accuracy"], float):
        row["accuracy"] = f"{row['accuracy']:.4f}"
    return tuple(row[name] for name in columns)


def _exit(verdicts: Iterable[str], strict: bool) -> None:
    bad = {"FAIL", "ERROR", "WARN"} if strict else {"FAIL", "ERROR"}
    if bad.intersection(verdicts):
        raise typer.Exit(3)


def _require_sense(
    file: Path,
    train: Path | None,
    dataset: str | None,
    labels: Path | None,
    against: Path | None,
    out: Path | None,
) -> None:
    if not file.exists():
        expected = "expected a prediction file or a folder of hand-ins"
        raise InputError(f"{file}: no such file or folder: {expected}")
    if file.suffix in (".keras", ".h5", ".hdf5"):
        mend = "grade it with `submit.py --model … --grade`, or in a folder of hand-ins"
        raise InputError(f"{file}: is a model: {mend}")
    if train and dataset:
        raise InputError("--train and --dataset both say where the images come from: give one")
    if against and (labels is None or file.is_dir()):
        what = "--against compares two prediction files by the true labels"
        raise InputError(f"{what}: it needs --labels and a file")
    if out and not file.is_dir():
        checks = f"the checks of a file go to {file}.checks.json"
        raise InputError(f"--out is for a folder of hand-ins; {checks}")

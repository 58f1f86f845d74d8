"""fashion-nn grade: checks of a prediction file or a folder of hand-ins that somebody else made."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn.cli.options import AsJson, DataDir, option, render_json
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.grading import HandIn, Reference, Report

Strict = option(bool, "--strict", "Warnings count as failures too.")


def grade(
    file: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="Prediction file, or a folder of hand-ins.")],
    test: option(Path, "--test", "CSV of the images that were predicted (.csv or .csv.gz)."),
    sample: option(Path | None, "--sample", "A competition's sample file: header and ids as there.") = None,
    train: option(Path | None, "--train", "Labelled training CSV: fit the sentinel to it, look for leaks.") = None,
    dataset: option(str | None, "--dataset", "Known data set or folder that the images come from.") = None,
    labels: option(Path | None, "--labels", "True labels: a table with a label column, or id and label.") = None,
    against: option(Path | None, "--against", "With --labels: another prediction file to compare with.") = None,
    strict: Strict = False,
    out: option(Path | None, "--out", "With a folder: where the class list goes [default: DIR-grades].") = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Check predictions without knowing the labels; exit code 3 when a check fails.

    A file's checks are written to FILE.checks.json; a folder's class list to class-list.csv and class-list.html.
    """
    _require_sense(file, train, dataset, labels, against, out)
    from fashion_nn import console, grading

    sources = grading.Sources(sample=sample, train=train, dataset=dataset, labels=labels, data_dir=data_dir)
    with console.work_bar("reading") as progress:
        reference = grading.read_reference(test, sources, progress=progress)
    if file.is_dir():
        _folder(file, reference, out or file.with_name(f"{file.resolve().name}-grades"), strict, as_json)
    else:
        report = grading.grade(file, reference, against=against)
        finish(report, strict=strict, as_json=as_json)


def finish(report: "Report", *, strict: bool, as_json: bool = False) -> None:
    """Write the checks beside the file, print them, and exit with 3 when one fails."""
    from fashion_nn import console
    from fashion_nn.grading import checks_path

    report.write(checks_path(report.file))
    if as_json:
        print(render_json(report.to_json()))
    else:
        for check in report.checks:
            console.check(check)
    _exit([report.verdict], strict)


def _folder(folder: Path, reference: "Reference", out: Path, strict: bool, as_json: bool) -> None:
    from fashion_nn import console
    from fashion_nn.grading import grade_folder

    with console.work_bar("grading") as progress:
        graded = grade_folder(folder, reference, out, progress=progress)
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


def _exit(verdicts: list[str], strict: bool) -> None:
    bad = {"FAIL", "ERROR", "WARN"} if strict else {"FAIL", "ERROR"}
    if bad.intersection(verdicts):
        raise typer.Exit(3)


def _require_sense(
    file: Path, train: Path | None, dataset: str | None, labels: Path | None, against: Path | None, out: Path | None
) -> None:
    if not file.exists():
        raise InputError(f"{file}: no such file or folder: expected a prediction file or a folder of hand-ins")
    if file.suffix in (".keras", ".h5", ".hdf5"):
        raise InputError(f"{file}: is a model: grade it with `submit.py --model … --grade`, or in a folder of hand-ins")
    if train and dataset:
        raise InputError("--train and --dataset both say where the images come from: give one")
    if against and (labels is None or file.is_dir()):
        raise InputError("--against compares two prediction files by the true labels: it needs --labels and a file")
    if out and not file.is_dir():
        raise InputError(f"--out is for a folder of hand-ins; the checks of a file go to {file}.checks.json")


COMMANDS = (grade,)

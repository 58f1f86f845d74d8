"""What `fashion-nn grade` does for Gradescope: the hand-in of one student, and an autograder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn.cli.options import output_file
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.grading import Reference

Format = Annotated[
    str,
    typer.Option(
        "--format",
        help="pages, or gradescope: the folder is the hand-in of one student, and --out gets"
        " results.json.",
    ),
]
Autograder = Annotated[
    Path | None,
    output_file(
        "--autograder",
        "Write the zip of an autograder of Gradescope, which grades by --test and --labels.",
    ),
]


def require_one_student(folder: Path, labels: Path | None, out: Path | None) -> Path:
    """The folder for results.json.

    Raises:
        InputError: there is none, or what is graded is not the folder of one student.
    """
    if not folder.is_dir() or out is None or labels is None:
        raise InputError("--format gradescope needs the folder of one student, --labels and --out")
    return out


def answer(folder: Path, reference: "Reference", out: Path, maximum: float | None) -> str:
    """Grade one student's folder, write results.json into `out`, and return the verdict."""
    from fashion_nn.grading.course import gradescope

    return gradescope.answer(folder, reference, out, maximum or gradescope.MAXIMUM)


def write_autograder(path: Path, test: Path, labels: Path | None, maximum: float | None) -> None:
    """Write the zip of an autograder, and say what to do with it.

    Raises:
        InputError: there are no labels to grade by.
    """
    from fashion_nn.grading.course import gradescope

    if labels is None:
        raise InputError("--autograder needs the true labels: give --labels")
    gradescope.write_autograder(path, test, labels, maximum or gradescope.MAXIMUM)
    print(f"{path}: upload it to Gradescope as the autograder")

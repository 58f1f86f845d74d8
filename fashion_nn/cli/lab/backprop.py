"""fashion-nn lab backprop: an exercise in backpropagation, worked and graded."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fashion_nn.cli.common import render_json
from fashion_nn.cli.options import AsJson, Picture, examples, output_folder
from fashion_nn.errors import InputError

EXAMPLES = examples(
    "fashion-nn lab backprop report-004/1",
    "fashion-nn lab backprop report-004/1 --check answers.json",
)

ExerciseName = Annotated[
    str | None,
    typer.Argument(
        metavar="EXERCISE",
        help="Name of a built-in exercise, such as report-004/1 or 2b, or a JSON file.",
    ),
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown with LaTeX.")]
Answers = Annotated[
    Path | None,
    typer.Option(
        "--check",
        metavar="FILE|DIR",
        help="Grade the worked answers in this JSON file, or those of a class in the folder that"
        " `lab worksheet` wrote.",
    ),
]
Symbolic = Annotated[
    bool,
    typer.Option("--symbolic", help="Print the algebra of linear units, and what they reduce to."),
]
Figures = Annotated[
    Path | None,
    output_folder(
        "--figures",
        "Write the figures of reports 001, 003 (15) and 004 into this folder.",
    ),
]
List = Annotated[bool, typer.Option("--list", help="List the built-in exercises.")]


def backprop(
    exercise: ExerciseName = None,
    as_json: AsJson = False,
    markdown: Markdown = False,
    check: Answers = None,
    symbolic: Symbolic = False,
    picture: Picture = None,
    figures: Figures = None,
    list_: List = False,
) -> None:
    """Work through an exercise in backpropagation.

    Prints pre-activations, outputs, deltas, gradients, one update step and the class of a query.
    The exit code is 3 if something is wrong in the answers of a class.
    """
    if list_:
        _list_exercises(as_json)
        return
    if figures:
        from fashion_nn.lab.backprop import drawing

        for path in drawing.write_figures(figures):
            _print(str(path))
        return
    if exercise is None and check is not None and check.is_dir():
        _check_class(check, as_json)
        return
    if exercise is None:
        wanted = "name an exercise or a JSON file, such as report-004/1"
        raise InputError(f"{wanted}; --list shows the built-in ones")
    if sum((as_json and not check, markdown, check is not None, symbolic)) > 1:
        clash = "--markdown, --check and --symbolic each print something else"
        raise InputError(f"{clash}: give one; --json goes with --check")
    _print(_work(exercise, as_json, markdown, check, symbolic, picture))


def _check_class(folder: Path, as_json: bool) -> None:
    """Mark a class, write its feedback, and exit with 3 if an answer is wrong or unreadable."""
    from fashion_nn import console
    from fashion_nn.lab.backprop import worksheets

    given = worksheets.read(folder)
    with console.work_bar("answers") as progress:
        marks = worksheets.mark(given, folder, progress)
    worksheets.write_marks(marks, folder)
    _print(render_json(marks.to_json()) if as_json else worksheets.describe(marks))
    if not as_json:
        _print(f"{folder}: class.html, class.csv, feedback/")
    if not marks.is_right:
        raise typer.Exit(3)


def _list_exercises(as_json: bool) -> None:
    from fashion_nn.lab import backprop as lab

    known = {name: entry["about"] for name, entry in lab.built_in().items()}
    if as_json:
        _print(render_json(known))
        return
    for name, about in known.items():
        _print(f"{name:34} {about}")


def _work(
    exercise: str,
    as_json: bool,
    markdown: bool,
    check: Path | None,
    symbolic: bool,
    picture: Path | None,
) -> str:
    """What is printed of an exercise."""
    from fashion_nn.lab import backprop as lab

    given = lab.load(exercise)
    if picture:
        from fashion_nn.lab.backprop import drawing

        drawing.diagram(given, picture, title=exercise)
    if check:
        marks = lab.grade(given, lab.read_json(check), str(check))
        return render_json(marks.to_json()) if as_json else lab.describe_grade(marks, exercise)
    if symbolic:
        from fashion_nn.lab.backprop.symbolic import describe

        return describe(given, exercise)
    worked = lab.trace(given)
    if as_json:
        return render_json(worked.to_json())
    write = lab.write_markdown if markdown else lab.write_text
    return write(worked, exercise)


def _print(text: str) -> None:
    """Print, also on a terminal that has no Greek letters."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))

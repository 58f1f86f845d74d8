"""fashion-nn lab worksheet: an exercise with each student's own numbers, to print."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn.cli.options import examples, output_folder, takes
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.lab.backprop import Exercise

EXAMPLES = examples(
    "fashion-nn lab worksheet report-004/1 --students list.csv --out class",
    "fashion-nn lab worksheet --new 2-3-1 --students list.csv --out class --page",
)

ExerciseName = Annotated[
    str | None,
    typer.Argument(
        metavar="EXERCISE",
        help="Name of a built-in exercise, such as report-004/1 or 2b, or a JSON file.",
    ),
]
New = Annotated[
    str | None,
    typer.Option(
        "--new", metavar="LAYERS", help="A new exercise with these layers of units, such as 2-3-1."
    ),
]
Activation = Annotated[
    str, typer.Option("--activation", help="Activation of the hidden layers, with --new.")
]
Loss = Annotated[
    str,
    typer.Option(
        "--loss", help="Loss, with --new; softmax-cross-entropy makes the outputs softmax."
    ),
]
Students = Annotated[
    Path, typer.Option("--students", metavar="CSV", help="CSV with a column of students.")
]
Column = Annotated[
    str | None,
    typer.Option("--column", help="Title of that column [default: id, student, name, …]."),
]
Out = Annotated[Path, output_folder("--out", "New folder to write the sheets into.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Seed of the numbers.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="Also write each sheet, and all of them, as PDF.")]
Page = Annotated[
    bool,
    typer.Option(
        "--page", help="Also write each sheet as a page to fill in, which checks the answers."
    ),
]
NoChecks = Annotated[
    bool,
    typer.Option("--no-checks", help="Pages that only save the answers, for graded work."),
]


@dataclass(frozen=True)
class Request:
    """The parameters of the command."""

    students: Students
    out: Out
    exercise: ExerciseName = None
    new: New = None
    activation: Activation = "sigmoid"
    loss: Loss = "half-squared-error"
    column: Column = None
    seed: Seed = 0
    pdf: Pdf = False
    page: Page = False
    no_checks: NoChecks = False


@takes(Request)
def worksheet(request: Request) -> None:
    """Write an exercise with own numbers for each student.

    Each student gets a sheet to print and a template of the answers; the solutions are written
    beside them. `lab backprop --check DIR` marks the templates that are filled in.
    """
    from fashion_nn import console
    from fashion_nn.lab.backprop import worksheets

    out = request.out
    if request.no_checks and not request.page:
        raise InputError("--no-checks is about the pages to fill in: give --page, too")
    base, title = _exercise(request)
    names = worksheets.read_students(request.students, request.column)
    drawn = worksheets.draw(base, title, names, request.seed)
    pages = None
    if request.page:
        kinds = worksheets.PageKind
        pages = kinds.SAVES if request.no_checks else kinds.CHECKS
    with console.work_bar("sheets") as progress:
        worksheets.write(drawn, out, pdf=request.pdf, pages=pages, progress=progress)
    count = "1 sheet" if len(names) == 1 else f"{len(names)} sheets"
    print(
        f"{out}: {count}; answers go into {out / 'answers'}, solutions are in {out / 'solutions'}"
    )
    if pages is not None:
        print(f"pages to fill in are in {out / 'pages'}; each of them {pages.value}")


def _exercise(request: Request) -> "tuple[Exercise, str]":
    """The exercise whose numbers are drawn anew, and what it is called."""
    from fashion_nn.lab import backprop as lab
    from fashion_nn.lab.backprop import worksheets

    if (request.exercise is None) == (request.new is None):
        raise InputError("name an exercise, or give --new with its layers, such as --new 2-3-1")
    if request.new is not None:
        base = worksheets.network(request.new, activation=request.activation, loss=request.loss)
        return base, f"Backpropagation, {request.new}"
    name = str(request.exercise)
    return lab.load(name), Path(name).stem if name.endswith(".json") else name

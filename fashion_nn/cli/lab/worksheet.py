"""fashion-nn lab worksheet: an exercise with each student's own numbers, to print."""

from pathlib import Path
from typing import Annotated

import typer

from fashion_nn.cli.options import examples, output_folder
from fashion_nn.errors import InputError

EXAMPLES = examples(
    "fashion-nn lab worksheet report-004/1 --students list.csv --out class",
    "fashion-nn lab worksheet --new 2-3-1 --students list.csv --out class --pdf",
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


def worksheet(
    students: Students,
    out: Out,
    exercise: ExerciseName = None,
    new: New = None,
    activation: Activation = "sigmoid",
    loss: Loss = "half-squared-error",
    column: Column = None,
    seed: Seed = 0,
    pdf: Pdf = False,
) -> None:
    """Write an exercise with own numbers for each student.

    Each student gets a sheet to print and a template of the answers; the solutions are written
    beside them. `lab backprop --check DIR` marks the templates that are filled in.
    """
    from fashion_nn import console
    from fashion_nn.lab import backprop as lab
    from fashion_nn.lab.backprop import worksheets

    if (exercise is None) == (new is None):
        raise InputError("name an exercise, or give --new with its layers, such as --new 2-3-1")
    if new is not None:
        base = worksheets.network(new, activation=activation, loss=loss)
        title = f"Backpropagation, {new}"
    else:
        base = lab.load(str(exercise))
        title = Path(str(exercise)).stem if str(exercise).endswith(".json") else str(exercise)
    names = worksheets.read_students(students, column)
    drawn = worksheets.draw(base, title, names, seed)
    with console.work_bar("sheets") as progress:
        worksheets.write(drawn, out, pdf=pdf, progress=progress)
    count = "1 sheet" if len(names) == 1 else f"{len(names)} sheets"
    print(
        f"{out}: {count}; answers go into {out / 'answers'}, solutions are in {out / 'solutions'}"
    )

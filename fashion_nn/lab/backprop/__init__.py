"""Backpropagation worked by hand, for any exercise: trace, marking of answers, algebra, pictures.

    exercise = load("report-004/1")        a built-in one, or a JSON file; from_json for values
    worked = trace(exercise)               nets, outputs, deltas, gradients, updates, losses
    write_text(worked), write_markdown(worked)
    grade(exercise, answers)                 the first wrong term, by how much, the error behind it

`symbolic` (SymPy) and `drawing` and `curves` (matplotlib) are imported when they are used.
"""

from fashion_nn.lab.backprop.exercise import Exercise, built_in, from_json, load, read_json
from fashion_nn.lab.backprop.marking import Grade, Mark, Mistake, grade
from fashion_nn.lab.backprop.marking import describe as describe_grade
from fashion_nn.lab.backprop.tracing import Trace, trace
from fashion_nn.lab.backprop.writing import markdown as write_markdown
from fashion_nn.lab.backprop.writing import text as write_text

__all__ = [
    "Exercise",
    "Grade",
    "Mark",
    "Mistake",
    "Trace",
    "built_in",
    "describe_grade",
    "from_json",
    "grade",
    "load",
    "read_json",
    "trace",
    "write_markdown",
    "write_text",
]

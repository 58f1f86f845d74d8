"""An exercise with each student's own numbers: sheets to print, solutions, and a class marked.

`numbers` draws the numbers and refuses those by which nothing can be learned, `students` reads the
list, `page` makes the sheets, `practice` makes pages to fill in, `folder` writes them and reads
them back, `marking` marks what the class has handed in, and `class_page` and `results` show and
write that.
"""

from fashion_nn.lab.backprop.worksheets.folder import PageKind, Worksheets, draw, read, write
from fashion_nn.lab.backprop.worksheets.marking import ClassMarks, describe, mark
from fashion_nn.lab.backprop.worksheets.numbers import fresh, network
from fashion_nn.lab.backprop.worksheets.results import write_marks
from fashion_nn.lab.backprop.worksheets.students import read_students

__all__ = [
    "ClassMarks",
    "PageKind",
    "Worksheets",
    "describe",
    "draw",
    "fresh",
    "mark",
    "network",
    "read",
    "read_students",
    "write",
    "write_marks",
]

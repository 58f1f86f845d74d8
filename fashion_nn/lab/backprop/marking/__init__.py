"""Marking of worked answers: each term is compared with the right solution, and errors are named.

    marks = grade(exercise, answers)        answers as parsed JSON
    marks.first_wrong, marks.to_json()
    describe(marks)                         the same in plain text

`grading` goes through the terms in order. `answers` reads the JSON, and `precision` says whether a
number is a value as the student writes numbers. A term that follows from an earlier mistake is no
new one: `branches` keeps, for each error that may have been made, what a student has from there on.
For a term that is wrong, `diagnosis` makes a `case` of it and asks for explanations. An error of a
student is a function that computes what a term would be had the error been made: `errors` has the
common ones, `rare_errors` and `copying` the others, and `numbers` those of a single number. They
know no exercise, so a new error is one function and one line in a list.
"""

from fashion_nn.lab.backprop.marking.description import describe
from fashion_nn.lab.backprop.marking.grading import grade
from fashion_nn.lab.backprop.marking.marks import Grade, Mark, Mistake

__all__ = ["Grade", "Mark", "Mistake", "describe", "grade"]

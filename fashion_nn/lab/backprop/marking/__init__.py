"""Marking of worked answers: each term is compared with the right solution, and errors are named.

    marks = grade(exercise, answers)        answers as parsed JSON
    marks.first_wrong, marks.to_json()
    describe(marks)                         the same in plain text

`grading` goes through the terms in order. It keeps several sheets, one for each way in which a
student may have computed: from the numbers as written or from unrounded ones. A term that follows
from one of them is no new mistake. `answers` reads the JSON and counts the digits that two values
have in common. For a term that is wrong, `diagnosis` makes a case of it and asks one explanation
after another. An error of a student is a function that computes what a term would be had the error
been made: `errors` has the common ones, `rare_errors` the others. Neither knows an exercise, so a
new error is one function and one line in a list.
"""

from fashion_nn.lab.backprop.marking.description import describe
from fashion_nn.lab.backprop.marking.grading import Grade, Mark, Mistake, grade

__all__ = ["Grade", "Mark", "Mistake", "describe", "grade"]

"""Checks of prediction files and hand-ins that need no labels; one check a module.

Room(test, …)      reads the test table once: ids, the sentinel's probabilities, the canary's rows
Room.grade(file)   runs every check on a prediction file and gives a Report
grade_folder       does so for a folder of models and prediction files, and writes the class list
"""

from fashion_nn.grading.check import Check, Verdict
from fashion_nn.grading.checks.file import check_file
from fashion_nn.grading.evidence import Report, Room, checks_path
from fashion_nn.grading.hand_ins import HandIn, grade_folder

__all__ = ["Check", "HandIn", "Report", "Room", "Verdict", "check_file", "checks_path", "grade_folder"]

"""Checks of prediction files and hand-ins that need no labels; one check a module.

Room(test, …)      reads the test table once: ids, the sentinel's probabilities, the canary's rows
Room.grade(file)   runs every check on a prediction file and gives a Report
grade_folder       does so for a folder of models and prediction files, and writes the class list
"""

from fashion_nn.grading.check import Check, Verdict
from fashion_nn.grading.file import check_file
from fashion_nn.grading.hand_ins import HandIn, grade_folder
from fashion_nn.grading.room import Report, Room, checks_path

__all__ = ["Check", "HandIn", "Report", "Room", "Verdict", "check_file", "checks_path", "grade_folder"]

"""Checks of prediction files and hand-ins that need no labels.

    reference    the test table and what is known of its images, read once for all hand-ins
    evidence     what is known of one hand-in
    checks       one check a module: from the evidence to a verdict
    report       all checks of one hand-in
    hand_ins     those of a class
    course       what that takes: layouts of downloads, processes, worksheets, pages
    sentinel     a weak classifier that judges labels; `baseline` is how it is made

Start with `read_reference`, then `grade` each file, or `grade_class` all of them.
"""

from fashion_nn.grading.check import Check, Verdict
from fashion_nn.grading.evidence import Evidence
from fashion_nn.grading.hand_ins import ClassGrades, grade_class
from fashion_nn.grading.reference import Reference, ReferenceBuilder, Sources, read_reference
from fashion_nn.grading.report import HandIn, Report, check_file, checks_path, grade

__all__ = [
    "Check",
    "ClassGrades",
    "Evidence",
    "HandIn",
    "Reference",
    "ReferenceBuilder",
    "Report",
    "Sources",
    "Verdict",
    "check_file",
    "checks_path",
    "grade",
    "grade_class",
    "read_reference",
]

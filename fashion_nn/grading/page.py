"""The class list as one HTML page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fashion_nn import pages
from fashion_nn.grading.check import Check

if TYPE_CHECKING:
    from fashion_nn.grading.report import HandIn

_VERDICTS = ("PASS", "WARN", "FAIL", "ERROR")


@dataclass(frozen=True, slots=True)
class Line:
    """One hand-in as the page shows it; `checks` is empty if it could not be graded."""

    name: str
    kind: str
    verdict: str
    accuracy: str
    remark: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class ClassList:
    """What the template `class-list.html` shows. `counts` has the verdicts that occur, with their
    numbers.
    """

    title: str
    counts: Mapping[str, int]
    lines: Sequence[Line]


def render(graded: Sequence["HandIn"], rows: Sequence[Mapping[str, object]]) -> str:
    """Return the page as HTML.

    Args:
        graded: the hand-ins.
        rows: the row of each in the class list, `HandIn.row()`.
    """
    verdicts = [hand_in.verdict for hand_in in graded]
    counts = {verdict: verdicts.count(verdict) for verdict in _VERDICTS if verdict in verdicts}
    lines = [_line(hand_in, row) for hand_in, row in zip(graded, rows, strict=True)]
    return pages.render("class-list.html", ClassList("Class list", counts, lines))


def _line(hand_in: "HandIn", row: Mapping[str, object]) -> Line:
    accuracy = row["accuracy"]
    score = "-"
    if isinstance(accuracy, float):
        score = f"{accuracy:.4f} ({row['low']:.4f} to {row['high']:.4f})"
    checks = hand_in.report.checks if hand_in.report else ()
    return Line(hand_in.name, hand_in.kind, hand_in.verdict, score, str(row["remark"]), checks)

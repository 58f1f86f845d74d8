"""The page of a class, and a page for each student that names nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap
from urllib.parse import quote

from fashion_nn import pages
from fashion_nn.grading.check import Check
from fashion_nn.grading.course import ranking
from fashion_nn.grading.course.collecting import Other
from fashion_nn.grading.report import HandIn
from fashion_nn.pages.rendering import Script, script

_BINS = 20
_WIDTH = 480
_HEIGHT = 120
_COLUMNS = (
    *("place", "student", "verdict", "accuracy", "grade", "public / private", "hand-in"),
    "remarks",
)
_VERDICTS = ("PASS", "WARN", "FAIL", "ERROR")


@dataclass(frozen=True, slots=True)
class Assessed:
    """A hand-in with what was made of it.

    name: under which its files are written.
    causes: what is wrong, in sentences.
    grade: as text; empty if there is none.
    parts: the accuracy on the public and on the private rows; None without a split.
    pseudonym: on the board; empty without one.
    shown: what its student sees of it; None shows all.
    """

    hand_in: HandIn
    name: str
    causes: tuple[str, ...]
    grade: str = ""
    parts: tuple[float, float] | None = None
    pseudonym: str = ""
    shown: "Shown | None" = None

    def row(self) -> dict[str, object]:
        """Its row in the class list."""
        row = {**self.hand_in.row(), "grade": self.grade}
        if not self.hand_in.error:
            said = str(row["remark"])
            new = [cause for cause in self.causes if cause not in said]
            row["remark"] = "; ".join([*([said] if said else []), *new])
        if self.parts:
            row |= {"public": self.parts[0], "private": self.parts[1]}
        return row


@dataclass(frozen=True, slots=True)
class Shown:
    """What a student sees of a hand-in.

    causes: what is wrong, in sentences.
    is_public: whether the private rows are kept back; all is then by the public rows alone.
    """

    hand_in: HandIn
    causes: tuple[str, ...]
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One student on the page of the class. The numbers are what columns are sorted by."""

    student: str
    address: str
    hand_in: str
    verdict: str
    late: bool
    place: str
    place_number: int
    accuracy: str
    accuracy_number: float
    grade: str
    parts: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the histogram, in the units of its picture."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many students have which accuracy, from `low` to `high`."""

    bars: tuple[Bar, ...]
    low: str
    high: str
    width: int = _WIDTH
    height: int = _HEIGHT


@dataclass(frozen=True, slots=True)
class ClassPage:
    """What the template `class-list.html` shows."""

    title: str
    layout: str
    counts: dict[str, int]
    lines: tuple[Line, ...]
    histogram: Histogram | None
    others: tuple[Other, ...]
    unmatched: tuple[str, ...]
    similarities: tuple[str, ...]
    columns: tuple[str, ...]
    script: Script


@dataclass(frozen=True, slots=True)
class StudentPage:
    """What the template `student.html` shows."""

    title: str
    hand_in: HandIn
    verdict: str
    accuracy: str
    rows: str
    grade: str
    pseudonym: str
    causes: tuple[str, ...]
    checks: tuple[Check, ...]


def class_page(
    assessed: Sequence[Assessed],
    *,
    layout: str,
    others: Sequence[Other] = (),
    unmatched: Sequence[str] = (),
    similarities: Sequence[str] = (),
) -> str:
    """The page of the class as HTML.

    Args:
        layout: what the download was taken for.
        others: the files that were not graded.
        unmatched: rows of the worksheet that name nobody of the download, and the reverse.
        similarities: sentences about pairs of hand-ins.
    """
    hand_ins = [each.hand_in for each in assessed]
    places = ranking.places(hand_ins)
    lines = list(starmap(_line, zip(assessed, places, strict=True)))
    lines.sort(key=lambda line: (line.place_number, -line.accuracy_number, line.student.casefold()))
    verdicts = [hand_in.verdict or hand_in.status for hand_in in hand_ins]
    known = (*_VERDICTS, "not applicable", "nothing handed in")
    counts = {name: verdicts.count(name) for name in known if name in verdicts}
    page = ClassPage(
        "Class list",
        layout,
        counts,
        tuple(lines),
        _histogram(hand_ins),
        tuple(others),
        tuple(unmatched),
        tuple(similarities),
        _COLUMNS if any(each.parts for each in assessed) else tuple(_COLUMNS[:5] + _COLUMNS[6:]),
        script("class-list.js"),
    )
    return pages.render("class-list.html", page)


def student_page(assessed: Assessed) -> str:
    """The page of one student as HTML. It names no other student."""
    shown = assessed.shown
    hand_in = shown.hand_in if shown else assessed.hand_in
    score = hand_in.score
    rows = f"on {score.n:,} public rows; the others count at the end" if shown and score else ""
    page = StudentPage(
        hand_in.student,
        hand_in,
        hand_in.verdict or hand_in.status,
        _accuracy(hand_in),
        rows,
        "" if shown else assessed.grade,
        assessed.pseudonym,
        shown.causes if shown else assessed.causes,
        hand_in.report.checks if hand_in.report else (),
    )
    return pages.render("student.html", page)


def _line(assessed: Assessed, place: ranking.Place | None) -> Line:
    hand_in = assessed.hand_in
    score = hand_in.score
    return Line(
        student=hand_in.student,
        address=f"students/{quote(assessed.name)}.html",
        hand_in=hand_in.name,
        verdict=hand_in.verdict or hand_in.status,
        late=hand_in.late,
        place=str(place or ""),
        place_number=place.first if place else 1_000_000,
        accuracy=_accuracy(hand_in),
        accuracy_number=score.accuracy if score else -1.0,
        grade=assessed.grade,
        parts=f"{assessed.parts[0]:.2%} / {assessed.parts[1]:.2%}" if assessed.parts else "",
        remarks=(*_warnings(hand_in), *assessed.causes),
    )


def _warnings(hand_in: HandIn) -> list[str]:
    checks = hand_in.report.with_verdict("WARN") if hand_in.report else []
    return [f"{check.name}: {check.value}" for check in checks]


def _accuracy(hand_in: HandIn) -> str:
    score = hand_in.score
    if score is None:
        return ""
    low, high = score.interval
    return f"{score.accuracy:.2%} ({low:.1%} to {high:.1%})"


def _histogram(hand_ins: Sequence[HandIn]) -> Histogram | None:
    values = [hand_in.score.accuracy for hand_in in hand_ins if hand_in.score]
    if len(values) < 2:
        return None
    low = int(min(values) * _BINS) / _BINS
    width = (1.0 - low) / _BINS or 1 / _BINS
    bins = [min(_BINS - 1, int((value - low) / width)) for value in values]
    most = max(bins.count(number) for number in range(_BINS))
    bars = []
    for number in range(_BINS):
        count = bins.count(number)
        height = (_HEIGHT - 12) * count / most
        start = low + number * width
        title = f"{start:.1%} to {start + width:.1%}: {count}"
        step = _WIDTH / _BINS
        bars.append(Bar(number * step + 1, _HEIGHT - height, step - 2, height, title))
    return Histogram(tuple(bars), f"{low:.0%}", "100%")

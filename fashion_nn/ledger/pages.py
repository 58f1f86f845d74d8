"""The ledger as a Markdown page for the repository, and as an HTML page with filters and the lab's
figures.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from fashion_nn import pages
from fashion_nn.core import reading, scratch, writing
from fashion_nn.lab.backprop import drawing
from fashion_nn.lab.losses import figures as losses_figures
from fashion_nn.ledger.findings import MEANINGS, VERDICTS, Finding, Verdict
from fashion_nn.ledger.judging import Entry, slips, summary
from fashion_nn.ledger.lessons import Lesson, lessons
from fashion_nn.pages.rendering import Script, data_uri, script

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class SlipRow:
    """One of the most instructive claims that do not hold."""

    id: str
    about: str
    printed: str
    went_wrong: str


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """One claim on the page; `facts` are what is known about it, by name."""

    id: str
    system: str
    verdict: str
    claim: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReportPart:
    """The claims of one report, and how many have each verdict that occurs."""

    report: str
    counts: Mapping[str, int]
    claims: Sequence[ClaimCard]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG file as a data URI."""

    title: str
    uri: str


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """What the template `ledger.html` shows. `counts` has the number of each verdict, by report."""

    title: str
    meanings: Mapping[Verdict, str]
    counts: Mapping[str, Mapping[Verdict, int]]
    lessons: Sequence[Lesson]
    slips: Sequence[SlipRow]
    reports: Sequence[ReportPart]
    pictures: Sequence[Picture]
    script: Script


def shown(measured: Any, most: int = 160) -> str:
    """A measured value for people: four to six digits, mean ± sd over n seeds."""
    text = _text(measured)
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict) and set(value) == {"mean", "sd", "n"}:
        spread = f" ± {value['sd']:.2g}" if value["n"] > 1 else ""
        return f"{value['mean']:.4g}{spread} (n = {value['n']})"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_text(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return str(value)


def write_markdown(entries: Sequence[Entry], path: str | PathLike[str]) -> None:
    """Write all verdicts as Markdown: lessons, counts, slips, and a table for each report.

    Raises:
        InputError: the file cannot be written.
    """
    counts = summary(entries)
    lines = ["# The ledger", "", *_INTRODUCTION, "", "## Five findings", ""]
    for lesson in lessons(entries):
        lines += [f"**{lesson.title}.** {lesson.text} ({', '.join(lesson.claims)})", ""]
    lines += ["## Verdicts", ""]
    lines += _table(("report", *VERDICTS), [(name, *counts[name].values()) for name in counts])
    lines += ["", *(f"- `{verdict}`: {words}" for verdict, words in MEANINGS.items())]
    lines += ["", "## Ten slips", ""]
    lines += _table(
        ("claim", "about", "printed", "what went wrong"),
        [astuple(slip) for slip in _slips(entries)],
    )
    for report in counts:
        if report != "all":
            lines += ["", f"## Report {report}", ""]
            rows = [_row(entry) for entry in entries if entry.claim.report == report]
            lines += _table(_COLUMNS, rows)
    writing.write_atomic(path, "\n".join(lines) + "\n")


_COLUMNS = (
    "id",
    "claim",
    "printed",
    "ours",
    "verdict",
    "why",
    "criterion",
    "turns at",
    "n",
    "seeds",
    "shown by",
)
_INTRODUCTION = (
    (
        "This page is for students who read the five reports and for everyone who wants to know"
        " which of"
    ),
    (
        "their figures and statements hold. Each was measured again;"
        " `fashion-nn reproduce --markdown docs/ledger.md`"
    ),
    "makes this page, and every verdict on it is computed, as [architecture.md](architecture.md)",
    "describes. The tolerance of a figure is its last printed digit. A statement in words has a",
    "criterion, and beside it stands the result at which the verdict turns, the number n of values",
    "that were compared, and the number of seeds.",
)


def _slips(entries: Sequence[Entry]) -> list[SlipRow]:
    return [
        SlipRow(
            entry.claim.id,
            entry.claim.claim,
            entry.claim.quoted,
            str(entry.finding.slip or entry.finding.why),
        )
        for entry in slips(entries)
    ]


def _row(entry: Entry) -> tuple[str, ...]:
    claim, finding = entry.claim, entry.finding
    return (
        claim.id,
        claim.claim,
        claim.quoted,
        shown(finding.measured, 90),
        finding.verdict,
        _why(finding),
        finding.criterion,
        finding.turns,
        str(finding.n or ""),
        str(finding.seeds or ""),
        _source(finding),
    )


def _why(finding: Finding) -> str:
    return "; ".join(filter(None, (str(finding.slip or ""), finding.why)))


def _source(finding: Finding) -> str:
    """The evidence: a command as code, or words."""
    command = finding.evidence.startswith("fashion-nn")
    return f"`{finding.evidence}`" if command else finding.evidence


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]


def _cell(value: Any) -> str:
    text = " ".join(str(value).split())
    if text.startswith("`"):
        return text.replace("|", "\\|")
    for sign in "\\|*_<>[]":
        text = text.replace(
            sign, f"\\{sign}" if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign]
        )
    return text


def write_html(
    entries: Sequence[Entry], path: str | PathLike[str], *, progress: Progress | None = None
) -> None:
    """Write the verdicts with filters, and figures of the lab, as one HTML file that needs no
    other.

    Raises:
        InputError: the file cannot be written.
    """
    counts = summary(entries)
    page = LedgerPage(
        title="The ledger: published figures, measured again",
        meanings=MEANINGS,
        counts=counts,
        lessons=lessons(entries),
        slips=_slips(entries),
        reports=[_part(report, entries, counts) for report in counts if report != "all"],
        pictures=[Picture(title, data_uri(png)) for title, png in _pictures(progress)],
        script=script("ledger.js"),
    )
    writing.write_atomic(path, pages.render("ledger.html", page))


def _part(
    report: str, entries: Sequence[Entry], counts: Mapping[str, Mapping[Verdict, int]]
) -> ReportPart:
    cards = [_card(entry) for entry in entries if entry.claim.report == report]
    found = {verdict.value: number for verdict, number in counts[report].items() if number}
    return ReportPart(report, found, cards)


def _card(entry: Entry) -> ClaimCard:
    claim, finding = entry.claim, entry.finding
    facts = {
        "printed": claim.quoted,
        "ours": shown(finding.measured, 300),
        "slip": str(finding.slip or ""),
        "why": finding.why,
        "criterion": finding.criterion,
        "turns at": finding.turns,
        "n, seeds": _sizes(finding),
        "shown by": finding.evidence,
    }
    return ClaimCard(
        id=claim.id,
        system=claim.system,
        verdict=finding.verdict,
        claim=claim.claim,
        facts={name: text for name, text in facts.items() if text not in ("", "none")},
    )


def _sizes(finding: Finding) -> str:
    if not finding.n:
        return ""
    return f"{finding.n:,}, " + (str(finding.seeds) if finding.seeds else "no training")


def _pictures(progress: Progress | None) -> list[tuple[str, bytes]]:
    """Return the title and the PNG file of each figure that the lab draws in a few seconds.

    The pictures of trained networks take minutes; the commands beside the claims draw them.
    """
    found: list[tuple[str, bytes]] = []
    with scratch.folder() as folder:
        file = Path(folder) / "figure.png"
        if progress:
            progress(0, 2)
        losses_figures.loss_functions(file)
        found.append(("Report 000, figure 2", _small(file)))
        if progress:
            progress(1, 2)
        for path in drawing.write_figures(Path(folder) / "backprop"):
            found.append((path.stem.replace("-", " ").capitalize(), _small(path)))
    if progress:
        progress(2, 2)
    return found


def _small(file: Path) -> bytes:
    """Reduce the figure to 16 colours and 900 pixels: enough for lines and letters."""
    from PIL import Image

    written = io.BytesIO()
    with reading.open_file(file) as stored, Image.open(stored) as image:
        picture = image.convert("RGB")
        picture.thumbnail((_WIDTH, _WIDTH))
        reduced = picture.quantize(16, dither=Image.Dither.NONE)
    reduced.save(written, "PNG", optimize=True)
    return written.getvalue()


_WIDTH = 900

"""The ledger as a Markdown page for the repository, and as an HTML page with filters and the lab's
figures.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from fashion_nn import pages
from fashion_nn.core import reading, scratch, writing
from fashion_nn.lab import boundaries, playground
from fashion_nn.lab.backprop import drawing
from fashion_nn.lab.losses import figures as losses_figures
from fashion_nn.ledger.findings import VERDICTS, Verdict
from fashion_nn.ledger.judging import Entry, slips, summary
from fashion_nn.pages.rendering import Script, data_uri, script

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Slip:
    """One of the most instructive claims that do not hold."""

    id: str
    about: str
    printed: str
    went_wrong: str


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """One claim on the page; `facts` are what is known about it, by name."""

    id: str
    report: str
    system: str
    verdict: str
    claim: str
    evidence: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG file as a data URI."""

    title: str
    uri: str


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """What the template `ledger.html` shows. `counts` has the number of each verdict, by report."""

    title: str
    verdicts: Sequence[str]
    counts: Mapping[str, Mapping[Verdict, int]]
    slips: Sequence[Slip]
    claims: Sequence[ClaimCard]
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
    """Write all verdicts as Markdown: a summary, the slips, and a table for each report.

    Raises:
        InputError: the file cannot be written.
    """
    counts = summary(entries)
    lines = ["# The ledger", "", *_INTRODUCTION, ""]
    lines += _table(("report", *VERDICTS), [(name, *counts[name].values()) for name in counts])
    lines += ["", "## Ten slips", ""]
    lines += _table(
        ("claim", "about", "printed", "what went wrong"),
        [astuple(slip) for slip in _slips(entries)],
    )
    for report in counts:
        if report != "all":
            lines += ["", f"## Report {report}", ""]
            rows = [_row(entry) for entry in entries if entry.claim.report == report]
            lines += _table(("id", "claim", "printed", "ours", "verdict", "why", "shown by"), rows)
    writing.write_atomic(path, "\n".join(lines) + "\n")


_INTRODUCTION = (
    "Every published figure and statement of the five reports, measured again. This page is",
    (
        "made by `fashion-nn reproduce --markdown docs/ledger.md`; verdicts are computed, see"
        " architecture.md."
    ),
)


def _slips(entries: Sequence[Entry]) -> list[Slip]:
    return [
        Slip(
            entry.claim.id,
            entry.claim.claim,
            entry.claim.quoted,
            entry.finding.slip or entry.finding.why,
        )
        for entry in slips(entries)
    ]


def _row(entry: Entry) -> tuple[str, ...]:
    claim, finding = entry.claim, entry.finding
    why = "; ".join(filter(None, (finding.slip, finding.why)))
    return (
        claim.id,
        claim.claim,
        claim.quoted,
        shown(finding.measured, 90),
        finding.verdict,
        why,
        f"`{entry.to_json()['evidence']}`",
    )


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
    """Write the verdicts with filters, and figures of the lab's systems, as one HTML file that
    needs no other.

    Raises:
        InputError: the file cannot be written.
    """
    page = LedgerPage(
        title="The ledger: published figures, measured again",
        verdicts=VERDICTS,
        counts=summary(entries),
        slips=_slips(entries),
        claims=[_card(entry) for entry in entries],
        pictures=[Picture(title, data_uri(png)) for title, png in _pictures(progress)],
        script=script("ledger.js"),
    )
    writing.write_atomic(path, pages.render("ledger.html", page))


def _card(entry: Entry) -> ClaimCard:
    claim, finding = entry.claim, entry.finding
    facts = {
        "printed": claim.quoted,
        "ours": shown(finding.measured, 400),
        "slip": finding.slip,
        "why": finding.why,
    }
    return ClaimCard(
        id=claim.id,
        report=claim.report,
        system=claim.system,
        verdict=finding.verdict,
        claim=claim.claim,
        evidence=entry.to_json()["evidence"],
        facts={name: text for name, text in facts.items() if text not in ("", "none")},
    )


def _pictures(progress: Progress | None) -> list[tuple[str, bytes]]:
    """Return the title and the PNG file of each figure that the lab draws in seconds."""
    found: list[tuple[str, bytes]] = []
    with scratch.folder() as folder:
        file = Path(folder) / "figure.png"
        for done, (title, draw) in enumerate(_FIGURES.items()):
            if progress:
                progress(done, len(_FIGURES))
            draw(file)
            found.append((title, _small(file)))
        for path in drawing.write_figures(Path(folder) / "backprop"):
            found.append((f"Reports 001 and 004: {path.stem.replace('-', ' ')}", _small(path)))
    if progress:
        progress(len(_FIGURES), len(_FIGURES))
    return found


def _spiral(file: Path) -> None:
    row = playground.ROWS["table-4/spiral"]
    playground.draw({"table-4/spiral": playground.train(row.settings, epochs=row.epochs)}, file)


_FIGURES: Mapping[str, Callable[[Path], object]] = {
    **{
        f"Report 002, figure {number}": partial(boundaries.figure, f"report-002/{number}")
        for number in range(1, 5)
    },
    "Report 003, table 4: the spiral": _spiral,
    "Report 000, figure 2": losses_figures.loss_functions,
}


def _small(file: Path) -> bytes:
    """Reduce the figure to 128 colours: it takes a third of the bytes and looks the same."""
    from PIL import Image

    written = io.BytesIO()
    with reading.open_file(file) as stored, Image.open(stored) as image:
        reduced = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    reduced.save(written, "PNG", optimize=True)
    return written.getvalue()

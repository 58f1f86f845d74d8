"""The ledger as pages: Markdown for the repository, and one HTML file with filters and the lab's pictures."""

import base64
import html
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from importlib import resources
from os import PathLike
from pathlib import Path
from string import Template
from typing import Any

from fashion_nn.core.files import write_atomic
from fashion_nn.lab import boundaries, playground
from fashion_nn.lab.backprop import drawing
from fashion_nn.lab.losses import figures as losses_figures
from fashion_nn.ledger.findings import VERDICTS
from fashion_nn.ledger.judging import Entry, slips, summary

Progress = Callable[[int, int], None]


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
    """All verdicts: a summary, the slips, and a table for each report."""
    counts = summary(entries)
    lines = [
        "# The ledger",
        "",
        "Every published figure and statement of the five reports, measured again. This page is",
    ]
    lines += [
        "made by `fashion-nn reproduce --markdown docs/ledger.md`; verdicts are computed, see architecture.md.",
        "",
    ]
    lines += _table(("report", *VERDICTS), [(name, *counts[name].values()) for name in counts])
    lines += ["", "## Ten slips", ""]
    lines += _table(_SLIPS, _slip_rows(entries))
    for report in (name for name in counts if name != "all"):
        lines += ["", f"## Report {report}", ""]
        rows = [entry for entry in entries if entry.claim.report == report]
        cells = [
            (
                e.claim.id,
                e.claim.claim,
                e.claim.quoted,
                shown(e.finding.measured, 90),
                e.finding.verdict,
                _reason(e),
                f"`{e.to_json()['evidence']}`",
            )
            for e in rows
        ]
        lines += _table(("id", "claim", "printed", "ours", "verdict", "why", "shown by"), cells)
    write_atomic(path, "\n".join(lines) + "\n")


_SLIPS = ("claim", "about", "printed", "what went wrong")


def _slip_rows(entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    return [(e.claim.id, e.claim.claim, e.claim.quoted, e.finding.slip or e.finding.why) for e in slips(entries)]


def _reason(entry: Entry) -> str:
    return "; ".join(filter(None, (entry.finding.slip, entry.finding.why)))


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return lines + ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]


def _cell(value: Any) -> str:
    text = " ".join(str(value).split())
    if text.startswith("`"):
        return text.replace("|", "\\|")
    for sign in "\\|*_<>[]":
        text = text.replace(sign, f"\\{sign}" if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign])
    return text


def write_html(entries: Sequence[Entry], path: str | PathLike[str], *, progress: Progress | None = None) -> None:
    """One file that needs no other: the verdicts with filters, and pictures of the lab's systems.

    Raises:
        InputError: the file cannot be written.
    """
    page = Template(resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    counts = summary(entries)
    rows = [entry.to_json() | {"ours": shown(entry.finding.measured, 400)} for entry in entries]
    for row in rows:
        del row["measured"]
    filled = page.substitute(
        verdicts="".join(f"<option>{verdict}</option>" for verdict in VERDICTS),
        reports="".join(f"<option>{name}</option>" for name in counts if name != "all"),
        counts=_html_table(("report", *VERDICTS), [(name, *counts[name].values()) for name in counts]),
        slips=_html_table(_SLIPS, _slip_rows(entries)),
        # A script ends at "</", wherever it stands.
        claims=json.dumps(rows, ensure_ascii=False).replace("</", "<\\/"),
        pictures="".join(_picture(title, data) for title, data in _pictures(progress)),
    )
    write_atomic(path, filled)


def _html_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _picture(title: str, data: bytes) -> str:
    source = base64.b64encode(data).decode()
    words = html.escape(title)
    image = f'<img loading="lazy" alt="{words}" src="data:image/png;base64,{source}">'
    return f"<figure>{image}<figcaption>{words}</figcaption></figure>"


def _pictures(progress: Progress | None) -> list[tuple[str, bytes]]:
    """Titles and PNG files of what the lab draws in seconds."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.png"

        def keep(title: str) -> None:
            found.append((title, _small(file)))

        steps = [
            *(
                (f"Report 002, figure {number}", lambda n=number: boundaries.figure(f"report-002/{n}", file))
                for number in (1, 2, 3, 4)
            ),
            ("Report 003, table 4: the spiral", lambda: _spiral(file)),
            ("Report 000, figure 2", lambda: losses_figures.loss_functions(file)),
        ]
        for done, (title, draw) in enumerate(steps):
            if progress:
                progress(done, len(steps))
            draw()
            keep(title)
        drawn = drawing.write_figures(Path(folder) / "backprop")
        found += [(f"Reports 001 and 004: {path.stem.replace('-', ' ')}", _small(path)) for path in drawn]
        if progress:
            progress(len(steps), len(steps))
    return found


def _small(file: Path) -> bytes:
    """The picture with 128 colours: a third of the bytes, and no eye sees it."""
    from PIL import Image

    written = io.BytesIO()
    with Image.open(file) as image:
        image.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _spiral(file: Path) -> None:
    row = playground.ROWS["table-4/spiral"]
    playground.draw({"table-4/spiral": playground.train(row.settings, epochs=row.epochs)}, file)

"""fashion-nn reproduce: the ledger of published claims on the screen, as JSON and as a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn import console
from fashion_nn.cli.common import render_json
from fashion_nn.cli.options import AsJson, examples, output_file
from fashion_nn.core.text import duration

if TYPE_CHECKING:
    from fashion_nn.ledger import Claim, Entry

EXAMPLES = examples("fashion-nn reproduce 004-001", "fashion-nn reproduce --page ledger.html")
_MOST_DETAILS = 8
_DETAILS = ("why", "slip", "criterion", "turns", "n", "seeds", "evidence")

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID|REPORT]...",
        help="Claims, reports or systems, such as 001-017, 004 or S003-22 [default: all].",
    ),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full",
        help="Repeat the trainings on which the claims rest, over several seeds; "
        "prints the expected duration first.",
    ),
]
Page = Annotated[
    Path | None,
    output_file(
        "--page",
        "Write all verdicts, with pictures of the lab, into this HTML file.",
    ),
]
Markdown = Annotated[
    Path | None,
    output_file("--markdown", "Write all verdicts into this Markdown file."),
]


def reproduce(
    names: Names = None,
    full: Full = False,
    as_json: AsJson = False,
    page: Page = None,
    markdown: Markdown = None,
) -> None:
    """Measure published figures and statements again.

    Prints which of them hold, which do not, and why.
    """
    from fashion_nn import ledger

    chosen = ledger.select(names or [])
    if full:
        _run_protocols(chosen, everything=not names)
    if ledger.builds_models(chosen):
        console.load_tensorflow()
    with console.work_bar("checking") as progress:
        entries = ledger.judge(chosen, progress=progress)
    _write_pages(entries, page, markdown)
    if as_json:
        print(render_json([entry.to_json() for entry in entries]))
    elif names:
        _print_entries(entries)
    else:
        _print_summary(entries)


def _run_protocols(chosen: list["Claim"], *, everything: bool) -> None:
    from fashion_nn import ledger

    wanted = list(ledger.PROTOCOLS) if everything else ledger.protocols_behind(chosen)
    names = ", ".join(wanted) or "none"
    took = duration(ledger.estimate(wanted))
    console.note(f"protocols: {names}; about {took} of processor time")
    for name in wanted:
        with console.work_bar(name) as progress:
            found = ledger.run(name, progress=progress)
        console.note(f"{name}: {found.seconds:.0f} s")


def _write_pages(entries: list["Entry"], page: Path | None, markdown: Path | None) -> None:
    if not (page or markdown):
        return
    from fashion_nn.ledger import pages

    if markdown:
        pages.write_markdown(entries, markdown)
    if page:
        with console.work_bar("pictures") as progress:
            pages.write_html(entries, page, progress=progress)


def _print_entries(entries: list["Entry"]) -> None:
    """Print each entry with its details, or a table if there are many."""
    if len(entries) > _MOST_DETAILS:
        console.table(("id", "quoted", "ours", "verdict"), [_row(entry) for entry in entries])
        return
    for entry in entries:
        _print_details(entry)


def _print_summary(entries: list["Entry"]) -> None:
    from fashion_nn import ledger

    counts = ledger.summary(entries)
    rows: list[tuple[str | int, ...]] = [
        (verdict, *(of_report[verdict] for of_report in counts.values()))
        for verdict in ledger.VERDICTS
    ]
    rows.append(("claims", *(sum(of_report.values()) for of_report in counts.values())))
    console.table(("verdict", *counts), rows)
    holds = sum(entry.finding.verdict.holds for entry in entries)
    differs = counts["all"][ledger.Verdict.DIFFERS]
    print(f"\n{holds} of {len(entries)} hold, {differs} do not; the others say neither.\n")
    shown = [
        (
            entry.claim.id,
            _short(f"{entry.claim.claim}: {entry.claim.quoted}", 64),
            _short(str(entry.finding.slip or entry.finding.why), 88),
        )
        for entry in ledger.slips(entries)
    ]
    console.table(("claim", "printed", "what went wrong"), shown)
    everything = "fashion-nn reproduce --page ledger.html"
    print(f"\nOne claim: fashion-nn reproduce ID. Everything on a page: {everything}")


def _row(entry: "Entry") -> tuple[str, str, str, str]:
    from fashion_nn.ledger import pages

    quoted = _short(entry.claim.quoted, 44)
    ours = _short(pages.shown(entry.finding.measured), 44)
    return (entry.claim.id, quoted, ours, entry.finding.verdict)


def _print_details(entry: "Entry") -> None:
    """Print an entry: a line as a heading, then names and their texts, and an empty line."""
    from fashion_nn.ledger import pages

    values = entry.to_json()
    lines = {"claim": values["claim"], "quoted": values["quoted"]}
    if values["measured"] is not None:
        lines["ours"] = pages.shown(values["measured"])
    lines |= {key: values[key] for key in _DETAILS if values[key]}
    width = max(len(name) for name in lines)
    print(f"{values['id']}  {values['verdict']}")
    for name, text in lines.items():
        print(f"{name:{width}}  {text}")
    print()


def _short(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"

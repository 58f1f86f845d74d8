"""fashion-nn reproduce: the ledger on the screen, as JSON and as a page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fashion_nn.cli.options import AsJson, option, render_json
from fashion_nn.core.text import duration

if TYPE_CHECKING:
    from fashion_nn.ledger import Claim, Entry


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID|REPORT]...", help="Claims, reports or systems: 001-017, 004, S003-22 [all]."),
    ] = None,
    full: option(
        bool, "--full", "Run the statistical protocols behind them again, first saying how long it takes."
    ) = False,
    as_json: AsJson = False,
    page: option(Path | None, "--page", "Write all verdicts, with the lab's pictures, into this HTML file.") = None,
    markdown: option(Path | None, "--markdown", "Write all verdicts into this Markdown file.") = None,
) -> None:
    """Published figures and statements, measured again: which hold, which do not, and why."""
    from fashion_nn import console, ledger

    chosen = ledger.select(names or [])
    if full:
        _run_protocols(chosen, everything=not names)
    if ledger.builds_models(chosen):
        console.load_tensorflow()
    with console.work_bar("checking") as progress:
        entries = ledger.judge(chosen, progress=progress)
    if page or markdown:
        from fashion_nn.ledger import pages

        if markdown:
            pages.write_markdown(entries, markdown)
        if page:
            with console.work_bar("pictures") as progress:
                pages.write_html(entries, page, progress=progress)
    if as_json:
        print(render_json([entry.to_json() for entry in entries]))
    elif names:
        for entry in entries if len(entries) <= _MOST_DETAILS else []:
            console.details(_lines(entry))
        if len(entries) > _MOST_DETAILS:
            console.table(("id", "quoted", "ours", "verdict"), [_row(entry) for entry in entries])
    else:
        _summary(entries)


_MOST_DETAILS = 8


def _run_protocols(chosen: list["Claim"], *, everything: bool) -> None:
    from fashion_nn import console, ledger

    wanted = list(ledger.PROTOCOLS) if everything else ledger.protocols_behind(chosen)
    console.note(
        f"protocols: {', '.join(wanted) or 'none'}; about {duration(ledger.estimate(wanted))} of processor time"
    )
    for name in wanted:
        with console.work_bar(name) as progress:
            found = ledger.run(name, progress=progress)
        console.note(f"{name}: {found['seconds']:.0f} s")


def _summary(entries: list["Entry"]) -> None:
    from fashion_nn import console, ledger

    counts = ledger.summary(entries)
    rows = [
        (report, *(counts[report][verdict] for verdict in ledger.VERDICTS), sum(counts[report].values()))
        for report in counts
    ]
    console.table(("report", *ledger.VERDICTS, "claims"), rows)
    holds = sum(entry.finding.verdict.holds for entry in entries)
    differs = counts["all"][ledger.Verdict.DIFFERS]
    print(f"\n{holds} of {len(entries)} hold, {differs} do not.\n")
    shown = [
        (e.claim.id, f"{e.claim.claim}: {e.claim.quoted}", e.finding.slip or e.finding.why)
        for e in ledger.slips(entries)
    ]
    console.table(
        ("claim", "printed", "what went wrong"),
        [(id, _short(printed, 64), _short(why, 88)) for id, printed, why in shown],
    )
    print("\nOne claim: fashion-nn reproduce ID. Everything on a page: fashion-nn reproduce --page ledger.html")


def _row(entry: "Entry") -> tuple[str, str, str, str]:
    from fashion_nn.ledger import pages

    return (
        entry.claim.id,
        _short(entry.claim.quoted, 44),
        _short(pages.shown(entry.finding.measured), 44),
        entry.finding.verdict,
    )


def _lines(entry: "Entry") -> list[tuple[str, str]]:
    from fashion_nn.ledger import pages

    values = entry.to_json()
    lines = [("", f"{values['id']}  {values['verdict']}"), ("claim", values["claim"]), ("quoted", values["quoted"])]
    lines += [("ours", pages.shown(values["measured"]))] * (values["measured"] is not None)
    lines += [
        (name, values[key]) for name, key in (("why", "why"), ("slip", "slip"), ("evidence", "evidence")) if values[key]
    ]
    return lines


def _short(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"

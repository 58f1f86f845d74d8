"""The class list as one HTML page that needs nothing else: no script, no font, no other file."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fashion_nn.grading.hand_ins import HandIn

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1a1a1a }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .35rem .6rem; vertical-align: top }
thead th { border-bottom: 2px solid #888 } tbody tr { border-bottom: 1px solid #ddd } td { overflow-wrap: anywhere }
.v { font-weight: 600; white-space: nowrap } .PASS { color: #13602a } .WARN { color: #7a5200 }
.FAIL, .ERROR { color: #9b1c1c } summary { cursor: pointer } details table { font-size: 13px }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #e8e8e8 } .PASS { color: #7bd88f }
.WARN { color: #f0c060 } .FAIL, .ERROR { color: #ff8a80 } tbody tr { border-color: #333 } }
"""


def render(graded: Sequence["HandIn"], rows: Sequence[Mapping[str, object]]) -> str:
    """The page; `rows` are the hand-ins' rows in the class list."""
    counts = {verdict: sum(each.verdict == verdict for each in graded) for verdict in ("PASS", "WARN", "FAIL", "ERROR")}
    summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    body = "\n".join(_row(each, row) for each, row in zip(graded, rows, strict=True))
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Class list</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<style>{_STYLE}</style>\n<h1>Class list</h1>\n<p>{len(graded)} hand-ins: {escape(summary or 'none')}</p>\n"
        "<table>\n<thead><tr><th>hand-in<th>kind<th>verdict<th>accuracy<th>checks</thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n</html>\n"
    )


def _row(hand_in: "HandIn", row: Mapping[str, object]) -> str:
    accuracy = row["accuracy"]
    score = f"{accuracy:.4f} ({row['low']:.4f} to {row['high']:.4f})" if isinstance(accuracy, float) else "-"
    if hand_in.report is None:
        detail = escape(hand_in.error)
    else:
        lines = "".join(
            f'<tr><td>{escape(check.name)}<td class="v {check.verdict.split()[0]}">{check.verdict}'
            f"<td>{escape(check.value)}<td>{escape(check.expected)}"
            for check in hand_in.report.checks
        )
        remark = escape(str(row["remark"]) or "all checks that apply passed")
        detail = (
            f"<details><summary>{remark}</summary><table><thead><tr><th>check<th>verdict<th>found<th>expected</thead>"
            f"<tbody>{lines}</tbody></table></details>"
        )
    return (
        f'<tr><td>{escape(hand_in.name)}<td>{escape(hand_in.kind)}<td class="v {hand_in.verdict.split()[0]}">'
        f"{hand_in.verdict}<td>{escape(score)}<td>{detail}"
    )

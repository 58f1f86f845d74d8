"""How values of the package show themselves in a notebook: a small HTML table of escaped text."""

from collections.abc import Iterable, Sequence
from html import escape

from fashion_nn.core.text import printable


def html_table(title: str, rows: Iterable[Sequence[object]], head: Sequence[object] = ()) -> str:
    """A table with a title above it.

    Args:
        title: a line.
        rows: their cells.
        head: titles of the columns; none for a table of names and values.

    >>> html_table("a < b", [("n", 3)])
    '<table><caption>a &lt; b</caption><tr><td>n</td><td>3</td></tr></table>'
    """
    caption = f"<caption>{_escaped(title)}</caption>"
    body = _row("th", head) if head else ""
    body += "".join(_row("td", row) for row in rows)
    return f"<table>{caption}{body}</table>"


def _row(kind: str, cells: Sequence[object]) -> str:
    return f"<tr>{''.join(f'<{kind}>{_escaped(cell)}</{kind}>' for cell in cells)}</tr>"


def _escaped(value: object) -> str:
    return escape(printable(f"{value:,}" if isinstance(value, int) else str(value)))

"""CSV files with text of others in them, which a spreadsheet can open without harm.

Source of the rules: OWASP, "CSV Injection".
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from fashion_nn.core.text import printable

# Also the wide and small forms, which a spreadsheet takes for the plain ones, and the minus sign.
_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212-"
# Where a spreadsheet separates cells by semicolons, a cell may begin inside one of ours.
_FORMULA = re.compile(rf"(^|;)( *)(?=[{_SIGNS}])")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def render(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The text of a CSV with a header.

    Numbers are written as they are, and text as `inert` makes it.
    """
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow(
            {key: inert(cell) if isinstance(cell, str) else cell for key, cell in row.items()}
        )
    return text.getvalue()


def inert(text: str) -> str:
    """`text` on one line, with an apostrophe before what a spreadsheet would run as a formula.

    >>> inert("=1+1"), inert(" @SUM(A1)"), inert("model;=1"), inert("-1.5"), inert("cnn-v2")
    ("'=1+1", "' @SUM(A1)", "model;'=1", '-1.5', 'cnn-v2')
    """
    if _NUMBER.fullmatch(text):
        return text
    return _FORMULA.sub(r"\1'\2", printable(text))

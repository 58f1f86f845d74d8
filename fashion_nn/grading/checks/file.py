"""Is the file written as it must be? Header, ids and their order, number of rows, and labels.

The message names the first defect, and the mistake that it is probably due to.
"""

from collections.abc import Sequence

from fashion_nn.core.text import quoted
from fashion_nn.grading.check import Check
from fashion_nn.grading.evidence import Evidence
from fashion_nn.grading.predictions import PredictionFile, is_number
from fashion_nn.submission import Layout

_INDEX_NAMES = ("", "index", "Unnamed: 0")


def check(evidence: Evidence) -> Check:
    """Compare the file with what its test table asks for."""
    return judge(evidence.predictions, evidence.layout)


def judge(file: PredictionFile, layout: Layout) -> Check:
    """Compare a prediction file with what it must hold."""
    rows = layout.rows
    classes = layout.classes
    ids = layout.ids
    expected = f"{rows} rows, labels {_described(layout)}"
    if layout.header == "any":
        bare = file.columns == 1 and file.header is None
        problem = _byte_order_mark(file) if bare else _header_of_any(file, classes)
        ids = None if bare else ids
        expected += ", bare or with ids"
    else:
        problem = _header(file, layout.header, classes)
        expected += f", header {','.join(layout.header)}" if layout.header else ""
    names = None if ids is None else [str(name) for name in ids]
    problem = problem or _rows(file, names, layout)
    return Check("file", "FAIL" if problem else "PASS", problem or f"{rows} rows", expected)


def _header(file: PredictionFile, header: Sequence[str] | None, classes: int) -> str | None:
    first = file.header or (file.rows[0] if file.rows else None)
    if header is None:
        given = f"header {_shown(file.header)}, expected none" if file.header else None
        return _byte_order_mark(file) or given
    if file.has_bom:
        return f"header '\\ufeff{_shown(first or ())[1:]}: it begins with a byte order mark (BOM)"
    if first is None:
        return "header missing"
    if file.header is None:
        return f"header {_shown(first)}: it is missing"
    return (
        None
        if file.header == tuple(header)
        else f"header {_shown(first)}{_width_named(file, classes)}"
    )


def _header_of_any(file: PredictionFile, classes: int) -> str | None:
    if file.has_bom:
        return _byte_order_mark(file)
    if named := _width_named(file, classes):
        return f"header {_shown(file.header)}{named}" if file.header else named.removeprefix(": ")
    if file.header is None:
        return (
            f"header missing: line 1 is {_shown(file.rows[0])}" if file.rows else "header missing"
        )
    if file.columns == 1:
        return f"header {_shown(file.header)}: there is no id column; bare labels have no header"
    if file.header[0] in _INDEX_NAMES:
        return f"header {_shown(file.header)}: its first column is an index column, not the ids"
    return None


def _byte_order_mark(file: PredictionFile) -> str | None:
    return "begins with a byte order mark (BOM)" if file.has_bom else None


def _width_named(file: PredictionFile, classes: int) -> str:
    """What a number of columns other than one or two is probably due to."""
    if file.columns <= 2:
        return ""
    if file.columns == 3 and file.header and file.header[0] in _INDEX_NAMES:
        return ": 3 columns, the first an index column"
    if file.columns in (classes, classes + 1):
        return f": {file.columns} columns, one-hot labels or probabilities instead of the class"
    return f": {file.columns} columns, expected an id and a label"


def _rows(file: PredictionFile, ids: list[str] | None, layout: Layout) -> str | None:
    rows = layout.rows
    classes = layout.classes
    words: frozenset[str] = frozenset()
    if not layout.labels.is_identity:
        words = frozenset(map(str, layout.labels.originals))
    if len(file.rows) != rows:
        missing = rows - len(file.rows)
        return f"{len(file.rows)} rows, {abs(missing)} too {'few' if missing > 0 else 'many'}"
    width = 1 if ids is None else 2
    for i, row in enumerate(file.rows):
        if ids is not None and (not row or row[0] != ids[i]):
            return f"row {i + 1}: {_shown(row)}, expected the id {ids[i]}{_ids_named(file, ids)}"
        is_label = row[-1] in words if words else _is_label(row[-1], classes)
        if len(row) != width or not is_label:
            cause = "" if words else _label_named(file, row, width, classes)
            what = f"one of {_described(layout)}" if words else f"an integer 0..{classes - 1}"
            return f"row {i + 1}: {_shown(row)}, its label is not {what}{cause}"
    return None


def _described(layout: Layout) -> str:
    """The labels that a file may have."""
    if layout.labels.is_identity:
        return f"0..{layout.classes - 1}"
    words = [quoted(str(label), 20) for label in layout.labels.originals]
    return ", ".join(words[:4]) + (", ..." if len(words) > 4 else "")


def _is_label(cell: str, classes: int) -> bool:
    """Whether `cell` is one of 0..classes-1, written without a sign, zeros in front or spaces."""
    is_whole = cell.isascii() and cell.isdecimal() and len(cell) <= len(str(classes))
    return is_whole and str(int(cell)) == cell and int(cell) < classes


def _ids_named(file: PredictionFile, ids: list[str]) -> str:
    """What the wrong ids are probably due to."""
    found = [row[0] if row else "" for row in file.rows]
    if len(set(found)) < len(found):
        return ": an id occurs more than once"
    if set(found) == set(ids):
        return ": the ids are the right ones in another order"
    first = found[0]
    if first.isdecimal() and len(first) < 16:  # int() takes long for thousands of digits
        counted = [str(int(first) + i) for i in range(len(found))]
        if found == counted:
            return f": the ids count from {first}"
    if all(is_number(name) and float(name).is_integer() and "." in name for name in found):
        return ": the ids are written as decimal numbers"
    return ""


def _label_named(file: PredictionFile, row: tuple[str, ...], width: int, classes: int) -> str:
    """What the wrong label is probably due to."""
    if len(row) != width:
        return f": {len(row)} cells, expected {width}"
    cell = row[-1]
    if cell.strip().lower() in ("", "nan", "none", "null"):
        return ": it is missing"
    if not is_number(cell):
        return ": it is text"
    if not float(cell).is_integer():
        return ": it is a fraction, a probability perhaps"
    if "." in cell or "e" in cell.lower():
        return ": it is written as a decimal number"
    values = file.labels()
    if values is not None and values.min() >= 1 and values.max() == classes:
        return f": the labels count from 1 to {classes}"
    return ""


def _shown(row: Sequence[str]) -> str:
    return ascii(",".join(row)[:60])

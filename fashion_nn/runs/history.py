"""The rows of history.csv: one for each epoch."""

import csv
import io
from collections.abc import Mapping, Sequence

from fashion_nn.core import csv_rows

HISTORY_COLUMNS = ("epoch", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy")
_MOST_CELLS = 2_000_000  # of a history of a quarter of a million epochs


def parse(content: bytes) -> list[dict[str, float]]:
    """The rows; an empty cell is left out of its row.

    Raises:
        ValueError: a cell is no number, or there are too many.
    """
    header, *rows = filter(None, csv_rows.parse(content, most=_MOST_CELLS) or [[]])
    if any(len(row) > len(header) for row in rows):
        raise ValueError("a row has more cells than the header")
    found = [
        {key: float(cell) for key, cell in zip(header, row, strict=False) if cell} for row in rows
    ]
    if not all(0 < row.get("epoch", 1) < _MOST_CELLS for row in found):
        raise ValueError("an epoch is out of range")
    return found


def as_text(rows: Sequence[Mapping[str, float]]) -> str:
    """The file; a value that a row does not have is an empty cell."""
    text = io.StringIO()
    table = csv.DictWriter(text, HISTORY_COLUMNS, lineterminator="\n", restval="")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()

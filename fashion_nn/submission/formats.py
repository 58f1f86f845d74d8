"""The prediction file: the formats there are, what a file of each must hold, and how it is written.

A format says which columns and ids a file has (`Layout`); rendering a file and checking one both
follow from that. A new format is an entry in `FORMATS`, which the help of `--format` shows.
"""

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from fashion_nn.core import csv_rows, writing
from fashion_nn.core.csv_output import inert
from fashion_nn.core.csv_rows import CsvError
from fashion_nn.core.files import FileIn
from fashion_nn.core.reading import SMALL, read_bytes
from fashion_nn.core.text import quoted
from fashion_nn.datasets.labels import Label, LabelMap
from fashion_nn.errors import InputError
from fashion_nn.submission.predicting import Predictions

_MOST_CELLS = 4_000_000  # of a sample with two million ids
KAGGLE_HEADER = ("ImageId", "Label")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a prediction file must hold.

    header: the names of its two columns, ids first; None for a file of bare labels, one a line;
        "any" for a file that may be either, with any two names.
    ids: of its rows, in their order; None for bare labels.
    rows: number of rows.
    classes: their number.
    labels: the label of each class, as it is written.
    """

    header: tuple[str, str] | Literal["any"] | None
    ids: Sequence[int | str] | None
    rows: int
    classes: int
    labels: LabelMap = field(default_factory=LabelMap)


@dataclass(frozen=True, slots=True)
class Sample:
    """A competition's sample file: its two column names, and its ids as they are written there."""

    header: tuple[str, str]
    ids: tuple[str, ...]


def _kaggle(predictions: Predictions) -> Layout:
    """Two columns; the ids are those of the table's id column, else they count from 1."""
    rows = len(predictions.labels)
    ids = range(1, rows + 1) if predictions.ids is None else predictions.ids.tolist()
    return Layout(KAGGLE_HEADER, ids, rows, predictions.classes, predictions.originals)


def _plain(predictions: Predictions) -> Layout:
    rows = len(predictions.labels)
    return Layout(None, None, rows, predictions.classes, predictions.originals)


@dataclass(frozen=True, slots=True)
class Format:
    """A format of prediction files.

    description: for people, in a few words.
    layout: what a file of these predictions must hold.
    """

    description: str
    layout: Callable[[Predictions], Layout]


FORMATS: Mapping[str, Format] = {
    "kaggle": Format("ImageId,Label", _kaggle),
    "plain": Format("one integer on each line", _plain),
}


def read_sample(path: str | os.PathLike[str] | FileIn) -> Sample:
    """Read the sample file at `path`: two columns, ids first, with a header.

    Raises:
        InputError: it cannot be read or has another form.
    """
    expected = "expected a competition's sample file"
    if isinstance(path, FileIn):
        content = path.files.read(path.name, most=SMALL)
    else:
        content = read_bytes(path, expected=expected, follow_links=True)
    try:
        rows = [row for row in csv_rows.parse(content, most=_MOST_CELLS) if row]
    except CsvError as error:
        raise InputError(f"{path}: {error}: {expected}") from None
    wrong = next((i for i, row in enumerate(rows, start=1) if len(row) != 2), None)
    if len(rows) < 2 or wrong:
        raise InputError(
            f"{path}: row {wrong or 1} is not `id,label`: expected two columns, a header and at"
            " least one row"
        )
    header, *body = rows
    ids = tuple(row[0] for row in body)
    if len(set(ids)) != len(ids):
        raise InputError(f"{path}: has ids that occur more than once: expected each once")
    unsafe = next((cell for cell in (*header, *ids) if inert(cell) != cell), None)
    if unsafe is not None:
        raise InputError(
            f"{path}: {quoted(unsafe)} is a formula in a spreadsheet, or cannot be printed:"
            " expected plain ids"
        )
    return Sample((header[0], header[1]), ids)


def expectation(
    predictions: Predictions, *, format: str = "kaggle", sample: Sample | None = None
) -> Layout:
    """What a correct prediction file of `predictions` holds.

    Args:
        format: one of `FORMATS`.
        sample: if given, the file has its header and its ids in its order, whatever the format.

    Raises:
        InputError: there is no such format.
    """
    if sample:
        rows = len(predictions.labels)
        originals = predictions.originals
        return Layout(sample.header, sample.ids, rows, predictions.classes, originals)
    if format not in FORMATS:
        raise InputError(f"format {format!r}: expected one of {', '.join(FORMATS)}")
    return FORMATS[format].layout(predictions)


def render(
    predictions: Predictions, *, format: str = "kaggle", sample: Sample | None = None
) -> str:
    """The text of the prediction file.

    Args:
        format: one of `FORMATS`.
        sample: take its header, and its ids in its order. The ids of the table, if it has some,
            say which row is which; otherwise the order does.

    Raises:
        InputError: there is no such format, or the ids of the sample are not those of the table.
    """
    layout = expectation(predictions, format=format, sample=sample)
    _require_inert(layout.ids or ())
    labels = predictions.originals.decode(predictions.labels)
    if sample:
        labels = _in_sample_order(labels, predictions.ids, sample)
    if layout.ids is None:
        return "".join(f"{label}\n" for label in labels)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(layout.header or ())
    writer.writerows(zip(layout.ids, labels, strict=True))
    return text.getvalue()


def write(
    predictions: Predictions,
    out: str | os.PathLike[str],
    *,
    format: str = "kaggle",
    sample: Sample | None = None,
) -> None:
    """Write the prediction file to `out`, completely or not at all; an older file is replaced.

    Raises:
        InputError: as `render`, or `out` cannot be written.
    """
    writing.write_atomic(out, render(predictions, format=format, sample=sample))


def require_output(out: str | os.PathLike[str], *inputs: str | os.PathLike[str] | None) -> None:
    """Refuse an output that is one of the inputs, a folder, or in a place that is not writable.

    Raises:
        InputError: it is.
    """
    writing.require_output(out)
    target = Path(out)
    for given in inputs:
        if given is None or not target.exists() or not Path(given).exists():
            continue
        if target.samefile(given):
            raise InputError(f"{out}: is an input: writing would destroy it; choose another --out")


def _require_inert(ids: Sequence[int | str]) -> None:
    unsafe = next((name for name in ids if isinstance(name, str) and inert(name) != name), None)
    if unsafe is not None:
        raise InputError(
            f"{quoted(unsafe)} is an id and a formula in a spreadsheet: rename it in the test table"
        )


def _in_sample_order(labels: list[Label], ids: np.ndarray | None, sample: Sample) -> list[Label]:
    if len(sample.ids) != len(labels):
        raise InputError(
            f"the sample has {len(sample.ids)} ids, the test table {len(labels)} rows: not the same"
            " data"
        )
    if ids is None:
        return labels
    by_id = dict(zip(map(str, ids.tolist()), labels, strict=True))
    missing = next((name for name in sample.ids if name not in by_id), None)
    if missing is not None:
        raise InputError(f"the sample's id {missing!r} is not in the test table: not the same data")
    return [by_id[name] for name in sample.ids]

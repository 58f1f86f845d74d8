"""The options that say how files with images are read, where the files leave it open."""

import re
from dataclasses import dataclass
from typing import Annotated

import typer

from fashion_nn.core.text import quoted
from fashion_nn.datasets import ReadOptions
from fashion_nn.errors import InputError

Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header", help="Whether a CSV begins with names [default: found out]."
    ),
]
LabelColumn = Annotated[
    str | None,
    typer.Option("--label-column", help="Column of the labels: its name, or first, last or none."),
]
Delimiter = Annotated[
    str | None,
    typer.Option("--delimiter", help="Character between the cells of a CSV; tab for a tab."),
]
LabelsFrom = Annotated[
    str | None,
    typer.Option("--labels-from", help="File with the labels: .npy, or CSV of names and labels."),
]
ImageSize = Annotated[
    str | None,
    typer.Option(
        "--image-size",
        metavar="HEIGHTxWIDTH",
        help="Size of the images; pictures are scaled to it.",
    ),
]


Transpose = Annotated[
    bool,
    typer.Option("--transpose", help="Exchange rows and columns of the images, as in EMNIST."),
]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The parameters that commands with data have in common."""

    header: Header = None
    label_column: LabelColumn = None
    delimiter: Delimiter = None
    labels_from: LabelsFrom = None
    image_size: ImageSize = None
    transpose: Transpose = False

    def options(self) -> ReadOptions:
        """The values as `datasets.load` takes them.

        Raises:
            InputError: one of them makes no sense.
        """
        return ReadOptions(
            header=self.header,
            label_column=self.label_column,
            delimiter=_delimiter(self.delimiter),
            image_size=_size(self.image_size),
            labels_from=self.labels_from,
            transpose=self.transpose,
        )


def _delimiter(text: str | None) -> str | None:
    if text is None:
        return None
    found = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(found) != 1 or not found.isascii() or found.isalnum() or found in "\"'.+-_\r\n\0":
        raise InputError(f"--delimiter {quoted(text)}: expected one character, such as ; or tab")
    return found


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3})", text)
    if not match:
        raise InputError(f"--image-size {quoted(text)}: expected a size such as 28x28")
    return int(match[1]), int(match[2])

"""What a caller says about a table that the table itself leaves open."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How to read a table; what is None is found out, or refused where it cannot be.

    header: whether the first line has the names of the columns.
    label_column: its name, or "first", "last" or "none".
    delimiter: the character between two cells.
    image_size: height and width of the images.
    """

    header: bool | None = None
    label_column: str | None = None
    delimiter: str | None = None
    image_size: tuple[int, int] | None = None


FOUND_OUT = TableOptions()
"""Nothing is said: all is found out."""

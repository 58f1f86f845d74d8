"""Why a model file is not used: one line of printable ASCII, whatever stands in the file."""

import contextlib
import os
from collections.abc import Iterator

from fashion_nn.errors import InputError

LONGEST = 200
"""Characters of foreign text that are shown."""


class Refusal(Exception):
    """A model file cannot be used; the text says which part of it and why.

    It is built from our own words and from `quoted` foreign ones, and carries no path: who knows the
    path turns it into an `InputError`.
    """


def quoted(value: object, longest: int = 60) -> str:
    """`value`, which came out of JSON, as a short piece of a message: escaped, cut, ASCII."""
    match value:
        case str():
            return ascii(value if len(value) <= longest else value[: longest - 3] + "...")
        case bool() | None:
            return {True: "true", False: "false", None: "null"}[value]
        case int() if value.bit_length() > 64:
            return "a huge number"
        case int() | float():
            return repr(value)
        case list():
            return f"a list of {len(value)}"
    return "an object"


def ascii_line(text: str, longest: int = LONGEST) -> str:
    """`text` that a library or another process wrote: one line, escaped, cut."""
    line = _printable(" ".join(text.split()))
    return line if len(line) <= longest else line[: longest - 3] + "..."


def shown(path: str | os.PathLike[str]) -> str:
    """`path` for a message: as it is when it is printable ASCII, else escaped; the end of a long one."""
    text = _printable(os.fsdecode(path))
    return text if len(text) <= LONGEST else "..." + text[3 - LONGEST :]


def _printable(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else ascii(letter)[1:-1] for letter in text)


def input_error(path: str | os.PathLike[str], refusal: object) -> InputError:
    """What a caller is told: the file, and `refusal`, never longer than a few lines of a terminal."""
    return InputError(f"{shown(path)}: {ascii_line(str(refusal), 2 * LONGEST)}")


@contextlib.contextmanager
def explained(path: str | os.PathLike[str]) -> Iterator[None]:
    """Tell of a refusal with the path.

    Raises:
        InputError: in the place of a `Refusal`.
    """
    try:
        yield
    except Refusal as refusal:
        raise input_error(path, refusal) from None

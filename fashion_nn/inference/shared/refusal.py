"""Why a model file is refused: one line of printable ASCII, whatever the file contains.

Both processes raise `Refusal`. The confined process sends its text, and the parent process cleans
it again.
"""

import contextlib
import os
from collections.abc import Iterator

from fashion_nn.errors import InputError

LONGEST = 200
"""Number of characters of foreign text that are shown."""


class Refusal(Exception):
    """A model file cannot be used; the text says which part of it and why.

    The text consists of our own words and of foreign text that went through `quoted`. It names no
    path: the caller who knows the path turns the refusal into an `InputError`.
    """


class NotFinite(InputError):
    """The outputs of a model have infinities or NaN."""


def quoted(value: object, longest: int = 60) -> str:
    """Describe `value`, which came out of JSON, in a message: ASCII, escaped, shortened.

    >>> quoted("Lambda"), quoted([1, 2]), quoted({"a": 1})
    ("'Lambda'", 'a list of 2', 'an object')
    """
    match value:
        case str():
            return ascii(_shortened(value, longest))
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
    """Make one printable line of `text` that a library or another process wrote."""
    return _shortened(_printable(" ".join(text.split())), longest)


def shown(path: str | os.PathLike[str]) -> str:
    """`path` for a message: escaped where it is not printable ASCII, and only the end of a long
    one.
    """
    text = _printable(os.fsdecode(path))
    return text if len(text) <= LONGEST else "..." + text[3 - LONGEST :]


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _printable(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else ascii(letter)[1:-1] for letter in text)


def input_error(path: str | os.PathLike[str], refusal: object) -> InputError:
    """The error for a caller: the file and the refusal, at most a few lines of a terminal."""
    return InputError(f"{shown(path)}: {ascii_line(str(refusal), 2 * LONGEST)}")


@contextlib.contextmanager
def explained(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn a `Refusal` of the block into an error that names `path`.

    Raises:
        InputError: in place of the `Refusal`.
    """
    try:
        yield
    except Refusal as refusal:
        raise input_error(path, refusal) from None

"""Names from files, options and records of others, which may become part of a path."""

import re
from typing import Annotated

from pydantic import AfterValidator

from fashion_nn.core.text import LONGEST_TITLE, title

_MOST_CHARACTERS = 100
_PATTERN = re.compile(r"[^\W_](?:[\w.+-]*[\w+-])?")
# Windows takes these for devices, whatever follows the first dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def required_name(text: str) -> str:
    """`text`, if every system takes it for the name of one file or folder.

    Raises:
        ValueError: it is empty, long or a reserved word, or it has other characters than letters,
            digits and `. _ + -`.

    >>> required_name("cnn-v2")
    'cnn-v2'
    """
    fits = len(text) <= _MOST_CHARACTERS and len(text.encode(errors="replace")) <= 200
    if fits and _PATTERN.fullmatch(text) and not _RESERVED.fullmatch(text):
        return text
    raise ValueError(
        f"expected a name of at most {_MOST_CHARACTERS} letters, digits and . _ + -, which begins"
        " with a letter or digit, does not end with a dot, and is no device of Windows"
    )


def required_title(text: str) -> str:
    """`text`, if it is one line without path separators, such as the name of a data set.

    Raises:
        ValueError: it is empty or long, or has other characters.
    """
    if text == title(text) and text not in (".", ".."):
        return text
    raise ValueError(
        f"expected 1 to {LONGEST_TITLE} characters that can be printed, without / and \\"
    )


Name = Annotated[str, AfterValidator(required_name)]
"""A text that is checked by `required_name`."""
Title = Annotated[str, AfterValidator(required_title)]
"""A text that is checked by `required_title`."""

"""Words of messages that several parts of the package share."""

import difflib
from collections.abc import Iterable

LONGEST_TITLE = 100
"""Number of characters of a title; see `title`."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: `; did you mean …?`, or nothing if no known name
    is close.

    >>> did_you_mean("momentun", ["momentum", "epochs"])
    '; did you mean momentum?'
    >>> did_you_mean("colour", ["momentum", "epochs"])
    ''
    """
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def quoted(text: str, longest: int = 60) -> str:
    """Foreign text for a message: in quotes, escaped to printable ASCII, and shortened.

    >>> quoted("cr\\x1bcle"), quoted("a" * 100, 10)
    ("'cr\\\\x1bcle'", "'aaaaaaa...'")
    """
    return ascii(text if len(text) <= longest else f"{text[: longest - 3]}...")


def printable(text: str, *, lines: bool = False) -> str:
    r"""`text` with each character escaped that could steer a terminal or hide what is shown.

    These are control characters, marks that change the direction of text, characters without
    width, spaces other than the plain one, and bytes of file names that are not UTF-8.

    Args:
        lines: keep line feeds and tabs.

    >>> print(printable("café \x1b[2J \u202e\n"))
    café \x1b[2J \u202e\n
    """
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(
        letter if letter in kept or letter.isprintable() else _escaped(letter) for letter in text
    )


def in_markdown(text: str) -> str:
    r"""`text` of others inside a line or a table cell of Markdown, without links and HTML of its
    own.

    >>> print(in_markdown("a|b <script> ![x](http://x)\n# title"))
    a\|b &lt;script> !\[x](http://x)\n# title
    """
    return printable(text).replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def duration(seconds: float, digits: str = ".0f") -> str:
    """A time for people; `digits` is the format of times below 90 seconds.

    >>> duration(45.2), duration(0.1234, ".3g"), duration(720), duration(12240)
    ('45 s', '0.123 s', '12 min', '3.4 h')
    """
    if seconds < 90:
        return f"{seconds:{digits}} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def title(text: str) -> str:
    """`text` as a title that a file may store: cut, and with - for line breaks, / and the like.

    >>> title("my/data")
    'my-data'
    """
    kept = (char if char.isprintable() and char not in "/\\" else "-" for char in text)
    return "".join(kept)[:LONGEST_TITLE] or "-"

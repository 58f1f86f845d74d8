"""What is printed: text that steers no terminal, on streams whose reader may have gone.

An output that cannot be printed changes nothing of what a command does. The command completes its
work, and its exit code says what happened.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from fashion_nn.core.text import printable


class UnescapedStream(io.TextIOBase):
    """Prints to `stream`, and nothing more once that has failed.

    Characters that the encoding of `stream` lacks are escaped.

    Attributes:
        error: why printing failed; None if it has not.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream
        self.error: OSError | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding or "utf-8"

    def write(self, text: str) -> int:
        shown = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        if self.error is None:
            try:
                self._stream.write(shown)
            except OSError as error:
                self.error = error
        return len(text)

    def flush(self) -> None:
        if self.error is None:
            try:
                self._stream.flush()
            except OSError as error:
                self.error = error

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def finish(self) -> None:
        """Print what is still buffered. What cannot be printed is dropped, so that Python does not
        try again when it ends.
        """
        self.flush()
        if self.error is not None:
            with suppress(OSError, ValueError):  # it may have no descriptor
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self.fileno())
                os.close(nowhere)


class EscapedStream(UnescapedStream):
    """Prints to `unescaped` with each character escaped that could steer a terminal.

    Attributes:
        unescaped: the stream for what draws on the terminal itself, such as a progress bar.
    """

    def __init__(self, stream: TextIO):
        super().__init__(stream)
        self.unescaped = UnescapedStream(stream)

    def write(self, text: str) -> int:
        self.unescaped.write(printable(text, lines=True))
        return len(text)

    def flush(self) -> None:
        self.unescaped.flush()
        self.error = self.unescaped.error


def unescaped(stream: TextIO) -> TextIO:
    """The stream below `stream` on which escape sequences have their effect."""
    return stream.unescaped if isinstance(stream, EscapedStream) else stream  # type: ignore


@contextmanager
def escaped() -> Iterator[EscapedStream]:
    """Print to escaped streams meanwhile; yields that of standard output.

    At the end both are flushed.
    """
    before = (sys.stdout, sys.stderr)
    out, err = EscapedStream(sys.stdout), EscapedStream(sys.stderr)
    try:
        sys.stdout = out
        sys.stderr = err
        yield out
    finally:
        sys.stdout, sys.stderr = before
        out.finish()
        err.finish()


def open_closed_streams() -> None:
    """Open /dev/null in place of standard streams that were closed by the caller (`>&-`).

    The next file that is opened would take their place, and would get what is printed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))

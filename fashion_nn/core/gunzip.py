"""Unpack gzip that somebody else has made, in bounded memory and in linear time.

The `gzip` module of Python reads the name in a header byte by byte and has no limit for it, nor for
the number of empty members. zlib itself parses the header here.
"""

import zlib
from typing import Protocol

MAGIC = b"\x1f\x8b"
_READ_BYTES = 1 << 15
_GZIP = 16 + zlib.MAX_WBITS  # header and trailer, and with them the checksum of the content
_MAX_SILENCE = 1 << 20  # bytes of the file that give no content: names, comments, empty members
_MAX_MEMBERS = 100_000
_MAX_RATIO = 100  # gzip makes files of images 2 to 10 times smaller
_ALLOWANCE = 64 << 20


class Source(Protocol):
    """What packed bytes are read from."""

    def read(self, size: int, /) -> bytes: ...


class Begun:
    """A file of which the first bytes were read already.

    Args:
        start: these bytes.
        rest: the file behind them.
    """

    def __init__(self, start: bytes, rest: Source) -> None:
        self._start = start
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        start, self._start = self._start, b""
        return start + self._rest.read(size - len(start))


class GunzipError(ValueError):
    """The gzip stream is damaged, cut short or of no use; the message is one line."""


class TooLarge(GunzipError):
    """The stream unpacks to much more than files of images do."""


class Gunzip:
    """The content of a gzip file, to be read in pieces.

    It may unpack to 64 MiB and a hundred times its size.

    Args:
        file: at its start.
        size: of the file, in bytes.
    """

    def __init__(self, file: Source, size: int) -> None:
        self._file = file
        self._left = _ALLOWANCE + _MAX_RATIO * size
        self._packed = b""
        self._stream = zlib.decompressobj(_GZIP)
        self._members = 1
        self._begun = False
        self._holds_back = False
        self._silent = 0
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """The next bytes, exactly `size` of them unless the content ends before.

        Raises:
            OSError: the file cannot be read.
            TooLarge: it unpacks to more than it may.
            GunzipError: the stream is damaged or ends too early.
        """
        pieces = []
        wanted = size
        while wanted and (piece := self._piece(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _piece(self, most: int) -> bytes:
        """Some next bytes, at most `most`; none at the end."""
        while not self._ended:
            # zlib can hold more content back although it has taken all of its input.
            if not self._packed and not self._holds_back and not self._fill():
                break
            before = len(self._packed)
            try:
                piece = self._stream.decompress(self._packed, most)
            except zlib.error as error:
                raise GunzipError(str(error)) from None
            self._begun = True
            self._holds_back = len(piece) == most
            self._packed = self._stream.unconsumed_tail
            if self._stream.eof:
                self._packed = self._stream.unused_data
                self._holds_back = False
                self._begin_member()
            if piece:
                return self._counted(piece)
            self._silent += before - len(self._packed)
            if self._silent > _MAX_SILENCE:
                raise GunzipError("more than 1 MiB of it has no content")
        return b""

    def _counted(self, piece: bytes) -> bytes:
        self._silent = 0
        self._left -= len(piece)
        if self._left < 0:
            raise TooLarge(f"it unpacks to more than {_MAX_RATIO} times its size")
        return piece

    def _fill(self) -> bool:
        """Read more of the file; whether there was more."""
        self._packed = self._file.read(_READ_BYTES)
        if self._packed:
            return True
        if self._begun:
            raise GunzipError("the stream ends too early")
        self._ended = True
        return False

    def _begin_member(self) -> None:
        """Prepare for another member behind the one that has ended, or for zeros as padding."""
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise GunzipError(f"it has more than {_MAX_MEMBERS:,} members")
        self._stream = zlib.decompressobj(_GZIP)
        self._begun = False
        while not self._packed.strip(b"\0"):
            self._packed = self._file.read(_READ_BYTES)
            if not self._packed:
                self._ended = True
                return
        self._packed = self._packed.lstrip(b"\0")

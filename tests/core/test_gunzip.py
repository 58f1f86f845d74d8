"""Gzip of other hands: the content, or one line, in linear time and bounded memory."""

import gzip
import io
import random
import time
import zlib

import pytest

from fashion_nn.core.gunzip import Gunzip, GunzipError, TooLarge

TEXT = b"".join(b"%d,%d\n" % (i, i * i % 251) for i in range(50_000))
HEADER = b"\x1f\x8b\x08\x08" + bytes(6)


def unpacked(content: bytes, piece: int = 1 << 20) -> bytes:
    stream = Gunzip(io.BytesIO(content), len(content))
    pieces = []
    while read := stream.read(piece):
        assert len(read) <= piece
        pieces.append(read)
    return b"".join(pieces)


CONTENTS = {
    "one member": (gzip.compress(TEXT), TEXT),
    "two members": (gzip.compress(TEXT) + gzip.compress(b"end"), TEXT + b"end"),
    "a name and a comment": (
        HEADER[:3] + b"\x18" + HEADER[4:] + b"n\0c\0" + gzip.compress(b"x")[10:],
        b"x",
    ),
    "zeros behind": (gzip.compress(b"x") + bytes(100_000), b"x"),
    "zeros between": (gzip.compress(b"x") + bytes(100) + gzip.compress(b"y"), b"xy"),
    "empty members": (gzip.compress(b"x") + gzip.compress(b"") * 1000, b"x"),
    "nothing in it": (gzip.compress(b""), b""),
    "well packed": (gzip.compress(bytes(5_000_000)), bytes(5_000_000)),
}


@pytest.mark.parametrize(("content", "expected"), CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("piece", [1 << 20, 1000, 65_537])
def test_reads_what_was_packed(content, expected, piece):
    assert unpacked(content, piece) == expected


def test_a_read_gives_all_that_was_asked_for():
    stream = Gunzip(io.BytesIO(gzip.compress(TEXT)), 1 << 20)
    assert stream.read(16) == TEXT[:16]
    assert stream.read(300_000) == TEXT[16:300_016]


REFUSED = {
    "cut short": (gzip.compress(TEXT)[:-5], "ends too early"),
    "a second member cut short": (gzip.compress(b"x") + gzip.compress(b"y")[:-1], "ends too early"),
    "rubbish behind": (gzip.compress(TEXT) + b"rubbish", "incorrect header check"),
    "one byte behind": (gzip.compress(TEXT) + b"\x1f", "ends too early"),
    "another checksum": (gzip.compress(b"x")[:-8] + bytes(8), "incorrect data check"),
    "another length": (gzip.compress(b"x")[:-4] + bytes(4), "incorrect length check"),
    "a name without an end": (HEADER + b"n" * (3 << 20), "has no content"),
    "100,000 empty members": (gzip.compress(b"") * 100_000, "has no content"),
    "300,000 tiny members": (gzip.compress(b"x") * 300_000, "more than 100,000 members"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_refused_in_one_line(content, said):
    with pytest.raises(GunzipError, match=said):
        unpacked(content)


def test_a_bomb_is_stopped():
    packer = zlib.compressobj(9, wbits=31)
    content = packer.compress(bytes(300 << 20)) + packer.flush()
    with pytest.raises(TooLarge, match="more than 100 times its size"):
        unpacked(content)


def test_a_long_name_takes_linear_time():
    """Python's own reader takes minutes for it, byte by byte."""
    began = time.process_time()
    with pytest.raises(GunzipError):
        unpacked(HEADER + b"n" * (64 << 20))
    assert time.process_time() - began < 1


def test_damage_anywhere_is_noticed():
    packed = gzip.compress(TEXT[:2000], mtime=0)
    rng = random.Random(0)
    for _ in range(300):
        place = rng.randrange(10, len(packed))
        damaged = bytearray(packed)
        damaged[place] ^= rng.randrange(1, 256)
        with pytest.raises(GunzipError):
            unpacked(bytes(damaged))

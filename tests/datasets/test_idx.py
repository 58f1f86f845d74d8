"""IDX files: what is read, and each way in which a file can be wrong."""

import gzip
import hashlib

import numpy as np
import pytest
from idx_files import encode, small_rows, write_file

from fashion_nn.datasets import idx
from fashion_nn.errors import InputError

IMAGES, LABELS = small_rows(5)


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@pytest.mark.parametrize(("kind", "values"), [("images", IMAGES), ("labels", LABELS)])
def test_reads_what_was_written(tmp_path, name, kind, values):
    path = write_file(tmp_path / name, encode(values))
    read, digest = idx.read(path, kind)
    np.testing.assert_array_equal(read, values)
    assert digest == hashlib.sha256(encode(values)).hexdigest() == idx.sha256(values)


def test_header_is_the_published_one():
    assert (
        encode(np.zeros((60000, 28, 28), dtype=np.uint8))[:16].hex()
        == "000008030000ea600000001c0000001c"
    )
    assert encode(np.zeros(10000, dtype=np.uint8))[:8].hex() == "0000080100002710"


def test_content_decides_whether_a_file_is_packed(tmp_path):
    path = tmp_path / "without-suffix"
    path.write_bytes(gzip.compress(encode(IMAGES)))
    np.testing.assert_array_equal(idx.read(path, "images")[0], IMAGES)


def damaged_gzip() -> bytes:
    packed = bytearray(gzip.compress(encode(IMAGES), mtime=0))
    packed[-6] ^= 0xFF  # the checksum
    return bytes(packed)


BAD_IMAGES = {
    "labels given as images": (
        encode(LABELS),
        "holds labels (magic number 2049), expected images (2051)",
    ),
    "empty": (b"", "is empty, expected an IDX file of images"),
    "two bytes": (b"\0\0", "begins with 00 00"),
    "a CSV": (b"label,pixel1\n", "begins with 6c 61 62 65, expected an IDX file of images"),
    "inside the header": (encode(IMAGES)[:11], "ends inside its header"),
    "one byte short": (encode(IMAGES)[:-1], "declares 5x4x4 = 80 bytes of images, holds 79"),
    "one byte long": (encode(IMAGES) + b"\0", "declares 5x4x4 = 80 bytes of images, holds more"),
    "no images": (encode(IMAGES[:0]), "declares no images (0x4x4)"),
    "declares 64 GiB": (
        idx.encode_header((1 << 16, 1 << 10, 1 << 10)),
        "declares 68,719,476,736 bytes",
    ),
    "gzip cut short": (
        gzip.compress(encode(IMAGES))[:-12],
        "the gzip stream cannot be used (the stream ends too early)",
    ),
    "gzip damaged": (damaged_gzip(), "the gzip stream cannot be used"),
    "gzip of a gigabyte": (
        gzip.compress(idx.encode_header((1 << 10, 1 << 10, 1 << 10)) + bytes(200 << 20), 9),
        "it unpacks to more than 100 times its size",
    ),
    "a gzip name of 3 MiB": (
        b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * (3 << 20),
        "more than 1 MiB of it has no content",
    ),
    "gzip of a part": (gzip.compress(encode(IMAGES)[:50]), "holds 34"),
}


@pytest.mark.parametrize(("content", "message"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_refuses(tmp_path, content, message):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        idx.read(path, "images")
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="could not be read"):
        idx.read(tmp_path / "nothing", "labels")

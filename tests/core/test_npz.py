"""Arrays from .npz files of other hands: the directory and the headers are believed last."""

import io
import pickle
import resource
import struct
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from fashion_nn.core import npz
from fashion_nn.core.npz import NpzError

ARRAYS = {
    "image": np.arange(12, dtype=np.uint8).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "text": np.array("ä € 😀"),
    "names": np.array(["a", "bcd"]),
    "nothing": np.zeros((0, 3), np.int64),
    "one": np.float32(2.5),
    "flag": np.array([True, False]),
    "foreign": np.arange(3, dtype=">i4"),
    "variables/0000": np.zeros(3, np.uint32),
}
KINDS = {name: values.dtype.kind for name, values in ARRAYS.items()}


def header(descr: str = "|u1", order: str = "False", shape: str = "(4,)", rest: str = "") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}{rest}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def packed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_what_numpy_wrote(save):
    content = io.BytesIO()
    save(content, other=np.zeros(3), **ARRAYS)
    found = npz.read(content.getvalue(), KINDS, limit=1 << 16)
    assert list(found) == list(ARRAYS)
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype.newbyteorder("=")
        assert found[name].flags.writeable and found[name].flags.aligned


GOOD = ("a.npy", header() + b"1234")
REFUSED = {
    "not a zip": (b"hello" * 100, "no end"),
    "empty": (b"", "no end"),
    "cut short": (packed(GOOD)[:-30], "no end"),
    "another name": (packed(("b.npy", GOOD[1])), "a is not in it"),
    "no array": (packed(), "a is not in it"),
    "not an array": (packed(("a.npy", b"hello")), "as numpy.save writes it"),
    "an empty member": (packed(("a.npy", b"")), "as numpy.save writes it"),
    "objects": (packed(("a.npy", header("|O") + pickle.dumps([1]))), "which are a pickle"),
    "records": (packed(("a.npy", header("[('x', '<f4')]") + b"1234")), "as numpy.save writes it"),
    "code": (
        packed(("a.npy", header("|u1", "__import__('os').abort()") + b"1234")),
        "as numpy.save writes it",
    ),
    "more behind the header": (
        packed(("a.npy", header(rest="1") + b"1234")),
        "as numpy.save writes it",
    ),
    "a deep header": (packed(("a.npy", header(shape="(" * 900) + b"1234")), "as numpy.save"),
    "u3": (packed(("a.npy", header("<u3") + b"1234")), "the type u3 is not known"),
    "U0": (packed(("a.npy", header("<U0"))), "the type U0 is not known"),
    "another kind": (packed(("a.npy", header("<f4", shape="()") + b"1234")), "values of type"),
    "another shape": (packed(("a.npy", header(shape="(2, 2)") + b"1234")), "has the shape (2, 2)"),
    "a shape of words": (packed(("a.npy", header(shape="(,)") + b"1234")), "shape cannot be read"),
    "a huge length": (packed(("a.npy", header(shape=f"({9**30},)"))), "shape cannot be read"),
    "40 dimensions": (packed(("a.npy", header(shape=f"({'1, ' * 40}1)"))), "shape cannot be read"),
    "10^15 bytes": (packed(("a.npy", header(shape=f"({10**15},)"))), "does not fit its size"),
    "a byte too few": (packed(("a.npy", header() + b"123")), "does not fit its size"),
    "above the limit": (packed(("a.npy", header(shape="(2000,)") + bytes(2000))), "at most 1,000"),
    "bzip2": (packed(GOOD, method=zipfile.ZIP_BZIP2), "expected plain deflate"),
    "an array of 20,000": (packed(*[(str(i), b"") for i in range(20_000)]), "holds 20000 arrays"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_refused_in_one_line(content, said):
    with pytest.raises(NpzError) as caught:
        npz.read(content, {"a": "u"}, limit=1000, shapes={"a": (4,)} if "shape" in said else None)
    assert said in str(caught.value)
    assert str(caught.value).isascii() and str(caught.value).isprintable()


def test_an_array_that_stands_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = packed(GOOD, GOOD)
    with pytest.raises(NpzError, match="holds a twice"):
        npz.read(content, {"a": "u"}, limit=1000)


@pytest.mark.parametrize("code", [0x110000, 0xFFFFFFFF, 0xD800])
def test_a_text_that_no_text_can_be_is_refused(code):
    content = packed(("a.npy", header("<U1", shape="()") + struct.pack("<I", code)))
    with pytest.raises(NpzError, match="text is damaged"):
        npz.read(content, {"a": "U"}, limit=1000)


def test_a_wrong_checksum_and_an_encrypted_member_are_refused():
    content = bytearray(packed(GOOD, method=zipfile.ZIP_STORED))
    content[content.index(b"1234")] ^= 1
    with pytest.raises(NpzError, match="checksum is wrong"):
        npz.read(bytes(content), {"a": "u"}, limit=1000)
    content = bytearray(packed(GOOD))
    content[content.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(NpzError, match="encrypted"):
        npz.read(bytes(content), {"a": "u"}, limit=1000)


def test_a_bomb_is_refused_before_memory_is_taken(tmp_path):
    """Three mebibytes that unpack to 768, in a process that may have 512."""
    path = tmp_path / "bomb.npz"
    size = 3 << 28
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.npy", "w") as member,
    ):
        member.write(header(shape=f"({size},)"))
        zeros = bytes(1 << 24)
        for _ in range(size >> 24):
            member.write(zeros)
    code = (
        "import sys; from fashion_nn.core import npz\n"
        "try: npz.read(open(sys.argv[1], 'rb').read(), {'a': 'u'}, limit=1 << 20)\n"
        "except npz.NpzError as error: print(error)"
    )

    def limit_memory() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))

    done = subprocess.run(
        [sys.executable, "-c", code, path],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=limit_memory,
    )
    assert done.stdout.strip() == "its arrays have 805,306,368 bytes, expected at most 1,048,576"

"""Tar archives: what is read is what `tarfile` wrote, and all that could harm is refused."""

import gzip
import io
import tarfile

import pytest

from fashion_nn.core.files import files_at
from fashion_nn.core.tar_archive import TarError, read_entries
from fashion_nn.errors import InputError

LONG = "a/" * 120 + "long.txt"
MEMBERS = {"a.txt": b"", "b/c.txt": b"content", LONG: b"x" * 1000, "b/\u00e9.txt": b"umlaut"}


def written(members=MEMBERS, format=tarfile.PAX_FORMAT, **others) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in others.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_reads_what_was_written(format):
    content = written(format=format, mtime=1.5)
    entries = read_entries(memoryview(content), most=100)
    found = {entry.name: content[entry.start : entry.start + entry.size] for entry in entries}
    assert found == MEMBERS


def damaged(place: int) -> bytes:
    content = bytearray(written())
    content[place] ^= 1
    return bytes(content)


def attribute(line: bytes) -> bytes:
    """An archive with a pax header that has this line."""
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = len(line)
    return header.tobuf(tarfile.USTAR_FORMAT) + line.ljust(512, b"\0") + written()


REFUSED = {
    "a symbolic link": (
        written({"a": b""}, type=tarfile.SYMTYPE, linkname="/etc"),
        "symbolic link",
    ),
    "a hard link": (written({"a": b""}, type=tarfile.LNKTYPE, linkname="b"), "a hard link, a"),
    "a device": (written({"a": b""}, type=tarfile.CHRTYPE), "a device"),
    "a FIFO": (written({"a": b""}, type=tarfile.FIFOTYPE), "a device or another special"),
    "another checksum": (damaged(3), "a checksum is wrong"),
    "cut in a file": (written({"a": bytes(9000)})[:5000], "cut short"),
    "cut between files": (written({"a": b"", "b": b""})[:512], "cut short"),
    "empty": (b"", "cut short"),
    "text": (b"label,pixel0\n" * 100, "is damaged"),
    "no length": (attribute(b"path=a\n"), "an attribute cannot be read"),
    "a length of 0": (attribute(b"0 path=a\n"), "an attribute cannot be read"),
    "a size in words": (attribute(b"13 size=many\n"), "a size is no number"),
    "a huge size": (attribute(b"18 size=999999999\n"), "cut short"),
    "a sparse file": (attribute(b"22 GNU.sparse.major=1\n"), "a sparse file"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refuses(tmp_path, what):
    content, message = REFUSED[what]
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        files_at(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_members_are_refused():
    content = written({str(i): b"" for i in range(20)})
    with pytest.raises(TarError, match="more than 19 members"):
        read_entries(memoryview(content), most=19)


def test_names_never_lead_outside(tmp_path):
    path = tmp_path / "a.tar"
    path.write_bytes(written({"../up.txt": b"1", "./in.txt": b"2", ".hidden": b"3"}))
    assert files_at(path).names == ("in.txt",)


def test_an_archive_packed_a_thousand_times_is_refused(tmp_path):
    path = tmp_path / "a.tgz"
    path.write_bytes(gzip.compress(bytes(100 << 20), 9))
    with pytest.raises(InputError, match="unpacks to more than 100 times its size"):
        files_at(path)


def test_other_packings_are_named(tmp_path):
    (tmp_path / "a.tar.xz").write_bytes(b"x" * 10)
    with pytest.raises(InputError, match=r"another way than \.tar"):
        files_at(tmp_path / "a.tar.xz")

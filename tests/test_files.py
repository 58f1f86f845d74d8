"""A file is written completely or not at all."""

import os
import subprocess
import sys

import pytest

from fashion_nn.core.reading import read_bytes
from fashion_nn.core.writing import replacing, write_atomic
from fashion_nn.errors import InputError


def test_writes_and_replaces(tmp_path):
    target = tmp_path / "new" / "file.txt"
    write_atomic(target, "one")
    write_atomic(target, b"two")
    assert target.read_text() == "two"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_an_older_file_survives_a_failure(tmp_path, failure):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(failure), replacing(target) as file:
        file.write(b"half")
        raise failure
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_permissions_are_those_of_a_new_file(tmp_path):
    write_atomic(tmp_path / "ours", "")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path):
    # A limit on the size of files makes the kernel refuse the write as a full disk would.
    code = (
        "import resource, signal, sys; from fashion_nn.core.writing import write_atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: write_atomic(sys.argv[1], bytes(5000))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    target = tmp_path / "file.bin"
    target.write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"InputError {target}: cannot be written (File too large)")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        write_atomic(tmp_path / "file", "")


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_atomic(tmp_path / "file" / "inside", "")


def test_a_file_that_the_user_names_may_be_a_link_but_no_fifo(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")

    def read(name, most=5, follow_links=True):
        path = tmp_path / name
        return read_bytes(path, expected="expected it", most=most, follow_links=follow_links)

    assert read("link") == b"12345"
    for name, options, said in [
        ("link", {"most": 4}, "is larger than 4 bytes: expected it"),
        ("link", {"follow_links": False}, "is a symbolic link: expected it"),
        ("fifo", {}, "is a FIFO: expected it"),
        ("", {}, "is a folder: expected it"),
        ("nothing", {}, r"cannot be read \(No such file or directory\): expected it"),
        ("\0", {}, r"cannot be read \(there is a NUL byte in the path\): expected it"),
    ]:
        with pytest.raises(InputError, match=said):
            read(name, **options)

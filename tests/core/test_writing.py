"""A file is written completely or not at all."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack, chdir

import pytest

from fashion_nn.core.reading import read_bytes
from fashion_nn.core.writing import (
    copy_folder,
    make_folder,
    remove_folder,
    remove_leftovers,
    replacing,
    replacing_folder,
    require_output,
    write_atomic,
)
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


def fifo(path, _):
    os.mkfifo(path)


def folder(path, _):
    path.mkdir()


def unix_socket(path, stack):
    made = stack.enter_context(socket.socket(socket.AF_UNIX))
    # A path to a socket is short: it is bound in its folder.
    with chdir(path.parent):
        made.bind(path.name)


def link_to_device(path, _):
    path.symlink_to("/dev/null")


def link_to_output(path, _):
    path.symlink_to("/proc/self/fd/1")


SPECIAL = [fifo, folder, unix_socket, link_to_device, link_to_output]


@pytest.mark.parametrize("make", SPECIAL, ids=lambda make: make.__name__)
def test_nothing_but_a_plain_file_is_replaced(tmp_path, make):
    target = tmp_path / "out"
    with ExitStack() as stack:
        make(target, stack)
        before = os.lstat(target)
        for attempt in (require_output, lambda path: write_atomic(path, "new")):
            # Standard output of a test may be a file or a pipe.
            with pytest.raises(InputError, match=r"out: is a .*, expected the name of a file"):
                attempt(target)
        assert os.lstat(target).st_ino == before.st_ino
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_to_a_plain_file_is_replaced_and_its_target_stays(tmp_path):
    (tmp_path / "mine").write_text("mine")
    for name, leads_to in (("link", "mine"), ("dangling", "nowhere"), ("loop", "loop")):
        (tmp_path / name).symlink_to(leads_to)
        require_output(tmp_path / name)
        write_atomic(tmp_path / name, "new")
        assert not (tmp_path / name).is_symlink() and (tmp_path / name).read_text() == "new"
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a" * 300, "File name too long"),
        ("b/" * 2500 + "b", "File name too long"),
        ("file/inside", "cannot be written"),
        ("", "is a folder"),
        (".", "is a folder"),
        ("..", "is a folder"),
        ("-", "not written to standard output"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_one_line(tmp_path, monkeypatch, path, said):
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said) as caught:
        require_output(path)
    assert "\n" not in str(caught.value)
    if path != "-":
        with pytest.raises(InputError):
            write_atomic(path, "")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    target = tmp_path / ("a" * 251 + ".csv")
    require_output(target)
    write_atomic(target, "x")
    assert target.read_text() == "x"


def test_below_the_folder_that_was_opened_no_folder_is_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "trials").symlink_to(tmp_path / "elsewhere")
    target = tmp_path / "search" / "trials" / "0000.json"
    for attempt in (
        lambda: write_atomic(target, "{}", within=tmp_path / "search"),
        lambda: make_folder(target, within=tmp_path / "search"),
    ):
        with pytest.raises(InputError, match="trials is a symbolic link"):
            attempt()
    assert not list((tmp_path / "elsewhere").iterdir())
    write_atomic(target, "{}")  # the user's own path
    assert (tmp_path / "elsewhere" / "0000.json").read_text() == "{}"


def test_a_folder_that_is_swapped_for_a_link_does_not_lead_a_write_elsewhere(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with replacing(tmp_path / "run" / "file") as file:
        (tmp_path / "run").rename(tmp_path / "moved")
        (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
        file.write(b"x")
    assert not list((tmp_path / "elsewhere").iterdir())
    assert (tmp_path / "moved" / "file").read_text() == "x"


def test_a_file_that_is_being_written_is_no_leftover(tmp_path):
    left = tmp_path / ".page.html.0f1e2d3c"
    left.write_text("half")
    (tmp_path / ".page.html.mine").write_text("")
    with replacing(tmp_path / "page.html") as file:
        remove_leftovers(tmp_path, r"page\.html")
        file.write(b"whole")
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", ".page.html.mine"}


def test_a_folder_takes_the_place_of_another_when_it_is_complete(tmp_path):
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "old").write_text("")
    (tmp_path / "trial" / "fold").mkdir(parents=True)
    for name in ("model", "fold/figures", "state"):
        (tmp_path / "trial" / name).write_text(name)
    with pytest.raises(ZeroDivisionError), replacing_folder(tmp_path / "best"):
        raise ZeroDivisionError
    assert [path.name for path in (tmp_path / "best").iterdir()] == ["old"]
    with replacing_folder(tmp_path / "best") as beside:
        copy_folder(tmp_path / "trial", beside, leave_out=["state"])
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert {name for name in found if name.startswith("best")} == {
        "best/model",
        "best/fold/figures",
    }
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_copy_follows_no_link(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "model").symlink_to(tmp_path / "mine")
    with pytest.raises(InputError, match="model: is a symbolic link"):
        copy_folder(tmp_path / "trial", tmp_path / "copy")
    assert not (tmp_path / "copy" / "model").exists()


def test_a_link_is_not_removed_as_a_folder(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "link").symlink_to("mine")
    with pytest.raises(InputError, match="link: cannot be removed"):
        remove_folder(tmp_path / "link")
    assert (tmp_path / "mine").is_dir()


def test_a_folder_is_not_replaced_through_a_link(tmp_path):
    victim = tmp_path / "victim"
    (victim / "0000").mkdir(parents=True)
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "trials").symlink_to(victim)
    target = tmp_path / "search" / "trials" / "0000"
    writing = replacing_folder(target, within=tmp_path / "search")
    with pytest.raises(InputError, match="trials is a symbolic link"), writing:
        pass
    assert [path.name for path in victim.iterdir()] == ["0000"]

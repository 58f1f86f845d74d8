"""The confined process is confined: each layer that it reports stops what it is there for."""

import json
import os
import platform
import re
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fashion_nn.inference import child
from fashion_nn.inference.child import system_calls

ENTRY = Path(child.__file__).with_name("entry.py")
PROBE = Path(__file__).with_name("confined_probe.py")
HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
NAMES = {"limits", "network", "parent", "files", "syscalls", "some-syscalls"}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers are those of Linux")


def state(path):
    """What another process could have changed of a file and of this process."""
    status = path.stat()
    return (
        sorted(os.listdir(path.parent)),
        path.read_bytes(),
        (status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns),
        os.listxattr(path),
        [resource.getrlimit(which) for which in (resource.RLIMIT_CPU, resource.RLIMIT_CORE)],
        os.sched_getaffinity(0),
        os.sched_getscheduler(0),
        os.getpriority(os.PRIO_PROCESS, 0),
        os.getpgid(0),
    )


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """What the probe reports, after a look that nothing outside of it has changed."""
    secret = tmp_path_factory.mktemp("victim") / "secret"
    secret.write_text("not for strangers")
    before = state(secret)
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [ENTRY, os.getpid(), secret.parent, server.getsockname()[1]]
        command = [sys.executable, "-P", "-s", PROBE, *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert state(secret) == before
    return json.loads(done.stdout)


def test_the_layers_that_hold_are_named(probed):
    assert {"limits", "parent"} <= set(probed["layers"]) <= NAMES


@pytest.mark.parametrize("layer", ["limits", "files", "network"])
def test_each_layer_that_holds_stops_what_it_is_there_for(layer, probed):
    if layer not in probed["layers"]:
        pytest.skip("the system does not offer it")
    found = probed["found"][layer]
    assert not [what for what, how in found.items() if how == "done"]


def test_no_system_call_reaches_beyond_the_process(probed):
    if "syscalls" not in probed["layers"]:
        pytest.skip("the system does not offer it")
    found = probed["found"]["syscalls"]
    refused = {"EPERM", "ENOSYS", "EACCES", "EINVAL", "ENOTTY"}
    assert not {what: how for what, how in found.items() if how not in refused}
    # A caller goes on in another way without what is new.
    assert {found[name] for name in ("clone3", "openat2", "a call of the future")} == {"ENOSYS"}


def test_what_a_model_needs_still_works(probed):
    assert set(probed["found"]["needed"].values()) == {"done"}


@pytest.mark.skipif(not HEADER.exists(), reason="needs the headers of the C library")
def test_the_numbers_are_those_of_the_kernel():
    known = dict(re.findall(r"__NR_(\w+) (\d+)", HEADER.read_text()))
    for name, (number, *_) in system_calls.ALLOWED.items():
        assert known.get(name, str(number)) == str(number)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="there is a list for x86-64 only")
def test_linux_on_x86_64_has_the_allow_list(probed):
    assert "some-syscalls" not in probed["layers"]

"""The confined process is confined: each layer that it reports stops what it is there for."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import fashion_nn
from fashion_nn.inference.child import confinement

PACKAGE = Path(fashion_nn.__file__).parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers are those of Linux")

ATTEMPTS = r"""
import importlib.util, json, os, resource, socket, sys, threading
spec = importlib.util.spec_from_file_location("confinement", sys.argv[1])
confinement = importlib.util.module_from_spec(spec)
spec.loader.exec_module(confinement)
layers = confinement.confine(1 << 30, confinement.Path(sys.argv[2]), lambda: True)

def stopped(attempt):
    try:
        attempt()
    except (OSError, MemoryError):
        return True
    return False

def fork():
    if os.fork() == 0:
        os._exit(0)

thread = threading.Thread(target=lambda: None)
thread.start()
thread.join()
print(json.dumps({
    "layers": layers,
    "limits": stopped(lambda: bytearray(2 << 30))
        and resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0),
    "network": stopped(
        lambda: socket.create_connection(("127.0.0.1", int(sys.argv[3])), timeout=5)
    ),
    "read": stopped(lambda: open(sys.argv[4])),
    "write": stopped(lambda: open(sys.argv[4] + ".new", "w")),
    "list": stopped(lambda: os.listdir("/")),
    "fork": stopped(fork),
    "run": stopped(lambda: os.execv("/bin/true", ["true"])),
    "socket": stopped(lambda: socket.socket(socket.AF_UNIX)),
    "kill": stopped(lambda: os.kill(os.getppid(), 0)),
    "own": not stopped(lambda: open(sys.argv[1])),
}))
"""


def attempts(secret):
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [confinement.__file__, str(PACKAGE), str(server.getsockname()[1]), str(secret)]
        command = [sys.executable, "-P", "-s", "-c", ATTEMPTS, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    return json.loads(done.stdout)


def test_each_layer_that_holds_stops_what_it_is_there_for(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not for strangers")
    found = attempts(secret)
    layers = found["layers"]
    assert (
        {"limits", "parent"} <= set(layers) <= {"limits", "network", "parent", "files", "syscalls"}
    )
    assert found["limits"] and found["own"]
    if "network" in layers or "syscalls" in layers:
        assert found["network"]
    if "files" in layers:
        assert found["read"] and found["write"] and found["list"]
    if "syscalls" in layers:
        assert found["fork"] and found["run"] and found["socket"] and found["kill"]
    assert os.listdir(tmp_path) == ["secret"]

"""A command leaves nothing but its outputs, and asks nobody.

Each command runs with an empty home and an empty temporary folder, in a network namespace without
a network. What it leaves there is compared with what is documented, and the system's counters say
whether anything was sent. Python's own calls are recorded by an audit hook.
"""

import os
import shutil
import subprocess
import sys

import pytest
from every_command import COSTLY, MLP, PROGRAM, QUICK, ROOT, SUBMIT, prepare

# Runs in every Python process but the confined one, which can open no socket anyway.
RECORDER = """
import os, sys
CALLS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
def record(event, arguments):
    if event in CALLS and not (event != "socket.getaddrinfo" and isinstance(arguments[-1], str)):
        with open(os.environ["RECORDED_CALLS"], "a") as file:
            file.write(f"{event} {arguments[1:] if event == 'socket.connect' else arguments}\\n")
sys.addaudithook(record)
"""
# A private network without an interface that is up, and private shared memory; and then what was
# sent and left there.
NAMESPACE = """
mount -t tmpfs tmpfs /dev/shm || exit 99
"$@"; code=$?
echo >&2; echo SHARED >&2; find /dev/shm -type f >&2; echo COUNTERS >&2; cat /proc/net/snmp >&2
exit $code
"""
# The processes of Ray talk to each other.
LOOPBACK = "ip link set lo up || exit 99\n"
COUNTED = ("Ip:OutRequests", "Ip:OutNoRoutes", "Tcp:ActiveOpens", "Udp:OutDatagrams")
# Documented: Keras' own settings, the font cache of Matplotlib, and what `export --format onnx` has
# made.
ALLOWED_AT_HOME = (
    *(".keras/keras.json", ".cache/matplotlib/", ".config/matplotlib/"),
    ".local/state/fashion-nn/onnx/",
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the files that the lines name."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


@pytest.fixture
def isolated(tmp_path):
    """A function that runs a command and returns what it left and what it asked, as lines."""
    probe = subprocess.run(["unshare", "-Urnm", "true"], capture_output=True)
    if probe.returncode:
        pytest.skip("no network namespaces here: " + probe.stderr.decode().strip())
    for name in ("home", "tmp", "here", "recorder"):
        (tmp_path / name).mkdir()
    (tmp_path / "recorder" / "sitecustomize.py").write_text(RECORDER)
    calls = tmp_path / "calls"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "recorder"), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "RECORDED_CALLS": str(calls),
    }

    def run(command, codes=(0,), loopback=False):
        here = tmp_path / "here"
        (here / "out").mkdir(exist_ok=True)
        before = set(files(here))
        script = LOOPBACK + NAMESPACE if loopback else NAMESPACE
        wrapped = ["unshare", "-Urnm", "bash", "-c", script, "bash", *map(str, command)]
        done = subprocess.run(
            wrapped, cwd=here, env=environment, capture_output=True, text=True, timeout=1500
        )
        said, _, counters = done.stderr.partition("COUNTERS\n")
        said, _, shared = said.partition("SHARED\n")
        assert done.returncode in codes, said
        left = [f"home/{name}" for name in files(tmp_path / "home") if not allowed(name)]
        left += [f"tmp/{name}" for name in files(tmp_path / "tmp")]
        left += shared.split()
        left += [name for name in files(here) if name not in before and not name.startswith("out/")]
        asked = calls.read_text().splitlines() if calls.exists() else []
        if loopback:
            asked = [line for line in asked if "'127.0.0.1'" not in line]
            return left, asked + sent(counters, ("Ip:OutNoRoutes",))
        return left, asked + sent(counters)

    return run


def files(folder):
    """The paths of everything in `folder` that is no folder, as text."""
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]


def allowed(name):
    return any(name == known or name.startswith(known) for known in ALLOWED_AT_HOME)


def sent(counters, counted=COUNTED):
    """What the counters of a fresh namespace say was sent, or could not be sent."""
    lines = [line.split() for line in counters.splitlines()]
    found = {}
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        for name, value in zip(names[1:], values[1:], strict=True):
            found[names[0] + name] = int(value)
    return [f"{name} {found[name]}" for name in counted if found[name]]


# One of each kind: they read data, draw, write a table and open a model.
FEW = ("data check", "data fetch", "compare", "lab backprop", "inspect")
FEW = tuple(line for line in QUICK if line.startswith(FEW))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, marks=[] if line in FEW else [pytest.mark.slow])
        for line in (*QUICK, *COSTLY)
    ],
)
def test_a_command(isolated, prepared, tmp_path, line):
    shutil.copytree(prepared, tmp_path / "here", dirs_exist_ok=True)
    # The model of the two runs is a poor one: some checks of its predictions may fail.
    codes = (0, 3) if "grade" in line else (0,)
    left, asked = isolated([*PROGRAM, *line.split()], codes, loopback="ray" in line)
    # What these write is in the folder of the run, or beside the file.
    beside = ("run/", "predictions.csv.checks.json")
    if line.startswith(("evaluate", "report", "export", "grade predictions")):
        left = [path for path in left if not path.startswith(beside)]
    assert (left, asked) == ([], [])


def test_a_wrong_word(isolated):
    assert isolated([*PROGRAM, "nonsense"], codes=(2,)) == ([], [])


@pytest.mark.parametrize("engine", ["onnx", pytest.param("keras", marks=pytest.mark.slow)])
def test_submit(isolated, tmp_path, engine):
    pixels = ",".join(f"pixel{i}" for i in range(784))
    row = ",".join(["7"] * 784)
    (tmp_path / "here" / "test.csv").write_text(f"{pixels}\n{row}\n")
    words = [
        "--model",
        MLP / "model.keras",
        "--test",
        "test.csv",
        "--out",
        "out/o.csv",
        "--engine",
        engine,
    ]
    assert isolated([*SUBMIT, *words]) == ([], [])


def test_what_is_asked_would_be_seen(isolated):
    code = "import socket; socket.getaddrinfo('example.invalid', 80)"
    _, asked = isolated([sys.executable, "-c", code], codes=(1,))
    assert asked
    code = "import ctypes; ctypes.CDLL(None).gethostbyname(b'example.invalid')"
    _, native = isolated([sys.executable, "-c", code])
    assert len(native) > len(asked) or any("Ip:" in line for line in native)


def test_what_is_left_would_be_seen(isolated):
    code = (
        "import tempfile, pathlib; tempfile.mkstemp(); pathlib.Path('x').touch();"
        " (pathlib.Path.home() / 'y').touch(); pathlib.Path('/dev/shm/z').touch()"
    )
    left, _ = isolated([sys.executable, "-c", code])
    assert len(left) == 4

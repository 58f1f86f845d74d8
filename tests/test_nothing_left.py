"""A command leaves nothing but its outputs, and asks nobody.

Each command runs with an empty home and an empty temporary folder, in a network namespace without
a network. What it leaves there is compared with what is documented, and the system's counters say
whether anything was sent. Python's own calls are recorded by an audit hook.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "mlp" / "model.keras"
PROGRAM = [sys.executable, "-m", "fashion_nn"]
SUBMIT = [sys.executable, ROOT / "submit.py"]
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
# A private network without an interface that is up, and then what was sent there.
NAMESPACE = """
"$@"; code=$?
echo >&2; echo COUNTERS >&2; cat /proc/net/snmp >&2
exit $code
"""
# Documented: Keras' own settings, and the font cache of Matplotlib.
ALLOWED_AT_HOME = (".keras/keras.json", ".cache/matplotlib/", ".config/matplotlib/")
CHEAP = {
    "help": ["-h"],
    "version": ["--version"],
    "wrong word": ["nonsense"],
    "models": ["models"],
    "data list": ["data", "list"],
    "data info": ["data", "info", "digits", "--picture", "out/p.png"],
    "data export": ["data", "export", "digits", "--out", "out/csv"],
    "data check": ["data", "check", "digits"],
    "compare": ["compare", "run", "--csv", "out/c.csv", "--curves", "out/c.png"],
    "lab backprop": ["lab", "backprop", "report-004/1", "--picture", "out/p.png"],
    "reproduce": ["reproduce", "004-001"],
}
COSTLY = {
    "models of one": ["models", "mlp"],
    "train": ["train", "mlp", "--dataset", "digits", "--set", "epochs=1", "--out", "out/r"],
    "evaluate": ["evaluate", "run", "--dataset", "digits"],
    "report": ["report", "run", "--dataset", "digits"],
    "baseline": [
        *["baseline", "logreg", "--dataset", "digits", "--jobs", "2", "--folds", "2"],
        *["--max-iterations", "3", "--out", "out/b"],
    ],
    "tune": [
        *["tune", "mlp", "--dataset", "digits", "--trials", "2", "--epochs", "1"],
        *["--workers", "2", "--no-retrain", "--out", "out/t"],
    ],
    "export h5": ["export", "run", "--format", "h5", "--out", "out/x.h5", "--dataset", "digits"],
    "lab playground": ["lab", "playground", "--seeds", "1", "--epochs", "2"],
}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A run that was trained on digits."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    words = ["train", "mlp", "--dataset", "digits", "--set", "epochs=1", "--out", folder]
    subprocess.run([*PROGRAM, *words], check=True, capture_output=True, cwd=folder.parent)
    return folder


@pytest.fixture
def isolated(tmp_path):
    """A function that runs a command and returns what it left and what it asked, as lines."""
    probe = subprocess.run(["unshare", "-Urn", "true"], capture_output=True)
    if probe.returncode:
        pytest.skip("no network namespaces here: " + probe.stderr.decode().strip())
    for name in ("home", "tmp", "here", "here/out", "recorder"):
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

    def run(command, code=0):
        here = tmp_path / "here"
        before = set(files(here)) | set(files(Path("/dev/shm")))
        wrapped = ["unshare", "-Urn", "bash", "-c", NAMESPACE, "bash", *map(str, command)]
        done = subprocess.run(
            wrapped, cwd=here, env=environment, capture_output=True, text=True, timeout=500
        )
        said, _, counters = done.stderr.partition("COUNTERS\n")
        assert done.returncode == code, said
        left = [f"home/{name}" for name in files(tmp_path / "home") if not allowed(name)]
        left += [f"tmp/{name}" for name in files(tmp_path / "tmp")]
        after = [*files(here), *files(Path("/dev/shm"))]
        left += [name for name in after if name not in before and not name.startswith("out/")]
        asked = calls.read_text().splitlines() if calls.exists() else []
        return left, asked + sent(counters)

    return run


def files(folder):
    """The paths of everything in `folder` that is no folder, as text."""
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]


def allowed(name):
    return any(name == known or name.startswith(known) for known in ALLOWED_AT_HOME)


def sent(counters):
    """What the counters of a fresh namespace say was sent, or could not be sent."""
    lines = [line.split() for line in counters.splitlines()]
    found = {}
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        for name, value in zip(names[1:], values[1:], strict=True):
            found[names[0] + name] = int(value)
    counted = ("Ip:OutRequests", "Ip:OutNoRoutes", "Tcp:ActiveOpens", "Udp:OutDatagrams")
    return [f"{name} {found[name]}" for name in counted if found[name]]


@pytest.mark.parametrize(
    "name", [*CHEAP, *[pytest.param(name, marks=pytest.mark.slow) for name in COSTLY]]
)
def test_a_command(isolated, run_folder, tmp_path, name):
    shutil.copytree(run_folder, tmp_path / "here" / "run")
    words = (CHEAP | COSTLY)[name]
    left, asked = isolated([*PROGRAM, *words], code=2 if name == "wrong word" else 0)
    # What evaluate and report write is in the folder of the run.
    in_the_run = name in ("evaluate", "report")
    left = [path for path in left if not (in_the_run and path.startswith("run/"))]
    assert (left, asked) == ([], [])


@pytest.mark.parametrize("engine", ["keras", "onnx"])
def test_submit(isolated, tmp_path, engine):
    pixels = ",".join(f"pixel{i}" for i in range(784))
    row = ",".join(["7"] * 784)
    (tmp_path / "here" / "test.csv").write_text(f"{pixels}\n{row}\n")
    words = ["--model", MODEL, "--test", "test.csv", "--out", "out/o.csv", "--engine", engine]
    assert isolated([*SUBMIT, *words]) == ([], [])


def test_what_is_asked_would_be_seen(isolated):
    code = "import socket; socket.getaddrinfo('example.invalid', 80)"
    _, asked = isolated([sys.executable, "-c", code], code=1)
    assert asked
    code = "import ctypes; ctypes.CDLL(None).gethostbyname(b'example.invalid')"
    _, native = isolated([sys.executable, "-c", code])
    assert len(native) > len(asked) or any("Ip:" in line for line in native)


def test_what_is_left_would_be_seen(isolated):
    code = (
        "import tempfile, pathlib; tempfile.mkstemp(); pathlib.Path('x').touch();"
        " (pathlib.Path.home() / 'y').touch()"
    )
    left, _ = isolated([sys.executable, "-c", code])
    assert len(left) == 3

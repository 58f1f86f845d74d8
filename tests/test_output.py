"""A prediction file is complete or absent: whatever ends `submit`, an older file stays as it
was.
"""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "mlp" / "model.keras"
ROWS = 200
# Writes whole files one after the other, the way `submit` writes one: a signal comes inside a write
# nearly always.
WRITER = """
import sys, numpy as np
from fashion_nn import submission
from fashion_nn.cli.main import run
from fashion_nn.core.writing import write_atomic
texts = [
    submission.render(submission.Predictions(np.full(200_000, label), None, 10, None, "keras"))
    for label in range(3)
]
def write(words, standalone_mode):
    print("writing", flush=True)
    while True:
        for text in texts:
            write_atomic(sys.argv[1], text)
sys.exit(run(write, []))
"""


def table(folder, rows=ROWS):
    path = folder / "test.csv"
    line = ",".join(["7"] * 784) + "\n"
    path.write_text(",".join(f"pixel{i}" for i in range(784)) + "\n" + line * rows)
    return path


def submit(folder, *words, out="out.csv", **how):
    table(folder)
    command = [
        sys.executable,
        ROOT / "submit.py",
        "--model",
        MODEL,
        "--test",
        "test.csv",
        "--out",
        out,
    ]
    command += ["--engine", "keras", *words]  # the slower one, with a process of its own
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )


def is_complete(content):
    """Whether it is one whole file of `WRITER`: a header, 200,000 rows, one label in all of
    them.
    """
    lines = content.splitlines()
    labels = {line.partition(",")[2] for line in lines[1:]}
    return (
        content.endswith("\n")
        and lines[0] == "ImageId,Label"
        and len(lines) == 200_001
        and len(labels) == 1
    )


@pytest.mark.parametrize(
    "how",
    [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL],
    ids=lambda how: how.name,
)
def test_a_signal_inside_a_write_leaves_a_whole_file(tmp_path, how):
    delays, out = random.Random(how.name), tmp_path / "out.csv"
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, out], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert writer.stdout.readline() == "writing\n"
        end = time.monotonic() + 300
        while not out.exists() and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(delays.uniform(0, 0.1))
        writer.send_signal(how)
        assert writer.wait(300) == (-how if how == signal.SIGKILL else 128 + how)
        writer.stdout.close()
        assert is_complete(out.read_text())
        if how == signal.SIGKILL:  # nobody can tidy up after it
            for path in tmp_path.glob(".*"):
                path.unlink()
        assert {path.name for path in tmp_path.iterdir()} == {"out.csv"}


@pytest.mark.parametrize(
    "how",
    [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL],
    ids=lambda how: how.name,
)
def test_an_older_file_survives_a_signal(tmp_path, how):
    (tmp_path / "out.csv").write_text("older")
    process = submit(tmp_path)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text():  # the process with the model: the work has begun
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(random.Random(how.name).uniform(0, 0.5))
    process.send_signal(how)
    out, errors = process.communicate(timeout=300)
    assert process.returncode != 0 and out == "" and "Traceback" not in errors
    assert (tmp_path / "out.csv").read_text() == "older"
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv", "test.csv"}
    if how != signal.SIGKILL:
        assert (
            errors.splitlines()[-1]
            == f"error: stopped by {'Ctrl-C' if how == signal.SIGINT else how.name}"
        )
        assert process.returncode == 128 + how


def test_an_older_file_survives_a_full_disk(tmp_path):
    (tmp_path / "out.csv").write_text("older")
    process = submit(
        tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    )
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 2 and out == ""
    assert errors.splitlines()[-1].startswith(
        "error: out.csv: cannot be written (File too large), nothing was changed"
    )
    assert (tmp_path / "out.csv").read_text() == "older"
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv", "test.csv"}


def test_a_real_full_disk(tmp_path):
    """On a file system of 64 KB, in a name space of its own, where the system lets a user mount
    one.
    """
    script = (
        f"mount -t tmpfs -o size=64k none {tmp_path} && cd {tmp_path} && "
        "head -c 60000 /dev/zero > filler && echo older > out.csv && "
        f"{sys.executable} -c 'from fashion_nn.core.writing import write_atomic; "
        'write_atomic("out.csv", bytes(30000))\' ; cat out.csv; ls -A'
    )
    probe = ["unshare", "-Urm", "mount", "-t", "tmpfs", "none", tmp_path]
    try:
        subprocess.run(probe, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no mounts in user name spaces here")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ["unshare", "-Urm", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert "cannot be written (No space left on device)" in done.stderr
    assert done.stdout.split() == ["older", "filler", "out.csv"]


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("test.csv", "is an input"),
        ("model.keras", "is an input"),
        ("linked.csv", "is an input"),
        ("folder", "is a folder"),
        ("test.csv/out.csv", "cannot be written"),
    ],
)
def test_outputs_that_are_refused(tmp_path, out, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "linked.csv").symlink_to("test.csv")
    (tmp_path / "model.keras").symlink_to(MODEL)
    before = MODEL.read_bytes()
    process = submit(tmp_path, "--model", "model.keras", out=out)
    written, errors = process.communicate(timeout=300)
    assert process.returncode == 2 and written == "" and len(errors.splitlines()[-1:]) == 1
    assert errors.splitlines()[-1].startswith(f"error: {out}: ") and said in errors
    assert (tmp_path / "test.csv").read_text().count("\n") == ROWS + 1
    assert MODEL.read_bytes() == before

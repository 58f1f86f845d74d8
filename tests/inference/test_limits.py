"""Models that want too much are held, measured from the outside over the whole tree of
processes.
"""

import os
import re
import signal
import subprocess
import sys
import time

import hostile
import measuring
import pytest

from fashion_nn.inference import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures through /proc")
GREEDY = {name: (build, said) for name, build, said in hostile.greedy()}
QUICK = ("97 million weights in 400 KB", "30 convolutions on 1024 x 1024", "4 MiB of JSON")
# What the parent itself needs: Python, NumPy, and the file's bytes twice.
PARENT = 1 << 30


def made(name, folder):
    build, said = GREEDY[name]
    path = folder / build.file
    build(path, folder / "marker")
    return path, said


def held(name, folder, **limits):
    path, said = made(name, folder)
    came, use = measuring.opened(path, **limits)
    assert re.fullmatch(said, came), came
    allowed = Limits(**limits)
    assert use.memory <= allowed.memory + (os.cpu_count() or 1) * (20 << 20) + PARENT
    assert use.disk == 0
    assert use.processes <= 2
    seconds = (
        allowed.open_seconds
        + allowed.import_seconds
        + allowed.build_seconds
        + 10 * allowed.batch_seconds
    )
    assert use.seconds < seconds
    assert use.cpu < seconds * (os.cpu_count() or 1)
    assert not (folder / "marker").exists()


@pytest.mark.parametrize("name", QUICK)
def test_memory_disk_and_time_are_held(name, tmp_path):
    held(name, tmp_path, build_seconds=4, batch_seconds=4)


@pytest.mark.slow
@pytest.mark.parametrize("name", GREEDY)
def test_memory_disk_and_time_are_held_by_the_usual_limits(name, tmp_path):
    held(name, tmp_path)


@pytest.mark.slow
def test_less_memory_is_less_memory(tmp_path):
    path, _ = made("97 million weights in 400 KB", tmp_path)
    came, use = measuring.opened(path, memory=1 << 30)
    assert "it needs more memory than it is given" in came
    assert use.memory < 2 << 30


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_no_process_outlives_its_parent(how, tmp_path):
    path, _ = made("30 convolutions on 1024 x 1024", tmp_path)
    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", measuring.PREDICT, path, "{}"], stdout=subprocess.DEVNULL
    )
    try:
        children = until(lambda: set(measuring.tree(parent.pid)) - {parent.pid})
        (child,) = children
        # Well into its imports, when it is confined and busy.
        until(lambda: measuring.tree(child)[child][0] > 100 << 20)
        parent.send_signal(how)
        parent.wait(300)
        until(lambda: child not in measuring.tree(child))
    finally:
        parent.kill()
        parent.wait()


def until(seen, seconds=300):
    end = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found

"""The page of a run whose model wants too much takes no more memory than its limits."""

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import hostile
import measuring
import pytest

from fashion_nn.inference import Limits

FIXTURES = Path(__file__).parents[1] / "fixtures"
GREEDY = {name: build for name, build, _ in hostile.greedy()}
# What the calling process itself needs: the digits, and the weights that it is sent.
PARENT = 1 << 30


@pytest.mark.slow  # a greedy model takes half a minute until it is stopped
@pytest.mark.skipif(sys.platform != "linux", reason="measures through /proc")
@pytest.mark.parametrize("name", ["97 million weights in 400 KB", "65,536 hidden channels"])
def test_memory_is_bounded(tmp_path, name):
    run = tmp_path / "run"
    shutil.copytree(FIXTURES / "baseline", run)
    GREEDY[name](run / "model.keras", tmp_path / "marker")
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["model_sha256"] = hashlib.sha256((run / "model.keras").read_bytes()).hexdigest()
    (run / "metrics.json").write_text(json.dumps(metrics))
    (run / "test-predictions.npz").unlink()
    command = [sys.executable, "-m", "fashion_nn", "report", run, "--dataset", "digits"]
    done, use = measuring.measured(command, cwd=tmp_path)
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr, done.stderr
    cores = (os.cpu_count() or 1) * (20 << 20)
    assert use.memory <= Limits().memory + cores + PARENT
    assert use.disk == 0

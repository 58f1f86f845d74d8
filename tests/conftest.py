"""Shared fixtures: where the real data is, when it is there at all."""

import os
import sys
import tempfile
from pathlib import Path

# Before anything imports TensorFlow: quiet logs, no GPU, so that figures pinned on the CPU hold.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# What tests export to ONNX is not to be trusted by the user who runs them.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="fashion-nn-tests-")

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real data sets; the test is skipped when FASHION_NN_DATA is not set."""
    folder = os.environ.get("FASHION_NN_DATA")
    if not folder:
        pytest.skip("needs the real data sets: set FASHION_NN_DATA to their folder")
    return Path(folder)


@pytest.fixture(autouse=True)
def _keras_as_new():
    """Each test finds Keras' global state (precision policy, counters of names) as a new process would."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session(free_memory=False)

"""Shared fixtures: where the real data is, when it is there at all."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

# Before anything imports TensorFlow: quiet logs, no GPU, so that figures pinned on the CPU hold.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# Tests that import ONNX Runtime themselves report no more than the commands do.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["ORT_TELEMETRY_DISABLED"] = "1"
# What tests export to ONNX is not to be trusted by the user who runs them.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="fashion-nn-tests-")

import pytest

# `nohup`, and a shell that starts something in the background, have signals ignored, and the
# commands that tests start would inherit that.
for number, default in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, default)


def pytest_addoption(parser):
    parser.addoption(
        "--rewrite-golden",
        action="store_true",
        help="Write tests/golden anew from what the commands do now.",
    )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the real data sets; the test is skipped when FASHION_NN_DATA is not set."""
    folder = os.environ.get("FASHION_NN_DATA")
    if not folder:
        pytest.skip("needs the real data sets: set FASHION_NN_DATA to their folder")
    return Path(folder)


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, through playwright; the test is skipped where either is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        pytest.skip("needs Chromium: install the package chromium")
    quiet = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    )
    quiet += "--disable-component-update --disable-sync"
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=quiet.split())
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def _keras_as_new():
    """Each test finds Keras' global state (precision policy, counters of names) as a new process
    would.
    """
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session(free_memory=False)


@pytest.fixture(scope="module")
def forked_models():
    """Confined processes start at once in the tests of this module; see `forked.models`."""
    import forked

    with forked.models():
        yield


# Files that take the longest: they begin first, so that no process is left alone with one at the
# end.
_LONG = (
    "test_golden.py",
    "test_training.py",
    "test_local_engine.py",
    "test_hostile.py",
    "test_end_to_end.py",
    "test_zoo.py",
    "test_ray_engine.py",
    "test_allowlist.py",
    "test_tune_command.py",
    "test_scaling.py",
    "test_published.py",
    "test_export_files.py",
    "test_ensemble.py",
    "test_colour.py",
    "test_resume.py",
    "test_nothing_left.py",
    "test_safe_path.py",
)


def pytest_collection_modifyitems(items):
    """The long files first; the tests of a file keep their order."""
    places = {name: place for place, name in enumerate(_LONG)}
    items.sort(key=lambda item: places.get(item.path.name, len(_LONG)))

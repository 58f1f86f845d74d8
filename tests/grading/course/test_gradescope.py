"""The autograder for Gradescope, run in a folder laid out as Gradescope's."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from grading_tables import write_predictions

from fashion_nn.cli.main import app
from fashion_nn.cli.main import run as run_command
from fashion_nn.core.processes import child_environment

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def autograder(tables, tmp_path):
    """The folder /autograder, with an empty submission/."""
    packed = tmp_path / "autograder.zip"
    words = ["grade", "--autograder", str(packed), "--test", str(tables / "unlabelled.csv")]
    words += ["--labels", str(tables / "digits_test.csv"), "--maximum", "20"]
    assert run_command(app, words) == 0
    place = tmp_path / "autograder"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(place / "source")
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes["run_autograder"] & 0o111 and modes["setup.sh"] & 0o111
    (place / "source" / "run_autograder").rename(place / "run_autograder")
    for name in ("submission", "results"):
        (place / name).mkdir()
    return place


def ran(place):
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = child_environment(PATH=path, PYTHONPATH=str(ROOT))
    words = ["bash", str(place / "run_autograder")]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    return json.loads((place / "results" / "results.json").read_text())


def test_run_autograder(autograder, digits):
    labels = digits.test.labels.copy()
    labels[:36] = (labels[:36] + 1) % 10
    write_predictions(autograder / "submission" / "p.csv", labels)
    (autograder / "submission" / "work.ipynb").write_text("{}")
    found = ran(autograder)
    accuracy = (labels == digits.test.labels).mean()
    assert found["score"] == round(accuracy * 20, 2)
    tests = {test["name"]: test for test in found["tests"]}
    assert tests["accuracy"]["max_score"] == 20 and tests["file"]["status"] == "passed"
    assert found["leaderboard"][0]["value"] == round(100 * accuracy, 2)
    assert found["visibility"] == "visible" and isinstance(found["execution_time"], int)


def test_a_submission_without_a_hand_in_has_an_answer(tables, tmp_path):
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "work.ipynb").write_text("{}")
    words = ["grade", str(tmp_path / "submission"), "--test", str(tables / "unlabelled.csv")]
    words += ["--labels", str(tables / "digits_test.csv"), "--format", "gradescope"]
    assert run_command(app, [*words, "--out", str(tmp_path / "results")]) == 3
    found = json.loads((tmp_path / "results" / "results.json").read_text())
    assert found["score"] == 0 and "holds no model" in found["output"]


@pytest.mark.slow  # pip takes a while
def test_the_wheel_of_the_autograder_can_be_installed(autograder, tmp_path):
    wheel = next((autograder / "source").glob("*.whl"))
    words = ["-m", "pip", "install", "--no-index", "--no-deps", "--target", str(tmp_path / "site")]
    subprocess.run([sys.executable, *words, str(wheel)], check=True, capture_output=True)
    code = "import fashion_nn.grading; print(fashion_nn.grading.__file__)"
    environment = child_environment(PYTHONPATH=str(tmp_path / "site"))
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd="/"
    )
    assert done.stdout.startswith(str(tmp_path / "site")), done.stderr

"""No command imports a module from the working folder, and neither do the processes that it
starts.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Modules that some command imports, in the command's own process or in one that it starts.
IMPOSTORS = (
    *(
        "numpy",
        "keras",
        "tensorflow",
        "h5py",
        "onnxruntime",
        "typer",
        "rich",
        "pydantic",
        "joblib",
        "multiprocessing",
    ),
    *(
        "pickle",
        "struct",
        "json",
        "logging",
        "sklearn",
        "scipy",
        "pandas",
        "matplotlib",
        "keras_tuner",
        "ray",
        "PIL",
    ),
    *(
        "sitecustomize",
        "usercustomize",
        "threadpoolctl",
        "jinja2",
        "sympy",
        "fashion_nn_plugin",
        "platform",
        "csv",
    ),
)
SMALL = ["--dataset", "digits"]
COMMANDS = {
    "data list": ["data", "list"],
    "baseline": [
        "baseline",
        "logreg",
        *SMALL,
        "--jobs",
        "2",
        "--folds",
        "2",
        "--max-iterations",
        "3",
        "--out",
        "b",
    ],
    "tune": ["tune", "mlp", *SMALL, "--trials", "1", "--epochs", "1", "--no-retrain", "--out", "t"],
    "reproduce": ["reproduce", "004-001"],
    "lab": ["lab", "backprop", "report-004/1"],
}


@pytest.fixture
def folder(tmp_path):
    """A working folder full of modules that leave a mark when they are imported."""
    for name in IMPOSTORS:
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'MARK')!r}, 'a').write({name!r} + chr(10))\n"
        )
    return tmp_path


def run(folder, command, **environment):
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    mark = folder / "MARK"
    assert not mark.exists(), mark.read_text()


# The processes of a baseline and of submit.py show the same in less time than those of a search.
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name == "tune")) for name in COMMANDS]
)
def test_as_a_module(folder, name):
    run(folder, [sys.executable, "-m", "fashion_nn", *COMMANDS[name]])


@pytest.mark.slow  # a cluster takes half a minute to start
def test_workers_of_ray(folder):
    words = [*COMMANDS["tune"], "--engine", "ray", "--workers", "1"]
    run(folder, [sys.executable, "-m", "fashion_nn", *words])


@pytest.mark.parametrize(
    "path", ["", os.pathsep, f".{os.pathsep}"], ids=["none", "empty parts", "a dot"]
)
def test_as_a_program_whatever_pythonpath_says(folder, path):
    # Python itself imports these two at start-up from wherever PYTHONPATH leads.
    for name in ("sitecustomize", "usercustomize"):
        (folder / f"{name}.py").unlink()
    run(
        folder,
        [Path(sys.executable).with_name("fashion-nn"), *COMMANDS["data list"]],
        PYTHONPATH=path,
    )


@pytest.mark.parametrize("engine", ["keras", "onnx"])
def test_submit(folder, engine):
    pixels = ",".join(f"pixel{i}" for i in range(784))
    (folder / "test.csv").write_text(pixels + "\n" + ",".join(["7"] * 784) + "\n")
    model = ROOT / "models" / "mlp" / "model.keras"
    words = ["--model", model, "--test", "test.csv", "--out", "out.csv", "--engine", engine]
    run(folder, [sys.executable, ROOT / "submit.py", *words])


def test_the_marks_are_made_where_nothing_is_done_about_it(folder):
    done = subprocess.run([sys.executable, "-c", "import typer"], cwd=folder, capture_output=True)
    assert done.returncode == 0
    assert (folder / "MARK").read_text() == "typer\n"

"""No command imports a module from the working folder, and neither do the processes that it
starts.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from every_command import COMMANDS, COSTLY, MLP, PROGRAM, QUICK, ROOT, SUBMIT, prepare

# `python -m` itself imports some modules, with the working folder first on its path, before the
# package can do anything about it.
PROBE = "import sys; print(*sys.modules)"


@pytest.fixture(scope="session")
def impostors(tmp_path_factory):
    """The name of every module of the standard library and of every installed package, but for
    those that `python -m` imports before the module that it is asked for.
    """
    folder = tmp_path_factory.mktemp("probe")
    (folder / "probe.py").write_text(PROBE)
    early = imported(folder, "-m", "probe") - imported(folder, "-c", PROBE)
    installed = {name for name in metadata.packages_distributions() if name.isidentifier()}
    return sorted((sys.stdlib_module_names | installed) - early - {"fashion_nn"})


def imported(folder, *words):
    """The modules that Python has imported when it runs what `words` say, which prints them."""
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


@pytest.fixture
def folder(tmp_path, impostors):
    """A working folder full of modules that leave a mark when they are imported."""
    for name in impostors:
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'MARK')!r}, 'a').write({name!r} + chr(10))\n"
        )
    return tmp_path


def run(folder, command, codes=(0,), **environment):
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode in codes, done.stderr
    mark = folder / "MARK"
    assert not mark.exists(), mark.read_text()


def test_every_command_has_a_line():
    """A new command needs a line in tests/every_command.py."""
    lines = [line.split() for line in (*QUICK, *COSTLY)]
    for words in COMMANDS:
        assert any(tuple(line[: len(words)]) == words for line in lines), " ".join(words)


def test_there_are_impostors_of_what_commands_import(impostors):
    assert {"numpy", "keras", "tensorflow", "ray", "re", "ssl", "json", "csv"} <= {*impostors}
    assert len(impostors) > 250


# The processes of a baseline and of submit.py show the same in less time than those of others.
FEW = ("data list", "inspect mlp.keras", "baseline logreg")
FEW = tuple(line for line in (*QUICK, *COSTLY) if line.startswith(FEW) and "--maps" not in line)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(line, marks=[] if line in FEW else [pytest.mark.slow])
        for line in (*QUICK, *COSTLY)
    ],
)
def test_a_command(folder, prepared, line):
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    # The model of the two runs is a poor one: some checks of its predictions may fail.
    run(folder, [*PROGRAM, *line.split()], codes=(0, 3) if "grade" in line else (0,))


@pytest.mark.parametrize(
    "path", ["", os.pathsep, f".{os.pathsep}"], ids=["none", "empty parts", "a dot"]
)
def test_as_a_program_whatever_pythonpath_says(folder, path):
    # Python itself imports these at start-up from wherever PYTHONPATH leads.
    early = imported(ROOT, "-c", PROBE)
    of_other_systems = {path.stem for path in folder.iterdir() if not is_there(path.stem)}
    for name in early | of_other_systems | {"sitecustomize", "usercustomize"}:
        (folder / f"{name}.py").unlink(missing_ok=True)
    program = Path(sys.executable).with_name("fashion-nn")
    run(folder, [program, "data", "list"], PYTHONPATH=path)


def is_there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # it is imported already, and has no spec
        return True


@pytest.mark.parametrize("engine", ["keras", pytest.param("onnx", marks=pytest.mark.slow)])
def test_submit(folder, engine):
    pixels = ",".join(f"pixel{i}" for i in range(784))
    (folder / "test.csv").write_text(pixels + "\n" + ",".join(["7"] * 784) + "\n")
    model = MLP / "model.keras"
    words = ["--model", model, "--test", "test.csv", "--out", "out.csv", "--engine", engine]
    run(folder, [*SUBMIT, *words])


def test_the_marks_are_made_where_nothing_is_done_about_it(folder):
    done = subprocess.run([sys.executable, "-c", "import typer"], cwd=folder, capture_output=True)
    assert "typer\n" in (folder / "MARK").read_text(), done.stderr

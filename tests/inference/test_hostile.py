"""Each row of the table in `hostile.py` ends as it says there, and no payload has run.

By default the confined process is started for a few rows of each kind only; the others go the same
ways in this process. With `slow` each of them gets its own process. The submissions at the end are
real ones, from a working folder full of impostors.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import hostile
import numpy as np
import pytest
from in_process import Opened

from fashion_nn import inference
from fashion_nn.errors import InputError
from fashion_nn.inference.shared.refusal import Refusal

ROOT = Path(__file__).resolve().parents[2]
TABLES = hostile.tables()
IMAGES = np.zeros((3, 28, 28), np.uint8)
# The rows that get a process of their own by default: one of each kind.
CONFINED = {
    "Lambda in an .h5",
    "an external link",
    "a virtual data set",
    "an array of 8 TB",
    "noise behind the signature",
    "weights that are NaN",
    "a Dense of 4 billion weights",
    "payloads for compiling and building",
}


def rows(*tables, where=lambda name: True):
    found = [row for table in tables for row in TABLES[table] if where(row[0])]
    return pytest.mark.parametrize(("name", "build", "said"), found, ids=[row[0] for row in found])


def light(name):
    """A row that is gone through in this process."""
    return name not in hostile.HEAVY | CONFINED


def test_the_table_is_large_and_names_each_row_once():
    names = [(table, name) for table in TABLES for name, _, _ in TABLES[table]]
    assert len(names) == len(set(names)) >= 200
    known = {name for _, name in names}
    assert known >= CONFINED and known >= hostile.HEAVY


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working folder, the marker no payload may make, and the impostors that would make it
    too.
    """
    folder, marker = tmp_path / "work", tmp_path / "marker"
    folder.mkdir()
    hostile.plant(folder, marker)
    monkeypatch.chdir(folder)
    yield folder, marker
    assert not marker.exists(), "a payload has run"
    assert not (folder / "pickle-marker").exists(), "a pickle was opened"


def made(build, folder, marker):
    path = folder / build.file
    build(path, marker)
    return path


def require(message, path, said):
    """One line of printable ASCII that names the file and says what is wrong with it."""
    assert message.startswith(f"{path}: ")
    found = message.removeprefix(f"{path}: ")
    assert found.isascii() and found.isprintable() and len(found) <= 400
    assert re.fullmatch(said, found), message


@rows("IN_PARENT")
def test_refused_without_a_process(place, monkeypatch, name, build, said):
    monkeypatch.setattr(subprocess, "Popen", None)
    path = made(build, *place)
    for refuse in (inference.check, inference.open_model):
        with pytest.raises(InputError) as caught:
            refuse(path)
        require(str(caught.value), path, said)


def test_the_parent_imports_nothing_that_could_run_a_model(tmp_path):
    hostile.write(tmp_path)
    code = (
        "import sys; from pathlib import Path\nfrom fashion_nn import inference; from"
        " fashion_nn.errors import InputError\nfor path in"
        " sorted(Path(sys.argv[1]).glob('*/model.keras')):\n    try: inference.check(path)\n   "
        " except InputError: pass\nprint([name for name in ('tensorflow', 'keras', 'h5py',"
        " 'pickle', 'zipfile') if name in sys.modules])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, tmp_path],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert set(json.loads(done.stdout.replace("'", '"'))) <= {
        "pickle",
        "zipfile",
    }, "NumPy brings these two"
    assert not list(tmp_path.glob("**/marker"))


@rows("WHEN_OPENED", "WHEN_BUILT", where=light)
def test_refused_by_the_ways_of_the_child(place, name, build, said):
    path = made(build, *place)
    with pytest.raises(Refusal) as caught:
        Opened(path)(IMAGES)
    assert re.fullmatch(said, str(caught.value))


@rows("HARMLESS", where=light)
def test_odd_but_read_by_the_ways_of_the_child(place, name, build, said):
    np.testing.assert_allclose(
        Opened(made(build, *place))(IMAGES), np.full((3, 10), 0.1), atol=1e-6
    )


def confined(place, name, build, said):
    path = made(build, *place)
    if said == "predicts":
        with inference.open_model(path) as predictor:
            np.testing.assert_allclose(predictor(IMAGES), np.full((3, 10), 0.1), atol=1e-6)
        return
    with pytest.raises(InputError) as caught:
        inference.open_model(path)
    require(str(caught.value), path, said)


@rows("WHEN_OPENED", "WHEN_BUILT", "HARMLESS", where=CONFINED.__contains__)
def test_in_a_process_of_its_own(place, name, build, said):
    confined(place, name, build, said)


@pytest.mark.slow
@rows("WHEN_OPENED", "WHEN_BUILT", "HARMLESS", where=lambda name: name not in CONFINED)
def test_the_others_in_a_process_of_their_own(place, name, build, said):
    confined(place, name, build, said)


# The payloads are real: Keras runs them when it is told that the file is safe


def test_the_payloads_are_alive(tmp_path):
    """With Keras' own loader the marker comes to be: of marshalled code, and of an impostor that is
    imported.
    """
    hostile.plant(tmp_path, tmp_path / "unused")
    for name in hostile.IMPOSTORS:
        if not name.startswith("keras_"):
            (tmp_path / f"{name}.py").unlink()
    (tmp_path / "sitecustomize.py").unlink()
    wanted = {"Lambda, marshalled code": "lambda", "a known layer of keras_hub": "imported"}
    paths = []
    for name, build, _ in TABLES["IN_PARENT"]:
        if name in wanted:
            path, marker = tmp_path / f"{wanted[name]}.keras", tmp_path / f"{wanted[name]}-marker"
            build(path, marker)
            paths.append(path)
    code = (
        "import sys, keras, numpy\nsys.path.insert(0, '')\nfor path in sys.argv[1:]:\n    try:"
        " keras.models.load_model(path, compile=False, safe_mode=False)(numpy.zeros((1, 28, 28)))\n"
        "    except Exception as error: print(type(error).__name__)\n"
    )
    subprocess.run(
        [sys.executable, "-P", "-c", code, *paths], cwd=tmp_path, check=True, capture_output=True
    )
    assert (tmp_path / "lambda-marker").exists()
    assert "keras_hub" in (tmp_path / "unused").read_text()


# Whole submissions

SUBMITTED = {
    "Lambda, marshalled code",
    "a known layer of keras_hub",
    "terminal escapes in a name",
    "weights of 1 GiB in 1 MiB",
    "a member that climbs",
    "a named pipe",
    "a pickle",
    "Lambda in an .h5",
    "an external link to /etc/passwd",
    "weights of another shape",
}
TABLE = (
    ",".join(f"pixel{i}" for i in range(784))
    + "\n"
    + "\n".join(",".join(["7"] * 784) for _ in range(3))
    + "\n"
)


def submitted(folder, path, *, script):
    (folder / "test.csv").write_text(TABLE)
    (folder / "out.csv").write_text("older")
    program = (
        [str(ROOT / "submit.py")]
        if script
        else ["-P", "-c", "from fashion_nn.cli import main; main()", "submit"]
    )
    words = ["--model", path.name, "--test", "test.csv", "--out", "out.csv"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {} if script else {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *program, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )


@rows(*TABLES, where=SUBMITTED.__contains__)
def test_a_submission_is_refused_in_one_line(place, name, build, said):
    folder, marker = place
    made(build, folder, marker)
    before = sorted(folder.iterdir())
    # Alternately as a script and as an installed command, which find their modules in different
    # places.
    done = submitted(folder, Path(build.file), script=len(name) % 2 == 0)
    assert done.returncode == 2 and done.stdout == ""
    *_, last = done.stderr.splitlines()
    assert re.fullmatch(rf"error: {build.file}: {said}", last), done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1
    assert (folder / "out.csv").read_text() == "older"
    assert set(folder.iterdir()) - set(before) == {folder / "test.csv", folder / "out.csv"}


def test_a_good_model_is_submitted_among_impostors(place):
    folder, marker = place
    made(hostile.keras(hostile.chain()), folder, marker)
    done = submitted(folder, Path("model.keras"), script=True)
    assert done.returncode == 0, done.stderr
    assert (folder / "out.csv").read_text() == "ImageId,Label\n1,0\n2,0\n3,0\n"


@pytest.mark.parametrize(
    "path", ["hf://keras/mnist.keras", "gs://bucket/model.keras", "https://example.org/m.keras"]
)
def test_addresses_are_no_paths(path):
    with pytest.raises(InputError, match="no such model file"):
        inference.open_model(path)

"""What has to answer at once does not wait for heavy libraries, and what is wrong is said before a
download.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = (
    "tensorflow",
    "keras",
    "keras_tuner",
    "sklearn",
    "pandas",
    "matplotlib",
    "scipy",
    "ray",
    "onnxruntime",
)
# Runs one command after the other in one process, which is cheap: what one imports, the others
# would show too.
CODE = f"""
import contextlib, io, json, sys
from fashion_nn.cli.main import app, run
for line in sys.stdin:
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = run(app, line.split())
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    print(json.dumps([line.strip(), code, heavy, out.getvalue(), err.getvalue().splitlines()]))
"""


def run(commands, cwd, **environment):
    """Of each command: its words, exit code, the heavy modules imported by then, stdout, and lines
    of stderr.
    """
    kept = {name: value for name, value in os.environ.items() if name != "FASHION_NN_DATA"}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        input="\n".join(commands),
        cwd=cwd,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(commands)
    return answers


HELP = """

-h
--help
--version
data
data -h
lab
baseline
models
train -h
train --settings
submit --help
grade -h
tune -h
reproduce -h
lab playground -h
baseline pca-logreg -h
data list
""".splitlines()[1:]


def test_no_heavy_library_is_imported_to_help(tmp_path):
    for words, code, heavy, out, said in run(HELP, tmp_path):
        assert (code, heavy, said) == (0, [], []), words
        assert out, words


def test_a_group_alone_prints_its_help(tmp_path):
    groups = ("", "data", "lab", "baseline")
    answers = run([f"{group} {option}" for group in groups for option in ("", "--help")], tmp_path)
    for alone, asked in zip(answers[::2], answers[1::2], strict=True):
        assert alone[3] == asked[3]


def test_completion_imports_no_heavy_library(tmp_path):
    code = f"""
import sys
from fashion_nn.cli import main
sys.argv = ["fashion-nn"]
try:
    main()
finally:
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    asked = {
        "_FASHION_NN_COMPLETE": "complete_bash",
        "COMP_WORDS": "fashion-nn t",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | asked,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["train", "tune"]
    assert done.stderr.strip() == "[]"


def test_submit_alone_has_a_short_help(tmp_path):
    command = [sys.executable, ROOT / "submit.py", "-h"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "--model" in done.stdout


@pytest.fixture
def offline(tmp_path):
    """An environment in which every download fails at once, and no data set is cached."""
    proxies = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return proxies | {"no_proxy": "", "NO_PROXY": "", "KERAS_HOME": str(tmp_path / "keras")}


def test_missing_data_is_said_without_tensorflow(tmp_path, offline):
    models = f"{ROOT}/models"
    commands = [
        "train mlp",
        "tune mlp --trials 1",
        f"evaluate {models}/mlp",
        f"report {models}/mlp",
        f"export {models}/mlp --format h5 --out x.h5",
        f"ensemble {models}/mlp {models}/cnn-v2",
        "baseline logreg",
        "baseline edges-rbf",
        "data info fashion_mnist",
        "data fetch mnist",
        "data export mnist --out x",
        "lab losses flipped-labels",
    ]
    for words, code, heavy, _, said in run(commands, tmp_path, **offline):
        assert (code, heavy) == (2, []), words
        announced, failed = said
        assert "is not on this machine: downloading it into Keras' cache" in announced
        assert "is not on this machine and could not be downloaded (" in failed
        assert "or use --dataset digits, which needs no download" in failed


def test_a_wrong_argument_is_said_before_a_download(tmp_path, offline):
    commands = [
        "train mlp --set options.speed=1",
        "train mlp --set options.dropout_1=2",
        "train mlp --set restart_epochs=3",
        "train mlp --test test.csv",
        "train mlp --budget soon",
        "tune mlp --only speed",
        "tune mlp --set options.speed=1",
        "tune mlp --engine cloud",
        "baseline pca-logreg --components 0",
        "baseline pca-logreg --keep 0",
        "data fetch cifar",
        f"export {ROOT}/models/mlp --format exe",
    ]
    for words, code, heavy, _, said in run(commands, tmp_path, **offline):
        assert (code, heavy) == (2, []), words
        (line,) = said
        assert "download" not in line

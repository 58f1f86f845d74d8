"""What has to answer at once does not wait for heavy libraries, and what is wrong is said before a
download.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from answering import HEAVY, run

ROOT = Path(__file__).resolve().parent.parent

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
    for each in run(HELP, tmp_path):
        assert (each.code, each.heavy, each.said) == (0, [], []), each
        assert each.out, each


def test_a_group_alone_prints_its_help(tmp_path):
    groups = ("", "data", "lab", "baseline")
    answers = run([f"{group} {option}" for group in groups for option in ("", "--help")], tmp_path)
    for alone, asked in zip(answers[::2], answers[1::2], strict=True):
        assert alone.out == asked.out


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
    for each in run(commands, tmp_path, **offline):
        assert (each.code, each.heavy) == (2, []), each
        announced, failed = each.said
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
    for each in run(commands, tmp_path, **offline):
        assert (each.code, each.heavy) == (2, []), each
        (line,) = each.said
        assert "download" not in line

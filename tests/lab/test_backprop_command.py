"""fashion-nn lab backprop: what it prints, its exit codes, and that it needs no TensorFlow."""

import json
import subprocess
import sys

import pytest

from fashion_nn.cli import main
from fashion_nn.lab.backprop import load, trace
from fashion_nn.lab.backprop.exercise import built_in
from fashion_nn.lab.backprop.sheet import KEYS


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["fashion-nn", "lab", "backprop", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return exit_.value.code, out, err

    return run


def test_json(command):
    code, out, err = command("2a", "--json")
    assert (code, err) == (0, "")
    assert tuple(json.loads(out)) == ("format", *KEYS)
    assert json.loads(out) == {"format": 1} | json.loads(
        json.dumps(trace(load("report-004/2a")).to_json())
    )


def test_a_printed_trace_is_an_answer(command, tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(command("2a", "--json")[1])
    assert json.loads(command("2a", "--check", path, "--json")[1])["verdict"] == "right"


def test_a_file_text_and_markdown(command, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(load("1").to_json()))
    assert "class 1 of 2" in command(path)[1]
    code, out, _ = command(path, "--markdown")
    assert code == 0 and "```math" in out


def test_list(command):
    code, out, _ = command("--list")
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == list(built_in())
    assert list(json.loads(command("--list", "--json")[1])) == ["format", *built_in()]


def test_check(command, tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"deltas": [None, [[0.113937], [0.13437]]]}))
    code, out, _ = command("1", "--check", path)
    assert code == 0 and "first wrong term: δ[2], unit 1, sample 1" in out and "sign lost" in out
    graded = json.loads(command("1", "--check", path, "--json")[1])
    assert graded["verdict"] == "wrong" and graded["first_wrong"]["slip"] == "sign lost"
    path.write_text(json.dumps({"deltas": [None, [[-0.114], [0.134]]]}))
    graded = json.loads(command("1", "--check", path, "--json")[1])
    assert graded["verdict"] == "right" and graded["rounding"] == {"term": "δ[2]", "digits": 3}


def test_symbols_and_pictures(command, tmp_path):
    assert "β1 = w1*w5 + w2*w6" in command("report-003/logistic", "--symbolic")[1]
    assert command("1", "--picture", tmp_path / "network.png")[0] == 0
    assert command("--figures", tmp_path / "figures")[0] == 0
    assert (tmp_path / "network.png").exists() and len(list((tmp_path / "figures").iterdir())) == 7


@pytest.mark.parametrize(
    "words, message",
    [
        ((), "name an exercise"),
        (("nothing",), "unknown exercise 'nothing'"),
        (("1", "--json", "--markdown"), "give one"),
        (("1", "--check", "nowhere.json"), "nowhere.json: cannot be read"),
        (("1", "--symbolic"), "only linear units collapse"),
    ],
)
def test_bad_input_is_one_line(command, words, message):
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and message in err


def test_neither_tensorflow_nor_other_heavy_modules_are_imported():
    heavy = ["tensorflow", "keras", "pandas", "matplotlib", "sklearn", "scipy", "sympy"]
    script = (
        "import sys; from fashion_nn.cli.main import app, run; "
        "code = run(app, ['lab', 'backprop', 'report-004/1']); "
        f"print([name for name in {heavy} if name in sys.modules], code, file=sys.stderr)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stderr.strip() == "[] 0"


def test_a_terminal_without_greek():
    script = (
        "from fashion_nn.cli.main import app, run; raise SystemExit(run(app, ['lab', 'backprop',"
        " '1']))"
    )
    found = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", script],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii"} | _paths(),
    )
    assert found.returncode == 0 and b"?[2] = (a[2] - t)" in found.stdout


def _paths():
    import os

    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}

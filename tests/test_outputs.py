"""Every option that names an output refuses what it cannot write, before the work begins."""

import os
from pathlib import Path

import pytest
from every_command import COMMANDS
from run_folders import make_run

from fashion_nn.cli.main import app, run

INPUTS = {
    *("--test", "--model", "--train", "--sample", "--models", "--data-dir", "--recipe", "--record"),
    *("--labels", "--against", "--check", "--calibrate", "--worksheet", "--points"),
    "--students",
}
PATHS = [
    (words, option.opts[0])
    for words, command in COMMANDS.items()
    for option in command.params
    if option.opts[0].startswith("--") and option.type_descriptor.annotation is Path
]
OUTPUTS = [(words, name) for words, name in PATHS if name not in INPUTS]


FILES = {
    ("submit",),
    ("export",),
    ("data", "import"),
    ("data", "suspects"),
}  # whose --out is a file


def takes_folder(words, name):
    return name == "--figures" or (name == "--out" and words not in FILES)


def test_there_are_outputs():
    assert len(OUTPUTS) > 20 and (("submit",), "--out") in OUTPUTS


def fifo(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/null")


def the_other_kind(path, words, name):
    if takes_folder(words, name):
        path.write_text("")
    else:
        path.mkdir()


@pytest.mark.parametrize("kind", ["fifo", "device", "the other kind"])
@pytest.mark.parametrize(
    ("words", "name"),
    OUTPUTS,
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_an_output_that_is_no_plain_file_is_refused(
    tmp_path, monkeypatch, capsys, words, name, kind
):
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "target"
    if kind == "the other kind":
        the_other_kind(target, words, name)
    else:
        {"fifo": fifo, "device": device}[kind](target)
    before = os.lstat(target).st_ino
    arguments = [
        each
        for option in COMMANDS[words].params
        if option.required
        for each in ([option.opts[0]] if option.opts[0].startswith("--") else []) + ["nothing"]
        if option.opts[0] != name
    ]
    assert run(app, [*words, *arguments, name, "target"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: target: is a ") and len(error.splitlines()) == 1, error
    assert os.lstat(target).st_ino == before
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_what_the_file_system_refuses_is_one_line(tmp_path, capsys):
    long = str(tmp_path / ("a" * 300))
    other = make_run(tmp_path / "run").folder
    for words in (
        ["grade", long, "--test", long],
        ["compare", long],
        ["report", long],
        ["evaluate", long],
        ["export", long, "--format", "h5"],
        ["ensemble", long, str(other)],
        ["train", "mlp", "--dataset", "digits", "--out", long],
        ["tune", "mlp", "--dataset", "digits", "--out", long],
        ["train", "mlp", "--dataset", long],
        ["data", "info", long],
        ["lab", "backprop", f"{long}.json"],
        ["compare", "--record", long],
    ):
        code = run(app, words)
        error = capsys.readouterr().err
        assert code == 2 and error.count("\n") == 1 and error.startswith("error: "), (words, error)
    assert {path.name for path in Path(tmp_path).iterdir()} == {"run"}


def test_a_missing_folder_above_an_output_is_made_and_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "models" / "run")
    assert run(app, ["compare", "--csv", "new/board.csv"]) == 0
    assert "made the folder new\n" in capsys.readouterr().err
    assert run(app, ["compare", "--csv", "new/other.csv"]) == 0
    assert "made the folder" not in capsys.readouterr().err

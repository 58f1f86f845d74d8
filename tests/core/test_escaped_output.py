"""What is printed steers no terminal, and an output that fails changes nothing else."""

import io
import os
import subprocess
import sys
import warnings

import pytest
import typer

from fashion_nn import console
from fashion_nn.cli.main import run
from fashion_nn.core.text import printable
from fashion_nn.errors import InputError

HOSTILE = {
    "escape": "\x1b]0;owned\x07\x1b[2J",
    "one byte": "\x9b2J",
    "carriage return": "all well\rlies",
    "backspace": "bad\x08\x08\x08good",
    "delete": "\x7f",
    "direction": "\u202egpj.exe",
    "isolate": "\u2066hidden\u2069",
    "without width": "ad\u200bmin\ufeff",
    "line separator": "one\u2028two",
    "surrogate": "\ud800",
    "byte of a file name": os.fsdecode(b"\xff"),
    "tag": "\U000e0041",
}
# A command that does something, prints, and does something else.
COMMAND = """
import sys, typer
from fashion_nn import console
from fashion_nn.cli.main import run
app = typer.Typer()
@app.command()
def work():
    for number in range(2000):
        print("a line of output that is long enough")
    console.table(["number"], [[1]])
    console.note("a note")
    open("done", "w").close()
sys.exit(run(app, []))
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_every_way_to_print(name, capsys):
    text = HOSTILE[name]
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command() -> None:
        print(text)
        typer.echo(text)
        console.table([text], [[text]], title=text)
        console.note(text)
        raise RuntimeError(text)

    assert run(app, ["--debug"]) == 70
    out, err = capsys.readouterr()
    for shown in (out, err):
        assert shown.replace("\n", "").isprintable()
    escaped = printable(text)
    assert out.count(escaped) >= 4  # typer removes some escape sequences by itself
    assert err.count(escaped) >= 2


def test_messages_of_wrong_input_and_wrong_words(capsys):
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command(word: str) -> None:
        raise InputError(f"{word}: is wrong\nerror: something else")

    assert run(app, ["\x1b[2J"]) == 2
    assert run(app, ["a", "\u202e"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == r"error: \x1b[2J: is wrong error: something else"
    assert second.endswith(r"(\u202e)")


def test_a_cell_and_a_note_have_one_line(capsys):
    console.table(["name"], [["one\ntwo"]], title="a\nb")
    console.note("one\ntwo")
    out, err = capsys.readouterr()
    assert [line.rstrip() for line in out.splitlines()] == [r"a\nb", "name", r"one\ntwo"]
    assert err == "one\\ntwo\n"


def test_markup_in_names_is_text(capsys):
    console.table(["a wide [red] title"], [["[/x]"]], title="[/bold] :smile:")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["[/bold] :smile:", "a wide [red] title", "[/x]"]


def test_a_warning_of_a_library_is_one_note(capsys):
    with warnings.catch_warnings(), console.notes_for_warnings():
        warnings.simplefilter("always")
        for _ in range(2):
            warnings.warn("failed to converge:\n  \x1b[2Jsee the manual", RuntimeWarning, 1)
    said = "warning: failed to converge: \\x1b[2Jsee the manual (RuntimeWarning)\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_letters_that_the_terminal_lacks(encoding, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    app = typer.Typer()

    @app.command()
    def command() -> None:
        print("caf\xe9 \u03c3")
        console.table(["\u03c3"], [["\xe9"]])

    assert run(app, []) == 0
    printed = stream.buffer.getvalue().decode(encoding)
    assert printed.splitlines()[0] == "caf\xe9 \u03c3".encode(encoding, "backslashreplace").decode(
        encoding
    )


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        ("", 0, ["a note"]),
        ("| head -1", 0, ["a note"]),
        ("| true", 0, ["a note"]),
        (">&-", 0, ["a note"]),
        (">&- 2>&- <&-", 0, []),
        ("2>&-", 0, []),
        ("2>/dev/full", 0, []),
        (
            ">/dev/full",
            2,
            [
                "a note",
                "error: not all output could be printed (No space left on device): print it"
                " elsewhere",
            ],
        ),
        (">/dev/full 2>/dev/full", 2, []),
    ],
)
def test_the_work_is_done_whatever_becomes_of_the_output(tmp_path, redirection, code, said):
    script = f"{sys.executable} -c '{COMMAND}' {redirection}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code
    assert done.stderr.splitlines() == said
    assert (tmp_path / "done").exists()

"""A signal ends a command with one line and 128 + its number, whenever it comes."""

import os
import signal
import subprocess
import sys
import time

import pytest

from fashion_nn.core import stopping

SIGNALS = {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "SIGHUP"}
# The command, and a module that sends its signal while the module `during` is imported.
COMMAND = """
import builtins, os, signal, sys
during, number = sys.argv[1], int(sys.argv[2])
imported = builtins.__import__
def sending(name, *others):
    if name == during:
        os.kill(os.getpid(), number)
    return imported(name, *others)
builtins.__import__ = sending
sys.argv = ["fashion-nn", *sys.argv[3:]]
from fashion_nn.__main__ import main
main()
"""


def run_interrupted(during, name, *words):
    number = int(getattr(signal, name))
    command = [sys.executable, "-c", COMMAND, during, str(number), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stderr == f"error: stopped by {SIGNALS[name]}\n"
    assert (done.returncode, done.stdout) == (128 + number, "")


@pytest.mark.parametrize("name", SIGNALS)
def test_while_the_commands_are_imported(name):
    run_interrupted("typer", name, "data", "list")


@pytest.mark.parametrize("during", ["fashion_nn.core.safe_path", "signal"])
def test_ctrl_c_before_that(during):
    run_interrupted(during, "SIGINT", "data", "list")


@pytest.mark.parametrize("name", SIGNALS)
def test_while_a_command_imports_what_it_needs(name):
    run_interrupted("rich.table", name, "data", "list")


def test_an_exception_that_a_library_has_turned_into_another(capsys):
    import typer

    from fashion_nn.cli.main import run

    app = typer.Typer()

    @app.command()
    def command() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        except KeyboardInterrupt:
            raise ImportError("initialization failed") from None

    assert run(app, []) == 130
    assert capsys.readouterr().err == "error: stopped by Ctrl-C\n"


def test_handlers_are_restored():
    def handler(*_):
        pass

    before = signal.signal(signal.SIGHUP, handler)
    try:
        with pytest.raises(stopping.Stopped), stopping.raised():
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(60)
        assert signal.getsignal(signal.SIGHUP) is handler
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ignored_signals_stay_ignored():
    """`nohup` and a shell that starts something in the background ignore them."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping.raised() as requests:
            os.kill(os.getpid(), signal.SIGHUP)
        assert requests.last is None
    finally:
        signal.signal(signal.SIGHUP, before)

"""Entry points, the list of all commands, and how errors become one line and an exit code."""

import os
import signal
import sys
import traceback
from typing import Annotated

import typer

from fashion_nn import __version__
from fashion_nn.cli import (
    baseline,
    compare,
    data,
    demo,
    ensemble,
    evaluate,
    export,
    grade,
    inspect,
    lab,
    lr_range,
    models,
    report,
    reproduce,
    submit,
    train,
    tune,
)
from fashion_nn.cli.options import HELP_NAMES, made_folders
from fashion_nn.console import note, notes_for_warnings
from fashion_nn.core import output, stopping
from fashion_nn.core.environment import NO_TELEMETRY
from fashion_nn.errors import InputError

COMMANDS = (
    (models.models, models.EXAMPLES),
    (train.train, train.EXAMPLES),
    (evaluate.evaluate, evaluate.EXAMPLES),
    (compare.compare, compare.EXAMPLES),
    (report.report, report.EXAMPLES),
    (inspect.inspect, inspect.EXAMPLES),
    (export.export, export.EXAMPLES),
    (demo.demo, demo.EXAMPLES),
    (ensemble.ensemble, ensemble.EXAMPLES),
    (submit.submit, submit.EXAMPLES),
    (grade.grade, grade.EXAMPLES),
    (tune.tune, tune.EXAMPLES),
    (lr_range.lr_range, lr_range.EXAMPLES),
    (reproduce.reproduce, reproduce.EXAMPLES),
)
GROUPS = {"data": data.app, "lab": lab.app, "baseline": baseline.app}

_INTERRUPTED = 128 + signal.SIGINT

app = typer.Typer(
    name="fashion-nn",
    help="Small-image classification in Keras: from raw image files to a graded prediction file.",
    context_settings=HELP_NAMES,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for function, examples in COMMANDS:
    app.command(epilog=examples)(function)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def main() -> None:
    """Entry point of `fashion-nn`.

    The exit code is 0 on success, 2 for bad input, 3 for a failed check, 70 for an internal
    error, 129 after SIGHUP, 130 after Ctrl-C and 143 after SIGTERM.
    """
    sys.exit(run(app, sys.argv[1:]))


def submit_main() -> None:
    """Entry point of `submit.py`."""
    alone = typer.Typer(
        context_settings=HELP_NAMES,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    alone.command(epilog=submit.SCRIPT_EXAMPLES)(submit.submit)
    sys.exit(run(alone, sys.argv[1:]))


def run(command: typer.Typer, arguments: list[str]) -> int:
    """Run `command` and return its exit code.

    `--debug` anywhere among the arguments shows the traceback of an internal error.
    """
    # The log lines of TensorFlow do not help a user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Whichever library imports ONNX Runtime, here or in a further process.
    os.environ.update(NO_TELEMETRY)
    output.open_closed_streams()
    with output.escaped() as printed, notes_for_warnings():
        code = _run(command, arguments)
        for folder in made_folders():
            note(f"made the folder {folder}")
        printed.flush()
        if printed.error is None or isinstance(printed.error, BrokenPipeError):
            # A reader such as `head` that has seen enough is no error.
            return code
        reason = printed.error.strerror or printed.error
        unprinted = _fail(f"not all output could be printed ({reason}): print it elsewhere", 2)
        return code or unprinted


def _run(command: typer.Typer, arguments: list[str]) -> int:
    debug = "--debug" in arguments
    words = [word for word in arguments if word != "--debug"]
    try:
        with stopping.raised() as requests:
            try:
                code = command(words, standalone_mode=False) or 0
            except Exception as error:
                # A library may turn the exception of a signal into another one.
                if requests.last:
                    raise stopping.Stopped(requests.last) from None
                return _explained(error, debug)
    except stopping.Stopped as stopped:
        return _stopped(stopped.number)
    except KeyboardInterrupt:
        return _stopped(signal.SIGINT)
    # Typer turns Ctrl-C into a silent 130.
    return _stopped(signal.SIGINT) if code == _INTERRUPTED else code


def _explained(error: Exception, debug: bool) -> int:
    """Print the line for `error`, and return the exit code."""
    if isinstance(error, InputError):
        return _fail(str(error), 2)
    if isinstance(error, typer.Abort):
        return _stopped(signal.SIGINT)
    if isinstance(error, MemoryError):
        return _fail("out of memory: use a smaller batch_size, or a machine with more", 2)
    if isinstance(error, OSError) and error.strerror and not debug:
        # What the file system refuses is no defect, wherever it comes up.
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror}: make it accessible, or name another", 2)
    if hasattr(error, "format_message"):  # An error of typer: a wrong option or argument.
        return _fail(error.format_message(), 2)
    if debug:
        traceback.print_exception(error)
    found = f"{type(error).__name__}: {error}"
    return _fail(f"internal error, please report it ({found}); --debug shows where", 70)


def _stopped(number: int) -> int:
    return _fail(stopping.message(number), 128 + number)


def _fail(message: str, code: int) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code

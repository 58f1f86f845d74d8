"""Entry points, the list of all commands, and how errors become one line and an exit code."""

import os
import signal
import sys
import threading
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
    models,
    report,
    reproduce,
    submit,
    train,
    tune,
)
from fashion_nn.cli.options import HELP_NAMES
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
    (reproduce.reproduce, reproduce.EXAMPLES),
)
GROUPS = {"data": data.app, "lab": lab.app, "baseline": baseline.app}

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
    error, 130 after Ctrl-C and 143 after SIGTERM.
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
    debug = "--debug" in arguments
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminated)
    try:
        words = [word for word in arguments if word != "--debug"]
        code = command(words, standalone_mode=False) or 0
        # Typer turns Ctrl-C into a silent 130.
        return _fail("stopped by Ctrl-C", 130) if code == 130 else code
    except InputError as error:
        return _fail(str(error), 2)
    except _Terminated:
        return _fail("stopped by SIGTERM", 143)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("stopped by Ctrl-C", 130)
    except MemoryError:
        return _fail("out of memory: use a smaller batch_size, or a machine with more", 2)
    except BrokenPipeError:
        # The reader of the output has gone. Without this, Python prints an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if isinstance(error, OSError) and error.strerror and not debug:
            # What the file system refuses is no defect, wherever it comes up.
            place = f"{error.filename}: " if error.filename else ""
            return _fail(f"{place}{error.strerror}: make it accessible, or name another", 2)
        if hasattr(error, "format_message"):  # An error of typer: a wrong option or argument.
            return _fail(error.format_message(), 2)
        if debug:
            raise
        found = f"{type(error).__name__}: {error}"
        return _fail(f"internal error, please report it ({found}); --debug shows where", 70)


class _Terminated(BaseException):
    """SIGTERM as an exception, so that temporary files are removed."""


def _terminated(*_: object) -> None:
    raise _Terminated


def _fail(message: str, code: int) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code

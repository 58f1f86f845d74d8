"""Entry points, and the one place where whatever goes wrong becomes one line and an exit code."""

import os
import signal
import sys
import threading
from typing import Annotated

import typer

from fashion_nn import __version__
from fashion_nn.cli import baselines, data, grade, lab, models, submit
from fashion_nn.cli.options import HELP_NAMES
from fashion_nn.cli.reproduce import reproduce
from fashion_nn.cli.tune import tune
from fashion_nn.errors import InputError

app = typer.Typer(
    name="fashion-nn",
    help="Small-image classification in Keras: from raw image files to a graded prediction file.",
    context_settings=HELP_NAMES,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(data.app, name="data")
app.add_typer(lab.app, name="lab")
app.add_typer(baselines.app, name="baseline")
for command in (*models.COMMANDS, *baselines.COMMANDS, *submit.COMMANDS, *grade.COMMANDS):
    app.command()(command)
app.command()(tune)
app.command()(reproduce)


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
    """Entry point of `fashion-nn`. Exit code 0, 2 for bad input, 3 for a failed check, 70 for a defect of ours."""
    sys.exit(run(app, sys.argv[1:]))


def submit_main() -> None:
    """Entry point of `submit.py`."""
    alone = typer.Typer(
        context_settings=HELP_NAMES, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
    )
    alone.command()(submit.submit)
    sys.exit(run(alone, sys.argv[1:]))


def run(command: typer.Typer, arguments: list[str]) -> int:
    """Run `command`; return its exit code. `--debug` anywhere shows the traceback of an internal error."""
    # TensorFlow's own log lines are no use to whoever trains or submits.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    debug = "--debug" in arguments
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminated)
    try:
        code = command([word for word in arguments if word != "--debug"], standalone_mode=False) or 0
        # Typer makes Ctrl-C a silent 130.
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
        # Whoever read the output went away; without this, Python complains once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if hasattr(error, "format_message"):  # Typer's own: a wrong option or argument
            return _fail(error.format_message(), 2)
        if debug:
            raise
        return _fail(f"internal error, please report it ({type(error).__name__}: {error}); --debug shows where", 70)


class _Terminated(BaseException):
    """SIGTERM, as an exception, so that half-written temporary files are removed."""


def _terminated(*_: object) -> None:
    raise _Terminated


def _fail(message: str, code: int) -> int:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    return code

"""How a command ends on Ctrl-C, SIGTERM and SIGHUP: with one line, and 128 + the signal as its exit
code.

Only the standard library is imported, because this comes before every other import.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

NAMES = {
    name: shown
    for name, shown in (("SIGINT", "Ctrl-C"), ("SIGTERM", "SIGTERM"), ("SIGHUP", "SIGHUP"))
    if hasattr(signal, name)
}
_SIGNALS = [getattr(signal, name) for name in NAMES]


class Stopped(BaseException):
    """A signal has asked this process to end, as an exception so that temporary files are removed.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


class Interrupted(Stopped, KeyboardInterrupt):
    """The same for Ctrl-C."""


class Requests:
    """What asked this process to end while `raised` was in force.

    Attributes:
        last: number of the last signal; None if there was none. A library may turn the exception
            of a signal into another one.
    """

    def __init__(self) -> None:
        self.last: int | None = None

    def handle(self, number: int, _: FrameType | None) -> NoReturn:
        """Handle a signal by raising its exception."""
        self.last = number
        raise Interrupted(number) if number == signal.SIGINT else Stopped(number)


def message(number: int) -> str:
    """What is printed when the signal `number` ends the command."""
    return f"stopped by {NAMES[signal.Signals(number).name]}"


def exit_at_once() -> None:
    """Let the signals end this process immediately; for the time in which nothing has been done.

    An exception would not do: one that is raised inside an import becomes a traceback, or an
    arbitrary other error.
    """
    for number in _SIGNALS:
        # What is ignored, as `nohup` has it, stays so.
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _exit)


@contextmanager
def raised() -> Iterator[Requests]:
    """Let the signals raise exceptions meanwhile: `Interrupted` for Ctrl-C, `Stopped` for others.

    Signals that are ignored stay so. Outside the main thread, where handlers cannot be set, this
    does nothing.
    """
    requests = Requests()
    if threading.current_thread() is not threading.main_thread():
        yield requests
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number, handler in before.items():
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, requests.handle)
        yield requests
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


def _exit(number: int, _: FrameType | None) -> NoReturn:
    try:
        os.write(2, f"error: {message(number)}\n".encode())
    finally:
        os._exit(128 + number)

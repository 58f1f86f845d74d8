"""What the command line draws: progress bars and notes on stderr, tables on stdout.

What a command prints beside that stands in its file. Rich is imported when something is drawn.
"""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from fashion_nn.core.output import unescaped
from fashion_nn.core.text import duration, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn

    from fashion_nn.runs import TrialRecord
    from fashion_nn.tuning.search import Standing

_PIPED_WIDTH = 200
_GAP = 2


def _err() -> "Console":
    """The console of all bars and notes: it prints a note above a bar that is being drawn."""
    return _err_on(unescaped(sys.stderr))


@lru_cache(maxsize=1)
def _err_on(stream: TextIO) -> "Console":
    return _console(stream, soft_wrap=True)


def _console(stream: TextIO, **how: Any) -> "Console":
    """A console on `stream`. Text of others must be escaped before it is printed there."""
    from rich.console import Console

    return Console(file=stream, markup=False, emoji=False, highlight=False, **how)


def _is_terminal() -> bool:
    """Whether bars are drawn: rich takes a notebook for a terminal, but needs ipywidgets there."""
    return _err().is_terminal and not _err().is_jupyter


def _progress(*columns: "ProgressColumn") -> "Progress":
    """A bar behind its description, followed by `columns`; it is removed at its end."""
    from rich.progress import BarColumn, Progress, TextColumn

    description = TextColumn("{task.description}", markup=False)
    return Progress(
        description,
        BarColumn(),
        *columns,
        console=_err(),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


class TrainingBar:
    """A training on stderr: a bar for the running epoch on a terminal, a line for each ended one.

    Without `every_epoch`, lines are printed for the last epoch only.

    Attributes:
        stop_requested: whether Ctrl-C was pressed. The training then stops after its step: inside
            the code of TensorFlow, an interrupt would surface as any other error.
    """

    def __init__(self, name: str, epochs: int, *, every_epoch: bool = True):
        self.name = name
        self.epochs = epochs
        self.every_epoch = every_epoch
        self.stop_requested = False
        self._left: float | None = None
        self._last = ""
        self._bar: Progress | None = None

    def __enter__(self) -> "TrainingBar":
        self._handler = None
        # Elsewhere, as in a thread of a server, Python allows no handler.
        if threading.current_thread() is threading.main_thread():
            self._handler = signal.signal(signal.SIGINT, self._request_stop)
        if _is_terminal():
            from rich.progress import MofNCompleteColumn, TimeRemainingColumn

            self._bar = _progress(MofNCompleteColumn(), TimeRemainingColumn())
            self._task = self._bar.add_task(printable(self.name))
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
        if self._bar:
            self._bar.stop()
        if self._last:
            note(self._last)

    def _request_stop(self, *_: object) -> None:
        self.stop_requested = True
        signal.signal(signal.SIGINT, self._handler)  # A second Ctrl-C stops at once.

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        """Draw that `step` of `steps` is complete."""
        if self._bar:
            description = f"{self.name} epoch {epoch}/{self.epochs} loss {loss:.4f}"
            self._bar.update(
                self._task, completed=step, total=steps, description=printable(description)
            )

    def resize(self, epochs: int, left: float) -> None:
        """Show from now on that there are this number of epochs, and the seconds that are left."""
        self.epochs = epochs
        self._left = left

    def epoch(self, row: dict[str, float], improved: bool, seconds: float) -> None:
        """Print the figures of a complete epoch."""
        parts = [f"{self.name} epoch {row['epoch']:>3}/{self.epochs}"]
        for key in ("loss", "accuracy", "val_loss", "val_accuracy"):
            if key in row:
                parts.append(f"{key} {row[key]:.4f}")
        parts.append(f"{seconds:.1f} s")
        if self._left is not None and row["epoch"] < self.epochs:
            parts.append(f"about {duration(self._left)} left")
        elif improved:
            parts.append("best so far")
        line = "  ".join(parts)
        if self.every_epoch:
            note(line)
        else:
            self._last = line


@contextmanager
def training_bars() -> Iterator[Callable[[str, int], TrainingBar]]:
    """Yield a function that starts the bar of the next training, after ending the one before."""
    with ExitStack() as bars:

        def start(name: str, epochs: int) -> TrainingBar:
            bars.close()
            return bars.enter_context(TrainingBar(name, epochs))

        yield start


class SearchBar:
    """A search on stderr: a bar with the best so far on a terminal, a line for each ended trial."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def __enter__(self) -> "SearchBar":
        if _is_terminal():
            from rich.progress import MofNCompleteColumn, TextColumn

            self._bar = _progress(MofNCompleteColumn(), TextColumn("{task.fields[left]}"))
            self._task = self._bar.add_task("search", total=None, left="")
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def __call__(self, standing: "Standing", ended: "TrialRecord | None") -> None:
        """Draw how the search stands, and print the trial that has just ended."""
        best = standing.best
        if ended:
            is_best = best is not None and best.id == ended.id
            _note_trial(ended, standing.objective, is_best)
        if self._bar is None:
            return
        shown = f"best {best.score:.4f} ({best.id})" if best else "no result yet"
        doing = f"{standing.running} running"
        if standing.retraining:
            doing = "training the best again"
        left = standing.seconds_left
        self._bar.update(
            self._task,
            description=printable(f"trials, {doing}, {shown}"),
            completed=standing.done,
            total=standing.of,
            left="" if left is None else f"{duration(left)} left",
        )


def _note_trial(ended: "TrialRecord", objective: str, is_best: bool) -> None:
    parts = [f"trial {ended.id}", str(ended.status)]
    if ended.score is not None:
        parts.append(f"{objective} {ended.score:.4f}")
    parts.append(f"{ended.epochs_run} epochs")
    parts.append(f"{ended.seconds:.1f} s")
    if ended.message and ended.score is None:
        parts.append(ended.message)
    if is_best:
        parts.append("best so far")
    note("  ".join(parts))


@contextmanager
def work_bar(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback (done, total) that draws a bar on a terminal; None elsewhere."""
    if not _is_terminal():
        yield None
        return
    from rich.progress import TaskProgressColumn, TimeRemainingColumn

    with _progress(TaskProgressColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task(what)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    title: str | None = None,
    *,
    whole_cells: bool = False,
) -> None:
    """Print rows. A column whose cells are all numbers, or text of digits, stands to the right.

    Args:
        whole_cells: break no cell. If the terminal is too narrow, the table is printed in parts
            one below the other, each with some of the columns and the first.
    """
    # Piped output is for programs and as wide as the table needs.
    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    console = _console(unescaped(sys.stdout), width=width)
    drawn = [_column(name, [row[i] for row in rows]) for i, name in enumerate(columns)]
    parts = [drawn]
    if whole_cells and _width([column.width for column in drawn]) > console.width:
        parts = _parts(drawn, console.width)
    for number, part in enumerate(parts):
        if number > 0:
            console.print()
        _print_part(console, part, None if number else title, whole_cells=len(parts) > 1)


@dataclass(frozen=True)
class _Column:
    """A column of a table.

    width: number of characters without a line break.
    least_width: the same if only the title is broken, between words.
    """

    title: str
    cells: list[str]
    right: bool
    width: int
    least_width: int


def _column(title: str, values: Sequence[object]) -> _Column:
    title = printable(title)
    cells = [f"{value:,}" if isinstance(value, int) else printable(str(value)) for value in values]
    widest = max((len(cell) for cell in cells), default=0)
    return _Column(
        title=title,
        cells=cells,
        right=all(_numeric(value) for value in values),
        width=max(widest, len(title)),
        least_width=max([widest, *(len(word) for word in title.split())]),
    )


def _width(widths: Sequence[int]) -> int:
    """The width of columns of these widths, with the gaps between them."""
    return sum(widths) + _GAP * (len(widths) - 1)


def _parts(columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    """The columns of each part of a table that is too wide; each part begins with the first."""
    first, *others = columns
    parts = [[first]]
    for column in others:
        longer = [*parts[-1], column]
        fits = _width([each.least_width for each in longer]) <= width
        if fits or len(longer) == 2:
            parts[-1] = longer
        else:
            parts.append([first, column])
    return parts


def _print_part(
    console: "Console",
    columns: Sequence[_Column],
    title: str | None,
    *,
    whole_cells: bool,
) -> None:
    from rich.table import Table

    shown = None if title is None else printable(title)
    drawn = Table(title=shown, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        drawn.add_column(
            column.title,
            justify="right" if column.right else "left",
            overflow="fold",
            width=column.least_width if whole_cells else None,
        )
    for i in range(len(columns[0].cells)):
        drawn.add_row(*(column.cells[i] for column in columns))
    console.print(drawn)


def note(text: str) -> None:
    """Print a line for people, on stderr."""
    _err().print(printable(text))


@contextmanager
def notes_for_warnings() -> Iterator[None]:
    """Print each warning of a library as one note meanwhile, and an equal one only once.

    Of what a library will change in its own interface, users are told nothing.
    """
    printed = set()

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        text = f"warning: {' '.join(str(message).split())} ({category.__name__})"
        if text not in printed:
            printed.add(text)
            note(text)

    with warnings.catch_warnings():
        warnings.showwarning = show
        for category in (DeprecationWarning, PendingDeprecationWarning):
            warnings.simplefilter("ignore", category)
        yield


def _numeric(cell: object) -> bool:
    return isinstance(cell, int | float) or str(cell)[:1].isdigit()


def load_tensorflow() -> None:
    """Import TensorFlow without its log lines, even those before a log level counts."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    saved = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import keras  # noqa: F401
        import tensorflow

        tensorflow.get_logger().setLevel("ERROR")
    finally:
        os.dup2(saved, 2)
        os.close(saved)

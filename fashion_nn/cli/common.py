"""What several commands do: load data with a progress bar, and print JSON, accuracies and hints."""

import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from fashion_nn import console, datasets
from fashion_nn.api.data import origin_of, require_same_rows
from fashion_nn.api.results import MEND
from fashion_nn.cli.options import in_seconds
from fashion_nn.core.numbers import whole
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.core.text import quoted
from fashion_nn.core.writing import FORMAT
from fashion_nn.errors import InputError
from fashion_nn.runs import Run, open_run
from fashion_nn.wrapping import is_file

Number = TypeVar("Number", int, float)


def announce_download(source: str | Path, data_dir: str | os.PathLike[str] | None) -> None:
    """Print a note if `source` is a known data set that must be downloaded."""
    if datasets.needs_download(source, data_dir=data_dir):
        console.note(f"{source} is not on this machine: downloading it into Keras' cache")


def load_splits(
    source: str | Path,
    *,
    data_dir: Path | None = None,
    test: Path | None = None,
    **more: Any,
) -> datasets.Splits:
    """`datasets.load`, with a progress bar, a note before a download, and one that says what the
    files were taken for.
    """
    # A known data set has test rows of its own. With others it is refused, and nothing downloaded.
    if test is None:
        announce_download(source, data_dir)
    with console.work_bar("reading") as progress:
        splits = datasets.load(source, data_dir=data_dir, test=test, progress=progress, **more)
    if splits.said:
        console.note(splits.said)
    for warning in splits.warnings:
        console.note(f"warning: {warning}")
    return splits


Load = Callable[[str, Path | None, datasets.ReadOptions], datasets.Splits]
"""Reads a data set, and its test rows from a file of their own, as the options say."""


def load_from(data_dir: Path | None) -> Load:
    """`load_splits` for known data sets in this folder."""
    return lambda source, test, options: load_splits(
        source, data_dir=data_dir, test=test, options=options
    )


def load_data_of(
    run: Run,
    dataset: str | None,
    load: Load,
    *,
    test: Path | None = None,
    options: datasets.ReadOptions = datasets.FOUND_OUT,
) -> datasets.Splits:
    """The data of a run: `dataset` if it is given, else what the run was trained on.

    Args:
        run: the run.
        dataset: value of --dataset.
        load: reads the data.
        test: value of --test.
        options: values of the options that say how files are read.

    Raises:
        InputError: the run was trained on a file that is not stored, not there any more, or holds
            other rows now.
    """
    if dataset is not None:
        return load(dataset, test, options)
    origin = origin_of(run)
    if options == datasets.FOUND_OUT:
        options = origin.options
    splits = load(origin.dataset, test or (Path(origin.test) if origin.test else None), options)
    require_same_rows(run, splits)
    return splits


def loader(
    dataset: str | None,
    data_dir: Path | None,
    test: Path | None,
    options: datasets.ReadOptions,
) -> Callable[[Run | None], datasets.Splits]:
    """A function that loads the data of a run with the validation rows of that run.

    Called with None, it loads `dataset` with the usual validation rows.

    It loads the data of several runs once if they are the same.
    """

    @cache
    def load(
        source: str, test: Path | None, how: datasets.ReadOptions, fraction: float
    ) -> datasets.Splits:
        return load_splits(
            source, data_dir=data_dir, test=test, validation_fraction=fraction, options=how
        )

    def of_run(run: Run | None) -> datasets.Splits:
        if run is None:
            return load(str(dataset), test, options, datasets.VALIDATION_FRACTION)
        found = partial(load, fraction=run.read_split().fraction)
        return load_data_of(run, dataset, found, test=test, options=options)

    return of_run


def model_loader(
    load: Callable[[Run | None], datasets.Splits], dataset: str | None
) -> Callable[[Path], datasets.Splits]:
    """`load` of `loader` for the paths of run folders and model files.

    The data of a model file must be named: those are loaded with the usual validation rows.
    """

    def load_path(path: Path) -> datasets.Splits:
        if not is_file(path):
            return load(open_run(path))
        if dataset is None:
            raise InputError(f"{path}: is no run, so its data must be named: {MEND}")
        return load(None)

    return load_path


def deadline(budget: str | None) -> float | None:
    """When the time given with --budget is over, on the monotonic clock."""
    seconds = in_seconds(budget, "--budget")
    return None if seconds is None else time.monotonic() + seconds


def note_how_to_resume(what_is_saved: str) -> None:
    """Print a note after Ctrl-C: what is saved, and the command that resumes."""
    words = [word for word in sys.argv[1:] if word != "--resume"]
    console.note(f"stopped; {what_is_saved}; resume with")
    console.note(f"  fashion-nn {shlex.join(words)} --resume")


def accuracy(value: float, interval: Sequence[float], n: int) -> str:
    """An accuracy with its interval and the number of images, as text."""
    low, high = interval
    return f"accuracy {value:.4f} (95 % interval {low:.4f} to {high:.4f}, n={n:,})"


def render_json(found: Any, *, by_name: bool = False) -> str:
    """What `--json` prints of `found`, with the number of its format.

    The number is at the top of an object. In a list, and with `by_name` in a map of records by
    name, it is at the top of each record.
    """
    if isinstance(found, list):
        shown: Any = [{"format": FORMAT, **one} for one in found]
    elif by_name:
        shown = {name: {"format": FORMAT, **one} for name, one in found.items()}
    else:
        shown = {"format": FORMAT, **found}
    return json.dumps(shown, indent=2)


def print_json(found: Mapping[str, JsonObject]) -> None:
    """Print one result by itself, or several under their names."""
    if len(found) > 1:
        print(render_json(found, by_name=True))
    else:
        print(render_json(next(iter(found.values()))))


def numbers(name: str, text: str, kind: Callable[[str], Number]) -> tuple[Number, ...]:
    """The numbers in `text`, given with the option `name` and separated by commas.

    Args:
        name: of the option.
        text: its value.
        kind: `whole` or `decimal` of `fashion_nn.core.numbers`.

    Raises:
        InputError: one of them is not a number.
    """
    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        expected = "whole numbers" if kind is whole else "numbers"
        raise InputError(f"{name} {quoted(text)}: expected {expected} with commas") from None

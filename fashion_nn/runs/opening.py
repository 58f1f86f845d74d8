"""Find and open run folders, and refuse those that cannot be used or must not be overwritten."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fashion_nn.core.reading import require_plain
from fashion_nn.errors import InputError
from fashion_nn.runs.folder import Run
from fashion_nn.runs.metrics import Metrics

Note = Callable[[str], None]
"""Called with a line about something that is left out."""


def open_run(path: str | Path) -> Run:
    """The run in folder `path`.

    Raises:
        InputError: the folder is missing, holds no run, or holds something else than plain files
            and folders.
    """
    run = _existing(path)
    require_plain(run.folder)
    return run


def open_complete(folders: Iterable[str | Path], *, note: Note) -> list[Run]:
    """The complete runs in `folders`, in their order. A damaged one is skipped if there are others.

    Args:
        folders: that the user has named.
        note: called with a line about each run that is skipped.

    Raises:
        InputError: a folder is missing, holds no run, or its training is not complete; or none of
            the runs can be read.
    """
    named = [_existing(folder) for folder in folders]
    for run in named:
        run.require_complete()
    faults: dict[Run, InputError] = {}
    for run in named:
        try:
            run.require_readable()
        except InputError as error:
            faults[run] = error
    if len(faults) == len(set(named)):
        raise next(iter(faults.values()))
    for fault in faults.values():
        note(_skipped(fault))
    return [run for run in named if run not in faults]


def require_keras_only(model: Path) -> None:
    """Refuse the model of a run that has layers of the user's own code, which no file holds.

    Args:
        model: the file; nothing is refused that is not the model of a run.

    Raises:
        InputError: it has such layers.
    """
    run = Run(model.parent)
    if run.model != model or not run.exists:
        return
    code = run.read_record().code
    if code and code.own_layers:
        names = ascii(", ".join(code.own_layers))[1:-1][:100]
        raise InputError(
            f"{run.folder}: its model has code of its own ({names}), which no file holds; measure"
            f" it with `fashion-nn evaluate {run.folder} --code my_net.py:build` (in Python:"
            " builder=build); for all else, build it from layers of Keras"
        )


def require_free(path: str | Path, *, resume: bool = False, resumable: bool = True) -> None:
    """Refuse a folder that a new run would overwrite, or with `resume` one that holds something
    else.

    `resumable`: whether the command that asks could continue a run.

    Raises:
        InputError: there is a run and `resume` is false, or the folder holds other files.
    """
    run = Run(Path(path))
    if run.folder.exists() and not run.folder.is_dir():
        raise InputError(f"{path}: is a file: choose another folder with --out")
    if run.exists:
        if not resume:
            mend = (
                "add --resume to continue it, or choose another --out"
                if resumable
                else "choose another --out"
            )
            raise InputError(f"{path}: a run is already there: {mend}")
        require_plain(run.folder)
    elif run.folder.exists():
        # A kill before run.json was there can leave what is written first, and temporary files.
        first = (run.split, run.source)
        others = [
            p.name for p in run.folder.iterdir() if p not in first and not p.name.startswith(".")
        ]
        if others:
            raise InputError(
                f"{path}: exists and is no run (it holds {others[0]!a}): choose another --out"
            )


def find(root: str | os.PathLike[str], *, note: Note | None = None) -> Iterator[Run]:
    """The complete runs in `root` and one level below it, by name.

    Args:
        root: the folder of run folders. Links to folders in it count as damaged runs, because they
            may lead anywhere.
        note: called with a line about each damaged run, which is then skipped.

    Raises:
        InputError: a run is damaged, and there is no `note`.
    """
    folder = Path(root)
    for path in sorted({*folder.glob("*/run.json"), *folder.glob("*/*/run.json")}):
        run = Run(path.parent)
        if not run.complete:
            continue
        try:
            for above in (run.folder, *run.folder.parents):
                if above == folder:
                    break
                if above.is_symlink():
                    raise InputError(f"{above}: is a symbolic link, expected a folder")
            run.require_readable()
        except InputError as error:
            if note is None:
                raise
            note(_skipped(error))
        else:
            yield run


def _existing(path: str | Path) -> Run:
    run = Run(Path(path))
    if not run.folder.is_dir():
        raise InputError(
            f"{path}: no such run folder; `fashion-nn compare` lists those under models/"
        )
    if not run.exists:
        raise InputError(f"{path}: not a run folder: it has no {run.record.name}")
    return run


def _skipped(error: InputError) -> str:
    return f"a run was skipped: {error}"


def require_same_model(run: Run, metrics: Metrics, model_sha256: str) -> None:
    """Refuse a model that was put in the place of the one that `metrics` belongs to.

    Args:
        run: the folder of both.
        metrics: as they were read.
        model_sha256: of the file that was opened.

    Raises:
        InputError: it is another model.
    """
    if metrics.model_sha256 != model_sha256:
        raise InputError(f"{run.model}: was replaced while it was read: try again")

"""Grade a folder of hand-ins, models and prediction files, and write the class list."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from fashion_nn import inference, submission
from fashion_nn.core import csv_output
from fashion_nn.core.text import printable
from fashion_nn.core.writing import write_atomic
from fashion_nn.errors import InputError
from fashion_nn.grading import page
from fashion_nn.grading.reference import Reference
from fashion_nn.grading.report import HandIn, Report, checks_path, grade
from fashion_nn.inference.scaling import LabelledRows

MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
FILE_SUFFIXES = (".csv", ".txt")
LIST_CSV = "class-list.csv"
LIST_PAGE = "class-list.html"
_LONGEST_NAME = 120
_PLAIN_NAME = re.compile(rf"[!-\[\]-}}]{{1,{_LONGEST_NAME}}}")


def grade_folder(
    folder: str | os.PathLike[str],
    reference: Reference,
    out: str | os.PathLike[str],
    *,
    scale: str = "auto",
    rows: LabelledRows | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[HandIn]:
    """Grade each model and prediction file in `folder`.

    Links, folders, hidden files and files of other kinds are listed and not opened. Whatever one
    file does to its grading, the others are graded.

    Args:
        reference: the test table that they predict.
        out: the folder for the class list and the checks of each.
        scale: on which all models are fed; see `inference.open_model`.
        rows: labelled rows by which the scale of each model is found. None: held-out rows of the
            data set of the images, if they are at hand.
        progress: called as progress(done, total) before each file.

    Raises:
        InputError: `folder` is no folder or holds nothing to grade, or `out` cannot be written.
    """
    source = Path(folder)
    target = Path(out)
    if target.resolve() == source.resolve():
        raise InputError(f"{out}: is the folder of the hand-ins: choose another --out")
    paths = _files_in(source)
    names = _output_names(paths)
    rows = rows or _held_out(reference)
    graded = []
    for done, path in enumerate(paths):
        if progress:
            progress(done, len(paths))
        graded.append(_graded(path, reference, target / names[path], scale, rows))
    _write_list(graded, target)
    return graded


def _held_out(reference: Reference) -> LabelledRows | None:
    origin = reference.origin
    if origin.held_out is None or origin.mismatch:
        return None
    held_out = origin.held_out
    return LabelledRows(held_out.images, held_out.labels, f"validation rows of {origin.name}")


def _files_in(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be read ({error.strerror}): expected a folder of hand-ins"
        ) from None
    if all(_kind(path) == "other" for path in paths):
        raise InputError(
            f"{folder}: holds no model ({', '.join(MODEL_SUFFIXES)}) and no prediction file (.csv,"
            " .txt)"
        )
    return paths


def _kind(path: Path) -> str:
    if path.name.startswith(".") or path.is_symlink() or not path.is_file():
        return "other"
    suffix = path.suffix.lower()
    if suffix in MODEL_SUFFIXES:
        return "model"
    return "predictions" if suffix in FILE_SUFFIXES else "other"


def _output_names(paths: list[Path]) -> dict[Path, str]:
    """The name under which the outputs of each hand-in are written: its own, if that is short,
    printable ASCII, and unlike all others also where case does not count.

    Any other name has a digest behind a `~`, a character that no name has that stays as it is.
    """
    alike = Counter(path.name.lower() for path in paths)
    names = {}
    for path in paths:
        own = path.name
        if not _PLAIN_NAME.fullmatch(own) or alike[own.lower()] > 1:
            digest = hashlib.sha256(os.fsencode(own)).hexdigest()
            start = re.sub(r"[^!-}]", "_", own)[:_LONGEST_NAME]
            own = f"{start}~{digest[:16]}"
        names[path] = own
    return names


def _graded(
    path: Path, reference: Reference, place: Path, scale: str, rows: LabelledRows | None
) -> HandIn:
    """Grade the hand-in at `path`; names of its outputs begin with that of `place`."""
    name = printable(path.name)
    kind = _kind(path)
    if kind == "other":
        why = "not opened: a link, a folder, a hidden file or no kind of hand-in"
        return HandIn(name, kind, None, why)
    try:
        report = (
            _graded_model(path, reference, place, scale, rows)
            if kind == "model"
            else grade(path, reference)
        )
        report.write(checks_path(place))
    except InputError as error:
        return HandIn(name, kind, None, printable(str(error)))
    except Exception as error:
        reason = f"could not be graded ({type(error).__name__}: {error})"
        return HandIn(name, kind, None, printable(reason[:300]))
    return HandIn(name, kind, report)


def _graded_model(
    path: Path, reference: Reference, place: Path, scale: str, rows: LabelledRows | None
) -> Report:
    """Predict with the model at `path`, and grade what it says."""
    made = place.with_name(f"{place.name}.predictions.csv")
    sample = reference.sample
    classes = reference.origin.classes
    with inference.open_fast(path, scale=scale) as predictor:
        blocks = submission.ImageTable(reference.test).blocks()
        predictions = submission.predict_blocks(predictor, blocks, classes=classes, rows=rows)
        submission.write(predictions, made, sample=sample)
        layout = submission.expectation(predictions, sample=sample)
        with inference.run_by_keras(predictor) as model:
            return grade(made, reference, model=model, layout=layout)


def _write_list(graded: list[HandIn], target: Path) -> None:
    rows = [hand_in.row() for hand_in in graded]
    write_atomic(target / LIST_CSV, csv_output.render(list(rows[0]), rows))
    write_atomic(target / LIST_PAGE, page.render(graded, rows))

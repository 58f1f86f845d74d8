"""Grade the hand-ins of a class: a download of a learning system, or a folder of files."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fashion_nn.core import writing
from fashion_nn.errors import InputError
from fashion_nn.grading.course import collecting, download, kinds, plausibility, running
from fashion_nn.grading.course.collecting import Collection, Other
from fashion_nn.grading.course.judging import Task
from fashion_nn.grading.course.layouts import Layout
from fashion_nn.grading.course.running import Graded, Pace
from fashion_nn.grading.reference import Reference
from fashion_nn.grading.report import Confinement, HandIn, Report
from fashion_nn.inference.scaling import LabelledRows

_LONGEST_NAME = 120
_PLAIN_NAME = re.compile(rf"[!-\[\]-}}]{{1,{_LONGEST_NAME}}}")


@dataclass(frozen=True, slots=True)
class ClassGrades:
    """A class, graded.

    layout: what the download was taken for.
    hand_ins: one for each student, in the order of their names.
    names: the name under which the files of each hand-in are written.
    others: the files that were not graded, with the reason.
    """

    layout: Layout
    hand_ins: tuple[HandIn, ...]
    names: tuple[str, ...]
    others: tuple[Other, ...]


def grade_class(
    source: str | os.PathLike[str],
    reference: Reference,
    out: str | os.PathLike[str],
    *,
    scale: str = "auto",
    rows: LabelledRows | None = None,
    layout: Layout | None = None,
    pace: Pace | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ClassGrades:
    """Grade the hand-in of each student in a download.

    Links and files of other kinds are listed and not opened. Whatever one file does to its
    grading, the others are graded. Each file is graded in a process of its own, which confines
    itself before it sees the file.

    Args:
        source: a folder or a zip.
        reference: the test table that they predict.
        out: the folder for all that is written; only its owner can read that.
        scale: on which all models are fed; see `inference.open_model`.
        rows: labelled rows by which the scale of each model is found. None: held-out rows of the
            data set of the images, if they are at hand.
        layout: that of the download; None finds out.
        pace: how many at once, and how long each may take.
        progress: called as progress(done, total) after each hand-in.

    Raises:
        InputError: `source` is neither, or holds nothing to grade, or `out` cannot be written.
    """
    folder = Path(source)
    target = Path(out)
    if target.resolve() == folder.resolve():
        raise InputError(f"{out}: is the folder of the hand-ins: choose another --out")
    task = Task(reference, scale, rows or _held_out(reference))
    with writing.private(), download.listed(folder) as files:
        collection = collecting.collect(files, layout, folder.stem)
        _require_some(folder, collection)
        writing.make_folder(target)
        graded = running.run(task, collection.deliveries, target, pace or Pace(), progress)
    hand_ins = tuple(plausibility.checked(_hand_in(each, reference), reference) for each in graded)
    names = _output_names(hand_ins)
    return ClassGrades(collection.layout, hand_ins, names, collection.others)


def _held_out(reference: Reference) -> LabelledRows | None:
    origin = reference.origin
    if origin.held_out is None or origin.mismatch:
        return None
    held_out = origin.held_out
    return LabelledRows(held_out.images, held_out.labels, f"validation rows of {origin.name}")


def _require_some(source: Path, collection: Collection) -> None:
    if not any(delivery.file for delivery in collection.deliveries):
        found = ", ".join(kinds.MODELS), ", ".join(kinds.PREDICTIONS)
        raise InputError(
            f"{source}: holds no model ({found[0]}) and no prediction file ({found[1]})"
        )


def _hand_in(graded: Graded, reference: Reference) -> HandIn:
    delivery = graded.delivery
    result = graded.result
    student = delivery.student
    if result is None:
        why = delivery.why or "nothing handed in"
        return HandIn(student.title, student.id, "", "none", None, why)
    report = None
    if not result.error:
        digests = {
            **reference.sha256,
            "model" if result.kind == "model" else "output": result.sha256,
        }
        confinement = result.confinement
        report = Report(
            Path(delivery.name),
            tuple(check.check() for check in result.checks),
            result.score.score() if result.score else None,
            digests,
            Confinement(tuple(confinement.held), tuple(confinement.missing))
            if confinement
            else None,
        )
    return HandIn(
        student.title,
        student.id,
        delivery.name,
        delivery.kind,
        report,
        result.error,
        delivery.late,
        result.note,
        None if result.labels is None else np.array(result.labels, np.int64),
        result.weights,
        result.sorted_weights,
    )


def _output_names(hand_ins: Sequence[HandIn]) -> tuple[str, ...]:
    """The name under which the outputs of each hand-in are written: that of the student, if it is
    short, printable ASCII, and unlike all others also where case does not count.

    Any other name has a digest behind a `~`, a character that no name has that stays as it is.
    """
    alike = Counter(hand_in.student.lower() for hand_in in hand_ins)
    names = []
    for hand_in in hand_ins:
        own = hand_in.student
        is_plain = _PLAIN_NAME.fullmatch(own) and "/" not in own and not own.startswith(".")
        if not is_plain or alike[own.lower()] > 1:
            whole = f"{own}\0{hand_in.id}\0{hand_in.name}"
            digest = hashlib.sha256(os.fsencode(whole)).hexdigest()
            start = re.sub(r"[^!-}]|/|^\.", "_", own)[:_LONGEST_NAME]
            own = f"{start}~{digest[:16]}"
        names.append(own)
    return tuple(names)

"""Grade the hand-ins of a class, several at once, and store each result.

A result is stored under the SHA-256 of the hand-in as soon as it is there. Equal files are graded
once, and after a kill only what has no result yet is graded.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_nn import __version__
from fashion_nn.core import scratch, writing
from fashion_nn.core.stored import read_stored
from fashion_nn.core.text import printable
from fashion_nn.errors import InputError
from fashion_nn.grading.course.collecting import Delivery
from fashion_nn.grading.course.judging import Task
from fashion_nn.grading.course.pool import Pool, Work
from fashion_nn.grading.course.result import Result

RESULTS = "results"
SECONDS = 300.0
"""The longest time that one hand-in may take, unless another limit is given."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Graded:
    """The hand-in of one student, and its result; None if nothing was handed in."""

    delivery: Delivery
    result: Result | None


@dataclass(frozen=True, slots=True)
class Pace:
    """How hand-ins are graded: the number of processes, and the longest time for one."""

    workers: int = 1
    seconds: float = SECONDS


def run(
    task: Task,
    deliveries: Sequence[Delivery],
    out: Path,
    pace: Pace = Pace(),
    progress: Progress | None = None,
) -> list[Graded]:
    """Grade the hand-in of each student.

    Args:
        task: what all of them are graded by.
        out: the folder that gets the results.
        pace: how many at once, and how long each may take.
        progress: called as progress(done, total) after each hand-in.

    Raises:
        InputError: the results cannot be written.
    """
    settings = _settings(task)
    keys, works, known = _prepared(deliveries)
    for key in works:
        if found := _stored(out, key, settings):
            known[key] = found
    todo = [work for key, work in works.items() if key not in known]
    todo.sort(key=lambda work: work.kind)  # models, which take longest, come first
    total = len(known) + len(todo)
    if progress:
        progress(len(known), total)
    if todo:
        workers = min(pace.workers, len(todo))
        with scratch.folder() as folder:
            pool = Pool(task, folder, workers=workers, seconds=pace.seconds)
            for work, result in pool.results(todo):
                known[work.key] = _keep(out, work.key, result, settings)
                if progress:
                    progress(len(known), total)
    return [
        Graded(delivery, known[key] if key else None)
        for delivery, key in zip(deliveries, keys, strict=True)
    ]


def _prepared(
    deliveries: Sequence[Delivery],
) -> tuple[list[str], dict[str, Work], dict[str, Result]]:
    """The key of each hand-in, the files to grade, and results for those that cannot be read."""
    keys: list[str] = []
    works: dict[str, Work] = {}
    unreadable: dict[str, Result] = {}
    for delivery in deliveries:
        file = delivery.file
        if file is None:
            keys.append("")
            continue
        # The same bytes under another suffix are read in another way.
        suffix = Path(delivery.name).suffix.lower()
        try:
            digest = hashlib.sha256(file.read()).hexdigest()
        except InputError as error:
            digest = hashlib.sha256(repr(file.parts).encode()).hexdigest()
            reason = printable(str(error))
            failed = Result(sha256="", settings="", kind=delivery.kind, error=reason)
            unreadable[digest + suffix] = failed
        key = digest + suffix
        keys.append(key)
        if key not in works and key not in unreadable:
            works[key] = Work(key, digest, delivery.name, delivery.kind, file.read)
    return keys, works, unreadable


def _stored(out: Path, key: str, settings: str) -> Result | None:
    path = _path(out, key)
    if not path.is_file():
        return None
    try:
        found = read_stored(path, Result, expected="expected a result", mend="remove it")
    except InputError:
        return None  # it is graded again
    return found if found.settings == settings else None


def _keep(out: Path, key: str, result: Result, settings: str) -> Result:
    whole = result.model_copy(update={"settings": settings})
    # Without indentation: ten thousand labels would be as many lines, and take ten times as long.
    writing.write_atomic(_path(out, key), f"{whole.model_dump_json()}\n")
    return whole


def _path(out: Path, key: str) -> Path:
    return out / RESULTS / f"{key}.json"


def _settings(task: Task) -> str:
    """The digest of all that a result depends on, beside the file itself."""
    parts = {
        "sha256": dict(task.reference.sha256),
        "scale": task.scale,
        "rows": None if task.rows is None else task.rows.source,
        "origin": task.reference.origin.name,
        "version": __version__,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

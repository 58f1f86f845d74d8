"""Search folders: the only module that knows the file names inside one.

    search.json          what is searched: identity and its SHA-256, when it began, where
    trials/0007.json     one trial: its values, seed and state, and once it is done its score
    trials/0007/         its run folder; the model is kept while the trial is the best
    best.json            the best settings as a complete recipe, their score, and what retraining them gave
    best/                run folder of the best trial
    best-retrained/      run folder of the same recipe with a fresh seed
    search.html          the page
    rows.npz             training and validation rows for the trials, while the search runs

A trial's record is written when it is created and again when it has ended; together they are the only truth
about a search. What the tuner knows is made from them again.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fashion_nn.core.files import FORMAT, open_lock, read_small, require_plain, write_atomic
from fashion_nn.errors import InputError

# The second form is that of the best trial trained again.
_TRIAL_ID = re.compile(r"[0-9]{4,9}(-retrained)?")
# The names that core.files.replacing gives to the files it writes here.
_TEMPORARY = re.compile(r"\.(search\.json|best\.json|search\.html|rows\.npz|[0-9]{4,9}\.json)\.[0-9a-f]{8}\.[a-z]+")

DONE = ("completed", "stopped-early", "failed", "diverged", "timed-out")
SCORED = ("completed", "stopped-early")


class _Checked(BaseModel):
    """What must be in a file for it to be used; it may hold more."""

    model_config = ConfigDict(extra="allow")


class _Identity(_Checked):
    model: str
    algorithm: str
    space: list[dict[str, Any]]
    recipe: dict[str, Any]
    dataset: dict[str, Any]
    objective: str
    folds: int | None
    seed: int
    versions: dict[str, str | None]


class _Search(_Checked):
    identity: _Identity
    identity_sha256: str
    started: str


class _Trial(_Checked):
    id: str
    order: Annotated[int, Field(ge=0)]
    created_after: Annotated[int, Field(ge=0)]
    values: dict[str, bool | int | float | str]
    seed: int
    epochs: int
    thresholds: dict[str, float]
    status: Literal["running", "completed", "stopped-early", "failed", "diverged", "timed-out"]
    score: float | None
    started: str
    ended: str | None
    ended_order: int | None
    asked_in_vain: bool
    threads: int | None
    history: list[dict[str, float]]
    tuner: dict[str, Any]


class _Best(_Checked):
    recipe: dict[str, Any]
    score: float
    trial: str
    search: str
    retrained: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Search:
    """A search folder and the files in it. Nothing is read or written before it is asked for."""

    folder: Path

    @property
    def record(self) -> Path:
        return self.folder / "search.json"

    @property
    def trials(self) -> Path:
        return self.folder / "trials"

    @property
    def best(self) -> Path:
        return self.folder / "best.json"

    @property
    def best_run(self) -> Path:
        return self.folder / "best"

    @property
    def retrained_run(self) -> Path:
        return self.folder / "best-retrained"

    @property
    def page(self) -> Path:
        return self.folder / "search.html"

    @property
    def rows(self) -> Path:
        return self.folder / "rows.npz"

    @property
    def exists(self) -> bool:
        return self.record.exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, which is made where there is none; the lock ends with the process, however it ends.

        Raises:
            InputError: another process holds it, or it cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = open_lock(self.folder / ".lock")
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror}): choose another --out") from None
        with os.fdopen(lock, "wb"):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(f"{self.folder}: another process searches here: wait for it or end it") from None
            yield

    def trial_record(self, id: str) -> Path:
        return self.trials / f"{_required_id(id)}.json"

    def trial_folder(self, id: str) -> Path:
        return self.trials / _required_id(id)

    def read_record(self) -> dict[str, Any]:
        """The content of search.json.

        Raises:
            InputError: it is missing, damaged, of a newer format, or its checksum is not that of its identity.
        """
        record = _read(self.record, _Search)
        if record["identity_sha256"] != identity_sha256(record["identity"]):
            raise InputError(f"{self.record}: damaged (checksum): restore it or search again in another folder")
        return record

    def read_trials(self) -> list[dict[str, Any]]:
        """The records of all trials, in the order in which they were created.

        Raises:
            InputError: one is damaged, or one of the middle is missing.
        """
        found = []
        for path in sorted(self.trials.glob("[0-9]*.json")):
            trial = _read(path, _Trial, versioned=False)
            if trial["id"] != path.stem:
                raise InputError(f"{path}: damaged (id {trial['id']!a}, expected {path.stem}): restore it")
            found.append(trial)
        found.sort(key=lambda trial: trial["order"])
        known = [None, *(trial["id"] for trial in found)]
        for order, trial in enumerate(found):
            if trial["tuner"].get("start_from") not in known:
                raise InputError(f"{self.trial_record(trial['id'])}: damaged (start_from is no trial): restore it")
            if trial["order"] != order:
                raise InputError(f"{self.trials}: the record of trial {order} is missing: restore it or search again")
        return found

    def read_best(self) -> dict[str, Any]:
        """The content of best.json.

        Raises:
            InputError: it is missing or damaged.
        """
        return _read(self.best, _Best)

    def remove_leftovers(self) -> None:
        """Remove the temporary files that a killed process left beside the records, the page and the rows."""
        for path in (*self.folder.glob(".*"), *self.trials.glob(".*")):
            if _TEMPORARY.fullmatch(path.name) and path.is_file():
                path.unlink(missing_ok=True)

    def write_record(self, record: Mapping[str, Any]) -> None:
        _write(self.record, {"format": FORMAT, **record})

    def write_trial(self, trial: Mapping[str, Any]) -> None:
        _write(self.trial_record(trial["id"]), {"format": FORMAT, **trial})

    def write_best(self, best: Mapping[str, Any]) -> None:
        _write(self.best, {"format": FORMAT, **best})


def _required_id(id: str) -> str:
    """`id`, which becomes part of a path, when it is that of a trial."""
    if not _TRIAL_ID.fullmatch(id):
        raise InputError(f"{id!a}: not the id of a trial: expected a number such as 0007")
    return id


def identity_sha256(identity: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of what makes two searches the same one."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def open_search(path: str | Path) -> Search:
    """The search in folder `path`.

    Raises:
        InputError: the folder is missing or holds no search.
    """
    search = Search(Path(path))
    if not search.exists:
        raise InputError(f"{path}: not a search folder: it has no {search.record.name}; `fashion-nn tune` makes one")
    require_plain(search.folder)
    return search


def require_free(path: str | Path, *, resume: bool = False) -> None:
    """Refuse a folder that a new search would overwrite, or one that holds something else.

    Raises:
        InputError: there is a search and `resume` is false, or the folder holds other files.
    """
    search = Search(Path(path))
    if search.folder.exists() and not search.folder.is_dir():
        raise InputError(f"{path}: is a file: choose another folder with --out")
    if search.exists:
        if not resume:
            raise InputError(f"{path}: a search is already there: add --resume to continue it, or choose another --out")
        require_plain(search.folder)
    elif search.folder.exists():
        others = [each.name for each in search.folder.iterdir() if not each.name.startswith(".")]
        if others:
            raise InputError(f"{path}: exists and is no search (it holds {others[0]!a}): choose another --out")


def maximised(objective: str) -> bool:
    """Whether more of `objective` is better: of an accuracy yes, of a loss no."""
    return objective.endswith("accuracy")


def better(objective: str, value: float, than: float | None) -> bool:
    """Whether `value` is a better `objective` than `than`; anything is better than None."""
    if than is None:
        return True
    return value > than if maximised(objective) else value < than


def best_of(trials: list[dict[str, Any]], objective: str) -> dict[str, Any] | None:
    """The trial with the best score, of equal ones that which was created first; None where none has a score."""
    best = None
    for trial in trials:
        scored = trial["status"] in SCORED and trial["score"] is not None
        if scored and better(objective, trial["score"], best and best["score"]):
            best = trial
    return best


def read_recipe(path: str | Path) -> tuple[dict[str, Any], str | None]:
    """The recipe in a best.json, or in a file that is one as JSON; and the data set that was searched on, if it says.

    Raises:
        InputError: the file cannot be read or is no JSON object.
    """
    content = _json(Path(path), "expected a search's best.json or a recipe as JSON")
    found, dataset = content.get("recipe", content), content.get("dataset")
    if not isinstance(found, dict):
        raise InputError(f"{path}: no recipe in it: expected a search's best.json or a recipe as JSON")
    return found, dataset if isinstance(dataset, str) else None


def _json(path: Path, expected: str) -> dict[str, Any]:
    try:
        content = json.loads(read_small(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): {expected}") from None
    except ValueError as error:
        raise InputError(f"{path}: damaged ({error}): {expected}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: damaged (no JSON object): {expected}")
    return content


def _read(path: Path, schema: type[BaseModel], *, versioned: bool = True) -> dict[str, Any]:
    content = _json(path, f"expected a search's {path.name}: restore it or search again in another folder")
    if versioned and content.get("format") != FORMAT:
        raise InputError(f"{path}: format {content.get('format')!r}, expected {FORMAT}: another version wrote it")
    try:
        schema.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{path}: damaged ({place}: {first['msg']}): restore it or search again in another folder"
        ) from None
    return content


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_atomic(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")

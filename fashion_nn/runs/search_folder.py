"""Search folders: the only module that knows the file names inside one.

    search.json          what is searched: identity and its SHA-256, when it began, where
    trials/0007.json     one trial: its values, seed and state, and its score once it has ended
    trials/0007/         its run folder; the model is kept while the trial is the best
    best.json            the best settings as a complete recipe, their score, and the retraining
    best/                run folder of the best trial
    best-retrained/      run folder of the same recipe with a fresh seed
    search.html          the page
    rows.npz             training and validation rows for the trials, while the search runs

A trial's record is written when the trial is created and again when it has ended. The records are
the only truth about a search: the state of the oracle is rebuilt from them.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from fashion_nn.core import writing
from fashion_nn.core.reading import require_plain
from fashion_nn.core.representation import html_table
from fashion_nn.core.stored import Stored, read_json, read_stored
from fashion_nn.core.strict_json import JsonObject
from fashion_nn.core.text import printable
from fashion_nn.core.writing import FORMAT, write_atomic
from fashion_nn.errors import InputError
from fashion_nn.runs.search_records import Best, SearchRecord, TrialRecord, require_order

# The second form is that of the best trial trained again.
_TRIAL_ID = re.compile(r"[0-9]{4,9}(-retrained)?")
S = TypeVar("S", bound=Stored)

_MEND = "restore it or search again in another folder"


@dataclass(frozen=True, slots=True)
class Search:
    """A search folder and the files in it. Nothing is read or written before it is asked for."""

    folder: Path

    def __repr__(self) -> str:
        return f"Search({printable(str(self.folder))}: {self._summary()})"

    def _repr_html_(self) -> str:
        """A table of the trials, for notebooks."""
        try:
            objective = self.read_record().identity.objective
            trials = self.read_trials()
        except InputError as error:
            return html_table(f"Search {self.folder}", [("", error)])
        rows = [
            (each.id, each.status, _shown(each.score), each.epochs_run, _values(each))
            for each in trials
        ]
        return html_table(repr(self), rows, ("trial", "status", objective, "epochs", "values"))

    def _summary(self) -> str:
        try:
            trials = len(self.read_trials())
            identity = self.read_record().identity
            found = f"{identity.algorithm} search of {identity.model}, {trials} trials"
            if self.best.exists():
                found += f", best {identity.objective} {self.read_best().score:.4f}"
        except InputError:
            return "no search can be read"
        return found

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
        """Make the folder if it is missing, and hold it; the lock ends with the process.

        Raises:
            InputError: another process holds it, or it cannot be made.
        """
        taken = f"{self.folder}: another process searches here: wait for it or end it"
        with writing.locked(self.folder / ".lock", taken=taken):
            yield

    def trial_record(self, id: str) -> Path:
        return self.trials / f"{_required_id(id)}.json"

    def trial_folder(self, id: str) -> Path:
        return self.trials / _required_id(id)

    def read_record(self) -> SearchRecord:
        """The content of search.json.

        Raises:
            InputError: it is missing, damaged, of a newer format, or its checksum is not that of
                its identity.
        """
        record = _read(self.record, SearchRecord, versioned=True)
        if record.identity_sha256 != record.identity.sha256:
            raise InputError(f"{self.record}: damaged (checksum): {_MEND}")
        return record

    def read_trials(self) -> list[TrialRecord]:
        """The records of all trials, in the order in which they were created.

        Raises:
            InputError: one is damaged, or one in the middle is missing.
        """
        found = []
        identity = self.read_record().identity
        for path in sorted(self.trials.glob("[0-9]*.json")):
            trial = _read(path, TrialRecord)
            try:
                identity.require_possible(trial)
            except ValueError as error:
                raise InputError(f"{path}: damaged ({error}): restore it") from None
            if trial.id != path.stem:
                raise InputError(
                    f"{path}: damaged (id {trial.id!a}, expected {path.stem}): restore it"
                )
            found.append(trial)
        found.sort(key=lambda trial: trial.order)
        known = {None, *(trial.id for trial in found)}
        for order, trial in enumerate(found):
            if trial.start_from not in known:
                raise InputError(
                    f"{self.trial_record(trial.id)}: damaged (start_from is no trial): restore it"
                )
            if trial.order != order:
                missing = f"the record of trial {order} is missing"
                raise InputError(f"{self.trials}: {missing}: restore it or search again")
        try:
            require_order(found)
        except ValueError as error:
            raise InputError(f"{self.trials}: damaged ({error}): {_MEND}") from None
        return found

    def read_best(self) -> Best:
        """The content of best.json.

        Raises:
            InputError: it is missing or damaged.
        """
        return _read(self.best, Best, versioned=True)

    def write_record(self, record: SearchRecord) -> None:
        self._write(self.record, record)

    def write_trial(self, trial: TrialRecord) -> None:
        self._write(self.trial_record(trial.id), trial)

    def write_best(self, best: Best) -> None:
        self._write(self.best, best)

    def remove_leftovers(self) -> None:
        """Remove temporary files that a killed process left in place of records, page and rows."""
        own = (self.record, self.best, self.page, self.rows)
        writing.remove_leftovers(self.folder, "|".join(re.escape(path.name) for path in own))
        writing.remove_leftovers(self.trials, r"[0-9]{4,9}\.json")

    def _write(self, path: Path, content: Stored) -> None:
        text = json.dumps({"format": FORMAT, **content.to_json()}, indent=1, ensure_ascii=False)
        write_atomic(path, f"{text}\n", within=self.folder)


def _shown(score: float | None) -> str:
    return "-" if score is None else f"{score:.4f}"


def _values(trial: TrialRecord) -> str:
    return " ".join(f"{name}={value}" for name, value in trial.values.items())


def _required_id(id: str) -> str:
    """`id`, which becomes part of a path, when it is that of a trial."""
    if not _TRIAL_ID.fullmatch(id):
        raise InputError(f"{id!a}: not the id of a trial: expected a number such as 0007")
    return id


def open_search(path: str | Path) -> Search:
    """The search in folder `path`.

    Raises:
        InputError: the folder is missing or holds no search.
    """
    search = Search(Path(path))
    if not search.exists:
        missing = f"it has no {search.record.name}"
        raise InputError(f"{path}: not a search folder: {missing}; `fashion-nn tune` makes one")
    require_plain(search.folder)
    return search


def require_free_for_search(path: str | Path, *, resume: bool = False) -> None:
    """Refuse a folder that a new search would overwrite, or one that holds something else.

    Raises:
        InputError: there is a search and `resume` is false, or a record of it is damaged; or the
            folder holds other files.
    """
    search = Search(Path(path))
    if search.folder.exists() and not search.folder.is_dir():
        raise InputError(f"{path}: is a file: choose another folder with --out")
    if search.exists:
        if not resume:
            mend = "add --resume to continue it, or choose another --out"
            raise InputError(f"{path}: a search is already there: {mend}")
        require_plain(search.folder)
        search.read_trials()
    elif search.folder.exists():
        others = [each.name for each in search.folder.iterdir() if not each.name.startswith(".")]
        if others:
            raise InputError(
                f"{path}: exists and is no search (it holds {others[0]!a}): choose another --out"
            )


@dataclass(frozen=True)
class RecipeFile:
    """What a file says of a recipe.

    recipe: as JSON has it.
    dataset: that was searched on; None if the file does not name it.
    code_sha256: SHA-256 of the user's own code that the recipe is for; None if it is not stored.
    """

    recipe: JsonObject
    dataset: str | None = None
    code_sha256: str | None = None


def read_recipe(path: str | Path) -> RecipeFile:
    """The recipe in a search's best.json, or in a file that holds only a recipe.

    Raises:
        InputError: the file cannot be read or is no JSON object.
    """
    expected = "expected a search's best.json or a recipe as JSON"
    content = read_json(Path(path), expected=expected, mend=expected, follow_links=True)
    found = content.get("recipe", content)
    dataset = content.get("dataset")
    if not isinstance(found, dict):
        raise InputError(f"{path}: no recipe in it: {expected}")
    code = content.get("code")
    sha256 = code.get("sha256") if isinstance(code, dict) else None
    return RecipeFile(
        recipe=found,
        dataset=dataset if isinstance(dataset, str) else None,
        code_sha256=sha256 if isinstance(sha256, str) else None,
    )


def _read(path: Path, schema: type[S], *, versioned: bool = False) -> S:
    expected = f"expected a search's {path.name}: {_MEND}"
    return read_stored(path, schema, expected=expected, mend=_MEND, versioned=versioned)

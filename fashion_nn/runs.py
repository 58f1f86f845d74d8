"""Run folders: the only module that knows the file names inside one.

    run.json      what ran: recipe, data, split, versions, hardware, sessions
    split.json    indices of the rows held out for validation
    history.csv   one row an epoch
    model.keras   the best model so far: float32, no optimizer state
    metrics.json  figures of exactly that model (its sha256 is inside)
    resume.npz    everything resume needs; there until the training is complete
    test-predictions.npz    what that model answered to each test image when it was evaluated
    test-openings.jsonl     a line each time that the test split was opened with a model of this folder
    baseline.json what a baseline measured besides, such as its cross-validation

`run.json` is written first and `metrics.json` last, so a folder with the second is complete.
"""

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fashion_nn.core.environment import describe_environment, now
from fashion_nn.core.files import FORMAT, append_line, read_small, require_plain, sha256, write_atomic, write_json
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

HISTORY_COLUMNS = ("epoch", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy")


_Interval = Annotated[list[float], Field(min_length=2, max_length=2)]


class _Checked(BaseModel):
    """What must be in a file for it to be used; it may hold more."""

    model_config = ConfigDict(strict=True, extra="allow")


class _Recipe(_Checked):
    name: str
    sources: dict[str, str] = {}


class _Dataset(_Checked):
    name: str
    fingerprint: str
    image_shape: Annotated[list[int], Field(min_length=2, max_length=2)]
    class_names: Annotated[list[str], Field(min_length=2)]
    rows: dict[str, int]


class _Environment(_Checked):
    versions: dict[str, str | None]
    hardware: dict[str, Any]


class _Session(_Checked):
    epoch_seconds: list[float]


class _Record(_Checked):
    recipe: _Recipe
    dataset: _Dataset
    parameters: int
    environment: _Environment
    sessions: list[_Session]


class _Split(_Checked):
    seed: int
    fraction: float
    valid_indices: list[int]


class _OfClass(_Checked):
    precision: float
    recall: float
    f1: float
    support: int


class _Bin(_Checked):
    count: int
    confidence: float
    accuracy: float


class _Scaled(_Checked):
    value: float
    log_loss: float
    brier: float
    calibration_error: float


class _Clean(_Checked):
    n: int
    accuracy: float | None = None
    interval: _Interval | None = None


class _Scores(_Checked):
    n: Annotated[int, Field(ge=1)]
    correct: int
    accuracy: float
    interval: _Interval
    log_loss: float
    brier: float | None = None
    calibration_error: float | None = None
    reliability: Annotated[list[_Bin], Field(min_length=1)] | None = None
    temperature: _Scaled | None = None
    without_near_duplicates: _Clean | None = None
    per_class: list[_OfClass]
    confusion: list[list[int]]


class _Prediction(_Checked):
    images: Annotated[int, Field(ge=1)]
    seconds: float
    engine: str


class _Export(_Checked):
    file: str
    images: int
    labels_equal: int
    max_abs_difference: float


class _Metrics(_Checked):
    model_sha256: str
    valid: _Scores | None = None
    test: _Scores | None = None
    multiply_adds: int | None = None
    prediction: _Prediction | None = None
    exports: dict[str, _Export] = {}


@dataclass(frozen=True, slots=True, eq=False)
class TestPredictions:
    """What a model answered to each of n test images.

    labels, predicted: true and predicted classes, int64 (n,).
    confidence, of_truth: probabilities of the predicted and of the true class, float32 (n,).
    fingerprint: of the test rows; answers are comparable where it is the same.
    """

    labels: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    of_truth: np.ndarray
    fingerprint: str

    __test__ = False  # for pytest, which takes the name for that of a test

    @property
    def right(self) -> np.ndarray:
        """Whether the predicted class is the true one, bool (n,)."""
        return self.predicted == self.labels


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder and the files in it. Nothing is read or written before it is asked for."""

    folder: Path

    @property
    def record(self) -> Path:
        return self.folder / "run.json"

    @property
    def split(self) -> Path:
        return self.folder / "split.json"

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def model(self) -> Path:
        return self.folder / "model.keras"

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.json"

    @property
    def state(self) -> Path:
        return self.folder / "resume.npz"

    @property
    def openings(self) -> Path:
        return self.folder / "test-openings.jsonl"

    @property
    def card(self) -> Path:
        return self.folder / "README.md"

    @property
    def page(self) -> Path:
        return self.folder / "report.html"

    @property
    def baseline(self) -> Path:
        return self.folder / "baseline.json"

    @property
    def predictions(self) -> Path:
        return self.folder / "predictions.csv"

    @property
    def test_predictions(self) -> Path:
        return self.folder / "test-predictions.npz"

    def export(self, suffix: str) -> Path:
        return self.folder / f"model.{suffix}"

    def figure(self, name: str) -> Path:
        return self.folder / f"{name}.png"

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def exists(self) -> bool:
        return self.record.exists()

    @property
    def complete(self) -> bool:
        return self.metrics.exists()

    def read_record(self) -> dict[str, Any]:
        """The content of run.json.

        Raises:
            InputError: it is missing, damaged, half-written or of a newer format.
        """
        record = _read_json(self.record)
        if record.get("format") != FORMAT:
            raise InputError(
                f"{self.record}: format {record.get('format')!r}, expected {FORMAT}: another version wrote it"
            )
        _require(_Record, record, self.record)
        return record

    def read_metrics(self) -> dict[str, Any]:
        """The content of metrics.json.

        Raises:
            InputError: the training is not complete, or the file belongs to another model.
        """
        if not self.complete:
            raise InputError(
                f"{self.folder}: this training is not complete: continue it with "
                f"`fashion-nn train … --out {self.folder} --resume`"
            )
        metrics = _read_json(self.metrics)
        if metrics.get("model_sha256") != sha256(self.model):
            raise InputError(f"{self.metrics}: belongs to another {self.model.name}; restore that file or train again")
        _require(_Metrics, metrics, self.metrics)
        return metrics

    def read_history(self) -> list[dict[str, float]]:
        """The rows of history.csv, none where there is no such file; an empty cell is left out of its row.

        Raises:
            InputError: a cell is no number.
        """
        if not self.history.exists():
            return []
        rows = csv.DictReader(io.StringIO(_read_text(self.history)))
        try:
            return [{key: float(cell) for key, cell in row.items() if cell} for row in rows]
        except (TypeError, ValueError) as error:
            raise InputError(f"{self.history}: damaged ({error}): restore it or train again") from None

    def read_test_predictions(self) -> TestPredictions | None:
        """What the model answered to the test images; None where it was not evaluated, or another model was.

        Raises:
            InputError: the file is damaged.
        """
        if not self.test_predictions.exists():
            return None
        kinds = {"labels": "i", "predicted": "i", "confidence": "f", "of_truth": "f"}
        try:
            with np.load(self.test_predictions, allow_pickle=False) as stored:
                texts = {name: str(stored[name]) for name in ("model_sha256", "fingerprint")}
                found = {name: stored[name] for name in kinds}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(f"{self.test_predictions}: damaged ({error}): remove it and evaluate again") from None
        if (
            len({values.shape for values in found.values()}) != 1
            or found["labels"].ndim != 1
            or not len(found["labels"])
        ):
            raise InputError(
                f"{self.test_predictions}: damaged (lists of different lengths): remove it and evaluate again"
            )
        if texts["model_sha256"] != sha256(self.model):
            return None
        found = {name: values.astype(np.int64 if kinds[name] == "i" else np.float32) for name, values in found.items()}
        return TestPredictions(**found, fingerprint=texts["fingerprint"])

    def read_split(self) -> dict[str, Any]:
        """The content of split.json.

        Raises:
            InputError: it is missing or damaged.
        """
        split = _read_json(self.split)
        _require(_Split, split, self.split)
        return split

    def write_record(self, record: Mapping[str, Any]) -> None:
        write_json(self.record, {"format": FORMAT, **record})

    def write_split(self, split: Mapping[str, Any]) -> None:
        write_atomic(self.split, json.dumps(split) + "\n")

    def write_history(self, rows: Sequence[Mapping[str, float]]) -> None:
        text = io.StringIO()
        table = csv.DictWriter(text, HISTORY_COLUMNS, lineterminator="\n", restval="")
        table.writeheader()
        table.writerows(rows)
        write_atomic(self.history, text.getvalue())

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Store `metrics` with the model's checksum; an equal file is left as it is."""
        content = {"format": FORMAT, "model_sha256": sha256(self.model), **metrics}
        # A file from before it had a format counts as equal.
        known = {"format": FORMAT, **_read_json(self.metrics)} if self.metrics.exists() else None
        if known != json.loads(json.dumps(content)):
            write_json(self.metrics, content)

    def write_test_predictions(self, given: TestPredictions) -> None:
        """Store what the model answered, with the model's checksum."""
        content = io.BytesIO()
        numbers = {name: getattr(given, name) for name in ("labels", "predicted", "confidence", "of_truth")}
        smallest = {name: values.astype(np.min_scalar_type(values.max())) if values.dtype.kind == "i" else values
                    for name, values in numbers.items()}  # fmt: skip
        np.savez_compressed(content, model_sha256=sha256(self.model), fingerprint=given.fingerprint, **smallest)
        write_atomic(self.test_predictions, content.getvalue())

    def count_openings(self) -> int:
        """How often the test split was opened with a model of this folder, as far as its log goes back."""
        return len(_read_text(self.openings).splitlines()) if self.openings.exists() else 0

    def write_complete(
        self,
        splits: "Splits",
        model: bytes,
        *,
        recipe: Mapping[str, Any],
        parameters: int,
        seconds: Sequence[float],
        scores: Mapping[str, Any],
    ) -> None:
        """Write the run of a model that was not trained by epochs: its history is empty.

        `model`: the .keras file. `seconds`: what it took, in parts. `scores`: content of metrics.json.
        """
        started = now()
        self.write_split(split_record(splits))
        self.write_record(
            {
                "recipe": dict(recipe),
                "dataset": data_record(splits),
                "parameters": parameters,
                "environment": describe_environment(),
                "stopped_because": "fitted",
                "best_epoch": None,
                "sessions": [{"started": started, "from_epoch": 0, "epoch_seconds": [round(s, 3) for s in seconds]}],
            }
        )
        self.write_history([])
        write_atomic(self.model, model)
        self.write_metrics(scores)

    def log_opening(self, by: str) -> None:
        """Append that the test split was opened, by what and when."""
        line = json.dumps({"opened": now(), "by": by, "model_sha256": sha256(self.model)})
        append_line(self.openings, line)

    def remove_state(self) -> None:
        self.state.unlink(missing_ok=True)

    def remove_leftovers(self) -> None:
        """Remove temporary files that a killed process left behind."""
        for path in self.folder.glob(".*"):
            if path.is_file() and any(path.name.startswith(f".{known.name}.") for known in self._own_files()):
                path.unlink(missing_ok=True)

    def _own_files(self) -> tuple[Path, ...]:
        return (
            self.record,
            self.split,
            self.history,
            self.model,
            self.metrics,
            self.state,
            self.card,
            self.page,
            self.test_predictions,
        )


def data_record(splits: "Splits") -> dict[str, Any]:
    """What run.json says of the data."""
    return {
        "name": splits.name,
        "fingerprint": splits.fingerprint,
        "split_id": splits.split_id,
        "image_shape": list(splits.image_shape),
        "class_names": list(splits.class_names),
        "rows": {"train": len(splits.train), "valid": len(splits.valid)},
    }


def split_record(splits: "Splits") -> dict[str, Any]:
    """The content of split.json."""
    return {
        "id": splits.split_id,
        "seed": splits.split_seed,
        "fraction": splits.validation_fraction,
        "valid_indices": splits.valid_indices.tolist(),
    }


def open_run(path: str | Path) -> Run:
    """The run in folder `path`.

    Raises:
        InputError: the folder is missing, holds no run, or holds something else than plain files and folders.
    """
    run = Run(Path(path))
    if not run.folder.is_dir():
        raise InputError(f"{path}: no such run folder; `fashion-nn compare` lists those under models/")
    if not run.exists:
        raise InputError(f"{path}: not a run folder: it has no {run.record.name}")
    require_plain(run.folder)
    return run


def require_free(path: str | Path, *, resume: bool = False, resumable: bool = True) -> None:
    """Refuse a folder that a new run would overwrite, or with `resume` one that holds something else.

    `resumable`: whether the command that asks could continue a run.

    Raises:
        InputError: there is a run and `resume` is false, or the folder holds other files.
    """
    run = Run(Path(path))
    if run.folder.exists() and not run.folder.is_dir():
        raise InputError(f"{path}: is a file: choose another folder with --out")
    if run.exists:
        if not resume:
            mend = "add --resume to continue it, or choose another --out" if resumable else "choose another --out"
            raise InputError(f"{path}: a run is already there: {mend}")
        require_plain(run.folder)
    elif run.folder.exists():
        # A kill before run.json was there can leave the split and temporary files.
        others = [p.name for p in run.folder.iterdir() if p != run.split and not p.name.startswith(".")]
        if others:
            raise InputError(f"{path}: exists and is no run (it holds {others[0]!a}): choose another --out")


def find(root: str | os.PathLike[str]) -> Iterator[Run]:
    """The complete runs in `root` and one level below it, by name.

    Raises:
        InputError: one of them holds something else than plain files and folders.
    """
    folder = Path(root)
    for path in sorted({*folder.glob("*/run.json"), *folder.glob("*/*/run.json")}):
        run = Run(path.parent)
        if run.complete:
            require_plain(run.folder)
            yield run


def _read_text(path: Path) -> str:
    try:
        return read_small(path).decode()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): expected a run folder's {path.name}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not text: expected a run folder's {path.name}") from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read_text(path))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: damaged ({error}): restore it or train again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: damaged (expected a JSON object): restore it or train again")
    return content


def _require(schema: type[BaseModel], content: dict[str, Any], path: Path) -> None:
    try:
        schema.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: damaged ({place}: {first['msg']}): restore it or train again") from None

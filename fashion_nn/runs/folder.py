"""Run folders: the only module that knows the file names inside one.

    run.json      what ran: recipe, data, split, versions, hardware, sessions
    split.json    indices of the rows held out for validation
    history.csv   one row an epoch
    model.keras   the best model so far: float32, no optimizer state
    builder.py    the user's own code that built the model, as evidence: nothing ever runs it
    metrics.json  figures of exactly that model (its sha256 is inside)
    resume.npz    everything resume needs; there until the training is complete
    test-predictions.npz    what that model answered to each test image when it was evaluated
    test-openings.jsonl     a line for each evaluation of a model of this folder on the test split
    baseline.json what a baseline measured besides, such as its cross-validation

`run.json` is written first and `metrics.json` last, so a folder with the second is complete.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fashion_nn.core import writing
from fashion_nn.core.environment import now
from fashion_nn.core.reading import read_bytes, read_text, require_plain, sha256
from fashion_nn.core.representation import html_table
from fashion_nn.core.stored import Stored, read_json, read_stored
from fashion_nn.core.text import printable
from fashion_nn.core.writing import FORMAT, append_line, write_atomic, write_json
from fashion_nn.errors import InputError
from fashion_nn.runs import history
from fashion_nn.runs.answers import TestPredictions, read_npz, to_npz
from fashion_nn.runs.metrics import Metrics
from fashion_nn.runs.records import (
    DatasetRecord,
    Environment,
    RecipeRecord,
    Record,
    Session,
    SplitRecord,
)

if TYPE_CHECKING:
    from fashion_nn.datasets import Splits

MODELS = Path("models")
"""The folder of run folders, in the current folder."""
CHECKOUT_MODELS = Path(__file__).parents[2] / MODELS
"""That of the checkout, with the published runs; it is not there if the package is installed."""
_MEND = "restore it or train again"

S = TypeVar("S", bound=Stored)


@dataclass(frozen=True, slots=True)
class Run:
    """A run folder and the files in it. Nothing is read or written before it is asked for.

    Attributes:
        folder: the folder.
        within: a folder above it, below which nothing is written through a link; None where the
            user has named `folder` itself.
        suffix: of the model file; ".h5" only in the run that stands for such a file.
    """

    folder: Path
    within: Path | None = None
    suffix: str = ".keras"

    def __repr__(self) -> str:
        return f"Run({printable(str(self.folder))}: {self._summary()})"

    def _repr_html_(self) -> str:
        """A table of what was trained and how good it is, for notebooks."""
        try:
            return html_table(f"Run {self.folder}", self._facts())
        except InputError as error:
            return html_table(f"Run {self.folder}", [("", error)])

    def _summary(self) -> str:
        try:
            record = self.read_record()
            found = f"{record.recipe.model_name} on {record.dataset.name}"
            return f"{found}, {self.read_metrics().summary()}" if self.complete else found
        except InputError:
            return "no run can be read"

    def _facts(self) -> list[tuple[str, object]]:
        record = self.read_record()
        epochs = len(self.read_history())
        ended = f"best epoch {record.best_epoch}, stopped by {record.stopped_because}"
        return [
            ("model", record.recipe.model_name),
            ("data", record.dataset.name),
            ("parameters", record.parameters),
            *([("epochs", f"{epochs}; {ended}")] if epochs else []),
            ("seconds", f"{record.train_seconds:.1f}"),
            *(self.read_metrics().facts() if self.complete else []),
        ]

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
        return self.folder / f"model{self.suffix}"

    @property
    def source(self) -> Path:
        return self.folder / "builder.py"

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

    def read_record(self) -> Record:
        """The content of run.json.

        Raises:
            InputError: it is missing, damaged, half-written or of a newer format.
        """
        return _read(self.record, Record, versioned=True)

    def read_metrics(self) -> Metrics:
        """The content of metrics.json.

        Raises:
            InputError: the training is not complete, or the file belongs to another model.
        """
        self.require_complete()
        metrics = _read(self.metrics, Metrics)
        if metrics.model_sha256 != sha256(self.model):
            raise InputError(
                f"{self.metrics}: belongs to another {self.model.name}; restore that file or train"
                " again"
            )
        return metrics

    def require_complete(self) -> None:
        """Refuse a run whose training is not complete.

        Raises:
            InputError: it is not.
        """
        if not self.complete:
            raise InputError(
                f"{self.folder}: this training is not complete: continue it with "
                f"`fashion-nn train … --out {self.folder} --resume`"
            )

    def require_begun(self) -> None:
        """Refuse to go on in a run folder that was removed meanwhile.

        Raises:
            InputError: what is written first is not there.
        """
        if not (self.exists and self.split.exists()):
            raise InputError(f"{self.folder}: was removed while it was in use: begin again")

    def require_readable(self) -> None:
        """Refuse a complete run of which a file is damaged, or holds more than plain files.

        Raises:
            InputError: it is; the message names the file.
        """
        require_plain(self.folder)
        classes = len(self.read_record().dataset.class_names)
        metrics = self.read_metrics()
        for scores in (metrics.valid, metrics.test):
            if scores is not None and len(scores.per_class) != classes:
                raise InputError(
                    f"{self.metrics}: damaged (figures of {len(scores.per_class)} classes, the data"
                    f" has {classes}): {_MEND}"
                )
        if self.split.exists():
            self.read_split()
        self.read_history()
        self.read_test_predictions()

    def read_split(self) -> SplitRecord:
        """The content of split.json.

        Raises:
            InputError: it is missing or damaged.
        """
        return _read(self.split, SplitRecord)

    def read_history(self) -> list[dict[str, float]]:
        """The rows of history.csv, none where there is no such file; an empty cell is left out of
        its row.

        Raises:
            InputError: a cell is no number, or there are too many.
        """
        if not self.history.exists():
            return []
        content = read_bytes(self.history, expected=_expected(self.history))
        try:
            return history.parse(content)
        except ValueError as error:
            raise InputError(f"{self.history}: damaged ({error}): {_MEND}") from None

    def read_test_predictions(self) -> TestPredictions | None:
        """What the model answered to the test images; None where it was not evaluated, or another
        model was.

        Raises:
            InputError: the file is damaged.
        """
        if not self.test_predictions.exists():
            return None
        answers, model_sha256 = read_npz(self.test_predictions)
        return answers if model_sha256 == sha256(self.model) else None

    def write_record(self, record: Record) -> None:
        self._write_json(self.record, {"format": FORMAT, **record.to_json()})

    def write_source(self, source: str) -> None:
        """Keep the text of the user's own code."""
        self.write(self.source, source)

    def write_split(self, split: SplitRecord) -> None:
        self.write(self.split, json.dumps(split.to_json()) + "\n")

    def write_history(self, rows: Sequence[Mapping[str, float]]) -> None:
        self.write(self.history, history.as_text(rows))

    def write_metrics(self, metrics: Metrics, model_sha256: str | None = None) -> None:
        """Store `metrics` with the model's checksum; an equal file is left as it is.

        Args:
            metrics: the figures.
            model_sha256: of the file that was measured; None takes the file that is there now.
        """
        content = {"format": FORMAT, "model_sha256": "", **metrics.to_json()}
        content["model_sha256"] = model_sha256 or sha256(self.model)
        # A file without a format is from an older version and counts as equal.
        known = {"format": FORMAT, **_read_json(self.metrics)} if self.metrics.exists() else None
        if known != content:
            self._write_json(self.metrics, content)

    def write_test_predictions(self, answers: TestPredictions) -> None:
        """Store what the model answered, with the model's checksum."""
        self.write(self.test_predictions, to_npz(answers, sha256(self.model)))

    def count_openings(self) -> int:
        """How often the test split was opened with a model of this folder, as far as its log goes
        back.
        """
        return _read_text(self.openings).count("\n") if self.openings.exists() else 0

    def write_complete(
        self,
        splits: "Splits",
        model: bytes,
        *,
        recipe: RecipeRecord,
        parameters: int,
        seconds: Sequence[float],
        metrics: Metrics,
    ) -> None:
        """Write the run of a model that was not trained by epochs: its history is empty.

        Args:
            splits: the data that the model was fitted to.
            model: the content of the model file.
            recipe: what the model was made by.
            parameters: number of parameters of the model.
            seconds: the time that it took, in parts.
            metrics: the figures of the model.
        """
        session = Session(
            started=now(),
            from_epoch=0,
            epoch_seconds=tuple(round(part, 3) for part in seconds),
        )
        record = Record(
            recipe=recipe,
            dataset=DatasetRecord.of(splits),
            parameters=parameters,
            environment=Environment.here(),
            stopped_because="fitted",
            best_epoch=None,
            sessions=(session,),
        ).with_origin(splits)
        self.write_split(SplitRecord.of(splits))
        self.write_record(record)
        self.write_history([])
        self.write(self.model, model)
        self.write_metrics(metrics)

    def log_opening(self, by: str) -> None:
        """Append that the test split was opened, by what and when."""
        line = json.dumps({"opened": now(), "by": by, "model_sha256": sha256(self.model)})
        append_line(self.openings, line)

    def write(self, path: Path, content: bytes | memoryview | str) -> None:
        """Write one of the files of this folder, completely or not at all."""
        write_atomic(path, content, within=self.within)

    def _write_json(self, path: Path, content: Mapping[str, object]) -> None:
        write_json(path, content, within=self.within)

    def remove_state(self) -> None:
        writing.remove_file(self.state)

    def remove_leftovers(self) -> None:
        """Remove temporary files that a killed process left behind."""
        names = "|".join(re.escape(known.name) for known in self._own_files())
        writing.remove_leftovers(self.folder, names)

    def _own_files(self) -> tuple[Path, ...]:
        return (
            self.record,
            self.split,
            self.history,
            self.model,
            self.source,
            self.metrics,
            self.state,
            self.card,
            self.page,
            self.test_predictions,
        )


def _read(path: Path, schema: type[S], *, versioned: bool = False) -> S:
    return read_stored(path, schema, expected=_expected(path), mend=_MEND, versioned=versioned)


def _read_json(path: Path) -> dict[str, object]:
    return read_json(path, expected=_expected(path), mend=_MEND)


def _read_text(path: Path) -> str:
    return read_text(path, expected=_expected(path))


def _expected(path: Path) -> str:
    return f"expected a run folder's {path.name}"

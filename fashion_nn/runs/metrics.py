"""The content of metrics.json, as typed objects; see `records` for the others."""

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from fashion_nn.core.representation import html_table
from fashion_nn.core.stored import Stored
from fashion_nn.errors import InputError

if TYPE_CHECKING:
    from fashion_nn.measures import Scores

Interval = Annotated[tuple[float, float], Field(strict=False)]
"""The two ends of a 95 % interval."""
_Whole = Annotated[tuple[int, ...], Field(strict=False)]


class StoredClassScore(Stored):
    """One class against the rest; see `ClassScore`."""

    precision: float
    recall: float
    f1: float
    support: int


class StoredBin(Stored):
    """The images of one range of confidence; see `Bin`."""

    count: int
    confidence: float
    accuracy: float


class Temperature(Stored):
    """The temperature fitted on the validation rows, and the figures of the test rows that it
    changes.

    Attributes:
        log_loss: of probabilities in double precision, as scaling gives them.
        log_loss_before: without the temperature, in double precision too. The log loss of the same
            answers in single precision is clipped earlier and cannot be compared with `log_loss`.
            None in folders of earlier versions.
    """

    value: float
    log_loss: float
    log_loss_before: float | None = None
    brier: float
    calibration_error: float


class CleanScores(Stored):
    """The accuracy on the n test images without a near duplicate in the training data.

    distance: up to which an image counts as a near duplicate. The figures are None for n = 0.
    """

    distance: float | None = None
    n: int
    correct: int | None = None
    accuracy: float | None = None
    interval: Interval | None = None


class StoredScores(Stored):
    """The figures of a model on one set of rows; see `Scores` for what they mean.

    fingerprint: of the test rows.
    """

    fingerprint: str | None = None
    n: Annotated[int, Field(ge=1)]
    correct: int
    accuracy: float
    interval: Interval
    log_loss: float
    brier: float | None = None
    calibration_error: float | None = None
    reliability: Annotated[tuple[StoredBin, ...], Field(min_length=1, strict=False)] | None = None
    per_class: Annotated[tuple[StoredClassScore, ...], Field(strict=False)]
    confusion: Annotated[tuple[_Whole, ...], Field(strict=False)]
    temperature: Temperature | None = None
    without_near_duplicates: CleanScores | None = None

    @property
    def accuracy_with_interval(self) -> str:
        """The accuracy with its interval and the number of images, as text."""
        low, high = self.interval
        return f"{self.accuracy:.4f} (95 % interval {low:.4f} to {high:.4f}, n={self.n:,})"

    @classmethod
    def of(cls, scores: "Scores") -> Self:
        return cls.model_validate(scores.to_json())


class Prediction(Stored):
    """The time that predicting some images took, by which engine and on what hardware."""

    images: Annotated[int, Field(ge=1)]
    seconds: float
    engine: str
    processor: str | None = None
    cores: int | None = None
    machine: str | None = None


class WeightsChosenOn(Stored):
    """The rows that chose the weights of an ensemble, and the log losses that decided about
    mirroring.
    """

    split: str
    log_loss_plain: float
    log_loss_mirrored: float


class ExportRecord(Stored):
    """The model in another format, and how its answers compare with those of the original."""

    file: str
    sha256: str | None = None
    images: int
    max_abs_difference: float
    labels_equal: int


class Metrics(Stored):
    """The content of metrics.json: the figures of exactly the model with this checksum.

    `model_sha256` is filled in when the file is written.
    """

    model_sha256: str = ""
    multiply_adds: int | None = None
    prediction: Prediction | None = None
    valid: StoredScores | None = None
    weights_chosen_on: WeightsChosenOn | None = None
    test: StoredScores | None = None
    exports: dict[str, ExportRecord] = Field({})

    def __repr__(self) -> str:
        return f"Metrics({self.summary()})"

    def _repr_html_(self) -> str:
        """A table of the figures, for notebooks."""
        return html_table(repr(self), self.facts())

    def summary(self) -> str:
        """The accuracies in a few words."""
        parts = [
            f"{part} accuracy {scores.accuracy:.4f} (n={scores.n:,})"
            for part, scores in self._measured()
        ]
        return ", ".join(parts) or "not measured"

    def facts(self) -> list[tuple[str, object]]:
        """The accuracies with their 95 % intervals, by name."""
        return [
            (f"{part} accuracy", scores.accuracy_with_interval) for part, scores in self._measured()
        ]

    def _measured(self) -> "list[tuple[str, StoredScores]]":
        parts = (("validation", self.valid), ("test", self.test))
        return [(part, scores) for part, scores in parts if scores]

    def of_valid(self) -> StoredScores:
        """The figures on the validation rows.

        Raises:
            InputError: the run held out no rows.
        """
        if self.valid is None:
            raise InputError("no figures on validation rows: expected a run that held some out")
        return self.valid

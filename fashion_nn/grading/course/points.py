"""Rules from an accuracy and the checks to points, read from a file of the teacher (TOML)."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fashion_nn.core.reading import read_text
from fashion_nn.errors import InputError
from fashion_nn.grading.report import HandIn

_Points = Annotated[float, Field(ge=0, le=1e6)]
_EXPECTED = "expected rules for points, see docs/grading-a-class.md"


class Band(BaseModel):
    """The points for an accuracy of at least `at_least`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: Annotated[float, Field(ge=0, le=1)]
    points: _Points


class Rules(BaseModel):
    """How points follow from an accuracy and the checks.

    Attributes:
        accuracy: the bands. The highest that is reached counts; below all there are no points.
        failed: points that a failed check takes off, by the name of the check.
        late: the share of the points that a late hand-in loses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    accuracy: Annotated[list[Band], Field(min_length=1, max_length=100)]
    failed: dict[str, _Points] = Field(default_factory=dict)
    late: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _known_checks(self) -> "Rules":
        known = {"file", "canary", "feeding", "sentinel", "balance", "order", "leak"}
        unknown = sorted(set(self.failed) - known)
        if unknown:
            raise ValueError(f"there is no check {unknown[0]!r}: {', '.join(sorted(known))}")
        return self

    @property
    def maximum(self) -> float:
        """The most points that there are."""
        return max(band.points for band in self.accuracy)

    def points(self, hand_in: HandIn) -> float | None:
        """The points of a hand-in; None if its accuracy is not known."""
        if hand_in.report is None or hand_in.score is None:
            return None
        reached = [band.points for band in self.accuracy if hand_in.score.accuracy >= band.at_least]
        failed = [check.name for check in hand_in.report.with_verdict("FAIL")]
        points = max(reached, default=0.0) - sum(self.failed.get(name, 0.0) for name in failed)
        return max(0.0, points * (1 - self.late if hand_in.late else 1))


def read(path: Path) -> Rules:
    """Read the rules at `path`.

    Raises:
        InputError: they cannot be read.
    """
    text = read_text(path, expected=_EXPECTED, follow_links=True)
    try:
        return Rules.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is no TOML ({error}): {_EXPECTED}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        fault = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{path}: {place + ': ' if place else ''}{fault}: {_EXPECTED}") from None

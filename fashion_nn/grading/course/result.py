"""What the process of one hand-in answers, and what is stored of it: JSON that is checked."""

from typing import Annotated

from pydantic import Field, JsonValue

from fashion_nn.core.stored import Stored
from fashion_nn.core.writing import FORMAT
from fashion_nn.grading.check import Check, Verdict
from fashion_nn.grading.evidence import Score

_Text = Annotated[str, Field(max_length=10_000)]
_Share = Annotated[float, Field(ge=0, le=1)]


class StoredCheck(Stored):
    """A `Check`."""

    name: _Text
    verdict: Verdict
    value: _Text
    expected: _Text
    figures: dict[str, JsonValue] = Field(default_factory=dict)

    def check(self) -> Check:
        return Check(self.name, self.verdict, self.value, self.expected, self.figures)


class StoredScore(Stored):
    """A `Score`."""

    n: Annotated[int, Field(ge=1)]
    correct: Annotated[int, Field(ge=0)]
    interval: Annotated[list[_Share], Field(min_length=2, max_length=2)]
    recall: list[_Share | None]

    def score(self) -> Score:
        low, high = self.interval
        return Score(self.n, self.correct, (low, high), tuple(self.recall))


class StoredConfinement(Stored):
    """The confinement layers of the process that ran the model."""

    held: list[_Text]
    missing: list[_Text]


class Result(Stored):
    """What is known of one hand-in.

    Attributes:
        sha256: of the file.
        settings: the digest of all that the result depends on beside the file.
        kind: "model" or "predictions".
        error: why it could not be graded; empty if it was. All that follows is then empty.
        note: what the file was read as.
        classes: number of classes.
        labels: in the order of the test rows; None if they cannot be read.
        weights: the digest of the weights of a model, in their order.
        sorted_weights: the same, of the sorted numbers of each array: units in another order give
            the same digest.
    """

    format: int = FORMAT
    sha256: _Text
    settings: _Text
    kind: _Text
    error: _Text = ""
    note: _Text = ""
    classes: int = 0
    checks: list[StoredCheck] = Field(default_factory=list)
    score: StoredScore | None = None
    labels: list[int] | None = None
    weights: _Text = ""
    sorted_weights: _Text = ""
    confinement: StoredConfinement | None = None

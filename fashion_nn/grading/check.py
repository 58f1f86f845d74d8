"""What a check says: its verdict, and what that rests on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from fashion_nn.core.strict_json import Json, JsonObject

Verdict = Literal["PASS", "WARN", "FAIL", "not applicable"]
_BY_WEIGHT: tuple[Verdict, ...] = ("not applicable", "PASS", "WARN", "FAIL")


@dataclass(frozen=True, slots=True)
class Check:
    """One check's verdict.

    value: what was found.
    expected: what a correct file shows.
    figures: the numbers behind `value`, for programs.
    """

    name: str
    verdict: Verdict
    value: str
    expected: str
    figures: JsonObject = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        content: dict[str, Json] = {
            "name": self.name,
            "verdict": self.verdict,
            "value": self.value,
            "expected": self.expected,
        }
        if self.figures:
            content["figures"] = dict(self.figures)
        return content


def not_applicable(name: str, why: str) -> Check:
    """The check `name`, which lacks something that it needs."""
    return Check(name, "not applicable", why, "-")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of `verdicts`; "not applicable" if there are none."""
    return max(verdicts, key=_BY_WEIGHT.index, default="not applicable")
